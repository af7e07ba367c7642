import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAddress, encodeAddress, packInet6, unpackInet6 } from '../../../src/os/address.ts';

const port = fc.integer({ min: 0, max: 65535 });

describe('socket addresses', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.ipV4(), port, (host, p) => {
        const bytes = encodeAddress({ family: 4, host, port: p });
        expect(decodeAddress(bytes, bytes.length)).toEqual({ family: 4, host, port: p });
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), port, (host, p) => {
        const bytes = encodeAddress({ family: 6, host, port: p });
        const back = decodeAddress(bytes, bytes.length);
        expect(back).toMatchObject({ family: 6, port: p });
        expect(packInet6((back as { host: string }).host)).toEqual(packInet6(host));
      }),
    );
  });

  it('shows IPv6 as RFC 5952 wants it', () => {
    const texts = {
      '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
      '0:0:0:0:0:0:0:0': '::',
      '1:0:2:0:0:0:0:3': '1:0:2::3',
      '::ffff:1.2.3.4': '::ffff:1.2.3.4',
    };
    for (const [given, shown] of Object.entries(texts)) expect(unpackInet6(packInet6(given), 0)).toBe(shown);
  });

  it('knows UNIX paths, abstract ones too', () => {
    for (const path of ['/run/x.sock', '\0hidden']) {
      const bytes = encodeAddress({ family: 'unix', path });
      expect(decodeAddress(bytes, bytes.length)).toEqual({ family: 'unix', path });
    }
    expect(() => encodeAddress({ family: 'unix', path: `/${'x'.repeat(108)}` })).toThrow(RangeError);
  });

  it('refuses what is no address', () => {
    for (const host of ['', '1.2.3', '1.2.3.4.5', '256.1.1.1', 'localhost']) {
      expect(() => encodeAddress({ family: 4, host, port: 1 })).toThrow(RangeError);
    }
    for (const host of ['', '1.2.3.4', ':::', 'g::1']) {
      expect(() => encodeAddress({ family: 6, host, port: 1 })).toThrow(RangeError);
    }
  });
});
