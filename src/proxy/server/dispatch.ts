/**
 * From "this session needs a server" to a standing connection: choosing, waiting in queues, trying, trying again
 * (manual: `retries`, `retry-on`, `option redispatch`, `timeout connect`, `timeout queue`, server `maxconn`).
 *
 *     start -> choose -> (QUEUED ->) CONNECTING -> onConnected
 *                ^            |           |
 *                |            |           `-> TURNAROUND (1 s) -> CONNECTING, the same server again
 *                `------------+-----------'   redispatch: choose anew
 *
 * CONNECTING is the work of server-attempt.ts. Its owner lends it the timer while it is at work, and watches the client
 * meanwhile. One a client connection: it also keeps the connections to servers that are this client's own.
 */
import { EADDRINUSE, EADDRNOTAVAIL, EMFILE, ENFILE, EPERM } from '../../os/libc.ts';
import type { WorkerContext } from '../worker-context.ts';
import type { Backend } from './backend.ts';
import { NOT_PASSED } from './connector.ts';
import {
  countAttempt,
  countConnection,
  countFailure,
  countPlace,
  countRedispatch,
  countRetry,
} from './dispatch-counts.ts';
import type { Server } from './server.ts';
import { type AttemptOwner, ESTABLISHED, REUSE_NONE, type Reuse, ServerAttempt } from './server-attempt.ts';
import type { ServerConnection } from './server-connection.ts';
import { SessionConnections } from './session-connections.ts';
import type { SessionOrigin } from './session-origin.ts';
import { NO_SOURCE } from './source-binding.ts';
import { WaitEntry, type Waiting } from './wait-queue.ts';

export type DispatchFailure =
  | 'no-server'
  | 'queue-timeout'
  | 'queue-full'
  | 'refused'
  | 'connect-timeout'
  | 'resource'
  | 'internal';

export interface DispatchOwner extends SessionOrigin {
  /** A server was chosen. True: the owner answers in its place, no connection is made. */
  answersFor?(server: Server): boolean;
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
/** What no other try can help against. */
const RESOURCE_ERRORS: readonly number[] = [EMFILE, ENFILE, EPERM, EADDRINUSE, EADDRNOTAVAIL];

export class Dispatch implements AttemptOwner, Waiting {
  server: Server | null = null;
  retries = 0;
  redispatched = false;
  /** The server that the session has to go to, as long as it does: a redispatch forgets it. */
  bound: Server | null = null;
  /** The one in whose queue it waited in vain. */
  waitedFor: Server | null = null;
  /** Milliseconds of the loop's clock; 0 while not reached. */
  startedAt = 0;
  assignedAt = 0;
  /** How many waited before it, for the log. */
  serverQueue = 0;
  backendQueue = 0;
  private state = IDLE;
  private backend!: Backend;
  private key = 0;
  private port = 0;
  private reuse: Reuse = REUSE_NONE;
  /** The server of the failed attempt before this one. */
  private previous: Server | null = null;
  /** Connections that are this client's own. */
  private own: SessionConnections | null = null;
  /** The server was chosen because the session has a connection to it. */
  private stays = false;
  /** An authentication ties the client to its connection. */
  private staysPut = false;
  private entry: WaitEntry | null = null;
  private readonly worker: WorkerContext;
  private readonly owner: DispatchOwner;
  private readonly attempt: ServerAttempt;

  constructor(worker: WorkerContext, owner: DispatchOwner) {
    this.worker = worker;
    this.owner = owner;
    this.attempt = new ServerAttempt(worker, owner, this);
  }

  /** Forgets the request before. */
  reset(): void {
    this.startedAt = 0;
    this.assignedAt = 0;
    this.retries = 0;
    this.redispatched = false;
    this.bound = null;
    this.waitedFor = null;
    this.serverQueue = 0;
    this.backendQueue = 0;
  }

  /** Nothing binds it to its client: it may serve another one. */
  get isFree(): boolean {
    return this.state === IDLE && this.server === null && this.own === null && !this.staysPut;
  }

  /** How many were served before it in the queue it is in now, and itself; 0: it does not wait. */
  get placeInLine(): number {
    return this.state === QUEUED ? this.entry!.queue!.placeOf(this.entry!) : 0;
  }

  /** It has a place at `server`, rather than to wait for one. */
  get holdsPlace(): boolean {
    return this.server !== null && this.state !== QUEUED;
  }

  get queued(): boolean {
    return this.state === QUEUED;
  }

  /** `key`: what balancing goes by; `port`: the one that the client connected to; `reuse`: which idle connections will do. */
  start(backend: Backend, key: number, port: number, reuse: Reuse, bound: Server | null = null): void {
    this.backend = backend;
    this.key = key;
    this.port = port;
    this.reuse = reuse;
    this.reset();
    this.startedAt = this.worker.loop.now;
    this.server = null;
    this.previous = null;
    this.bound = bound;
    const last = bound !== null ? null : (this.own?.findServer(backend, this.staysPut) ?? null);
    this.stays = last !== null;
    if (last === null) this.assign(null);
    else this.assignTo(last);
  }

  /** A new connection for a request whose reused one died before it was answered. */
  again(): void {
    this.reuse = REUSE_NONE;
    this.connect();
  }

  /** Whether a request that failed after it was sent may be sent again. */
  get mayRepeat(): boolean {
    return this.server !== null && this.retries < this.backend.conf.retries;
  }

  /**
   * Sends a request again after a failure of `retry-on`: to the same server, or to another if that is its turn. HAProxy
   * counts such a retry by itself, and once more when the server stays the same; so do we. `reuse`: REUSE_NONE unless
   * the failure was an answer, after which the connection is as good as before.
   */
  repeat(reuse: Reuse): void {
    this.retries++;
    this.reuse = REUSE_NONE;
    const server = this.server!;
    countRetry(this.worker, this.backend, server);
    if (this.mayRedispatch(server)) {
      this.redispatch(server);
      return;
    }
    countRetry(this.worker, this.backend, server);
    countAttempt(this.worker, server);
    this.reuse = reuse;
    this.connect();
  }

  private assign(avoid: Server | null): void {
    const { backend, bound } = this;
    if (bound !== null) {
      this.assignBound(bound);
      return;
    }
    if (!backend.usable) {
      if (this.previous !== null) this.countChange(this.previous, null);
      countFailure(this.worker, backend, null);
      this.fail('no-server');
      return;
    }
    this.stays = false;
    this.assignTo(backend.choose(this.key, avoid));
  }

  private assignTo(server: Server | null): void {
    // Nobody goes before those that wait for it.
    if (server === null || !server.hasRoom() || !server.reserve(this.backend.limitOf(server))) this.wait(server);
    else this.take(server);
  }

  /** Its state does not matter: who bound the session to it has looked at that. */
  private assignBound(server: Server): void {
    if (server.hasRoom() && server.reserve(this.backend.limitOf(server))) this.take(server);
    else if (server.hasFullQueue && this.backend.conf.redispatch !== null) {
      this.bound = null;
      this.previous = server;
      this.assign(null);
    } else this.wait(server);
  }

  /** A place at the server was reserved. */
  private take(server: Server): void {
    const { worker } = this;
    this.server = server;
    this.assignedAt = worker.loop.now;
    countPlace(worker, this.backend, server, this.bound === null && !this.stays);
    if (this.previous !== null) this.countChange(this.previous, server);
    if (this.owner.answersFor?.(server)) return;
    this.connect();
  }

  /** Another attempt: at another server, which counts as a redispatch, or at the same one after all. */
  private countChange(previous: Server, server: Server | null): void {
    this.previous = null;
    if (server !== null && previous === server) {
      countRetry(this.worker, this.backend, server);
      return;
    }
    this.redispatched = true;
    countRedispatch(this.worker, this.backend, previous);
  }

  private wait(server: Server | null): void {
    const { backend } = this;
    // Only a server that its clients are bound to has a queue of its own.
    const queue = server === null ? backend.queue : server.queue;
    if (server?.hasFullQueue) {
      this.failWaiting('queue-full', server);
      return;
    }
    this.state = QUEUED;
    this.server = server;
    this.entry ??= new WaitEntry(this);
    this.entry.since = this.worker.loop.now;
    queue.add(this.entry);
    backend.countWaiting(server, 1);
    this.worker.waitingBackends.add(backend);
    const limit = backend.conf.timeouts.queueMs ?? backend.conf.timeouts.connectMs;
    if (limit !== null) this.owner.armDispatch(this.worker.loop.now + limit);
  }

  private leaveQueue(): void {
    if (this.server === null) this.backendQueue += this.placeInLine;
    else this.serverQueue += this.placeInLine;
    this.entry!.queue!.remove(this.entry!);
    this.backend.countWaiting(this.server, -1);
    this.server = null;
    this.state = IDLE;
  }

  onPlace(server: Server): boolean {
    if (!server.reserve(this.backend.limitOf(server))) return false;
    const { queue } = this.entry!;
    this.leaveQueue();
    queue!.served++;
    this.take(server);
    return true;
  }

  /** Its server went away while it waited for it. */
  chooseAgain(): void {
    const { backend, server } = this;
    // It waits on unless it may be sent elsewhere.
    if (backend.conf.redispatch === null || backend.conf.persistence.persist) return;
    this.leaveQueue();
    this.bound = null;
    this.previous = server;
    this.assign(null);
  }

  private connect(): void {
    const { attempt, worker, backend, reuse } = this;
    const server = this.server!;
    attempt.aim(server, this.port);
    if (reuse !== REUSE_NONE) {
      const resting = this.own?.take(server, attempt.key) ?? attempt.takeResting(reuse, backend.conf.link);
      if (resting !== null) {
        countConnection(worker, backend, server, true);
        this.onStanding(resting, true);
        return;
      }
    }
    this.openConnection(server);
  }

  private openConnection(server: Server): void {
    const { worker, backend, attempt } = this;
    server.idle.makeRoom();
    const state = attempt.open(this.retries === 0);
    if (state === NO_SOURCE || state === NOT_PASSED) {
      this.giveUp('internal');
      return;
    }
    countConnection(worker, backend, server, false);
    this.state = CONNECTING;
    if (RESOURCE_ERRORS.includes(-state)) this.giveUp('resource');
    else if (state < 0) this.onAttemptFailed(true);
    else if (state === ESTABLISHED) attempt.establish();
    else {
      const limit = backend.conf.timeouts.connectMs;
      if (limit !== null) this.owner.armDispatch(worker.loop.now + limit);
    }
  }

  onStanding(connection: ServerConnection, reused: boolean): void {
    this.state = IDLE;
    connection.requests++;
    this.owner.onConnected(connection, reused);
  }

  onTimer(): void {
    switch (this.state) {
      case QUEUED: {
        const { server } = this;
        this.leaveQueue();
        this.assignedAt = this.worker.loop.now;
        this.failWaiting('queue-timeout', server);
        return;
      }
      case CONNECTING:
        this.onAttemptFailed(false);
        return;
      case TURNAROUND:
        if (this.server === null) this.assign(this.previous);
        else this.openAgain(this.server);
        return;
    }
  }

  /** After a refusal another try at the same server waits a moment. */
  onAttemptFailed(atOnce: boolean): void {
    const { backend, worker } = this;
    this.attempt.drop();
    const server = this.server!;
    if (this.retries >= backend.conf.retries || !backend.conf.link.retryOn.connFailure) {
      this.giveUp(atOnce ? 'refused' : 'connect-timeout');
      return;
    }
    this.retries++;
    const changes = this.mayRedispatch(server);
    if (!changes) countRetry(worker, backend, server);
    if (changes && (!atOnce || backend.hasOthers)) {
      this.redispatch(server);
      return;
    }
    if (!atOnce) {
      this.openAgain(server);
      return;
    }
    if (changes) this.leaveFor(server);
    this.state = TURNAROUND;
    const wait = Math.min(TURNAROUND_MS, backend.conf.timeouts.connectMs ?? TURNAROUND_MS);
    this.owner.armDispatch(worker.loop.now + wait);
  }

  private openAgain(server: Server): void {
    countAttempt(this.worker, server);
    this.openConnection(server);
  }

  private mayRedispatch(server: Server): boolean {
    const { redispatch, retries } = this.backend.conf;
    if (redispatch === null || redispatch === 0) return false;
    if (!server.alive || (this.bound === null && this.backend.takesTurns)) return true;
    const interval = redispatch > 0 ? redispatch : Math.max(1, retries + 1 + redispatch);
    return this.retries % interval === 0;
  }

  private redispatch(server: Server): void {
    this.leaveFor(server);
    this.assign(server);
  }

  /** Gives the place up, to be had anew, perhaps elsewhere. */
  private leaveFor(server: Server): void {
    this.bound = null;
    this.releaseServer();
    this.previous = server;
  }

  private giveUp(cause: DispatchFailure): void {
    countFailure(this.worker, this.backend, this.server);
    this.fail(cause);
  }

  /** `server`: whose queue it was; null: the backend's. */
  private failWaiting(cause: DispatchFailure, server: Server | null): void {
    this.waitedFor = server;
    countFailure(this.worker, this.backend, server);
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
    this.worker.offerPlace(this.backend, server);
  }

  /** After a request: keeps the connection for the next one, of this session or of any, or closes it. */
  keep(connection: ServerConnection): void {
    const { server } = connection;
    if (!connection.isFit) connection.discard();
    else if (connection.isPrivate) {
      this.own ??= new SessionConnections(this.owner.mostConnections);
      if (!this.own.keep(connection)) connection.discard();
    } else if (!server.idle.keep(connection)) connection.discard();
  }

  /** The server asked for an authentication that holds for the connection: it is this client's from now on. */
  tieTo(connection: ServerConnection): void {
    connection.isPrivate = true;
    this.staysPut = true;
  }

  /** The session ends: out of any queue, no connection attempt, no place taken. */
  abandon(): void {
    if (this.state === QUEUED) this.leaveQueue();
    this.attempt.drop();
    this.state = IDLE;
    this.releaseServer();
  }

  /** The client is gone, and its own connections with it. */
  close(): void {
    this.own?.closeAll();
    this.own = null;
  }
}
