/** Verdicts are those that HAProxy 2.6.12 gave on the same bytes, but where a case says otherwise. */
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/wire/crc32c.ts';
import { encodeProxyV2, SIGNATURE, TLV_AUTHORITY, TLV_UNIQUE_ID } from '../../../src/wire/proxy-protocol.ts';
import {
  BAD_HEADER,
  BAD_PROTOCOL,
  findTlv,
  NO_HEADER,
  ProxyHeader,
  parseProxyHeader,
  parseTlvs,
  TRUNCATED,
} from '../../../src/wire/proxy-protocol-parse.ts';

function parse(bytes: Uint8Array): { length: number; header: ProxyHeader } {
  const header = new ProxyHeader();
  // Somewhere in a larger buffer, so that a read outside of the range shows.
  const room = Buffer.alloc(bytes.length + 200, 0x0a);
  room.set(bytes, 100);
  return { length: parseProxyHeader(room, 100, 100 + bytes.length, header), header };
}

const text = (line: string) => parse(Buffer.from(line, 'latin1'));
const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.2 40000 81\r\n';

describe('version 1', () => {
  it('gives both sides', () => {
    const { length, header } = text(`${LINE}GET / HTTP/1.0\r\n`);
    expect(length).toBe(LINE.length);
    expect(header.version).toBe(1);
    expect(header.source).toEqual({ address: Uint8Array.of(192, 0, 2, 1), port: 40000 });
    expect(header.destination).toEqual({ address: Uint8Array.of(198, 51, 100, 2), port: 81 });
  });

  it.each([
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ])('reads %s', (host, hex) => {
    const { header } = text(`PROXY TCP6 ${host} ::1 1 2\r\n`);
    expect(Buffer.from(header.source!.address).toString('hex')).toBe(hex);
  });

  it.each([
    'PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n',
    'PROXY TCP6 1::2::3 ::1 1 2\r\n',
    'PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n',
    'PROXY TCP6 ::12345 ::1 1 2\r\n',
    'PROXY TCP6 192.0.2.1::1 ::1 1 2\r\n',
    'PROXY TCP6 192.0.2.1 ::1 40000 81\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 40000 81\n',
    'PROXY TCP4  192.0.2.1 198.51.100.2 40000 81\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 40000 81 x\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 4x0 81\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 +4 81\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 40000 81 7',
    `PROXY TCP4 ${'0'.repeat(120)}192.0.2.1 198.51.100.2 40000 81\r\n`,
    // HAProxy takes these two for 192.0.3.0 and port 4464.
    'PROXY TCP4 192.0.2.256 198.51.100.2 40000 81\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 70000 81\r\n',
  ])('refuses %j', (line) => {
    const { length, header } = text(line);
    expect(length).toBe(BAD_HEADER);
    expect(header.source).toBeNull();
  });

  it('keeps the own addresses for UNKNOWN, without anything behind it', () => {
    expect(text('PROXY UNKNOWN\r\nabc').length).toBe(15);
    expect(text('PROXY UNKNOWN\r\n').header.source).toBeNull();
    expect(text('PROXY UNKNOWN bla bla\r\n').length).toBe(BAD_PROTOCOL);
    expect(text('PROXY TCP5 192.0.2.1 198.51.100.2 40000 81\r\n').length).toBe(BAD_PROTOCOL);
  });

  it('tells what is cut from what is no header', () => {
    for (const cut of ['', 'G', 'GET', 'PROXY', 'PROXY TC', 'GET / HTTP/1.0']) expect(text(cut).length).toBe(TRUNCATED);
    expect(text('PROXY TCP4').length).toBe(BAD_PROTOCOL);
    expect(text('PROXY TCP4 1').length).toBe(TRUNCATED);
    expect(text('PROXY TCP4 192.0.2.1 198.51.100.2 40000 81\r').length).toBe(TRUNCATED);
    expect(text('PROXY TCP4 x').length).toBe(BAD_HEADER);
    expect(text('GET / HTTP/1.0\r\n').length).toBe(NO_HEADER);
    expect(text('proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n').length).toBe(NO_HEADER);
  });
});

describe('version 2', () => {
  const source = { address: Uint8Array.of(192, 0, 2, 1), port: 40000 };
  const destination = { address: Uint8Array.of(198, 51, 100, 2), port: 81 };
  const inet4 = [192, 0, 2, 1, 198, 51, 100, 2, 0x9c, 0x40, 0, 81];
  const raw = (command: number, family: number, body: ArrayLike<number>) =>
    Uint8Array.from([...SIGNATURE, command, family, body.length >> 8, body.length & 255, ...Array.from(body)]);

  it('gives back what was written', () => {
    const tlvs = [
      { type: TLV_AUTHORITY, value: Buffer.from('example.org') },
      { type: TLV_UNIQUE_ID, value: Buffer.alloc(128, 'x') },
    ];
    const bytes = encodeProxyV2(source, destination, tlvs, true);
    const { length, header } = parse(bytes);
    expect(length).toBe(bytes.length);
    expect(header.version).toBe(2);
    expect(header.source).toEqual(source);
    expect(header.destination).toEqual(destination);
    expect(Buffer.from(findTlv(header.tlvs, TLV_AUTHORITY)!).toString()).toBe('example.org');
    expect(findTlv(header.tlvs, TLV_UNIQUE_ID)!.length).toBe(128);
  });

  it('takes nothing from LOCAL', () => {
    for (const body of [[], inet4, [4, 0, 9, 1, 2], [3, 0, 4, 1, 2, 3, 4]]) {
      const { length, header } = parse(raw(0x20, 0x11, body));
      expect(length).toBe(16 + body.length);
      expect(header.source).toBeNull();
      expect(header.tlvs).toEqual([]);
    }
  });

  it.each([
    ['UDP', raw(0x21, 0x12, inet4)],
    ['UNIX', raw(0x21, 0x31, new Uint8Array(216))],
    ['an unknown family', raw(0x21, 0x51, inet4)],
    ['no family', raw(0x21, 0x00, [1, 2, 3])],
    ['addresses that are cut', raw(0x21, 0x11, inet4.slice(0, 8))],
    ['another command', raw(0x22, 0x11, inet4)],
    ['a field that is cut', raw(0x21, 0x11, [...inet4, 4, 0, 9, 1, 2])],
    ['the head of a field that is cut', raw(0x21, 0x11, [...inet4, 4, 0])],
    ['a unique id that is too long', encodeProxyV2(source, destination, [{ type: 5, value: new Uint8Array(129) }])],
    ['a checksum of three bytes', raw(0x21, 0x11, [...inet4, 3, 0, 3, 1, 2, 3])],
  ])('refuses %s', (_, bytes) => {
    expect(parse(bytes).length).toBe(BAD_HEADER);
  });

  it('verifies the checksum, and names the source all the same', () => {
    const bytes = encodeProxyV2(source, destination, [], true);
    bytes[31]! ^= 1;
    const { length, header } = parse(bytes);
    expect(length).toBe(BAD_HEADER);
    expect(header.source).toEqual(source);
  });

  it('refuses two checksums: each of them covers the other', () => {
    const empty = { type: 3, value: new Uint8Array(4) };
    const bytes = encodeProxyV2(source, destination, [empty], true);
    expect(crc32c(bytes, 0, bytes.length, 31)).not.toBe(0);
    expect(parse(bytes).length).toBe(BAD_HEADER);
  });

  it('does not wait for what is missing', () => {
    const bytes = encodeProxyV2(source, destination);
    for (let cut = 0; cut < bytes.length; cut++) expect(parse(bytes.subarray(0, cut)).length).toBe(TRUNCATED);
    expect(parse(raw(0x31, 0x11, inet4)).length).toBe(NO_HEADER);
  });

  it('reads fields within a field', () => {
    expect(parseTlvs(Uint8Array.of(0x21, 0, 1, 9), 0, 4)).toEqual([{ type: 0x21, value: Uint8Array.of(9) }]);
    expect(parseTlvs(Uint8Array.of(0x21, 0, 2, 9), 0, 4)).toBeNull();
  });
});
