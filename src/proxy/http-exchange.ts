/**
 * One request and its response between a client and a server (RFC 9112): from the parsed request head to the last
 * byte of the response, or to the failure that the client is told of.
 *
 *     DISPATCH --server--> ANSWER --head--> BODY --end-->
 *        ^                  |   `-- 101 --> TUNNEL
 *        `--- died idle ----'
 *
 * It knows in which phase things stand, who is to be told, and what every end means. The request's bytes are moved by
 * `upload`, the response's by `download`, what became of both is noted in `transaction`. One object serves many
 * requests, one after another; between two of them it may change the client (`attach`), so that connections without a
 * request at hand need none.
 *
 * Not here: reading requests, answers of our own, closing the client (http-stream.ts); choosing servers (dispatch.ts).
 */
import type { RetryOn } from '../config/server-link.ts';
import { type Head, METHOD_GET, METHOD_HEAD } from '../wire/http1-head.ts';
import type { PooledBuffer } from './buffers.ts';
import type { ClientAddress } from './client-address.ts';
import { EREQ } from './counter-layout.ts';
import type { Deadlines } from './deadlines.ts';
import {
  Dispatch,
  type DispatchFailure,
  type DispatchOwner,
  REUSE_FIRST,
  REUSE_LATER,
  REUSE_NONE,
} from './dispatch.ts';
import type { ErrorStatus } from './errors.ts';
import type { Frontend } from './frontend.ts';
import { HalfTimeouts } from './half-timeouts.ts';
import { HttpDownload } from './http-download.ts';
import type { HttpInput } from './http-input.ts';
import type { HttpReport } from './http-report.ts';
import { Transaction } from './http-transaction.ts';
import { HttpUpload } from './http-upload.ts';
import type { Deferred } from './loop.ts';
import { Relay, type RelayOwner } from './relay.ts';
import type { Server } from './server.ts';
import type { ServerConnection } from './server-connection.ts';
import { encodeRedirect } from './server-redirect.ts';
import type { EndOwner, SocketEnd } from './socket-end.ts';
import { spliceDirections } from './splicing.ts';
import { type EndCause, type Phase, phaseOfFailure } from './stream-end.ts';
import type { WorkerContext } from './worker-context.ts';

export interface ExchangeOwner {
  /** It is over: all was delivered (`normal`), or it broke off. */
  onExchangeEnd(cause: EndCause, phase: Phase): void;
  /** It failed before anything of a response went out: the client gets a page. */
  onExchangeFailed(status: ErrorStatus, cause: EndCause, phase: Phase): void;
  /** It was answered in a server's place; the connection ends with that. */
  onExchangeAnswered(status: number, answer: Uint8Array, phase: Phase): void;
}

const NONE = 0;
/** A server is being chosen and connected. */
const DISPATCH = 1;
/** The request goes out; no response head has come. */
const ANSWER = 2;
const BODY = 3;
const TUNNEL = 4;

export class HttpExchange implements EndOwner, DispatchOwner, RelayOwner, Deferred {
  readonly frontend: Frontend;
  input!: HttpInput;
  readonly dispatch: Dispatch;
  readonly transaction: Transaction;
  readonly upload: HttpUpload;
  readonly download: HttpDownload;
  report!: HttpReport;
  private readonly worker: WorkerContext;
  address!: ClientAddress;
  client!: SocketEnd;
  private deadlines!: Deadlines;
  private owner!: ExchangeOwner;
  private phase = NONE;
  /** See `balance` (balance/balancer.ts). */
  private key = 0;
  private connection: ServerConnection | null = null;
  private reused = false;
  /** The first request of its client's connection. */
  private isFirst = true;
  private relay: Relay | null = null;
  /** Of a tunnel: its timeouts, and the first one that struck. */
  private halves: HalfTimeouts | null = null;
  private struck: EndCause = 'normal';

  constructor(worker: WorkerContext, frontend: Frontend) {
    this.worker = worker;
    this.frontend = frontend;
    this.transaction = new Transaction(frontend);
    this.dispatch = new Dispatch(worker, this);
    this.upload = new HttpUpload(this);
    this.download = new HttpDownload(this, worker);
  }

  /** From now on it serves this client; nothing of the one before may be left. */
  attach(
    address: ClientAddress,
    client: SocketEnd,
    input: HttpInput,
    deadlines: Deadlines,
    owner: ExchangeOwner,
    report: HttpReport,
  ): void {
    this.address = address;
    this.client = client;
    this.input = input;
    this.deadlines = deadlines;
    this.owner = owner;
    this.report = report;
    this.transaction.idMaker = report;
    this.reused = false;
    this.isFirst = true;
    this.halves = null;
    this.struck = 'normal';
    this.upload.forget();
    report.follow(this.dispatch, this.transaction.notes);
  }

  /** No request is under way and nothing is kept for its client: it may serve another one. */
  get isFree(): boolean {
    return this.phase === NONE && this.dispatch.isFree && this.transaction.notes === null;
  }

  get server(): Server | null {
    return this.dispatch.server;
  }

  get requestBytes(): PooledBuffer | null {
    return this.upload.request;
  }

  get uniqueId(): string {
    return this.transaction.notes?.uniqueId ?? '';
  }

  get mostConnections(): number {
    return this.frontend.conf.link.maxSessionServerConns;
  }

  /** All of the request was read. */
  get requestDone(): boolean {
    return this.upload.body.done;
  }

  // ---- the request -------------------------------------------------------------------------------------------------

  /** Takes note of what a request asks for, whoever answers it. */
  begin(head: Head): void {
    this.transaction.begin(head, this.frontend, this.worker.stopping);
    this.upload.begin(head);
  }

  /** Puts the request at hand together for the server; false when it does not fit or is broken. */
  compose(): boolean {
    this.key = this.makeKey();
    return this.upload.compose(this.worker, this.address);
  }

  /** Gets a server for what was composed. `isFirst`: of its client's connection. `port`: where the client connected. */
  send(port: number, isFirst: boolean): void {
    this.phase = DISPATCH;
    this.isFirst = isFirst;
    this.deadlines.setClient(null);
    this.chooseServer(port, isFirst);
    if (this.phase === DISPATCH) this.onClient();
  }

  /** What binds the request to a server, while its bytes are at hand. */
  private makeKey(): number {
    const { address, frontend } = this;
    const { bytes, head, end } = this.input;
    const backend = frontend.backend!;
    if (backend.requestKey === null) return backend.addressKey(address);
    return backend.requestKey.compute(bytes, head, end, address, frontend, this.client.fd);
  }

  /** The place where what a request says decides on its server. */
  private chooseServer(port: number, isFirst: boolean): void {
    const { dispatch, transaction } = this;
    const reuse = !transaction.keepServer ? REUSE_NONE : isFirst ? REUSE_FIRST : REUSE_LATER;
    dispatch.start(this.frontend.backend!, this.key, port, reuse, transaction.wanted);
  }

  // ---- events ------------------------------------------------------------------------------------------------------

  /** Something happened on the client's side, and it is well. */
  onClient(): void {
    switch (this.phase) {
      case DISPATCH:
        if (this.client.finAnnounced && this.frontend.backend!.conf.abortonclose) this.clientGone();
        return;
      case ANSWER:
        if (this.hasLeft) this.fail(400, 'client-abort', 'H');
        else if (!this.requestDone) this.passRequestBody();
        else if (this.connection!.readable) this.download.readHead(this.connection!);
        return;
      case BODY:
        if (!this.requestDone && this.connection !== null) this.passRequestBody();
        if (this.phase === BODY) this.download.pass(this.connection);
        return;
      case TUNNEL:
        this.relay!.onEnd(this.client);
        this.endServedTunnel();
        return;
    }
  }

  /** `option abortonclose`: the client has said all it will, and waits for nothing. */
  private get hasLeft(): boolean {
    return this.client.finAnnounced && this.requestDone && this.frontend.backend!.conf.abortonclose;
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
    if (!this.requestDone) this.passRequestBody();
    if (this.connection !== connection) return;
    if (this.phase === ANSWER && connection!.readable) this.download.readHead(connection!);
    else if (this.phase === BODY) this.download.pass(connection);
  }

  private passRequestBody(): void {
    this.upload.pass(this.client, this.connection!, this.worker);
  }

  onTurn(): void {
    if (this.phase === NONE) return;
    this.onClient();
    if (this.connection !== null && this.phase !== TUNNEL) this.onServer();
  }

  // ---- timeouts ----------------------------------------------------------------------------------------------------

  onTimedOut(which: 'dispatch' | 'client' | 'server'): void {
    if (which === 'dispatch') {
      if (this.phase === DISPATCH) this.dispatch.onTimer();
    } else if (this.phase === TUNNEL) this.onSilence(which);
    else if (which === 'client') this.clientTimedOut();
    else this.serverTimedOut();
  }

  private clientTimedOut(): void {
    if (this.phase === ANSWER) this.fail(408, 'client-timeout', 'D');
    else this.breakOff('client-timeout', 'D');
  }

  private serverTimedOut(): void {
    if (this.tryAgain(this.retryOn.responseTimeout)) return;
    this.report.countServerAbort(this.phase === ANSWER);
    if (this.phase === ANSWER) this.fail(504, 'server-timeout', 'H');
    else this.breakOff('server-timeout', 'D');
  }

  touchServer(): void {
    this.deadlines.setServer(this.frontend.backend!.conf.timeouts.serverMs);
  }

  /** While a body is missing, its client's timeout runs, unless the server's does: that one is answered with a page. */
  watchUpload(): void {
    const missing = !this.requestDone && (this.phase !== ANSWER || !this.deadlines.hasServer);
    this.deadlines.setClient(missing ? this.frontend.conf.timeouts.clientMs : null);
  }

  /** While the client does not take what is there, its timeout runs. */
  watchSlowClient(): void {
    if (!this.client.drained) this.deadlines.setClient(this.frontend.conf.timeouts.clientMs);
    else if (this.requestDone) this.deadlines.setClient(null);
  }

  // ---- the server --------------------------------------------------------------------------------------------------

  armDispatch(at: number): void {
    this.deadlines.setDispatch(at);
  }

  onDispatchFailed(cause: DispatchFailure): void {
    this.fail(cause === 'internal' ? 500 : 503, cause, phaseOfFailure(cause));
  }

  onConnected(connection: ServerConnection, reused: boolean): void {
    this.connection = connection;
    this.reused = reused;
    connection.owner = this;
    this.report.connected(connection.fd);
    this.transaction.wanted = this.dispatch.bound;
    this.phase = ANSWER;
    this.deadlines.setDispatch(null);
    this.touchServer();
    const { afterSending } = this.retryOn;
    if (afterSending && !this.requestDone) this.upload.collect(this.client, this.worker);
    if (this.connection !== connection) return;
    if (!this.upload.sendTo(connection)) {
      this.serverGone();
      return;
    }
    if (!(reused || afterSending) || !this.requestDone) this.upload.drop();
    if (this.requestDone) return;
    this.watchUpload();
    this.passRequestBody();
  }

  /** The response's head is on its way to the client. */
  beginBody(): void {
    this.phase = BODY;
  }

  /** All of the response was handed to the client's socket; a body that is still on its way goes on to the server. */
  endResponse(): void {
    if (!this.requestDone && this.uploadGoesOn()) return;
    this.leaveServer();
    if (this.client.drained) this.finish('normal', '-');
    else this.watchSlowClient();
  }

  private uploadGoesOn(): boolean {
    const { connection, client } = this;
    if (connection === null || connection.error !== 0) return false;
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
      connection.look(this.worker.scratch.address);
      if (this.transaction.keepServer && this.requestDone) dispatch.keep(connection);
      else connection.discard();
    }
  }

  // ---- tunnels -----------------------------------------------------------------------------------------------------

  beginTunnel(): void {
    this.phase = TUNNEL;
    this.transaction.keepClient = false;
    this.transaction.keepServer = false;
    const splice = spliceDirections(this.frontend.conf, this.frontend.backend!.conf);
    this.relay = new Relay(this.worker, this.client, this.connection!, this, splice);
    this.beginHalves(this.connection!);
    this.input.moveTo(this.connection!);
    this.relay.move();
  }

  private beginHalves(connection: ServerConnection): void {
    const { worker, deadlines, client, frontend } = this;
    const back = frontend.backend!.conf.timeouts;
    this.halves = new HalfTimeouts(worker.loop, deadlines, client, connection, frontend.conf.timeouts, back);
    this.halves.touch();
    this.struck = 'normal';
  }

  onRelayed(fromClient: boolean, bytes: number): void {
    if (fromClient) this.report.bytesIn += bytes;
    else this.report.bytesOut += bytes;
    this.halves!.touch();
    if (this.frontend.conf.http.contstats) this.report.countTraffic();
  }

  onRelayFin(): void {
    this.halves!.touchFin();
    this.endServedTunnel();
  }

  /** The end of the server's side is the end of the tunnel, as of a response that only the end of its connection ends. */
  private endServedTunnel(): void {
    if (this.phase === TUNNEL && this.connection!.ended && this.client.drained) this.onRelayEnd(null);
  }

  onRelayEnd(broken: SocketEnd | null): void {
    if (this.struck !== 'normal') this.breakOff(this.struck, 'D');
    else if (broken === null) this.finish('normal', '-');
    else this.breakOff(broken === this.client ? 'client-abort' : 'server-abort', 'D');
  }

  private onSilence(which: 'client' | 'server'): void {
    if (!this.halves!.isOver(which)) return;
    const cause = which === 'client' ? 'client-timeout' : 'server-timeout';
    if (this.struck === 'normal') this.struck = cause;
    // A client that is silent ends the tunnel; to a server's last words it is still listening.
    if (which === 'client') this.breakOff(this.struck, 'D');
    else this.relay!.giveUp(this.connection!);
  }

  // ---- failures ----------------------------------------------------------------------------------------------------

  /** The client's connection is broken, or it left where it should not. */
  clientGone(): void {
    this.report.countClientAbort();
    this.breakOff('client-abort', this.currentPhase);
  }

  get currentPhase(): Phase {
    if (this.phase === DISPATCH) return this.dispatch.queued ? 'Q' : 'C';
    if (this.phase === ANSWER) return this.requestDone ? 'H' : 'D';
    return this.connection === null ? 'L' : 'D';
  }

  /** Broken chunks: nothing sensible can follow on either side. */
  badRequestBody(): void {
    this.worker.counters.add(this.frontend.row, EREQ, 1);
    if (this.phase === ANSWER) this.fail(400, 'bad-request', 'H');
    else this.breakOff('bad-request', 'D');
  }

  badResponse(): void {
    if (this.tryAgain(this.retryOn.junkResponse, true)) return;
    this.report.countBadResponse();
    this.fail(502, 'bad-response', 'H');
  }

  /** What the configuration does not let through. */
  refuseResponse(): void {
    this.report.countRefusedResponse();
    this.fail(502, 'denied', 'H');
  }

  badResponseBody(): void {
    this.report.countServerAbort(false);
    this.breakOff('server-abort', 'D');
  }

  /** The server's side broke or ended before it should. */
  serverGone(): void {
    const { begun } = this.download;
    const { error } = this.connection!;
    if (this.tryAgain(this.retryOn.emptyResponse, error !== 0)) return;
    if (this.phase === ANSWER && !begun && (this.reused || !this.isFirst)) {
      this.repeatOrClose();
      return;
    }
    // HAProxy counts a reset twice: as it comes, and as the answer that does not.
    if (this.phase === ANSWER && error !== 0) this.report.countBadResponse();
    this.report.countServerAbort(this.phase === ANSWER);
    if (this.phase === ANSWER) this.fail(502, 'server-abort', 'H');
    else this.breakOff('server-abort', 'D');
  }

  /**
   * A rested connection died under a request. What may be repeated is sent once more on a new connection; for the
   * rest the client's connection closes without a word, so that the client decides (RFC 9110, 9.2.2).
   */
  private repeatOrClose(): void {
    const { reused } = this;
    this.leaveConnection();
    if (!reused || !this.upload.isRepeatable) {
      this.report.silent = true;
      this.breakOff('server-abort', 'H');
      return;
    }
    this.dispatch.again();
  }

  /** Back to the choice of a server, with the request that was sent. */
  private leaveConnection(): void {
    this.connection!.discard();
    this.connection = null;
    this.reused = false;
    this.download.drop();
    this.deadlines.setServer(null);
    this.phase = DISPATCH;
  }

  /**
   * `retry-on`: sends the request again if this failure is one of those and tries are left. `counts`: it counts as a
   * failed response all the same.
   */
  private tryAgain(isRetryable: boolean, counts = false): boolean {
    const { request } = this.upload;
    if (!isRetryable || this.phase !== ANSWER || request === null || !this.dispatch.mayRepeat) return false;
    if (counts) this.report.countBadResponse();
    this.leaveConnection();
    this.dispatch.repeat(REUSE_NONE);
    return true;
  }

  /**
   * A response's head has come. True: it is one to try again after, and was dropped. `isWhole`: all of the response is
   * here, so that its connection may serve again.
   */
  dropsResponse(head: Head, isWhole: boolean): boolean {
    const { afterSending, statuses } = this.retryOn;
    if (!afterSending || !statuses.includes(head.status)) return false;
    if (!isWhole || !head.keepAlive || !this.transaction.keepServer) return this.tryAgain(true);
    if (this.upload.request === null || !this.dispatch.mayRepeat) return false;
    const connection = this.connection!;
    this.connection = null;
    this.deadlines.setServer(null);
    this.download.drop();
    this.phase = DISPATCH;
    this.dispatch.keep(connection);
    this.dispatch.repeat(REUSE_LATER);
    return true;
  }

  private get retryOn(): RetryOn {
    return this.frontend.backend!.conf.link.retryOn;
  }

  /** A server that redirects gets no GET and HEAD requests. */
  answersFor(server: Server): boolean {
    const { redirectPrefix } = server.conf.link;
    const { method } = this.transaction;
    if (redirectPrefix === null || (method !== METHOD_GET && method !== METHOD_HEAD)) return false;
    const answer = encodeRedirect(redirectPrefix, this.upload.request!);
    this.transaction.keepClient = false;
    this.leave();
    this.owner.onExchangeAnswered(302, answer, 'C');
    return true;
  }

  /** The server wants an authentication that holds for the connection. */
  tieToConnection(): void {
    this.dispatch.tieTo(this.connection!);
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  /** Nothing of a response went out yet. */
  private fail(status: ErrorStatus, cause: EndCause, phase: Phase): void {
    this.transaction.keepServer = false;
    this.leave();
    this.owner.onExchangeFailed(status, cause, phase);
  }

  /** What went out is all that the client gets. */
  private breakOff(cause: EndCause, phase: Phase): void {
    this.transaction.keepClient = false;
    this.transaction.keepServer = false;
    this.finish(cause, phase);
  }

  private finish(cause: EndCause, phase: Phase): void {
    this.leave();
    this.owner.onExchangeEnd(cause, phase);
  }

  /** Gives everything back that it holds. */
  leave(): void {
    this.upload.drop();
    this.download.drop();
    this.relay?.stop();
    this.relay = null;
    if (this.phase !== NONE) this.leaveServer();
    this.phase = NONE;
    this.deadlines.setDispatch(null);
  }
}
