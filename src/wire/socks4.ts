/**
 * SOCKS4 as its clients speak it (the protocol's memo by Ying-Da Lee): one request, one answer, then the connection is
 * the server's.
 *
 * ```
 *   request   04 01 | port (2) | IPv4 address (4) | user id, 00
 *   answer    00 | code | port (2) | IPv4 address (4)            code 90: granted
 * ```
 *
 * Pure. The user id is the one that HAProxy gives. IPv6 and names are not part of version 4.
 */
const VERSION = 4;
const CONNECT = 1;
const GRANTED = 90;
const USER = Buffer.from('HAProxy\0', 'latin1');

export const SOCKS4_ANSWER = 8;

/** `address`: 4 bytes. */
export function encodeSocks4(address: Uint8Array, port: number): Uint8Array {
  const bytes = new Uint8Array(8 + USER.length);
  bytes[0] = VERSION;
  bytes[1] = CONNECT;
  bytes[2] = port >> 8;
  bytes[3] = port & 255;
  bytes.set(address, 4);
  bytes.set(USER, 8);
  return bytes;
}

/** Whether the answer in `bytes[at..at + 8)` grants the connection. */
export function isSocks4Granted(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && bytes[at + 1] === GRANTED;
}
