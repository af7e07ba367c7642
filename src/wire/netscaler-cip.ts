/**
 * NetScaler's Client IP insertion, read-only: the IP and TCP headers of the client's packet, before the connection's own
 * bytes (netscaler-client-ip-insertion-protocol.txt of HAProxy).
 *
 * ```
 *   legacy    magic (4) | length of the rest (4)                           | IP header | TCP header | ...
 *   standard  magic (4) | total (4) | type (2), always 1 | of the rest (2) | IP header | TCP header | ...
 * ```
 *
 * They are told apart by the byte behind the first eight: an IP header begins with its version, the type with a zero.
 * Stricter than HAProxy: the length has to cover both headers, where HAProxy takes what lies behind for the TCP header.
 */
import { BAD_HEADER, BAD_PROTOCOL, copyOf, NO_HEADER, type ProxyHeader, TRUNCATED } from './proxy-protocol-parse.ts';

const LEGACY_HEADER = 8;
const STANDARD_HEADER = 12;
const TCP = 6;
const INET6_HEADER = 40;
const SHORTEST_TCP = 20;

/** Reads from `bytes[start..end)` into `header`: the length of it all, or what is wrong; NO_HEADER for another magic. */
export function parseNetscalerCip(
  bytes: Uint8Array,
  start: number,
  end: number,
  magic: number,
  header: ProxyHeader,
): number {
  header.source = null;
  header.destination = null;
  header.tlvs = [];
  if (end - start < STANDARD_HEADER) return TRUNCATED;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getUint32(start) !== magic >>> 0) return NO_HEADER;
  const isStandard = bytes[start + LEGACY_HEADER]! >> 4 === 0;
  const at = start + (isStandard ? STANDARD_HEADER : LEGACY_HEADER);
  const rest = isStandard ? view.getUint16(start + 10) : view.getUint32(start + 4);
  if (rest > end - at) return TRUNCATED;
  const failure = readPacket(bytes, at, at + rest, header);
  return failure < 0 ? failure : at - start + rest;
}

function readPacket(bytes: Uint8Array, at: number, end: number, header: ProxyHeader): number {
  if (end - at < 1) return BAD_HEADER;
  const version = bytes[at]! >> 4;
  if (version === 4) return readInet4(bytes, at, end, header);
  return version === 6 ? readInet6(bytes, at, end, header) : BAD_PROTOCOL;
}

function readInet4(bytes: Uint8Array, at: number, end: number, header: ProxyHeader): number {
  const length = 4 * (bytes[at]! & 15);
  if (length < 20 || end - at < length + SHORTEST_TCP) return BAD_HEADER;
  if (bytes[at + 9] !== TCP) return BAD_PROTOCOL;
  putSides(bytes, at + 12, 4, at + length, header);
  return 0;
}

function readInet6(bytes: Uint8Array, at: number, end: number, header: ProxyHeader): number {
  if (end - at < INET6_HEADER + SHORTEST_TCP) return BAD_HEADER;
  if (bytes[at + 6] !== TCP) return BAD_PROTOCOL;
  putSides(bytes, at + 8, 16, at + INET6_HEADER, header);
  return 0;
}

function putSides(bytes: Uint8Array, at: number, width: number, portsAt: number, header: ProxyHeader): void {
  const port = (offset: number) => (bytes[portsAt + offset]! << 8) | bytes[portsAt + offset + 1]!;
  header.source = { address: copyOf(bytes, at, at + width), port: port(0) };
  header.destination = { address: copyOf(bytes, at + width, at + 2 * width), port: port(2) };
}
