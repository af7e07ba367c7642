/** Published values of the public hashes; HAProxy's own numbers are compared by test/net/balance-hash.test.ts. */
import { describe, expect, it } from 'vitest';
import { defaultHashType, type HashFunction } from '../../../../src/config/balance.ts';
import { hashAddress, makeHash, mixBits } from '../../../../src/proxy/balance/hash-functions.ts';

function hash(name: HashFunction, text: string, avalanche = false): number {
  const bytes = Buffer.from(`##${text}##`, 'latin1');
  const type = { ...defaultHashType, function: name, avalanche };
  return makeHash(type)(bytes, 2, bytes.length - 2);
}

describe('hash functions', () => {
  it('give published values', () => {
    expect(hash('crc32', '123456789')).toBe(0xcbf43926);
    expect(hash('djb2', '')).toBe(5381);
    expect(hash('djb2', 'a')).toBe(177670);
    expect(hash('sdbm', '')).toBe(0);
    expect(hash('sdbm', 'a')).toBe(97);
    expect(hash('sdbm', 'ab')).toBe((97 * 65599 + 98) % 2 ** 32);
  });

  it('take a number as it is with "none", up to the first other character', () => {
    expect(['17', '4294967295', '4294967297', '12x9', 'x', '', '-1'].map((text) => hash('none', text))).toEqual([
      17, 4294967295, 1, 12, 0, 0, 4294967295,
    ]);
  });

  it('mix the bits of what they give when asked to', () => {
    expect(hash('sdbm', 'ab', true)).toBe(mixBits(hash('sdbm', 'ab')));
    expect(new Set([...Array(10_000).keys()].map(mixBits)).size).toBe(10_000);
  });

  it('are unsigned, whatever the bytes', () => {
    for (const name of ['sdbm', 'djb2', 'wt6', 'crc32', 'none'] as const) {
      for (let i = 0; i < 500; i++) {
        const value = hash(name, String.fromCharCode(i % 256, 255 - (i % 251), (i * 7) % 256));
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true);
      }
    }
  });
});

describe('addresses', () => {
  it('are combined word by word', () => {
    const view = new DataView(Uint8Array.of(0xff, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4, 0x80, 0, 0, 8).buffer);
    expect(hashAddress(view, 0, 16)).toBe(0x7f00000f);
    expect(hashAddress(view, 4, 4)).toBe(2);
  });
});
