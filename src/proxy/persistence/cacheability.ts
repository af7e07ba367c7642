/**
 * Whether a response that gets a persistence cookie might be kept by a cache on its way, and so has to be made private
 * (manual: `cookie ... nocache`; RFC 9111, section 3): by its status, and by what its own fields say.
 */
import { asciiBytes, equalsIgnoringCase } from '../../wire/http1-chars.ts';
import { FIELD_STRIDE, findField, type Head, METHOD_POST } from '../../wire/http1-head.ts';
import { skipBlanks, trimEnd } from '../../wire/http1-semantics.ts';

const CACHEABLE = new Set([200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501]);

const PRAGMA = asciiBytes('pragma');
const NO_CACHE = asciiBytes('no-cache');
const CACHE_CONTROL = asciiBytes('cache-control');
const PUBLIC = asciiBytes('public');
const refusals = ['private', 'no-cache', 'no-store', 'max-age=0', 's-maxage=0'].map(asciiBytes);

export function isCacheable(method: number, bytes: Uint8Array, head: Head): boolean {
  if (method === METHOD_POST) return hasControl(bytes, head, false);
  const pragma = findField(bytes, head, PRAGMA);
  const at = FIELD_STRIDE * pragma;
  const refused = pragma >= 0 && equalsIgnoringCase(bytes, head.fields[at + 2]!, head.fields[at + 3]!, NO_CACHE);
  return hasControl(bytes, head, CACHEABLE.has(head.status) && !refused);
}

/** What the last of the directives about it says, `otherwise` when there is none. */
function hasControl(bytes: Uint8Array, head: Head, otherwise: boolean): boolean {
  let verdict = otherwise;
  for (let i = findField(bytes, head, CACHE_CONTROL); i >= 0; i = findField(bytes, head, CACHE_CONTROL, i + 1)) {
    const end = head.fields[FIELD_STRIDE * i + 3]!;
    for (let at = head.fields[FIELD_STRIDE * i + 2]!; at < end; ) {
      const itemEnd = endOfDirective(bytes, at, end);
      const last = trimEnd(bytes, at, itemEnd);
      if (equalsIgnoringCase(bytes, at, last, PUBLIC)) verdict = true;
      else if (refusals.some((text) => equalsIgnoringCase(bytes, at, last, text))) verdict = false;
      at = skipBlanks(bytes, itemEnd + 1, end);
    }
  }
  return verdict;
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
