import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCookieDate, encodeCookieDate, encodeKnownDate } from '../../../../src/proxy/persistence/cookie-date.ts';

describe('dates in cookies', () => {
  it('are five characters, as HAProxy writes them', () => {
    expect(encodeCookieDate(0)).toBe('AAAAA');
    expect(encodeCookieDate(4)).toBe('AAAAB');
    expect(encodeCookieDate(256 * 64 * 4)).toBe('AAEAA');
  });

  it('come back to within a unit of four seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000_000_000 }), (second) => {
        const back = decodeCookieDate(Buffer.from(encodeCookieDate(second)), 0);
        expect(back - second).toBeGreaterThanOrEqual(0);
        expect(back - second).toBeLessThan(4);
        expect(encodeKnownDate(back)).toBe(encodeCookieDate(second));
      }),
    );
  });

  it('are none when a character is not of the alphabet', () => {
    expect(decodeCookieDate(Buffer.from('AA-AA'), 0)).toBe(0);
    expect(decodeCookieDate(Buffer.from('AAAAA'), 0)).toBe(0);
  });
});
