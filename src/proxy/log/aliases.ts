/**
 * The aliases of log formats (`%ci`, `%ST`, ...; manual, chapter 8.2.6): what each writes of a session's record, what
 * it needs to have been found out, and when it is known.
 *
 * Text goes through the flags: quotes, escapes, and a dash where there is nothing (a format that makes a header has no
 * dash). Numbers are bare. `{+X}` is for addresses, ports, %Ts, %ms, %rt, %lc and %pid.
 */
import os from 'node:os';
import type { ItemFlags } from '../../config/log-format.ts';
import { packInet4, packInet6 } from '../../os/address.ts';
import type { LineText } from '../../wire/line-text.ts';
import { putDate, putGmtDate, putMilliseconds, putZonedDate } from './date.ts';
import { CAPTURE_MARKS, escapeCapture, escapeRequest, escapeStructured, REQUEST_MARKS } from './escape.ts';
import type { Put } from './lines.ts';
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

/** When an item is known: once the answer begins (mode tcp: the server is connected), or at the end. */
export const WITH_ANSWER = 0;
export const AT_END = 1;
export type Moment = typeof WITH_ANSWER | typeof AT_END;

/** How an item is to be printed. */
export interface Manner extends ItemFlags {
  /** What stands for nothing: a dash, or, in what becomes a header, nothing. */
  readonly missing: string;
  /** Whoever asks escapes by himself. */
  readonly raw?: boolean;
}

export interface AliasRow {
  readonly moment: Moment;
  readonly needs: number;
  readonly make: (manner: Manner) => Put;
  /** It may write nothing, and then the blank behind it goes too. */
  readonly vanishes: boolean;
}

const QUOTE = 34;
const PLUS = 43;

function row(moment: Moment, make: (manner: Manner) => Put, needs = 0): AliasRow {
  return { moment, make, needs, vanishes: false };
}

/** Text or nothing, by the flags. */
export function textWriter(read: (r: SessionRecord) => string | null, manner: Manner): Put {
  const { quoted, escaped, missing } = manner;
  const plain = escaped ? (r: SessionRecord) => escapeStructured(read(r) ?? '') : read;
  if (quoted) return inQuotes((line, r) => line.text(plain(r) ?? ''));
  return (line, r) => line.text(plain(r) || missing);
}

function inQuotes(put: Put): Put {
  return (line, r) => {
    line.byte(QUOTE);
    put(line, r);
    line.byte(QUOTE);
  };
}

function text(moment: Moment, read: (r: SessionRecord) => string | null, needs = 0): AliasRow {
  return row(moment, (manner) => textWriter(read, manner), needs);
}

/** Text of a request: never a dash, always escaped. */
function requestText(read: (line: string) => string): AliasRow {
  return row(WITH_ANSWER, ({ quoted, escaped, raw }) => {
    if (raw) return (line, r) => line.text(read(r.request));
    const put: Put = escaped
      ? (line, r) => line.text(escapeStructured(escapeRequest(read(r.request))))
      : (line, r) => line.hashed(read(r.request), REQUEST_MARKS);
    return quoted ? inQuotes(put) : put;
  });
}

function number(moment: Moment, read: (r: SessionRecord) => number, needs = 0): AliasRow {
  return row(moment, () => (line, r) => line.number(read(r)), needs);
}

/** With `{+X}` in hexadecimal of at least so many digits. */
function hexNumber(digits: number, moment: Moment, read: (r: SessionRecord) => number, needs = 0): AliasRow {
  const inHex: Put = (line, r) => line.text(toHex(read(r), digits));
  return row(moment, ({ hex }) => (hex ? inHex : (line, r) => line.number(read(r))), needs);
}

function toHex(n: number, digits: number): string {
  return n.toString(16).toUpperCase().padStart(digits, '0');
}

/** A total that `option logasap` logs before its time has a plus. */
function total(read: (r: SessionRecord) => number): AliasRow {
  return row(AT_END, () => (line, r) => {
    if (r.early) line.byte(PLUS);
    line.number(read(r));
  });
}

function address(read: (r: SessionRecord) => string | null, moment: Moment, needs = 0): AliasRow {
  return row(
    moment,
    (manner) => {
      const put = textWriter(read, manner);
      if (!manner.hex) return put;
      return (line, r) => {
        const shown = hexAddress(read(r));
        if (shown === null) put(line, r);
        else line.text(shown);
      };
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
      const putNothing = textWriter(() => null, manner);
      const { hex } = manner;
      return (line, r) => {
        const host = hostOf(r);
        if (host === null) putNothing(line, r);
        else if (hex && host !== 'unix') line.text(toHex(read(r), 4));
        else line.number(read(r));
      };
    },
    needs,
  );
}

type ReadValues = (r: SessionRecord) => readonly (string | null)[] | null;

function valueWriter(escaped: boolean): (line: LineText, value: string) => void {
  if (escaped) return (line, value) => line.text(escapeStructured(escapeCapture(value)));
  return (line, value) => line.hashed(value, CAPTURE_MARKS);
}

function captures(read: ReadValues): AliasRow {
  const make = ({ quoted, escaped }: Manner): Put => {
    const putValue = valueWriter(escaped);
    const [before, behind] = quoted ? ['"{', '}"'] : ['{', '}'];
    return (line, r) => {
      const values = read(r);
      if (values === null) return;
      line.text(before!);
      for (let i = 0; i < values.length; i++) {
        if (i > 0) line.text('|');
        putValue(line, values[i] ?? '');
      }
      line.text(behind!);
    };
  };
  return { moment: WITH_ANSWER, needs: 0, make, vanishes: true };
}

/** One word each, as CLF has them. */
function captureList(read: ReadValues): AliasRow {
  const make = ({ quoted, escaped }: Manner): Put => {
    const putValue = valueWriter(escaped);
    const mark = quoted ? '"' : '';
    const missing = quoted ? '' : '-';
    return (line, r) => {
      const values = read(r);
      if (values === null) return;
      for (let i = 0; i < values.length; i++) {
        line.text(i > 0 ? ` ${mark}` : mark);
        const value = values[i] ?? null;
        if (value === null) line.text(missing);
        else putValue(line, value);
        line.text(mark);
      }
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

const putTermination: Put = (line, r) => {
  line.text(r.cause);
  line.text(r.phase);
};

const putFrontend: Put = (line, r) => {
  line.text(r.frontend);
  if (r.tls) line.text('~');
};

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
  ST: row(WITH_ANSWER, () => (line, r) => line.number(r.mode === 'http' ? r.status : 0)),
  T: row(WITH_ANSWER, () => (line, r) => putGmtDate(line, r.acceptedAtMs)),
  TR: number(AT_END, (r) => r.requestMs),
  Ta: total(activeMs),
  Tc: number(AT_END, (r) => r.connectMs),
  Td: number(AT_END, dataMs),
  Th: number(AT_END, (r) => r.handshakeMs),
  Ti: number(AT_END, (r) => r.idleMs),
  Tl: row(WITH_ANSWER, () => (line, r) => putZonedDate(line, r.acceptedAtMs)),
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
  ft: row(WITH_ANSWER, ({ quoted }) => (quoted ? inQuotes(putFrontend) : putFrontend)),
  hr: captures((r) => r.requestHeaders),
  hrl: captureList((r) => r.requestHeaders),
  hs: captures((r) => r.responseHeaders),
  hsl: captureList((r) => r.responseHeaders),
  lc: hexNumber(4, WITH_ANSWER, (r) => r.lineNumber),
  ms: row(WITH_ANSWER, ({ hex }) =>
    hex
      ? (line, r) => line.text(toHex(Math.floor(r.acceptedAtMs) % 1000, 2))
      : (line, r) => putMilliseconds(line, r.acceptedAtMs),
  ),
  pid: hexNumber(4, WITH_ANSWER, () => PID),
  r: requestText((line) => (line === '' ? BAD_REQUEST : line)),
  rc: row(AT_END, () => (line, r) => {
    if (r.redispatched) line.byte(PLUS);
    line.number(r.retries);
  }),
  rt: hexNumber(4, WITH_ANSWER, (r) => r.requestNumber, NEEDS_NUMBER),
  s: text(WITH_ANSWER, (r) => r.server),
  sc: number(AT_END, (r) => r.srvconn),
  si: address(serverHost, WITH_ANSWER),
  sp: port(serverHost, (r) => r.serverPort, WITH_ANSWER),
  sq: number(AT_END, (r) => r.serverQueue),
  sslc: text(WITH_ANSWER, () => null),
  sslv: text(WITH_ANSWER, () => null),
  t: row(WITH_ANSWER, () => (line, r) => putDate(line, r.acceptedAtMs)),
  tr: row(WITH_ANSWER, () => (line, r) => putDate(line, r.requestAtMs)),
  trg: row(WITH_ANSWER, () => (line, r) => putGmtDate(line, r.requestAtMs)),
  trl: row(WITH_ANSWER, () => (line, r) => putZonedDate(line, r.requestAtMs)),
  ts: row(AT_END, () => putTermination),
  tsc: row(WITH_ANSWER, () => (line, r) => {
    putTermination(line, r);
    line.text(r.cookieStates);
  }),
};
