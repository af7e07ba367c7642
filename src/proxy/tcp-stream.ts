/**
 * A session in mode tcp: bytes both ways until both sides said FIN, one of them breaks, or a timeout strikes.
 *
 * A timeout ends the direction that was silent, as a FIN would; the session ends with the other one (half-timeouts.ts).
 * Not here: getting a server (dispatch.ts), moving the bytes (relay.ts).
 */
import { localAddress, MSG_DONTWAIT, MSG_PEEK, recvAt } from '../os/socket.ts';
import { CLI_ABRT, ERESP, SRV_ABRT } from './counter-layout.ts';
import type { Frontend } from './frontend.ts';
import { HalfTimeouts } from './half-timeouts.ts';
import type { ClientAddress } from './listener/client-address.ts';
import type { Listener } from './listener/listener.ts';
import { type LogStep, STEP_ACCEPT, STEP_CLOSE, STEP_CONNECT } from './log/line-forms.ts';
import { NEEDS_SOURCE } from './log/needs.ts';
import { NO_SERVER, SessionRecord } from './log/record.ts';
import { fillFacts } from './log/session-facts.ts';
import { Deadlines } from './loop/deadlines.ts';
import { type EndOwner, SocketEnd } from './loop/socket-end.ts';
import type { Timed } from './loop/timers.ts';
import { Relay, type RelayOwner } from './relay.ts';
import type { Backend } from './server/backend.ts';
import { Dispatch, type DispatchFailure, type DispatchOwner } from './server/dispatch.ts';
import type { Server } from './server/server.ts';
import { REUSE_NONE } from './server/server-attempt.ts';
import type { ServerConnection } from './server/server-connection.ts';
import { spliceDirections } from './splicing.ts';
import { causeOf, type EndCause, type Phase, phaseOfFailure } from './stream-end.ts';
import type { Stream, WorkerContext } from './worker-context.ts';

export class TcpStream implements Stream, EndOwner, DispatchOwner, RelayOwner, Timed {
  readonly bearsResets = true;
  private readonly worker: WorkerContext;
  private readonly frontend: Frontend;
  private readonly listener: Listener;
  readonly address: ClientAddress;
  readonly client: SocketEnd;
  readonly requestBytes = null;
  readonly mostConnections = 0;
  private readonly dispatch: Dispatch;
  private readonly deadlines: Deadlines;
  place = 0;
  private connection: ServerConnection | null = null;
  private relay: Relay | null = null;
  private halves: HalfTimeouts | null = null;
  /** The first timeout that struck, when one did. */
  private struck: EndCause = 'normal';
  private readonly acceptedAt: number;
  private connectedAt = 0;
  private bytesIn = 0;
  private bytesOut = 0;
  /** What the counters know of already. */
  private countedIn = 0;
  private countedOut = 0;
  private finished = false;
  private readonly number: number;
  /** See `uniqueId`. */
  private id: string | null = null;
  private logged = false;

  constructor(worker: WorkerContext, frontend: Frontend, listener: Listener, fd: number, address: ClientAddress) {
    this.worker = worker;
    this.frontend = frontend;
    this.listener = listener;
    this.address = address;
    this.acceptedAt = address.preamble?.acceptedAt ?? worker.loop.now;
    this.client = new SocketEnd(fd, worker.loop, worker.buffers, this, false, true);
    this.number = worker.numberRequest();
    this.dispatch = new Dispatch(worker, this);
    this.deadlines = new Deadlines(worker.loop, this);
  }

  /** For log lines and PROXY headers. */
  get uniqueId(): string {
    const { uniqueId } = this.frontend;
    if (uniqueId === null) return '';
    if (this.id !== null) return this.id;
    this.id = uniqueId.build(this.describe(uniqueId.needs));
    return this.id;
  }

  /** It has no head of a request, whoever asks. */
  describe(needs: number): SessionRecord {
    this.fill(record, 'normal', '-', false);
    this.listener.describe(record, this.address, this.client.fd, needs);
    this.fillCustom(record);
    record.uniqueId = this.id;
    return record;
  }

  get server(): Server | null {
    return this.dispatch.server;
  }

  start(): void {
    const { worker, frontend } = this;
    worker.begin(this);
    if (this.client.open() < 0) {
      this.finish('resource', 'R');
      return;
    }
    if (frontend.log.atBegin || frontend.log.steps !== 0) this.writeLog('normal', '-', STEP_ACCEPT);
    const { backend } = frontend;
    if (backend === null) {
      this.finish('no-server', 'C');
      return;
    }
    worker.enterBackend(backend);
    this.deadlines.setClient(frontend.conf.timeouts.clientMs);
    this.dispatch.start(backend, this.makeKey(backend), this.listener.portOf(this.client.fd, this.address), REUSE_NONE);
  }

  /** What binds the session to a server: its client's address, or what it has said by now. */
  private makeKey(backend: Backend): number {
    const { address, frontend, client, worker } = this;
    if (backend.requestKey === null) return backend.addressKey(address);
    const { scratch } = worker;
    const n = recvAt(client.fd, scratch.address, scratch.length, MSG_PEEK | MSG_DONTWAIT);
    return backend.requestKey.compute(scratch.bytes, null, Math.max(n, 0), address, frontend, client.fd);
  }

  armDispatch(at: number): void {
    this.deadlines.setDispatch(at);
  }

  onDispatchFailed(cause: DispatchFailure): void {
    this.finish(cause, phaseOfFailure(cause));
  }

  onConnected(connection: ServerConnection): void {
    this.connection = connection;
    connection.owner = this;
    this.connectedAt = this.worker.loop.now;
    this.deadlines.setDispatch(null);
    const { timeouts } = this.frontend.conf;
    this.halves = new HalfTimeouts(
      this.worker.loop,
      this.deadlines,
      this.client,
      connection,
      timeouts,
      this.frontend.backend!.conf.timeouts,
    );
    this.halves.touch();
    const splice = spliceDirections(this.frontend.conf, this.frontend.backend!.conf);
    this.relay = new Relay(this.worker, this.client, connection, this, splice);
    if (this.frontend.log.isEarly && !this.frontend.log.atBegin) this.writeLog('normal', '-', STEP_CONNECT);
    this.relay.move();
  }

  onEnd(end: SocketEnd): void {
    if (this.finished) return;
    if (this.relay === null) this.watchClient();
    else this.relay.onEnd(end);
  }

  /** The client while there is no server yet: one that leaves without having said anything ends the session. */
  private watchClient(): void {
    const { client } = this;
    const gone = client.error !== 0 || (client.finAnnounced && (this.frontend.conf.abortonclose || !this.hasInput()));
    // HAProxy looks at the phase only where the client has left in order.
    if (gone) this.finish('client-abort', client.error !== 0 ? 'D' : this.dispatch.queued ? 'Q' : 'C');
  }

  private hasInput(): boolean {
    return recvAt(this.client.fd, this.worker.scratch.address, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  }

  onRelayed(fromClient: boolean, bytes: number): void {
    if (fromClient) this.bytesIn += bytes;
    else this.bytesOut += bytes;
    this.halves!.touch();
    if (this.frontend.conf.http.contstats) this.countBytes();
  }

  onRelayFin(): void {
    this.halves!.touchFin();
  }

  onRelayEnd(broken: SocketEnd | null): void {
    if (this.struck !== 'normal') this.finish(this.struck, 'D');
    else if (broken === null) this.finish('normal', '-');
    else this.finish(broken === this.client ? 'client-abort' : 'server-abort', 'D');
  }

  onTimer(): void {
    this.countBytes();
    const passed = this.deadlines.passed();
    if (passed === 'dispatch') this.dispatch.onTimer();
    else if (passed === 'client' && this.connection === null) this.onSilentClient();
    else if (passed !== null && this.halves!.isOver(passed)) this.onSilence(passed);
  }

  private onSilence(which: 'client' | 'server'): void {
    if (this.struck === 'normal') this.struck = which === 'client' ? 'client-timeout' : 'server-timeout';
    this.relay!.giveUp(which === 'client' ? this.client : this.connection!);
  }

  /** A client that has said its piece may wait for the server as long as that takes; one that is silent may not. */
  private onSilentClient(): void {
    if (!this.hasInput()) this.finish('client-timeout', this.dispatch.queued ? 'Q' : 'C');
  }

  kill(reason: 'stop' | 'down'): void {
    this.finish(reason === 'stop' ? 'killed' : 'marked-down', this.connection === null ? 'C' : 'D');
  }

  private finish(cause: EndCause, phase: Phase): void {
    if (this.finished) return;
    this.finished = true;
    this.deadlines.cancel();
    this.relay?.stop();
    this.countEnd(cause, phase);
    if (!this.logged && !this.frontend.log.atBegin) this.writeLog(cause, phase, STEP_CLOSE);
    // A side that broke is told by a reset, so that it does not take the end for a complete one.
    const clean = cause === 'normal' || this.struck !== 'normal';
    const resets = this.frontend.backend?.conf.http.nolinger ?? false;
    this.connection?.close(resets || (!clean && !this.connection.ended));
    this.dispatch.abandon();
    if (this.relay === null) this.dropInput();
    const { nolinger } = this.frontend.conf.http;
    if (nolinger) this.client.finish();
    this.client.close(nolinger);
    if (this.frontend.backend !== null) this.worker.counters.leaveRow(this.frontend.backend.row);
    this.listener.onSessionEnd();
    this.worker.end(this);
  }

  /** Closing with unread bytes resets the connection: what a client said before there was a server is read first. */
  private dropInput(): void {
    const { scratch } = this.worker;
    if (this.client.error === 0) recvAt(this.client.fd, scratch.address, scratch.length, MSG_DONTWAIT);
  }

  private countBytes(): void {
    const { countedIn, countedOut } = this;
    this.countedIn = this.bytesIn;
    this.countedOut = this.bytesOut;
    const { worker, frontend, listener, dispatch } = this;
    worker.countTraffic(frontend, listener.row, dispatch.server, this.bytesIn - countedIn, this.bytesOut - countedOut);
  }

  private countEnd(cause: EndCause, phase: Phase): void {
    this.countBytes();
    const { counters, loop } = this.worker;
    const { backend } = this.frontend;
    const { server } = this.dispatch;
    if (backend === null) return;
    const counter = phase === 'D' ? abortCounterOf(cause) : -1;
    if (counter >= 0) this.countAtBackend(counter);
    if (counter >= 0 && cause === 'server-abort') this.countAtBackend(ERESP);
    if (server === null || this.connection === null) return;
    const waited = this.dispatch.assignedAt - this.dispatch.startedAt;
    const connected = this.connectedAt - this.dispatch.assignedAt;
    const total = loop.now - this.acceptedAt;
    counters.time(server.row, waited, connected, 0, total);
    counters.time(backend.row, waited, connected, 0, total);
  }

  private countAtBackend(counter: number): void {
    const { counters } = this.worker;
    const { server } = this.dispatch;
    counters.add(this.frontend.backend!.row, counter, 1);
    if (server !== null) counters.add(server.row, counter, 1);
  }

  /** The end leaves no line when there was one as soon as the server was there (`option logasap`), but for `log-steps`. */
  private writeLog(cause: EndCause, phase: Phase, step: LogStep): void {
    const { frontend } = this;
    const early = step === STEP_CONNECT;
    if (!frontend.log.enabled) return;
    const { uniqueId } = this;
    const r = record;
    this.logged = early && frontend.log.steps === 0 && !frontend.conf.dontlogNormal;
    this.fill(r, cause, phase, early);
    if (frontend.log.isCustom) this.fillCustom(r);
    r.uniqueId = frontend.uniqueId === null ? null : uniqueId;
    frontend.log.write(r, this.bytesIn === 0 && !early, step);
  }

  private fill(r: SessionRecord, cause: EndCause, phase: Phase, early: boolean): void {
    const { dispatch, frontend, worker } = this;
    r.early = frontend.conf.logasap;
    this.listener.describe(r, this.address, this.client.fd);
    r.mode = 'tcp';
    r.acceptedAtMs = worker.loop.wallAt(this.acceptedAt);
    r.backend = frontend.backend?.conf.name ?? frontend.conf.name;
    r.server = (dispatch.server ?? dispatch.waitedFor)?.conf.name ?? NO_SERVER;
    const handshakeMs = this.address.preamble?.handshakeMs ?? 0;
    r.waitMs = dispatch.assignedAt === 0 ? -1 : dispatch.assignedAt - dispatch.startedAt + handshakeMs;
    r.connectMs = this.connection === null ? -1 : this.connectedAt - dispatch.assignedAt;
    r.totalMs = worker.loop.now - this.acceptedAt;
    r.bytes = this.bytesOut;
    r.cause = causeOf(cause);
    r.phase = phase;
    worker.fillConnections(r, frontend, dispatch);
    if (early) {
      r.beconn++;
      r.srvconn++;
    }
  }

  /** For formats of the user's own. */
  private fillCustom(r: SessionRecord): void {
    const { frontend, listener, address, connection, dispatch } = this;
    const asked = connection !== null && (frontend.log.needs & NEEDS_SOURCE) !== 0;
    const source = asked ? localAddress(connection.fd) : null;
    fillFacts(r, {
      frontend,
      listener,
      address,
      backend: frontend.backend?.conf ?? frontend.conf,
      server: dispatch.server,
      source: typeof source === 'number' ? null : source,
    });
    r.idleMs = -1;
    r.requestMs = -1;
    r.responseMs = -1;
    r.status = 0;
    r.bytesIn = this.bytesIn;
    r.requestNumber = this.number;
    r.isFirst = true;
    r.request = '';
  }
}

/** One a thread: filled and read within one call. */
const record = new SessionRecord();

/** Silence counts as an abort, in HAProxy's figures; -1: neither side is to blame. */
function abortCounterOf(cause: EndCause): number {
  if (cause === 'client-abort' || cause === 'client-timeout') return CLI_ABRT;
  return cause === 'server-abort' || cause === 'server-timeout' ? SRV_ABRT : -1;
}
