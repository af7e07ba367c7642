import { describe, expect, it } from 'vitest';
import { formatSyslog, LOG_INFO, type SyslogFormat } from '../../../src/wire/syslog.ts';

const AT = new Date(2026, 10, 5, 13, 3, 34, 190).getTime() + 0.687;
const ORIGIN = { hostname: null, tag: 'haproxy', pid: 42 };

function line(
  format: SyslogFormat,
  text = 'text',
  origin: Parameters<typeof formatSyslog>[3] = ORIGIN,
  len = 1024,
): string {
  return formatSyslog(format, 16, LOG_INFO, origin, AT, text, len).replace(/[+-]\d\d:\d\d/, '+00:00');
}

describe('syslog lines', () => {
  it.each<[SyslogFormat, string]>([
    ['rfc3164', '<134>Nov  5 13:03:34 haproxy[42]: text\n'],
    ['local', '<134>Nov  5 13:03:34 haproxy[42]: text\n'],
    ['rfc5424', '<134>1 2026-11-05T13:03:34.190687+00:00 - haproxy 42 - - text\n'],
    ['priority', '<134>text\n'],
    ['short', '<6>text\n'],
    ['timed', '<6>2026-11-05T13:03:34.190687+00:00 text\n'],
    ['iso', '2026-11-05T13:03:34.190687+00:00 text\n'],
    ['raw', 'text\n'],
  ])('%s', (format, expected) => expect(line(format)).toBe(expected));

  it('names the host where the format has a place for it', () => {
    const origin = { ...ORIGIN, hostname: 'lb1' };
    expect(line('rfc3164', 'x', origin)).toBe('<134>Nov  5 13:03:34 lb1 haproxy[42]: x\n');
    expect(line('rfc5424', 'x', origin)).toContain(' lb1 haproxy 42 - - x');
    expect(line('local', 'x', origin)).toBe('<134>Nov  5 13:03:34 haproxy[42]: x\n');
  });

  it('cuts header and text together at len, the line feed on top', () => {
    const cut = line('rfc3164', 'x'.repeat(500), ORIGIN, 80);
    expect(cut).toHaveLength(81);
    expect(cut.endsWith('x\n')).toBe(true);
    expect(line('rfc3164', 'x'.repeat(5000))).toHaveLength(1025);
    expect(line('raw', 'x'.repeat(5000))).toHaveLength(1024);
  });

  it('keeps a line one line', () => {
    expect(line('raw', 'a\nb\r\0c\x7f')).toBe('a#0Ab#0D#00c#7F\n');
  });
});
