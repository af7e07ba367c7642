/**
 * Log lines of sessions and requests in HAProxy's formats (manual, chapters 8.2.1 to 8.2.4, and the CLF variants).
 *
 * Pure: a record in, the text behind the syslog header out, without line end. Text is Latin-1: one character a byte.
 */
import type { NamedLogFormat } from '../../config/logging.ts';
import { dateWithMilliseconds, gmtDate, milliseconds } from './date.ts';
import { escapeCapture, escapeRequest } from './escape.ts';
import { BAD_REQUEST, type SessionRecord } from './record.ts';

/** The builder of a format: looked up once per frontend, called per line. */
export function lineBuilder(format: NamedLogFormat): (record: SessionRecord) => string {
  switch (format) {
    case 'tcplog':
      return tcpLine;
    case 'httplog':
      return httpLine;
    case 'clf':
      return clfLine;
    case 'httpslog':
      return httpsLine;
    case 'tcplog clf':
      return tcpClfLine;
    case 'default':
      return connectLine;
  }
}

/** `option tcplog`. */
export function tcpLine(r: SessionRecord): string {
  const plus = r.early ? '+' : '';
  return (
    `${r.clientHost}:${r.clientPort} [${dateWithMilliseconds(r.acceptedAtMs)}] ${frontendName(r)} ` +
    `${r.backend}/${r.server} ${r.waitMs}/${r.connectMs}/${plus}${r.totalMs} ${plus}${r.bytes} ` +
    `${r.cause}${r.phase} ${connections(r)}`
  );
}

/** `option httplog`. */
export function httpLine(r: SessionRecord): string {
  const plus = r.early ? '+' : '';
  return (
    `${r.clientHost}:${r.clientPort} [${dateWithMilliseconds(r.requestAtMs)}] ${frontendName(r)} ` +
    `${r.backend}/${r.server} ${r.requestMs}/${r.waitMs}/${r.connectMs}/${r.responseMs}/${plus}${r.totalMs} ` +
    `${r.status} ${plus}${r.bytes} ${r.requestCookie ?? '-'} ${r.responseCookie ?? '-'} ${r.cause}${r.phase}${r.cookieStates} ` +
    `${connections(r)} ${captured(r.requestHeaders)}${captured(r.responseHeaders)}"${requestText(r)}"`
  );
}

/** `option httpslog`: what is known of TLS behind `option httplog`. */
export function httpsLine(r: SessionRecord): string {
  return `${httpLine(r)} 0/-/-/-/0 -/-/-`;
}

/** `option httplog clf`: Apache's common format, the rest behind it. */
export function clfLine(r: SessionRecord): string {
  const plus = r.early ? '+' : '';
  return (
    `${r.clientHost} - - [${gmtDate(r.requestAtMs)}] "${requestText(r)}" ${r.status} ${plus}${r.bytes} "" "" ` +
    `${r.clientPort} ${milliseconds(r.acceptedAtMs)} "${frontendName(r)}" "${r.backend}" "${r.server}" ` +
    `${r.requestMs} ${r.waitMs} ${r.connectMs} ${r.responseMs} ${plus}${r.totalMs} ` +
    `${r.cause}${r.phase}${r.cookieStates} ${connectionWords(r)} "${r.requestCookie ?? ''}" "${r.responseCookie ?? ''}" ` +
    `${capturedWords(r.requestHeaders, r.responseHeaders)}`
  );
}

/** `option tcplog clf`. */
export function tcpClfLine(r: SessionRecord): string {
  const plus = r.early ? '+' : '';
  return (
    `${r.clientHost} - - [${gmtDate(r.acceptedAtMs)}] "TCP " 000 ${plus}${r.bytes} "" "" ` +
    `${r.clientPort} ${milliseconds(r.acceptedAtMs)} "${frontendName(r)}" "${r.backend}" "${r.server}" ` +
    `${r.handshakeMs} ${r.waitMs} ${r.connectMs} ${plus}${r.totalMs} ${r.bytesIn} ${r.cause}${r.phase}-- ` +
    `${connectionWords(r)} "" "" `
  );
}

/** No `option ...log` at all: one line when the connection is taken. */
export function connectLine(r: SessionRecord): string {
  const mode = r.mode === 'http' ? 'HTTP' : 'TCP';
  return `Connect from ${r.clientHost}:${r.clientPort} to ${r.localHost}:${r.localPort} (${r.frontend}/${mode})`;
}

/** A connection that failed before it became a session. */
export function errorLine(r: SessionRecord, listener: string, message: string): string {
  return `${r.clientHost}:${r.clientPort} [${dateWithMilliseconds(r.acceptedAtMs)}] ${r.frontend}/${listener}: ${message}`;
}

function frontendName(r: SessionRecord): string {
  return r.tls ? `${r.frontend}~` : r.frontend;
}

/** `{first|second} `, nothing when nothing is captured. */
function captured(headers: readonly (string | null)[] | null): string {
  return headers === null ? '' : `{${headers.map((value) => escapeCapture(value ?? '')).join('|')}} `;
}

function connections(r: SessionRecord): string {
  const redispatched = r.redispatched ? '+' : '';
  return (
    `${r.actconn}/${r.feconn}/${r.beconn}/${r.srvconn}/${redispatched}${r.retries} ` +
    `${r.serverQueue}/${r.backendQueue}`
  );
}

function connectionWords(r: SessionRecord): string {
  const redispatched = r.redispatched ? '+' : '';
  return (
    `${r.actconn} ${r.feconn} ${r.beconn} ${r.srvconn} ${redispatched}${r.retries} ` +
    `${r.serverQueue} ${r.backendQueue}`
  );
}

/** `"first" "second"`: one word each. */
function capturedWords(...all: readonly (readonly (string | null)[] | null)[]): string {
  const lists = all.filter((headers) => headers !== null);
  return lists.map((headers) => headers.map((value) => `"${escapeCapture(value ?? '')}"`).join(' ')).join(' ');
}

function requestText(r: SessionRecord): string {
  return r.request === BAD_REQUEST ? BAD_REQUEST : escapeRequest(r.request);
}
