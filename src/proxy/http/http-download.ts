/**
 * The response of an exchange on its way to the client: interim heads, the head proper written anew, then the body,
 * passed on byte for byte while a meter looks for the end (RFC 9112, section 6).
 *
 * Here heads of responses get what a configuration adds (http-steps.ts) and what every response gets (http-rewrite.ts).
 * What the response means for both connections is settled here; when and how they end is the exchange's business.
 */
import { parseResponseHead, responseHasBody } from '../../wire/http1.ts';
import { type Head, INCOMPLETE, METHOD_CONNECT } from '../../wire/http1-head.ts';
import { cutLength, cutResponseHead, isPlain, writeResponseHead } from '../../wire/http1-write.ts';
import { copyBytes, type PooledBuffer } from '../loop/buffers.ts';
import { BROKEN, END, type SocketEnd } from '../loop/socket-end.ts';
import type { ServerConnection } from '../server/server-connection.ts';
import { MORE, SPLICE_BODY, SPLICE_RESPONSE, spliceBody, spliceDirections } from '../splicing.ts';
import { BULK_SIZE, type WorkerContext } from '../worker-context.ts';
import { adjustCases } from './header-cases.ts';
import { BodyMeter } from './http-body.ts';
import type { HttpExchange } from './http-exchange.ts';
import { clientConnectionLine, HeadLines, responseLength, rewrittenLength } from './http-rewrite.ts';
import { asksForConnection } from './tied-authentication.ts';

const READS_A_TURN = 8;
const NO_LINES = new Uint8Array(0);

/** One a thread: filled and read within one call. */
const added = new HeadLines();

export class HttpDownload {
  readonly body = new BodyMeter();
  private readonly exchange: HttpExchange;
  private readonly worker: WorkerContext;
  /** The start of a response head that came in pieces. */
  private partial: PooledBuffer | null = null;

  constructor(exchange: HttpExchange, worker: WorkerContext) {
    this.exchange = exchange;
    this.worker = worker;
  }

  private get client(): SocketEnd {
    return this.exchange.client;
  }

  /** Some of a response head has come. */
  get begun(): boolean {
    return this.partial !== null;
  }

  // ---- the head ----------------------------------------------------------------------------------------------------

  readHead(connection: ServerConnection): void {
    const { worker, partial } = this;
    const { batch } = worker.loop;
    if (!this.client.accepting) return;
    if (partial !== null) {
      this.readMore(connection, partial);
      return;
    }
    let { at } = batch;
    let n: number;
    if (connection.isAhead) {
      at = connection.aheadAt;
      n = connection.takeAhead();
    } else n = connection.read(batch.memory.address + at, worker.headRead);
    if (n === END || n === BROKEN) this.exchange.failures.serverGone();
    if (n <= 0) return;
    this.exchange.touchServer();
    this.parseHead(connection, batch.memory.bytes, at, at + n);
  }

  /** Behind the start of a head that came in pieces. */
  private readMore(connection: ServerConnection, partial: PooledBuffer): void {
    partial.compact();
    const n = connection.read(partial.address + partial.end, Math.min(partial.room, this.worker.headRead));
    if (n === END || n === BROKEN) this.exchange.failures.serverGone();
    if (n <= 0) return;
    this.exchange.touchServer();
    partial.end += n;
    this.parseHead(connection, partial.bytes, partial.start, partial.end);
  }

  private parseHead(connection: ServerConnection, bytes: Uint8Array, start: number, end: number): void {
    const { responseHead: head, headLimit } = this.worker;
    const { transaction } = this.exchange;
    head.lenient = this.exchange.frontend.backend!.conf.http.acceptUnsafeResponses;
    const length = parseResponseHead(bytes, start, end, head);
    const tooLong = length > headLimit || (length === INCOMPLETE && end - start >= headLimit);
    const unasked = head.status === 101 && length > 0 && !transaction.upgrade;
    if (unasked) this.exchange.report.bytesOut += responseLength(head);
    if (length < 0 || tooLong || unasked) this.exchange.failures.badResponse();
    else if (length === INCOMPLETE) this.keepPartial(connection, bytes, start, end);
    else if (head.status < 200 && head.status !== 101) this.passInterim(connection, bytes, head, end);
    else if (!this.exchange.failures.dropsResponse(head, isWhole(head, transaction.method, end))) {
      if (asksForConnection(bytes, head)) this.exchange.tieToConnection();
      this.passHead(connection, bytes, head, end);
    }
  }

  private keepPartial(connection: ServerConnection, bytes: Uint8Array, start: number, end: number): void {
    if (this.partial === null) {
      this.partial = this.worker.buffers.take();
      this.partial.append(bytes, start, end);
    }
    if (connection.ended) this.exchange.failures.serverGone();
    else if (connection.readable) this.readHead(connection);
  }

  drop(): void {
    this.partial?.giveBack();
    this.partial = null;
  }

  /** 100, 103: passed on, as HAProxy does even where a client of HTTP/1.0 asked; the response proper is still to come. */
  private passInterim(connection: ServerConnection, bytes: Uint8Array, head: Head, end: number): void {
    const { exchange } = this;
    const { out } = this.worker;
    const at = writeResponseHead(bytes, head, out.bytes, 0, out.length, NO_LINES);
    if (at < 0 || !this.client.write(out.bytes, out.address, 0, at)) {
      exchange.failures.clientGone();
      return;
    }
    exchange.report.bytesOut += responseLength(head);
    exchange.report.takeInterim();
    exchange.upload.drop();
    const next = head.end;
    if (this.partial !== null) this.partial.start = next;
    if (next < end) {
      this.parseHead(connection, bytes, next, end);
      return;
    }
    this.drop();
    if (connection.readable) this.readHead(connection);
  }

  private passHead(connection: ServerConnection, bytes: Uint8Array, head: Head, end: number): void {
    const { exchange } = this;
    const { transaction, report } = exchange;
    const { out } = this.worker;
    const tunnel = this.opensTunnel(head.status);
    const { keepClient, keepServer } = transaction;
    this.settle(head);
    const length = responseLength(head);
    const extra = this.composeLines(connection, bytes, head, tunnel);
    if (transaction.refused) {
      exchange.failures.refuseResponse();
      return;
    }
    const { clientCases } = exchange.frontend;
    if (extra.length === 0 && clientCases === null && !tunnel && !this.body.isChunked && isPlain(head)) {
      this.passAsIs(connection, bytes, head, end, length);
      return;
    }
    const at = writeResponseHead(bytes, head, out.bytes, 0, out.length, extra);
    if (clientCases !== null && at > 0) adjustCases(clientCases, out.bytes, 0, at);
    const outEnd = at < 0 ? -1 : this.copyRest(bytes, head.end, end, at, tunnel);
    if (outEnd < 0) {
      // Another response may take its place.
      transaction.keepClient = keepClient;
      transaction.keepServer = keepServer;
      transaction.notes?.forgetResponse();
      exchange.failures.badResponse();
      return;
    }
    const bodyEnd = tunnel ? end : this.body.consumed;
    // More than the response announced: the connection cannot be trusted with another request.
    if (bodyEnd < end) transaction.keepServer = false;
    report.takeResponse(head.status);
    report.bytesOut += length + (tunnel ? bodyEnd - head.end : this.body.content);
    report.logEarly(exchange.frontend.steps.response === null ? 0 : rewrittenLength(head, added.take()) - length);
    this.drop();
    exchange.beginBody();
    const last = !tunnel && this.endsConnection;
    if (!this.client.write(out.bytes, out.address, 0, outEnd, last)) exchange.failures.clientGone();
    else if (tunnel) exchange.beginTunnel();
    else this.pass(connection);
  }

  /** The same for a head that need not be written anew: it goes out from where it was read. */
  private passAsIs(connection: ServerConnection, bytes: Uint8Array, head: Head, end: number, length: number): void {
    const { exchange, body, partial, client } = this;
    const { report } = exchange;
    const bodyEnd = body.take(bytes, head.end, end);
    if (bodyEnd < end) exchange.transaction.keepServer = false;
    report.takeResponse(head.status);
    report.bytesOut += length + body.content;
    report.logEarly(0);
    exchange.beginBody();
    const size = bodyEnd - head.lineStart - cutLength(head);
    const start = cutResponseHead(bytes, head, bodyEnd);
    const stop = start + size;
    const { endsConnection } = this;
    let isWell: boolean;
    if (partial !== null) isWell = client.write(bytes, partial.address, start, stop, endsConnection);
    else if (body.done && !endsConnection) isWell = client.writeLater(null, start, stop);
    else isWell = client.write(bytes, this.worker.loop.batch.memory.address, start, stop, endsConnection);
    this.drop();
    if (isWell) this.pass(connection);
    else exchange.failures.clientGone();
  }

  /** Puts what came behind the head there too; -1 when it is broken or too much. */
  private copyRest(bytes: Uint8Array, start: number, end: number, at: number, tunnel: boolean): number {
    const { out } = this.worker;
    if (!tunnel) return this.body.pass(bytes, start, end, out.bytes, at);
    if (at + end - start > out.length) return -1;
    copyBytes(out.bytes, at, bytes, start, end);
    return at + end - start;
  }

  /** All lines that are added to the head; runs the configured steps, which may change the head as well. */
  private composeLines(connection: ServerConnection, bytes: Uint8Array, head: Head, tunnel: boolean): Uint8Array {
    const { transaction, frontend } = this.exchange;
    const line = tunnel
      ? NO_LINES
      : clientConnectionLine(transaction.requestVersion, head.version, transaction.keepClient);
    const steps = frontend.steps.response;
    if (steps === null) return line;
    added.clear();
    for (const step of steps) step.onResponse!(transaction, bytes, head, added, connection.server);
    added.add(line);
    return added.take();
  }

  /** What the response's head means for its body and for both connections. */
  private settle(head: Head): void {
    const { transaction } = this.exchange;
    const { body } = this;
    body.dropsTrailers = this.exchange.frontend.conf.http.dropResponseTrailers;
    if (!responseHasBody(head, transaction.method)) body.setNone();
    else if (head.chunked && !head.otherCoding) body.setChunked();
    else if (head.contentLength >= 0) {
      body.setLength(head.contentLength);
      body.streams = head.contentLength >= SPLICE_BODY && this.maySplice;
    } else body.setUntilClose();
    transaction.keepServer = transaction.keepServer && head.keepAlive;
    // A client may not expect chunks behind an HTTP/1.0 status line: the end of the connection settles it.
    const unclear = body.isUntilClose || (head.version < 11 && head.chunked);
    if (unclear || this.worker.stopping) transaction.keepClient = false;
  }

  private opensTunnel(status: number): boolean {
    const { transaction } = this.exchange;
    return transaction.upgrade && (status === 101 || (transaction.method === METHOD_CONNECT && status < 300));
  }

  /** What is sent now are the last bytes that the client gets: its connection closes behind them. */
  private get endsConnection(): boolean {
    return this.body.done && !this.exchange.transaction.keepClient && this.exchange.requestDone;
  }

  // ---- the body ----------------------------------------------------------------------------------------------------

  /** `connection`: null once all was read from it. */
  pass(connection: ServerConnection | null): void {
    const { client, body, exchange } = this;
    const { scratch, loop } = this.worker;
    if (body.streams && connection !== null) {
      this.splice(connection);
      return;
    }
    for (let reads = 0; connection?.readable && client.accepting && !body.done; reads++) {
      if (reads === READS_A_TURN) {
        loop.defer(exchange);
        return;
      }
      // Not only what is left of the body: a read that is not filled up tells that nothing is left to read.
      const n = connection.read(scratch.address, body.isChunked ? body.portion : BULK_SIZE);
      if (n === END || n === BROKEN) {
        this.endOfServer(n === END);
        return;
      }
      if (n <= 0) break;
      if (!this.passContent(n)) return;
      if (n === BULK_SIZE && this.maySplice) {
        body.streams = true;
        this.splice(connection);
        return;
      }
    }
    if (body.done) exchange.endResponse();
    else exchange.watchSlowClient();
  }

  private get maySplice(): boolean {
    const { conf, backend } = this.exchange.frontend;
    if (this.worker.pipes === null || this.body.done) return false;
    return (spliceDirections(conf, backend!.conf) & SPLICE_RESPONSE) !== 0;
  }

  private splice(connection: ServerConnection): void {
    const { client, body, exchange, worker } = this;
    const before = body.content;
    const outcome = spliceBody(connection, client, worker.pipes!, body);
    exchange.report.bytesOut += body.content - before;
    if (body.content > before) exchange.touchServer();
    if (outcome === END || outcome === BROKEN) this.endOfServer(outcome === END);
    else if (client.error !== 0) exchange.failures.clientGone();
    else if (outcome === MORE) worker.loop.defer(exchange);
    else if (body.done) exchange.endResponse();
    else exchange.watchSlowClient();
  }

  /** Passes `n` bytes of the scratch memory on; false when that ended the exchange. */
  private passContent(n: number): boolean {
    const { scratch } = this.worker;
    const { body, exchange } = this;
    const before = body.content;
    const to = body.isChunked ? this.worker.out : scratch;
    const end = body.isChunked ? body.pass(scratch.bytes, 0, n, to.bytes, 0) : body.take(scratch.bytes, 0, n);
    if (end < 0) {
      exchange.failures.badResponseBody();
      return false;
    }
    if ((body.isChunked ? body.consumed : end) < n) exchange.transaction.keepServer = false;
    exchange.report.bytesOut += body.content - before;
    if (exchange.frontend.conf.http.contstats) exchange.report.countTraffic();
    exchange.touchServer();
    if (end === 0 || this.client.write(to.bytes, to.address, 0, end, this.endsConnection)) return true;
    exchange.failures.clientGone();
    return false;
  }

  private endOfServer(orderly: boolean): void {
    const { body, exchange } = this;
    if (!orderly || !body.isUntilClose) {
      exchange.failures.serverGone();
      return;
    }
    body.setNone();
    exchange.transaction.keepServer = false;
    exchange.endResponse();
  }
}

/** `bytes[..end)` holds a response to its last byte, and nothing behind it. */
function isWhole(head: Head, method: number, end: number): boolean {
  if (!responseHasBody(head, method)) return head.end === end;
  return !head.chunked && head.contentLength === end - head.end;
}
