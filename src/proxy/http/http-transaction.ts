/**
 * What is known of one request and its response while they pass: the facts that the parts of an exchange share, so that
 * whoever reads a request leaves here what whoever writes the response or the log line needs.
 *
 * One a client connection, begun anew with every request. Bytes are not kept here: `bytes` of a head are gone with the
 * next read, so what is needed later is copied when the head is at hand.
 */
import { type Head, METHOD_CONNECT } from '../../wire/http1-head.ts';
import type { Frontend } from '../frontend.ts';
import type { Server } from '../server/server.ts';
import type { RequestNotes } from './request-notes.ts';
import type { UniqueIdMaker } from './unique-id.ts';

export class Transaction {
  method = 0;
  /** 10 or 11. */
  requestVersion = 11;
  /** The request asks to leave HTTP: an upgrade, or CONNECT. */
  upgrade = false;
  /** Whether the connections may serve another request, as far as is known by now. */
  keepClient = true;
  keepServer = true;
  /** The server that the client is bound to, as long as the request stays with it; null: balancing decides. */
  wanted: Server | null = null;
  /** Its response must not reach the client. */
  refused = false;
  /** Null where no configuration asks for any. */
  readonly notes: RequestNotes | null;
  /** Where `unique-id-format` is configured. */
  idMaker: UniqueIdMaker | null = null;

  constructor(frontend: Frontend) {
    this.notes = frontend.makeNotes();
  }

  begin(head: Head, frontend: Frontend, stopping: boolean): void {
    this.method = head.method;
    this.requestVersion = head.version;
    this.upgrade = head.upgrade || head.method === METHOD_CONNECT;
    const mode = frontend.conf.httpConnectionMode;
    const serverMode = frontend.backend?.conf.httpConnectionMode ?? mode;
    this.keepClient = head.keepAlive && mode !== 'close' && serverMode !== 'close' && !stopping;
    this.keepServer = mode === 'keep-alive' && serverMode === 'keep-alive';
    this.wanted = null;
    this.refused = false;
  }
}
