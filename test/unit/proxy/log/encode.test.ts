import { describe, expect, it } from 'vitest';
import { AT_END, WITH_ANSWER } from '../../../../src/proxy/log/aliases.ts';
import { compileLogFormat } from '../../../../src/proxy/log/compile.ts';
import type { SessionRecord } from '../../../../src/proxy/log/record.ts';
import { formatOf, home, makeWorld, recordOf } from '../sample/evaluation.ts';

const world = makeWorld();

function lineOf(format: string, given: Partial<SessionRecord> = {}): string {
  const record = Object.assign(recordOf('GET /a HTTP/1.1\r\nHost: h\r\nX-A: a"b\\c\r\n\r\n'), {
    clientHost: '192.0.2.1',
    clientPort: 4711,
    status: 200,
    request: 'GET /"a" HTTP/1.1',
    frontend: 'web',
    ...given,
  });
  return compileLogFormat(formatOf(format), world, home).build(record);
}

describe('lines in JSON', () => {
  it('have members for what has a label, and nothing else', () => {
    const format = '%{+json}o before %(client)ci %(port)cp %ST between %(status)ST %(front)f behind';
    expect(lineOf(format)).toBe('{"client": "192.0.2.1", "port": 4711, "status": 200, "front": "web"}');
  });

  it('have null for what is missing', () => {
    expect(lineOf('%{+json}o %(cookie)CC %(server)si %(none)[req.hdr(none)]')).toBe(
      '{"cookie": null, "server": null, "none": null}',
    );
  });

  it('keep the types of expressions, or have those of their labels', () => {
    expect(lineOf('%{+json}o %(a)[int(-3)] %(b)[bool(1)] %(c)[src] %(d)[str(x)]')).toBe(
      '{"a": -3, "b": true, "c": "192.0.2.1", "d": "x"}',
    );
    expect(lineOf('%{+json}o %(a:str)[int(-3)] %(b:sint)[bool(1)] %(c:sint)[str(12x)] %(d:bool)ST')).toBe(
      '{"a": "-3", "b": 1, "c": 12, "d": true}',
    );
  });

  it('can be read again, whatever is in them', () => {
    const read = (format: string, given = {}) =>
      JSON.parse(Buffer.from(lineOf(format, given), 'latin1').toString('utf8')) as unknown;
    expect(read('%{+json}o %(r)r %(h)[req.hdr(x-a)]')).toEqual({ r: 'GET /"a" HTTP/1.1', h: 'a"b\\c' });
    expect(read('%{+json}o %(b)[str(AAEKf4A=),b64dec]')).toEqual({ b: '\0\x01\n\x7f\x80' });
    expect(read('%{+json}o %(f)f', { frontend: 'caf\xc3\xa9' })).toEqual({ f: 'café' });
  });

  it('have numbers where `option logasap` marks totals', () => {
    expect(lineOf('%{+json}o %(bytes)B', { early: true, bytes: 12 })).toBe('{"bytes": 12}');
  });

  it('show hexadecimal numbers as text', () => {
    expect(lineOf('%{+X,+json}o %(port)cp')).toBe('{"port": "1267"}');
  });

  it('are due when all of their members are known', () => {
    expect(compileLogFormat(formatOf('%{+json}o %(s)ST %B'), world, home).moment).toBe(WITH_ANSWER);
    expect(compileLogFormat(formatOf('%{+json}o %(s)ST %(b)B'), world, home).moment).toBe(AT_END);
  });
});

describe('single items', () => {
  it('may be written as JSON', () => {
    expect(lineOf('ip=%{+json}ci st=%{+json}ST x=%{+json}[req.hdr(x-a)] no=%{+json}[req.hdr(none)]')).toBe(
      'ip="192.0.2.1" st=200 x="a\\"b\\\\c" no=null',
    );
  });

  it('may be written as CBOR', () => {
    expect(lineOf('%{+cbor}ST %{+cbor}[str(a)]')).toBe('18C8 6161');
  });
});

describe('lines in CBOR', () => {
  it('are hexadecimal digits', () => {
    expect(lineOf('%{+cbor}o %(s)ST %(b)[str(AQI=),b64dec]')).toBe('A2617318C86162420102');
  });

  it('are bytes when asked for', () => {
    expect(lineOf('%{+cbor,+bin}o %(s)ST')).toBe('\xa1as\x18\xc8');
  });
});

it('binary values stay as they are when asked for', () => {
  expect(lineOf('%{+bin}o a%[str(AAEK/w==),b64dec]b')).toBe('a\0\x01\n\xffb');
});
