/**
 * VRRP adverts: version 2 (RFC 3768, with the simple password of RFC 2338) and version 3 (RFC 5798), IPv4 and IPv6.
 *
 *      0        1        2        3        4        5        6        7
 *     +--------+--------+--------+--------+--------+--------+--------+--------+
 *  v2 |ver|type|  vrid  |priority| count  |authtype|int (s) |    checksum     |
 *  v3 |ver|type|  vrid  |priority| count  |0000 interval(cs)|    checksum     |
 *     +--------+--------+--------+--------+--------+--------+--------+--------+
 *     | address 1 .. count (4 or 16 bytes each) | v2: 8 bytes of password    |
 *     +-----------------------------------------+-----------------------------+
 *
 * Pure functions on bytes. `checkAdvert` is the ladder of checks on a received packet, in keepalived's order; every
 * rung has its own `AdvertFault`, so that nothing is dropped without a name. What a fault means (drop, log, count)
 * is decided by the vrrp role. Version 2 without a password carries eight zero bytes in its place.
 */
import { checksum } from './ipv4.ts';

export const VRRP_PROTOCOL = 112;
export const VRRP_TTL = 255;
const ADVERTISEMENT = 1;
const AUTH_NONE = 0;
const AUTH_PASSWORD = 1;
const AUTH_DATA_LENGTH = 8;
export const ADVERT_HEADER_LENGTH = 8;

export type VrrpVersion = 2 | 3;

export interface Advert {
  readonly version: VrrpVersion;
  readonly vrid: number;
  readonly priority: number;
  /** Centiseconds; whole seconds on the wire under version 2. */
  readonly intervalCs: number;
  /** Network order, all 4 or all 16 bytes long. */
  readonly addresses: readonly Uint8Array[];
  /** Version 2: the password, up to 8 bytes; null for no authentication. */
  readonly password: Uint8Array | null;
}

/** Source and destination of the packet: version 3 sums them with the message. */
export interface Endpoints {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** A received message with what its IP packet told. */
export interface AdvertPacket extends Endpoints {
  readonly ttl: number;
  /** Bytes before the message, for the lengths in messages: keepalived counts the IPv4 header. */
  readonly headerLength: number;
  readonly payload: Uint8Array;
}

/** What an instance accepts. */
export interface AdvertExpectation {
  readonly version: VrrpVersion;
  readonly vrid: number;
  readonly intervalCs: number;
  readonly addresses: readonly Uint8Array[];
  readonly password: Uint8Array | null;
  /** Unicast adverts pass routers: their TTL says nothing. */
  readonly unicast: boolean;
}

export type AdvertFault =
  | { readonly code: 'length'; readonly received: number; readonly expected: number }
  | { readonly code: 'ttl'; readonly received: number }
  | { readonly code: 'version'; readonly received: number; readonly expected: number }
  | { readonly code: 'type'; readonly received: number }
  | { readonly code: 'checksum'; readonly version: VrrpVersion }
  | { readonly code: 'vrid'; readonly received: number; readonly expected: number }
  | { readonly code: 'auth-type'; readonly received: number; readonly expected: number }
  | { readonly code: 'auth-data' }
  | { readonly code: 'interval'; readonly received: number; readonly expected: number }
  | { readonly code: 'address-count'; readonly received: number; readonly expected: number }
  | { readonly code: 'address-list'; readonly missing: Uint8Array };

/** The virtual router id of a message, by which its instance is found; undefined when it has no whole header. */
export function peekVrid(payload: Uint8Array): number | undefined {
  return payload.length < ADVERT_HEADER_LENGTH ? undefined : payload[1];
}

export function encodeAdvert(advert: Advert, endpoints: Endpoints): Uint8Array {
  const size = advert.addresses[0]?.length ?? 4;
  const authAt = ADVERT_HEADER_LENGTH + size * advert.addresses.length;
  const bytes = new Uint8Array(authAt + authLength(advert.version));
  const view = new DataView(bytes.buffer);
  bytes[0] = (advert.version << 4) | ADVERTISEMENT;
  bytes[1] = advert.vrid;
  bytes[2] = advert.priority;
  bytes[3] = advert.addresses.length;
  if (advert.version === 2) {
    bytes[4] = advert.password ? AUTH_PASSWORD : AUTH_NONE;
    bytes[5] = Math.round(advert.intervalCs / 100);
  } else {
    view.setUint16(4, advert.intervalCs & 0xfff);
  }
  advert.addresses.forEach((address, i) => {
    bytes.set(address, ADVERT_HEADER_LENGTH + i * size);
  });
  if (advert.version === 2 && advert.password) bytes.set(advert.password.subarray(0, AUTH_DATA_LENGTH), authAt);
  view.setUint16(6, sumAdvert(bytes, advert.version, endpoints));
  return bytes;
}

/** The ladder: the advert when it climbs to the end, otherwise the fault of the rung it fell from. */
export function checkAdvert(packet: AdvertPacket, expected: AdvertExpectation): Advert | AdvertFault {
  return checkFrame(packet, expected) ?? checkOrigin(packet.payload, expected) ?? checkContent(packet, expected);
}

export function isFault(result: Advert | AdvertFault): result is AdvertFault {
  return 'code' in result;
}

function checkFrame(packet: AdvertPacket, expected: AdvertExpectation): AdvertFault | undefined {
  const { payload, headerLength, ttl } = packet;
  const received = headerLength + payload.length;
  if (payload.length < ADVERT_HEADER_LENGTH) {
    return { code: 'length', received, expected: headerLength + ADVERT_HEADER_LENGTH };
  }
  const version = payload[0]! >> 4;
  const length = ADVERT_HEADER_LENGTH + packet.source.length * payload[3]! + authLength(version);
  if (payload.length !== length) return { code: 'length', received, expected: headerLength + length };
  if (!expected.unicast && ttl !== VRRP_TTL) return { code: 'ttl', received: ttl };
  if (version !== expected.version) return { code: 'version', received: version, expected: expected.version };
  const type = payload[0]! & 15;
  if (type !== ADVERTISEMENT) return { code: 'type', received: type };
  if (sumAdvert(payload, expected.version, packet) !== 0) return { code: 'checksum', version: expected.version };
  return undefined;
}

function checkOrigin(payload: Uint8Array, expected: AdvertExpectation): AdvertFault | undefined {
  const vrid = payload[1]!;
  if (vrid !== expected.vrid) return { code: 'vrid', received: vrid, expected: expected.vrid };
  if (expected.version !== 2) return undefined;
  const authType = expected.password ? AUTH_PASSWORD : AUTH_NONE;
  if (payload[4] !== authType) return { code: 'auth-type', received: payload[4]!, expected: authType };
  if (expected.password && !samePassword(payload, expected.password)) return { code: 'auth-data' };
  return undefined;
}

function checkContent(packet: AdvertPacket, expected: AdvertExpectation): Advert | AdvertFault {
  const { payload } = packet;
  const intervalCs = expected.version === 2 ? payload[5]! * 100 : ((payload[4]! & 15) << 8) | payload[5]!;
  if (expected.version === 2 && intervalCs !== expected.intervalCs) {
    return { code: 'interval', received: intervalCs, expected: expected.intervalCs };
  }
  const count = payload[3]!;
  if (count !== expected.addresses.length) {
    return { code: 'address-count', received: count, expected: expected.addresses.length };
  }
  const addresses = readAddresses(payload, count, packet.source.length);
  const missing = expected.addresses.find((address) => !addresses.some((other) => sameBytes(address, other)));
  if (missing) return { code: 'address-list', missing };
  const { version, vrid, password } = expected;
  return { version, vrid, priority: payload[2]!, intervalCs, addresses, password };
}

function readAddresses(payload: Uint8Array, count: number, size: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const at = ADVERT_HEADER_LENGTH + i * size;
    return payload.slice(at, at + size);
  });
}

function authLength(version: number): number {
  return version === 2 ? AUTH_DATA_LENGTH : 0;
}

function samePassword(payload: Uint8Array, password: Uint8Array): boolean {
  const data = payload.subarray(payload.length - AUTH_DATA_LENGTH);
  return data.every((byte, i) => byte === (password[i] ?? 0));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The checksum to write, computed with the field as it is: 0 over a whole and correct message. */
function sumAdvert(bytes: Uint8Array, version: VrrpVersion, endpoints: Endpoints): number {
  if (version === 2) return checksum([bytes]);
  return checksum([endpoints.source, endpoints.destination, pseudoTail(endpoints.source.length, bytes.length), bytes]);
}

/** What follows the addresses in the pseudo header of IPv4 (RFC 793) and IPv6 (RFC 8200, section 8.1). */
function pseudoTail(addressSize: number, length: number): Uint8Array {
  if (addressSize === 4) return Uint8Array.of(0, VRRP_PROTOCOL, length >> 8, length & 255);
  return Uint8Array.of(0, 0, length >> 8, length & 255, 0, 0, 0, VRRP_PROTOCOL);
}
