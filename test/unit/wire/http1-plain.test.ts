/** A head that is passed on as it came must be what writing it anew would have made of it, byte for byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestLength, responseLength } from '../../../src/proxy/http/http-rewrite.ts';
import { parseRequestHead, parseResponseHead } from '../../../src/wire/http1.ts';
import { Head, removeField, replaceValue, shortenValue } from '../../../src/wire/http1-head.ts';
import {
  cutLength,
  cutResponseHead,
  isPlain,
  writePlainRequestHead,
  writeRequestHead,
  writeResponseHead,
} from '../../../src/wire/http1-write.ts';
import { requestCases, responseCases } from './http1-cases.ts';

const NONE: Uint8Array = new Uint8Array(0);

/** What both ways make of a head with its body; null for the way in place when it is not allowed. */
function passOn(raw: string, body: string): { anew: string; asIs: string | null } | null {
  const bytes = new Uint8Array(Buffer.from(raw + body, 'latin1'));
  const head = new Head();
  const length = parseResponseHead(bytes, 0, Buffer.byteLength(raw, 'latin1'), head);
  if (length <= 0) return null;
  const out = new Uint8Array(65536);
  const at = writeResponseHead(bytes, head, out, 0, out.length, NONE);
  const anew = Buffer.from(out.subarray(0, at)).toString('latin1') + raw.slice(length) + body;
  if (!isPlain(head)) return { anew, asIs: null };
  checkLength(head, responseLength);
  const size = bytes.length - head.lineStart - cutLength(head);
  const start = cutResponseHead(bytes, head, bytes.length);
  return { anew, asIs: Buffer.from(bytes.subarray(start, start + size)).toString('latin1') };
}

/** What both ways make of a request; null for the whole copy when it is not allowed. */
function copy(raw: string, extra: string, lenient = false): { anew: string; asIs: string | null } | null {
  const bytes = new Uint8Array(Buffer.from(raw, 'latin1'));
  const lines = Buffer.from(extra, 'latin1');
  const head = new Head();
  head.lenient = lenient;
  if (parseRequestHead(bytes, 0, bytes.length, head) <= 0) return null;
  const out = new Uint8Array(65536);
  const text = (end: number) => Buffer.from(out.subarray(0, end)).toString('latin1');
  const anew = text(writeRequestHead(bytes, head, out, 0, out.length, lines));
  if (!isPlain(head)) return { anew, asIs: null };
  checkLength(head, requestLength);
  out.fill(0);
  const view = new DataView(out.buffer);
  const end = writePlainRequestHead(bytes, head, out, view, 0, out.length, lines);
  expect(end).toBe(anew.length);
  expect(writePlainRequestHead(bytes, head, out, view, 0, end, lines)).toBe(end);
  expect(writePlainRequestHead(bytes, head, out, view, 0, end - 1, lines)).toBe(-1);
  return { anew, asIs: text(end) };
}

/** The length of a plain head is worked out from its ends; field by field it must come to the same. */
function checkLength(head: Head, lengthOf: (head: Head) => number): void {
  const length = lengthOf(head);
  head.plain = false;
  expect(length).toBe(lengthOf(head));
  head.plain = true;
}

const plainOne = 'HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 5\r\n\r\n';

describe('response heads in place', () => {
  it.each([
    ['nothing to take out', plainOne, 'hello'],
    ['Connection last, little behind it', 'HTTP/1.1 200 OK\r\nServer: a\r\nConnection: keep-alive\r\n\r\n', 'hi'],
    ['Connection first, much behind it', 'HTTP/1.1 200 OK\r\nConnection: close\r\nServer: a\r\n\r\n', 'x'.repeat(500)],
    ['empty lines before', `\r\n\r\n${plainOne}`, 'hello'],
    ['HTTP/1.0', 'HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n', ''],
  ])('%s', (_, raw, body) => {
    const result = passOn(raw, body)!;
    expect(result.asIs).toBe(result.anew);
  });

  it.each([
    ['a version of its own', 'HTTP/1.7 200 OK\r\nA: b\r\n\r\n'],
    ['no blank before the reason', 'HTTP/1.1 200\r\nA: b\r\n\r\n'],
    ['two blanks before the status', 'HTTP/1.1  200 OK\r\nA: b\r\n\r\n'],
    ['a tab before the reason', 'HTTP/1.1 200\tOK\r\nA: b\r\n\r\n'],
    ['bare LF behind the status line', 'HTTP/1.1 200 OK\nA: b\r\n\r\n'],
    ['bare LF behind a field', 'HTTP/1.1 200 OK\r\nA: b\n\r\n'],
    ['bare LF at the end', 'HTTP/1.1 200 OK\r\nA: b\r\n\n'],
    ['no blank before a value', 'HTTP/1.1 200 OK\r\nA:b\r\n\r\n'],
    ['two blanks before a value', 'HTTP/1.1 200 OK\r\nA:  b\r\n\r\n'],
    ['a tab before a value', 'HTTP/1.1 200 OK\r\nA:\tb\r\n\r\n'],
    ['a blank behind a value', 'HTTP/1.1 200 OK\r\nA: b \r\n\r\n'],
    ['an empty value', 'HTTP/1.1 200 OK\r\nA:\r\n\r\n'],
    ['a fold', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a length where there is no body', 'HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n'],
    ['two Connection fields', 'HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: close\r\n\r\n'],
    ['other Connection tokens', 'HTTP/1.1 200 OK\r\nConnection: close, foo\r\n\r\n'],
  ])('writes anew: %s', (_, raw) => {
    expect(passOn(raw, '')!.asIs).toBeNull();
  });

  it('writes anew what a configuration has changed', () => {
    for (const change of [
      (head: Head) => removeField(head, 0),
      (head: Head) => replaceValue(head, 0, Buffer.from('x')),
      (head: Head) => shortenValue(head, 0, head.fields[3]! - 1),
    ]) {
      const head = new Head();
      const bytes = new Uint8Array(Buffer.from(plainOne, 'latin1'));
      expect(parseResponseHead(bytes, 0, bytes.length, head)).toBe(bytes.length);
      expect(isPlain(head)).toBe(true);
      change(head);
      expect(isPlain(head)).toBe(false);
    }
  });

  it('agrees on all known cases', () => {
    for (const { raw } of responseCases) {
      const result = passOn(raw, '');
      if (result !== null && result.asIs !== null) expect(result.asIs).toBe(result.anew);
    }
  });

  it('agrees on heads put together from good and odd parts', () => {
    const start = fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.0 200 OK',
      'HTTP/1.1 204 No',
      'HTTP/1.1 200',
      'HTTP/1.9 200 ',
    );
    const name = fc.constantFrom(
      'Server',
      'X-A',
      'connection',
      'Content-Length',
      'Transfer-Encoding',
      'Host',
      'Upgrade',
    );
    const value = fc.constantFrom('a', '5', '5,5', 'close', 'keep-alive', 'close, x', 'chunked', '', 'a b', '5 ');
    const colon = fc.constantFrom(': ', ': ', ':', ':  ', ':\t');
    const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r\n ');
    const field = fc.tuple(name, colon, value, lineEnd).map((parts) => parts.join(''));
    const raws = fc.tuple(start, fc.array(field, { maxLength: 6 }), fc.constantFrom('\r\n', '\n'));
    let inPlace = 0;
    fc.assert(
      fc.property(raws, fc.string({ maxLength: 40 }), ([line, fields, end], body) => {
        const ascii = body.replace(/[^\x20-\x7e]/g, '');
        const result = passOn(`${line}\r\n${fields.join('')}${end}`, ascii);
        if (result === null || result.asIs === null) return;
        inPlace++;
        expect(result.asIs).toBe(result.anew);
      }),
      { numRuns: 3000 },
    );
    expect(inPlace).toBeGreaterThan(50);
  });
});

describe('request heads in one piece', () => {
  it.each([
    ['no fields', 'GET / HTTP/1.1\r\n\r\n'],
    ['some', 'GET /x?y=1 HTTP/1.1\r\nHost: a\r\nUser-Agent: b c\r\n\r\n'],
    ['another method, an old version', 'OPTIONS * HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['Connection last', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'],
    ['Connection first', 'GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n'],
    ['Connection with nothing in it', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: , ,close\r\n\r\n'],
    ['much', `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: ${'x'.repeat(500)}\r\n\r\n`],
    ['empty lines before', '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['names that are no letters', 'GET / HTTP/1.1\r\nX_1-Y2: a\r\n\r\n'],
    ['a target with a port to leave out', 'GET http://a:80/b HTTP/1.1\r\nX: y\r\n\r\n'],
  ])('%s', (_, raw) => {
    for (const extra of ['', 'X-Forwarded-For: 1.2.3.4\r\n']) {
      const result = copy(raw, extra)!;
      expect(result.asIs).toBe(result.anew);
    }
  });

  it.each([
    ['two blanks before the target', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a tab before the target', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['two blanks before the version', 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a version of its own', 'GET / HTTP/1.5\r\nHost: a\r\n\r\n'],
    ['bare LF behind the line', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    ['bare LF at the end', 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
    ['a blank behind a value', 'GET / HTTP/1.1\r\nHost: a \r\n\r\n'],
    ['Host twice', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    ['a port to leave out of Host', 'GET http://a:80/ HTTP/1.1\r\nHost: a:80\r\n\r\n'],
    ['an upgrade', 'GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
    ['chunks', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ])('writes anew: %s', (_, raw) => {
    expect(copy(raw, '')!.asIs).toBeNull();
  });

  it('leaves the blank before a last comma of Connection, as HAProxy does', () => {
    const result = copy('GET / HTTP/1.1\r\nConnection: x ,\r\n\r\n', '')!;
    expect(result.anew).toBe('GET / HTTP/1.1\r\nconnection: x \r\n\r\n');
  });

  it('writes anew a name that only a lenient reader bears', () => {
    expect(copy('GET / HTTP/1.1\r\nA B: c\r\n\r\n', '', true)!.asIs).toBeNull();
    expect(copy('GET / HTTP/1.1\r\nA B: c\r\n\r\n', '')).toBeNull();
  });

  it('agrees on all known cases', () => {
    let whole = 0;
    for (const { raw } of requestCases) {
      const result = copy(raw, 'X: y\r\n');
      if (result === null || result.asIs === null) continue;
      whole++;
      expect(result.asIs).toBe(result.anew);
    }
    expect(whole).toBeGreaterThan(10);
  });

  it('agrees on heads put together from good and odd parts', () => {
    const blank = fc.constantFrom(' ', ' ', ' ', '  ', '\t');
    const target = fc.constantFrom('/', '/a?b', 'http://x/y', 'http://x:80/y', '*', '/a\x01');
    const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.9');
    const start = fc
      .tuple(fc.constantFrom('GET', 'POST', 'G'), blank, target, blank, version)
      .map((parts) => parts.join(''));
    const name = fc.constantFrom(
      'Host',
      'X-Long-Name_9',
      'connection',
      'Content-Length',
      'Cookie',
      'Upgrade',
      'Expect',
    );
    const value = fc.constantFrom(
      'x',
      'x:80',
      '0',
      ', ,close',
      'close',
      'keep-alive',
      'close, x',
      '',
      'a b',
      'x ',
      '\xe9',
    );
    const field = fc
      .tuple(name, fc.constantFrom(': ', ': ', ':', ':\t'), value, fc.constantFrom('\r\n', '\r\n', '\n', '\r\n '))
      .map((parts) => parts.join(''));
    let whole = 0;
    fc.assert(
      fc.property(start, fc.array(field, { maxLength: 6 }), (line, fields) => {
        const result = copy(`${line}\r\n${fields.join('')}\r\n`, 'X: y\r\n');
        if (result === null || result.asIs === null) return;
        whole++;
        expect(result.asIs).toBe(result.anew);
      }),
      { numRuns: 5000 },
    );
    expect(whole).toBeGreaterThan(50);
  });
});
