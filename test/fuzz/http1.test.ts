/**
 * Properties of the HTTP/1 codec: whatever comes and however it is cut, the verdict is the same, nothing outside the
 * given range is read as content or written to, and what is written can be read again with the same meaning.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { continueHead, parseRequestHead, parseResponseHead } from '../../src/wire/http1.ts';
import { CHUNK_BAD, CHUNK_DONE, CHUNK_MORE, ChunkDecoder } from '../../src/wire/http1-chunk.ts';
import { FIELD_STRIDE, Head, INCOMPLETE } from '../../src/wire/http1-head.ts';
import { writeRequestHead, writeResponseHead } from '../../src/wire/http1-write.ts';
import { chunkCases, requestCases, responseCases } from '../unit/wire/http1-cases.ts';

const RUNS = { numRuns: 2000 };
const NONE: Uint8Array = new Uint8Array(0);

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** A known message with a few bytes changed, removed or put in. */
function mutated(seeds: readonly string[]): fc.Arbitrary<Uint8Array> {
  const odd = fc.constantFrom(0, 9, 10, 13, 32, 34, 44, 48, 58, 59, 127, 255);
  const edit = fc.record({ at: fc.nat(), cut: fc.nat(3), put: fc.array(fc.oneof(odd, fc.nat(255)), { maxLength: 3 }) });
  return fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 4 })).map(([seed, edits]) => {
    const bytes = [...latin1(seed)];
    for (const { at, cut, put } of edits) bytes.splice(bytes.length === 0 ? 0 : at % bytes.length, cut, ...put);
    return Uint8Array.from(bytes);
  });
}

const short = (raw: string): boolean => raw.length < 3000;
const requests = mutated(requestCases.map((c) => c.raw).filter(short));
const responses = mutated(responseCases.map((c) => c.raw).filter(short));
const noise = fc.uint8Array({ maxLength: 200 });
const cuts = fc.array(fc.nat(4000), { maxLength: 12 });

interface Side {
  readonly parse: typeof parseRequestHead;
  readonly write: typeof writeRequestHead;
}
const requestSide: Side = { parse: parseRequestHead, write: writeRequestHead };
const responseSide: Side = { parse: parseResponseHead, write: writeResponseHead };

/** Everything a reader of the head sees, as plain values. */
function summary(head: Head): object {
  const { fields, ids, count } = head;
  const { lineStart, method, uriStart, uriEnd, version, status, reasonStart, reasonEnd } = head;
  const { contentLength, chunked, framingConflict, keepAlive, upgrade, expectContinue, connection } = head;
  return {
    fields: [...fields.subarray(0, FIELD_STRIDE * count)],
    ids: [...ids.subarray(0, count)],
    line: [lineStart, method, uriStart, uriEnd, version, status, reasonStart, reasonEnd],
    framing: [contentLength, chunked, framingConflict, keepAlive, upgrade, expectContinue, connection],
  };
}

/** As HAProxy does, `Connection: x ,` is written without the comma and with the blank, which the next reader drops. */
function withoutLastBlanks(bytes: Uint8Array, end: number): string {
  return Buffer.from(bytes.subarray(0, end))
    .toString('latin1')
    .replace(/^(connection: .*?)[ \t]+\r$/gm, '$1\r');
}

/** Parses in one piece, and again as the pieces arrive; both must agree. */
function checkPieces(side: Side, input: Uint8Array, at: readonly number[]): void {
  const whole = new Head();
  const wholeBytes = input.slice();
  const wanted = side.parse(wholeBytes, 0, input.length, whole);
  const ends = [...new Set([...at.map((cut) => cut % (input.length + 1)), input.length])].sort((a, b) => a - b);
  const bytes = new Uint8Array(input.length + 1);
  bytes.set(input);
  const head = new Head();
  let result: number = INCOMPLETE;
  for (const [i, end] of ends.entries()) {
    if (result !== INCOMPLETE) break;
    result = i === 0 ? side.parse(bytes, 0, end, head) : continueHead(bytes, end, head);
  }
  // Nonsense in an unfinished line may be noticed late, but at the latest when the line ends.
  if (result === INCOMPLETE && wanted < 0) {
    bytes[input.length] = 10;
    result = continueHead(bytes, bytes.length, head);
  }
  expect(result).toBe(wanted);
  if (wanted <= 0) return;
  expect(summary(head)).toEqual(summary(whole));
  expect(bytes.slice(0, wanted)).toEqual(wholeBytes.slice(0, wanted));
}

describe.each([
  ['request', requestSide, requests],
  ['response', responseSide, responses],
] as const)('%s heads', (_name, side, messages) => {
  it('give the same verdict in one piece and in any pieces', () => {
    fc.assert(
      fc.property(fc.oneof(messages, noise), cuts, (input, at) => checkPieces(side, input, at)),
      RUNS,
    );
  });

  it('give the same verdict whatever lies behind the end', () => {
    fc.assert(
      fc.property(messages, noise, (input, behind) => {
        const bytes = new Uint8Array(input.length + behind.length);
        bytes.set(input);
        bytes.set(behind, input.length);
        const exact = new Head();
        const padded = new Head();
        expect(side.parse(bytes, 0, input.length, padded)).toBe(side.parse(input.slice(), 0, input.length, exact));
        expect(summary(padded)).toEqual(summary(exact));
        expect(bytes.slice(input.length)).toEqual(behind);
      }),
      RUNS,
    );
  });

  it('index only what lies inside, and in order', () => {
    fc.assert(
      fc.property(messages, (input) => {
        const head = new Head();
        const length = side.parse(input, 0, input.length, head);
        if (length <= 0) return;
        let last = head.lineEnd;
        for (let i = 0; i < head.count; i++) {
          const places = [...head.fields.subarray(FIELD_STRIDE * i, FIELD_STRIDE * (i + 1))];
          for (const place of places) {
            expect(place).toBeGreaterThanOrEqual(last);
            last = place;
          }
        }
        expect(last).toBeLessThan(length);
      }),
      RUNS,
    );
  });

  it('mean the same after writing and reading again', () => {
    fc.assert(
      fc.property(messages, (input) => {
        const head = new Head();
        if (side.parse(input, 0, input.length, head) <= 0) return;
        const out = new Uint8Array(8192);
        const end = side.write(input, head, out, 0, out.length, NONE);
        expect(end).toBeGreaterThan(0);
        const again = new Head();
        expect(side.parse(out, 0, end, again)).toBe(end);
        expect([again.contentLength, again.chunked, again.method, again.status]).toEqual([
          head.contentLength,
          head.chunked,
          head.method,
          head.status,
        ]);
        expect(again.framingConflict).toBe(false);
        const twice = new Uint8Array(8192);
        const secondEnd = side.write(out, again, twice, 0, twice.length, NONE);
        expect(withoutLastBlanks(twice, secondEnd)).toBe(withoutLastBlanks(out, end));
      }),
      RUNS,
    );
  });

  it('are written within their limit', () => {
    fc.assert(
      fc.property(messages, fc.nat(120), (input, limit) => {
        const head = new Head();
        if (side.parse(input, 0, input.length, head) <= 0) return;
        const out = new Uint8Array(8192).fill(170);
        const end = side.write(input, head, out, 0, limit, NONE);
        expect(end).toBeLessThanOrEqual(limit);
        expect(out.subarray(limit).every((byte) => byte === 170)).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('chunked bodies', () => {
  const bodies = fc.oneof(mutated(chunkCases.map((c) => c.body)), noise);

  it('end at the same byte in one piece and in any pieces', () => {
    fc.assert(
      fc.property(bodies, cuts, (input, at) => {
        const whole = new ChunkDecoder();
        const wanted = whole.feed(input, 0, input.length);
        const pieces = new ChunkDecoder();
        const ends = [...new Set([...at.map((cut) => cut % (input.length + 1)), input.length])].sort((a, b) => a - b);
        let result: number = CHUNK_MORE;
        let start = 0;
        for (const end of ends) {
          if (result !== CHUNK_MORE) break;
          result = pieces.feed(input, start, end);
          start = end;
        }
        expect({ result, at: pieces.consumed, n: pieces.contentLength }).toEqual({
          result: wanted,
          at: whole.consumed,
          n: whole.contentLength,
        });
      }),
      RUNS,
    );
  });

  it('that are well made are taken whole, with what follows left alone', () => {
    const chunk = fc.record({ data: fc.uint8Array({ minLength: 1, maxLength: 300 }), upper: fc.boolean() });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), noise, (chunks, behind) => {
        const parts: Uint8Array[] = chunks.flatMap(({ data, upper }) => {
          const size = data.length.toString(16);
          return [latin1(`${upper ? size.toUpperCase() : size}\r\n`), data, latin1('\r\n')];
        });
        const body = Buffer.concat([...parts, latin1('0\r\n\r\n')]);
        const bytes = Buffer.concat([body, behind]);
        const decoder = new ChunkDecoder();
        expect(decoder.feed(bytes, 0, bytes.length)).toBe(CHUNK_DONE);
        expect(decoder.consumed).toBe(body.length);
        expect(decoder.contentLength).toBe(chunks.reduce((sum, { data }) => sum + data.length, 1));
      }),
      RUNS,
    );
  });

  it('never claim more than they were given', () => {
    fc.assert(
      fc.property(bodies, fc.nat(20), (input, start) => {
        const from = Math.min(start, input.length);
        const decoder = new ChunkDecoder();
        const result = decoder.feed(input, from, input.length);
        expect([CHUNK_MORE, CHUNK_DONE, CHUNK_BAD]).toContain(result);
        expect(decoder.consumed).toBeGreaterThanOrEqual(from);
        expect(decoder.consumed).toBeLessThanOrEqual(input.length);
      }),
      RUNS,
    );
  });
});
