/**
 * One request and its response between a client and a server (RFC 9112): from the parsed request head to the last
 * byte of the response, or to the failure that the client is told of.
 *
 *     DISPATCH --server--> ANSWER --head--> BODY --end-->
 *        ^                  |   `-- 101 --> TUNNEL
 *        `--- died idle ----'
 *
 * The request as it goes to the server is put together in `request` and kept until the server answers, so that it can
 * be sent once more when a connection that rested turns out to be dead. Bodies are passed on byte for byte while a
 * meter looks for their end. One object serves all requests of a client connection, one after another.
 *
 * Not here: reading requests, answers of our own, closing the client (http-stream.ts); choosing servers (dispatch.ts).
 */
import { parseResponseHead, responseHasBody } from '../wire/http1.ts';
import { type Head, INCOMPLETE, METHOD_CONNECT } from '../wire/http1-head.ts';
import { writeRequestHead, writeResponseHead } from '../wire/http1-write.ts';
import { copyBytes, type PooledBuffer } from './buffers.ts';
import type { ClientAddress } from './client-address.ts';
import { EREQ } from './counter-layout.ts';
import type { Deadlines } from './deadlines.ts';
import { Dispatch, type DispatchFailure, type DispatchOwner } from './dispatch.ts';
import type { ErrorStatus } from './errors.ts';
import type { Frontend } from './frontend.ts';
import { BodyMeter } from './http-body.ts';
import type { HttpInput } from './http-input.ts';
import type { HttpReport } from './http-report.ts';
import {
  clientConnectionLine,
  RequestLines,
  requestLength,
  responseLength,
  serverConnectionLine,
} from './http-rewrite.ts';
import type { Deferred } from './loop.ts';
import { Relay, type RelayOwner } from './relay.ts';
import type { Server } from './server.ts';
import type { ServerConnection } from './server-connection.ts';
import { BROKEN, END, type EndOwner, type SocketEnd } from './socket-end.ts';
import { type EndCause, type Phase, phaseOfFailure } from './stream-end.ts';
import { BULK_SIZE, type WorkerContext } from './worker-context.ts';

export interface ExchangeOwner {
  /** It is over: all was delivered (`normal`), or it broke off. */
  onExchangeEnd(cause: EndCause, phase: Phase): void;
  /** It failed before anything of a response went out: the client gets a page. */
  onExchangeFailed(status: ErrorStatus, cause: EndCause, phase: Phase): void;
}

const NONE = 0;
/** A server is being chosen and connected. */
const DISPATCH = 1;
/** The request goes out; no response head has come. */
const ANSWER = 2;
const BODY = 3;
const TUNNEL = 4;

const READS_A_TURN = 8;
/** Repeating these changes nothing (RFC 9110, 9.2.2): they may be sent again on a fresh connection. */
const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE|TRACE) /;
const NO_LINES = new Uint8Array(0);

export class HttpExchange implements EndOwner, DispatchOwner, RelayOwner, Deferred {
  readonly dispatch: Dispatch;
  readonly requestBody = new BodyMeter();
  report!: HttpReport;
  method = 0;
  /** What the client's side and the server's allow so far. */
  keepClient = true;
  private keepServer = true;
  private readonly worker: WorkerContext;
  private readonly frontend: Frontend;
  private readonly address: ClientAddress;
  private readonly client: SocketEnd;
  private readonly input: HttpInput;
  private readonly deadlines: Deadlines;
  private readonly owner: ExchangeOwner;
  private readonly lines = new RequestLines();
  private readonly responseBody = new BodyMeter();
  private phase = NONE;
  private connection: ServerConnection | null = null;
  private reused = false;
  private requestVersion = 11;
  private upgrade = false;
  private request: PooledBuffer | null = null;
  /** The start of a response head that came in pieces. */
  private response: PooledBuffer | null = null;
  private relay: Relay | null = null;

  constructor(
    worker: WorkerContext,
    frontend: Frontend,
    address: ClientAddress,
    client: SocketEnd,
    input: HttpInput,
    deadlines: Deadlines,
    owner: ExchangeOwner,
  ) {
    this.worker = worker;
    this.frontend = frontend;
    this.address = address;
    this.client = client;
    this.input = input;
    this.deadlines = deadlines;
    this.owner = owner;
    this.dispatch = new Dispatch(worker, this);
  }

  get server(): Server | null {
    return this.dispatch.server;
  }

  // ---- the request -------------------------------------------------------------------------------------------------

  /** Takes note of what a request asks for, whoever answers it. */
  begin(head: Head): void {
    const { frontend, worker } = this;
    this.requestVersion = head.version;
    this.method = head.method;
    this.upgrade = head.upgrade || head.method === METHOD_CONNECT;
    const mode = frontend.conf.httpConnectionMode;
    const serverMode = frontend.backend?.conf.httpConnectionMode ?? mode;
    this.keepClient = head.keepAlive && mode !== 'close' && serverMode !== 'close' && !worker.stopping;
    this.keepServer = mode === 'keep-alive' && serverMode === 'keep-alive';
    if (head.chunked) this.requestBody.setChunked();
    else if (head.contentLength > 0) this.requestBody.setLength(head.contentLength);
    else this.requestBody.setNone();
  }

  /** Puts the request at hand together for the server: new head and as much of the body as is here. */
  compose(): boolean {
    const { bytes, head, end } = this.input;
    const request = this.worker.buffers.take();
    this.request = request;
    const line = serverConnectionLine(head.version, this.keepServer);
    const extra = this.lines.build(this.frontend, this.address, bytes, head, line);
    const at = writeRequestHead(bytes, head, request.bytes, 0, request.bytes.length, 0, extra);
    const bodyEnd = this.requestBody.take(bytes, head.end, end);
    if (at < 0 || bodyEnd < 0 || at + bodyEnd - head.end > request.bytes.length) return false;
    request.end = at;
    if (bodyEnd > head.end) request.append(bytes, head.end, bodyEnd);
    this.report.bytesIn += requestLength(head) + this.requestBody.content;
    this.input.keep(bodyEnd);
    return true;
  }

  /** Gets a server for what was composed. `mayReuse`: an idle connection will do. `port`: where the client connected. */
  send(port: number, mayReuse: boolean): void {
    this.phase = DISPATCH;
    this.deadlines.setClient(null);
    this.dispatch.start(this.frontend.backend!, this.address.key, port, mayReuse && this.keepServer);
    if (this.phase === DISPATCH) this.onClient();
  }

  // ---- events ------------------------------------------------------------------------------------------------------

  /** Something happened on the client's side, and it is well. */
  onClient(): void {
    switch (this.phase) {
      case DISPATCH:
        if (this.client.finAnnounced && this.frontend.backend!.conf.abortonclose) this.clientGone();
        return;
      case ANSWER:
        if (!this.requestBody.done) this.passRequestBody();
        else if (this.connection!.readable) this.readResponse();
        return;
      case BODY:
        if (!this.requestBody.done && this.connection !== null) this.passRequestBody();
        if (this.phase === BODY) this.passResponseBody();
        return;
      case TUNNEL:
        this.relay!.onEnd(this.client);
        return;
    }
  }

  onEnd(end: SocketEnd): void {
    const { connection } = this;
    if (end !== connection || connection === null) return;
    if (this.phase === TUNNEL) this.relay!.onEnd(end);
    else if (connection.error !== 0 && !connection.readable) this.serverGone();
    else this.onServer();
  }

  private onServer(): void {
    const { connection } = this;
    if (!this.requestBody.done) this.passRequestBody();
    if (this.connection !== connection) return;
    if (this.phase === ANSWER && connection!.readable) this.readResponse();
    else if (this.phase === BODY) this.passResponseBody();
  }

  onTurn(): void {
    if (this.phase === NONE) return;
    this.onClient();
    if (this.connection !== null && this.phase !== TUNNEL) this.onServer();
  }

  onTimedOut(which: 'dispatch' | 'client' | 'server'): void {
    if (which === 'dispatch') {
      if (this.phase === DISPATCH) this.dispatch.onTimer();
    } else if (which === 'client') this.clientTimedOut();
    else this.serverTimedOut();
  }

  private clientTimedOut(): void {
    if (this.phase === ANSWER) this.fail(408, 'client-timeout', 'D');
    else this.breakOff('client-timeout', 'D');
  }

  private serverTimedOut(): void {
    this.report.countServerAbort(false);
    if (this.phase === ANSWER) this.fail(504, 'server-timeout', 'H');
    else this.breakOff('server-timeout', 'D');
  }

  /** The client's connection is broken, or it left where it should not. */
  clientGone(): void {
    this.report.countClientAbort();
    this.breakOff('client-abort', this.currentPhase);
  }

  get currentPhase(): Phase {
    if (this.phase === DISPATCH) return this.dispatch.queued ? 'Q' : 'C';
    if (this.phase === ANSWER) return this.requestBody.done ? 'H' : 'D';
    return this.connection === null ? 'L' : 'D';
  }

  // ---- the server --------------------------------------------------------------------------------------------------

  armDispatch(at: number): void {
    this.deadlines.setDispatch(at);
  }

  onDispatchFailed(cause: DispatchFailure): void {
    this.fail(503, cause, phaseOfFailure(cause));
  }

  onConnected(connection: ServerConnection, reused: boolean): void {
    const request = this.request!;
    this.connection = connection;
    this.reused = reused;
    connection.owner = this;
    this.report.connected();
    this.phase = ANSWER;
    this.deadlines.setDispatch(null);
    this.touchServer();
    if (!connection.write(request.bytes, request.address, request.start, request.end)) {
      this.serverGone();
      return;
    }
    if (!reused || !this.requestBody.done) this.dropRequest();
    if (this.requestBody.done) return;
    this.watchUpload();
    this.passRequestBody();
  }

  private touchServer(): void {
    this.deadlines.setServer(this.frontend.backend!.conf.timeouts.serverMs);
  }

  private dropRequest(): void {
    this.request?.giveBack();
    this.request = null;
  }

  /** While a body is missing, its client's timeout runs, unless the server's does: that one is answered with a page. */
  private watchUpload(): void {
    const missing = !this.requestBody.done && (this.phase !== ANSWER || !this.deadlines.hasServer);
    this.deadlines.setClient(missing ? this.frontend.conf.timeouts.clientMs : null);
  }

  private passRequestBody(): void {
    const { client, requestBody } = this;
    const { scratch, loop } = this.worker;
    const connection = this.connection!;
    for (let reads = 0; client.readable && connection.accepting && !requestBody.done; reads++) {
      if (reads === READS_A_TURN) {
        loop.defer(this);
        return;
      }
      const n = client.read(scratch.address, requestBody.most(BULK_SIZE));
      if (n === END || n === BROKEN) this.clientGone();
      if (n <= 0) return;
      const before = requestBody.content;
      const bodyEnd = requestBody.take(scratch.bytes, 0, n);
      if (bodyEnd < 0) {
        this.badRequestBody();
        return;
      }
      this.report.bytesIn += requestBody.content - before;
      this.watchUpload();
      this.touchServer();
      if (!connection.write(scratch.bytes, scratch.address, 0, bodyEnd)) return;
      if (bodyEnd < n) this.input.keepBytes(scratch.bytes, bodyEnd, n);
    }
  }

  /** Broken chunks: nothing sensible can follow on either side. */
  private badRequestBody(): void {
    this.worker.counters.add(this.frontend.row, EREQ, 1);
    if (this.phase === ANSWER) this.fail(400, 'bad-request', 'D');
    else this.breakOff('bad-request', 'D');
  }

  /** The server's side broke or ended before it should. */
  private serverGone(): void {
    if (this.phase === ANSWER && this.response === null && this.reused) {
      this.repeatOrClose();
      return;
    }
    this.report.countServerAbort(this.phase === ANSWER);
    if (this.phase === ANSWER) this.fail(502, 'server-abort', 'H');
    else this.breakOff('server-abort', 'D');
  }

  /**
   * A rested connection died under a request. What may be repeated is sent once more on a new connection; for the
   * rest the client's connection closes without a word, so that the client decides (RFC 9110, 9.2.2).
   */
  private repeatOrClose(): void {
    this.connection!.discard();
    this.connection = null;
    this.reused = false;
    this.deadlines.setServer(null);
    if (this.request === null || !isRepeatable(this.request)) {
      this.breakOff('server-abort', 'H');
      return;
    }
    this.phase = DISPATCH;
    this.dispatch.again();
  }

  // ---- the response ------------------------------------------------------------------------------------------------

  private readResponse(): void {
    const { worker, response } = this;
    const connection = this.connection!;
    if (!this.client.accepting) return;
    response?.compact();
    const n =
      response === null
        ? connection.read(worker.scratch.address, worker.headRead)
        : connection.read(response.address + response.end, Math.min(response.room, worker.headRead));
    if (n === END || n === BROKEN) this.serverGone();
    if (n <= 0) return;
    this.touchServer();
    if (response === null) this.parseResponse(worker.scratch.bytes, 0, n);
    else {
      response.end += n;
      this.parseResponse(response.bytes, response.start, response.end);
    }
  }

  private parseResponse(bytes: Uint8Array, start: number, end: number): void {
    const { responseHead: head, headLimit } = this.worker;
    const length = parseResponseHead(bytes, start, end, head);
    const tooLong = length > headLimit || (length === INCOMPLETE && end - start >= headLimit);
    if (length < 0 || tooLong || (head.status === 101 && length > 0 && !this.upgrade)) this.badResponse();
    else if (length === INCOMPLETE) this.keepResponse(bytes, start, end);
    else if (head.status < 200 && head.status !== 101) this.passInterim(bytes, head, end);
    else this.passResponse(bytes, head, end);
  }

  private keepResponse(bytes: Uint8Array, start: number, end: number): void {
    if (this.response === null) {
      this.response = this.worker.buffers.take();
      this.response.append(bytes, start, end);
    }
    const connection = this.connection!;
    if (connection.ended) this.serverGone();
    else if (connection.readable) this.readResponse();
  }

  private dropResponse(): void {
    this.response?.giveBack();
    this.response = null;
  }

  private badResponse(): void {
    this.report.countBadResponse();
    this.fail(502, 'bad-response', 'H');
  }

  /** 100, 103: passed on; the response proper is still to come. HTTP/1.0 knows no such thing. */
  private passInterim(bytes: Uint8Array, head: Head, end: number): void {
    const { out } = this.worker;
    if (this.requestVersion >= 11) {
      const at = writeResponseHead(bytes, head, out.bytes, 0, out.length, 0, NO_LINES);
      if (at < 0 || !this.client.write(out.bytes, out.address, 0, at)) {
        this.clientGone();
        return;
      }
      this.report.bytesOut += responseLength(head);
    }
    this.dropRequest();
    const next = head.end;
    if (this.response !== null) this.response.start = next;
    if (next < end) {
      this.parseResponse(bytes, next, end);
      return;
    }
    this.dropResponse();
    if (this.connection!.readable) this.readResponse();
  }

  private passResponse(bytes: Uint8Array, head: Head, end: number): void {
    const { out } = this.worker;
    const tunnel = this.opensTunnel(head.status);
    this.settle(head);
    const line = tunnel ? NO_LINES : clientConnectionLine(this.requestVersion, head.version, this.keepClient);
    const at = writeResponseHead(bytes, head, out.bytes, 0, out.length, 0, line);
    const bodyEnd = tunnel ? end : this.responseBody.take(bytes, head.end, end);
    if (at < 0 || bodyEnd < 0 || at + bodyEnd - head.end > out.length) {
      this.badResponse();
      return;
    }
    copyBytes(out.bytes, at, bytes, head.end, bodyEnd);
    // More than the response announced: the connection cannot be trusted with another request.
    if (bodyEnd < end) this.keepServer = false;
    this.report.takeResponse(head.status);
    this.report.bytesOut += responseLength(head) + (tunnel ? bodyEnd - head.end : this.responseBody.content);
    this.report.logEarly();
    this.dropResponse();
    this.phase = BODY;
    if (!this.client.write(out.bytes, out.address, 0, at + bodyEnd - head.end)) this.clientGone();
    else if (tunnel) this.beginTunnel();
    else this.passResponseBody();
  }

  /** What the response's head means for its body and for both connections. */
  private settle(head: Head): void {
    this.dropRequest();
    if (!responseHasBody(head, this.method)) this.responseBody.setNone();
    else if (head.chunked && !head.otherCoding) this.responseBody.setChunked();
    else if (head.contentLength >= 0) this.responseBody.setLength(head.contentLength);
    else this.responseBody.setUntilClose();
    this.keepServer = this.keepServer && head.keepAlive;
    // A client may not expect chunks behind an HTTP/1.0 status line: the end of the connection settles it.
    const unclear = this.responseBody.kind === 'until-close' || (head.version < 11 && head.chunked);
    if (unclear || this.worker.stopping) this.keepClient = false;
  }

  private opensTunnel(status: number): boolean {
    return this.upgrade && (status === 101 || (this.method === METHOD_CONNECT && status < 300));
  }

  private passResponseBody(): void {
    const { client, responseBody, connection } = this;
    const { scratch, loop } = this.worker;
    for (let reads = 0; connection?.readable && client.accepting && !responseBody.done; reads++) {
      if (reads === READS_A_TURN) {
        loop.defer(this);
        return;
      }
      const n = connection.read(scratch.address, responseBody.most(BULK_SIZE));
      if (n === END || n === BROKEN) {
        this.endOfServer(n === END);
        return;
      }
      if (n <= 0) break;
      if (!this.passContent(n)) return;
    }
    if (responseBody.done) this.endResponse();
    else this.watchSlowClient();
  }

  /** Passes `n` bytes of the scratch memory on; false when that ended the exchange. */
  private passContent(n: number): boolean {
    const { scratch } = this.worker;
    const { responseBody } = this;
    const before = responseBody.content;
    const bodyEnd = responseBody.take(scratch.bytes, 0, n);
    if (bodyEnd < 0) {
      this.report.countBadResponse();
      this.breakOff('bad-response', 'D');
      return false;
    }
    if (bodyEnd < n) this.keepServer = false;
    this.report.bytesOut += responseBody.content - before;
    this.touchServer();
    if (this.client.write(scratch.bytes, scratch.address, 0, bodyEnd)) return true;
    this.clientGone();
    return false;
  }

  /** While the client does not take what is there, its timeout runs. */
  private watchSlowClient(): void {
    if (this.client.pending !== null) this.deadlines.setClient(this.frontend.conf.timeouts.clientMs);
    else if (this.requestBody.done) this.deadlines.setClient(null);
  }

  private endOfServer(orderly: boolean): void {
    if (!orderly || this.responseBody.kind !== 'until-close') {
      this.serverGone();
      return;
    }
    this.responseBody.setNone();
    this.keepServer = false;
    this.endResponse();
  }

  /** All of the response was handed to the client's socket; a body that is still on its way goes on to the server. */
  private endResponse(): void {
    if (!this.requestBody.done && this.uploadGoesOn()) return;
    this.leaveServer();
    if (this.client.pending === null) this.finish('normal', '-');
    else this.watchSlowClient();
  }

  private uploadGoesOn(): boolean {
    const { connection, client } = this;
    if (connection === null || connection.ended || connection.finAnnounced || connection.error !== 0) return false;
    if (client.ended || client.error !== 0) return false;
    this.watchUpload();
    return true;
  }

  /** Done with the server: its connection rests or closes, its place goes to the next. */
  private leaveServer(): void {
    const { connection, dispatch } = this;
    this.report.leaveServer(dispatch.server);
    this.connection = null;
    this.deadlines.setServer(null);
    if (connection === null) dispatch.abandon();
    else {
      dispatch.releaseServer();
      if (this.keepServer && this.requestBody.done && connection.pending === null) connection.rest();
      else connection.discard();
    }
  }

  // ---- tunnels -----------------------------------------------------------------------------------------------------

  private beginTunnel(): void {
    this.phase = TUNNEL;
    this.keepClient = false;
    this.keepServer = false;
    this.relay = new Relay(this.worker, this.client, this.connection!, this);
    this.touchTunnel();
    this.input.moveTo(this.connection!);
    this.relay.move();
  }

  private touchTunnel(): void {
    const { timeouts } = this.frontend.backend!.conf;
    this.deadlines.setClient(timeouts.tunnelMs ?? this.frontend.conf.timeouts.clientMs);
    this.deadlines.setServer(timeouts.tunnelMs ?? timeouts.serverMs);
  }

  onRelayed(fromClient: boolean, bytes: number): void {
    if (fromClient) this.report.bytesIn += bytes;
    else this.report.bytesOut += bytes;
    this.touchTunnel();
  }

  onRelayFin(): void {
    this.touchTunnel();
  }

  onRelayEnd(broken: SocketEnd | null): void {
    if (broken === null) this.finish('normal', '-');
    else this.breakOff(broken === this.client ? 'client-abort' : 'server-abort', 'D');
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  /** Nothing of a response went out yet. */
  private fail(status: ErrorStatus, cause: EndCause, phase: Phase): void {
    this.keepServer = false;
    this.leave();
    this.owner.onExchangeFailed(status, cause, phase);
  }

  /** What went out is all that the client gets. */
  private breakOff(cause: EndCause, phase: Phase): void {
    this.keepClient = false;
    this.keepServer = false;
    this.finish(cause, phase);
  }

  private finish(cause: EndCause, phase: Phase): void {
    this.leave();
    this.owner.onExchangeEnd(cause, phase);
  }

  /** Gives everything back that it holds. */
  leave(): void {
    this.dropRequest();
    this.dropResponse();
    this.relay?.stop();
    this.relay = null;
    if (this.phase !== NONE) this.leaveServer();
    this.phase = NONE;
    this.deadlines.setDispatch(null);
  }
}

function isRepeatable(request: PooledBuffer): boolean {
  const start = Buffer.from(request.bytes.buffer, request.bytes.byteOffset, 8).toString('latin1');
  return IDEMPOTENT.test(start);
}
