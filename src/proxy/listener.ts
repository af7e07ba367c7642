/**
 * A listening socket as a worker sees it: accepts within its limits and turns connections into sessions.
 *
 * All workers watch the same socket and the kernel wakes one of them (EPOLLEXCLUSIVE). How many connections are taken
 * in one go follows demand. When a limit is reached (`maxconn` of process, frontend or listener) or descriptors run
 * out, it stops watching: clients stay in the kernel's backlog, as with HAProxy, until a session ends.
 */
import type { ListenerConf } from '../config/haproxy.ts';
import { SOCKADDR_SIZE } from '../os/address.ts';
import { EPOLLEXCLUSIVE, EPOLLIN } from '../os/epoll.ts';
import { EAGAIN, EMFILE, ENFILE, ENOBUFS } from '../os/libc.ts';
import { allocate } from '../os/memory.ts';
import {
  acceptAt,
  closeFd,
  localAddress,
  SO_KEEPALIVE,
  SOL_SOCKET,
  SOL_TCP,
  setOption,
  TCP_NODELAY,
} from '../os/socket.ts';
import { ClientAddress } from './client-address.ts';
import { CONN_RATE, CONN_TOT, PROCESS_ROW, SCUR, SESS_RATE } from './counter-layout.ts';
import type { Frontend } from './frontend.ts';
import { HttpStream } from './http-stream.ts';
import type { SessionRecord } from './log/record.ts';
import type { Handler } from './loop.ts';
import { TcpStream } from './tcp-stream.ts';
import { type Timed, Timer } from './timers.ts';
import type { WorkerContext } from './worker-context.ts';

const MOST_A_TURN = 64;
/** A pause also ends by time: a place may have become free in another worker or process. */
const PAUSE_MS = 100;

const peer = allocate(4096);
const LENGTH_AT = SOCKADDR_SIZE;

export class Listener implements Handler, Timed {
  readonly conf: ListenerConf;
  readonly fd: number;
  readonly row: number;
  readonly frontend: Frontend;
  private readonly worker: WorkerContext;
  private readonly limit: number;
  private readonly frontendLimit: number;
  private readonly processLimit: number;
  private readonly timer = new Timer(this);
  private readonly ownPort: number;
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
  ) {
    this.conf = conf;
    this.fd = fd;
    this.row = row;
    this.frontend = frontend;
    this.worker = worker;
    this.limit = conf.maxconn ?? Number.POSITIVE_INFINITY;
    this.frontendLimit = frontend.conf.maxconn ?? Number.POSITIVE_INFINITY;
    this.processLimit = processLimit;
    const own = localAddress(fd);
    this.ownPort = typeof own === 'object' && own.family !== 'unix' ? own.port : 0;
    // What is accepted inherits both from the listening socket.
    if (this.ownPort !== 0) setOption(fd, SOL_TCP, TCP_NODELAY, 1);
    if (frontend.conf.clitcpka) setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  }

  /** Returns 0 or `-errno`. */
  open(): number {
    return this.worker.loop.watch(this.fd, EPOLLIN | EPOLLEXCLUSIVE, this);
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
      if (!this.hasRoom()) {
        this.pause();
        return;
      }
      peer.view.setInt32(LENGTH_AT, SOCKADDR_SIZE, true);
      const fd = acceptAt(this.fd, peer.address, peer.address + LENGTH_AT);
      if (fd < 0) {
        this.batch = Math.max(1, taken);
        this.onAcceptError(-fd);
        return;
      }
      this.begin(fd);
    }
    this.batch = Math.min(MOST_A_TURN, this.batch * 2);
  }

  private onAcceptError(error: number): void {
    if (error === EMFILE || error === ENFILE || error === ENOBUFS) this.pause();
    else if (error !== EAGAIN) this.batch = 1;
  }

  private hasRoom(): boolean {
    const { counters } = this.worker;
    return (
      counters.mineNow(PROCESS_ROW, SCUR) < this.processLimit &&
      (this.frontendLimit === Number.POSITIVE_INFINITY ||
        counters.mineNow(this.frontend.row, SCUR) < this.frontendLimit) &&
      (this.limit === Number.POSITIVE_INFINITY || counters.mineNow(this.row, SCUR) < this.limit)
    );
  }

  private begin(fd: number): void {
    const { worker, frontend } = this;
    if (worker.stopping) {
      closeFd(fd);
      return;
    }
    const { counters } = worker;
    const { second } = worker.loop;
    counters.enter(frontend.row);
    counters.enter(this.row);
    counters.add(frontend.row, CONN_TOT, 1);
    counters.tick(frontend.row, CONN_RATE, second);
    counters.tick(frontend.row, SESS_RATE, second);
    counters.tick(PROCESS_ROW, CONN_RATE, second);
    const address = new ClientAddress(peer.view);
    const stream =
      frontend.conf.mode === 'tcp'
        ? new TcpStream(worker, frontend, this, fd, address)
        : new HttpStream(worker, frontend, this, fd, address);
    stream.start();
  }

  private pause(): void {
    if (!this.paused) this.worker.loop.unwatch(this.fd);
    this.paused = true;
    this.worker.pausedListeners.add(this);
    this.worker.loop.timers.arm(this.timer, this.worker.loop.now + PAUSE_MS);
  }

  onTimer(): void {
    this.resume();
  }

  /** A session ended somewhere: takes up listening again if there is room. */
  resume(): void {
    if (!this.paused || this.closed) return;
    if (!this.hasRoom()) {
      this.worker.loop.timers.arm(this.timer, this.worker.loop.now + PAUSE_MS);
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

  /** The port that a client connected to: the listener's, unless connections are redirected to it. */
  portOf(fd: number): number {
    if (!this.conf.transparent) return this.ownPort;
    const own = localAddress(fd);
    return typeof own === 'object' && own.family !== 'unix' ? own.port : this.ownPort;
  }

  /** Fills in who talked to whom. */
  describe(record: SessionRecord, address: ClientAddress, fd: number): void {
    record.clientHost = address.host;
    record.clientPort = address.family === 'unix' ? this.conf.id : address.port;
    record.frontend = this.frontend.conf.name;
    record.tls = false;
    if (!this.frontend.log.atBegin) return;
    const own = localAddress(fd);
    const inet = typeof own === 'object' && own.family !== 'unix' ? own : null;
    record.localHost = inet?.host ?? 'unix';
    record.localPort = inet?.port ?? this.conf.id;
  }
}
