/**
 * Values of sample expressions and the casts between their types (manual, chapter 7.3: what a converter takes, what a
 * fetch gives).
 *
 * Types are known when an expression is compiled, so a value carries none: strings and binary data are Latin-1 text,
 * integers are numbers (exact up to 2^53, where HAProxy has 64 bits), addresses are bytes with a family. A value that
 * is not there is null, and stays null through every cast and converter.
 */
import { packInet4, packInet6, unpackInet4, unpackInet6 } from '../../os/address.ts';

export type ValueType = 'bool' | 'sint' | 'addr' | 'str' | 'bin';

export interface IpValue {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
}

export type SampleValue = string | number | boolean | IpValue;

/** Values of these types as the others see them; absent: there is no such cast. */
type Cast = (value: never) => SampleValue | null;

const casts: Readonly<Record<ValueType, Readonly<Partial<Record<ValueType, Cast>>>>> = {
  bool: { sint: Number, str: boolText, bin: boolText },
  sint: { bool: (n: number) => n !== 0, str: intText, bin: intBytes, addr: intAddress },
  addr: { str: addressText, bin: addressBytes, sint: addressInt, bool: (a: IpValue) => addressInt(a) !== 0 },
  str: { sint: textInt, bool: (text: string) => textInt(text) !== 0, bin: same, addr: textAddress },
  bin: { str: same },
};

/** The cast from one type to another: undefined when nothing has to be done, null when there is none. */
export function castBetween(
  from: ValueType,
  to: ValueType,
): ((value: SampleValue) => SampleValue | null) | null | undefined {
  if (from === to) return undefined;
  return (casts[from][to] as ((value: SampleValue) => SampleValue | null) | undefined) ?? null;
}

function same(text: string): string {
  return text;
}

function boolText(value: boolean): string {
  return value ? '1' : '0';
}

/** The number that a text begins with, else 0; nothing when it is empty. */
export function textInt(text: string): number | null {
  if (text === '') return null;
  const found = /^[+-]?\d+/.exec(text);
  return found === null ? 0 : clampInt(Number(found[0]));
}

/** Bounds of 64 bits, as HAProxy's arithmetic has them. */
export function clampInt(n: number): number {
  if (n > INT_MAX) return INT_MAX;
  return n < -INT_MAX ? -INT_MAX : n === 0 ? 0 : n;
}

const INT_MAX = 2 ** 63;

function intText(n: number): string {
  if (Number.isSafeInteger(n)) return String(n);
  return String(n >= INT_MAX ? BigInt(INT_MAX) - 1n : BigInt(Math.trunc(n)));
}

/** Eight bytes, big-endian. */
function intBytes(n: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(n)));
  return bytes.toString('latin1');
}

function intAddress(n: number): IpValue {
  const word = n >>> 0;
  return { family: 4, bytes: Uint8Array.of(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255) };
}

export function addressText(address: IpValue): string {
  return address.family === 4 ? unpackInet4(address.bytes, 0) : unpackInet6(address.bytes, 0);
}

function addressBytes(address: IpValue): string {
  return Buffer.from(address.bytes).toString('latin1');
}

/** IPv4 as a number; of IPv6 what HAProxy takes: IPv4 inside it, or nothing. */
function addressInt(address: IpValue): number | null {
  const { bytes, family } = address;
  const at = family === 4 ? 0 : bytes.subarray(0, 10).every((b) => b === 0) && bytes[10] === 255 ? 12 : -1;
  if (at < 0) return null;
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function textAddress(text: string): IpValue | null {
  try {
    return text.includes(':') ? { family: 6, bytes: packInet6(text) } : { family: 4, bytes: packInet4(text) };
  } catch {
    return null;
  }
}

/** A dump. */
export function hexText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('hex').toUpperCase();
}
