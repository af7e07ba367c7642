/**
 * A session in mode tcp: bytes both ways until both sides said FIN, one of them breaks, or a timeout strikes.
 *
 * A side's timeout starts anew with every byte that it sends or takes. The timer is not moved for that: it fires,
 * looks at the true deadline and is armed again. After a FIN in one direction the `-fin` timeouts hold, once both
 * sides talk `timeout tunnel` if given.
 */
import { MSG_DONTWAIT, MSG_PEEK, recvAt } from '../os/socket.ts';
import type { ClientAddress } from './client-address.ts';
import { CLI_ABRT, SRV_ABRT } from './counter-layout.ts';
import { Dispatch, type DispatchFailure, type DispatchOwner } from './dispatch.ts';
import type { Frontend } from './frontend.ts';
import type { Listener } from './listener.ts';
import { NO_SERVER, SessionRecord } from './log/record.ts';
import type { Deferred } from './loop.ts';
import type { Server } from './server.ts';
import type { ServerConnection } from './server-connection.ts';
import { BROKEN, END, type EndOwner, SocketEnd } from './socket-end.ts';
import { causeOf, type EndCause, type Phase, phaseOfFailure } from './stream-end.ts';
import { type Timed, Timer } from './timers.ts';
import { BULK_SIZE, type Stream, type WorkerContext } from './worker-context.ts';

/** Reads of one direction before others get their turn. */
const READS_A_TURN = 8;
const NEVER = Number.POSITIVE_INFINITY;

export class TcpStream implements Stream, EndOwner, DispatchOwner, Timed, Deferred {
  private readonly worker: WorkerContext;
  private readonly frontend: Frontend;
  private readonly listener: Listener;
  private readonly address: ClientAddress;
  private readonly client: SocketEnd;
  private readonly dispatch: Dispatch;
  private readonly timer = new Timer(this);
  private connection: ServerConnection | null = null;
  private readonly acceptedAt: number;
  private readonly acceptedAtMs: number;
  private connectedAt = 0;
  private dispatchDeadline = NEVER;
  private clientDeadline = NEVER;
  private serverDeadline = NEVER;
  private bytesIn = 0;
  private bytesOut = 0;
  /** What the counters know of already. */
  private countedIn = 0;
  private countedOut = 0;
  private finished = false;
  /** Who is to be told that the other side has said all, and in how many turns. */
  private finDue: SocketEnd | null = null;
  private finTurns = 0;
  private logged = false;

  constructor(worker: WorkerContext, frontend: Frontend, listener: Listener, fd: number, address: ClientAddress) {
    this.worker = worker;
    this.frontend = frontend;
    this.listener = listener;
    this.address = address;
    this.acceptedAt = worker.loop.now;
    this.acceptedAtMs = worker.loop.wallMs;
    this.client = new SocketEnd(fd, worker.loop, worker.buffers, this, false, true);
    this.dispatch = new Dispatch(worker, this);
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
    if (frontend.log.atBegin) this.writeLog('normal', '-', false);
    const { backend } = frontend;
    if (backend === null) {
      this.finish('no-server', 'C');
      return;
    }
    worker.enterBackend(backend);
    const { clientMs } = frontend.conf.timeouts;
    if (clientMs !== null) this.clientDeadline = this.acceptedAt + clientMs;
    this.armAgain();
    this.dispatch.start(backend, this.address.key, this.listener.portOf(this.client.fd), false);
  }

  armDispatch(at: number): void {
    this.dispatchDeadline = at;
    this.worker.loop.timers.armBy(this.timer, at);
  }

  onDispatchFailed(cause: DispatchFailure): void {
    this.finish(cause, phaseOfFailure(cause));
  }

  onConnected(connection: ServerConnection): void {
    this.connection = connection;
    connection.owner = this;
    this.connectedAt = this.worker.loop.now;
    this.dispatchDeadline = NEVER;
    this.touchClient();
    this.touchServer();
    this.armAgain();
    if (this.frontend.conf.logasap && !this.frontend.log.atBegin) this.writeLog('normal', '-', true);
    this.move();
  }

  onEnd(end: SocketEnd): void {
    if (this.finished) return;
    if (this.connection === null) this.watchClient();
    else if (end.error !== 0) this.onBroken(end);
    else this.move();
  }

  onTurn(): void {
    if (this.finished) return;
    if (this.finDue !== null && this.finTurns-- === 0) this.sayFin();
    else {
      if (this.finDue !== null) this.worker.loop.defer(this);
      this.move();
    }
  }

  private sayFin(): void {
    const end = this.finDue!;
    this.finDue = null;
    end.finish();
    this.armAgain();
  }

  /** The client while there is no server yet: one that leaves without having said anything ends the session. */
  private watchClient(): void {
    const { client } = this;
    const gone = client.error !== 0 || (client.finAnnounced && (this.frontend.conf.abortonclose || !this.hasInput()));
    if (gone) this.finish('client-abort', this.dispatch.queued ? 'Q' : 'C');
  }

  private hasInput(): boolean {
    return recvAt(this.client.fd, this.worker.scratch.address, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  }

  private move(): void {
    const { client, connection } = this;
    if (connection === null) return;
    if (client.readable && connection.accepting && !this.pump(client, connection, true)) return;
    if (connection.readable && client.accepting && !this.pump(connection, client, false)) return;
    if (client.ended && connection.ended) this.endIfDelivered();
  }

  /** Moves what is there in one direction; false when that ended the session. */
  private pump(from: SocketEnd, to: SocketEnd, upward: boolean): boolean {
    const { scratch } = this.worker;
    for (let reads = 0; from.readable && to.accepting; reads++) {
      if (reads === READS_A_TURN) {
        this.worker.loop.defer(this);
        break;
      }
      const n = from.read(scratch.address, BULK_SIZE);
      if (n === BROKEN) return this.onBroken(from);
      if (n === END) return this.passFin(from, to);
      if (n <= 0) break;
      if (upward) this.bytesIn += n;
      else this.bytesOut += n;
      this.touchClient();
      this.touchServer();
      if (!to.write(scratch.bytes, scratch.address, 0, n)) return this.onBroken(to);
      if (from.ended) return this.passFin(from, to);
    }
    return true;
  }

  /** One side has said all. When the other has as well, closing says it; else it is told. */
  private passFin(from: SocketEnd, to: SocketEnd): boolean {
    from.readable = false;
    if (to.ended) return this.endIfDelivered();
    this.touchClient();
    this.touchServer();
    // Many a peer closes by itself when it has the last bytes: a look at the events first may save saying it.
    this.finDue = to;
    this.finTurns = 1;
    this.worker.loop.defer(this);
    return true;
  }

  private endIfDelivered(): boolean {
    if (this.client.pending !== null || this.connection!.pending !== null) return true;
    this.finish('normal', '-');
    return false;
  }

  private onBroken(end: SocketEnd): false {
    this.finish(end === this.client ? 'client-abort' : 'server-abort', 'D');
    return false;
  }

  private touchClient(): void {
    const { timeouts } = this.frontend.conf;
    const tunnel = this.frontend.backend!.conf.timeouts.tunnelMs;
    const limit =
      this.client.ended || this.client.finSent
        ? (timeouts.clientFinMs ?? timeouts.clientMs)
        : (tunnel ?? timeouts.clientMs);
    this.clientDeadline = limit === null ? NEVER : this.worker.loop.now + limit;
  }

  private touchServer(): void {
    const { timeouts } = this.frontend.backend!.conf;
    const end = this.connection!;
    const limit =
      end.ended || end.finSent ? (timeouts.serverFinMs ?? timeouts.serverMs) : (timeouts.tunnelMs ?? timeouts.serverMs);
    this.serverDeadline = limit === null ? NEVER : this.worker.loop.now + limit;
  }

  private armAgain(): void {
    const at = Math.min(this.dispatchDeadline, this.clientDeadline, this.serverDeadline);
    if (at !== NEVER) this.worker.loop.timers.armBy(this.timer, at);
  }

  onTimer(): void {
    const { now } = this.worker.loop;
    if (this.connection === null) {
      this.dispatchTimer();
      return;
    }
    this.countBytes();
    if (this.clientDeadline <= now) this.finish('client-timeout', 'D');
    else if (this.serverDeadline <= now) this.finish('server-timeout', 'D');
    else this.armAgain();
  }

  private dispatchTimer(): void {
    const { now } = this.worker.loop;
    if (this.dispatchDeadline <= now) {
      this.dispatchDeadline = NEVER;
      this.dispatch.onTimer();
    } else if (this.clientDeadline <= now) this.onSilentClient();
    if (!this.finished) this.armAgain();
  }

  /** A client that has said its piece may wait for the server as long as that takes; one that is silent may not. */
  private onSilentClient(): void {
    if (this.hasInput()) this.clientDeadline = NEVER;
    else this.finish('client-timeout', this.dispatch.queued ? 'Q' : 'C');
  }

  /** Goes on until its sides end it. */
  onSoftStop(): void {}

  kill(reason: 'stop' | 'down'): void {
    this.finish(reason === 'stop' ? 'killed' : 'marked-down', this.connection === null ? 'C' : 'D');
  }

  private finish(cause: EndCause, phase: Phase): void {
    if (this.finished) return;
    this.finished = true;
    this.worker.loop.timers.disarm(this.timer);
    this.countEnd(cause);
    if (!this.logged && !this.frontend.log.atBegin) this.writeLog(cause, phase, false);
    // A side that broke or that we give up is told by a reset, so that it does not take the end for a complete one.
    const clean = cause === 'normal';
    this.connection?.close(!clean && !this.connection.ended);
    this.dispatch.abandon();
    this.client.close();
    if (this.frontend.backend !== null) this.worker.counters.leaveRow(this.frontend.backend.row);
    this.listener.onSessionEnd();
    this.worker.end(this);
  }

  private countBytes(): void {
    const { countedIn, countedOut } = this;
    this.countedIn = this.bytesIn;
    this.countedOut = this.bytesOut;
    const { worker, frontend, listener, dispatch } = this;
    worker.countTraffic(frontend, listener.row, dispatch.server, this.bytesIn - countedIn, this.bytesOut - countedOut);
  }

  private countEnd(cause: EndCause): void {
    this.countBytes();
    const { counters, loop } = this.worker;
    const { backend } = this.frontend;
    const { server } = this.dispatch;
    if (backend === null) return;
    const counter = cause === 'client-abort' ? CLI_ABRT : cause === 'server-abort' ? SRV_ABRT : -1;
    if (counter >= 0) {
      counters.add(backend.row, counter, 1);
      if (server !== null) counters.add(server.row, counter, 1);
    }
    if (server === null || this.connection === null) return;
    const waited = this.dispatch.assignedAt - this.dispatch.startedAt;
    const connected = this.connectedAt - this.dispatch.assignedAt;
    const total = loop.now - this.acceptedAt;
    counters.time(server.row, waited, connected, 0, total);
    counters.time(backend.row, waited, connected, 0, total);
  }

  /** `early`: `option logasap`, as soon as the server is there; the end leaves no line then. */
  private writeLog(cause: EndCause, phase: Phase, early: boolean): void {
    if (!this.frontend.log.enabled) return;
    const { dispatch, frontend, worker } = this;
    const r = record;
    this.logged = early;
    r.early = early;
    this.listener.describe(r, this.address, this.client.fd);
    r.mode = 'tcp';
    r.acceptedAtMs = this.acceptedAtMs;
    r.backend = frontend.backend?.conf.name ?? frontend.conf.name;
    r.server = dispatch.server?.conf.name ?? NO_SERVER;
    r.waitMs = dispatch.assignedAt === 0 ? -1 : Math.floor(dispatch.assignedAt - dispatch.startedAt);
    r.connectMs = this.connection === null ? -1 : Math.floor(this.connectedAt - dispatch.assignedAt);
    r.totalMs = Math.floor(worker.loop.now - this.acceptedAt);
    r.bytes = this.bytesOut;
    r.cause = causeOf(cause);
    r.phase = phase;
    worker.fillConnections(r, frontend, dispatch);
    if (early) {
      r.beconn++;
      r.srvconn++;
    }
    frontend.log.write(r, this.bytesIn === 0 && !early);
  }
}

/** One a thread: filled and read within one call. */
const record = new SessionRecord();
