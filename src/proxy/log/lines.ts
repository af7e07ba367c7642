/**
 * Log lines of sessions and requests in HAProxy's formats (manual, chapters 8.2.1 to 8.2.4, and the CLF variants).
 *
 * A record in, the text behind the syslog header out, without line end, as bytes: these run once a request. Formats of
 * the user's own are compile.ts.
 */
import type { NamedLogFormat } from '../../config/logging.ts';
import type { LineText } from '../../wire/line-text.ts';
import { putDate, putGmtDate, putMilliseconds } from './date.ts';
import { CAPTURE_MARKS, REQUEST_MARKS } from './escape.ts';
import type { SessionRecord } from './record.ts';

/** Writes something of a record. */
export type Put = (line: LineText, record: SessionRecord) => void;

const SPACE = 32;
const QUOTE = 34;
const PLUS = 43;
const SLASH = 47;
const COLON = 58;
const TILDE = 126;
const BAR = 124;

/** The writer of a format: looked up once per frontend, called per line. */
export function lineWriter(format: NamedLogFormat): Put {
  switch (format) {
    case 'tcplog':
      return putTcpLine;
    case 'httplog':
      return putHttpLine;
    case 'clf':
      return putClfLine;
    case 'httpslog':
      return putHttpsLine;
    case 'tcplog clf':
      return putTcpClfLine;
    case 'default':
      return putConnectLine;
  }
}

/** `option tcplog`. */
export function putTcpLine(line: LineText, r: SessionRecord): void {
  putStart(line, r, r.acceptedAtMs);
  putNumber(line, r.waitMs, SLASH);
  putNumber(line, r.connectMs, SLASH);
  putTotals(line, r);
  line.byte(SPACE);
  line.text(r.cause);
  line.text(r.phase);
  line.byte(SPACE);
  putConnections(line, r, SLASH);
}

/** `option httplog`. */
export function putHttpLine(line: LineText, r: SessionRecord): void {
  putStart(line, r, r.requestAtMs);
  putNumber(line, r.requestMs, SLASH);
  putNumber(line, r.waitMs, SLASH);
  putNumber(line, r.connectMs, SLASH);
  putNumber(line, r.responseMs, SLASH);
  if (r.early) line.byte(PLUS);
  putNumber(line, r.totalMs, SPACE);
  putNumber(line, r.status, SPACE);
  if (r.early) line.byte(PLUS);
  putNumber(line, r.bytes, SPACE);
  putWord(line, r.requestCookie ?? '-');
  putWord(line, r.responseCookie ?? '-');
  putStates(line, r);
  putConnections(line, r, SLASH);
  line.byte(SPACE);
  if (r.requestHeaders !== null) putCaptured(line, r.requestHeaders);
  if (r.responseHeaders !== null) putCaptured(line, r.responseHeaders);
  putRequest(line, r);
}

/** `option httpslog`: what is known of TLS behind `option httplog`. */
export function putHttpsLine(line: LineText, r: SessionRecord): void {
  putHttpLine(line, r);
  line.text(' 0/-/-/-/0 -/-/-');
}

/** `option httplog clf`: Apache's common format, the rest behind it. */
export function putClfLine(line: LineText, r: SessionRecord): void {
  putClfStart(line, r, r.requestAtMs);
  putRequest(line, r);
  line.byte(SPACE);
  putNumber(line, r.status, SPACE);
  putClfParties(line, r);
  putNumber(line, r.requestMs, SPACE);
  putNumber(line, r.waitMs, SPACE);
  putNumber(line, r.connectMs, SPACE);
  putNumber(line, r.responseMs, SPACE);
  if (r.early) line.byte(PLUS);
  putNumber(line, r.totalMs, SPACE);
  putStates(line, r);
  putConnections(line, r, SPACE);
  line.byte(SPACE);
  putQuoted(line, r.requestCookie ?? '');
  putQuoted(line, r.responseCookie ?? '');
  if (r.requestHeaders !== null) putCapturedWords(line, r.requestHeaders);
  if (r.responseHeaders === null) return;
  if (r.requestHeaders !== null) line.byte(SPACE);
  putCapturedWords(line, r.responseHeaders);
}

/** `option tcplog clf`. */
export function putTcpClfLine(line: LineText, r: SessionRecord): void {
  putClfStart(line, r, r.acceptedAtMs);
  line.text('"TCP " 000 ');
  putClfParties(line, r);
  putNumber(line, r.handshakeMs, SPACE);
  putNumber(line, r.waitMs, SPACE);
  putNumber(line, r.connectMs, SPACE);
  if (r.early) line.byte(PLUS);
  putNumber(line, r.totalMs, SPACE);
  putNumber(line, r.bytesIn, SPACE);
  line.text(r.cause);
  line.text(r.phase);
  line.text('-- ');
  putConnections(line, r, SPACE);
  line.text(' "" "" ');
}

/** No `option ...log` at all: one line when the connection is taken. */
export function putConnectLine(line: LineText, r: SessionRecord): void {
  line.text('Connect from ');
  line.text(r.clientHost);
  line.byte(COLON);
  line.number(r.clientPort);
  line.text(' to ');
  line.text(r.localHost);
  line.byte(COLON);
  line.number(r.localPort);
  line.text(' (');
  line.text(r.frontend);
  line.text(r.mode === 'http' ? '/HTTP)' : '/TCP)');
}

/** A connection that failed before it became a session. */
export function putErrorLine(line: LineText, r: SessionRecord, listener: string, message: string): void {
  putClient(line, r, r.acceptedAtMs);
  line.text(r.frontend);
  line.byte(SLASH);
  line.text(listener);
  line.text(': ');
  line.text(message);
}

function putNumber(line: LineText, n: number, behind: number): void {
  line.number(n);
  line.byte(behind);
}

function putWord(line: LineText, text: string): void {
  line.text(text);
  line.byte(SPACE);
}

function putQuoted(line: LineText, text: string): void {
  line.byte(QUOTE);
  line.text(text);
  line.text('" ');
}

/** `client:port [date] ` */
function putClient(line: LineText, r: SessionRecord, atMs: number): void {
  line.text(r.clientHost);
  line.byte(COLON);
  line.number(r.clientPort);
  line.text(' [');
  putDate(line, atMs);
  line.text('] ');
}

/** `client:port [date] frontend backend/server ` */
function putStart(line: LineText, r: SessionRecord, atMs: number): void {
  putClient(line, r, atMs);
  line.text(r.frontend);
  if (r.tls) line.byte(TILDE);
  line.byte(SPACE);
  line.text(r.backend);
  line.byte(SLASH);
  line.text(r.server);
  line.byte(SPACE);
}

/** `client - - [date] ` */
function putClfStart(line: LineText, r: SessionRecord, atMs: number): void {
  line.text(r.clientHost);
  line.text(' - - [');
  putGmtDate(line, atMs);
  line.text('] ');
}

/** `bytes "" "" port milliseconds "frontend" "backend" "server" ` */
function putClfParties(line: LineText, r: SessionRecord): void {
  if (r.early) line.byte(PLUS);
  line.number(r.bytes);
  line.text(' "" "" ');
  putNumber(line, r.clientPort, SPACE);
  putMilliseconds(line, r.acceptedAtMs);
  line.text(' "');
  line.text(r.frontend);
  if (r.tls) line.byte(TILDE);
  line.text('" ');
  putQuoted(line, r.backend);
  putQuoted(line, r.server);
}

/** `total bytes` */
function putTotals(line: LineText, r: SessionRecord): void {
  if (r.early) line.byte(PLUS);
  putNumber(line, r.totalMs, SPACE);
  if (r.early) line.byte(PLUS);
  line.number(r.bytes);
}

function putStates(line: LineText, r: SessionRecord): void {
  line.text(r.cause);
  line.text(r.phase);
  putWord(line, r.cookieStates);
}

/** `{first|second} ` */
function putCaptured(line: LineText, headers: readonly (string | null)[]): void {
  line.text('{');
  for (let i = 0; i < headers.length; i++) {
    if (i > 0) line.byte(BAR);
    line.hashed(headers[i] ?? '', CAPTURE_MARKS);
  }
  line.text('} ');
}

/** `"first" "second"`: one word each. */
function putCapturedWords(line: LineText, headers: readonly (string | null)[]): void {
  for (let i = 0; i < headers.length; i++) {
    line.text(i > 0 ? ' "' : '"');
    line.hashed(headers[i] ?? '', CAPTURE_MARKS);
    line.byte(QUOTE);
  }
}

/** Sessions, retries, queues. */
function putConnections(line: LineText, r: SessionRecord, between: number): void {
  putNumber(line, r.actconn, between);
  putNumber(line, r.feconn, between);
  putNumber(line, r.beconn, between);
  putNumber(line, r.srvconn, between);
  if (r.redispatched) line.byte(PLUS);
  putNumber(line, r.retries, SPACE);
  putNumber(line, r.serverQueue, between);
  line.number(r.backendQueue);
}

function putRequest(line: LineText, r: SessionRecord): void {
  line.byte(QUOTE);
  line.hashed(r.request, REQUEST_MARKS);
  line.byte(QUOTE);
}
