/**
 * Cookies of a response: what the server said of the persistence cookie is removed, rewritten or left alone, and the
 * client is told which server it is bound to from now on (manual, chapter 4.2 "cookie").
 *
 * A `Set-Cookie` field holds one cookie (RFC 6265, section 4.1), so that one that is not wanted goes as a whole.
 */
import { CookiePair, closeGaps, isCookieName, readSetCookie } from '../../wire/cookie.ts';
import {
  FIELD_STRIDE,
  type Head,
  METHOD_POST,
  removeField,
  replaceValue,
  SET_COOKIE,
  shortenValue,
} from '../../wire/http1-head.ts';
import type { HttpStep, LineSink } from '../http/http-steps.ts';
import type { Transaction } from '../http/http-transaction.ts';
import {
  RESPONSE_DELETED,
  RESPONSE_FOUND,
  RESPONSE_INSERTED,
  RESPONSE_REWRITTEN,
  RESPONSE_UPDATED,
  type RequestNotes,
} from '../http/request-notes.ts';
import type { Server } from '../server/server.ts';
import { CACHEABLE, cacheability } from './cacheability.ts';
import { type CookieCapture, captureCookie } from './cookie-capture.ts';
import { encodeCookieDate, encodeKnownDate } from './cookie-date.ts';
import type { CookiePolicy } from './cookie-policy.ts';

const PRIVATE = Buffer.from('cache-control: private\r\n');

/** One a thread: filled and read within one call. */
const pair = new CookiePair();

export class ResponseCookies implements HttpStep {
  private readonly policy: CookiePolicy | null;
  private readonly capture: CookieCapture | null;
  /** Lines without dates, by server: they never change. */
  private readonly lines = new Map<Server, Uint8Array>();

  constructor(policy: CookiePolicy | null, capture: CookieCapture | null) {
    this.policy = policy;
    this.capture = capture;
  }

  onResponse(transaction: Transaction, bytes: Uint8Array, head: Head, lines: LineSink, server: Server): void {
    const notes = transaction.notes!;
    for (let i = 0; i < head.count; i++) {
      if (head.ids[i] !== SET_COOKIE) continue;
      if (this.takeField(transaction, notes, bytes, head, i, server)) removeField(head, i--);
    }
    const { policy } = this;
    if (policy === null || !isInsertionDue(policy, transaction, notes)) return;
    lines.add(this.lineFor(policy, notes, server));
    const isUpdate = transaction.wanted !== null && policy.cookieOf(server) !== null;
    notes.response = isUpdate ? RESPONSE_UPDATED : RESPONSE_INSERTED;
    if (!policy.conf.nocache || (cacheability(transaction.method, bytes, head) & CACHEABLE) === 0) return;
    lines.add(PRIVATE);
    transaction.refused = false;
  }

  /** True: the field is to go. */
  private takeField(
    transaction: Transaction,
    notes: RequestNotes,
    bytes: Uint8Array,
    head: Head,
    index: number,
    server: Server,
  ): boolean {
    const slot = FIELD_STRIDE * index;
    const start = head.fields[slot + 2]!;
    let end = head.fields[slot + 3]!;
    readSetCookie(bytes, start, end, pair);
    if (!pair.hasValue) return false;
    end -= closeGaps(bytes, end, pair);
    shortenValue(head, index, end);
    if (this.capture !== null) notes.responseCookie ??= captureCookie(this.capture, bytes, pair);
    const { policy } = this;
    if (policy === null || !isCookieName(bytes, pair, policy.name)) return false;
    notes.response = RESPONSE_FOUND;
    const { mode, indirect, preserve } = policy.conf;
    if (preserve) return false;
    if (mode === 'insert' || (indirect && transaction.wanted !== null)) {
      notes.response = RESPONSE_DELETED;
      return true;
    }
    const cookie = policy.cookieOf(server);
    if (cookie === null || mode === 'passive') return false;
    const value = mode === 'rewrite' ? cookie : `${cookie}~`;
    const restAt = mode === 'rewrite' ? pair.valueEnd : pair.valueStart;
    replaceValue(head, index, splice(bytes, start, pair.valueStart, value, restAt, end));
    notes.response = RESPONSE_REWRITTEN;
    return false;
  }

  private lineFor(policy: CookiePolicy, notes: RequestNotes, server: Server): Uint8Array {
    const { maxIdle, maxLife } = policy.conf;
    const dated = maxIdle > 0 || maxLife > 0;
    const known = dated ? undefined : this.lines.get(server);
    if (known !== undefined) return known;
    const line = makeLine(policy, notes, server);
    if (!dated) this.lines.set(server, line);
    return line;
  }
}

/** Not for a client that has the cookie already, unless a date in it has to change. */
function isInsertionDue({ conf }: CookiePolicy, transaction: Transaction, notes: RequestNotes): boolean {
  if (conf.mode !== 'insert') return false;
  if (conf.preserve && notes.response === RESPONSE_FOUND) return false;
  if (conf.postonly && transaction.method !== METHOD_POST) return false;
  if (transaction.wanted === null) return true;
  const { lastDate, firstDate } = notes;
  if (lastDate === 0 ? conf.maxIdle > 0 : lastDate < Math.floor(Date.now() / 1000)) return true;
  return conf.maxLife > 0 ? firstDate === 0 : firstDate !== 0;
}

/** A server without a cookie of its own has the client forget the one that it has. */
function makeLine(policy: CookiePolicy, notes: RequestNotes, server: Server): Uint8Array {
  const { name, maxIdle, maxLife, domains, httponly, secure, attributes } = policy.conf;
  const cookie = policy.cookieOf(server);
  const now = Math.floor(Date.now() / 1000);
  let text = `set-cookie: ${name}=`;
  if (cookie === null) text += '; Expires=Thu, 01-Jan-1970 00:00:01 GMT';
  else text += cookie;
  if (cookie !== null && (maxIdle > 0 || maxLife > 0)) text += `|${encodeCookieDate(now)}`;
  if (cookie !== null && maxLife > 0) {
    text += `|${notes.firstDate === 0 ? encodeCookieDate(now) : encodeKnownDate(notes.firstDate)}`;
  }
  text += '; path=/';
  for (const domain of domains) text += `; domain=${domain}`;
  if (httponly) text += '; HttpOnly';
  if (secure) text += '; Secure';
  for (const attribute of attributes) text += `; ${attribute}`;
  return Buffer.from(`${text}\r\n`);
}

/** The field's value from `start` to `end`, with `value` in the place of what is between the two offsets. */
function splice(bytes: Uint8Array, start: number, from: number, value: string, to: number, end: number): Uint8Array {
  return Buffer.concat([bytes.subarray(start, from), Buffer.from(value), bytes.subarray(to, end)]);
}
