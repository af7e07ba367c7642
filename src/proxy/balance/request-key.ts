/**
 * Keys of requests: what `balance uri`, `url_param` and `hdr` hash, read from the bytes of the head in place.
 *
 * Made once a backend. A key is a number of 32 bits, or NO_KEY when the request does not have what is asked for: then
 * turns are taken. Only mode http has such keys.
 */
import type { Balance, HashType } from '../../config/balance.ts';
import { FIELD_STRIDE, type Head, METHOD_POST } from '../../wire/http1-head.ts';
import type { Frontend, PreparedForwardFor } from '../frontend.ts';
import type { ClientAddress } from '../listener/client-address.ts';
import { NO_KEY } from './balancer.ts';
import { type Hash, makeHash } from './hash-functions.ts';

export interface RequestKey {
  /**
   * `head` is null in mode tcp: `bytes[0..end)` is what the client has said so far; else the head lies in `bytes`, and
   * `bytes[head.end..end)` is as much of the body as is there. `address`, `fd`: of the client.
   */
  compute(
    bytes: Uint8Array,
    head: Head | null,
    end: number,
    address: ClientAddress,
    frontend: Frontend,
    fd: number,
  ): number;
}

const SLASH = 0x2f;
const QUESTION = 0x3f;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;
const DOT = 0x2e;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** Null: keys are not made of requests. */
export function makeRequestKey(balance: Balance, hashType: HashType): RequestKey | null {
  const hash = makeHash(hashType);
  switch (balance.algorithm) {
    case 'uri':
      return new UriKey(balance, hash);
    case 'url_param':
      return new ParameterKey(balance, hash);
    case 'hdr':
      return new HeaderKey(balance, hash);
    case 'rdp-cookie':
      return new RdpCookieKey(balance, hash);
    default:
      return null;
  }
}

class UriKey implements RequestKey {
  private readonly conf: Extract<Balance, { algorithm: 'uri' }>;
  private readonly hash: Hash;

  constructor(conf: Extract<Balance, { algorithm: 'uri' }>, hash: Hash) {
    this.conf = conf;
    this.hash = hash;
  }

  compute(bytes: Uint8Array, head: Head | null): number {
    if (head === null) return NO_KEY;
    const { whole, pathOnly, len, depth } = this.conf;
    const start = pathOnly ? findPath(bytes, head) : head.uriStart;
    const end = len > 0 ? Math.min(head.uriEnd, start + len) : head.uriEnd;
    let at = start;
    // The slash that opens one directory too many ends the key.
    for (let slashes = 0; at < end; at++) {
      if (bytes[at] === QUESTION && !whole) break;
      if (bytes[at] === SLASH && ++slashes === depth + 1 && depth > 0) break;
    }
    return this.hash(bytes, start, at);
  }
}

/** Where the path of a target begins, its end when it has none ("*", "host:port", "http://host"). */
function findPath(bytes: Uint8Array, { uriStart, uriEnd }: Head): number {
  if (bytes[uriStart] === SLASH) return uriStart;
  const authority = findAuthority(bytes, uriStart, uriEnd);
  if (authority < 0) return uriEnd;
  const slash = bytes.subarray(authority, uriEnd).indexOf(SLASH);
  return slash < 0 ? uriEnd : authority + slash;
}

/** Behind "scheme://", or -1. */
function findAuthority(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at + 2 < end && bytes[at] !== SLASH; at++) {
    if (bytes[at] === 0x3a && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH) return at + 3;
  }
  return -1;
}

class ParameterKey implements RequestKey {
  private readonly name: Uint8Array;
  private readonly hash: Hash;

  constructor({ name }: Extract<Balance, { algorithm: 'url_param' }>, hash: Hash) {
    this.name = Buffer.from(name, 'latin1');
    this.hash = hash;
  }

  /** The query's parameter, else that of the part of a POST's body that is here, up to the end of its first chunk. */
  compute(bytes: Uint8Array, head: Head | null, end: number): number {
    if (head === null) return NO_KEY;
    const query = bytes.subarray(head.uriStart, head.uriEnd).indexOf(QUESTION);
    const key = query < 0 ? NO_KEY : this.find(bytes, head.uriStart + query + 1, head.uriEnd, false);
    if (key !== NO_KEY || head.method !== METHOD_POST) return key;
    if (!head.chunked) return this.find(bytes, head.end, Math.min(end, head.end + head.contentLength), true);
    const chunk = head.end + bytes.subarray(head.end, end).indexOf(LINE_FEED) + 1;
    return this.find(bytes, chunk, Math.min(end, chunk + readHex(bytes, head.end, end)), true);
  }

  private find(bytes: Uint8Array, from: number, end: number, isBody: boolean): number {
    const { name } = this;
    for (let start = from; end - start > name.length; ) {
      if (bytes[start + name.length] === EQUALS && startsWith(bytes, start, name)) {
        return this.hashValue(bytes, start + name.length + 1, end, isBody);
      }
      const ampersand = bytes.subarray(start, end).indexOf(AMPERSAND);
      if (ampersand < 0) return NO_KEY;
      start += ampersand + 1;
    }
    return NO_KEY;
  }

  /** A body whose value does not begin with a plain character holds no parameters. */
  private hashValue(bytes: Uint8Array, start: number, end: number, isBody: boolean): number {
    const length = bytes.subarray(start, end).indexOf(AMPERSAND);
    const valueEnd = length < 0 ? end : start + length;
    if (isBody && start < valueEnd && !isToken(bytes[start]!)) {
      return isBlank(bytes[start]!) ? this.hash(bytes, start, start) : NO_KEY;
    }
    return this.hash(bytes, start, valueEnd);
  }
}

function startsWith(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

/** Characters of tokens (RFC 9110, 5.6.2). */
const TOKENS = new Set(Buffer.from("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"));

function isToken(byte: number): boolean {
  return TOKENS.has(byte);
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === 0x0d || byte === 0x0a;
}

function readHex(bytes: Uint8Array, start: number, end: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(16, end - start)).toString('latin1');
  return Number.parseInt(text, 16) || 0;
}

class HeaderKey implements RequestKey {
  private readonly lowerName: Uint8Array;
  private readonly domainOnly: boolean;
  private readonly hash: Hash;

  constructor({ name, domainOnly }: Extract<Balance, { algorithm: 'hdr' }>, hash: Hash) {
    this.lowerName = Buffer.from(name.toLowerCase(), 'latin1');
    this.domainOnly = domainOnly;
    this.hash = hash;
  }

  compute(
    bytes: Uint8Array,
    head: Head | null,
    _end: number,
    address: ClientAddress,
    { forwardfor }: Frontend,
  ): number {
    if (head === null) return NO_KEY;
    const { fields } = head;
    for (let i = 0; i < head.count; i++) {
      const at = FIELD_STRIDE * i;
      if (!this.isNamed(bytes, fields[at]!, fields[at + 1]!)) continue;
      const end = endOfElement(bytes, fields[at + 2]!, fields[at + 3]!);
      return this.hashElement(bytes, fields[at + 2]!, end);
    }
    if (forwardfor === null || !this.isForwarded(forwardfor, address)) return NO_KEY;
    const host = Buffer.from(address.host, 'latin1');
    return this.hashElement(host, 0, host.length);
  }

  /** The proxy adds the field itself; that counts as if the client had sent it. */
  private isForwarded({ lowerName, except }: PreparedForwardFor, address: ClientAddress): boolean {
    return Buffer.compare(lowerName, this.lowerName) === 0 && address.family !== 'unix' && !address.isIn(except);
  }

  private isNamed(bytes: Uint8Array, start: number, end: number): boolean {
    const { lowerName } = this;
    return end - start === lowerName.length && startsWithAnyCase(bytes, start, end, lowerName);
  }

  private hashElement(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) return NO_KEY;
    if (!this.domainOnly) return this.hash(bytes, start, end);
    return this.hashDomain(bytes, start, end);
  }

  /** "1wt" of "haproxy.1wt.eu": what stands before the last dot, back to the one before that. */
  private hashDomain(bytes: Uint8Array, start: number, end: number): number {
    let dot = end - 1;
    while (dot > start && bytes[dot] !== DOT) dot--;
    if (dot <= start) return this.hash(bytes, start, end);
    let from = dot;
    while (from > start && bytes[from - 1] !== DOT) from--;
    return this.hash(bytes, from, dot);
  }
}

/** End of the first element of a list; commas in quoted strings do not count. */
function endOfElement(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let quoted = false;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte === BACKSLASH && quoted) at++;
    else if (byte === QUOTE) quoted = !quoted;
    else if (byte === COMMA && !quoted) break;
  }
  at = Math.min(at, end);
  while (at > start && isBlank(bytes[at - 1]!)) at--;
  return at;
}

/**
 * The cookie in the connection request that an RDP client begins with: 11 bytes of TPKT and X.224 headers, then
 * "Cookie: NAME=value" up to the line's end. Names ignore case.
 */
class RdpCookieKey implements RequestKey {
  private readonly begin: Uint8Array;
  private readonly hash: Hash;

  constructor({ name }: Extract<Balance, { algorithm: 'rdp-cookie' }>, hash: Hash) {
    this.begin = Buffer.from(`${name.toLowerCase()}=`, 'latin1');
    this.hash = hash;
  }

  compute(bytes: Uint8Array, head: Head | null, end: number): number {
    if (head !== null || !startsWithAnyCase(bytes, RDP_HEADERS, end, COOKIE_FIELD)) return NO_KEY;
    let start = RDP_HEADERS + COOKIE_FIELD.length;
    while (start < end && bytes[start] === SPACE) start++;
    if (!startsWithAnyCase(bytes, start, end, this.begin)) return NO_KEY;
    start += this.begin.length;
    const length = bytes.subarray(start, end).indexOf(RETURN);
    if (length <= 0 || bytes[start + length + 1] !== LINE_FEED || start + length + 1 >= end) return NO_KEY;
    return this.hash(bytes, start, start + length);
  }
}

const RDP_HEADERS = 11;
const COOKIE_FIELD = Buffer.from('cookie:');

function startsWithAnyCase(bytes: Uint8Array, at: number, end: number, lowerText: Uint8Array): boolean {
  if (end - at < lowerText.length) return false;
  for (let i = 0; i < lowerText.length; i++) if (lower(bytes[at + i]!) !== lowerText[i]) return false;
  return true;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte | 32 : byte;
}
