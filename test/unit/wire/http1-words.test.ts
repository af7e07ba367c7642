/** Looking at four bytes at a time must find what looking at each byte finds, and touch nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  copyWords,
  findLineEnd,
  findTargetEnd,
  lowerLetters,
  moveDown,
  moveUp,
  Words,
} from '../../../src/wire/http1-words.ts';

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Bytes at the borders of the classes, and any. */
const byte = fc.oneof(
  fc.constantFrom(0, 1, 9, 10, 12, 13, 14, 31, 32, 33, 34, 35, 36, 44, 45, 46, 58, 64, 65, 90, 91, 96, 97, 122, 123),
  fc.constantFrom(126, 127, 128, 141, 163, 193, 225, 254, 255),
  fc.integer({ min: 97, max: 122 }),
  fc.nat(255),
);
const chunk = fc.array(byte, { maxLength: 24 }).map((list) => Uint8Array.from(list));
const place = fc.tuple(chunk, fc.nat(24), fc.nat(24)).map(([bytes, a, b]) => {
  const [start, end] = [Math.min(a, b), Math.max(a, b)].map((at) => Math.min(at, bytes.length)) as [number, number];
  return { bytes, start, end };
});

/** The first position in `[start, end)` whose byte stops the search, or `end`. */
function firstOf(bytes: Uint8Array, start: number, end: number, stops: (c: number) => boolean): number {
  for (let at = start; at < end; at++) if (stops(bytes[at]!)) return at;
  return end;
}

const RUNS = { numRuns: 20_000 };

describe('searches', () => {
  it('finds where a line may end', () => {
    fc.assert(
      fc.property(place, ({ bytes, start, end }) => {
        expect(findLineEnd(viewOf(bytes), start, end)).toBe(firstOf(bytes, start, end, (c) => c <= 13));
      }),
      RUNS,
    );
  });

  it('finds where a target ends', () => {
    const stops = (c: number) => c <= 32 || c >= 127 || c === 35;
    fc.assert(
      fc.property(place, ({ bytes, start, end }) => {
        expect(findTargetEnd(viewOf(bytes), start, end)).toBe(firstOf(bytes, start, end, stops));
      }),
      RUNS,
    );
  });

  it('makes letters lower case up to the first other byte, or near the end', () => {
    const isLetter = (c: number) => c === 45 || (c >= 65 && c <= 90) || (c >= 97 && c <= 122);
    fc.assert(
      fc.property(place, ({ bytes, start, end }) => {
        const before = bytes.slice();
        const at = lowerLetters(viewOf(bytes), start, end);
        const stop = firstOf(before, start, end, (c) => !isLetter(c));
        expect(at).toBeLessThanOrEqual(stop);
        if (at < stop) expect(end - at).toBeLessThan(4);
        const wanted = before.map((c, i) => (i >= start && i < at && c >= 65 && c <= 90 ? c + 32 : c));
        expect(bytes).toEqual(wanted);
      }),
      RUNS,
    );
  });
});

describe('moves', () => {
  const sizes = fc.nat(200);

  it('copies to other memory', () => {
    fc.assert(
      fc.property(sizes, fc.nat(9), fc.nat(9), (size, start, at) => {
        const bytes = Uint8Array.from({ length: size + 20 }, (_, i) => i + 1);
        const out = new Uint8Array(size + 20);
        expect(copyWords(bytes, viewOf(bytes), start, start + size, out, viewOf(out), at)).toBe(at + size);
        expect(out.subarray(at, at + size)).toEqual(bytes.subarray(start, start + size));
        expect(out.subarray(0, at).every((c) => c === 0)).toBe(true);
        expect(out.subarray(at + size).every((c) => c === 0)).toBe(true);
      }),
    );
  });

  it.each([
    ['down', moveDown, -1],
    ['up', moveUp, 1],
  ] as const)('moves %s over what is there', (_, move, sign) => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 4, max: 30 }), (size, distance) => {
        const bytes = Uint8Array.from({ length: size + 80 }, (__, i) => i + 1);
        const wanted = bytes.slice();
        wanted.copyWithin(40 + sign * distance, 40, 40 + size);
        move(bytes, viewOf(bytes), 40, 40 + size, distance);
        expect(bytes).toEqual(wanted);
      }),
    );
  });
});

describe('Words', () => {
  it.each(['host', 'close', 'cookie', 'upgrade', 'keep-alive', 'transfer-encoding'])('knows %s', (text) => {
    const words = new Words(text);
    expect(words.length).toBe(text.length);
    const bytes = ascii(`..${text}..`);
    expect(words.standAt(viewOf(bytes), 2)).toBe(true);
    expect(words.standAt(viewOf(bytes), 1)).toBe(false);
    for (let i = 0; i < text.length; i++) {
      const other = bytes.slice();
      other[2 + i]! ^= 1;
      expect(words.standAt(viewOf(other), 2)).toBe(false);
    }
  });
});
