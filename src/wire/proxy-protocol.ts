/**
 * The PROXY protocol, versions 1 and 2, as it is written (specification: proxy-protocol.txt of HAProxy).
 *
 * ```
 *   v1   PROXY TCP4 192.0.2.1 198.51.100.2 40000 80\r\n          one line, at most 107 bytes
 *
 *   v2   0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A | 2 command | family transport | length (2)
 *        source address | destination address | source port (2) | destination port (2)
 *        type (1) length (2) value | type (1) length (2) value | ...
 * ```
 *
 * Pure: who talks to whom goes in, the bytes that go before a connection's own come out. Reading is in
 * `proxy-protocol-parse.ts`. What the fields hold (ALPN, authority, unique id, certificates) is the caller's.
 */
import { crc32c } from './crc32c.ts';

export const SIGNATURE: readonly number[] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];
export const V2_HEADER = 16;

export const COMMAND_LOCAL = 0;
export const COMMAND_PROXY = 1;

/** Address family in the upper half, transport in the lower. */
const UNSPECIFIED = 0x00;
export const TCP_OVER_IPV4 = 0x11;
export const TCP_OVER_IPV6 = 0x21;
export const UNIX_STREAM = 0x31;

/** Types of fields (section 2.2). */
export const TLV_ALPN = 0x01;
export const TLV_AUTHORITY = 0x02;
export const TLV_CRC32C = 0x03;
export const TLV_NOOP = 0x04;
export const TLV_UNIQUE_ID = 0x05;
export const TLV_SSL = 0x20;
export const TLV_SSL_VERSION = 0x21;
export const TLV_SSL_CN = 0x22;
export const TLV_SSL_CIPHER = 0x23;
export const TLV_SSL_SIG_ALG = 0x24;
export const TLV_SSL_KEY_ALG = 0x25;
export const TLV_NETNS = 0x30;

/** Bits of the first byte of TLV_SSL. */
export const CLIENT_SSL = 1;
export const CLIENT_CERT_CONN = 2;
export const CLIENT_CERT_SESS = 4;

/** One side of the connection that is told of: 4 or 16 bytes of address. */
export interface ProxySide {
  readonly address: Uint8Array;
  readonly port: number;
}

/** The same as text, which version 1 carries. */
export interface ProxySideText {
  readonly host: string;
  readonly port: number;
}

export interface ProxyTlv {
  readonly type: number;
  readonly value: Uint8Array;
}

/** A side that is unknown or no IP address, and sides of different families, give `PROXY UNKNOWN`. */
export function encodeProxyV1(source: ProxySideText | null, destination: ProxySideText | null): Uint8Array {
  const line = source === null || destination === null ? null : nameSides(source, destination);
  return Buffer.from(`PROXY ${line ?? 'UNKNOWN'}\r\n`, 'latin1');
}

function nameSides(source: ProxySideText, destination: ProxySideText): string | null {
  const isInet6 = source.host.includes(':');
  if (isInet6 !== destination.host.includes(':')) return null;
  return `TCP${isInet6 ? 6 : 4} ${source.host} ${destination.host} ${source.port} ${destination.port}`;
}

/**
 * A side that is unknown gives the command LOCAL. Sides of different families are both written as IPv6. With `checksum`
 * a CRC-32C of the whole stands before the other fields.
 */
export function encodeProxyV2(
  source: ProxySide | null,
  destination: ProxySide | null,
  tlvs: readonly ProxyTlv[] = [],
  checksum = false,
): Uint8Array {
  const width = widthOf(source, destination);
  const fields = checksum ? [emptyChecksum, ...tlvs] : tlvs;
  const length = (width === 0 ? 0 : 2 * width + 4) + lengthOf(fields);
  if (length > 0xffff) throw new RangeError('PROXY header longer than 65535 bytes');
  const bytes = new Uint8Array(V2_HEADER + length);
  const view = new DataView(bytes.buffer);
  bytes.set(SIGNATURE);
  bytes[12] = 0x20 | (width === 0 ? COMMAND_LOCAL : COMMAND_PROXY);
  bytes[13] = width === 0 ? UNSPECIFIED : width === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
  view.setUint16(14, length);
  const at = width === 0 ? V2_HEADER : putSides(view, source!, destination!, width);
  putTlvs(view, fields, at);
  if (checksum) view.setUint32(at + 3, crc32c(bytes));
  return bytes;
}

const emptyChecksum: ProxyTlv = { type: TLV_CRC32C, value: new Uint8Array(4) };

function widthOf(source: ProxySide | null, destination: ProxySide | null): 0 | 4 | 16 {
  if (source === null || destination === null) return 0;
  return source.address.length === 4 && destination.address.length === 4 ? 4 : 16;
}

/** Returns where the fields begin. */
function putSides(view: DataView, source: ProxySide, destination: ProxySide, width: 4 | 16): number {
  putAddress(view, V2_HEADER, source.address, width);
  putAddress(view, V2_HEADER + width, destination.address, width);
  const at = V2_HEADER + 2 * width;
  view.setUint16(at, source.port);
  view.setUint16(at + 2, destination.port);
  return at + 4;
}

function putAddress(view: DataView, at: number, address: Uint8Array, width: number): void {
  const skipped = width - address.length;
  // An IPv4 address within IPv6 is ::ffff:a.b.c.d.
  if (skipped > 0) view.setUint16(at + 10, 0xffff);
  for (let i = 0; i < address.length; i++) view.setUint8(at + skipped + i, address[i]!);
}

/** The field that tells of TLS: what the client did, whether its certificate was fine (0), and fields of their own. */
export function makeSslTlv(client: number, verify: number, fields: readonly ProxyTlv[]): ProxyTlv {
  const value = new Uint8Array(5 + lengthOf(fields));
  const view = new DataView(value.buffer);
  view.setUint8(0, client);
  view.setUint32(1, verify);
  putTlvs(view, fields, 5);
  return { type: TLV_SSL, value };
}

function lengthOf(tlvs: readonly ProxyTlv[]): number {
  return tlvs.reduce((sum, { value }) => sum + 3 + value.length, 0);
}

function putTlvs(view: DataView, tlvs: readonly ProxyTlv[], start: number): void {
  let at = start;
  for (const { type, value } of tlvs) {
    view.setUint8(at, type);
    view.setUint16(at + 1, value.length);
    new Uint8Array(view.buffer).set(value, at + 3);
    at += 3 + value.length;
  }
}
