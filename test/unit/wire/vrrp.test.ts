/** VRRP's codec against keepalived's own packets, by properties, and against everything that is wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packInet4, packInet6, unpackInet4 } from '../../../src/os/address.ts';
import { checksum, decodeIpv4, encodeIpv4 } from '../../../src/wire/ipv4.ts';
import {
  type Advert,
  type AdvertExpectation,
  type AdvertPacket,
  checkAdvert,
  encodeAdvert,
  isFault,
  peekVrid,
} from '../../../src/wire/vrrp.ts';

interface Sample {
  readonly name: string;
  readonly packet: string;
  readonly advert: Omit<Advert, 'addresses' | 'password'> & {
    readonly addresses: readonly string[];
    readonly password: string | null;
  };
}

const samples: readonly Sample[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../fixtures/wire/vrrp-adverts.json'), 'utf8'),
);

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

function advertOf({ advert }: Sample): Advert {
  const password = advert.password === null ? null : Buffer.from(advert.password);
  return { ...advert, addresses: advert.addresses.map(packInet4), password };
}

function expectationOf(advert: Advert): AdvertExpectation {
  const { version, vrid, intervalCs, addresses, password } = advert;
  return { version, vrid, intervalCs, addresses, password, unicast: false };
}

describe('keepalived packets', () => {
  for (const sample of samples) {
    it(`reads and writes: ${sample.name}`, () => {
      const bytes = bytesOf(sample.packet);
      const packet = decodeIpv4(bytes)!;
      const advert = advertOf(sample);
      const read = checkAdvert(packet, expectationOf(advert));
      expect(isFault(read)).toBe(false);
      const { addresses, ...rest } = read as Advert;
      expect(addresses.map((each) => unpackInet4(each, 0))).toEqual(sample.advert.addresses);
      expect(rest).toEqual({ ...expectationRest(advert), priority: advert.priority });
      const message = encodeAdvert(advert, packet);
      const header = { tos: 0xc0, ttl: 255, protocol: 112, identification: (bytes[4]! << 8) | bytes[5]! };
      const written = encodeIpv4({ ...header, source: packet.source, destination: packet.destination }, message);
      expect(Buffer.from(written).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
    });
  }
});

function expectationRest({ version, vrid, intervalCs, password }: Advert) {
  return { version, vrid, intervalCs, password };
}

const endpoints4 = { source: packInet4('10.0.0.1'), destination: packInet4('224.0.0.18') };
const endpoints6 = { source: packInet6('fe80::1'), destination: packInet6('ff02::12') };

const byte = fc.integer({ min: 0, max: 255 });
const addressesOf = (size: number) =>
  fc.array(fc.uint8Array({ minLength: size, maxLength: size }), { minLength: 1, maxLength: 20 });
const advert2: fc.Arbitrary<Advert> = fc.record({
  version: fc.constant(2 as const),
  vrid: fc.integer({ min: 1, max: 255 }),
  priority: byte,
  intervalCs: fc.integer({ min: 1, max: 255 }).map((seconds) => seconds * 100),
  addresses: addressesOf(4),
  password: fc.option(fc.uint8Array({ minLength: 0, maxLength: 8 }), { nil: null }),
});
const advert3 = (size: number): fc.Arbitrary<Advert> =>
  fc.record({
    version: fc.constant(3 as const),
    vrid: fc.integer({ min: 1, max: 255 }),
    priority: byte,
    intervalCs: fc.integer({ min: 1, max: 4095 }),
    addresses: addressesOf(size),
    password: fc.constant(null),
  });

describe('properties', () => {
  const kinds = [
    ['version 2', advert2, endpoints4],
    ['version 3 over IPv4', advert3(4), endpoints4],
    ['version 3 over IPv6', advert3(16), endpoints6],
  ] as const;
  for (const [name, arbitrary, endpoints] of kinds) {
    it(`${name}: what was encoded climbs the ladder and says the same`, () => {
      fc.assert(
        fc.property(arbitrary, (advert) => {
          const packet = { ...endpoints, ttl: 255, headerLength: 20, payload: encodeAdvert(advert, endpoints) };
          expect(checkAdvert(packet, expectationOf(advert))).toEqual(advert);
        }),
      );
    });

    it(`${name}: one flipped bit anywhere is a fault`, () => {
      fc.assert(
        fc.property(arbitrary, fc.nat(), (advert, seed) => {
          const payload = encodeAdvert(advert, endpoints);
          const bit = seed % (payload.length * 8);
          payload[bit >> 3]! ^= 1 << (bit & 7);
          expect(
            isFault(checkAdvert({ ...endpoints, ttl: 255, headerLength: 20, payload }, expectationOf(advert))),
          ).toBe(true);
        }),
      );
    });
  }

  it('noise never passes and never throws', () => {
    const advert = advertOf(samples[0]!);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), byte, (payload, ttl) => {
        expect(isFault(checkAdvert({ ...endpoints4, ttl, headerLength: 20, payload }, expectationOf(advert)))).toBe(
          true,
        );
        const packet = decodeIpv4(payload);
        if (packet) expect(packet.payload.length).toBeLessThanOrEqual(payload.length);
        peekVrid(payload);
      }),
      { numRuns: 2000 },
    );
  });

  it('an IPv4 header of ours is read back and its own checksum is 0', () => {
    const address = fc.uint8Array({ minLength: 4, maxLength: 4 });
    const arbitrary = fc.record({
      tos: byte,
      identification: fc.nat(0xffff),
      ttl: byte,
      protocol: byte,
      source: address,
      destination: address,
    });
    fc.assert(
      fc.property(arbitrary, fc.uint8Array({ maxLength: 100 }), (header, payload) => {
        const bytes = encodeIpv4(header, payload);
        expect(checksum([bytes.subarray(0, 20)])).toBe(0);
        expect(decodeIpv4(bytes)).toMatchObject({ ttl: header.ttl, source: header.source, payload });
      }),
    );
  });
});

/** A good message of the configuration below, changed, with a right checksum unless told otherwise. */
function broken(change: (bytes: Uint8Array) => Uint8Array | undefined, fix = true): Uint8Array {
  const good = encodeAdvert(advertOf(samples[0]!), endpoints4);
  const bytes = change(good) ?? good;
  if (fix && bytes.length >= 8) {
    bytes[6] = 0;
    bytes[7] = 0;
    const sum = checksum([bytes]);
    bytes[6] = sum >> 8;
    bytes[7] = sum & 255;
  }
  return bytes;
}

const append = (bytes: Uint8Array, ...more: number[]): Uint8Array => Uint8Array.from([...bytes, ...more]);

const ladder: readonly [string, Partial<AdvertPacket>, object][] = [
  ['nothing', { payload: new Uint8Array(0) }, { code: 'length', received: 20, expected: 28 }],
  ['seven bytes', { payload: broken((b) => b.slice(0, 7)) }, { code: 'length', received: 27 }],
  [
    'a header without its address',
    { payload: broken((b) => b.slice(0, 8)) },
    { code: 'length', received: 28, expected: 40 },
  ],
  ['a message cut in its password', { payload: broken((b) => b.slice(0, 18)) }, { code: 'length', received: 38 }],
  ['a password left out', { payload: broken((b) => b.slice(0, 12)) }, { code: 'length', received: 32, expected: 40 }],
  [
    'four bytes too many',
    { payload: broken((b) => append(b, 1, 2, 3, 4)) },
    { code: 'length', received: 44, expected: 40 },
  ],
  ['an oversized message', { payload: broken((b) => append(b, ...new Array(1400).fill(0))) }, { code: 'length' }],
  ['a count above the addresses', { payload: broken((b) => void (b[3] = 5)) }, { code: 'length', expected: 56 }],
  ['a count of 0', { payload: broken((b) => void (b[3] = 0)) }, { code: 'length', expected: 36 }],
  ['a count of 255', { payload: broken((b) => void (b[3] = 255)) }, { code: 'length', expected: 1056 }],
  ['TTL 254', { ttl: 254 }, { code: 'ttl', received: 254 }],
  ['TTL 1', { ttl: 1 }, { code: 'ttl', received: 1 }],
  ['version 3 with the old length', { payload: broken((b) => void (b[0] = 0x31)) }, { code: 'length', expected: 32 }],
  [
    'version 3',
    { payload: encodeAdvert({ ...advertOf(samples[0]!), version: 3, password: null }, endpoints4) },
    { code: 'version', received: 3 },
  ],
  [
    'version 15',
    {
      payload: broken((b) => {
        b[0] = 0xf1;
        return b.slice(0, 12);
      }),
    },
    { code: 'version', received: 15 },
  ],
  ['type 2', { payload: broken((b) => void (b[0] = 0x22)) }, { code: 'type', received: 2 }],
  ['type 0', { payload: broken((b) => void (b[0] = 0x20)) }, { code: 'type', received: 0 }],
  ['a wrong checksum', { payload: broken((b) => void (b[7]! ^= 1), false) }, { code: 'checksum', version: 2 }],
  ['checksum 0', { payload: broken((b) => b.fill(0, 6, 8), false) }, { code: 'checksum' }],
  ['another VRID', { payload: broken((b) => void (b[1] = 52)) }, { code: 'vrid', received: 52, expected: 51 }],
  ['no authentication', { payload: broken((b) => void (b[4] = 0)) }, { code: 'auth-type', received: 0, expected: 1 }],
  ['authentication header', { payload: broken((b) => void (b[4] = 2)) }, { code: 'auth-type', received: 2 }],
  ['another password', { payload: broken((b) => void (b[12] = 0x53)) }, { code: 'auth-data' }],
  ['a longer password', { payload: broken((b) => void (b[19] = 1)) }, { code: 'auth-data' }],
  ['another interval', { payload: broken((b) => void (b[5] = 3)) }, { code: 'interval', received: 300, expected: 100 }],
  ['interval 0', { payload: broken((b) => void (b[5] = 0)) }, { code: 'interval', received: 0 }],
  [
    'one address more',
    {
      payload: broken((b) => {
        b[3] = 2;
        return append(b, 0, 0, 0, 0);
      }),
    },
    { code: 'auth-data' },
  ],
  ['two addresses for one', { payload: twoAddresses() }, { code: 'address-count', received: 2, expected: 1 }],
  ['another address', { payload: broken((b) => void (b[11] = 101)) }, { code: 'address-list' }],
];

function twoAddresses(): Uint8Array {
  const advert = advertOf(samples[0]!);
  return encodeAdvert({ ...advert, addresses: [...advert.addresses, packInet4('10.90.0.101')] }, endpoints4);
}

describe('the ladder', () => {
  const advert = advertOf(samples[0]!);
  const good: AdvertPacket = { ...endpoints4, ttl: 255, headerLength: 20, payload: encodeAdvert(advert, endpoints4) };

  it('lets the good one pass', () => {
    expect(checkAdvert(good, expectationOf(advert))).toEqual(advert);
  });
  for (const [name, change, fault] of ladder) {
    it(`refuses ${name}`, () => {
      expect(checkAdvert({ ...good, ...change }, expectationOf(advert))).toMatchObject(fault);
    });
  }
  it('takes a low TTL from a unicast peer', () => {
    expect(checkAdvert({ ...good, ttl: 60 }, { ...expectationOf(advert), unicast: true })).toEqual(advert);
  });
  it('sums the addresses of the packet under version 3', () => {
    const three: Advert = { ...advert, version: 3, password: null };
    const payload = encodeAdvert(three, endpoints4);
    const other = { ...good, payload, source: packInet4('10.0.0.2') };
    expect(checkAdvert(other, expectationOf(three))).toEqual({ code: 'checksum', version: 3 });
  });
});
