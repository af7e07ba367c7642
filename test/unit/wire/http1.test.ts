import { describe, expect, it } from 'vitest';
import {
  continueHead,
  parseRequestHead,
  parseResponseHead,
  responseHasBody,
  statusOfHeadError,
} from '../../../src/wire/http1.ts';
import { asciiBytes } from '../../../src/wire/http1-chars.ts';
import {
  BAD_FRAMING,
  findField,
  Head,
  INCOMPLETE,
  METHOD_CONNECT,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OTHER,
  METHOD_PATCH,
  removeField,
  replaceValue,
} from '../../../src/wire/http1-head.ts';
import { writeRequestHead, writeResponseHead } from '../../../src/wire/http1-write.ts';
import { requestCases, responseCases } from './http1-cases.ts';

const NONE: Uint8Array = new Uint8Array(0);

function parse(raw: string, head = new Head()): { result: number; head: Head; bytes: Uint8Array } {
  const bytes = new Uint8Array(Buffer.from(raw, 'latin1'));
  return { result: parseRequestHead(bytes, 0, bytes.length, head), head, bytes };
}

function parseAnswer(raw: string): { result: number; head: Head; bytes: Uint8Array } {
  const bytes = new Uint8Array(Buffer.from(raw, 'latin1'));
  const head = new Head();
  return { result: parseResponseHead(bytes, 0, bytes.length, head), head, bytes };
}

function written(bytes: Uint8Array, head: Head, extra: Uint8Array = NONE): string {
  const out = new Uint8Array(65536);
  const end = writeRequestHead(bytes, head, out, 0, out.length, extra);
  return Buffer.from(out.subarray(0, end)).toString('latin1');
}

/** Heads that do not fit a buffer are the caller's matter: the parser itself has no limit on their length. */
const fitsBuffer = (raw: string): boolean => raw.length < 16384;

describe('request heads', () => {
  for (const { name, raw, status, forwarded } of requestCases.filter((c) => fitsBuffer(c.raw))) {
    it(`${name}: ${status}`, () => {
      const { result, head, bytes } = parse(raw);
      if (status !== 200) {
        expect(result).toBeLessThan(0);
        expect(statusOfHeadError(result)).toBe(status);
        return;
      }
      expect(result).toBeGreaterThan(0);
      if (forwarded !== undefined) expect(written(bytes, head)).toBe(forwarded);
    });
  }

  it('is incomplete at every cut of a good head and whole at its end', () => {
    const raw = 'POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nX: 1\r\n 2\r\n\r\n';
    for (let cut = 0; cut < raw.length; cut++) expect(parse(raw.slice(0, cut)).result).toBe(INCOMPLETE);
    expect(parse(`${raw}abc`).result).toBe(raw.length);
  });

  it('goes on where it stood when bytes come one by one', () => {
    const raw = '\r\nPOST /a?b HTTP/1.1\r\nHost: x\r\nX: 1\r\n 2\r\nContent-Length: 3\r\n\r\nabc';
    const bytes = new Uint8Array(Buffer.from(raw, 'latin1'));
    const head = new Head();
    let result = parseRequestHead(bytes, 0, 1, head);
    let end = 1;
    while (result === INCOMPLETE) result = continueHead(bytes, ++end, head);
    expect(result).toBe(raw.length - 3);
    expect(end).toBe(raw.length - 3);
    expect(head.contentLength).toBe(3);
    expect(written(bytes, head)).toBe('POST /a?b HTTP/1.1\r\nhost: x\r\nx: 1   2\r\ncontent-length: 3\r\n\r\n');
  });

  it('refuses what cannot become a request before its line is complete', () => {
    expect(parse('GE T').result).toBe(INCOMPLETE);
    expect(parse('(').result).toBeLessThan(0);
    expect(parse('GET / HTTX').result).toBeLessThan(0);
    expect(parse('GET / HTTP/1.1\r\nA B').result).toBeLessThan(0);
  });

  it('forgets one message before the next', () => {
    const head = new Head();
    parse('POST / HTTP/1.0\r\nContent-Length: 3\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n', head);
    expect(head.expectContinue).toBe(true);
    parse('GET / HTTP/1.1\r\n\r\n', head);
    expect(head).toMatchObject({ contentLength: -1, keepAlive: true, expectContinue: false, connection: 0, count: 0 });
  });

  it('knows the methods that matter', () => {
    const methodOf = (name: string): number => parse(`${name} / HTTP/1.1\r\n\r\n`).head.method;
    expect([methodOf('GET'), methodOf('HEAD'), methodOf('PATCH')]).toEqual([METHOD_GET, METHOD_HEAD, METHOD_PATCH]);
    expect([methodOf('get'), methodOf('GETX'), methodOf('GE')]).toEqual([METHOD_OTHER, METHOD_OTHER, METHOD_OTHER]);
    expect(parse('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n').head.method).toBe(METHOD_CONNECT);
  });

  it.each([
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'Connection: close\r\n', false],
    ['HTTP/1.1', 'Connection: foo, Close\r\n', false],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'Connection: Keep-Alive\r\n', true],
    ['HTTP/1.0', 'Connection: keep-alive, close\r\n', false],
    ['HTTP/1.1', 'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', false],
  ])('%s with %j keeps the connection: %s', (version, fields, keepAlive) => {
    expect(parse(`GET / ${version}\r\n${fields}\r\n`).head.keepAlive).toBe(keepAlive);
  });

  it('sees an upgrade only with both fields', () => {
    expect(parse('GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n').head.upgrade).toBe(false);
    expect(parse('GET / HTTP/1.1\r\nConnection: upgrade\r\n\r\n').head.upgrade).toBe(false);
    expect(parse('GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n').head.upgrade).toBe(true);
  });

  it('parses at any place of a larger array', () => {
    const raw = 'GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n';
    const pool = new Uint8Array(200).fill(120);
    const view = pool.subarray(20, 180);
    view.set(Buffer.from(raw), 30);
    const head = new Head();
    expect(parseRequestHead(view, 30, 30 + raw.length, head)).toBe(raw.length);
    expect(findField(view, head, asciiBytes('host'))).toBe(0);
    expect(findField(view, head, asciiBytes('hosts'))).toBe(-1);
  });

  it('refuses framing errors as such', () => {
    expect(parse('POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n').result).toBe(BAD_FRAMING);
  });
});

describe('response heads', () => {
  for (const { name, raw, status, forwarded } of responseCases.filter((c) => fitsBuffer(c.raw))) {
    it(`${name}: ${status === 0 ? 'passed on' : status}`, () => {
      const { result, head, bytes } = parseAnswer(raw);
      if (status !== 0) {
        expect(result).toBeLessThanOrEqual(0);
        return;
      }
      expect(result).toBeGreaterThan(0);
      if (forwarded === undefined) return;
      const out = new Uint8Array(1024);
      const end = writeResponseHead(bytes, head, out, 0, out.length, NONE);
      expect(Buffer.from(out.subarray(0, end)).toString('latin1')).toBe(forwarded);
    });
  }

  it('knows which answers have a body', () => {
    const hasBody = (status: number, method = METHOD_GET): boolean =>
      responseHasBody(parseAnswer(`HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`).head, method);
    expect([hasBody(200), hasBody(404)]).toEqual([true, true]);
    expect([hasBody(100), hasBody(101), hasBody(204), hasBody(304)]).toEqual([false, false, false, false]);
    expect([hasBody(200, METHOD_HEAD), hasBody(200, METHOD_CONNECT)]).toEqual([false, false]);
    expect(hasBody(403, METHOD_CONNECT)).toBe(true);
  });

  it('keeps connections of HTTP/1.0 only on request, and never behind its chunks', () => {
    expect(parseAnswer('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n').head.keepAlive).toBe(false);
    const kept = 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n';
    expect(parseAnswer(`${kept}Content-Length: 0\r\n\r\n`).head.keepAlive).toBe(true);
    expect(parseAnswer(`${kept}Transfer-Encoding: chunked\r\n\r\n`).head.keepAlive).toBe(false);
  });
});

describe('writing heads', () => {
  const raw = 'GET /x HTTP/1.1\r\nHOST: a\r\nConnection: keep-alive, Upgrade\r\nX-Y: Zz\r\n\r\n';

  it('lowers names, leaves tokens out, and adds lines', () => {
    const { head, bytes } = parse(raw);
    const extra = asciiBytes('x-forwarded-for: 1.2.3.4\r\n');
    expect(written(bytes, head, extra)).toBe(
      'GET /x HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nx-y: Zz\r\nx-forwarded-for: 1.2.3.4\r\n\r\n',
    );
    expect(written(bytes, head)).toBe('GET /x HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nx-y: Zz\r\n\r\n');
  });

  it('never writes beyond its limit', () => {
    const { head, bytes } = parse(raw);
    const whole = written(bytes, head).length;
    for (let limit = 0; limit < whole + 4; limit++) {
      const out = new Uint8Array(whole + 8).fill(255);
      const end = writeRequestHead(bytes, head, out, 0, limit, NONE);
      // The Connection line is measured before its tokens are dropped: a few bytes of slack, never one too many.
      if (end >= 0) expect(end).toBe(whole);
      else expect(limit).toBeLessThan(whole + 'keep-alive, '.length);
      expect(out.subarray(limit).every((b) => b === 255)).toBe(true);
    }
  });
});

describe('changed heads', () => {
  it('are written with other values in the same places, also behind a field that was taken out', () => {
    const { head, bytes } = parse('GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n');
    replaceValue(head, 2, asciiBytes('three'));
    removeField(head, 1);
    replaceValue(head, 0, asciiBytes(''));
    expect(written(bytes, head)).toBe('GET / HTTP/1.1\r\na: \r\nc: three\r\nd: 4\r\n\r\n');
    head.begin(0, true);
    parseRequestHead(bytes, 0, bytes.length, head);
    expect(written(bytes, head)).toBe('GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\n');
  });
});

describe('lenient reading', () => {
  const lenient = (raw: string): number => {
    const head = new Head();
    head.lenient = true;
    return parse(raw, head).result;
  };

  it('bears odd names and targets, and another authority', () => {
    for (const raw of [
      'GET / HTTP/1.1\r\nx y: 1\r\n\r\n',
      'GET / HTTP/1.1\r\nx : 1\r\n\r\n',
      'GET /#a HTTP/1.1\r\n\r\n',
      'GET /\xe9 HTTP/1.1\r\n\r\n',
      'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n',
    ]) {
      expect(parse(raw).result, raw).toBeLessThan(0);
      expect(lenient(raw), raw).toBe(raw.length);
    }
  });

  it('does not bear doubts about the framing', () => {
    for (const raw of [
      'POST / HTTP/1.1\r\nContent-Length : 5\r\n\r\n',
      'POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\n\r\n',
      'POST / HTTP/1.1\r\nx\r\ny: 5\r\n\r\n',
      'POST / HTTP/1.1\r\nx\0y: 5\r\n\r\n',
      'POST / HTTP/1.1\r\nHost : a\r\n\r\n',
      'GET /\x01 HTTP/1.1\r\n\r\n',
    ]) {
      expect(lenient(raw), raw).toBeLessThan(0);
    }
  });
});

describe('default ports', () => {
  it.each([
    ['GET http://a:80/x HTTP/1.1\r\nHost: a:80\r\n\r\n', 'GET http://a/x HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['GET http://a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 'GET http://a HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['GET https://a:443/ HTTP/1.1\r\nHost: a:443\r\n\r\n', 'GET https://a/ HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['GET http://a:443/ HTTP/1.1\r\nHost: a:443\r\n\r\n', 'GET http://a:443/ HTTP/1.1\r\nhost: a:443\r\n\r\n'],
    ['GET http://a/ HTTP/1.1\r\nHost: a:80\r\n\r\n', 'GET http://a/ HTTP/1.1\r\nhost: a:80\r\n\r\n'],
    ['GET / HTTP/1.1\r\nHost: a:80\r\n\r\n', 'GET / HTTP/1.1\r\nhost: a:80\r\n\r\n'],
    ['CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 'CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['CONNECT a:8080 HTTP/1.1\r\nHost: a:8080\r\n\r\n', 'CONNECT a:8080 HTTP/1.1\r\nhost: a:8080\r\n\r\n'],
  ])('%j', (raw, expected) => {
    const first = parse(raw);
    expect(first.result).toBe(raw.length);
    expect(written(first.bytes, first.head)).toBe(expected);
    const again = new Head();
    expect(parseRequestHead(first.bytes, 0, first.bytes.length, again)).toBe(raw.length);
    expect(written(first.bytes, again)).toBe(expected);
  });
});
