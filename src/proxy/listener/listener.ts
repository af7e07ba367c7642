/**
 * A listening socket as a worker sees it: accepts within its limits and turns connections into sessions.
 *
 * All workers watch the same socket and the kernel wakes one of them (EPOLLEXCLUSIVE). How many connections are taken
 * in one go follows demand. When a limit is reached (accept-limits.ts), descriptors run out, or core has paused the
 * socket (accept4 then gives EINVAL), it stops watching for a while: clients stay in the kernel's backlog, as with
 * HAProxy, until a session ends or a rate allows more. With `accept-proxy` and the like a handshake (client-handshake.ts) comes
 * before the session.
 */
import type { ListenerConf } from '../../config/haproxy.ts';
import type { ProcessLimits } from '../../config/listener-options.ts';
import { SOCKADDR_SIZE } from '../../os/address.ts';
import { EPOLLEXCLUSIVE, EPOLLIN } from '../../os/epoll.ts';
import { EAGAIN, EINVAL, EMFILE, ENFILE, ENOBUFS } from '../../os/libc.ts';
import { allocate } from '../../os/memory.ts';
import { acceptAt, closeFd, localAddress } from '../../os/socket.ts';
import type { ProxyTlv } from '../../wire/proxy-protocol.ts';
import { CONN_RATE, CONN_TOT, PROCESS_ROW, SESS_RATE, STOT } from '../counter-layout.ts';
import type { Frontend } from '../frontend.ts';
import { HttpStream } from '../http/http-stream.ts';
import { NEEDS_LOCAL } from '../log/needs.ts';
import { SessionRecord } from '../log/record.ts';
import { fillFailure } from '../log/session-facts.ts';
import type { Handler } from '../loop/loop.ts';
import { type Timed, Timer } from '../loop/timers.ts';
import { TcpStream } from '../tcp-stream.ts';
import type { WorkerContext } from '../worker-context.ts';
import { type AcceptIntents, AcceptLimits } from './accept-limits.ts';
import { ClientAddress, destinationOf } from './client-address.ts';
import { Handshake } from './client-handshake.ts';

const MOST_A_TURN = 64;
const NO_LIMIT = 4096;
/** A pause also ends by time: a place may have become free in another worker or process. */
const PAUSE_MS = 100;

/** One a thread: filled and read within one call. */
const failed = new SessionRecord();
export const peer = allocate(4096);
const LENGTH_AT = SOCKADDR_SIZE;

export class Listener implements Handler, Timed {
  readonly conf: ListenerConf;
  readonly fd: number;
  readonly row: number;
  readonly frontend: Frontend;
  private readonly worker: WorkerContext;
  private readonly limits: AcceptLimits;
  private readonly mostATurn: number;
  private readonly countsProcessRate: boolean;
  private readonly timer = new Timer(this);
  private readonly ownPort: number;
  /** Of its own namespace; null where it has none or nobody asks (client-namespaces.ts). */
  namespaceField: ProxyTlv | null = null;
  private batch = 1;
  private paused = false;
  private closed = false;

  constructor(
    conf: ListenerConf,
    fd: number,
    row: number,
    frontend: Frontend,
    worker: WorkerContext,
    processLimit: number,
    processLimits: ProcessLimits,
    acceptIntents: AcceptIntents,
    workerIndex: number,
  ) {
    this.conf = conf;
    this.fd = fd;
    this.row = row;
    this.frontend = frontend;
    this.worker = worker;
    this.limits = new AcceptLimits(
      worker.counters,
      worker.loop,
      processLimit,
      processLimits,
      [
        { row: frontend.row, most: frontend.conf.maxconn },
        { row, most: conf.maxconn },
      ],
      { row: frontend.row, sessionRate: frontend.conf.accept.sessionRate },
      acceptIntents,
      workerIndex,
    );
    const { maxAccept } = processLimits;
    this.mostATurn = maxAccept === null ? MOST_A_TURN : maxAccept <= 0 ? NO_LIMIT : maxAccept;
    this.countsProcessRate = processLimits.sessionRate > 0;
    const own = localAddress(fd);
    this.ownPort = typeof own === 'object' && own.family !== 'unix' ? own.port : 0;
  }

  /** Returns 0 or `-errno`. */
  open(): number {
    const { loop } = this.worker;
    const done = loop.watch(this.fd, EPOLLIN | EPOLLEXCLUSIVE, this);
    loop.weigh(this.fd, this.conf.options.nice);
    return done;
  }

  /** For good; the descriptor stays open for others until the process ends. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.worker.loop.timers.disarm(this.timer);
    if (!this.paused) this.worker.loop.unwatch(this.fd);
  }

  onReady(): void {
    for (let taken = 0; taken < this.batch; taken++) {
      if (!this.limits.allow()) {
        this.pause();
        return;
      }
      const fd = this.accept();
      if (fd < 0) {
        this.limits.done();
        this.batch = Math.max(1, taken);
        this.onAcceptError(-fd);
        return;
      }
      this.begin(fd);
      this.limits.done();
    }
    this.batch = Math.min(this.mostATurn, this.batch * 2);
  }

  /** The next connection, or `-errno`; `peer` then holds the address of the other side. */
  protected accept(): number {
    peer.view.setInt32(LENGTH_AT, SOCKADDR_SIZE, true);
    return acceptAt(this.fd, peer.address, peer.address + LENGTH_AT);
  }

  protected onAcceptError(error: number): void {
    if (error === EMFILE || error === ENFILE || error === ENOBUFS || error === EINVAL) this.pause();
    else if (error !== EAGAIN) this.batch = 1;
  }

  private begin(fd: number): void {
    const { worker, frontend } = this;
    if (worker.ending) {
      closeFd(fd);
      return;
    }
    const { counters } = worker;
    const { second } = worker.loop;
    counters.occupy(frontend.row);
    counters.enter(this.row);
    counters.add(frontend.row, CONN_TOT, 1);
    counters.add(this.row, CONN_TOT, 1);
    counters.tick(frontend.row, CONN_RATE, second);
    counters.tick(PROCESS_ROW, CONN_RATE, second);
    const address = new ClientAddress(peer.view);
    if (this.conf.options.preamble === null) this.beginSession(fd, address);
    else new Handshake(worker, this, fd, address).start();
  }

  /** Nothing stands before the connection's own bytes any more. */
  beginSession(fd: number, address: ClientAddress): void {
    const { worker, frontend } = this;
    const { counters, loop } = worker;
    if (this.namespaceField !== null) this.addNamespace(address, this.namespaceField);
    counters.add(frontend.row, STOT, 1);
    counters.tick(frontend.row, SESS_RATE, loop.second);
    if (this.countsProcessRate) counters.tick(PROCESS_ROW, SESS_RATE, loop.second);
    const stream = frontend.speaksHttp
      ? new HttpStream(worker, frontend, this, fd, address)
      : new TcpStream(worker, frontend, this, fd, address);
    stream.start();
  }

  /** Behind what a header says of it, which counts if it is known. */
  private addNamespace(address: ClientAddress, field: ProxyTlv): void {
    const { now } = this.worker.loop;
    const said = address.preamble;
    const none = {
      acceptedAt: now,
      handshakeMs: 0,
      own: address,
      isProxy: false,
      destination: null,
    };
    address.preamble = { ...(said ?? none), tlvs: [...(said?.tlvs ?? []), field] };
  }

  private pause(): void {
    if (!this.paused) this.worker.loop.unwatch(this.fd);
    this.paused = true;
    this.worker.pausedListeners.add(this);
    this.armTimer();
  }

  private armTimer(): void {
    const { loop } = this.worker;
    loop.timers.arm(this.timer, loop.now + (this.limits.delayMs || PAUSE_MS));
  }

  onTimer(): void {
    this.resume();
  }

  /** A session ended somewhere: takes up listening again if there is room. */
  resume(): void {
    if (!this.paused || this.closed) return;
    if (!this.limits.hasRoom()) {
      this.armTimer();
      return;
    }
    this.paused = false;
    this.worker.pausedListeners.delete(this);
    this.worker.loop.timers.disarm(this.timer);
    this.open();
  }

  /** A session that came in here has ended. */
  onSessionEnd(): void {
    this.worker.counters.leaveRow(this.row);
    this.worker.counters.leaveRow(this.frontend.row);
  }

  /** The port that a client connected to: the listener's, unless connections are redirected to it or a header tells. */
  portOf(fd: number, address: ClientAddress): number {
    if (!this.conf.transparent && address.preamble === null) return this.ownPort;
    const own = destinationOf(address, fd);
    return own !== null && own.family !== 'unix' ? own.port : this.ownPort;
  }

  /** A connection ended before it became a session. `quiet`: nothing at all came from the client. */
  logFailure(address: ClientAddress, fd: number, acceptedAtMs: number, message: string, quiet: boolean): void {
    const { frontend, worker } = this;
    if (!frontend.log.enabled || (quiet && frontend.conf.dontlognull)) return;
    this.describe(failed, address, fd);
    failed.acceptedAtMs = acceptedAtMs;
    if (frontend.log.isCustom) fillFailure(failed, this, worker, address, message);
    frontend.log.writeFailure(failed, this.label, message);
  }

  /** As the log and the statistics name it. */
  private get label(): string {
    const { socketId } = this.conf.options;
    return this.conf.name ?? (this.frontend.conf.socketStats ? `sock-${socketId}` : String(socketId));
  }

  /** Fills in who talked to whom. */
  describe(record: SessionRecord, address: ClientAddress, fd: number, needs = this.frontend.log.needs): void {
    this.describePeer(record, address);
    if ((needs & NEEDS_LOCAL) === 0) return;
    const own = destinationOf(address, fd);
    const inet = own !== null && own.family !== 'unix' ? own : null;
    record.localHost = inet?.host ?? 'unix';
    record.localPort = inet?.port ?? this.conf.options.socketId;
    if (address.preamble !== null) record.socketAddress = localAddress(fd);
  }

  private describePeer(record: SessionRecord, address: ClientAddress): void {
    record.clientHost = address.host;
    record.clientPort = address.family === 'unix' ? this.conf.options.socketId : address.port;
    record.frontend = this.frontend.conf.name;
    record.tls = false;
    record.preamble = address.preamble;
    record.handshakeMs = address.preamble?.handshakeMs ?? 0;
  }
}
