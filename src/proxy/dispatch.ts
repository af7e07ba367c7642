/**
 * From "this session needs a server" to a standing connection: choosing, waiting in queues, taking an idle connection or
 * making one, trying again (manual: `retries`, `retry-on`, `option redispatch`, `http-reuse`, `timeout connect`,
 * `timeout queue`, server `maxconn`).
 *
 *     start -> choose -> (QUEUED ->) CONNECTING -> (GREETING ->) onConnected
 *                ^            |           |
 *                |            |           `-> TURNAROUND (1 s) -> CONNECTING, the same server again
 *                `------------+-----------'   redispatch: choose anew
 *
 * GREETING waits for a SOCKS4 proxy's answer. Its owner lends it the timer while it is at work, and watches the client
 * meanwhile. One a client connection: it also keeps the connections to servers that are this client's own.
 */
import type { RetryOn } from '../config/server-link.ts';
import { EADDRINUSE, EADDRNOTAVAIL, EMFILE, ENFILE, EPERM } from '../os/libc.ts';
import { MSG_MORE, MSG_NOSIGNAL, SOL_TCP, sendAt, setOption, TCP_NODELAY } from '../os/socket.ts';
import { isSocks4Granted, SOCKS4_ANSWER } from '../wire/socks4.ts';
import type { Backend } from './backend.ts';
import { copyBytes } from './buffers.ts';
import { CONNECT, ECON, LAST_SESSION, LBTOT, REUSE, ROW_WIDTH, SESS_RATE, WREDIS, WRETR } from './counter-layout.ts';
import type { Server } from './server.ts';
import { adoptConnection, openServerConnection, type ServerConnection } from './server-connection.ts';
import { SessionConnections } from './session-connections.ts';
import type { SessionOrigin } from './session-origin.ts';
import type { TakenOver } from './shared-idle.ts';
import type { EndOwner, SocketEnd } from './socket-end.ts';
import { NO_SOURCE } from './source-binding.ts';
import { WaitEntry, type Waiting } from './wait-queue.ts';
import type { WorkerContext } from './worker-context.ts';

export type DispatchFailure =
  | 'no-server'
  | 'queue-timeout'
  | 'queue-full'
  | 'refused'
  | 'connect-timeout'
  | 'resource'
  | 'internal';

/** Which idle connections a session may use: none, those for a client's first request, those for later ones. */
export const REUSE_NONE = 0;
export const REUSE_FIRST = 1;
export const REUSE_LATER = 2;
export type Reuse = typeof REUSE_NONE | typeof REUSE_FIRST | typeof REUSE_LATER;

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
const GREETING = 4;

const TURNAROUND_MS = 1000;
/** What no other try can help against. */
const RESOURCE_ERRORS: readonly number[] = [EMFILE, ENFILE, EPERM, EADDRINUSE, EADDRNOTAVAIL];

export class Dispatch implements EndOwner, Waiting {
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
  private connection: ServerConnection | null = null;
  private backend!: Backend;
  private key = 0;
  private port = 0;
  private reuse: Reuse = REUSE_NONE;
  /** What connections for this session have in common with nobody else's; '' when all are alike. */
  private connectionKey = '';
  /** The server of the failed attempt before this one. */
  private previous: Server | null = null;
  /** Of a SOCKS4 proxy's answer. */
  private answered = 0;
  /** Connections that are this client's own. */
  private own: SessionConnections | null = null;
  /** The server was chosen because the session has a connection to it. */
  private stays = false;
  /** An authentication ties the client to its connection. */
  private staysPut = false;
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
    this.waitedFor = null;
    this.serverQueue = 0;
    this.backendQueue = 0;
  }

  get active(): boolean {
    return this.state !== IDLE;
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
    const last = this.own === null || bound !== null ? null : this.findLast(this.own);
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
    this.countRetry(server);
    if (this.mayRedispatch(server)) {
      this.redispatch(server);
      return;
    }
    this.countRetry(server);
    this.countAttempt(server);
    this.reuse = reuse;
    this.connect();
  }

  /** The server that the session's own connections lead to, if it is to stay there and that server has room. */
  private findLast(own: SessionConnections): Server | null {
    const { backend } = this;
    const { preferLastServer, maxKeepAliveQueue } = backend.conf.link;
    if (!preferLastServer && !this.staysPut) return null;
    return own.findServer(
      (server) =>
        server.proxy === backend.conf &&
        server.usable &&
        (this.staysPut || maxKeepAliveQueue === 0 || server.hasRoom() || server.queue.length + 1 < maxKeepAliveQueue),
    );
  }

  private assign(avoid: Server | null): void {
    const { backend, bound } = this;
    if (bound !== null) {
      this.assignBound(bound);
      return;
    }
    if (!backend.usable) {
      if (this.previous !== null) this.countChange(this.previous, null);
      this.worker.counters.add(backend.row, ECON, 1);
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
    const { maxqueue } = server.conf;
    if (server.hasRoom() && server.reserve(this.backend.limitOf(server))) this.take(server);
    else if (maxqueue > 0 && server.queue.length >= maxqueue && this.backend.conf.redispatch !== null) {
      this.bound = null;
      this.previous = server;
      this.assign(null);
    } else this.wait(server);
  }

  /** A place at the server was reserved. */
  private take(server: Server): void {
    const { counters, loop } = this.worker;
    this.server = server;
    this.assignedAt = loop.now;
    counters.enter(server.row);
    if (this.bound === null && !this.stays) {
      counters.add(server.row, LBTOT, 1);
      counters.add(this.backend.row, LBTOT, 1);
    }
    counters.tick(server.row, SESS_RATE, loop.second);
    counters.own.totals[server.row * ROW_WIDTH + LAST_SESSION] = loop.wallMs;
    counters.own.totals[this.backend.row * ROW_WIDTH + LAST_SESSION] = loop.wallMs;
    if (this.previous !== null) this.countChange(this.previous, server);
    if (this.owner.answersFor?.(server)) return;
    this.connect();
  }

  /** Another attempt: at another server, which counts as a redispatch, or at the same one after all. */
  private countChange(previous: Server, server: Server | null): void {
    this.previous = null;
    if (server !== null && previous === server) {
      this.countRetry(server);
      return;
    }
    const { counters } = this.worker;
    this.redispatched = true;
    counters.add(previous.row, WREDIS, 1);
    counters.add(this.backend.row, WREDIS, 1);
  }

  /** Every attempt at a server counts as a session of it. */
  private countAttempt(server: Server): void {
    const { counters, loop } = this.worker;
    counters.leaveRow(server.row);
    counters.enter(server.row);
    counters.tick(server.row, SESS_RATE, loop.second);
  }

  private countRetry(server: Server): void {
    const { counters } = this.worker;
    counters.add(server.row, WRETR, 1);
    counters.add(this.backend.row, WRETR, 1);
  }

  private wait(server: Server | null): void {
    const { backend } = this;
    // Only a server that its clients are bound to has a queue of its own.
    const queue = server === null ? backend.queue : server.queue;
    if (server !== null && server.conf.maxqueue > 0 && queue.length >= server.conf.maxqueue) {
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
    const server = this.server!;
    const connector = server.connector!;
    this.connectionKey = connector.isKeyed ? connector.keyFor(this.owner, this.port) : '';
    if (this.reuse !== REUSE_NONE) {
      const idle = this.own?.take(server, this.connectionKey) ?? this.takeIdle(server);
      if (idle !== null) {
        this.worker.counters.add(server.row, REUSE, 1);
        this.worker.counters.add(this.backend.row, REUSE, 1);
        this.done(idle, true);
        return;
      }
    }
    this.openConnection(server);
  }

  /** A client's first request only gets a connection that the mode calls safe: it could not be repeated silently. */
  private takeIdle(server: Server): ServerConnection | null {
    const { idle } = server;
    const { httpReuse, retryOn } = this.backend.conf.link;
    const key = this.connectionKey;
    if (httpReuse === 'never') return null;
    if (this.reuse === REUSE_LATER || repeatsLost(retryOn)) {
      return idle.takeFresh(key) ?? idle.takeSafe(key) ?? this.adopt(server, idle.takeOver(false, true));
    }
    if (httpReuse === 'safe') return null;
    const always = httpReuse === 'always';
    const own = idle.takeSafe(key) ?? (always ? idle.takeFresh(key) : null);
    return own ?? this.adopt(server, idle.takeOver(true, always));
  }

  private adopt(server: Server, taken: TakenOver | null): ServerConnection | null {
    return taken === null ? null : adoptConnection(server, taken, this.worker.loop, this.worker.buffers, this);
  }

  private openConnection(server: Server): void {
    const { worker } = this;
    server.idle.makeRoom();
    const isFirst = this.retries === 0;
    const { connectionKey, owner, port } = this;
    const opened = openServerConnection(server, owner, connectionKey, port, isFirst, worker.loop, worker.buffers, this);
    if (opened === NO_SOURCE) {
      this.giveUp('internal');
      return;
    }
    worker.counters.add(server.row, CONNECT, 1);
    worker.counters.add(this.backend.row, CONNECT, 1);
    if (typeof opened === 'number') {
      this.state = CONNECTING;
      if (RESOURCE_ERRORS.includes(-opened)) this.giveUp('resource');
      else this.connectionFailed(true);
      return;
    }
    this.state = CONNECTING;
    this.connection = opened;
    if (!opened.connecting) {
      this.onEstablished(opened);
      return;
    }
    const limit = this.backend.conf.timeouts.connectMs;
    if (limit !== null) this.owner.armDispatch(worker.loop.now + limit);
  }

  private onEstablished(connection: ServerConnection): void {
    const connector = connection.server.connector!;
    if (!connector.viaSocks4) {
      this.greet(connection);
      return;
    }
    const request = connector.encodeSocksRequest(this.owner, this.port);
    this.state = GREETING;
    this.answered = 0;
    if (request === null || !this.write(connection, request)) this.connectionFailed(true);
  }

  /** The SOCKS4 proxy has answered, in part at least. */
  private readAnswer(connection: ServerConnection): void {
    const { scratch } = this.worker;
    const n = connection.read(scratch.address, SOCKS4_ANSWER - this.answered);
    if (n < 0) this.connectionFailed(true);
    if (n <= 0) return;
    // The first two bytes decide; a peer that sends them apart from each other is none that we know.
    const isGranted = this.answered > 0 || (n > 1 && isSocks4Granted(scratch.bytes, 0));
    this.answered += n;
    if (!isGranted) this.connectionFailed(true);
    else if (this.answered === SOCKS4_ANSWER) this.greet(connection);
  }

  private greet(connection: ServerConnection): void {
    const header = connection.server.connector!.encodeHeader(this.owner);
    const more = this.owner.requestBytes !== null;
    if (header !== null && !this.write(connection, header, more)) {
      this.connectionFailed(true);
      return;
    }
    // What the client says next must not wait until the header is acknowledged.
    if (header !== null && !more) setOption(connection.fd, SOL_TCP, TCP_NODELAY, 1);
    this.done(connection, false);
  }

  /** A new connection's buffer takes so little at once. `more` follows: both may go out as one packet. */
  private write(connection: ServerConnection, bytes: Uint8Array, more = false): boolean {
    const { out } = this.worker;
    copyBytes(out.bytes, 0, bytes, 0, bytes.length);
    return sendAt(connection.fd, out.address, bytes.length, MSG_NOSIGNAL | (more ? MSG_MORE : 0)) === bytes.length;
  }

  private done(connection: ServerConnection, reused: boolean): void {
    this.state = IDLE;
    this.connection = null;
    connection.requests++;
    this.owner.onConnected(connection, reused);
  }

  onEnd(end: SocketEnd): void {
    if (end !== this.connection || end.closed) return;
    if (end.error !== 0) this.connectionFailed(!end.timedOut);
    else if (this.state === GREETING) {
      if (end.readable) this.readAnswer(this.connection);
    } else if (!end.connecting) this.onEstablished(this.connection);
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
      case GREETING:
        this.connectionFailed(false);
        return;
      case TURNAROUND:
        if (this.server === null) this.assign(this.previous);
        else this.openAgain(this.server);
        return;
    }
  }

  /** `atOnce`: refused rather than timed out: another try at the same server waits a moment. */
  private connectionFailed(atOnce: boolean): void {
    const { backend, worker } = this;
    this.connection?.close();
    this.connection = null;
    const server = this.server!;
    if (this.retries >= backend.conf.retries || !backend.conf.link.retryOn.connFailure) {
      this.giveUp(atOnce ? 'refused' : 'connect-timeout');
      return;
    }
    this.retries++;
    const changes = this.mayRedispatch(server);
    if (!changes) this.countRetry(server);
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
    this.countAttempt(server);
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
    const { counters } = this.worker;
    counters.add(this.server!.row, ECON, 1);
    counters.add(this.backend.row, ECON, 1);
    this.fail(cause);
  }

  /** `server`: whose queue it was; null: the backend's. */
  private failWaiting(cause: DispatchFailure, server: Server | null): void {
    const { counters } = this.worker;
    this.waitedFor = server;
    if (server !== null) counters.add(server.row, ECON, 1);
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
    this.connection?.close();
    this.connection = null;
    this.state = IDLE;
    this.releaseServer();
  }
  /** The client is gone, and its own connections with it. */
  close(): void {
    this.own?.closeAll();
    this.own = null;
  }
}

/** A request that meets a dead connection is sent again anyway, so that the first one may run the risk as well. */
function repeatsLost({ connFailure, emptyResponse, responseTimeout }: RetryOn): boolean {
  return connFailure && emptyResponse && responseTimeout;
}
