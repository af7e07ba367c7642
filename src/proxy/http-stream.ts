/**
 * A client connection in mode http and the requests on it, one after another (RFC 9112; manual, chapter 1.2).
 *
 *     REQUEST --head--> DISPATCH --server--> ANSWER --head--> BODY --end--> REQUEST ...
 *        |                 |                    |  `--101--> TUNNEL
 *        `--- error -------'--- error ----------'--> REPLY --> REQUEST or LINGER
 *
 * Heads are parsed in the shared scratch memory; only one that came in pieces, or what follows the request under way,
 * is kept in `input`. The request as it goes to the server is put together in `request` and kept until the server
 * answers, so that it can be sent once more when a connection that rested turns out to be dead. Bodies are passed on
 * byte for byte while a meter looks for their end.
 *
 * Not here: choosing servers and connecting (dispatch.ts), what is added to heads (http-rewrite.ts).
 */
import {
  continueHead,
  parseRequestHead,
  parseResponseHead,
  responseHasBody,
  statusOfHeadError,
} from '../wire/http1.ts';
import { Head, INCOMPLETE, METHOD_CONNECT, METHOD_HEAD } from '../wire/http1-head.ts';
import { writeRequestHead, writeResponseHead } from '../wire/http1-write.ts';
import type { PooledBuffer } from './buffers.ts';
import { copyBytes } from './buffers.ts';
import type { ClientAddress } from './client-address.ts';
import { EREQ, INTERCEPTED, REQ_RATE, REQ_TOT } from './counter-layout.ts';
import { Dispatch, type DispatchFailure, type DispatchOwner } from './dispatch.ts';
import { type ErrorPage, type ErrorStatus, errorPage, MONITOR_PAGE } from './errors.ts';
import type { Frontend } from './frontend.ts';
import { BodyMeter } from './http-body.ts';
import { HttpReport } from './http-report.ts';
import {
  clientConnectionLine,
  RequestLines,
  requestLength,
  responseLength,
  serverConnectionLine,
} from './http-rewrite.ts';
import type { Listener } from './listener.ts';
import { requestLine } from './log/record.ts';
import type { Deferred } from './loop.ts';
import type { Server } from './server.ts';
import type { ServerConnection } from './server-connection.ts';
import { BROKEN, END, type EndOwner, SocketEnd } from './socket-end.ts';
import { answerStats } from './stats/answer.ts';
import { isStatsTarget } from './stats/request.ts';
import { type EndCause, type Phase, phaseOfFailure } from './stream-end.ts';
import { type Timed, Timer } from './timers.ts';
import { BULK_SIZE, type Stream, type WorkerContext } from './worker-context.ts';

/** Waiting for a request or reading its head. */
const REQUEST = 0;
/** A server is being chosen and connected. */
const DISPATCH = 1;
/** The request goes out; no response head has come. */
const ANSWER = 2;
const BODY = 3;
const TUNNEL = 4;
/** An answer of our own goes out. */
const REPLY = 5;
/** The answer is out and the client was told that it was the last one; what it still sends is thrown away. */
const LINGER = 6;
const CLOSED = 7;

/** `method` while there is none. */
const NO_REQUEST = -1;
const READS_A_TURN = 8;
const NEVER = Number.POSITIVE_INFINITY;
/** How long a client may take to close after the last answer. */
const LINGER_MS = 2000;
/** Repeating these changes nothing (RFC 9110, 9.2.2): they may be sent again on a fresh connection. */
const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE|TRACE) /;

export class HttpStream implements Stream, EndOwner, DispatchOwner, Timed, Deferred {
  private readonly worker: WorkerContext;
  private readonly frontend: Frontend;
  private readonly listener: Listener;
  private readonly address: ClientAddress;
  private readonly client: SocketEnd;
  private readonly dispatch: Dispatch;
  private readonly timer = new Timer(this);
  private readonly report: HttpReport;
  private readonly lines = new RequestLines();
  private phase = REQUEST;
  /** Requests read on this connection. */
  private requests = 0;
  /** What came from the client and was not dealt with yet. */
  private input: PooledBuffer | null = null;
  /** The index of a head that comes in pieces: it stays with its bytes. */
  private partialHead: Head | null = null;

  private connection: ServerConnection | null = null;
  private reused = false;
  private request: PooledBuffer | null = null;
  private readonly requestBody = new BodyMeter();
  private readonly responseBody = new BodyMeter();
  private requestVersion = 11;
  private method = 0;
  /** What the client wants, what its request and our state allow. */
  private keepClient = true;
  private keepServer = true;
  private upgrade = false;
  /** The start of a response head that came in pieces. */
  private response: PooledBuffer | null = null;
  /** An answer of our own, and how much of it went out. */
  private reply: Uint8Array | null = null;
  private replySent = 0;

  private dispatchDeadline = NEVER;
  private clientDeadline = NEVER;
  private serverDeadline = NEVER;

  constructor(worker: WorkerContext, frontend: Frontend, listener: Listener, fd: number, address: ClientAddress) {
    this.worker = worker;
    this.frontend = frontend;
    this.listener = listener;
    this.address = address;
    this.client = new SocketEnd(fd, worker.loop, worker.buffers, this, false, true);
    this.dispatch = new Dispatch(worker, this);
    this.report = new HttpReport(worker, frontend, listener, address, fd, this.dispatch);
  }

  get server(): Server | null {
    return this.dispatch.server;
  }

  start(): void {
    this.worker.begin(this);
    const { timeouts } = this.frontend.conf;
    this.setClientDeadline(timeouts.httpRequestMs ?? timeouts.clientMs);
    // Mostly the request is there already: read it before the kernel is asked to tell of it.
    this.client.readable = true;
    this.readRequest();
    if (this.phase !== CLOSED && this.client.open() < 0) this.close();
  }

  // ---- events ------------------------------------------------------------------------------------------------------

  onEnd(end: SocketEnd): void {
    if (this.phase === CLOSED) return;
    if (end === this.client) this.onClient();
    else if (end === this.connection) this.onServer();
  }

  onTurn(): void {
    if (this.phase === CLOSED) return;
    if (this.phase === REQUEST) this.readRequest();
    else {
      this.onClient();
      if (this.connection !== null) this.onServer();
    }
  }

  private onClient(): void {
    const { client } = this;
    if (client.error !== 0) {
      this.clientGone();
      return;
    }
    switch (this.phase) {
      case REQUEST:
        if (client.readable) this.readRequest();
        return;
      case DISPATCH:
        if (client.finAnnounced && this.abortsOnClose()) this.clientGone();
        return;
      case ANSWER:
        if (!this.requestBody.done) this.passRequestBody();
        return;
      case BODY:
        if (!this.requestBody.done && this.connection !== null) this.passRequestBody();
        if (this.phase === BODY) this.passResponseBody();
        return;
      case TUNNEL:
        this.passTunnel();
        return;
      case REPLY:
        this.sendReply();
        return;
      case LINGER:
        this.linger();
        return;
    }
  }

  private abortsOnClose(): boolean {
    return this.frontend.backend!.conf.abortonclose;
  }

  private onServer(): void {
    const connection = this.connection!;
    if (connection.error !== 0 && !connection.readable) {
      this.serverGone();
      return;
    }
    if (this.phase === TUNNEL) {
      this.passTunnel();
      return;
    }
    if (!this.requestBody.done) this.passRequestBody();
    if (this.connection !== connection) return;
    if (this.phase === ANSWER && connection.readable) this.readResponse();
    else if (this.phase === BODY) this.passResponseBody();
  }

  // ---- the request -------------------------------------------------------------------------------------------------

  /** Reads and starts requests until one is under way or nothing more is there. */
  private readRequest(): void {
    const { client, worker } = this;
    const { input } = this;
    const n =
      input === null
        ? client.read(worker.scratch.address, worker.headRead)
        : client.read(input.address + input.end, Math.min(input.room, worker.headRead));
    if (n > 0) {
      if (!this.report.begun) this.report.begin();
      if (input === null) this.parseFrom(worker.scratch.bytes, 0, n);
      else {
        input.end += n;
        this.parseFrom(input.bytes, input.start, input.end);
      }
    } else if (n === END || n === BROKEN) this.clientGone();
  }

  private parseFrom(bytes: Uint8Array, start: number, end: number): void {
    const partial = this.partialHead;
    const head = partial ?? this.worker.requestHead;
    const length = partial === null ? parseRequestHead(bytes, start, end, head) : continueHead(bytes, end, head);
    if (length === INCOMPLETE && end - start < this.worker.headLimit) this.keepPartial(bytes, start, end);
    else if (length <= 0 || length > this.worker.headLimit) {
      // HAProxy counts as a request what was sent as one.
      this.countRequest();
      this.refuse(length < 0 ? statusOfHeadError(length) : 400);
    } else {
      this.partialHead = null;
      this.takeRequest(bytes, head, end);
    }
  }

  /** Keeps the bytes in place from now on, and the index with them. */
  private keepPartial(bytes: Uint8Array, start: number, end: number): void {
    if (this.partialHead !== null) return;
    this.keepInput(bytes, start, end);
    this.input!.compact();
    const head = new Head(this.worker.requestHead.maxFields);
    this.partialHead = head;
    parseRequestHead(this.input!.bytes, 0, this.input!.end, head);
    const { timeouts } = this.frontend.conf;
    if (this.requests > 0 && timeouts.httpRequestMs !== null) this.setClientDeadline(timeouts.httpRequestMs);
    if (this.client.readable) this.readRequest();
    else if (this.client.ended) this.clientGone();
  }

  /** What is left of the input: stays in `input`, or goes there. */
  private keepInput(bytes: Uint8Array, start: number, end: number): void {
    const { input } = this;
    if (start === end) {
      input?.giveBack();
      this.input = null;
    } else if (input !== null) {
      input.start = start;
      input.end = end;
    } else {
      this.input = this.worker.buffers.take();
      this.input.append(bytes, start, end);
    }
  }

  private countRequest(): void {
    const { counters, loop } = this.worker;
    counters.add(this.frontend.row, REQ_TOT, 1);
    counters.tick(this.frontend.row, REQ_RATE, loop.second);
  }

  private takeRequest(bytes: Uint8Array, head: Head, end: number): void {
    const { worker, frontend, report } = this;
    this.requests++;
    report.takeRequest(frontend.log.enabled ? requestLine(bytes, head) : '');
    this.countRequest();
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
    if (this.intercept(bytes, head, end)) return;
    this.sendToBackend(bytes, head, end);
  }

  /** Requests that the proxy answers itself. */
  private intercept(bytes: Uint8Array, head: Head, end: number): boolean {
    const { frontend, worker } = this;
    if (frontend.monitorUri !== null && isTarget(bytes, head, frontend.monitorUri)) {
      this.leaveBody(bytes, head.end, end);
      this.report.silent = true;
      this.answer(MONITOR_PAGE, 'intercepted', 'R');
      return true;
    }
    const { stats } = frontend;
    if (stats === null || !isStatsTarget(stats, bytes, head)) return false;
    const answer = answerStats(
      stats,
      frontend.conf,
      bytes,
      head,
      worker.statsSource,
      worker.loop.wallMs,
      !this.keepClient,
    );
    this.leaveBody(bytes, head.end, end);
    this.report.serverName = '<STATS>';
    worker.counters.add(frontend.row, INTERCEPTED, 1);
    this.answerBytes(answer.status, answer.bytes, 'intercepted', 'R');
    return true;
  }

  /** Steps over the part of a body that is here; with the rest missing, the connection cannot be kept. */
  private leaveBody(bytes: Uint8Array, start: number, end: number): void {
    const bodyEnd = this.requestBody.take(bytes, start, end);
    if (bodyEnd < 0 || !this.requestBody.done) this.keepClient = false;
    this.keepInput(bytes, bodyEnd < 0 ? end : bodyEnd, end);
  }

  private sendToBackend(bytes: Uint8Array, head: Head, end: number): void {
    const { frontend, worker } = this;
    const { backend } = frontend;
    if (backend === null) {
      this.leaveBody(bytes, head.end, end);
      this.answer(errorPage(503), 'no-server', 'C');
      return;
    }
    if (!this.compose(bytes, head, end)) {
      this.refuse(400);
      return;
    }
    worker.enterBackend(backend);
    worker.counters.add(backend.row, REQ_TOT, 1);
    this.report.enteredBackend = true;
    this.phase = DISPATCH;
    this.clientDeadline = NEVER;
    this.dispatch.start(
      backend,
      this.address.key,
      this.listener.portOf(this.client.fd),
      this.requests > 1 && this.keepServer,
    );
    if (this.phase === DISPATCH && this.client.finAnnounced && this.abortsOnClose()) this.clientGone();
  }

  /** Puts the request for the server together: new head and as much of the body as is here. */
  private compose(bytes: Uint8Array, head: Head, end: number): boolean {
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
    this.keepInput(bytes, bodyEnd, end);
    return true;
  }

  // ---- the server --------------------------------------------------------------------------------------------------

  armDispatch(at: number): void {
    this.dispatchDeadline = at;
    this.worker.loop.timers.armBy(this.timer, at);
  }

  onDispatchFailed(cause: DispatchFailure): void {
    this.dropRequest();
    this.answer(errorPage(503), cause, phaseOfFailure(cause));
  }

  onConnected(connection: ServerConnection, reused: boolean): void {
    const request = this.request!;
    this.connection = connection;
    this.reused = reused;
    connection.owner = this;
    this.report.connected();
    this.phase = ANSWER;
    this.touchServer();
    if (!connection.write(request.bytes, request.address, request.start, request.end)) {
      this.serverGone();
      return;
    }
    if (!reused || !this.requestBody.done) this.dropRequest();
    if (!this.requestBody.done) {
      this.watchUpload();
      this.passRequestBody();
    }
  }

  private dropRequest(): void {
    this.request?.giveBack();
    this.request = null;
  }

  /** While a body is missing, its client's timeout runs, unless the server's does: that one is answered with a page. */
  private watchUpload(): void {
    const missing = !this.requestBody.done && (this.phase !== ANSWER || this.serverDeadline === NEVER);
    this.setClientDeadline(missing ? this.frontend.conf.timeouts.clientMs : null);
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
      if (n === END || n === BROKEN) {
        this.clientGone();
        return;
      }
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
      if (!connection.write(scratch.bytes, scratch.address, 0, bodyEnd)) break;
      if (bodyEnd < n) this.keepInput(scratch.bytes, bodyEnd, n);
    }
  }

  /** Broken chunks: nothing sensible can follow on either side. */
  private badRequestBody(): void {
    this.worker.counters.add(this.frontend.row, EREQ, 1);
    this.keepClient = false;
    if (this.phase === ANSWER) this.answer(errorPage(400), 'bad-request', 'D');
    else this.finishRequest('bad-request', 'D');
  }

  /** The server's side broke or ended before it should. */
  private serverGone(): void {
    const fresh = this.phase === ANSWER && this.response === null;
    if (fresh && this.reused) {
      this.retryOrClose();
      return;
    }
    this.report.countServerAbort(this.phase === ANSWER);
    this.keepClient = false || (this.phase === ANSWER && this.keepClient);
    if (this.phase === ANSWER) this.answer(errorPage(502), 'server-abort', 'H');
    else this.finishRequest('server-abort', 'D');
  }

  /**
   * A rested connection died under a request. What may be repeated is sent once more on a new connection; for the
   * rest the client's connection closes without a word, so that the client decides (RFC 9110, 9.2.2).
   */
  private retryOrClose(): void {
    const { request } = this;
    const server = this.dispatch.server!;
    this.connection!.discard();
    this.connection = null;
    this.reused = false;
    if (request !== null && isRepeatable(request)) {
      this.phase = DISPATCH;
      this.dispatch.again(server);
      return;
    }
    this.dropRequest();
    this.keepClient = false;
    this.finishRequest('server-abort', 'H');
  }

  // ---- the response ------------------------------------------------------------------------------------------------

  private readResponse(): void {
    const { worker, response } = this;
    const connection = this.connection!;
    if (!this.client.accepting) return;
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
    const head = this.worker.responseHead;
    const length = parseResponseHead(bytes, start, end, head);
    if (length < 0 || length > this.worker.headLimit || (length === 0 && end - start >= this.worker.headLimit)) {
      this.badResponse();
    } else if (length === INCOMPLETE) this.keepResponse(bytes, start, end);
    else if (head.status === 101 && !this.upgrade) this.badResponse();
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
    this.answer(errorPage(502), 'bad-response', 'H');
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
    const next = head.end;
    this.dropRequest();
    this.dropResponse();
    if (next < end) this.parseResponse(bytes, next, end);
    else if (this.connection!.readable) this.readResponse();
  }

  private passResponse(bytes: Uint8Array, head: Head, end: number): void {
    const { out } = this.worker;
    const connection = this.connection!;
    this.dropRequest();
    this.meterResponse(head);
    this.keepServer = this.keepServer && head.keepAlive;
    const tunnel = this.opensTunnel(head.status);
    // A client may not expect chunks behind an HTTP/1.0 status line: the end of the connection settles it.
    const unclear = head.version < 11 && head.chunked;
    const keep = this.keepClient && this.responseBody.kind !== 'until-close' && !unclear && !this.worker.stopping;
    this.keepClient = keep;
    const line = tunnel ? NO_LINES : clientConnectionLine(this.requestVersion, head.version, keep);
    const at = writeResponseHead(bytes, head, out.bytes, 0, out.length, 0, line);
    const bodyEnd = tunnel ? end : this.responseBody.take(bytes, head.end, end);
    if (at < 0 || bodyEnd < 0 || at + bodyEnd - head.end > out.length) {
      this.badResponse();
      return;
    }
    this.report.takeResponse(head.status);
    copyBytes(out.bytes, at, bytes, head.end, bodyEnd);
    const length = at + bodyEnd - head.end;
    // More than the response announced: the connection cannot be trusted with another request.
    if (bodyEnd < end) this.keepServer = false;
    this.dropResponse();
    this.phase = tunnel ? TUNNEL : BODY;
    this.report.bytesOut += responseLength(head) + (tunnel ? bodyEnd - head.end : this.responseBody.content);
    this.report.logEarly();
    if (!this.client.write(out.bytes, out.address, 0, length)) {
      this.clientGone();
      return;
    }
    if (tunnel) this.beginTunnel();
    else if (this.responseBody.done) this.endResponse();
    else if (connection.readable) this.passResponseBody();
    else this.watchSlowClient();
  }

  private meterResponse(head: Head): void {
    if (!responseHasBody(head, this.method)) this.responseBody.setNone();
    else if (head.chunked && !head.otherCoding) this.responseBody.setChunked();
    else if (head.contentLength >= 0) this.responseBody.setLength(head.contentLength);
    else this.responseBody.setUntilClose();
  }

  private opensTunnel(status: number): boolean {
    return this.upgrade && (status === 101 || (this.method === METHOD_CONNECT && status < 300));
  }

  private passResponseBody(): void {
    const { client, responseBody } = this;
    const { scratch, loop } = this.worker;
    const connection = this.connection;
    if (responseBody.done || connection === null) {
      if (connection !== null) this.endResponse();
      else if (client.pending === null) this.finishRequest('normal', '-');
      return;
    }
    for (let reads = 0; connection.readable && client.accepting && !responseBody.done; reads++) {
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
      const before = responseBody.content;
      const bodyEnd = responseBody.take(scratch.bytes, 0, n);
      if (bodyEnd < 0) {
        this.report.countBadResponse();
        this.keepClient = false;
        this.finishRequest('bad-response', 'D');
        return;
      }
      if (bodyEnd < n) this.keepServer = false;
      this.report.bytesOut += responseBody.content - before;
      this.touchServer();
      if (!client.write(scratch.bytes, scratch.address, 0, bodyEnd)) {
        this.clientGone();
        return;
      }
    }
    if (responseBody.done) this.endResponse();
    else this.watchSlowClient();
  }

  /** While the client does not take what is there, its timeout runs. */
  private watchSlowClient(): void {
    if (this.client.pending === null) {
      if (this.requestBody.done) this.clientDeadline = NEVER;
    } else this.setClientDeadline(this.frontend.conf.timeouts.clientMs);
  }

  private endOfServer(orderly: boolean): void {
    if (orderly && this.responseBody.kind === 'until-close') {
      this.responseBody.setNone();
      this.keepServer = false;
      this.endResponse();
    } else this.serverGone();
  }

  /** All of the response was handed to the client's socket; a body that is still on its way goes on to the server. */
  private endResponse(): void {
    if (!this.requestBody.done && this.uploadGoesOn()) return;
    this.leaveServer();
    if (this.client.pending === null) this.finishRequest('normal', '-');
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
    const { connection } = this;
    if (connection !== null) {
      this.connection = null;
      this.serverDeadline = NEVER;
      if (this.keepServer && this.requestBody.done && connection.pending === null) {
        this.report.keepServer(this.dispatch.server);
        this.dispatch.releaseServer();
        connection.rest();
        return;
      }
      connection.discard();
    }
    this.report.keepServer(this.dispatch.server);
    this.dispatch.abandon();
  }

  // ---- tunnels -----------------------------------------------------------------------------------------------------

  private beginTunnel(): void {
    this.keepClient = false;
    this.keepServer = false;
    this.requestBody.setUntilClose();
    this.responseBody.setUntilClose();
    this.touchTunnel();
    const { input } = this;
    if (input !== null) {
      const connection = this.connection!;
      connection.write(input.bytes, input.address, input.start, input.end);
      this.keepInput(input.bytes, input.end, input.end);
    }
    this.passTunnel();
  }

  private touchTunnel(): void {
    const { timeouts } = this.frontend.backend!.conf;
    this.setClientDeadline(timeouts.tunnelMs ?? this.frontend.conf.timeouts.clientMs);
    this.setServerDeadline(timeouts.tunnelMs ?? timeouts.serverMs);
  }

  private passTunnel(): void {
    const { client } = this;
    const connection = this.connection!;
    if (!this.pump(client, connection, true) || !this.pump(connection, client, false)) return;
    if (!client.ended || !connection.ended || client.pending !== null || connection.pending !== null) return;
    this.finishRequest('normal', '-');
  }

  private pump(from: SocketEnd, to: SocketEnd, upward: boolean): boolean {
    const { scratch, loop } = this.worker;
    for (let reads = 0; from.readable && to.accepting; reads++) {
      if (reads === READS_A_TURN) {
        loop.defer(this);
        return true;
      }
      const n = from.read(scratch.address, BULK_SIZE);
      if (n > 0) {
        if (upward) this.report.bytesIn += n;
        else this.report.bytesOut += n;
        this.touchTunnel();
      }
      const broken = n === BROKEN ? from : n > 0 && !to.write(scratch.bytes, scratch.address, 0, n) ? to : null;
      if (broken !== null) {
        this.finishRequest(broken === this.client ? 'client-abort' : 'server-abort', 'D');
        return false;
      }
      if (n === END) to.finish();
      if (n <= 0) return true;
    }
    return true;
  }

  // ---- answers of our own ------------------------------------------------------------------------------------------

  /** Bytes that are no request: the page goes out as it is and the connection closes. */
  private refuse(status: ErrorStatus, cause: EndCause = 'bad-request'): void {
    const { counters } = this.worker;
    this.report.takeBadRequest();
    counters.add(this.frontend.row, EREQ, 1);
    counters.add(this.listener.row, EREQ, 1);
    this.dropRequest();
    this.keepClient = false;
    this.method = NO_REQUEST;
    this.answerBytes(status, errorPage(status).unread, cause, 'R');
  }

  private answer(page: ErrorPage, cause: EndCause, phase: Phase): void {
    const unfinished = !this.requestBody.done;
    if (unfinished || this.worker.stopping) this.keepClient = false;
    const bytes = this.keepClient ? page.kept : page.closing;
    const bodyless = this.method === METHOD_HEAD;
    this.answerBytes(page.status, bodyless ? bytes.subarray(0, bytes.length - page.bodyLength) : bytes, cause, phase);
  }

  private answerBytes(status: number, bytes: Uint8Array, cause: EndCause, phase: Phase): void {
    this.keepServer = false;
    this.dropRequest();
    this.dropResponse();
    this.leaveServer();
    this.report.takeReply(status);
    // A page for what was no request does not count, as in HAProxy.
    if (this.method !== NO_REQUEST) this.report.bytesOut += answerLength(bytes, this.worker.responseHead);
    this.phase = REPLY;
    this.reply = bytes;
    this.replySent = 0;
    this.replyCause = cause;
    this.replyPhase = phase;
    this.setClientDeadline(this.frontend.conf.timeouts.clientMs);
    this.sendReply();
  }
  private replyCause: EndCause = 'normal';
  private replyPhase: Phase = '-';

  private sendReply(): void {
    const { client } = this;
    const { out } = this.worker;
    const reply = this.reply!;
    while (this.replySent < reply.length && client.accepting) {
      const end = Math.min(reply.length, this.replySent + BULK_SIZE);
      copyBytes(out.bytes, 0, reply, this.replySent, end);
      if (!client.write(out.bytes, out.address, 0, end - this.replySent)) {
        this.clientGone();
        return;
      }
      this.replySent = end;
    }
    if (this.replySent < reply.length || client.pending !== null) return;
    this.reply = null;
    this.finishRequest(this.replyCause, this.replyPhase);
  }

  // ---- the end of a request and of the connection ------------------------------------------------------------------

  private clientGone(): void {
    switch (this.phase) {
      case REQUEST:
        this.clientLeftEarly();
        return;
      case LINGER:
        this.close();
        return;
      default:
        this.keepClient = false;
        this.report.countClientAbort();
        this.client.readable = false;
        this.finishRequest('client-abort', this.phaseNow(), true);
    }
  }

  /** Between requests that is normal. In the middle of one, or before the first, HAProxy calls it a bad request. */
  private clientLeftEarly(): void {
    if (this.requests > 0 && this.input === null) this.close();
    else if (this.client.error === 0) this.refuse(400, 'client-abort');
    else {
      this.report.takeAbortedRequest();
      this.close();
    }
  }

  private phaseNow(): Phase {
    if (this.phase === DISPATCH) return this.dispatch.queued ? 'Q' : 'C';
    if (this.phase === ANSWER) return this.requestBody.done ? 'H' : 'D';
    return this.phase === REPLY ? 'R' : this.connection === null ? 'L' : 'D';
  }

  private finishRequest(cause: EndCause, phase: Phase, abrupt = false): void {
    this.dropRequest();
    this.dropResponse();
    this.reply = null;
    const requestDone = this.requestBody.done;
    if (this.connection !== null || this.dispatch.active || this.dispatch.server !== null) {
      if (cause !== 'normal') this.keepServer = false;
      this.leaveServer();
    }
    this.report.end(cause, phase);
    this.dispatchDeadline = NEVER;
    this.serverDeadline = NEVER;
    const broken = abrupt || this.client.error !== 0;
    if (broken || (cause !== 'normal' && !this.keepClient && this.phase !== REPLY)) this.close();
    else if (this.keepClient && requestDone) this.nextRequest();
    else this.closeSoftly();
  }

  private nextRequest(): void {
    const { input, frontend } = this;
    const { timeouts } = frontend.conf;
    this.phase = REQUEST;
    this.setClientDeadline(timeouts.httpKeepAliveMs ?? timeouts.httpRequestMs ?? timeouts.clientMs);
    if (input !== null) {
      // In its own turn: a client that sends requests in bunches must not hold the loop.
      this.worker.loop.defer(this.pipelined);
    } else if (this.client.readable) this.worker.loop.defer(this);
  }
  private readonly pipelined: Deferred = {
    onTurn: () => {
      const { input } = this;
      if (this.phase !== REQUEST || input === null || this.partialHead !== null) return;
      this.report.begin();
      this.parseFrom(input.bytes, input.start, input.end);
    },
  };

  /** Closes after the last answer; a client that may still be sending gets time to read it before a reset could come. */
  private closeSoftly(): void {
    const { client } = this;
    if (this.requestBody.done && !client.readable && this.input === null) {
      this.close();
      return;
    }
    this.phase = LINGER;
    this.keepInput(NO_LINES, 0, 0);
    client.finish();
    this.setClientDeadline(LINGER_MS);
    if (client.readable) this.linger();
  }

  private linger(): void {
    const { client, worker } = this;
    for (let reads = 0; client.readable; reads++) {
      if (reads === READS_A_TURN) {
        worker.loop.defer(this);
        return;
      }
      const n = client.read(worker.scratch.address, BULK_SIZE);
      if (n === END || n === BROKEN) {
        this.close();
        return;
      }
      if (n <= 0) return;
    }
  }

  private close(): void {
    if (this.phase === CLOSED) return;
    this.phase = CLOSED;
    this.worker.loop.timers.disarm(this.timer);
    this.keepInput(NO_LINES, 0, 0);
    this.client.close();
    this.listener.onSessionEnd();
    this.worker.end(this);
  }

  // ---- time --------------------------------------------------------------------------------------------------------

  private setClientDeadline(limitMs: number | null): void {
    this.clientDeadline = limitMs === null ? NEVER : this.worker.loop.now + limitMs;
    if (limitMs !== null) this.worker.loop.timers.armBy(this.timer, this.clientDeadline);
  }

  private touchServer(): void {
    this.setServerDeadline(this.frontend.backend!.conf.timeouts.serverMs);
  }

  private setServerDeadline(limitMs: number | null): void {
    this.serverDeadline = limitMs === null ? NEVER : this.worker.loop.now + limitMs;
    if (limitMs !== null) this.worker.loop.timers.armBy(this.timer, this.serverDeadline);
  }

  onTimer(): void {
    const { now, timers } = this.worker.loop;
    const dispatching = this.phase === DISPATCH ? this.dispatchDeadline : NEVER;
    const next = Math.min(dispatching, this.clientDeadline, this.serverDeadline);
    if (next > now) {
      if (next !== NEVER) timers.arm(this.timer, next);
      return;
    }
    this.report.countTraffic();
    if (dispatching <= now) this.dispatch.onTimer();
    else if (this.clientDeadline <= now) this.clientTimedOut();
    else this.serverTimedOut();
  }

  private clientTimedOut(): void {
    switch (this.phase) {
      case REQUEST:
        this.requestTimedOut();
        return;
      case LINGER:
        this.close();
        return;
      case ANSWER:
        this.keepClient = false;
        this.answer(errorPage(408), 'client-timeout', 'D');
        return;
      default:
        this.keepClient = false;
        this.finishRequest('client-timeout', 'D', true);
    }
  }

  /** Between requests silence is normal; in the middle of one, or before the first, it is answered. */
  private requestTimedOut(): void {
    if (this.requests > 0 && this.input === null) {
      this.close();
      return;
    }
    this.refuse(408, 'client-timeout');
  }

  private serverTimedOut(): void {
    this.report.countServerAbort(false);
    if (this.phase === ANSWER) this.answer(errorPage(504), 'server-timeout', 'H');
    else {
      this.keepClient = false;
      this.finishRequest('server-timeout', 'D');
    }
  }

  // ---- orders ------------------------------------------------------------------------------------------------------

  /** The next answer says `Connection: close`; a client that is silent may still ask once. */
  onSoftStop(): void {}

  kill(reason: 'stop' | 'down'): void {
    this.keepClient = false;
    if (this.phase === REQUEST || this.phase === LINGER) this.close();
    else this.finishRequest(reason === 'stop' ? 'killed' : 'marked-down', this.phaseNow(), true);
  }
}

const NO_LINES = new Uint8Array(0);

function answerLength(bytes: Uint8Array, head: Head): number {
  return parseResponseHead(bytes, 0, bytes.length, head) > 0 ? responseLength(head) + bytes.length - head.end : 0;
}

function isTarget(bytes: Uint8Array, head: Head, target: Uint8Array): boolean {
  if (head.uriEnd - head.uriStart !== target.length) return false;
  return target.every((byte, i) => bytes[head.uriStart + i] === byte);
}

function isRepeatable(request: PooledBuffer): boolean {
  const start = Buffer.from(request.bytes.buffer, request.bytes.byteOffset, 8).toString('latin1');
  return IDEMPOTENT.test(start);
}
