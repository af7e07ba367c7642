/**
 * The hash functions of `hash-type` (manual, chapter 4.2), over bytes in place.
 *
 * They are public ones: sdbm and djb2 as they are commonly known, the CRC-32 of Ethernet, Bob Jenkins' integer mix for
 * the `avalanche` modifier, and wt6, which was made for HAProxy. All give the numbers that HAProxy computes, because
 * operators choose server ids and weights by them and several load balancers have to agree.
 */
import type { HashFunction, HashType } from '../../config/balance.ts';

/** Hashes `bytes[start..end)`. */
export type Hash = (bytes: Uint8Array, start: number, end: number) => number;

const functions: Readonly<Record<HashFunction, Hash>> = {
  sdbm: hashSdbm,
  djb2: hashDjb2,
  wt6: hashWt6,
  crc32: hashCrc32,
  none: readNumber,
};

export function makeHash({ function: name, avalanche }: HashType): Hash {
  const hash = functions[name];
  return avalanche ? (bytes, start, end) => mixBits(hash(bytes, start, end)) : hash;
}

export function hashSdbm(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) hash = (bytes[i]! + (hash << 6) + (hash << 16) - hash) | 0;
  return hash >>> 0;
}

export function hashDjb2(bytes: Uint8Array, start: number, end: number): number {
  let hash = 5381;
  for (let i = start; i < end; i++) hash = ((hash << 5) + hash + bytes[i]!) | 0;
  return hash >>> 0;
}

/** Two halves that are complemented, swapped and rotated; how far depends on what came before. */
export function hashWt6(bytes: Uint8Array, start: number, end: number): number {
  let a = 0xa53c965a | 0;
  let b = 0x5ca6953a | 0;
  let turnB = 6;
  let turnA = 18;
  for (let i = start; i < end; i++) {
    a = ~(a ^ bytes[i]!);
    b = ~(b + bytes[i]!);
    const turned = rotate(b, turnB);
    b = rotate(a, turnA);
    a = turned;
    const steps = ((a >>> 16) ^ b) & 0xffff;
    turnB = steps & 31;
    turnA = steps >>> 11;
  }
  return (a ^ b) >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (bits === 0 ? 0 : value >>> (32 - bits));
}

const crcTable = Int32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  return value;
});

export function hashCrc32(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  for (let i = start; i < end; i++) crc = crcTable[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** `none`: the key is a decimal number already; what follows its digits does not count. */
export function readNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === 0x2d && at < end;
  if (negative) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    value = (Math.imul(value, 10) + digit) | 0;
  }
  return (negative ? -value : value) >>> 0;
}

/** `avalanche`, and the points of a consistent hash: every bit of the result depends on every bit of the value. */
export function mixBits(value: number): number {
  let a = value | 0;
  a = (a + 0x7ed55d16 + (a << 12)) | 0;
  a = a ^ 0xc761c23c ^ (a >>> 19);
  a = (a + 0x165667b1 + (a << 5)) | 0;
  a = (a + 0xd3a2646c) ^ (a << 9);
  a = (a + 0xfd7046c5 + (a << 3)) | 0;
  a = a ^ 0xb55a4f09 ^ (a >>> 16);
  return Math.imul(a, 0xc0000001) >>> 0;
}

/**
 * The key of an address as HAProxy makes it: its 32-bit words, each in network order, combined by exclusive or.
 * `view` holds an address of `length` bytes at `at`.
 */
export function hashAddress(view: DataView, at: number, length: number): number {
  let hash = 0;
  for (let i = 0; i + 4 <= length; i += 4) hash ^= view.getUint32(at + i);
  return hash >>> 0;
}
