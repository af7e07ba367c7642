/**
 * What one log line tells of a session or a request: a reusable record that the data plane fills and a line builder
 * reads. Its fields are HAProxy's log variables (manual, chapter 8.2); a time that was not reached is -1.
 *
 * One record per worker is enough: it is filled when the line is due, not kept while the session runs.
 */

import type { ProxyConf, ServerConf } from '../../config/haproxy.ts';
import type { SocketAddress } from '../../os/address.ts';
import type { Head } from '../../wire/http1-head.ts';
import { latin1 } from '../../wire/latin1.ts';
import type { Preamble } from '../listener/client-address.ts';

/** Server names that stand for no server. */
export const NO_SERVER = '<NOSRV>';
export const STATS_SERVER = '<STATS>';

/** What stands for a request that could not be read. */
export const BAD_REQUEST = '<BADREQ>';

/** HAProxy keeps this much of a request line, unless `tune.http.logurilen` says otherwise. */
const REQUEST_LINE_LIMIT = 1023;
const VERSION_LENGTH = 'HTTP/1.1'.length;

const NO_BYTES = new Uint8Array(0);

export class SessionRecord {
  /** Address text without brackets; "unix" with the listener's number as port for UNIX sockets. */
  clientHost = '';
  clientPort = 0;
  /** Where the client connected to; the default format alone shows it. */
  localHost = '';
  localPort = 0;
  /** Milliseconds since the epoch: when the connection was accepted, when the request's first byte came. */
  acceptedAtMs = 0;
  requestAtMs = 0;
  frontend = '';
  /** Marked with `~` behind the frontend's name. */
  tls = false;
  mode: 'tcp' | 'http' = 'tcp';
  backend = '';
  server = NO_SERVER;
  /** TR, Tw, Tc, Tr, and Ta (httplog) or Tt (tcplog). */
  requestMs = -1;
  waitMs = -1;
  connectMs = -1;
  responseMs = -1;
  totalMs = 0;
  /** Set for `option logasap`: total time and bytes are of the moment, shown with a `+`. */
  early = false;
  status = -1;
  bytes = 0;
  /** The two characters of the termination state: who ended it, and in which phase; `--` is normal. */
  cause = '-';
  phase = '-';
  actconn = 0;
  feconn = 0;
  beconn = 0;
  srvconn = 0;
  retries = 0;
  /** The last retry went to another server: shown as a `+`. */
  redispatched = false;
  serverQueue = 0;
  backendQueue = 0;
  /** The request line as Latin-1, escaped only when printed; BAD_REQUEST when there is none. */
  request = BAD_REQUEST;
  /** The other two characters of the termination state: what the request's cookie was worth, what the response's became. */
  cookieStates = '--';
  /** `capture cookie`: `NAME=value` as it came, cut to its length; null when there was none. */
  requestCookie: string | null = null;
  responseCookie: string | null = null;
  /** `capture request header` and `capture response header`, in their order; null: nothing is captured. */
  requestHeaders: readonly (string | null)[] | null = null;
  responseHeaders: readonly (string | null)[] | null = null;
  /** `unique-id-format`; null when there is none. */
  uniqueId: string | null = null;

  // ---- for formats and expressions of the user's own; `needs` of a compiled format says which of them it reads ------

  /** What stood before the connection's own bytes; then also the socket's own address, where it is needed. */
  preamble: Preamble | null = null;
  socketAddress: SocketAddress | number = 0;
  /** Th and Ti: handshakes of the connection, and the silence before the request's first byte. */
  handshakeMs = 0;
  idleMs = -1;
  bytesIn = 0;
  /** %rt and %lc: the how-manieth request of the process it is, and line of the frontend. */
  requestNumber = 0;
  lineNumber = 0;
  /** It is the first request of its connection. */
  isFirst = true;
  clientFamily: 4 | 6 | 'unix' = 4;
  /** Why a connection did not become a session; null for sessions. */
  failure: string | null = null;
  /** Of the `bind` line: null when it has no name. */
  listenerName: string | null = null;
  listenerId = 0;
  /** Address of the server, and the one it was connected from; null when there is no connection. */
  serverHost: string | null = null;
  serverPort = 0;
  sourceHost: string | null = null;
  sourcePort = 0;
  frontendConf: ProxyConf | null = null;
  backendConf: ProxyConf | null = null;
  serverConf: ServerConf | null = null;
  /** Heads at hand, for expressions that are evaluated while a request or a response is; else null. */
  requestHead: Head | null = null;
  requestBytes: Uint8Array = NO_BYTES;
  responseHead: Head | null = null;
  responseBytes: Uint8Array = NO_BYTES;
}

/** The request line for the log, as HAProxy shows it: method, target, version, cut at its limit. */
export function requestLine(
  bytes: Uint8Array,
  head: {
    readonly lineStart: number;
    readonly methodEnd: number;
    readonly uriStart: number;
    readonly uriEnd: number;
  },
  limit = REQUEST_LINE_LIMIT,
): string {
  let versionStart = head.uriEnd;
  while (bytes[versionStart] === 32 || bytes[versionStart] === 9) versionStart++;
  const end = versionStart + VERSION_LENGTH;
  // Nearly always it stands there just as it is to be shown.
  const isSingle = head.uriStart === head.methodEnd + 1 && versionStart === head.uriEnd + 1;
  const isPlain = isSingle && bytes[head.methodEnd] === 32 && bytes[head.uriEnd] === 32;
  if (isPlain && end - head.lineStart <= limit) return latin1(bytes, head.lineStart, end);
  const method = latin1(bytes, head.lineStart, head.methodEnd);
  const uriEnd = Math.min(head.uriEnd, head.uriStart + limit);
  // Its version as it was sent: `HTTP/1.9` is served as 1.1.
  const version = latin1(bytes, versionStart, end);
  const line = `${method} ${latin1(bytes, head.uriStart, uriEnd)} ${version}`;
  return line.length > limit ? line.slice(0, limit) : line;
}

/** Whether `option log-separate-errors` and `option dontlog-normal` take it for an error. */
export function isErroneous(record: SessionRecord): boolean {
  const abnormal = record.cause !== '-' && record.cause !== 'L';
  return abnormal || record.redispatched || record.retries > 0 || record.status >= 500;
}
