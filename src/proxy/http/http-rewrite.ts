/**
 * What the proxy adds to heads that it passes on: the client's address, and what each side is told about keeping the
 * connection. The lines are HAProxy's; those of the connection field depend on the versions of both messages.
 */

import { encodeAddress } from '../../os/address.ts';
import { CONNECTION, FIELD_STRIDE, findField, type Head } from '../../wire/http1-head.ts';
import { cutLength, isPlain } from '../../wire/http1-write.ts';
import type { Frontend, PreparedForwardFor } from '../frontend.ts';
import { ClientAddress, destinationOf } from '../listener/client-address.ts';

const NONE = new Uint8Array(0);
const CLOSE = Buffer.from('connection: close\r\n', 'latin1');
const KEEP_ALIVE = Buffer.from('connection: keep-alive\r\n', 'latin1');

/**
 * HTTP/1.1 keeps connections unless told otherwise, HTTP/1.0 closes them unless told otherwise. A request that asks to
 * leave HTTP says so in its own line, and nothing else.
 */
export function serverConnectionLine(version: number, keep: boolean, upgrades: boolean): Uint8Array {
  if (upgrades) return NONE;
  if (keep) return version < 11 ? KEEP_ALIVE : NONE;
  return version < 11 ? NONE : CLOSE;
}

export function clientConnectionLine(requestVersion: number, responseVersion: number, keep: boolean): Uint8Array {
  if (keep) return requestVersion < 11 || responseVersion < 11 ? KEEP_ALIVE : NONE;
  return responseVersion < 11 ? NONE : CLOSE;
}

/** Whole lines on their way behind the fields of a head. */
export class HeadLines {
  private bytes = new Uint8Array(1024);
  private length = 0;

  clear(): void {
    this.length = 0;
  }

  add(line: Uint8Array): void {
    const end = this.length + line.length;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(2 * end);
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(line, this.length);
    this.length = end;
  }

  /** All of them; good until the next `clear`. */
  take(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/** The lines added to the requests of one client connection; made with the first request and then reused. */
export class RequestLines {
  private forwarded: Uint8Array | null = null;
  private combined: Uint8Array | null = null;
  private combinedWith: Uint8Array | null = null;

  /** Another client's requests follow. */
  forget(): void {
    this.forwarded = null;
    this.combined = null;
    this.combinedWith = null;
  }

  /** `connectionLine` is one of the constants above. */
  build(
    frontend: Frontend,
    address: ClientAddress,
    bytes: Uint8Array,
    head: Head,
    connectionLine: Uint8Array,
    fd: number,
  ): Uint8Array {
    const { forwardfor, originalto } = frontend;
    if (forwardfor === null && originalto === null) return connectionLine;
    const told = forwardfor?.ifNone && findField(bytes, head, forwardfor.lowerName) >= 0;
    if (told)
      return originalto === null
        ? connectionLine
        : Buffer.concat([makeOriginal(originalto, address, fd), connectionLine]);
    this.forwarded ??= Buffer.concat([
      forwardfor === null ? NONE : makeForwarded(forwardfor, address),
      originalto === null ? NONE : makeOriginal(originalto, address, fd),
    ]);
    if (connectionLine.length === 0 || this.forwarded.length === 0) {
      return this.forwarded.length === 0 ? connectionLine : this.forwarded;
    }
    if (this.combined === null || this.combinedWith !== connectionLine) {
      this.combined = Buffer.concat([this.forwarded, connectionLine]);
      this.combinedWith = connectionLine;
    }
    return this.combined;
  }
}

function makeForwarded({ name, except }: PreparedForwardFor, address: ClientAddress): Uint8Array {
  if (address.family === 'unix' || address.isIn(except)) return NONE;
  return Buffer.from(`${name}: ${address.host}\r\n`, 'latin1');
}

/** Where the client connected to. */
function makeOriginal({ name, except }: PreparedForwardFor, address: ClientAddress, fd: number): Uint8Array {
  const destination = destinationOf(address, fd);
  if (destination === null || destination.family === 'unix') return NONE;
  const { host, family, port } = destination;
  if (except.length > 0 && new ClientAddress(viewOf(encodeAddress({ family, host, port }))).isIn(except)) return NONE;
  return Buffer.from(`${name}: ${host}\r\n`, 'latin1');
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Length of a message as HAProxy counts it in logs and statistics: its internal form, without separators, line ends
 * and chunk sizes, but with 20 bytes for the start line and 1 for the end of the head.
 */
export function requestLength(head: Head): number {
  const line = head.methodEnd - head.lineStart + head.uriEnd - head.uriStart + VERSION;
  return START_LINE + line + fieldsLength(head) + head.dropped;
}

export function responseLength(head: Head): number {
  return START_LINE + VERSION + 3 + head.reasonEnd - head.reasonStart + fieldsLength(head) + head.dropped;
}

/** The same of a response as it goes out, with new values and more lines; the one about the connection does not count. */
export function rewrittenLength(head: Head, lines: Uint8Array): number {
  const { fields, newValues, count } = head;
  let length = responseLength(head) + linesLength(lines);
  for (let i = 0; newValues !== null && i < count; i++) {
    const value = newValues[i];
    const at = FIELD_STRIDE * i;
    if (value !== undefined) length += value.length - fields[at + 3]! + fields[at + 2]!;
  }
  return length;
}

/** Names and values of whole lines. */
function linesLength(lines: Uint8Array): number {
  let length = 0;
  for (let at = 0, end = lines.indexOf(10) + 1; end > at; at = end, end = lines.indexOf(10, at) + 1) {
    if (!startsWith(lines, at, CONNECTION_NAME)) length += end - at - SEPARATORS;
  }
  return length;
}

function startsWith(bytes: Uint8Array, at: number, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[at + i] !== start[i]) return false;
  return true;
}

const CONNECTION_NAME = Buffer.from('connection: ', 'latin1');
/** Colon, blank, and the line's end. */
const SEPARATORS = 4;
const LINE_END = 2;

const START_LINE = 20;
const VERSION = 8;

function fieldsLength(head: Head): number {
  const { fields, ids, count } = head;
  let length = 1 + head.connectionLength;
  // All that stands between the start line and the empty line, without separators.
  if (isPlain(head)) {
    const lines = head.end - head.lineEnd - 2 * LINE_END - SEPARATORS * count;
    return length + (head.hopField < 0 ? lines : lines - cutLength(head) + SEPARATORS);
  }
  for (let i = 0; i < count; i++) {
    if (ids[i] === CONNECTION) continue;
    const at = FIELD_STRIDE * i;
    length += fields[at + 1]! - fields[at]! + fields[at + 3]! - fields[at + 2]!;
  }
  return length;
}
