/**
 * The IPv4 header (RFC 791) and the Internet checksum (RFC 1071), as far as raw sockets need them.
 *
 * A raw socket with IP_HDRINCL sends what is built here; a raw socket delivers packets with their header, which is
 * decoded here. Options are skipped on receipt and never sent. Addresses are bytes in network order. Pure functions.
 */

export const IPV4_HEADER_LENGTH = 20;

export interface Ipv4Packet {
  readonly ttl: number;
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** Header and payload, as the header says. */
  readonly totalLength: number;
  readonly headerLength: number;
  readonly payload: Uint8Array;
}

export interface Ipv4Header {
  readonly tos: number;
  readonly identification: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** Header and payload in one packet; the header checksum is filled in. */
export function encodeIpv4(header: Ipv4Header, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(IPV4_HEADER_LENGTH + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  bytes[1] = header.tos;
  view.setUint16(2, bytes.length);
  view.setUint16(4, header.identification & 0xffff);
  bytes[8] = header.ttl;
  bytes[9] = header.protocol;
  bytes.set(header.source, 12);
  bytes.set(header.destination, 16);
  view.setUint16(10, checksum([bytes.subarray(0, IPV4_HEADER_LENGTH)]));
  bytes.set(payload, IPV4_HEADER_LENGTH);
  return bytes;
}

/** Undefined when the bytes are no IPv4 packet or fewer than the header promises. */
export function decodeIpv4(bytes: Uint8Array): Ipv4Packet | undefined {
  if (bytes.length < IPV4_HEADER_LENGTH || bytes[0]! >> 4 !== 4) return undefined;
  const headerLength = (bytes[0]! & 15) * 4;
  const totalLength = (bytes[2]! << 8) | bytes[3]!;
  if (headerLength < IPV4_HEADER_LENGTH || totalLength < headerLength || totalLength > bytes.length) return undefined;
  return {
    ttl: bytes[8]!,
    protocol: bytes[9]!,
    source: bytes.subarray(12, 16),
    destination: bytes.subarray(16, 20),
    totalLength,
    headerLength,
    payload: bytes.subarray(headerLength, totalLength),
  };
}

/** The one's complement sum over the parts, each padded to an even length, complemented. */
export function checksum(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += (part[i]! << 8) | (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** Network order: negative, 0 or positive as `a` is below, the same as or above `b`. Both have the same length. */
export function compareAddresses(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return 0;
}
