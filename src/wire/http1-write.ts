/**
 * Serialises HTTP/1 heads that http1.ts has indexed, straight into the bytes that are sent.
 *
 * As HAProxy writes them: names in lower case, one space after the colon, fields in their order, hop-by-hop tokens
 * (close, keep-alive) taken out of Connection while its other tokens stay. Lines of the caller's own (forwarded
 * address, connection) come last. Framing fields are written in one canonical form, whatever came in.
 *
 * Every function returns the new position, or -1 when it does not fit; what was written before is then worthless.
 */

import { asciiBytes, LOWER } from './http1-chars.ts';
import {
  CONNECTION,
  FIELD_STRIDE,
  type Head,
  TOKEN_CLOSE,
  TOKEN_KEEP_ALIVE,
  TOKEN_OTHER,
  TOKEN_UPGRADE,
  TRANSFER_ENCODING,
} from './http1-head.ts';
import { connectionToken, endOfItem, skipBlanks, trimEnd } from './http1-semantics.ts';
import { copyWords, moveDown, moveUp } from './http1-words.ts';

const L_CHUNKED = asciiBytes('transfer-encoding: chunked\r\n');
const L_CONNECTION = asciiBytes('connection: ');
const EMPTY_LINE = 2;
/** Above so many bytes the engine's own way of copying is faster than a loop over bytes. */
const SHORT = 48;

/** `METHOD target HTTP/1.x`, the kept fields, `extra` (whole lines), and the empty line. */
export function writeRequestHead(
  bytes: Uint8Array,
  head: Head,
  out: Uint8Array,
  at: number,
  limit: number,
  extra: Uint8Array,
): number {
  const lineLength = head.methodEnd - head.lineStart + head.uriEnd - head.uriStart + 12;
  if (at + lineLength > limit) return -1;
  let to = copy(bytes, head.lineStart, head.methodEnd, out, at);
  out[to++] = 32;
  to = copy(bytes, head.uriStart, head.uriEnd, out, to);
  out[to++] = 32;
  to = putVersion(head, out, to);
  out[to++] = 13;
  out[to++] = 10;
  return writeFieldsAndEnd(bytes, head, out, to, limit, extra);
}

/** What `writeRequestHead` makes of a plain head, copied in one piece but for a Connection field. `outView`: over `out`. */
export function writePlainRequestHead(
  bytes: Uint8Array,
  head: Head,
  out: Uint8Array,
  outView: DataView,
  at: number,
  limit: number,
  extra: Uint8Array,
): number {
  const { lineStart } = head;
  const end = head.end - EMPTY_LINE;
  const cut = cutLength(head);
  if (at + end - lineStart - cut + extra.length + EMPTY_LINE > limit) return -1;
  const view = head.viewOf(bytes);
  let to = at;
  if (cut === 0) to = copyWords(bytes, view, lineStart, end, out, outView, to);
  else {
    const gap = head.fields[FIELD_STRIDE * head.hopField]!;
    to = copyWords(bytes, view, lineStart, gap, out, outView, to);
    to = copyWords(bytes, view, gap + cut, end, out, outView, to);
  }
  to = copy(extra, 0, extra.length, out, to);
  out[to] = 13;
  out[to + 1] = 10;
  return to + EMPTY_LINE;
}

/** `HTTP/1.1 status reason`, the kept fields, `extra` (whole lines), and the empty line. */
export function writeResponseHead(
  bytes: Uint8Array,
  head: Head,
  out: Uint8Array,
  at: number,
  limit: number,
  extra: Uint8Array,
): number {
  if (at + head.reasonEnd - head.reasonStart + 15 > limit) return -1;
  let to = putVersion(head, out, at);
  out[to++] = 32;
  out[to++] = 48 + Math.trunc(head.status / 100);
  out[to++] = 48 + (Math.trunc(head.status / 10) % 10);
  out[to++] = 48 + (head.status % 10);
  out[to++] = 32;
  to = copy(bytes, head.reasonStart, head.reasonEnd, out, to);
  out[to++] = 13;
  out[to++] = 10;
  return writeFieldsAndEnd(bytes, head, out, to, limit, extra);
}

/**
 * Makes the bytes of a plain response head, and of the body behind it up to `end`, what `writeResponseHead` would make
 * of them without further lines: in place, by closing the gap of a Connection field. Whatever is shorter moves: what
 * stands behind the gap, or what stands before it. Returns where the message now begins; it is `cutLength` shorter.
 */
export function cutResponseHead(bytes: Uint8Array, head: Head, end: number): number {
  const length = cutLength(head);
  if (length === 0) return head.lineStart;
  const slot = FIELD_STRIDE * head.hopField;
  const gap = head.fields[slot]!;
  const behind = gap + length;
  const view = head.viewOf(bytes);
  if (end - behind < gap - head.lineStart) {
    moveDown(bytes, view, behind, end, length);
    return head.lineStart;
  }
  moveUp(bytes, view, head.lineStart, gap, length);
  return head.lineStart + length;
}

/** Length of the line that `cutResponseHead` takes out. */
export function cutLength(head: Head): number {
  if (head.hopField < 0) return 0;
  const slot = FIELD_STRIDE * head.hopField;
  return head.fields[slot + 3]! + 2 - head.fields[slot]!;
}

/** Whether a head may be passed on as it is, by `writePlainRequestHead` or `cutResponseHead`. */
export function isPlain(head: Head): boolean {
  return head.plain && head.newValues === null && (head.connection & (TOKEN_OTHER | TOKEN_UPGRADE)) === 0;
}

function putVersion(head: Head, out: Uint8Array, at: number): number {
  out[at] = 72;
  out[at + 1] = 84;
  out[at + 2] = 84;
  out[at + 3] = 80;
  out[at + 4] = 47;
  out[at + 5] = 49;
  out[at + 6] = 46;
  out[at + 7] = 48 + head.version - 10;
  return at + 8;
}

function writeFieldsAndEnd(
  bytes: Uint8Array,
  head: Head,
  out: Uint8Array,
  at: number,
  limit: number,
  extra: Uint8Array,
): number {
  let to = at;
  for (let i = 0; i < head.count; i++) {
    const id = head.ids[i]!;
    if (id === CONNECTION) to = writeConnection(bytes, head, i, out, to, limit);
    else if (id === TRANSFER_ENCODING && head.chunked && !head.otherCoding) to = append(L_CHUNKED, out, to, limit);
    else to = writeField(bytes, head, i, out, to, limit);
    if (to < 0) return -1;
  }
  to = append(extra, out, to, limit);
  if (to < 0 || to + 2 > limit) return -1;
  out[to] = 13;
  out[to + 1] = 10;
  return to + 2;
}

function writeField(bytes: Uint8Array, head: Head, index: number, out: Uint8Array, at: number, limit: number): number {
  const slot = FIELD_STRIDE * index;
  const nameStart = head.fields[slot]!;
  const nameEnd = head.fields[slot + 1]!;
  const newValue = head.newValues === null ? undefined : head.newValues[index];
  const value = newValue ?? bytes;
  const valueStart = newValue === undefined ? head.fields[slot + 2]! : 0;
  const valueEnd = newValue === undefined ? head.fields[slot + 3]! : newValue.length;
  if (at + nameEnd - nameStart + valueEnd - valueStart + 4 > limit) return -1;
  let to = at;
  for (let i = nameStart; i < nameEnd; i++) out[to++] = LOWER[bytes[i]!]!;
  out[to++] = 58;
  out[to++] = 32;
  to = copy(value, valueStart, valueEnd, out, to);
  out[to++] = 13;
  out[to++] = 10;
  return to;
}

/** The tokens that are not about this hop's persistence; no line at all when none is left. */
function writeConnection(
  bytes: Uint8Array,
  head: Head,
  index: number,
  out: Uint8Array,
  at: number,
  limit: number,
): number {
  if ((head.connection & (TOKEN_OTHER | TOKEN_UPGRADE)) === 0) return at;
  const slot = FIELD_STRIDE * index;
  const end = head.fields[slot + 3]!;
  if (at + end - head.fields[slot + 2]! + L_CONNECTION.length + 2 > limit) return -1;
  let to = copy(L_CONNECTION, 0, L_CONNECTION.length, out, at);
  const first = to;
  const start = head.fields[slot + 2]!;
  // As long as nothing was left out the list stays as it is; behind that HAProxy puts it together with bare commas.
  let keptTo = start;
  for (let from = start; from < end; ) {
    const itemEnd = endOfItem(bytes, from, end);
    const last = trimEnd(bytes, from, itemEnd);
    if (last === from || (connectionToken(bytes, from, last) & (TOKEN_CLOSE | TOKEN_KEEP_ALIVE)) === 0) {
      if (start + to - first === keptTo) to = copy(bytes, keptTo, itemEnd, out, to);
      else {
        if (to > first) out[to++] = 44;
        to = copy(bytes, from, last, out, to);
      }
    }
    keptTo = itemEnd;
    from = skipBlanks(bytes, itemEnd + 1, end);
  }
  if (to > first && out[to - 1] === 44) to--;
  if (to === first) return at;
  out[to++] = 13;
  out[to++] = 10;
  return to;
}

function append(line: Uint8Array, out: Uint8Array, at: number, limit: number): number {
  return at + line.length > limit ? -1 : copy(line, 0, line.length, out, at);
}

/** Short pieces, mostly: a loop beats a call of `set` with a fresh view. */
function copy(from: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  if (end - start > SHORT) {
    out.set(from.subarray(start, end), at);
    return at + end - start;
  }
  let to = at;
  for (let i = start; i < end; i++) out[to++] = from[i]!;
  return to;
}
