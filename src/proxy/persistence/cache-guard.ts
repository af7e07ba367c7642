/**
 * `option checkcache` (manual, chapter 4.2): a response that sets cookies and that a cache might keep along with them is
 * refused, since whoever asked the cache next would get another's session.
 *
 * Looks at what the server sent, before anything is taken out; a response that the persistence cookie makes private is
 * let through again (response-cookies.ts).
 */
import { type Head, SET_COOKIE } from '../../wire/http1-head.ts';
import type { HttpStep, LineSink } from '../http/http-steps.ts';
import type { Transaction } from '../http/http-transaction.ts';
import { CACHEABLE, COOKIES_TOO, cacheability } from './cacheability.ts';

const ALL = CACHEABLE | COOKIES_TOO;

export class CacheGuard implements HttpStep {
  onResponse(transaction: Transaction, bytes: Uint8Array, head: Head, _lines: LineSink): void {
    transaction.refused = setsCookie(head) && cacheability(transaction.method, bytes, head) === ALL;
  }
}

function setsCookie(head: Head): boolean {
  for (let i = 0; i < head.count; i++) if (head.ids[i] === SET_COOKIE) return true;
  return false;
}
