/**
 * One request and its response between a client and a server (RFC 9112): from the parsed request head to the last
 * byte of the response, or to the failure that the client is told of.
 *
 *     DISPATCH --server--> ANSWER --head--> BODY --end-->
 *        ^                  |   `-- 101 --> TUNNEL
 *        `--- died idle ----'
 *
 * It knows in which phase things stand and who is to be told. The request's bytes are moved by `upload`, the response's
 * by `download`, both ways by `tunnel`; `failures` says what becomes of what goes wrong; what was learnt on the way is
 * noted in `transaction`. One object serves many requests, one after another; between two of them it may change the
 * client (`attach`), so that connections without a request at hand need none.
 *
 * Not here: reading requests, answers of our own, closing the client (http-stream.ts); choosing servers (dispatch.ts).
 */
import { type Head, METHOD_GET, METHOD_HEAD } from '../../wire/http1-head.ts';
import type { Frontend } from '../frontend.ts';
import type { ClientAddress } from '../listener/client-address.ts';
import type { SessionRecord } from '../log/record.ts';
import type { PooledBuffer } from '../loop/buffers.ts';
import type { Deadlines } from '../loop/deadlines.ts';
import type { Deferred } from '../loop/loop.ts';
import type { EndOwner, SocketEnd } from '../loop/socket-end.ts';
import { Dispatch, type DispatchFailure, type DispatchOwner } from '../server/dispatch.ts';
import type { Server } from '../server/server.ts';
import { REUSE_FIRST, REUSE_LATER, REUSE_NONE } from '../server/server-attempt.ts';
import type { ServerConnection } from '../server/server-connection.ts';
import { type EndCause, type Phase, phaseOfFailure } from '../stream-end.ts';
import type { WorkerContext } from '../worker-context.ts';
import type { ErrorStatus } from './errors.ts';
import { HttpDownload } from './http-download.ts';
import { HttpFailures } from './http-failures.ts';
import type { HttpInput } from './http-input.ts';
import type { HttpReport } from './http-report.ts';
import { Transaction } from './http-transaction.ts';
import { HttpTunnel, type TunnelOwner } from './http-tunnel.ts';
import { HttpUpload } from './http-upload.ts';
import { encodeRedirect } from './server-redirect.ts';

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

export class HttpExchange implements EndOwner, DispatchOwner, TunnelOwner, Deferred {
  readonly frontend: Frontend;
  input!: HttpInput;
  readonly dispatch: Dispatch;
  readonly transaction: Transaction;
  readonly upload: HttpUpload;
  readonly download: HttpDownload;
  readonly failures: HttpFailures;
  report!: HttpReport;
  private readonly worker: WorkerContext;
  address!: ClientAddress;
  client!: SocketEnd;
  private deadlines!: Deadlines;
  private owner!: ExchangeOwner;
  private phase = NONE;
  /** See `balance` (balance/balancer.ts). */
  private key = 0;
  connection: ServerConnection | null = null;
  /** Another request went over the connection before. */
  reused = false;
  /** The first request of its client's connection. */
  isFirst = true;
  private tunnel: HttpTunnel | null = null;

  constructor(worker: WorkerContext, frontend: Frontend) {
    this.worker = worker;
    this.frontend = frontend;
    this.transaction = new Transaction(frontend);
    this.dispatch = new Dispatch(worker, this);
    this.upload = new HttpUpload(this);
    this.download = new HttpDownload(this, worker);
    this.failures = new HttpFailures(this, worker);
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

  describe(needs: number, head: Head | null, bytes: Uint8Array): SessionRecord {
    return this.report.describeRequest(needs, head, bytes);
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
        if (this.client.finAnnounced && (this.frontend.backend!.conf.abortonclose || this.hasBrokenOff))
          this.failures.clientGone();
        return;
      case ANSWER:
        if (this.hasLeft) this.failures.clientLeft();
        else if (!this.requestDone) this.passRequestBody();
        else if (this.connection!.readable) this.download.readHead(this.connection!);
        return;
      case BODY:
        if (!this.requestDone && this.connection !== null) this.passRequestBody();
        else if (this.hasLeft) this.tellServer();
        if (this.phase === BODY) this.download.pass(this.connection);
        return;
      case TUNNEL:
        this.tunnel!.onClient();
        return;
    }
  }

  /** The client has ended in the middle of its request. */
  private get hasBrokenOff(): boolean {
    if (this.requestDone) return false;
    this.upload.collect(this.client, this.worker);
    return this.phase === DISPATCH && this.client.ended && !this.requestDone;
  }

  /** `option abortonclose`: the client has said all it will, and waits for nothing. */
  private get hasLeft(): boolean {
    return this.client.finAnnounced && this.requestDone && this.frontend.backend!.conf.abortonclose;
  }

  /** The server learns that its client has left, and may end its response. */
  private tellServer(): void {
    this.transaction.keepServer = false;
    this.connection?.finish();
  }

  onEnd(end: SocketEnd): void {
    const { connection } = this;
    if (end !== connection || connection === null) return;
    if (this.phase === TUNNEL) this.tunnel!.onServer();
    else if (connection.error !== 0 && !connection.readable) this.failures.serverGone();
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
    } else if (this.phase === TUNNEL) this.tunnel!.onSilence(which);
    else if (which === 'client') this.failures.clientTimedOut();
    else this.failures.serverTimedOut();
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
    const { afterSending } = this.frontend.backend!.conf.link.retryOn;
    if (afterSending && !this.requestDone) this.upload.collect(this.client, this.worker);
    if (this.connection !== connection) return;
    if (!this.upload.sendTo(connection, reused)) {
      this.failures.serverGone();
      return;
    }
    if (this.requestDone) connection.readsAhead = true;
    if (!(reused || afterSending) || !this.requestDone) this.upload.drop();
    if (!this.requestDone) {
      this.watchUpload();
      this.passRequestBody();
    }
    // What a server says before it is asked may have come together with the connection: no event follows for it.
    if (this.connection === connection && connection.readable) this.onServer();
  }

  /** The response's head is on its way to the client. */
  beginBody(): void {
    this.upload.drop();
    this.phase = BODY;
  }

  /** All of the response was handed to the client's socket; a body that is still on its way goes on to the server. */
  endResponse(): void {
    if (!this.requestDone && this.uploadGoesOn()) return;
    this.leaveServer();
    if (this.client.drained) {
      this.phase = NONE;
      this.finish('normal', '-');
    } else this.watchSlowClient();
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
    this.tunnel = new HttpTunnel(this.worker, this, this.connection!, this.deadlines);
    this.tunnel.start(this.input);
  }

  onTunnelEnd(cause: EndCause, phase: Phase): void {
    this.finish(cause, phase);
  }

  // ---- failures ----------------------------------------------------------------------------------------------------

  /** The request goes out or is out, and nothing of a response went to the client. */
  get awaitsAnswer(): boolean {
    return this.phase === ANSWER;
  }

  get currentPhase(): Phase {
    if (this.phase === DISPATCH) return this.dispatch.queued ? 'Q' : 'C';
    if (this.phase === ANSWER) return this.requestDone ? 'H' : 'D';
    return this.connection === null ? 'L' : 'D';
  }

  /** Back to the choice of a server, with the request that was sent; the connection is the caller's to end or to keep. */
  recall(): ServerConnection {
    const connection = this.connection!;
    this.connection = null;
    this.reused = false;
    this.download.drop();
    this.deadlines.setServer(null);
    this.phase = DISPATCH;
    return connection;
  }

  /** Nothing of a response went out yet. */
  fail(status: ErrorStatus, cause: EndCause, phase: Phase): void {
    this.transaction.keepServer = false;
    this.leave();
    this.owner.onExchangeFailed(status, cause, phase);
  }

  /** What went out is all that the client gets. */
  breakOff(cause: EndCause, phase: Phase): void {
    this.transaction.keepClient = false;
    this.transaction.keepServer = false;
    this.finish(cause, phase);
  }

  // ---- what a server's configuration or answer asks for ------------------------------------------------------------

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

  private finish(cause: EndCause, phase: Phase): void {
    this.leave();
    this.owner.onExchangeEnd(cause, phase);
  }

  /** Gives everything back that it holds. */
  leave(): void {
    this.upload.drop();
    this.download.drop();
    this.tunnel?.stop();
    this.tunnel = null;
    if (this.phase !== NONE) this.leaveServer();
    this.phase = NONE;
    this.deadlines.setDispatch(null);
  }
}
