/**
 * `option checkcache`: a response with a cookie that a shared cache could keep would give one client's cookie to others
 * (manual, chapter 4.2; RFC 9111, section 3). What counts as cacheable is what HAProxy takes for it.
 */
import { FIELD_STRIDE, type Head, METHOD_GET, METHOD_HEAD, SET_COOKIE } from '../wire/http1-head.ts';

const CACHED_STATUSES: ReadonlySet<number> = new Set([200, 203, 204, 206, 300, 301]);
/** Without any of these a response is not kept. */
const FRESHNESS = /^(?:expires|last-modified|etag)$/i;
const FORBIDDING = /^(?:private|no-cache|no-store|max-age=0+|s-maxage=0+|no-cache="set-cookie2?")$/i;
const LIFETIME = /^(?:max-age|s-maxage)=/i;

export function leaksCookie(bytes: Uint8Array, head: Head, method: number): boolean {
  if ((method !== METHOD_GET && method !== METHOD_HEAD) || !CACHED_STATUSES.has(head.status)) return false;
  let cookie = false;
  let fresh = false;
  for (let i = 0; i < head.count; i++) {
    const name = part(bytes, head, i, 0);
    if (head.ids[i] === SET_COOKIE || /^set-cookie2$/i.test(name)) cookie = true;
    else if (FRESHNESS.test(name)) fresh = true;
    else if (/^pragma$/i.test(name) && /^no-cache$/i.test(part(bytes, head, i, 2))) return false;
    else if (/^cache-control$/i.test(name)) {
      for (const directive of directivesOf(part(bytes, head, i, 2))) {
        if (FORBIDDING.test(directive)) return false;
        fresh ||= LIFETIME.test(directive);
      }
    }
  }
  return cookie && fresh;
}

/** Name (0) or value (2) of a field. */
function part(bytes: Uint8Array, head: Head, index: number, which: 0 | 2): string {
  const at = FIELD_STRIDE * index + which;
  const start = head.fields[at]!;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, head.fields[at + 1]! - start).toString('latin1');
}

/** Parted at commas outside of quotes. */
function directivesOf(value: string): string[] {
  return (value.match(/(?:"[^"]*"|[^",])+/g) ?? []).map((directive) => directive.trim());
}
