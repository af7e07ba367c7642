/**
 * The request of an exchange on its way to the server: its head put together anew, then its body, passed on byte for
 * byte while a meter looks for the end (RFC 9112, section 6).
 *
 * What was composed is kept in `request` until the server answers, so that it can be sent once more when a connection
 * that rested turns out to be dead. Here heads of requests get what a configuration adds (http-steps.ts) and what every
 * request gets (http-rewrite.ts); the choice of a server only reads what they left in the transaction.
 */

import { findField, type Head, removeField } from '../../wire/http1-head.ts';
import { isPlain, writePlainRequestHead, writeRequestHead } from '../../wire/http1-write.ts';
import type { ClientAddress } from '../listener/client-address.ts';
import type { PooledBuffer } from '../loop/buffers.ts';
import { BROKEN, END, type SocketEnd } from '../loop/socket-end.ts';
import type { ServerConnection } from '../server/server-connection.ts';
import { MORE, SPLICE_BODY, SPLICE_REQUEST, spliceBody, spliceDirections } from '../splicing.ts';
import { BULK_SIZE, type WorkerContext } from '../worker-context.ts';
import { adjustCases } from './header-cases.ts';
import { dropOddNames } from './header-names.ts';
import { BodyMeter } from './http-body.ts';
import type { HttpExchange } from './http-exchange.ts';
import { HeadLines, RequestLines, requestLength, serverConnectionLine } from './http-rewrite.ts';

const READS_A_TURN = 8;
/** Repeating these changes nothing (RFC 9110, 9.2.2): they may be sent again on a fresh connection. */
const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE|TRACE) /;

/** One a thread: filled and read within one call. */
const added = new HeadLines();

export class HttpUpload {
  readonly body = new BodyMeter();
  /** What was composed, as long as it may have to be sent again. */
  request: PooledBuffer | null = null;
  /** Where the composed head ends. */
  private headEnd = 0;
  private readonly exchange: HttpExchange;
  private readonly lines = new RequestLines();

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
  }

  begin(head: Head): void {
    this.body.dropsTrailers = this.exchange.frontend.backend?.conf.http.dropRequestTrailers ?? false;
    if (head.chunked) this.body.setChunked();
    else if (head.contentLength > 0) this.body.setLength(head.contentLength);
    else this.body.setNone();
  }

  /** Puts the request at hand together for the server: new head and as much of the body as is here. */
  compose(worker: WorkerContext, address: ClientAddress): boolean {
    const { input, report, frontend } = this.exchange;
    const { bytes, head, end } = input;
    if (frontend.nameRule === 'delete') dropOddNames(bytes, head);
    const request = worker.buffers.take();
    this.request = request;
    report.bytesIn += requestLength(head);
    const extra = this.composeLines(address, bytes, head);
    const room = request.bytes.length;
    const at = isPlain(head)
      ? writePlainRequestHead(bytes, head, request.bytes, request.view, 0, room, extra)
      : writeRequestHead(bytes, head, request.bytes, 0, room, extra);
    this.headEnd = at;
    if (frontend.serverCases !== null && at > 0) adjustCases(frontend.serverCases, request.bytes, 0, at);
    const written = at < 0 ? -1 : this.body.pass(bytes, head.end, end, request.bytes, at);
    if (written < 0) return false;
    request.end = written;
    report.bytesIn += this.body.content;
    input.keep(this.body.consumed);
    return true;
  }

  /** All lines that are added to the head; runs the configured steps, which may change the head as well. */
  private composeLines(address: ClientAddress, bytes: Uint8Array, head: Head): Uint8Array {
    const { frontend, transaction } = this.exchange;
    const { pretendKeepalive, sendNameHeader } = frontend.backend!.conf.http;
    const { fd } = this.exchange.client;
    if (sendNameHeader !== null) dropFields(bytes, head, Buffer.from(sendNameHeader.toLowerCase(), 'latin1'));
    const keep = transaction.keepServer || pretendKeepalive;
    const connectionLine = serverConnectionLine(head.version, keep, head.upgrade);
    const steps = frontend.steps.request;
    if (steps === null) return this.lines.build(frontend, address, bytes, head, connectionLine, fd);
    added.clear();
    for (const step of steps) step.onRequest!(transaction, bytes, head, added, address);
    added.add(this.lines.build(frontend, address, bytes, head, connectionLine, fd));
    return added.take();
  }

  get isRepeatable(): boolean {
    const { request } = this;
    if (request === null) return false;
    const start = Buffer.from(request.bytes.buffer, request.bytes.byteOffset, 8).toString('latin1');
    return IDEMPOTENT.test(start);
  }

  /** Adds what has come of the body meanwhile, so that a request that fits a buffer can be sent again as a whole. */
  collect(client: SocketEnd, worker: WorkerContext): void {
    const { body, exchange } = this;
    const request = this.request!;
    const { scratch, headLimit } = worker;
    while (client.readable && !body.done && request.length < headLimit) {
      const n = client.read(scratch.address, body.most(headLimit - request.length));
      if (n === END || n === BROKEN) client.readable = true;
      if (n <= 0) return;
      const before = body.content;
      const written = body.pass(scratch.bytes, 0, n, request.bytes, request.end);
      if (written < 0) {
        exchange.failures.badRequestBody();
        return;
      }
      exchange.report.bytesIn += body.content - before;
      request.end = written;
      if (body.consumed < n) exchange.input.keepBytes(scratch.bytes, body.consumed, n);
    }
  }

  /**
   * Steps over what has come of a body that goes to nobody, so that a client that sent all of it may go on; as much as a
   * buffer would have held.
   */
  skim(client: SocketEnd, worker: WorkerContext): void {
    const { body, exchange } = this;
    const { scratch, headLimit } = worker;
    for (let room = headLimit - body.content; client.readable && !body.done && room > 0; ) {
      const n = client.read(scratch.address, body.most(room));
      if (n === END || n === BROKEN) client.readable = true;
      if (n <= 0) return;
      room -= n;
      const before = body.content;
      const bodyEnd = body.take(scratch.bytes, 0, n);
      if (bodyEnd < 0) return;
      exchange.report.bytesIn += body.content - before;
      if (bodyEnd < n) exchange.input.keepBytes(scratch.bytes, bodyEnd, n);
    }
  }

  /** Sends what was composed; false when the connection is broken. `isKept`: it stays here until there is an answer. */
  sendTo(connection: ServerConnection, isKept: boolean): boolean {
    const request = this.request!;
    const { sendNameHeader } = this.exchange.frontend.backend!.conf.http;
    if (sendNameHeader !== null) return this.sendNamed(connection, request, sendNameHeader);
    if (isKept) return connection.writeLater(request, request.start, request.end);
    return connection.write(request.bytes, request.address, request.start, request.end);
  }

  /** `http-send-name-header`: the server's name is the last line of the head. */
  private sendNamed(connection: ServerConnection, request: PooledBuffer, header: string): boolean {
    const line = Buffer.from(`${header.toLowerCase()}: ${connection.server.conf.name}\r\n`, 'utf8');
    const { serverCases } = this.exchange.frontend;
    const { bytes, start, end } = request;
    if (end + line.length > bytes.length) return connection.write(bytes, request.address, start, end);
    bytes.copyWithin(this.headEnd - 2 + line.length, this.headEnd - 2, end);
    bytes.set(line, this.headEnd - 2);
    if (serverCases !== null) adjustCases(serverCases, bytes, start, this.headEnd + line.length);
    const sent = connection.write(bytes, request.address, start, end + line.length);
    bytes.copyWithin(this.headEnd - 2, this.headEnd - 2 + line.length, end + line.length);
    return sent;
  }

  /** Another client's requests follow. */
  forget(): void {
    this.body.setNone();
    this.lines.forget();
  }

  drop(): void {
    this.request?.giveBack();
    this.request = null;
  }

  /** Passes on what the client has sent of the body. */
  pass(client: SocketEnd, connection: ServerConnection, worker: WorkerContext): void {
    const { body, exchange } = this;
    const { scratch, loop } = worker;
    if (body.streams) {
      this.splice(client, connection, worker);
      return;
    }
    for (let reads = 0; client.readable && connection.accepting && !body.done; reads++) {
      if (reads === READS_A_TURN) {
        loop.defer(exchange);
        return;
      }
      const n = client.read(scratch.address, body.portion);
      if (n === END || n === BROKEN) exchange.failures.clientGone();
      if (n <= 0) return;
      const before = body.content;
      const to = body.isChunked ? worker.out : scratch;
      const end = body.isChunked ? body.pass(scratch.bytes, 0, n, to.bytes, 0) : body.take(scratch.bytes, 0, n);
      if (end < 0) {
        exchange.failures.badRequestBody();
        return;
      }
      const bodyEnd = body.isChunked ? body.consumed : end;
      exchange.report.bytesIn += body.content - before;
      if (exchange.frontend.conf.http.contstats) exchange.report.countTraffic();
      exchange.watchUpload();
      exchange.touchServer();
      if (bodyEnd < n) exchange.input.keepBytes(scratch.bytes, bodyEnd, n);
      if (end > 0 && !connection.write(to.bytes, to.address, 0, end)) return;
      if ((n === BULK_SIZE || body.remaining >= SPLICE_BODY) && !body.isChunked && this.maySplice(worker)) {
        body.streams = true;
        this.splice(client, connection, worker);
        return;
      }
    }
  }

  private maySplice(worker: WorkerContext): boolean {
    const { conf, backend } = this.exchange.frontend;
    if (worker.pipes === null || this.body.done) return false;
    return (spliceDirections(conf, backend!.conf) & SPLICE_REQUEST) !== 0;
  }

  private splice(client: SocketEnd, connection: ServerConnection, worker: WorkerContext): void {
    const { body, exchange } = this;
    const before = body.content;
    const outcome = spliceBody(client, connection, worker.pipes!, body);
    exchange.report.bytesIn += body.content - before;
    if (body.content > before) {
      exchange.watchUpload();
      exchange.touchServer();
    }
    if (outcome === END || outcome === BROKEN) exchange.failures.clientGone();
    else if (outcome === MORE) worker.loop.defer(exchange);
  }
}

function dropFields(bytes: Uint8Array, head: Head, lowerName: Uint8Array): void {
  for (let at = findField(bytes, head, lowerName); at >= 0; at = findField(bytes, head, lowerName, at)) {
    removeField(head, at);
  }
}
