/**
 * What is noted of one request and its response for the log and for the response's own cookies: what the persistence
 * cookie was worth, captured cookies and headers, the unique id.
 *
 * One a client connection, and only where a configuration asks for any of it; begun anew with every request.
 */
import type { SessionRecord } from '../log/record.ts';
import { SessionKey } from '../persistence/application-sessions.ts';
import type { Server } from '../server/server.ts';

/** What the cookie of a request was worth (manual, chapter 8.5): none, invalid, down, valid, expired, old, unused. */
export const REQUEST_NONE = 0;
export const REQUEST_INVALID = 1;
export const REQUEST_DOWN = 2;
export const REQUEST_VALID = 3;
export const REQUEST_EXPIRED = 4;
export const REQUEST_OLD = 5;
export const REQUEST_UNUSED = 6;
const REQUEST_CHARS = 'NIDVEOU';

/** What became of the response's: none, provided by the server, deleted, inserted, rewritten, updated. */
const RESPONSE_NONE = 0;
export const RESPONSE_FOUND = 1;
export const RESPONSE_DELETED = 2;
export const RESPONSE_INSERTED = 3;
export const RESPONSE_REWRITTEN = 4;
export const RESPONSE_UPDATED = 5;
const RESPONSE_CHARS = 'NPDIRU';

const states = [...REQUEST_CHARS].map((request) => [...RESPONSE_CHARS].map((response) => request + response));

export class RequestNotes {
  request = REQUEST_NONE;
  response = RESPONSE_NONE;
  /** Seconds that came with the cookie; 0: none. */
  lastDate = 0;
  firstDate = 0;
  /** The server that the cookie led to. */
  bound: Server | null = null;
  requestCookie: string | null = null;
  responseCookie: string | null = null;
  readonly requestHeaders: (string | null)[] | null;
  readonly responseHeaders: (string | null)[] | null;
  uniqueId: string | null = null;
  /** The application session that the request belongs to. */
  readonly session = new SessionKey();
  /** Persistence is at work: its states are shown. */
  private readonly showsStates: boolean;

  constructor(requestHeaders: number, responseHeaders: number, showsStates: boolean) {
    this.requestHeaders = requestHeaders === 0 ? null : new Array<string | null>(requestHeaders).fill(null);
    this.responseHeaders = responseHeaders === 0 ? null : new Array<string | null>(responseHeaders).fill(null);
    this.showsStates = showsStates;
  }

  reset(): void {
    this.request = REQUEST_NONE;
    this.response = RESPONSE_NONE;
    this.lastDate = 0;
    this.firstDate = 0;
    this.bound = null;
    this.requestCookie = null;
    this.responseCookie = null;
    this.requestHeaders?.fill(null);
    this.responseHeaders?.fill(null);
    this.uniqueId = null;
    this.session.known = false;
  }

  /** The response turns out to be none. */
  forgetResponse(): void {
    this.response = RESPONSE_NONE;
    this.responseCookie = null;
    this.responseHeaders?.fill(null);
  }

  /** `server`: which one it came to in the end, or the one that it was bound to until the end. */
  fill(record: SessionRecord, server: Server | null): void {
    const moved = this.request === REQUEST_VALID && server !== this.bound;
    record.cookieStates = this.showsStates ? states[moved ? REQUEST_DOWN : this.request]![this.response]! : '--';
    record.requestCookie = this.requestCookie;
    record.responseCookie = this.responseCookie;
    record.requestHeaders = this.requestHeaders;
    record.responseHeaders = this.responseHeaders;
    record.uniqueId = this.uniqueId;
  }
}

/** For proxies that note nothing: the record may show another's. */
export function fillNothing(record: SessionRecord): void {
  record.cookieStates = '--';
  record.requestCookie = null;
  record.responseCookie = null;
  record.requestHeaders = null;
  record.responseHeaders = null;
  record.uniqueId = null;
}
