/**
 * The index of an HTTP/1 message head: where its parts lie in the caller's bytes, and what its fields say about framing
 * and the connection. Filled by http1.ts, judged by http1-semantics.ts, written out by http1-write.ts.
 */
import { LOWER } from './http1-chars.ts';

/** What a parse call returns when it is not a length: 0, or one of these. */
export const INCOMPLETE = 0;
export const BAD_START_LINE = -1;
export const BAD_FIELD = -2;
export const BAD_FRAMING = -3;
export const BAD_HOST = -4;
export const TOO_MANY_FIELDS = -5;
/** A transfer coding besides chunked: HAProxy answers 422. */
export const UNKNOWN_CODING = -6;
/** A body where old servers expect none and would take it for the next request: HAProxy answers 413. */
export const UNEXPECTED_BODY = -7;
export type HeadError =
  | typeof BAD_START_LINE
  | typeof BAD_FIELD
  | typeof BAD_FRAMING
  | typeof BAD_HOST
  | typeof TOO_MANY_FIELDS
  | typeof UNKNOWN_CODING
  | typeof UNEXPECTED_BODY;

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
export const AT_START_LINE = 0;
export const AT_FIELDS = 1;

export class Head {
  readonly maxFields: number;
  readonly fields: Int32Array;
  readonly ids: Uint8Array;
  count = 0;
  /** Bytes of names and values that came and mean nothing in this message: they are counted and not passed on. */
  dropped = 0;
  isRequest = true;
  /** The caller accepts what breaks rules without touching the framing: odd names, eight bits and "#" in targets. */
  lenient = false;

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
  /** Names and values of Connection fields without `close` and `keep-alive`; those with nothing else count as none. */
  connectionLength = 0;
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
  /** Writing it out would give the same bytes, but for a Connection field about this hop only, at `hopField` (or -1). */
  plain = true;
  hopField = -1;
  /** By field: a value to write instead of the one in the bytes; null when there is none at all. */
  newValues: (Uint8Array | undefined)[] | null = null;

  /** For the parser alone: where it goes on, up to where a line end was looked for, and how long the unfinished line was last time. */
  next = 0;
  scanned = 0;
  looked = 0;
  stage = AT_START_LINE;
  private viewed: Uint8Array | null = null;
  private view!: DataView;

  constructor(maxFields = DEFAULT_MAX_FIELDS) {
    this.maxFields = maxFields;
    this.fields = new Int32Array(FIELD_STRIDE * maxFields);
    this.ids = new Uint8Array(maxFields);
  }

  /** A view on the bytes that are parsed; made anew only when these are others than before. */
  viewOf(bytes: Uint8Array): DataView {
    if (this.viewed !== bytes) {
      this.viewed = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.view;
  }

  begin(start: number, isRequest: boolean): void {
    this.isRequest = isRequest;
    this.start = this.end = this.next = this.scanned = this.lineStart = this.lineEnd = start;
    this.stage = AT_START_LINE;
    this.looked = 0;
    this.count = 0;
    this.dropped = 0;
    this.method = METHOD_OTHER;
    this.status = 0;
    this.contentLength = -1;
    this.chunked = this.framingConflict = this.hasTransferEncoding = this.otherCoding = false;
    this.connection = this.connectionLength = 0;
    this.keepAlive = true;
    this.upgrade = this.expectContinue = false;
    this.hostField = this.lengthField = this.upgradeField = this.websocketKeyField = -1;
    this.plain = true;
    this.hopField = -1;
    this.newValues = null;
  }
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

/** Takes one field out of the index. */
export function removeField(head: Head, index: number): void {
  head.plain = false;
  head.fields.copyWithin(FIELD_STRIDE * index, FIELD_STRIDE * (index + 1), FIELD_STRIDE * head.count);
  head.ids.copyWithin(index, index + 1, head.count);
  head.newValues?.splice(index, 1);
  head.count--;
  if (head.hostField > index) head.hostField--;
  if (head.upgradeField > index) head.upgradeField--;
  if (head.websocketKeyField > index) head.websocketKeyField--;
  if (head.lengthField > index) head.lengthField--;
}

/** A value was changed in place and ends at `end` now, no later than before. */
export function shortenValue(head: Head, index: number, end: number): void {
  const at = FIELD_STRIDE * index + 3;
  if (head.fields[at] === end) return;
  head.fields[at] = end;
  head.plain = false;
}

/** Has one field written with another value, which must hold nothing that ends a line. */
export function replaceValue(head: Head, index: number, value: Uint8Array): void {
  head.newValues ??= new Array<Uint8Array | undefined>(head.count);
  head.newValues[index] = value;
}

/** Whether a request asks for exactly this. */
export function hasTarget(bytes: Uint8Array, head: Head, target: Uint8Array): boolean {
  if (head.uriEnd - head.uriStart !== target.length) return false;
  return target.every((byte, i) => bytes[head.uriStart + i] === byte);
}
