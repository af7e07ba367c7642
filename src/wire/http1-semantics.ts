/**
 * What the fields of an HTTP/1 head mean for framing and for the connection (RFC 9110 sections 7.2, 7.6.1, 7.8;
 * RFC 9112 sections 3.2, 6). Called by http1.ts for each field as it is met and once at the end of the head.
 *
 * Nothing here allocates, except for targets in absolute form, whose authority is compared with Host.
 */

import { asciiBytes, equalsIgnoringCase, LOWER } from './http1-chars.ts';
import {
  AUTHORIZATION,
  BAD_FIELD,
  BAD_FRAMING,
  BAD_HOST,
  BAD_START_LINE,
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE,
  EXPECT,
  FIELD_STRIDE,
  type Head,
  HOST,
  KEEP_ALIVE,
  METHOD_CONNECT,
  METHOD_DELETE,
  METHOD_GET,
  METHOD_HEAD,
  OTHER,
  PROXY_CONNECTION,
  removeField,
  SET_COOKIE,
  shortenValue,
  TOKEN_CLOSE,
  TOKEN_KEEP_ALIVE,
  TOKEN_OTHER,
  TOKEN_UPGRADE,
  TRANSFER_ENCODING,
  UNEXPECTED_BODY,
  UNKNOWN_CODING,
  UPGRADE,
  WEBSOCKET_KEY,
} from './http1-head.ts';
import { Words } from './http1-words.ts';

const W_HOST = new Words('host');
const W_CONTENT_LENGTH = new Words('content-length');
const W_TRANSFER_ENCODING = new Words('transfer-encoding');
const W_CONNECTION = new Words('connection');
const W_KEEP_ALIVE = new Words('keep-alive');
const W_SET_COOKIE = new Words('set-cookie');
const W_UPGRADE = new Words('upgrade');
const W_EXPECT = new Words('expect');
const W_COOKIE = new Words('cookie');
const W_AUTHORIZATION = new Words('authorization');
const W_PROXY_CONNECTION = new Words('proxy-connection');
const W_WEBSOCKET_KEY = new Words('sec-websocket-key');

const WEBSOCKET_KEY_LENGTH = 24;

const V_CHUNKED = asciiBytes('chunked');
const V_CLOSE = asciiBytes('close');
const V_KEEP_ALIVE = asciiBytes('keep-alive');
const V_UPGRADE = asciiBytes('upgrade');
const V_CONTINUE = asciiBytes('100-continue');
const V_WEBSOCKET = asciiBytes('websocket');
const V_H2C = asciiBytes('h2c');
const V_H2 = asciiBytes('h2');
const V_PRI = asciiBytes('pri');

/** The id of a field name, which is in lower case; the length sorts out nearly all others. */
function fieldId(view: DataView, start: number, end: number): number {
  switch (end - start) {
    case 4:
      return W_HOST.standAt(view, start) ? HOST : OTHER;
    case 6:
      if (W_COOKIE.standAt(view, start)) return COOKIE;
      return W_EXPECT.standAt(view, start) ? EXPECT : OTHER;
    case 7:
      return W_UPGRADE.standAt(view, start) ? UPGRADE : OTHER;
    case 10:
      if (W_CONNECTION.standAt(view, start)) return CONNECTION;
      if (W_SET_COOKIE.standAt(view, start)) return SET_COOKIE;
      return W_KEEP_ALIVE.standAt(view, start) ? KEEP_ALIVE : OTHER;
    case 13:
      return W_AUTHORIZATION.standAt(view, start) ? AUTHORIZATION : OTHER;
    case 14:
      return W_CONTENT_LENGTH.standAt(view, start) ? CONTENT_LENGTH : OTHER;
    case 16:
      return W_PROXY_CONNECTION.standAt(view, start) ? PROXY_CONNECTION : OTHER;
    case 17:
      if (W_WEBSOCKET_KEY.standAt(view, start)) return WEBSOCKET_KEY;
      return W_TRANSFER_ENCODING.standAt(view, start) ? TRANSFER_ENCODING : OTHER;
    default:
      return OTHER;
  }
}

/** Takes note of the field just stored at `index`; may drop it again. Returns 0 or a negative error. */
export function noteField(bytes: Uint8Array, view: DataView, head: Head, index: number): number {
  const slot = FIELD_STRIDE * index;
  const id = fieldId(view, head.fields[slot]!, head.fields[slot + 1]!);
  head.ids[index] = id;
  switch (id) {
    case HOST:
      return head.isRequest ? noteHost(bytes, head, index) : 0;
    case CONTENT_LENGTH:
      return noteLength(bytes, head, index);
    case TRANSFER_ENCODING:
      return noteCodings(bytes, head, slot);
    case CONNECTION:
      if (head.hopField >= 0) head.plain = false;
      head.hopField = index;
      return noteConnection(bytes, view, head, slot);
    case UPGRADE:
      head.upgradeField = index;
      return 0;
    case WEBSOCKET_KEY:
      // Sixteen bytes in base64 (RFC 6455, section 4.1); another one counts as none, as in HAProxy.
      if (head.fields[slot + 3]! - head.fields[slot + 2]! === WEBSOCKET_KEY_LENGTH) head.websocketKeyField = index;
      return 0;
    case EXPECT:
      if (equalsIgnoringCase(bytes, head.fields[slot + 2]!, head.fields[slot + 3]!, V_CONTINUE)) {
        head.expectContinue = true;
      }
      return 0;
    default:
      return 0;
  }
}

function noteHost(bytes: Uint8Array, head: Head, index: number): number {
  if (head.hostField < 0) {
    head.hostField = index;
    return 0;
  }
  const first = FIELD_STRIDE * head.hostField;
  const slot = FIELD_STRIDE * index;
  if (
    !sameRange(bytes, head.fields[first + 2]!, head.fields[first + 3]!, head.fields[slot + 2]!, head.fields[slot + 3]!)
  )
    return BAD_HOST;
  head.count = index;
  head.plain = false;
  return 0;
}

function sameRange(bytes: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = start, k = otherStart; i < end; i++, k++) {
    if (LOWER[bytes[i]!] !== LOWER[bytes[k]!]) return false;
  }
  return true;
}

/** A list is allowed as long as all its numbers agree; what is kept is one number. */
function noteLength(bytes: Uint8Array, head: Head, index: number): number {
  const slot = FIELD_STRIDE * index;
  const end = head.fields[slot + 3]!;
  let at = head.fields[slot + 2]!;
  let firstEnd = -1;
  for (;;) {
    const digits = at;
    let value = 0;
    while (at < end && bytes[at]! >= 48 && bytes[at]! <= 57) {
      value = value * 10 + bytes[at]! - 48;
      if (value > Number.MAX_SAFE_INTEGER) return BAD_FRAMING;
      at++;
    }
    if (at === digits) return BAD_FRAMING;
    if (head.contentLength >= 0 && head.contentLength !== value) return BAD_FRAMING;
    head.contentLength = value;
    if (firstEnd < 0) firstEnd = at;
    at = skipBlanks(bytes, at, end);
    if (at >= end) break;
    if (bytes[at] !== 44) return BAD_FRAMING;
    at = skipBlanks(bytes, at + 1, end);
  }
  shortenValue(head, index, firstEnd);
  if (head.lengthField < 0) {
    head.lengthField = index;
    return 0;
  }
  head.count = index;
  head.plain = false;
  return 0;
}

/** chunked may stand once, as the last coding. */
function noteCodings(bytes: Uint8Array, head: Head, slot: number): number {
  head.hasTransferEncoding = true;
  head.plain = false;
  const end = head.fields[slot + 3]!;
  let at = head.fields[slot + 2]!;
  while (at < end) {
    const itemEnd = endOfItem(bytes, at, end);
    const last = trimEnd(bytes, at, itemEnd);
    if (last > at) {
      if (head.chunked) return BAD_FRAMING;
      if (equalsIgnoringCase(bytes, at, last, V_CHUNKED)) head.chunked = true;
      else head.otherCoding = true;
    }
    at = skipBlanks(bytes, itemEnd + 1, end);
  }
  return 0;
}

function noteConnection(bytes: Uint8Array, view: DataView, head: Head, slot: number): number {
  const start = head.fields[slot + 2]!;
  const end = head.fields[slot + 3]!;
  // How nearly all of them are spelt.
  if (end - start === W_KEEP_ALIVE.length && W_KEEP_ALIVE.standAt(view, start)) {
    head.connection |= TOKEN_KEEP_ALIVE;
    return 0;
  }
  // What is left without the tokens about persistence, as HAProxy counts and writes it (http1-write.ts).
  let kept = 0;
  let keptTo = start;
  for (let at = start; at < end; ) {
    const itemEnd = endOfItem(bytes, at, end);
    const last = trimEnd(bytes, at, itemEnd);
    const token = last > at ? connectionToken(bytes, at, last) : TOKEN_NONE;
    head.connection |= token;
    if ((token & (TOKEN_CLOSE | TOKEN_KEEP_ALIVE)) === 0) {
      kept = start + kept === keptTo ? itemEnd - start : kept + last - at + (kept > 0 ? 1 : 0);
    }
    keptTo = itemEnd;
    at = skipBlanks(bytes, itemEnd + 1, end);
  }
  if (kept > 0) head.connectionLength += W_CONNECTION.length + kept;
  return 0;
}

const TOKEN_NONE = 0;

/** TOKEN_* of one item of a Connection field. */
export function connectionToken(bytes: Uint8Array, start: number, end: number): number {
  if (equalsIgnoringCase(bytes, start, end, V_CLOSE)) return TOKEN_CLOSE;
  if (equalsIgnoringCase(bytes, start, end, V_KEEP_ALIVE)) return TOKEN_KEEP_ALIVE;
  if (equalsIgnoringCase(bytes, start, end, V_UPGRADE)) return TOKEN_UPGRADE;
  return TOKEN_OTHER;
}

export function endOfItem(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 44) at++;
  return at;
}

export function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++;
  return at;
}

export function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === 32 || bytes[at - 1] === 9)) at--;
  return at;
}

/** Cross-field rules of a whole request head. Returns 0 or a negative error. */
export function settleRequest(bytes: Uint8Array, head: Head): number {
  if (head.hasTransferEncoding) {
    if (!head.chunked || head.version < 11) return BAD_FRAMING;
    if (head.otherCoding) return UNKNOWN_CODING;
    if (head.contentLength >= 0) dropLength(head);
  }
  // HAProxy, too, takes an upgrade out of a request with a body: nobody agrees on where the new protocol would begin.
  if (head.method === METHOD_CONNECT) dropBody(head);
  const hasBody = head.chunked || head.contentLength > 0;
  const asksUpgrade = (head.connection & TOKEN_UPGRADE) !== 0;
  if (head.upgradeField >= 0 && ((hasBody && asksUpgrade) || offersHttp2(bytes, head))) dropUpgrade(head);
  settleConnection(head);
  if (head.upgrade && head.websocketKeyField < 0 && isWebsocket(bytes, head)) return BAD_FIELD;
  const verdict = bytes[head.uriStart] === 47 && head.method !== METHOD_CONNECT ? 0 : checkTarget(bytes, head);
  if (verdict < 0) return verdict;
  return hasBody && head.version < 11 && !head.lenient && isBodyless(head.method) ? UNEXPECTED_BODY : 0;
}

/**
 * What follows CONNECT belongs to the tunnel, whatever its fields say (RFC 9110 section 9.3.6). If there is none after all,
 * nobody knows whether a body would have followed, so that the connection ends.
 */
function dropBody(head: Head): void {
  if (!head.chunked && head.contentLength <= 0) return;
  dropFraming(head);
  head.framingConflict = true;
}

/** Of HTTP/1.0: requests that nobody gives a body. */
function isBodyless(method: number): boolean {
  return method === METHOD_GET || method === METHOD_HEAD || method === METHOD_DELETE;
}

/** Cross-field rules of a whole response head. Returns 0 or a negative error. */
export function settleResponse(head: Head): number {
  if (head.hasTransferEncoding) {
    if (!head.chunked || head.otherCoding) return BAD_FRAMING;
    if (head.contentLength >= 0) dropLength(head);
  }
  if (head.status < 200 || head.status === 204) dropFraming(head);
  settleConnection(head);
  if (head.hasTransferEncoding && head.version < 11) head.keepAlive = false;
  return 0;
}

/** Responses that have no body and must not announce one (RFC 9110 section 8.6, RFC 9112 section 6.1). */
function dropFraming(head: Head): void {
  for (let i = head.count - 1; i >= 0; i--) {
    if (head.ids[i] !== CONTENT_LENGTH && head.ids[i] !== TRANSFER_ENCODING) continue;
    const slot = FIELD_STRIDE * i;
    head.dropped += head.fields[slot + 1]! - head.fields[slot]! + head.fields[slot + 3]! - head.fields[slot + 2]!;
    removeField(head, i);
  }
  head.contentLength = head.lengthField = -1;
  head.chunked = false;
}

function settleConnection(head: Head): void {
  const tokens = head.connection;
  head.keepAlive =
    head.version >= 11
      ? (tokens & TOKEN_CLOSE) === 0
      : (tokens & TOKEN_KEEP_ALIVE) !== 0 && (tokens & TOKEN_CLOSE) === 0;
  if (head.framingConflict) head.keepAlive = false;
  head.upgrade = (tokens & TOKEN_UPGRADE) !== 0 && head.upgradeField >= 0;
}

/** Transfer-Encoding overrides Content-Length, which must not be passed on (RFC 9112 section 6.3, rule 3). */
function dropLength(head: Head): void {
  head.framingConflict = true;
  head.contentLength = -1;
  removeField(head, head.lengthField);
  head.lengthField = -1;
}

/** `Upgrade: h2c` would lead through the proxy unread, past all of its rules (HAProxy 2.6 lets it through). */
function offersHttp2(bytes: Uint8Array, head: Head): boolean {
  const slot = FIELD_STRIDE * head.upgradeField;
  const end = head.fields[slot + 3]!;
  for (let at = head.fields[slot + 2]!; at < end; ) {
    const itemEnd = endOfItem(bytes, at, end);
    const last = trimEnd(bytes, at, itemEnd);
    if (equalsIgnoringCase(bytes, at, last, V_H2C) || equalsIgnoringCase(bytes, at, last, V_H2)) return true;
    at = skipBlanks(bytes, itemEnd + 1, end);
  }
  return false;
}

function dropUpgrade(head: Head): void {
  for (let i = head.count - 1; i >= 0; i--) if (head.ids[i] === UPGRADE) removeField(head, i);
  head.upgradeField = -1;
}

function isWebsocket(bytes: Uint8Array, head: Head): boolean {
  const slot = FIELD_STRIDE * head.upgradeField;
  return equalsIgnoringCase(bytes, head.fields[slot + 2]!, head.fields[slot + 3]!, V_WEBSOCKET);
}

/** `scheme://authority...`; the authority without user information. As in HAProxy, only a slash ends it. */
const ABSOLUTE = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/@]*@)?([^/]*)/i;

/** A target that is no plain path: CONNECT's authority, `*`, or an absolute URI, whose authority must be Host's. */
function checkTarget(bytes: Uint8Array, head: Head): number {
  const target = Buffer.from(bytes.buffer, bytes.byteOffset + head.uriStart, head.uriEnd - head.uriStart).toString(
    'latin1',
  );
  if (head.method === METHOD_CONNECT) {
    if (!/^[^/?*]+$/.test(target) || !(head.lenient || /:\d+$/.test(target))) return BAD_START_LINE;
    if (!head.lenient && !matchesHost(bytes, head, target.toLowerCase(), '')) return BAD_HOST;
    const port = /:(?:80|443)$/.exec(target);
    if (port) cutHostPort(bytes, head, port[0].length);
    return 0;
  }
  // With PRI it is the preface of HTTP/2, which this port does not speak.
  if (target === '*') return isPri(bytes, head) ? BAD_START_LINE : 0;
  const parts = ABSOLUTE.exec(target);
  if (!parts) return BAD_START_LINE;
  const fits = head.lenient || matchesHost(bytes, head, parts[2]!.toLowerCase(), parts[1]!.toLowerCase());
  if (!fits) return BAD_HOST;
  const port = parts[1]!.toLowerCase() === 'https' ? ':443' : ':80';
  if (parts[2]!.endsWith(port)) {
    cutTargetPort(bytes, head, parts[0].length, port.length);
    const length = parts[2]!.length - port.length;
    alignHost(bytes, head, head.uriStart + parts[0].length - parts[2]!.length, length);
  }
  return 0;
}

/**
 * A default port is left out, as HAProxy does it: what stood before it moves up, and empty lines take its place. Whoever
 * reads these bytes again finds the same request.
 */
function cutTargetPort(bytes: Uint8Array, head: Head, authorityEnd: number, length: number): void {
  const { lineStart } = head;
  bytes.copyWithin(lineStart + length, lineStart, head.uriStart + authorityEnd - length);
  bytes.fill(10, lineStart, lineStart + length);
  head.lineStart += length;
  head.methodEnd += length;
  head.uriStart += length;
}

/** As long as Host has a port: it fits the target, so that it is the same one. */
function cutHostPort(bytes: Uint8Array, head: Head, length: number): void {
  if (head.hostField < 0 || head.lenient) return;
  const slot = FIELD_STRIDE * head.hostField;
  const end = head.fields[slot + 3]!;
  if (end - length <= head.fields[slot + 2]! || bytes[end - length] !== 58) return;
  bytes.fill(32, end - length, end);
  shortenValue(head, head.hostField, end - length);
}

/** Host names the authority at `start` then, without its port and as the target spells it. */
function alignHost(bytes: Uint8Array, head: Head, start: number, length: number): void {
  if (head.hostField < 0 || head.lenient) return;
  const slot = FIELD_STRIDE * head.hostField;
  const at = head.fields[slot + 2]!;
  const end = head.fields[slot + 3]!;
  if (end - at < length) return;
  bytes.copyWithin(at, start, start + length);
  bytes.fill(32, at + length, end);
  shortenValue(head, head.hostField, at + length);
}

function isPri(bytes: Uint8Array, head: Head): boolean {
  return equalsIgnoringCase(bytes, head.lineStart, head.methodEnd, V_PRI);
}

/** Whether Host, when there is one, names this authority; the scheme's own port may be left out on either side. */
function matchesHost(bytes: Uint8Array, head: Head, authority: string, scheme: string): boolean {
  if (head.hostField < 0) return true;
  const slot = FIELD_STRIDE * head.hostField;
  const start = head.fields[slot + 2]!;
  const host = Buffer.from(bytes.buffer, bytes.byteOffset + start, head.fields[slot + 3]! - start)
    .toString('latin1')
    .toLowerCase();
  return withoutDefaultPort(host, scheme) === withoutDefaultPort(authority, scheme);
}

function withoutDefaultPort(authority: string, scheme: string): string {
  const port = scheme === 'http' ? ':80' : scheme === 'https' ? ':443' : '';
  if (port !== '') return authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
  return scheme === '' ? authority.replace(/:(80|443)?$/, '') : authority;
}
