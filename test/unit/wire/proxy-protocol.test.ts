import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/wire/crc32c.ts';
import {
  CLIENT_SSL,
  encodeProxyV1,
  encodeProxyV2,
  makeSslTlv,
  SIGNATURE,
  TLV_ALPN,
  TLV_SSL_VERSION,
} from '../../../src/wire/proxy-protocol.ts';

const inet4 = (text: string) => Uint8Array.from(text.split('.'), Number);
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('CRC-32C', () => {
  it('gives the check value of the catalogue, and of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  });

  it('takes bytes for zero where the sum stands', () => {
    const filled = Buffer.from('abcd????efgh');
    const empty = Buffer.from('abcd\0\0\0\0efgh', 'latin1');
    expect(crc32c(filled, 0, filled.length, 4)).toBe(crc32c(empty));
  });
});

describe('PROXY protocol, version 1', () => {
  it('writes addresses and ports as text', () => {
    const line = encodeProxyV1({ host: '192.0.2.1', port: 40000 }, { host: '198.51.100.2', port: 80 });
    expect(latin1(line)).toBe('PROXY TCP4 192.0.2.1 198.51.100.2 40000 80\r\n');
    const six = encodeProxyV1({ host: '2001:db8::1', port: 1 }, { host: '::1', port: 65535 });
    expect(latin1(six)).toBe('PROXY TCP6 2001:db8::1 ::1 1 65535\r\n');
  });

  it('is UNKNOWN without addresses, and for sides of different families', () => {
    const side = { host: '192.0.2.1', port: 1 };
    for (const [source, destination] of [
      [null, side],
      [side, null],
      [side, { host: '::1', port: 1 }],
    ] as const) {
      expect(latin1(encodeProxyV1(source, destination))).toBe('PROXY UNKNOWN\r\n');
    }
  });
});

describe('PROXY protocol, version 2', () => {
  const source = { address: inet4('192.0.2.1'), port: 40000 };
  const destination = { address: inet4('198.51.100.2'), port: 80 };
  const signature = hex(Uint8Array.from(SIGNATURE));

  it('writes IPv4 in 28 bytes', () => {
    expect(hex(encodeProxyV2(source, destination))).toBe(`${signature}2111000cc0000201c63364029c400050`);
  });

  it('writes a mixed pair as IPv6', () => {
    const six = { address: Uint8Array.from({ length: 16 }, (_, i) => i), port: 1 };
    const bytes = encodeProxyV2(source, six);
    expect(bytes.length).toBe(52);
    expect(hex(bytes.subarray(12, 16))).toBe('21210024');
    expect(hex(bytes.subarray(16, 48))).toBe('00000000000000000000ffffc0000201000102030405060708090a0b0c0d0e0f');
    expect(hex(bytes.subarray(48))).toBe('9c400001');
  });

  it('says LOCAL when a side is not known', () => {
    expect(hex(encodeProxyV2(null, destination))).toBe(`${signature}20000000`);
  });

  it('puts the checksum before the other fields', () => {
    const bytes = encodeProxyV2(source, destination, [{ type: TLV_ALPN, value: Buffer.from('h2') }], true);
    expect(hex(bytes.subarray(28, 31))).toBe('030004');
    expect(hex(bytes.subarray(35))).toBe('0100026832');
    expect(new DataView(bytes.buffer).getUint32(31)).toBe(crc32c(bytes, 0, bytes.length, 31));
  });

  it('nests what is known of TLS', () => {
    const { value } = makeSslTlv(CLIENT_SSL, 1, [{ type: TLV_SSL_VERSION, value: Buffer.from('TLSv1.3') }]);
    expect(hex(value)).toBe(`0100000001210007${Buffer.from('TLSv1.3').toString('hex')}`);
  });

  it('refuses what its length field cannot say', () => {
    const large = [{ type: 0xe0, value: new Uint8Array(65535) }];
    expect(() => encodeProxyV2(source, destination, large)).toThrow(RangeError);
  });
});
