/** Verdicts are those that HAProxy 2.6.12 gave on the same bytes, but where a case says otherwise. */
import { describe, expect, it } from 'vitest';
import { parseNetscalerCip } from '../../../src/wire/netscaler-cip.ts';
import { BAD_HEADER, BAD_PROTOCOL, NO_HEADER, ProxyHeader, TRUNCATED } from '../../../src/wire/proxy-protocol-parse.ts';

const MAGIC = 1234;

function inet4({ version = 4, words = 5, protocol = 6 } = {}): Buffer {
  const bytes = Buffer.alloc(Math.max(20, 4 * words));
  bytes[0] = (version << 4) | words;
  bytes[9] = protocol;
  bytes.set([192, 0, 2, 1, 198, 51, 100, 2], 12);
  return bytes;
}

function inet6(next = 6): Buffer {
  const bytes = Buffer.alloc(40);
  bytes[0] = 0x60;
  bytes[6] = next;
  for (let i = 0; i < 32; i++) bytes[8 + i] = i;
  return bytes;
}

const tcp = Buffer.alloc(20);
tcp.writeUInt16BE(40000, 0);
tcp.writeUInt16BE(81, 2);

function words(...values: [value: number, size: 2 | 4][]): Buffer {
  const parts = values.map(([value, size]) => {
    const part = Buffer.alloc(size);
    part.writeUIntBE(value, 0, size);
    return part;
  });
  return Buffer.concat(parts);
}

const legacy = (packet: Buffer, length = packet.length, magic = MAGIC) =>
  Buffer.concat([words([magic, 4], [length, 4]), packet]);
const standard = (packet: Buffer, type = 1) =>
  Buffer.concat([words([MAGIC, 4], [12 + packet.length, 4], [type, 2], [packet.length, 2]), packet]);

function parse(bytes: Uint8Array): { length: number; header: ProxyHeader } {
  const header = new ProxyHeader();
  const room = Buffer.alloc(bytes.length + 20, 0x45);
  room.set(bytes, 10);
  return { length: parseNetscalerCip(room, 10, 10 + bytes.length, MAGIC, header), header };
}

describe('NetScaler Client IP', () => {
  it.each([
    ['legacy', legacy(Buffer.concat([inet4(), tcp]))],
    ['standard', standard(Buffer.concat([inet4(), tcp]))],
    ['standard of another type', standard(Buffer.concat([inet4(), tcp]), 2)],
    ['with options', legacy(Buffer.concat([inet4({ words: 6 }), tcp]))],
    ['with more behind it', standard(Buffer.concat([inet4(), tcp, Buffer.alloc(20)]))],
  ])('gives the sides: %s', (_, bytes) => {
    const { length, header } = parse(bytes);
    expect(length).toBe(bytes.length);
    expect(header.source).toEqual({ address: Uint8Array.of(192, 0, 2, 1), port: 40000 });
    expect(header.destination).toEqual({ address: Uint8Array.of(198, 51, 100, 2), port: 81 });
  });

  it('reads IPv6', () => {
    for (const bytes of [legacy(Buffer.concat([inet6(), tcp])), standard(Buffer.concat([inet6(), tcp]))]) {
      const { length, header } = parse(bytes);
      expect(length).toBe(bytes.length);
      expect([...header.source!.address]).toEqual(Array.from({ length: 16 }, (_, i) => i));
      expect(header.destination!.port).toBe(81);
    }
  });

  it.each([
    ['another magic', legacy(Buffer.concat([inet4(), tcp]), 40, 99), NO_HEADER],
    ['a request', Buffer.from('GET / HTTP/1.0\r\n\r\n'), NO_HEADER],
    ['UDP', legacy(Buffer.concat([inet4({ protocol: 17 }), tcp])), BAD_PROTOCOL],
    ['another version of IP', legacy(Buffer.concat([inet4({ version: 5 }), tcp])), BAD_PROTOCOL],
    ['an extension header', legacy(Buffer.concat([inet6(0), tcp])), BAD_PROTOCOL],
    ['a length beyond what came', legacy(Buffer.concat([inet4(), tcp]), 400), TRUNCATED],
    ['next to nothing', Buffer.from([0, 0, 4]), TRUNCATED],
    ['its head alone', legacy(Buffer.alloc(0), 40), TRUNCATED],
    // HAProxy reads on behind the length that was told.
    ['a length without the TCP header', legacy(Buffer.concat([inet4(), tcp]), 20), BAD_HEADER],
    ['no length', legacy(Buffer.concat([inet4(), tcp]), 0), BAD_HEADER],
    ['an IP header of 16 bytes', legacy(Buffer.concat([inet4({ words: 4 }), tcp])), BAD_HEADER],
  ])('refuses %s', (_, bytes, verdict) => {
    expect(parse(bytes).length).toBe(verdict);
  });
});
