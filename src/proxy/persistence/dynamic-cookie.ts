/**
 * Cookies of servers made from a secret, the server's address and its port (manual: `cookie ... dynamic`,
 * `dynamic-cookie-key`): the XXH64 of the three, in hexadecimal. Two proxies with one key make the same cookies, be they
 * HAProxy or this one. Servers on UNIX sockets get none.
 *
 * XXH64 is written down after its public specification (xxHash fast digest algorithm, "XXH64 algorithm description").
 * Made once per server at the start, so plain big integers will do.
 */
import { isIP } from 'node:net';
import type { ServerConf } from '../../config/haproxy.ts';
import { packInet4, packInet6 } from '../../os/address.ts';

const MASK = (1n << 64n) - 1n;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

export function makeDynamicCookie(key: string, { address }: ServerConf): string | null {
  const family = address.kind === 'ip' ? isIP(address.host) : 0;
  if (address.kind !== 'ip' || family === 0) return null;
  const host = family === 6 ? packInet6(address.host) : packInet4(address.host);
  const port = Buffer.alloc(4);
  port.writeUInt32BE(Math.max(address.port, 0));
  return xxh64(Buffer.concat([Buffer.from(key), host, port]))
    .toString(16)
    .padStart(16, '0');
}

function rotate(x: bigint, by: bigint): bigint {
  return ((x << by) | (x >> (64n - by))) & MASK;
}

function round(lane: bigint, input: bigint): bigint {
  return (rotate((lane + input * P2) & MASK, 31n) * P1) & MASK;
}

/** XXH64 with seed 0. */
export function xxh64(data: Buffer): bigint {
  let at = 0;
  let hash = P5;
  if (data.length >= 32) {
    const lanes = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK];
    for (; at + 32 <= data.length; at += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i]!, data.readBigUInt64LE(at + 8 * i));
    }
    const turns = [1n, 7n, 12n, 18n];
    hash = lanes.reduce((sum, lane, i) => (sum + rotate(lane, turns[i]!)) & MASK, 0n);
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK;
  }
  return finish(mixRest(data, at, (hash + BigInt(data.length)) & MASK));
}

function mixRest(data: Buffer, from: number, start: bigint): bigint {
  let hash = start;
  let at = from;
  for (; at + 8 <= data.length; at += 8) {
    hash = (rotate(hash ^ round(0n, data.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK;
  }
  if (at + 4 <= data.length) {
    hash = (rotate(hash ^ ((BigInt(data.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < data.length; at++) hash = (rotate(hash ^ ((BigInt(data[at]!) * P5) & MASK), 11n) * P1) & MASK;
  return hash;
}

function finish(mixed: bigint): bigint {
  let hash = mixed;
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
}
