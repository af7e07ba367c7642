/**
 * The aliases of log formats (`%ci`, `%ST`, ...; manual, chapter 8.2.6): what each prints of a session's record, what
 * it needs to have been found out, and when it is known.
 *
 * Text goes through the flags: quotes, escapes, and a dash where there is nothing (a format that makes a header has no
 * dash). Numbers are bare. `{+X}` is for addresses, ports, %Ts, %ms, %rt, %lc and %pid.
 */
import os from 'node:os';
import type { ItemFlags } from '../../config/log-format.ts';
import { packInet4, packInet6 } from '../../os/address.ts';
import { dateWithMilliseconds, dateWithZone, gmtDate, milliseconds } from './date.ts';
import { escapeCapture, escapeRequest, escapeStructured } from './escape.ts';
import { NEEDS_LOCAL, NEEDS_NUMBER, NEEDS_SOURCE } from './needs.ts';
import { BAD_REQUEST, type SessionRecord } from './record.ts';
import {
  requestMethod,
  requestPath,
  requestPathOnly,
  requestQuery,
  requestTarget,
  requestVersion,
} from './request-parts.ts';
import { activeMs, arrivalMs, dataMs, sessionMs, userMs } from './times.ts';

export type Print = (r: SessionRecord) => string;

/** When an item is known: once the answer begins (mode tcp: the server is connected), or at the end. */
export const WITH_ANSWER = 0;
export const AT_END = 1;
export type Moment = typeof WITH_ANSWER | typeof AT_END;

/** How an item is to be printed. */
export interface Manner extends ItemFlags {
  /** What stands for nothing: a dash, or, in what becomes a header, nothing. */
  readonly missing: string;
}

export interface AliasRow {
  readonly moment: Moment;
  readonly needs: number;
  readonly make: (manner: Manner) => Print;
  /** It may print nothing, and then the blank behind it goes too. */
  readonly vanishes: boolean;
}

function row(moment: Moment, make: (manner: Manner) => Print, needs = 0): AliasRow {
  return { moment, make, needs, vanishes: false };
}

/** Text or nothing, by the flags. */
export function textPrinter(read: (r: SessionRecord) => string | null, manner: Manner): Print {
  const { quoted, escaped, missing } = manner;
  if (quoted && escaped) return (r) => `"${escapeStructured(read(r) ?? '')}"`;
  if (quoted) return (r) => `"${read(r) ?? ''}"`;
  if (escaped) return (r) => escapeStructured(read(r) ?? '') || missing;
  return (r) => read(r) || missing;
}

function text(moment: Moment, read: (r: SessionRecord) => string | null, needs = 0): AliasRow {
  return row(moment, (manner) => textPrinter(read, manner), needs);
}

/** Text of a request: never a dash, always escaped. */
function requestText(read: (line: string) => string): AliasRow {
  return row(WITH_ANSWER, ({ quoted, escaped }) => {
    const shown = escaped
      ? (r: SessionRecord) => escapeStructured(escapeRequest(read(r.request)))
      : (r: SessionRecord) => escapeRequest(read(r.request));
    return quoted ? (r) => `"${shown(r)}"` : shown;
  });
}

function number(moment: Moment, read: (r: SessionRecord) => number, needs = 0): AliasRow {
  return row(moment, () => (r) => String(read(r)), needs);
}

/** With `{+X}` in hexadecimal of at least so many digits. */
function hexNumber(digits: number, moment: Moment, read: (r: SessionRecord) => number, needs = 0): AliasRow {
  const inHex: Print = (r) => toHex(read(r), digits);
  return row(moment, ({ hex }) => (hex ? inHex : (r) => String(read(r))), needs);
}

function toHex(n: number, digits: number): string {
  return n.toString(16).toUpperCase().padStart(digits, '0');
}

/** A total that `option logasap` logs before its time has a plus. */
function total(read: (r: SessionRecord) => number): AliasRow {
  return row(AT_END, () => (r) => (r.early ? `+${read(r)}` : String(read(r))));
}

function address(read: (r: SessionRecord) => string | null, moment: Moment, needs = 0): AliasRow {
  return row(
    moment,
    (manner) => {
      const print = textPrinter(read, manner);
      if (!manner.hex) return print;
      return (r) => hexAddress(read(r)) ?? print(r);
    },
    needs,
  );
}

function hexAddress(host: string | null): string | null {
  if (host === null || host === '' || host === 'unix') return null;
  return Buffer.from(host.includes(':') ? packInet6(host) : packInet4(host))
    .toString('hex')
    .toUpperCase();
}

/** Of the peers that have one; a UNIX socket shows the number of its listener. A number: it has no quotes. */
function port(
  hostOf: (r: SessionRecord) => string | null,
  read: (r: SessionRecord) => number,
  moment: Moment,
  needs = 0,
): AliasRow {
  return row(
    moment,
    (manner) => {
      const nothing = textPrinter(() => null, manner);
      const digits = manner.hex ? 4 : 0;
      return (r) => {
        const host = hostOf(r);
        if (host === null) return nothing(r);
        return digits === 0 || host === 'unix' ? String(read(r)) : toHex(read(r), digits);
      };
    },
    needs,
  );
}

function captures(read: (r: SessionRecord) => readonly (string | null)[] | null): AliasRow {
  const make = ({ quoted, escaped }: Manner): Print => {
    const encode = escaped ? (value: string) => escapeStructured(escapeCapture(value)) : escapeCapture;
    const mark = quoted ? '"' : '';
    return (r) => {
      const values = read(r);
      if (values === null) return '';
      return `${mark}{${values.map((value) => (value === null ? '' : encode(value))).join('|')}}${mark}`;
    };
  };
  return { moment: WITH_ANSWER, needs: 0, make, vanishes: true };
}

/** One word each, as CLF has them. */
function captureList(read: (r: SessionRecord) => readonly (string | null)[] | null): AliasRow {
  const make = ({ quoted, escaped }: Manner): Print => {
    const encode = escaped ? (value: string) => escapeStructured(escapeCapture(value)) : escapeCapture;
    return (r) => {
      const words = read(r)?.map((value) => (value === null ? (quoted ? '' : '-') : encode(value)));
      return words?.map((word) => (quoted ? `"${word}"` : word)).join(' ') ?? '';
    };
  };
  return { moment: WITH_ANSWER, needs: 0, make, vanishes: true };
}

const HOSTNAME = os.hostname();
const PID = process.pid;

const clientHost = (r: SessionRecord): string => r.clientHost;
const localHost = (r: SessionRecord): string => r.localHost;
const serverHost = (r: SessionRecord): string | null => r.serverHost;
const sourceHost = (r: SessionRecord): string | null => r.sourceHost;
const termination = (r: SessionRecord): string => r.cause + r.phase;

export const aliases: Readonly<Record<string, AliasRow>> = {
  B: total((r) => r.bytes),
  CC: text(WITH_ANSWER, (r) => r.requestCookie),
  CS: text(WITH_ANSWER, (r) => r.responseCookie),
  H: text(WITH_ANSWER, () => HOSTNAME),
  HM: requestText(requestMethod),
  HP: requestText(requestPath),
  HPO: requestText(requestPathOnly),
  HQ: requestText(requestQuery),
  HU: requestText(requestTarget),
  HV: requestText(requestVersion),
  ID: text(AT_END, (r) => r.uniqueId),
  OG: text(WITH_ANSWER, () => 'txn_close'),
  ST: row(WITH_ANSWER, () => (r) => String(r.mode === 'http' ? r.status : 0)),
  T: row(WITH_ANSWER, () => (r) => gmtDate(r.acceptedAtMs)),
  TR: number(AT_END, (r) => r.requestMs),
  Ta: total(activeMs),
  Tc: number(AT_END, (r) => r.connectMs),
  Td: number(AT_END, dataMs),
  Th: number(AT_END, (r) => r.handshakeMs),
  Ti: number(AT_END, (r) => r.idleMs),
  Tl: row(WITH_ANSWER, () => (r) => dateWithZone(r.acceptedAtMs)),
  Tq: number(AT_END, arrivalMs),
  Tr: number(AT_END, (r) => r.responseMs),
  Ts: hexNumber(4, WITH_ANSWER, (r) => Math.floor(r.acceptedAtMs / 1000)),
  Tt: total(sessionMs),
  Tu: total(userMs),
  Tw: number(AT_END, (r) => r.waitMs),
  U: number(AT_END, (r) => r.bytesIn),
  ac: number(AT_END, (r) => r.actconn),
  b: text(WITH_ANSWER, (r) => r.backend),
  bc: number(AT_END, (r) => r.beconn),
  bi: address(sourceHost, WITH_ANSWER, NEEDS_SOURCE),
  bp: port(sourceHost, (r) => r.sourcePort, WITH_ANSWER, NEEDS_SOURCE),
  bq: number(AT_END, (r) => r.backendQueue),
  ci: address(clientHost, WITH_ANSWER),
  cp: port(clientHost, (r) => r.clientPort, WITH_ANSWER),
  f: text(WITH_ANSWER, (r) => r.frontend),
  fc: number(AT_END, (r) => r.feconn),
  fi: address(localHost, WITH_ANSWER, NEEDS_LOCAL),
  fp: port(localHost, (r) => r.localPort, WITH_ANSWER, NEEDS_LOCAL),
  ft: row(WITH_ANSWER, ({ quoted }) => {
    const print: Print = (r) => (r.tls ? `${r.frontend}~` : r.frontend);
    return quoted ? (r) => `"${print(r)}"` : print;
  }),
  hr: captures((r) => r.requestHeaders),
  hrl: captureList((r) => r.requestHeaders),
  hs: captures((r) => r.responseHeaders),
  hsl: captureList((r) => r.responseHeaders),
  lc: hexNumber(4, WITH_ANSWER, (r) => r.lineNumber),
  ms: row(WITH_ANSWER, ({ hex }) =>
    hex ? (r) => toHex(Math.floor(r.acceptedAtMs) % 1000, 2) : (r) => milliseconds(r.acceptedAtMs),
  ),
  pid: hexNumber(4, WITH_ANSWER, () => PID),
  r: requestText((line) => (line === '' ? BAD_REQUEST : line)),
  rc: row(AT_END, () => (r) => (r.redispatched ? `+${r.retries}` : String(r.retries))),
  rt: hexNumber(4, WITH_ANSWER, (r) => r.requestNumber, NEEDS_NUMBER),
  s: text(WITH_ANSWER, (r) => r.server),
  sc: number(AT_END, (r) => r.srvconn),
  si: address(serverHost, WITH_ANSWER),
  sp: port(serverHost, (r) => r.serverPort, WITH_ANSWER),
  sq: number(AT_END, (r) => r.serverQueue),
  sslc: text(WITH_ANSWER, () => null),
  sslv: text(WITH_ANSWER, () => null),
  t: row(WITH_ANSWER, () => (r) => dateWithMilliseconds(r.acceptedAtMs)),
  tr: row(WITH_ANSWER, () => (r) => dateWithMilliseconds(r.requestAtMs)),
  trg: row(WITH_ANSWER, () => (r) => gmtDate(r.requestAtMs)),
  trl: row(WITH_ANSWER, () => (r) => dateWithZone(r.requestAtMs)),
  ts: row(AT_END, () => termination),
  tsc: row(WITH_ANSWER, () => (r) => r.cause + r.phase + r.cookieStates),
};
