/**
 * Properties of the PROXY and NetScaler codecs: whatever comes, the verdict depends on the given range alone, what is
 * accepted lies within it, and what is written is read again with the same meaning.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNetscalerCip } from '../../src/wire/netscaler-cip.ts';
import { encodeProxyV1, encodeProxyV2, type ProxyTlv, TLV_CRC32C } from '../../src/wire/proxy-protocol.ts';
import { ProxyHeader, parseProxyHeader, parseTlvs } from '../../src/wire/proxy-protocol-parse.ts';

const RUNS = { numRuns: 2000 };
const MAGIC = 0x50524f58;

const port = fc.nat(65535);
const side = (width: 4 | 16) => fc.record({ address: fc.uint8Array({ minLength: width, maxLength: width }), port });
const tlvs: fc.Arbitrary<ProxyTlv[]> = fc.array(
  fc.record({
    type: fc.nat(255).filter((type) => type !== TLV_CRC32C),
    value: fc.uint8Array({ maxLength: 100 }),
  }),
  { maxLength: 5 },
);

const seeds: readonly Uint8Array[] = [
  encodeProxyV1({ host: '192.0.2.1', port: 40000 }, { host: '198.51.100.2', port: 80 }),
  encodeProxyV1({ host: '2001:db8::1', port: 1 }, { host: '::ffff:192.0.2.1', port: 65535 }),
  encodeProxyV1(null, null),
  encodeProxyV2(null, null),
  encodeProxyV2({ address: Uint8Array.of(1, 2, 3, 4), port: 5 }, { address: Uint8Array.of(6, 7, 8, 9), port: 10 }),
  encodeProxyV2(
    { address: new Uint8Array(16).fill(1), port: 5 },
    { address: new Uint8Array(16).fill(2), port: 10 },
    [
      { type: 2, value: Buffer.from('example.org') },
      { type: 0x20, value: Uint8Array.of(1, 0, 0, 0, 0, 0x21, 0, 1, 65) },
    ],
    true,
  ),
  netscalerSeed(false),
  netscalerSeed(true),
];

/** Headers of IPv4 and TCP behind either head. */
function netscalerSeed(standard: boolean): Uint8Array {
  const bytes = Buffer.alloc((standard ? 12 : 8) + 40);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(standard ? bytes.length : 40, 4);
  if (standard) bytes.writeUInt32BE(0x00010028, 8);
  const at = standard ? 12 : 8;
  bytes[at] = 0x45;
  bytes[at + 9] = 6;
  return bytes;
}

/** A known header with a few bytes changed, removed or put in, and something behind it. */
const damaged = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.record({ at: fc.nat(), cut: fc.nat(4), put: fc.uint8Array({ maxLength: 4 }) }), { maxLength: 4 }),
    fc.uint8Array({ maxLength: 20 }),
  )
  .map(([seed, edits, rest]) => {
    const bytes = [...seed];
    for (const { at, cut, put } of edits) bytes.splice(at % bytes.length, cut, ...put);
    return Uint8Array.from([...bytes, ...rest]);
  });
const inputs = fc.oneof(damaged, fc.uint8Array({ maxLength: 300 }));

type Parse = (bytes: Uint8Array, start: number, end: number, header: ProxyHeader) => number;
const parsers: readonly [name: string, parse: Parse][] = [
  ['the PROXY protocol', parseProxyHeader],
  ['NetScaler Client IP', (bytes, start, end, header) => parseNetscalerCip(bytes, start, end, MAGIC, header)],
];

/** The verdict on the input when it stands between other bytes. */
function verdict(parse: Parse, input: Uint8Array, around: number): object {
  const room = new Uint8Array(input.length + 400).fill(around);
  room.set(input, 100);
  const header = new ProxyHeader();
  const length = parse(room, 100, 100 + input.length, header);
  expect(length).toBeLessThanOrEqual(input.length);
  const { version, source, destination, tlvs: fields } = header;
  return { length, version, source, destination, fields };
}

describe.each(parsers)('reading %s', (_, parse) => {
  it('never looks outside of the range', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const wanted = verdict(parse, input, 0);
        for (const around of [10, 0x45, 255]) expect(verdict(parse, input, around)).toEqual(wanted);
      }),
      RUNS,
    );
  });

  it('accepts the same header whatever follows it', () => {
    fc.assert(
      fc.property(inputs, fc.uint8Array({ maxLength: 50 }), (input, rest) => {
        const { length } = verdict(parse, input, 0) as { length: number };
        if (length < 0) return;
        // NetScaler's heads are told apart by what is behind them: twelve bytes are looked at in any case.
        const header = input.subarray(0, Math.max(12, length));
        expect(verdict(parse, Uint8Array.from([...header, ...rest]), 0)).toEqual(verdict(parse, header, 0));
      }),
      RUNS,
    );
  });
});

describe('writing the PROXY protocol', () => {
  it('is read again with the same meaning, version 2', () => {
    const sides = fc.oneof(fc.tuple(side(4), side(4)), fc.tuple(side(16), side(16)));
    fc.assert(
      fc.property(sides, tlvs, fc.boolean(), ([source, destination], fields, checksum) => {
        const bytes = encodeProxyV2(source, destination, fields, checksum);
        const header = new ProxyHeader();
        expect(parseProxyHeader(bytes, 0, bytes.length, header)).toBe(bytes.length);
        expect(header.source).toEqual(source);
        expect(header.destination).toEqual(destination);
        expect(header.tlvs.slice(checksum ? 1 : 0)).toEqual(fields);
      }),
      RUNS,
    );
  });

  it('is read again with the same meaning, version 1', () => {
    const texts = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
    fc.assert(
      fc.property(texts, port, port, ([from, to], fromPort, toPort) => {
        const bytes = encodeProxyV1({ host: from, port: fromPort }, { host: to, port: toPort });
        const header = new ProxyHeader();
        expect(parseProxyHeader(bytes, 0, bytes.length, header)).toBe(bytes.length);
        expect(header.source!.port).toBe(fromPort);
        expect(header.destination!.port).toBe(toPort);
        expect(header.source!.address.length).toBe(from.includes(':') ? 16 : 4);
        expect(encodeProxyV2(header.source, header.destination).length).toBe(from.includes(':') ? 52 : 28);
      }),
      RUNS,
    );
  });

  it('finds a flipped bit by the checksum', () => {
    fc.assert(
      fc.property(side(4), side(4), tlvs, fc.nat(), fc.nat(7), (source, destination, fields, at, bit) => {
        const bytes = encodeProxyV2(source, destination, fields, true);
        // In the addresses: a bit of a length or of the checksum's type is another header altogether.
        bytes[16 + (at % 12)]! ^= 1 << bit;
        expect(parseProxyHeader(bytes, 0, bytes.length, new ProxyHeader())).toBeLessThan(0);
      }),
      RUNS,
    );
  });

  it('reads any fields without leaving their range', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const fields = parseTlvs(bytes, 0, bytes.length);
        const length = fields?.reduce((sum, { value }) => sum + 3 + value.length, 0);
        expect(length ?? bytes.length).toBe(bytes.length);
      }),
      RUNS,
    );
  });
});
