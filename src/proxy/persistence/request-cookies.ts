/**
 * Cookies of a request: the persistence cookie says which server is wanted, and is hidden from the server where it should
 * not see it; another one may be noted for the log (manual, chapter 4.2 "cookie", "capture cookie").
 *
 * Lines are changed in place, and everything outside the persistence cookie stays as it came, but for blanks around
 * equal signs, which HAProxy takes away too.
 */
import { CookiePair, closeGaps, cutCookies, cutValue, isCookieName, readCookie } from '../../wire/cookie.ts';
import { COOKIE, FIELD_STRIDE, type Head, removeField, shortenValue } from '../../wire/http1-head.ts';
import type { HttpStep, LineSink } from '../http/http-steps.ts';
import type { Transaction } from '../http/http-transaction.ts';
import {
  REQUEST_DOWN,
  REQUEST_EXPIRED,
  REQUEST_INVALID,
  REQUEST_NONE,
  REQUEST_OLD,
  REQUEST_UNUSED,
  REQUEST_VALID,
  type RequestNotes,
} from '../http/request-notes.ts';
import { type CookieCapture, captureCookie } from './cookie-capture.ts';
import { COOKIE_DATE_LENGTH, decodeCookieDate } from './cookie-date.ts';
import { type CookiePolicy, DOWN } from './cookie-policy.ts';

/** Between a server's cookie and the dates behind it. */
const BAR = 124;
/** Between a server's cookie and the application's, in mode prefix. */
const TILDE = 126;
/** Dates in the future are believed up to here: clocks differ. */
const DAY = 86_400;

/** One a thread: filled and read within one call. */
const pair = new CookiePair();

export class RequestCookies implements HttpStep {
  private readonly policy: CookiePolicy | null;
  private readonly capture: CookieCapture | null;
  private readonly hides: boolean;
  private readonly prefixed: boolean;

  constructor(policy: CookiePolicy | null, capture: CookieCapture | null) {
    this.policy = policy;
    this.capture = capture;
    this.hides = policy !== null && policy.conf.mode === 'insert' && policy.conf.indirect;
    this.prefixed = policy !== null && policy.conf.mode === 'prefix';
  }

  onRequest(transaction: Transaction, bytes: Uint8Array, head: Head, _lines: LineSink): void {
    for (let i = 0; i < head.count; i++) {
      if (head.ids[i] !== COOKIE) continue;
      const slot = FIELD_STRIDE * i;
      const start = head.fields[slot + 2]!;
      const before = head.fields[slot + 3]!;
      const end = this.takeLine(transaction, bytes, start, before);
      shortenValue(head, i, end);
      if (end === start && end < before) removeField(head, i--);
    }
  }

  /** Returns where the line ends now; at its start: it is to go. */
  private takeLine(transaction: Transaction, bytes: Uint8Array, start: number, end: number): number {
    const notes = transaction.notes!;
    let lineEnd = end;
    let hiddenFrom = -1;
    let keeps = false;
    for (let at = start, isFirst = true; at < lineEnd; at = pair.end, isFirst = false) {
      readCookie(bytes, at, lineEnd, isFirst, pair);
      // It goes the way of the cookie before it.
      if (pair.isAttribute) continue;
      if (pair.hasValue) {
        lineEnd -= closeGaps(bytes, lineEnd, pair);
        if (this.capture !== null) notes.requestCookie ??= captureCookie(this.capture, bytes, pair);
        if (this.policy !== null && isCookieName(bytes, pair, this.policy.name)) {
          const partEnd = this.prefixed ? indexOf(bytes, TILDE, pair) : this.readDates(notes, bytes);
          this.judge(this.policy, transaction, notes, bytes, partEnd);
          if (this.prefixed && partEnd < pair.valueEnd) {
            lineEnd -= cutValue(bytes, lineEnd, pair, pair.valueStart, partEnd + 1);
            keeps = true;
          } else if (this.hides && hiddenFrom < 0) hiddenFrom = pair.from;
          continue;
        }
      }
      keeps = true;
      if (hiddenFrom < 0) continue;
      const gone = cutCookies(bytes, start, lineEnd, hiddenFrom, pair.from);
      pair.end -= gone;
      lineEnd -= gone;
      hiddenFrom = -1;
    }
    if (hiddenFrom < 0) return lineEnd;
    return keeps ? hiddenFrom : start;
  }

  /** `SERVER|last date|first date`: returns where the server's part ends. */
  private readDates(notes: RequestNotes, bytes: Uint8Array): number {
    const { valueEnd } = pair;
    const bar = indexOf(bytes, BAR, pair);
    if (bar === valueEnd) return bar;
    if (valueEnd - bar > COOKIE_DATE_LENGTH) notes.lastDate = decodeCookieDate(bytes, bar + 1) || notes.lastDate;
    let next = bar + 1;
    while (next < valueEnd && bytes[next] !== BAR) next++;
    if (valueEnd - next > COOKIE_DATE_LENGTH) notes.firstDate = decodeCookieDate(bytes, next + 1) || notes.firstDate;
    return bar;
  }

  /** What the cookie at hand is worth. The first one that leads to a server counts, else the first one. */
  private judge(
    policy: CookiePolicy,
    transaction: Transaction,
    notes: RequestNotes,
    bytes: Uint8Array,
    partEnd: number,
  ): void {
    const isTooOld = this.checkAge(policy, notes);
    const isFree = transaction.wanted === null;
    const found =
      isFree && !isTooOld && partEnd > pair.valueStart ? policy.find(bytes, pair.valueStart, partEnd) : null;
    if (found === DOWN) notes.request = REQUEST_DOWN;
    else if (found !== null) {
      notes.request = found.alive ? REQUEST_VALID : REQUEST_DOWN;
      notes.bound = found;
      transaction.wanted = found;
    } else if (notes.request === REQUEST_NONE) notes.request = isFree ? REQUEST_INVALID : REQUEST_UNUSED;
  }

  private checkAge({ conf }: CookiePolicy, notes: RequestNotes): boolean {
    if (notes.lastDate === 0 && notes.firstDate === 0) return false;
    const now = Math.floor(Date.now() / 1000);
    if (conf.maxLife > 0 && isOutside(notes.firstDate, now, conf.maxLife)) notes.request = REQUEST_OLD;
    else if (conf.maxIdle > 0 && isOutside(notes.lastDate, now, conf.maxIdle)) notes.request = REQUEST_EXPIRED;
    else return false;
    notes.lastDate = 0;
    notes.firstDate = 0;
    return true;
  }
}

function isOutside(date: number, now: number, limit: number): boolean {
  return date !== 0 && (now - date > limit || date - now > DAY);
}

/** Position in the value of the pair at hand, or its end. */
function indexOf(bytes: Uint8Array, byte: number, { valueStart, valueEnd }: CookiePair): number {
  let at = valueStart;
  while (at < valueEnd && bytes[at] !== byte) at++;
  return at;
}
