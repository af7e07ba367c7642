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
 * Normalised while parsing, so that nothing ambiguous is passed on: equal repeats of Host and Content-Length are
 * dropped, a Content-Length list is cut to one number, Content-Length beside Transfer-Encoding disappears.
 *
 * Not here: bodies (http1-chunk.ts), serialising (http1-write.ts), size limits (the caller's buffer).
 */
import { LOWER, TOKEN } from './http1-chars.ts';
import { noteField, settleRequest, settleResponse } from './http1-semantics.ts';

/** What a parse call returns when it is not a length: 0, or one of these. */
export const INCOMPLETE = 0;
export const BAD_START_LINE = -1;
export const BAD_FIELD = -2;
export const BAD_FRAMING = -3;
export const BAD_HOST = -4;
export const TOO_MANY_FIELDS = -5;
/** A transfer coding besides chunked: HAProxy answers 422. */
export const UNKNOWN_CODING = -6;
export type HeadError =
  | typeof BAD_START_LINE
  | typeof BAD_FIELD
  | typeof BAD_FRAMING
  | typeof BAD_HOST
  | typeof TOO_MANY_FIELDS
  | typeof UNKNOWN_CODING;

/** Ids of the fields that the program looks at; every other name is OTHER. */
export const OTHER = 0;
export const HOST = 1;
export const CONTENT_LENGTH = 2;
export const TRANSFER_ENCODING = 3;
export const CONNECTION = 4;
export const UPGRADE = 5;
export const EXPECT = 6;
export const KEEP_ALIVE = 7;
export const PROXY_CONNECTION = 8;
export const AUTHORIZATION = 9;
export const COOKIE = 10;
export const SET_COOKIE = 11;
export const WEBSOCKET_KEY = 12;

/** Tokens seen in Connection fields. */
export const TOKEN_CLOSE = 1;
export const TOKEN_KEEP_ALIVE = 2;
export const TOKEN_UPGRADE = 4;
export const TOKEN_OTHER = 8;

/** Ids of the methods that change how a message is handled. */
export const METHOD_OTHER = 0;
export const METHOD_GET = 1;
export const METHOD_HEAD = 2;
export const METHOD_POST = 3;
export const METHOD_PUT = 4;
export const METHOD_DELETE = 5;
export const METHOD_OPTIONS = 6;
export const METHOD_CONNECT = 7;
export const METHOD_TRACE = 8;
export const METHOD_PATCH = 9;

/** Offsets of field i stand at `4 * i` of `Head.fields`: name start, name end, value start, value end. */
export const FIELD_STRIDE = 4;

/** HAProxy's `tune.http.maxhdr` of 101 leaves room for 100 fields. */
const DEFAULT_MAX_FIELDS = 100;

/** Where a scan stands between two calls: the start line, or the fields. */
const AT_START_LINE = 0;
const AT_FIELDS = 1;

export class Head {
  readonly maxFields: number;
  readonly fields: Int32Array;
  readonly ids: Uint8Array;
  count = 0;
  isRequest = true;

  start = 0;
  /** First byte behind the head. */
  end = 0;

  /** Start line of a request; `lineStart` is the method's first byte. Of a response: the version's. */
  lineStart = 0;
  lineEnd = 0;
  method = METHOD_OTHER;
  methodEnd = 0;
  uriStart = 0;
  uriEnd = 0;
  /** 10 or 11; anything newer counts as 11, anything older as 10. */
  version = 11;
  status = 0;
  reasonStart = 0;
  reasonEnd = 0;

  /** -1: none. Never set beside `chunked`. */
  contentLength = -1;
  chunked = false;
  /** Content-Length came with Transfer-Encoding: the latter holds and the connection must close afterwards. */
  framingConflict = false;
  hasTransferEncoding = false;
  otherCoding = false;
  /** TOKEN_* of all Connection fields. */
  connection = 0;
  /** Whether this side would keep the connection after this message, by version and Connection. */
  keepAlive = true;
  /** Upgrade field and token both present. */
  upgrade = false;
  expectContinue = false;
  /** Indexes of single fields, -1 when absent. */
  hostField = -1;
  lengthField = -1;
  upgradeField = -1;
  websocketKeyField = -1;

  /** Where parsing goes on, up to where a line end was looked for, and how long the unfinished line was last time. */
  private next = 0;
  private scanned = 0;
  private looked = 0;
  private stage = AT_START_LINE;

  constructor(maxFields = DEFAULT_MAX_FIELDS) {
    this.maxFields = maxFields;
    this.fields = new Int32Array(FIELD_STRIDE * maxFields);
    this.ids = new Uint8Array(maxFields);
  }

  begin(start: number, isRequest: boolean): void {
    this.isRequest = isRequest;
    this.start = this.end = this.next = this.scanned = this.lineStart = this.lineEnd = start;
    this.stage = AT_START_LINE;
    this.looked = 0;
    this.count = 0;
    this.method = METHOD_OTHER;
    this.status = 0;
    this.contentLength = -1;
    this.chunked = this.framingConflict = this.hasTransferEncoding = this.otherCoding = false;
    this.connection = 0;
    this.keepAlive = true;
    this.upgrade = this.expectContinue = false;
    this.hostField = this.lengthField = this.upgradeField = this.websocketKeyField = -1;
  }

  /** Parses from where it stands up to `end`; the bytes before must not have moved since `begin`. */
  advance(bytes: Uint8Array, end: number): number {
    if (!this.isWorthALook(bytes, end)) return INCOMPLETE;
    const result = this.parseOn(bytes, end);
    if (result === INCOMPLETE) this.looked = end - this.next;
    return result;
  }

  /**
   * An unfinished line is parsed again when its end arrives or when it has doubled, not with each byte of a slow
   * sender: so the whole costs no more than twice its length, and nonsense is still refused early.
   */
  private isWorthALook(bytes: Uint8Array, end: number): boolean {
    const from = this.scanned;
    this.scanned = end;
    if (end - this.next >= 2 * this.looked) return true;
    for (let at = from; at < end; at++) if (bytes[at] === 10) return true;
    return false;
  }

  private parseOn(bytes: Uint8Array, end: number): number {
    if (this.stage === AT_START_LINE) {
      const line = this.isRequest
        ? parseRequestLine(bytes, this.next, end, this)
        : parseStatusLine(bytes, this.next, end, this);
      if (line <= 0) return line;
      this.next = line;
      this.stage = AT_FIELDS;
    }
    const done = this.advanceFields(bytes, end);
    if (done <= 0) return done;
    this.end = done;
    const verdict = this.isRequest ? settleRequest(bytes, this) : settleResponse(this);
    return verdict < 0 ? verdict : done - this.start;
  }

  private advanceFields(bytes: Uint8Array, end: number): number {
    for (;;) {
      const at = this.next;
      if (at >= end) return INCOMPLETE;
      const c = bytes[at]!;
      if (c === 13) return at + 1 >= end ? INCOMPLETE : bytes[at + 1] === 10 ? at + 2 : BAD_FIELD;
      if (c === 10) return at + 1;
      const after = parseField(bytes, at, end, this);
      if (after <= 0) return after;
      this.next = after;
    }
  }
}

/**
 * Parses a request head at `start`. Returns its length, `INCOMPLETE`, or a negative `HeadError`.
 *
 * After `INCOMPLETE` a caller that keeps the bytes in place and the `Head` to itself goes on with
 * `continueRequestHead`; one that moves them begins anew.
 */
export function parseRequestHead(bytes: Uint8Array, start: number, end: number, head: Head): number {
  head.begin(start, true);
  return head.advance(bytes, end);
}

export function continueRequestHead(bytes: Uint8Array, end: number, head: Head): number {
  return head.advance(bytes, end);
}

/** As `parseRequestHead`. What body follows also depends on the request: see `responseHasBody`. */
export function parseResponseHead(bytes: Uint8Array, start: number, end: number, head: Head): number {
  head.begin(start, false);
  return head.advance(bytes, end);
}

export function continueResponseHead(bytes: Uint8Array, end: number, head: Head): number {
  return head.advance(bytes, end);
}

/** RFC 9112 section 6.3, rules 1 and 2. */
export function responseHasBody(head: Head, requestMethod: number): boolean {
  if (requestMethod === METHOD_HEAD) return false;
  if (head.status < 200 || head.status === 204 || head.status === 304) return false;
  return !(requestMethod === METHOD_CONNECT && head.status < 300);
}

/** The status to answer a request with that failed so. */
export function statusOfHeadError(error: number): 400 | 422 {
  return error === UNKNOWN_CODING ? 422 : 400;
}

function parseRequestLine(bytes: Uint8Array, start: number, end: number, head: Head): number {
  let at = skipEmptyLines(bytes, start, end);
  if (at < 0) return BAD_START_LINE;
  head.lineStart = at;
  const methodStart = at;
  while (at < end && TOKEN[bytes[at]!]) at++;
  if (at >= end) return INCOMPLETE;
  if (at === methodStart || !isBlank(bytes[at]!)) return BAD_START_LINE;
  head.methodEnd = at;
  head.method = methodId(bytes, methodStart, at);
  while (at < end && isBlank(bytes[at]!)) at++;
  head.uriStart = at;
  while (at < end && isTargetByte(bytes[at]!)) at++;
  if (at >= end) return INCOMPLETE;
  if (at === head.uriStart || !isBlank(bytes[at]!)) return BAD_START_LINE;
  head.uriEnd = at;
  while (at < end && isBlank(bytes[at]!)) at++;
  return parseVersionAndEnd(bytes, at, end, head);
}

function parseVersionAndEnd(bytes: Uint8Array, start: number, end: number, head: Head): number {
  const version = parseVersion(bytes, start, end);
  if (version < 0) return BAD_START_LINE;
  if (version === 0) return INCOMPLETE;
  head.version = version;
  head.lineEnd = start + 8;
  return expectLineEnd(bytes, start + 8, end, BAD_START_LINE);
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

const VERSION_PREFIX = Uint8Array.from('HTTP/', (c) => c.charCodeAt(0));

/** 10 or 11 for "HTTP/d.d" at `at`; 0 when cut short so far; -1 when it is something else. */
function parseVersion(bytes: Uint8Array, at: number, end: number): number {
  for (let i = 0; i < 8; i++) {
    if (at + i >= end) return 0;
    const c = bytes[at + i]!;
    const fits = i < 5 ? c === VERSION_PREFIX[i] : i === 6 ? c === 46 : c >= 48 && c <= 57;
    if (!fits) return -1;
  }
  const number = (bytes[at + 5]! - 48) * 10 + bytes[at + 7]! - 48;
  return number > 10 ? 11 : 10;
}

function parseStatusLine(bytes: Uint8Array, from: number, end: number, head: Head): number {
  const start = skipEmptyLines(bytes, from, end);
  if (start < 0) return BAD_START_LINE;
  head.lineStart = start;
  const version = parseVersion(bytes, start, end);
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
  head.status = (bytes[digits]! - 48) * 100 + (bytes[digits + 1]! - 48) * 10 + bytes[digits + 2]! - 48;
  if (head.status < 100) return BAD_START_LINE;
  return parseReason(bytes, at, end, head);
}

function parseReason(bytes: Uint8Array, start: number, end: number, head: Head): number {
  let at = start;
  while (at < end && isBlank(bytes[at]!)) at++;
  head.reasonStart = at;
  while (at < end && bytes[at] !== 13 && bytes[at] !== 10 && bytes[at] !== 0) at++;
  if (at >= end) return INCOMPLETE;
  head.reasonEnd = head.lineEnd = at;
  const glued = head.reasonStart === start && at > start;
  if (glued) return BAD_START_LINE;
  return expectLineEnd(bytes, at, end, BAD_START_LINE);
}

/** One field line with its folds; returns the position of the next line. */
function parseField(bytes: Uint8Array, start: number, end: number, head: Head): number {
  let at = start;
  while (at < end && TOKEN[bytes[at]!]) at++;
  if (at >= end) return INCOMPLETE;
  if (bytes[at] !== 58 || at === start) return BAD_FIELD;
  const nameEnd = at;
  at++;
  for (;;) {
    while (at < end && bytes[at]! > 13) at++;
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
    if (!isBlank(bytes[after]!)) return storeField(bytes, start, nameEnd, at, after, head);
    bytes.fill(32, at, after);
    at = after;
  }
}

function storeField(
  bytes: Uint8Array,
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
  head.count = index + 1;
  const verdict = noteField(bytes, head, index);
  return verdict < 0 ? verdict : after;
}

function isBlank(c: number): boolean {
  return c === 32 || c === 9;
}

/** Printable ASCII without the fragment mark, which never belongs into a request. */
function isTargetByte(c: number): boolean {
  return c > 32 && c < 127 && c !== 35;
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

/** Index of the first field from `from` on with this lower-case name, or -1. */
export function findField(bytes: Uint8Array, head: Head, lowerName: Uint8Array, from = 0): number {
  for (let i = from; i < head.count; i++) {
    const start = head.fields[FIELD_STRIDE * i]!;
    if (head.fields[FIELD_STRIDE * i + 1]! - start !== lowerName.length) continue;
    let k = 0;
    while (k < lowerName.length && LOWER[bytes[start + k]!] === lowerName[k]) k++;
    if (k === lowerName.length) return i;
  }
  return -1;
}
