/** Converters of bytes: dumps, encodings, digests and hashes (manual, 7.3.1). */
import { createHash, createHmac } from 'node:crypto';
import { crc32c } from '../../wire/crc32c.ts';
import { type Hash, hashCrc32, hashDjb2, hashSdbm, hashWt6, mixBits } from '../balance/hash-functions.ts';
import { type ConverterTable, converter, simply } from './converter-row.ts';
import { intArg } from './fetch-row.ts';
import { hexText } from './value.ts';
import { hashXx32 } from './xxhash.ts';

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function hashed(hash: Hash) {
  return converter('bin', 'sint', (args) => {
    const mixes = intArg(args, 0, 0) !== 0;
    return (text) => {
      const value = hash(bytesOf(text), 0, text.length);
      return mixes ? mixBits(value) : value;
    };
  });
}

/** A part of the bytes; a negative or missing length means up to the end. */
function makeSlice(args: readonly string[]): (text: string) => string | null {
  const offset = intArg(args, 0, 0);
  const length = args[1] === undefined ? Number.POSITIVE_INFINITY : intArg(args, 1, 0);
  if (offset < 0 || length < 0) return () => null;
  return (text) => (offset >= text.length ? '' : text.slice(offset, offset + length));
}

/** Names of digests as OpenSSL has them; one that is not known leaves nothing. */
function makeDigest(name: string, key: Buffer | null): (text: string) => string | null {
  return (text) => {
    try {
      const digest = key === null ? createHash(name) : createHmac(name, key);
      return digest.update(bytesOf(text)).digest().toString('latin1');
    } catch {
      return null;
    }
  };
}

/** Base64 that is damaged leaves nothing. */
function decodeBase64(text: string, url: boolean): string | null {
  const valid = url ? /^[A-Za-z0-9_-]*={0,2}$/ : /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  return valid.test(text) ? Buffer.from(text, url ? 'base64url' : 'base64').toString('latin1') : null;
}

/** Chunks of bytes as numbers with something between them; an odd rest is left out when `truncate` is 1. */
function chunked(write: (chunk: Buffer) => string) {
  return converter('bin', 'str', (args) => {
    const [separator = ''] = args;
    const size = Math.max(1, intArg(args, 1, 1));
    const truncates = intArg(args, 2, 0) !== 0;
    return (text) => {
      const bytes = bytesOf(text);
      const parts: string[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        if (truncates && at + size > bytes.length) break;
        parts.push(write(bytes.subarray(at, at + size)));
      }
      return parts.join(separator);
    };
  });
}

function decimal(chunk: Uint8Array): string {
  return String([...chunk].reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
}

export const binaryConverters: ConverterTable = {
  bytes: converter('bin', 'bin', makeSlice),
  hex: simply('bin', 'str', hexText),
  hex2i: simply('str', 'sint', (text) => (/^[0-9A-Fa-f]*$/.test(text) ? Number.parseInt(text, 16) || 0 : null)),
  base64: simply('bin', 'str', (text) => bytesOf(text).toString('base64')),
  ub64enc: simply('bin', 'str', (text) => bytesOf(text).toString('base64url')),
  b64dec: simply('str', 'bin', (text) => decodeBase64(text, false)),
  ub64dec: simply('str', 'bin', (text) => decodeBase64(text, true)),
  be2dec: chunked(decimal),
  le2dec: chunked((chunk) => decimal(Uint8Array.from(chunk).reverse())),
  be2hex: chunked((chunk) => chunk.toString('hex').toUpperCase()),
  sdbm: hashed(hashSdbm),
  djb2: hashed(hashDjb2),
  wt6: hashed(hashWt6),
  crc32: hashed(hashCrc32),
  crc32c: hashed((bytes) => crc32c(bytes) >>> 0),
  xxh32: converter('bin', 'sint', (args) => {
    const seed = intArg(args, 0, 0);
    return (text) => hashXx32(bytesOf(text), seed);
  }),
  sha1: simply('bin', 'bin', makeDigest('sha1', null)),
  sha2: converter('bin', 'bin', ([bits = '256']) => makeDigest(`sha${bits}`, null)),
  digest: converter('bin', 'bin', ([name = '']) => makeDigest(name, null)),
  hmac: converter('bin', 'bin', ([name = '', key = '']) => makeDigest(name, Buffer.from(key, 'base64'))),
};
