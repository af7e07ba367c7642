/**
 * From "this session needs a server" to a standing connection: choosing, waiting in queues, connecting, trying again
 * (manual: `retries`, `option redispatch`, `timeout connect`, `timeout queue`, server `maxconn`).
 *
 *     start -> choose -> (QUEUED ->) CONNECTING -> onConnected
 *                ^            |           |
 *                |            |           `-> TURNAROUND (1 s, same server again) -> CONNECTING
 *                `------------+-----------'   redispatch: choose anew
 *
 * Its owner lends it the timer while it is at work, and watches the client meanwhile.
 */
import { EMFILE, ENFILE } from '../os/libc.ts';
import type { Backend } from './backend.ts';
import { CONNECT, ECON, LAST_SESSION, LBTOT, REUSE, ROW_WIDTH, SESS_RATE, WREDIS, WRETR } from './counter-layout.ts';
import type { Server } from './server.ts';
import { openServerConnection, type ServerConnection } from './server-connection.ts';
import type { EndOwner, SocketEnd } from './socket-end.ts';
import { WaitEntry, type Waiting } from './wait-queue.ts';
import type { WorkerContext } from './worker-context.ts';

export type DispatchFailure = 'no-server' | 'queue-timeout' | 'queue-full' | 'refused' | 'connect-timeout' | 'resource';

export interface DispatchOwner {
  onConnected(connection: ServerConnection, reused: boolean): void;
  onDispatchFailed(cause: DispatchFailure): void;
  /** The timer must fire at `at` for `Dispatch.onTimer`. */
  armDispatch(at: number): void;
}

const IDLE = 0;
const QUEUED = 1;
const CONNECTING = 2;
const TURNAROUND = 3;

const TURNAROUND_MS = 1000;

export class Dispatch implements EndOwner, Waiting {
  server: Server | null = null;
  retries = 0;
  redispatched = false;
  /** The server that the session has to go to, as long as it does: a redispatch forgets it. */
  bound: Server | null = null;
  /** Milliseconds of the loop's clock; 0 while not reached. */
  startedAt = 0;
  assignedAt = 0;
  /** How many waited before it, for the log. */
  serverQueue = 0;
  backendQueue = 0;
  private state = IDLE;
  private connection: ServerConnection | null = null;
  private backend!: Backend;
  private key = 0;
  private port = 0;
  private mayReuse = false;
  private entry: WaitEntry | null = null;
  private readonly worker: WorkerContext;
  private readonly owner: DispatchOwner;

  constructor(worker: WorkerContext, owner: DispatchOwner) {
    this.worker = worker;
    this.owner = owner;
  }

  /** Forgets the request before. */
  reset(): void {
    this.startedAt = 0;
    this.assignedAt = 0;
    this.retries = 0;
    this.redispatched = false;
    this.bound = null;
    this.serverQueue = 0;
    this.backendQueue = 0;
  }

  get active(): boolean {
    return this.state !== IDLE;
  }

  get queued(): boolean {
    return this.state === QUEUED;
  }

  /** `key`: hash of the client's address; `port`: the one it connected to; `mayReuse`: idle connections will do. */
  start(backend: Backend, key: number, port: number, mayReuse: boolean, bound: Server | null = null): void {
    this.backend = backend;
    this.key = key;
    this.port = port;
    this.mayReuse = mayReuse;
    this.reset();
    this.startedAt = this.worker.loop.now;
    this.server = null;
    this.bound = bound;
    this.assign(null);
  }

  /** A new connection for a request whose reused one died before it was answered. */
  again(): void {
    this.mayReuse = false;
    this.connect();
  }

  private assign(avoid: Server | null): void {
    const { backend, bound } = this;
    if (bound !== null) {
      this.assignBound(bound);
      return;
    }
    if (!backend.usable) {
      this.worker.counters.add(backend.row, ECON, 1);
      this.fail('no-server');
      return;
    }
    const server = backend.choose(this.key, avoid);
    if (server === null || !server.reserve(backend.limitOf(server))) this.wait(server);
    else this.take(server);
  }

  /** Its state does not matter: who bound the session to it has looked at that. */
  private assignBound(server: Server): void {
    const { maxqueue } = server.conf;
    if (server.reserve(this.backend.limitOf(server))) this.take(server);
    else if (maxqueue > 0 && server.queue.length >= maxqueue && this.backend.conf.redispatch !== null) {
      this.bound = null;
      this.assign(null);
    } else this.wait(server);
  }

  /** A place at the server was reserved. */
  private take(server: Server): void {
    const { counters, loop } = this.worker;
    this.server = server;
    this.assignedAt = loop.now;
    counters.enter(server.row);
    if (this.bound === null) {
      counters.add(server.row, LBTOT, 1);
      counters.add(this.backend.row, LBTOT, 1);
    }
    counters.tick(server.row, SESS_RATE, loop.second);
    counters.own.totals[server.row * ROW_WIDTH + LAST_SESSION] = loop.wallMs;
    counters.own.totals[this.backend.row * ROW_WIDTH + LAST_SESSION] = loop.wallMs;
    server.idle?.countUse();
    this.connect();
  }

  private wait(server: Server | null): void {
    const { backend } = this;
    // Only a server that its clients are bound to has a queue of its own.
    const queue = server === null ? backend.queue : server.queue;
    if (server !== null && server.conf.maxqueue > 0 && queue.length >= server.conf.maxqueue) {
      this.fail('queue-full');
      return;
    }
    this.state = QUEUED;
    this.server = server;
    this.entry ??= new WaitEntry(this);
    this.entry.since = this.worker.loop.now;
    queue.add(this.entry);
    if (server === null) this.backendQueue = queue.length;
    else this.serverQueue = queue.length;
    backend.countWaiting(server, 1);
    this.worker.waitingBackends.add(backend);
    const limit = backend.conf.timeouts.queueMs ?? backend.conf.timeouts.connectMs;
    if (limit !== null) this.owner.armDispatch(this.worker.loop.now + limit);
  }

  private leaveQueue(): void {
    this.entry?.queue?.remove(this.entry);
    this.backend.countWaiting(this.server, -1);
    this.server = null;
    this.state = IDLE;
  }

  onPlace(server: Server): boolean {
    if (!server.reserve(this.backend.limitOf(server))) return false;
    this.leaveQueue();
    this.take(server);
    return true;
  }

  /** Its server went away while it waited for it. */
  chooseAgain(): void {
    const { bound, backend } = this;
    this.leaveQueue();
    // A client of its own stays with it unless it may be sent elsewhere.
    const stays = bound !== null && (backend.conf.redispatch === null || backend.conf.persistence.persist);
    if (stays) this.wait(bound);
    else {
      this.bound = null;
      this.assign(null);
    }
  }

  private connect(): void {
    const server = this.server!;
    if (this.mayReuse) {
      const idle = server.idle?.take() ?? null;
      if (idle !== null) {
        this.worker.counters.add(server.row, REUSE, 1);
        this.worker.counters.add(this.backend.row, REUSE, 1);
        this.done(idle, true);
        return;
      }
    }
    this.openConnection(server);
  }

  private openConnection(server: Server): void {
    const { worker } = this;
    worker.counters.add(server.row, CONNECT, 1);
    worker.counters.add(this.backend.row, CONNECT, 1);
    const opened = openServerConnection(server, this.port, worker.loop, worker.buffers, this);
    if (typeof opened === 'number') {
      this.state = CONNECTING;
      if (opened === -EMFILE || opened === -ENFILE) this.giveUp('resource');
      else this.connectionFailed(true);
      return;
    }
    if (!opened.connecting) {
      this.done(opened, false);
      return;
    }
    this.state = CONNECTING;
    this.connection = opened;
    const limit = this.backend.conf.timeouts.connectMs;
    if (limit !== null) this.owner.armDispatch(worker.loop.now + limit);
  }

  private done(connection: ServerConnection, reused: boolean): void {
    this.state = IDLE;
    this.connection = null;
    this.owner.onConnected(connection, reused);
  }

  onEnd(end: SocketEnd): void {
    if (end !== this.connection || end.closed) return;
    if (end.error !== 0) this.connectionFailed(end.error !== 0 && !end.timedOut);
    else if (!end.connecting) this.done(this.connection, false);
  }

  onTimer(): void {
    switch (this.state) {
      case QUEUED:
        this.leaveQueue();
        this.assignedAt = this.worker.loop.now;
        this.worker.counters.add(this.backend.row, ECON, 1);
        this.fail('queue-timeout');
        return;
      case CONNECTING:
        this.connectionFailed(false);
        return;
      case TURNAROUND:
        this.openConnection(this.server!);
        return;
    }
  }

  /** `atOnce`: refused rather than timed out: another try at the same server waits a moment. */
  private connectionFailed(atOnce: boolean): void {
    const { backend, worker } = this;
    this.connection?.close();
    this.connection = null;
    const server = this.server!;
    if (this.retries >= backend.conf.retries) {
      this.giveUp(atOnce ? 'refused' : 'connect-timeout');
      return;
    }
    this.retries++;
    worker.counters.add(server.row, WRETR, 1);
    worker.counters.add(backend.row, WRETR, 1);
    if (this.mayRedispatch(server)) {
      this.redispatch(server);
      return;
    }
    if (!atOnce) {
      this.openConnection(server);
      return;
    }
    this.state = TURNAROUND;
    const wait = Math.min(TURNAROUND_MS, backend.conf.timeouts.connectMs ?? TURNAROUND_MS);
    this.owner.armDispatch(worker.loop.now + wait);
  }

  private mayRedispatch(server: Server): boolean {
    const { redispatch, retries } = this.backend.conf;
    if (redispatch === null || redispatch === 0) return false;
    if (!server.alive || (this.bound === null && this.backend.takesTurns)) return true;
    const interval = redispatch > 0 ? redispatch : Math.max(1, retries + 1 + redispatch);
    return this.retries % interval === 0;
  }

  private redispatch(server: Server): void {
    const { backend, worker } = this;
    this.redispatched = true;
    this.bound = null;
    worker.counters.add(server.row, WREDIS, 1);
    worker.counters.add(backend.row, WREDIS, 1);
    this.releaseServer();
    this.assign(server);
  }

  private giveUp(cause: DispatchFailure): void {
    const { counters } = this.worker;
    counters.add(this.server!.row, ECON, 1);
    counters.add(this.backend.row, ECON, 1);
    this.fail(cause);
  }

  private fail(cause: DispatchFailure): void {
    this.state = IDLE;
    this.owner.onDispatchFailed(cause);
  }

  /** Gives its place at the server back; the next in line may take it. */
  releaseServer(): void {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    server.release();
    this.worker.counters.leaveRow(server.row);
    server.idle?.countEnd();
    this.worker.offerPlace(this.backend, server);
  }

  /** The session ends: out of any queue, no connection attempt, no place taken. */
  abandon(): void {
    if (this.state === QUEUED) this.leaveQueue();
    this.connection?.close();
    this.connection = null;
    this.state = IDLE;
    this.releaseServer();
  }
}
