/** Properties of log lines: always exactly one line, never longer than asked for, whatever the text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeRequest, REQUEST_MARKS } from '../../src/proxy/log/escape.ts';
import { LineText } from '../../src/wire/line-text.ts';
import { formatSyslog, type SyslogFormat } from '../../src/wire/syslog.ts';

const formats: readonly SyslogFormat[] = ['rfc3164', 'rfc5424', 'raw', 'short', 'priority', 'timed', 'iso', 'local'];
const anyText = fc.string({ unit: fc.nat(255).map((c) => String.fromCharCode(c)), maxLength: 3000 });
const year2200 = 7_258_118_400_000;

describe('syslog lines', () => {
  it('are one line of at most len bytes and a line feed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...formats),
        fc.nat(23),
        fc.nat(7),
        fc.double({ min: 0, max: year2200, noNaN: true }),
        anyText,
        fc.integer({ min: 80, max: 65535 }),
        (format, facility, level, atMs, text, len) => {
          const origin = { hostname: null, tag: 'haproxy', pid: 1 };
          const line = formatSyslog(format, facility, level, origin, atMs, text, len);
          expect(line.endsWith('\n')).toBe(true);
          expect(line.length).toBeLessThanOrEqual(len + 1);
          expect(/[\x00-\x1f\x7f]/.test(line.slice(0, -1))).toBe(false);
        },
      ),
    );
  });

  it('show request lines in printable ASCII that cannot close the quote', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = escapeRequest(text);
        expect(escaped).toMatch(/^[\x20\x21\x23-\x7e]*$/);
        const line = new LineText(new Uint8Array(9000));
        line.hashed(text, REQUEST_MARKS);
        expect(line.toString()).toBe(escaped);
      }),
    );
  });
});
