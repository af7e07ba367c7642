/**
 * A client connection in mode http: reads requests one after another, has each one answered by a server
 * (http-exchange.ts) or by the proxy itself, and decides whether the connection goes on (manual, chapter 1.2).
 *
 *     REQUEST --head--> EXCHANGE --end--> REQUEST or LINGER
 *        |                  |
 *        `-- bad, ours -----'--> REPLY --> REQUEST or LINGER
 */
import { SOL_TCP, setOption, TCP_QUICKACK } from '../os/socket.ts';
import { parseResponseHead, statusOfHeadError } from '../wire/http1.ts';
import { EXPECT, type Head, hasTarget, INCOMPLETE, METHOD_HEAD, removeField } from '../wire/http1-head.ts';
import { copyBytes } from './buffers.ts';
import type { ClientAddress } from './client-address.ts';
import { EREQ, INTERCEPTED, REQ_RATE, REQ_TOT } from './counter-layout.ts';
import { Deadlines } from './deadlines.ts';
import { type ErrorPage, type ErrorStatus, unreadPage } from './errors.ts';
import type { Frontend } from './frontend.ts';
import type { HeaderCaptures } from './header-captures.ts';
import { withCases } from './header-cases.ts';
import { hasOddNames } from './header-names.ts';
import { BODY_BROKEN, BODY_HERE, BODY_WAITS, BodyWait } from './http-body-wait.ts';
import { type ExchangeOwner, HttpExchange } from './http-exchange.ts';
import { HttpInput } from './http-input.ts';
import { HttpReport } from './http-report.ts';
import { requestLength, responseLength } from './http-rewrite.ts';
import type { Listener } from './listener.ts';
import { requestLine, STATS_SERVER } from './log/record.ts';
import type { Deferred } from './loop.ts';
import type { Server } from './server.ts';
import { BROKEN, END, type EndOwner, SocketEnd } from './socket-end.ts';
import { answerStats } from './stats/answer.ts';
import { isStatsTarget } from './stats/request.ts';
import type { EndCause, Phase } from './stream-end.ts';
import type { Timed } from './timers.ts';
import { BULK_SIZE, type Stream, type WorkerContext } from './worker-context.ts';

/** Waiting for a request or reading its head. */
const REQUEST = 0;
const EXCHANGE = 1;
/** An answer of our own goes out. */
const REPLY = 2;
/** The last answer is out; what the client still sends is thrown away. */
const LINGER = 3;
const CLOSED = 4;
/** A request waits for its body (`option http-buffer-request`). */
const BUFFERING = 5;

/** `method` of what could not be read. */
const NO_REQUEST = -1;
const READS_A_TURN = 8;
const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
/** As HAProxy counts it in its internal form. */
const COUNTED_CONTINUE = 40;
/** Of the exchanges without a client so many are kept. */
const MOST_FREE = 512;
/** HAProxy counts the field `connection: close` in answers that it makes for a server. */
const COUNTED_CLOSE = 15;
/** How long a client may take to close after the last answer. */
const LINGER_MS = 2000;

export class HttpStream implements Stream, EndOwner, ExchangeOwner, Timed, Deferred {
  private readonly worker: WorkerContext;
  private readonly frontend: Frontend;
  private readonly listener: Listener;
  private readonly client: SocketEnd;
  private readonly input: HttpInput;
  private readonly deadlines: Deadlines;
  private readonly address: ClientAddress;
  private readonly ownReport: HttpReport;
  /** Null between requests. */
  private current: HttpExchange | null = null;
  place = 0;
  private phase = REQUEST;
  /** Requests read on this connection. */
  private requests = 0;
  private bodyWait: BodyWait | null = null;
  /** An answer of our own, how much of it went out, and what the log says of it. */
  private reply: Uint8Array | null = null;
  private replySent = 0;
  private replyCause: EndCause = 'normal';
  private replyPhase: Phase = '-';

  constructor(worker: WorkerContext, frontend: Frontend, listener: Listener, fd: number, address: ClientAddress) {
    this.worker = worker;
    this.frontend = frontend;
    this.listener = listener;
    this.client = new SocketEnd(fd, worker.loop, worker.buffers, this, false, true);
    this.input = new HttpInput(worker, frontend.conf.http.acceptUnsafeRequests);
    this.deadlines = new Deadlines(worker.loop, this);
    this.address = address;
    this.ownReport = new HttpReport(worker, frontend, listener, address, fd);
  }

  get server(): Server | null {
    return this.current?.server ?? null;
  }

  private get exchange(): HttpExchange {
    return this.current ?? this.takeExchange();
  }

  /** It looks at the exchange, so that there has to be one. */
  private get report(): HttpReport {
    if (this.current === null) this.takeExchange();
    return this.ownReport;
  }

  private takeExchange(): HttpExchange {
    const { frontend, address, client, input, deadlines, ownReport } = this;
    const exchange = frontend.freeExchanges.pop() ?? new HttpExchange(this.worker, frontend);
    exchange.attach(address, client, input, deadlines, this, ownReport);
    this.current = exchange;
    return exchange;
  }

  /** Another connection may use it, unless something in it belongs to this client. */
  private leaveExchange(): void {
    const { current, frontend } = this;
    if (current === null || !current.isFree) return;
    this.current = null;
    if (frontend.freeExchanges.length < MOST_FREE) frontend.freeExchanges.push(current);
  }

  start(): void {
    this.worker.begin(this);
    const { timeouts } = this.frontend.conf;
    this.deadlines.setClient(timeouts.httpRequestMs ?? timeouts.clientMs);
    // Mostly the request is there already: read it before the kernel is asked to tell of it.
    this.client.readable = true;
    this.readRequest();
    if (this.phase !== CLOSED && !this.isServed) this.watchClient();
  }

  /**
   * All of the first request is on its way to a server and nothing is expected of the client before the answer: it need
   * not be watched until then, and many a connection never.
   */
  private get isServed(): boolean {
    if (this.phase !== EXCHANGE) return false;
    const { requestDone, transaction } = this.exchange;
    if (!requestDone || transaction.upgrade) return false;
    return !this.frontend.backend!.conf.abortonclose;
  }

  private watchClient(): void {
    if (this.client.open() < 0) this.close();
  }

  // ---- events ------------------------------------------------------------------------------------------------------

  onEnd(): void {
    if (this.client.error !== 0 && this.phase !== CLOSED) this.clientGone();
    else this.goOn();
  }

  onTurn(): void {
    this.goOn();
  }

  private goOn(): void {
    switch (this.phase) {
      case REQUEST:
        if (this.input.ahead) this.takeAhead();
        else if (this.client.readable) this.readRequest();
        return;
      case EXCHANGE:
        this.exchange.onClient();
        return;
      case REPLY:
        this.sendReply();
        return;
      case BUFFERING:
        this.bufferBody();
        return;
      case LINGER:
        this.linger();
        return;
    }
  }

  onTimer(): void {
    if (this.ownReport.begun) this.report.countTraffic();
    const passed = this.deadlines.passed();
    if (passed === null) return;
    if (this.phase === EXCHANGE) this.exchange.onTimedOut(passed);
    else if (this.phase === REQUEST && this.inRequest) this.refuse(408, 'client-timeout');
    else if (this.phase === BUFFERING) this.giveUpBody(408, 'client-timeout');
    else if (this.phase === REPLY) this.endRequest('client-timeout', 'D', true);
    else this.close();
  }

  /** Silence, and an end, are normal between requests; in the middle of one, or before the first, they are not. */
  private get inRequest(): boolean {
    return this.requests === 0 || this.input.partway;
  }

  /** `option http-ignore-probes`: not one byte has come on this connection. */
  private get isProbe(): boolean {
    return this.frontend.conf.http.ignoreProbes && this.requests === 0 && !this.ownReport.begun;
  }

  private clientGone(): void {
    if (this.phase === EXCHANGE) this.exchange.clientGone();
    else if (this.phase === REPLY || this.phase === BUFFERING) this.endRequest('client-abort', 'R', true);
    else if (this.phase === LINGER || !this.inRequest) this.close();
    else if (this.client.error === 0) this.refuse(400, 'client-abort');
    else {
      if (!this.isProbe) this.abortRequest();
      this.close();
    }
  }

  /** As `refuse`, for one who cannot be told. */
  private abortRequest(): void {
    this.report.takeBadRequest();
    this.countRefusal(false);
    this.report.takeAbortedRequest();
  }

  // ---- requests ----------------------------------------------------------------------------------------------------

  private readRequest(): void {
    const n = this.input.read(this.client);
    if (n === END || n === BROKEN) this.clientGone();
    else if (n > 0) this.parseRequest();
  }

  private parseRequest(): void {
    if (!this.report.begun) this.report.begin();
    const length = this.input.parse();
    if (length === INCOMPLETE) this.awaitRest();
    else if (length < 0) this.refuse(statusOfHeadError(length));
    else this.takeRequest();
  }

  private awaitRest(): void {
    const { timeouts } = this.frontend.conf;
    this.acknowledge();
    if (this.requests > 0 && timeouts.httpRequestMs !== null) this.deadlines.setClient(timeouts.httpRequestMs);
    if (this.client.readable) this.worker.loop.defer(this);
  }

  /** `option tcp-smart-accept` spared an acknowledgement that a client with more to send may be waiting for. */
  private acknowledge(): void {
    const { accept } = this.frontend.conf;
    if (this.requests < 2 && accept.smartAccept !== false) setOption(this.client.fd, SOL_TCP, TCP_QUICKACK, 1);
  }

  private countRequest(): void {
    const { counters, loop } = this.worker;
    counters.add(this.frontend.row, REQ_TOT, 1);
    counters.tick(this.frontend.row, REQ_RATE, loop.second);
  }

  private takeRequest(): void {
    const { frontend, worker, exchange, report } = this;
    const { bytes, head } = this.input;
    this.requests++;
    report.takeRequest(frontend.log.enabled ? requestLine(bytes, head, worker.uriLimit) : '');
    this.countRequest();
    exchange.begin(head);
    frontend.requestCaptures?.take(bytes, head, exchange.transaction.notes!.requestHeaders!);
    if (frontend.monitorUri !== null && hasTarget(bytes, head, frontend.monitorUri)) this.answerMonitor();
    else if (frontend.stats !== null && isStatsTarget(frontend.stats, bytes, head)) this.answerStats();
    else if (frontend.nameRule === 'reject' && hasOddNames(bytes, head)) this.forbid();
    else if (frontend.backend === null) {
      report.bytesIn += requestLength(head);
      this.leaveBody();
      this.answer(503, frontend.pageFor(503, false), 'no-server', 'C');
    } else if (frontend.buffersBody) this.beginBuffering();
    else this.forward();
  }

  private forward(): void {
    const { worker, exchange, report } = this;
    const backend = this.frontend.backend!;
    if (!exchange.compose()) {
      report.forgetRequest();
      this.refuse(400, 'bad-request', true);
    } else {
      worker.enterBackend(backend);
      worker.counters.add(backend.row, REQ_TOT, 1);
      report.enteredBackend = true;
      this.phase = EXCHANGE;
      if (!exchange.requestDone) this.acknowledge();
      exchange.send(this.listener.portOf(this.client.fd, this.exchange.address), this.requests === 1);
    }
  }

  // ---- option http-buffer-request ----------------------------------------------------------------------------------

  private beginBuffering(): void {
    const { input, frontend } = this;
    const { httpRequestMs, clientMs } = frontend.conf.timeouts;
    this.bodyWait ??= new BodyWait();
    this.bodyWait.begin(input.head);
    const state = this.bodyWait.look(input.head, input.bytes, input.end);
    if (state === BODY_HERE || (state === BODY_WAITS && input.full)) {
      this.forward();
      return;
    }
    this.phase = BUFFERING;
    input.holdRequest();
    if (this.requests > 1 || httpRequestMs === null) this.deadlines.setClient(httpRequestMs ?? clientMs);
    if (state === BODY_BROKEN) this.giveUpBody(400, 'bad-request');
    else {
      if (input.head.expectContinue) this.invite();
      this.acknowledge();
      if (this.client.readable) this.bufferBody();
    }
  }

  /** The client waits to be told that its body is wanted; the server is not asked any more. */
  private invite(): void {
    const { head } = this.input;
    const { out } = this.worker;
    out.bytes.set(CONTINUE);
    this.report.bytesOut += COUNTED_CONTINUE;
    for (let i = head.count - 1; i >= 0; i--) if (head.ids[i] === EXPECT) removeField(head, i);
    head.expectContinue = false;
    if (!this.client.write(out.bytes, out.address, 0, CONTINUE.length)) this.clientGone();
  }

  private bufferBody(): void {
    const { input, client, bodyWait } = this;
    for (let reads = 0; client.readable; reads++) {
      if (reads === READS_A_TURN) {
        this.worker.loop.defer(this);
        return;
      }
      const n = input.read(client);
      if (n === END || n === BROKEN) this.clientGone();
      if (n <= 0) return;
      const state = bodyWait!.look(input.head, input.bytes, input.end);
      if (state === BODY_BROKEN) this.giveUpBody(400, 'bad-request');
      else if (state === BODY_HERE || input.full) this.forward();
      else continue;
      return;
    }
  }

  private giveUpBody(status: 400 | 408, cause: EndCause): void {
    const { worker, frontend, listener } = this;
    this.report.forgetTime();
    worker.counters.add(frontend.row, EREQ, 1);
    worker.counters.add(listener.row, EREQ, 1);
    this.exchange.transaction.keepClient = false;
    this.input.drop();
    this.answer(status, frontend.pageFor(status, false), cause, 'R');
  }

  // ---- answers without a server ------------------------------------------------------------------------------------

  /** Its header names are not allowed here. */
  private forbid(): void {
    const { worker, frontend, listener } = this;
    this.report.bytesIn += requestLength(this.input.head);
    this.leaveBody();
    worker.counters.add(frontend.row, EREQ, 1);
    worker.counters.add(listener.row, EREQ, 1);
    this.answer(403, frontend.pageFor(403, false), 'bad-request', 'R');
  }

  private answerMonitor(): void {
    this.leaveBody();
    this.report.silent = true;
    this.answer(200, this.frontend.pageFor(200, false), 'intercepted', 'R');
  }

  private answerStats(): void {
    const { frontend, worker, exchange } = this;
    const { bytes, head } = this.input;
    const closes = !exchange.transaction.keepClient;
    const { status, bytes: page } = answerStats(
      frontend.stats!,
      frontend.conf,
      bytes,
      head,
      worker.statsSource,
      worker.loop.wallMs,
      closes,
    );
    this.leaveBody();
    this.report.serverName = STATS_SERVER;
    this.report.bytesIn += requestLength(head);
    worker.counters.add(frontend.row, INTERCEPTED, 1);
    if (frontend.responseCaptures !== null && status !== 401) this.captureOf(page, frontend.responseCaptures);
    this.send(status, page, 'intercepted', 'R');
  }

  /** The page is a response like a server's, but for the one that asks for a password. */
  private captureOf(page: Uint8Array, captures: HeaderCaptures): void {
    const { responseHead: head } = this.worker;
    if (parseResponseHead(page, 0, page.length, head) <= 0) return;
    captures.take(page, head, this.exchange.transaction.notes!.responseHeaders!);
  }

  /** Steps over the part of a body that is here; with the rest missing, the connection cannot be kept. */
  private leaveBody(): void {
    const { input, exchange } = this;
    const bodyEnd = exchange.upload.body.take(input.bytes, input.head.end, input.end);
    if (bodyEnd < 0 || !exchange.requestDone) exchange.transaction.keepClient = false;
    input.keep(bodyEnd < 0 ? input.end : bodyEnd);
  }

  // ---- answers of our own ------------------------------------------------------------------------------------------

  onExchangeFailed(status: ErrorStatus, cause: EndCause, phase: Phase): void {
    this.answer(status, this.frontend.pageFor(status, true), cause, phase);
  }

  onExchangeAnswered(status: number, answer: Uint8Array, phase: Phase): void {
    this.report.bytesOut += COUNTED_CLOSE;
    this.send(status, answer, 'intercepted', phase);
  }

  /**
   * Bytes that are no request: the page goes out as it is and the connection closes. `isCounted`: it was a request until
   * its body was looked at.
   */
  private refuse(status: ErrorStatus, cause: EndCause = 'bad-request', isCounted = false): void {
    if (this.isProbe) {
      this.close();
      return;
    }
    this.report.takeBadRequest();
    this.countRefusal(isCounted);
    this.exchange.leave();
    this.exchange.transaction.keepClient = false;
    this.exchange.transaction.method = NO_REQUEST;
    // A frontend in mode tcp takes whatever is no request for a bad one.
    const why = this.frontend.conf.mode === 'tcp' ? 'bad-request' : cause;
    if (this.frontend.pageFor(status, false).silent) this.endSilently(status, why, 'R');
    else this.send(status, unreadPage(status), why, 'R');
  }

  /** HAProxy counts as a request whatever a client began, even if it sent nothing. */
  private countRefusal(isCounted: boolean): void {
    const { counters } = this.worker;
    if (!isCounted) this.countRequest();
    counters.add(this.frontend.row, EREQ, 1);
    counters.add(this.listener.row, EREQ, 1);
  }

  /** `status`: what it is about, for the log; that of the page may be another. */
  private answer(status: number, page: ErrorPage, cause: EndCause, phase: Phase): void {
    const { exchange } = this;
    if (!exchange.requestDone || this.worker.stopping) exchange.transaction.keepClient = false;
    const { transaction } = exchange;
    if (page.closes) transaction.keepClient = false;
    const bodyless = transaction.method === METHOD_HEAD;
    if (page.silent) {
      this.endSilently(status, cause, phase);
      return;
    }
    this.report.bytesOut += page.counted;
    this.send(status, page.write(transaction.requestVersion, transaction.keepClient, bodyless), cause, phase);
  }

  /** An empty error file: the connection closes without a word. */
  private endSilently(status: number, cause: EndCause, phase: Phase): void {
    this.report.takeReply(status);
    this.endRequest(cause, phase);
  }

  private send(status: number, bytes: Uint8Array, cause: EndCause, phase: Phase): void {
    const { report, worker } = this;
    report.takeReply(status);
    // A page for what was no request does not count, as in HAProxy.
    if (this.exchange.transaction.method !== NO_REQUEST) report.bytesOut += answerLength(bytes, worker.responseHead);
    const { clientCases } = this.frontend;
    this.phase = REPLY;
    this.reply = clientCases === null ? bytes : withCases(clientCases, bytes);
    this.replySent = 0;
    this.replyCause = cause;
    this.replyPhase = phase;
    this.deadlines.setClient(this.frontend.conf.timeouts.clientMs);
    this.sendReply();
  }

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
    if (this.replySent === reply.length && client.drained) this.endRequest(this.replyCause, this.replyPhase);
  }

  // ---- the end of a request and of the connection ------------------------------------------------------------------

  onExchangeEnd(cause: EndCause, phase: Phase): void {
    this.endRequest(cause, phase, cause !== 'normal');
  }

  /** `abrupt`: nothing more is owed to the client, or it is gone. */
  private endRequest(cause: EndCause, phase: Phase, abrupt = false): void {
    this.reply = null;
    this.report.end(cause, phase);
    if (abrupt || this.client.error !== 0) this.close();
    else if (this.exchange.transaction.keepClient && this.exchange.requestDone) this.nextRequest();
    else this.closeSoftly();
  }

  private nextRequest(): void {
    const { timeouts } = this.frontend.conf;
    this.phase = REQUEST;
    this.deadlines.setClient(timeouts.httpKeepAliveMs ?? timeouts.httpRequestMs ?? timeouts.clientMs);
    // In its own turn: a client that sends requests in bunches must not hold the loop.
    if (this.input.ahead || this.client.readable) this.worker.loop.defer(this);
    else this.leaveExchange();
    this.watchClient();
  }

  /** Requests that came before the last one was answered. */
  private takeAhead(): void {
    this.input.showWaiting();
    this.parseRequest();
  }

  /** Closes after the last answer; a client that may still be sending gets time to read it before a reset could come. */
  private closeSoftly(): void {
    const { client } = this;
    client.look(this.worker.scratch.address);
    if (this.exchange.requestDone && !client.readable && this.input.empty) {
      this.close();
      return;
    }
    this.phase = LINGER;
    this.input.drop();
    client.finish();
    this.deadlines.setClient(LINGER_MS);
    this.watchClient();
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
      if (n === END || n === BROKEN) this.close();
      if (n <= 0) return;
    }
  }

  private close(): void {
    if (this.phase === CLOSED) return;
    this.phase = CLOSED;
    this.deadlines.cancel();
    this.input.drop();
    this.current?.dispatch.close();
    this.leaveExchange();
    const { nolinger } = this.frontend.conf.http;
    // What was held back for the FIN goes out with it, then nothing of the connection stays.
    if (nolinger) this.client.finish();
    this.client.close(nolinger);
    this.listener.onSessionEnd();
    this.worker.end(this);
  }

  /** Between two requests. */
  closeIdle(): boolean {
    if (this.phase !== REQUEST || this.inRequest) return false;
    this.close();
    return true;
  }

  // ---- orders ------------------------------------------------------------------------------------------------------

  kill(reason: 'stop' | 'down'): void {
    const phase = this.phase === EXCHANGE ? this.exchange.currentPhase : 'R';
    if (this.phase === EXCHANGE) this.exchange.leave();
    if (this.phase === EXCHANGE || this.phase === REPLY || this.phase === BUFFERING)
      this.report.end(reason === 'stop' ? 'killed' : 'marked-down', phase);
    this.close();
  }
}

function answerLength(bytes: Uint8Array, head: Head): number {
  return parseResponseHead(bytes, 0, bytes.length, head) > 0 ? responseLength(head) + bytes.length - head.end : 0;
}
