/** A response head that is passed on in place must be what writing it anew would have made of it, byte for byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseResponseHead } from '../../../src/wire/http1.ts';
import { Head, removeField, replaceValue } from '../../../src/wire/http1-head.ts';
import { cutLength, cutResponseHead, isPlain, writeResponseHead } from '../../../src/wire/http1-write.ts';
import { responseCases } from './http1-cases.ts';

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
  const size = bytes.length - head.lineStart - cutLength(head);
  const start = cutResponseHead(bytes, head, bytes.length);
  return { anew, asIs: Buffer.from(bytes.subarray(start, start + size)).toString('latin1') };
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
