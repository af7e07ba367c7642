/**
 * `appsession` (manual of HAProxy 1.5, chapter 4.2): requests that carry an application's session, in a cookie or in
 * their target, go to the server that made it; who made it is learnt from responses, and from requests where the
 * configuration says so.
 */
import type { AppsessionConf } from '../../config/persistence.ts';
import { CookiePair, readCookie, readSetCookie, startsWith } from '../../wire/cookie.ts';
import { COOKIE, FIELD_STRIDE, type Head, SET_COOKIE } from '../../wire/http1-head.ts';
import type { HttpStep, LineSink } from '../http/http-steps.ts';
import type { Transaction } from '../http/http-transaction.ts';
import type { Backend } from '../server/backend.ts';
import type { Server } from '../server/server.ts';
import { type ApplicationSessions, SessionKey } from './application-sessions.ts';
import { mayServe } from './cookie-policy.ts';

const SEMICOLON = 59;
const QUESTION = 63;
const AMPERSAND = 38;
const EQUALS = 61;

/** One a thread: filled and read within one call. */
const pair = new CookiePair();

export class AppsessionStep implements HttpStep {
  private readonly conf: AppsessionConf;
  private readonly name: Uint8Array;
  private readonly servers: readonly Server[];
  private readonly persist: boolean;
  private readonly sessions: ApplicationSessions;
  private readonly places: ReadonlyMap<Server, number>;
  private readonly answered = new SessionKey();

  constructor(conf: AppsessionConf, backend: Backend, sessions: ApplicationSessions) {
    this.conf = conf;
    this.name = Buffer.from(conf.name);
    this.servers = backend.servers;
    this.persist = backend.conf.persistence.persist;
    this.sessions = sessions;
    this.places = new Map(backend.servers.map((server, place) => [server, place]));
  }

  onRequest(transaction: Transaction, bytes: Uint8Array, head: Head, _lines: LineSink): void {
    const key = transaction.notes!.session;
    key.known = false;
    this.readCookies(bytes, head, key);
    if (!key.known) this.readTarget(bytes, head, key);
    if (!key.known || transaction.wanted !== null) return;
    const place = this.sessions.find(key, Date.now());
    const server = this.servers[place];
    if (server !== undefined && mayServe(server, this.persist)) transaction.wanted = server;
    // Learnt from requests only where that was asked for.
    if (server === undefined && !this.conf.requestLearn) key.known = false;
  }

  onResponse(transaction: Transaction, bytes: Uint8Array, head: Head, _lines: LineSink, server: Server): void {
    const { answered } = this;
    answered.known = false;
    for (let i = 0; i < head.count; i++) {
      if (head.ids[i] !== SET_COOKIE) continue;
      readSetCookie(bytes, head.fields[FIELD_STRIDE * i + 2]!, head.fields[FIELD_STRIDE * i + 3]!, pair);
      this.takePair(bytes, answered);
    }
    const key = answered.known ? answered : transaction.notes!.session;
    const place = this.places.get(server);
    if (key.known && place !== undefined) this.sessions.learn(key, place, Date.now());
  }

  private readCookies(bytes: Uint8Array, head: Head, key: SessionKey): void {
    for (let i = 0; i < head.count && !key.known; i++) {
      if (head.ids[i] !== COOKIE) continue;
      const start = head.fields[FIELD_STRIDE * i + 2]!;
      const end = head.fields[FIELD_STRIDE * i + 3]!;
      for (let at = start, isFirst = true; at < end && !key.known; at = pair.end, isFirst = false) {
        readCookie(bytes, at, end, isFirst, pair);
        this.takePair(bytes, key);
      }
    }
  }

  /** With `prefix` the rest of the name belongs to the value. */
  private takePair(bytes: Uint8Array, key: SessionKey): void {
    const { name, conf } = this;
    const length = pair.nameEnd - pair.nameStart;
    if (!pair.hasValue || !startsWith(bytes, pair.nameStart, name)) return;
    if (conf.prefix ? length < name.length : length !== name.length) return;
    this.takeValue(bytes, conf.prefix ? pair.nameStart + name.length : pair.valueStart, pair.valueEnd, key);
  }

  private takeValue(bytes: Uint8Array, start: number, end: number, key: SessionKey): void {
    if (end > start) this.sessions.takeKey(bytes, start, Math.min(end, start + this.conf.length), key);
  }

  /** `/path;NAME=value`, or `?NAME=value&...`. */
  private readTarget(bytes: Uint8Array, head: Head, key: SessionKey): void {
    const inQuery = this.conf.place === 'query-string';
    const end = head.uriEnd;
    let at = head.uriStart;
    while (at < end && bytes[at] !== (inQuery ? QUESTION : SEMICOLON)) {
      if (!inQuery && bytes[at] === QUESTION) return;
      at++;
    }
    while (at < end && !key.known) {
      const start = at + 1;
      at = start;
      while (at < end && !endsParameter(bytes[at]!)) at++;
      this.takeParameter(bytes, start, at, key);
      if (!inQuery && bytes[at] === QUESTION) return;
    }
  }

  private takeParameter(bytes: Uint8Array, start: number, end: number, key: SessionKey): void {
    const { name, conf } = this;
    const nameEnd = start + name.length;
    if (nameEnd >= end || !startsWith(bytes, start, name)) return;
    if (conf.prefix) this.takeValue(bytes, nameEnd, end, key);
    else if (bytes[nameEnd] === EQUALS) this.takeValue(bytes, nameEnd + 1, end, key);
  }
}

function endsParameter(byte: number): boolean {
  return byte === SEMICOLON || byte === AMPERSAND || byte === QUESTION;
}
