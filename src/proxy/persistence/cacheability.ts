/**
 * Whether a response might be kept by a cache on its way, and its cookies with it: then a persistence cookie has to make
 * it private (`cookie ... nocache`), and one that sets cookies may be refused (`option checkcache`; RFC 9111, section 3).
 * By its method and status, by what its fields say, and only when there is something to go by: a lifetime, or a
 * validator. Tried against HAProxy case by case (test/net/persistence).
 */
import { asciiBytes, equalsIgnoringCase } from '../../wire/http1-chars.ts';
import {
  FIELD_STRIDE,
  findField,
  type Head,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OPTIONS,
  METHOD_TRACE,
} from '../../wire/http1-head.ts';
import { skipBlanks, trimEnd } from '../../wire/http1-semantics.ts';

const methods = new Set([METHOD_GET, METHOD_HEAD, METHOD_OPTIONS, METHOD_TRACE]);
const statuses = new Set([200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501]);

const PRAGMA = asciiBytes('pragma');
const NO_CACHE = asciiBytes('no-cache');
const CACHE_CONTROL = asciiBytes('cache-control');
const PUBLIC = asciiBytes('public');
const refusals = ['private', 'no-cache', 'no-store', 'max-age=0', 's-maxage=0'].map(asciiBytes);
const NO_COOKIES = asciiBytes('no-cache="set-cookie');
const lifetimes = ['max-age', 's-maxage'].map(asciiBytes);
/** Fields whose being there is enough to go by. */
const hints = ['etag', 'last-modified', 'expires'].map(asciiBytes);

/** Kept, but for cookies; with them. */
export const CACHEABLE = 1;
export const COOKIES_TOO = 2;
const ALL = CACHEABLE | COOKIES_TOO;

/** Bits of what a cache may keep. */
export function cacheability(method: number, bytes: Uint8Array, head: Head): number {
  const pragma = findField(bytes, head, PRAGMA);
  if (pragma >= 0 && isValue(bytes, head, pragma, NO_CACHE)) return 0;
  let verdict = methods.has(method) && statuses.has(head.status) ? ALL : 0;
  let hasLifetime = false;
  for (let i = findField(bytes, head, CACHE_CONTROL); i >= 0; i = findField(bytes, head, CACHE_CONTROL, i + 1)) {
    const end = head.fields[FIELD_STRIDE * i + 3]!;
    for (let at = head.fields[FIELD_STRIDE * i + 2]!; at < end; ) {
      const itemEnd = endOfDirective(bytes, at, end);
      const last = trimEnd(bytes, at, itemEnd);
      if (equalsIgnoringCase(bytes, at, last, PUBLIC)) verdict = ALL;
      else if (refusals.some((text) => equalsIgnoringCase(bytes, at, last, text))) verdict = 0;
      else if (startsLike(bytes, at, last, NO_COOKIES)) verdict &= ~COOKIES_TOO;
      else if (lifetimes.some((text) => startsLike(bytes, at, last, text))) hasLifetime = true;
      at = skipBlanks(bytes, itemEnd + 1, end);
    }
  }
  return hasLifetime || hints.some((name) => findField(bytes, head, name) >= 0) ? verdict : 0;
}

function isValue(bytes: Uint8Array, head: Head, index: number, lower: Uint8Array): boolean {
  const at = FIELD_STRIDE * index;
  return equalsIgnoringCase(bytes, head.fields[at + 2]!, head.fields[at + 3]!, lower);
}

function startsLike(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  return end - start >= lower.length && equalsIgnoringCase(bytes, start, start + lower.length, lower);
}

/** The comma behind it; one between quotes does not count. */
function endOfDirective(bytes: Uint8Array, start: number, end: number): number {
  let quoted = false;
  for (let at = start; at < end; at++) {
    if (bytes[at] === 34) quoted = !quoted;
    else if (bytes[at] === 44 && !quoted) return at;
  }
  return end;
}
