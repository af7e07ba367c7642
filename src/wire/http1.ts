/**
 * HTTP/1 message heads, parsed in place (RFC 9110, RFC 9112).
 *
 * A head becomes an index into the caller's bytes: start and end of every part as numbers, no strings, no allocation.
 * One `Head` serves any number of messages, one at a time. All offsets are absolute in the parsed array.
 *
 * Strictness is HAProxy's, tried against it input by input (test/net/http1-verdicts.test.ts): one framing, tokens as
 * names, nothing between name and colon, no control characters in targets. Accepted as there: bare LF at a line's end,
 * empty lines before a message, folded values (the fold becomes spaces, in place). Stricter than there: NUL in a value,
 * `Transfer-Encoding` in an HTTP/1.0 request, status codes that are not 100 to 999.
 *
 * Normalised while parsing, so that nothing ambiguous is passed on: names become lower case in place, equal repeats of
 * Host and Content-Length are dropped, a Content-Length list is cut to one number, Content-Length beside Transfer-Encoding disappears.
 *
 * Not here: bodies (http1-chunk.ts), serialising (http1-write.ts), size limits (the caller's buffer).
 */
import { LOWER_TOKEN, TOKEN } from './http1-chars.ts';
import {
  AT_FIELDS,
  AT_START_LINE,
  BAD_FIELD,
  BAD_START_LINE,
  FIELD_STRIDE,
  type Head,
  type HeadError,
  INCOMPLETE,
  METHOD_CONNECT,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OTHER,
  TOO_MANY_FIELDS,
  UNEXPECTED_BODY,
  UNKNOWN_CODING,
} from './http1-head.ts';
import { noteField, settleRequest, settleResponse } from './http1-semantics.ts';
import { findLineEnd, findTargetEnd, lowerLetters } from './http1-words.ts';

/**
 * Parses a request head at `start`. Returns its length, `INCOMPLETE`, or a negative `HeadError`.
 *
 * After `INCOMPLETE` a caller that keeps the bytes in place and the `Head` to itself goes on with
 * `continueHead`; one that moves them begins anew.
 */
export function parseRequestHead(bytes: Uint8Array, start: number, end: number, head: Head): number {
  head.begin(start, true);
  return continueHead(bytes, end, head);
}

/** As `parseRequestHead`. What body follows also depends on the request: see `responseHasBody`. */
export function parseResponseHead(bytes: Uint8Array, start: number, end: number, head: Head): number {
  head.begin(start, false);
  return continueHead(bytes, end, head);
}

/** Goes on with a head that was incomplete; the bytes before must not have moved since. */
export function continueHead(bytes: Uint8Array, end: number, head: Head): number {
  if (!isWorthALook(bytes, end, head)) return INCOMPLETE;
  const result = parseOn(bytes, end, head);
  if (result === INCOMPLETE) head.looked = end - head.next;
  return result;
}

/**
 * An unfinished line is parsed again when its end arrives or when it has doubled, not with each byte of a slow
 * sender: so the whole costs no more than twice its length, and nonsense is still refused early.
 */
function isWorthALook(bytes: Uint8Array, end: number, head: Head): boolean {
  const from = head.scanned;
  head.scanned = end;
  if (end - head.next >= 2 * head.looked) return true;
  for (let at = from; at < end; at++) if (bytes[at] === 10) return true;
  return false;
}

function parseOn(bytes: Uint8Array, end: number, head: Head): number {
  const view = head.viewOf(bytes);
  if (head.stage === AT_START_LINE) {
    const line = head.isRequest
      ? parseRequestLine(bytes, view, head.next, end, head)
      : parseStatusLine(bytes, view, head.next, end, head);
    if (line <= 0) return line;
    head.next = line;
    head.stage = AT_FIELDS;
  }
  const done = parseFields(bytes, view, end, head);
  if (done <= 0) return done;
  head.end = done;
  const verdict = head.isRequest ? settleRequest(bytes, head) : settleResponse(head);
  return verdict < 0 ? verdict : done - head.start;
}

function parseFields(bytes: Uint8Array, view: DataView, end: number, head: Head): number {
  for (;;) {
    const at = head.next;
    if (at >= end) return INCOMPLETE;
    const c = bytes[at]!;
    if (c === 13) return at + 1 >= end ? INCOMPLETE : bytes[at + 1] === 10 ? at + 2 : BAD_FIELD;
    if (c === 10) {
      head.plain = false;
      return at + 1;
    }
    const after = parseField(bytes, view, at, end, head);
    if (after <= 0) return after;
    head.next = after;
  }
}

/** RFC 9112 section 6.3, rules 1 and 2. */
export function responseHasBody(head: Head, requestMethod: number): boolean {
  if (requestMethod === METHOD_HEAD) return false;
  if (head.status < 200 || head.status === 204 || head.status === 304) return false;
  return !(requestMethod === METHOD_CONNECT && head.status < 300);
}

/** The status to answer a request with that failed so. */
export function statusOfHeadError(error: number): 400 | 413 | 422 {
  return error === UNKNOWN_CODING ? 422 : error === UNEXPECTED_BODY ? 413 : 400;
}

/** `GET ` as a word. */
const GET = 0x20544547;

function parseRequestLine(bytes: Uint8Array, view: DataView, start: number, end: number, head: Head): number {
  let at = skipEmptyLines(bytes, start, end);
  if (at < 0) return BAD_START_LINE;
  head.lineStart = at;
  if (at + 4 < end && view.getInt32(at, true) === GET) {
    at += 3;
    head.method = METHOD_GET;
  } else {
    while (at < end && TOKEN[bytes[at]!]) at++;
    if (at >= end) return INCOMPLETE;
    if (at === head.lineStart || !isBlank(bytes[at]!)) return BAD_START_LINE;
    head.method = methodId(bytes, head.lineStart, at);
  }
  head.methodEnd = at;
  while (at < end && isBlank(bytes[at]!)) at++;
  head.uriStart = at;
  at = findTargetEnd(view, at, end);
  if (head.lenient) while (at < end && isBearable(bytes[at]!)) at = findTargetEnd(view, at + 1, end);
  if (at >= end) return INCOMPLETE;
  if (at === head.uriStart || !isBlank(bytes[at]!)) return BAD_START_LINE;
  head.uriEnd = at;
  while (at < end && isBlank(bytes[at]!)) at++;
  const version = parseVersion(view, at, end);
  if (version < 0) return BAD_START_LINE;
  if (version === 0) return INCOMPLETE;
  head.version = version;
  head.lineEnd = at + 8;
  if (head.uriStart !== head.methodEnd + 1 || bytes[head.methodEnd] !== 32) head.plain = false;
  else if (at !== head.uriEnd + 1 || bytes[head.uriEnd] !== 32 || bytes[at + 8] !== 13 || isOddVersion(bytes, at))
    head.plain = false;
  return expectLineEnd(bytes, at + 8, end, BAD_START_LINE);
}

/** It would be written otherwise than it came. */
function isOddVersion(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 5] !== 49 || bytes[at + 7]! > 49;
}

/** Position after the line end at `at`, or INCOMPLETE, or `error`. */
function expectLineEnd(bytes: Uint8Array, at: number, end: number, error: HeadError): number {
  if (at >= end) return INCOMPLETE;
  if (bytes[at] === 10) return at + 1;
  if (bytes[at] !== 13) return error;
  if (at + 1 >= end) return INCOMPLETE;
  return bytes[at + 1] === 10 ? at + 2 : error;
}

function skipEmptyLines(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    if (bytes[at] === 10) at++;
    else if (bytes[at] !== 13) return at;
    else if (at + 1 >= end) return end;
    else if (bytes[at + 1] !== 10) return -1;
    else at += 2;
  }
  return at;
}

/** `HTTP`, `/1.1` and `/1.0` as words. */
const HTTP = 0x50545448;
const V1_1 = 0x312e312f;
const V1_0 = 0x302e312f;
const VERSION_PREFIX = Uint8Array.from('HTTP/', (c) => c.charCodeAt(0));

/** 10 or 11 for "HTTP/d.d" at `at`; 0 when cut short so far; -1 when it is something else. */
function parseVersion(view: DataView, at: number, end: number): number {
  if (at + 8 <= end && view.getInt32(at, true) === HTTP) {
    const version = view.getInt32(at + 4, true);
    if (version === V1_1) return 11;
    if (version === V1_0) return 10;
  }
  return parseOddVersion(view, at, end);
}

function parseOddVersion(view: DataView, at: number, end: number): number {
  for (let i = 0; i < 8; i++) {
    if (at + i >= end) return 0;
    const c = view.getUint8(at + i);
    const fits = i < 5 ? c === VERSION_PREFIX[i] : i === 6 ? c === 46 : c >= 48 && c <= 57;
    if (!fits) return -1;
  }
  const number = (view.getUint8(at + 5) - 48) * 10 + view.getUint8(at + 7) - 48;
  return number > 10 ? 11 : 10;
}

function parseStatusLine(bytes: Uint8Array, view: DataView, from: number, end: number, head: Head): number {
  const start = skipEmptyLines(bytes, from, end);
  if (start < 0) return BAD_START_LINE;
  head.lineStart = start;
  const version = parseVersion(view, start, end);
  if (version === 0) return INCOMPLETE;
  if (version < 0) return BAD_START_LINE;
  head.version = version;
  let at = start + 8;
  while (at < end && isBlank(bytes[at]!)) at++;
  if (at >= end) return INCOMPLETE;
  if (at === start + 8) return BAD_START_LINE;
  const digits = at;
  while (at < end && at < digits + 3 && bytes[at]! >= 48 && bytes[at]! <= 57) at++;
  if (at >= end) return INCOMPLETE;
  if (at !== digits + 3) return BAD_START_LINE;
  if (digits !== start + 9 || bytes[start + 8] !== 32 || isOddVersion(bytes, start)) head.plain = false;
  head.status = (bytes[digits]! - 48) * 100 + (bytes[digits + 1]! - 48) * 10 + bytes[digits + 2]! - 48;
  if (head.status < 100) return BAD_START_LINE;
  return parseReason(bytes, view, at, end, head);
}

function parseReason(bytes: Uint8Array, view: DataView, start: number, end: number, head: Head): number {
  let at = start;
  while (at < end && isBlank(bytes[at]!)) at++;
  head.reasonStart = at;
  at = findLineEnd(view, at, end);
  while (at < end && bytes[at] !== 13 && bytes[at] !== 10 && bytes[at] !== 0) at = findLineEnd(view, at + 1, end);
  if (at >= end) return INCOMPLETE;
  head.reasonEnd = head.lineEnd = at;
  if (head.reasonStart !== start + 1 || bytes[start] !== 32 || bytes[at] !== 13) head.plain = false;
  const glued = head.reasonStart === start && at > start;
  if (glued) return BAD_START_LINE;
  return expectLineEnd(bytes, at, end, BAD_START_LINE);
}

const COLON = 58;
/** The end of a line as a half word. */
const CRLF = 0x0a0d;

/** One field line with its folds; returns the position of the next line. */
function parseField(bytes: Uint8Array, view: DataView, start: number, end: number, head: Head): number {
  let at = lowerLetters(view, start, end);
  if (at >= end || bytes[at] !== COLON || at === start) {
    at = endOfName(bytes, start, at, end, head);
    if (at <= 0) return at;
  }
  const nameEnd = at;
  at++;
  for (;;) {
    at = findLineEnd(view, at, end);
    // How nearly all lines end.
    if (at + 2 < end && view.getInt16(at, true) === CRLF && !isBlank(bytes[at + 2]!))
      return storeField(bytes, view, start, nameEnd, at, at + 2, head);
    if (at >= end) return INCOMPLETE;
    const c = bytes[at]!;
    if (c !== 13 && c !== 10) {
      if (c === 0) return BAD_FIELD;
      at++;
      continue;
    }
    const after = c === 10 ? at + 1 : at + 2;
    if (c === 13 && at + 1 < end && bytes[at + 1] !== 10) return BAD_FIELD;
    if (after >= end) return INCOMPLETE;
    if (!isBlank(bytes[after]!)) return storeField(bytes, view, start, nameEnd, at, after, head);
    bytes.fill(32, at, after);
    head.plain = false;
    at = after;
  }
}

function storeField(
  bytes: Uint8Array,
  view: DataView,
  nameStart: number,
  nameEnd: number,
  lineEnd: number,
  after: number,
  head: Head,
): number {
  const index = head.count;
  if (index >= head.maxFields) return TOO_MANY_FIELDS;
  let valueStart = nameEnd + 1;
  let valueEnd = lineEnd;
  while (valueStart < valueEnd && isBlank(bytes[valueStart]!)) valueStart++;
  while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1]!)) valueEnd--;
  const slot = FIELD_STRIDE * index;
  const fields = head.fields;
  fields[slot] = nameStart;
  fields[slot + 1] = nameEnd;
  fields[slot + 2] = valueStart;
  fields[slot + 3] = valueEnd;
  if (valueStart !== nameEnd + 2 || bytes[nameEnd + 1] !== 32 || valueEnd !== lineEnd || bytes[lineEnd] !== 13)
    head.plain = false;
  head.count = index + 1;
  const verdict = noteField(bytes, view, head, index);
  return verdict < 0 ? verdict : after;
}

function isBlank(c: number): boolean {
  return c === 32 || c === 9;
}

/** The colon behind a name whose letters reach up to `from`; INCOMPLETE or BAD_FIELD. */
function endOfName(bytes: Uint8Array, start: number, from: number, end: number, head: Head): number {
  let at = from;
  for (; at < end; at++) {
    const lower = LOWER_TOKEN[bytes[at]!]!;
    if (lower === 0) break;
    bytes[at] = lower;
  }
  if (at >= end) return INCOMPLETE;
  if (bytes[at] === COLON) return at === start ? BAD_FIELD : at;
  if (!head.lenient) return BAD_FIELD;
  head.plain = false;
  return endOfOddName(bytes, start, end);
}

/**
 * The colon behind a name that is no token; INCOMPLETE or BAD_FIELD. Blanks around a name that decides on the framing
 * are never borne: another reader might not mind them.
 */
function endOfOddName(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 58) {
    if (bytes[at] === 10 || bytes[at] === 13 || bytes[at] === 0) return BAD_FIELD;
    at++;
  }
  if (at >= end) return INCOMPLETE;
  if (at === start) return BAD_FIELD;
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + start, at - start).toString('latin1');
  return FRAMING_NAME.test(name) ? BAD_FIELD : at;
}

const FRAMING_NAME = /content-length|transfer-encoding|^\W*(?:host|connection|upgrade)\W*$/i;

/** What a lenient caller lets stand in a target besides. */
function isBearable(c: number): boolean {
  return c >= 128 || c === 35;
}

const METHODS = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'PATCH'].map((name) =>
  Uint8Array.from(name, (c) => c.charCodeAt(0)),
);

function methodId(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  for (let id = 1; id < METHODS.length; id++) {
    const name = METHODS[id]!;
    if (name.length !== length || name[0] !== bytes[start]) continue;
    let i = 1;
    while (i < length && bytes[start + i] === name[i]) i++;
    if (i === length) return id;
  }
  return METHOD_OTHER;
}
