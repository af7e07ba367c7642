/**
 * A client connection in mode http: reads requests one after another, has each one answered by a server
 * (http-exchange.ts) or by the proxy itself, and decides whether the connection goes on (manual, chapter 1.2).
 *
 *     REQUEST --head--> EXCHANGE --end--> REQUEST or LINGER
 *        |                  |
 *        `-- bad, ours -----'--> REPLY --> REQUEST or LINGER
 */
import { SOL_TCP, setOption, TCP_QUICKACK } from '../../os/socket.ts';
import { statusOfHeadError } from '../../wire/http1.ts';
import { hasTarget, INCOMPLETE } from '../../wire/http1-head.ts';
import { REQ_RATE, REQ_TOT } from '../counter-layout.ts';
import type { Frontend } from '../frontend.ts';
import type { ClientAddress } from '../listener/client-address.ts';
import type { Listener } from '../listener/listener.ts';
import { STEP_REQUEST } from '../log/line-forms.ts';
import { requestLine } from '../log/record.ts';
import { Deadlines } from '../loop/deadlines.ts';
import { BROKEN, END, type EndOwner, SocketEnd } from '../loop/socket-end.ts';
import type { Timed } from '../loop/timers.ts';
import type { Server } from '../server/server.ts';
import { isStatsTarget } from '../stats/request.ts';
import type { EndCause, Phase } from '../stream-end.ts';
import { BULK_SIZE, type Stream, type WorkerContext } from '../worker-context.ts';
import type { ErrorStatus } from './errors.ts';
import { hasOddNames } from './header-names.ts';
import { BodyWait, type BodyWaitOwner } from './http-body-wait.ts';
import { type ExchangeOwner, HttpExchange } from './http-exchange.ts';
import { HttpInput } from './http-input.ts';
import { HttpReply, type ReplyOwner } from './http-reply.ts';
import { HttpReport } from './http-report.ts';

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

const READS_A_TURN = 8;
/** Of the exchanges without a client so many are kept. */
const MOST_FREE = 512;
/** How long a client may take to close after the last answer. */
const LINGER_MS = 2000;

export class HttpStream implements Stream, EndOwner, ExchangeOwner, ReplyOwner, BodyWaitOwner, Timed {
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
  /** Null until they are needed. */
  private bodyWait: BodyWait | null = null;
  private ownReply: HttpReply | null = null;

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

  get exchange(): HttpExchange {
    return this.current ?? this.takeExchange();
  }

  /** It looks at the exchange, so that there has to be one. */
  get report(): HttpReport {
    if (this.current === null) this.takeExchange();
    return this.ownReport;
  }

  private get reply(): HttpReply {
    const { worker, frontend, listener, client, input } = this;
    this.ownReply ??= new HttpReply(worker, frontend, listener, client, input, this);
    return this.ownReply;
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
        this.ownReply!.goOn();
        return;
      case BUFFERING:
        this.bodyWait!.goOn();
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
    else if (this.phase === BUFFERING) this.reply.refuseBody(408, 'client-timeout');
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

  clientGone(): void {
    if (this.phase === EXCHANGE) this.exchange.failures.clientGone();
    else if (this.phase === REPLY || this.phase === BUFFERING) this.endRequest('client-abort', 'R', true);
    else if (this.phase === LINGER || !this.inRequest) this.close();
    else if (this.client.error === 0) this.refuse(400, 'client-abort');
    else {
      if (!this.isProbe) this.reply.abort();
      this.close();
    }
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
  acknowledge(): void {
    const { accept } = this.frontend.conf;
    if (this.requests < 2 && accept.smartAccept !== false) setOption(this.client.fd, SOL_TCP, TCP_QUICKACK, 1);
  }

  countRequest(): void {
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
    if (frontend.monitorUri !== null && hasTarget(bytes, head, frontend.monitorUri)) this.reply.answerMonitor();
    else if (frontend.buffersBody) this.awaitBody();
    else this.forward();
  }

  forward(): void {
    const { worker, exchange, report, frontend } = this;
    const { backend } = frontend;
    const { bytes, head } = this.input;
    if (frontend.stats !== null && isStatsTarget(frontend.stats, bytes, head)) this.reply.answerStats();
    else if (frontend.nameRule === 'reject' && hasOddNames(bytes, head)) this.reply.forbid();
    else if (backend === null) this.reply.answerNoBackend();
    else if (!exchange.compose()) {
      report.forgetRequest();
      this.refuse(400, 'bad-request', true);
    } else {
      worker.enterBackend(backend);
      worker.counters.add(backend.row, REQ_TOT, 1);
      report.enteredBackend = true;
      if (this.frontend.log.steps !== 0) report.logStep(STEP_REQUEST);
      this.phase = EXCHANGE;
      if (!exchange.requestDone) this.acknowledge();
      exchange.send(this.listener.portOf(this.client.fd, this.exchange.address), this.requests === 1);
    }
  }

  // ---- option http-buffer-request ----------------------------------------------------------------------------------

  private awaitBody(): void {
    this.bodyWait ??= new BodyWait(this.worker, this.client, this.input, this);
    this.bodyWait.begin();
  }

  onBodyAwaited(): void {
    const { httpRequestMs, clientMs } = this.frontend.conf.timeouts;
    this.phase = BUFFERING;
    if (this.requests > 1 || httpRequestMs === null) this.deadlines.setClient(httpRequestMs ?? clientMs);
  }

  onBodyBroken(): void {
    this.reply.refuseBody(400, 'bad-request');
  }

  // ---- answers of our own ------------------------------------------------------------------------------------------

  onExchangeFailed(status: ErrorStatus, cause: EndCause, phase: Phase): void {
    this.reply.answerFailure(status, cause, phase);
  }

  onExchangeAnswered(status: number, answer: Uint8Array, phase: Phase): void {
    this.reply.answerFor(status, answer, phase);
  }

  private refuse(status: ErrorStatus, cause: EndCause = 'bad-request', isCounted = false): void {
    if (this.isProbe) this.close();
    else this.reply.refuse(status, cause, isCounted);
  }

  onReplyBegun(): void {
    this.phase = REPLY;
    this.deadlines.setClient(this.frontend.conf.timeouts.clientMs);
  }

  // ---- the end of a request and of the connection ------------------------------------------------------------------

  onExchangeEnd(cause: EndCause, phase: Phase): void {
    this.endRequest(cause, phase, cause !== 'normal');
  }

  /** `abrupt`: nothing more is owed to the client, or it is gone. */
  endRequest(cause: EndCause, phase: Phase, abrupt = false): void {
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
    else {
      this.leaveExchange();
      this.client.readsAhead = true;
    }
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
