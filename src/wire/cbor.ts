/** CBOR (RFC 8949) of what log lines hold: numbers, text, bytes, truth values, nothing; and a map around them. */

export type CborValue = number | boolean | string | Uint8Array | null;

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const MAP = 5;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;

/** `members`: in order. */
export function encodeCborMap(members: readonly (readonly [name: string, value: CborValue])[]): Uint8Array {
  const parts = members.flatMap(([name, value]) => [encodeCbor(name), encodeCbor(value)]);
  return Buffer.concat([head(MAP, members.length), ...parts]);
}

/** Fractions are cut off; text is written as UTF-8. */
export function encodeCbor(value: CborValue): Uint8Array {
  if (value === null) return Uint8Array.of(NULL);
  if (typeof value === 'boolean') return Uint8Array.of(value ? TRUE : FALSE);
  if (typeof value === 'number') {
    const whole = Math.trunc(value);
    return whole < 0 ? head(NEGATIVE, -1 - whole) : head(UNSIGNED, whole);
  }
  if (typeof value !== 'string') return Buffer.concat([head(BYTES, value.length), value]);
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([head(TEXT, bytes.length), bytes]);
}

/** A major type and its argument, in as few bytes as will do. */
function head(type: number, n: number): Uint8Array {
  const major = type << 5;
  if (n < 24) return Uint8Array.of(major | n);
  const bytes = Buffer.alloc(n < 0x100 ? 2 : n < 0x10000 ? 3 : n < 0x1_0000_0000 ? 5 : 9);
  bytes[0] = major | (bytes.length === 2 ? 24 : bytes.length === 3 ? 25 : bytes.length === 5 ? 26 : 27);
  if (bytes.length === 9) bytes.writeBigUInt64BE(BigInt(n), 1);
  else bytes.writeUIntBE(n, 1, bytes.length - 1);
  return bytes;
}
