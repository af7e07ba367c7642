import { describe, expect, it } from 'vitest';
import { type CborValue, encodeCbor, encodeCborMap } from '../../../src/wire/cbor.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('encodeCbor', () => {
  // The numbers of RFC 8949, appendix A.
  it.each<[CborValue, string]>([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [1000, '1903e8'],
    [1000000, '1a000f4240'],
    [1000000000000, '1b000000e8d4a51000'],
    [-1, '20'],
    [-100, '3863'],
    [-1000, '3903e7'],
    [false, 'f4'],
    [true, 'f5'],
    [null, 'f6'],
    ['', '60'],
    ['IETF', '6449455446'],
    ['\u00fc', '62c3bc'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'],
    ['x'.repeat(24), `7818${'78'.repeat(24)}`],
  ])('%s', (value, expected) => {
    expect(hex(encodeCbor(value))).toBe(expected);
  });

  it('cuts fractions off', () => {
    expect(hex(encodeCbor(-1.5))).toBe('20');
  });
});

it('encodes maps in the order of their members', () => {
  const members = [
    ['b', 1],
    ['a', null],
  ] as const;
  expect(hex(encodeCborMap(members))).toBe('a2616201616' + '1f6');
});
