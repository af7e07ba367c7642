/**
 * A connection that begins with a header about its client (`accept-proxy`, `accept-netscaler-cip`): waits for it, takes
 * it off, and only then lets the session begin. What is no header ends the connection, with HAProxy's words in the log.
 *
 * The header is peeked at and taken off in one piece, so that what follows it stays in the socket for whoever reads
 * next. Nothing is kept of a client meanwhile; `timeout client` bounds the wait. A header that is not there as a whole is
 * an error, as in HAProxy and in the specification.
 */
import { EPOLLET, EPOLLIN, EPOLLRDHUP } from '../../os/epoll.ts';
import { EAGAIN, EINTR } from '../../os/libc.ts';
import { closeFd, MSG_PEEK, recvAt } from '../../os/socket.ts';
import { parseNetscalerCip } from '../../wire/netscaler-cip.ts';
import {
  BAD_HEADER,
  BAD_PROTOCOL,
  NO_HEADER,
  ProxyHeader,
  parseProxyHeader,
  TRUNCATED,
} from '../../wire/proxy-protocol-parse.ts';
import type { Handler } from '../loop/loop.ts';
import { type Timed, Timer } from '../loop/timers.ts';
import type { Server } from '../server/server.ts';
import type { Stream, WorkerContext } from '../worker-context.ts';
import { addressOfSide, type ClientAddress } from './client-address.ts';
import type { Listener } from './listener.ts';

/** Nothing came: what `option dontlognull` does not log. */
const EMPTY = -10;
const BROKEN = -11;
const TIMED_OUT = -12;

type Messages = ReadonlyMap<number, string>;

const proxyMessages: Messages = new Map([
  [EMPTY, 'Connection closed while waiting for PROXY protocol header'],
  [BROKEN, 'Connection error while waiting for PROXY protocol header'],
  [TIMED_OUT, 'Timeout while waiting for PROXY protocol header'],
  [TRUNCATED, 'Truncated PROXY protocol header received'],
  [NO_HEADER, 'Received something which does not look like a PROXY protocol header'],
  [BAD_HEADER, 'Received an invalid PROXY protocol header'],
  [BAD_PROTOCOL, 'Received an unhandled protocol in the PROXY protocol header'],
]);

const netscalerMessages: Messages = new Map([
  [EMPTY, 'Connection closed while waiting for NetScaler Client IP header'],
  [BROKEN, 'Connection error while waiting for NetScaler Client IP header'],
  [TIMED_OUT, 'Timeout while waiting for a NetScaler Client IP header'],
  [TRUNCATED, 'Truncated NetScaler Client IP header received'],
  [NO_HEADER, 'Received an invalid NetScaler Client IP magic number'],
  [BAD_HEADER, 'Received an invalid NetScaler Client IP header'],
  [BAD_PROTOCOL, 'Received an unhandled protocol in the NetScaler Client IP header'],
]);

/** One a thread: filled and read within one call. */
const header = new ProxyHeader();

export class Handshake implements Stream, Handler, Timed {
  place = 0;
  readonly server: Server | null = null;
  private readonly worker: WorkerContext;
  private readonly listener: Listener;
  private readonly fd: number;
  private readonly address: ClientAddress;
  private readonly acceptedAt: number;
  private readonly timer = new Timer(this);
  private watched = false;

  constructor(worker: WorkerContext, listener: Listener, fd: number, address: ClientAddress) {
    this.worker = worker;
    this.listener = listener;
    this.fd = fd;
    this.address = address;
    this.acceptedAt = worker.loop.now;
  }

  start(): void {
    const { worker, fd } = this;
    worker.beginUncounted(this);
    if (this.look()) return;
    const { clientMs } = this.listener.frontend.conf.timeouts;
    if (clientMs !== null) worker.loop.timers.arm(this.timer, worker.loop.now + clientMs);
    this.watched = true;
    if (worker.loop.watch(fd, (EPOLLIN | EPOLLRDHUP | EPOLLET) >>> 0, this) < 0) this.fail(BROKEN);
  }

  onReady(): void {
    this.look();
  }

  onTimer(): void {
    this.fail(TIMED_OUT);
  }

  /** False: nothing has come yet. */
  private look(): boolean {
    const { scratch, headRead } = this.worker;
    const n = recvAt(this.fd, scratch.address, headRead, MSG_PEEK);
    if (n === -EAGAIN || n === -EINTR) return false;
    if (n <= 0) this.fail(n === 0 ? EMPTY : BROKEN);
    else this.take(scratch.bytes, n);
    return true;
  }

  private take(bytes: Uint8Array, n: number): void {
    const { preamble } = this.listener.conf.options;
    const length =
      preamble?.kind === 'netscaler'
        ? parseNetscalerCip(bytes, 0, n, preamble.magic, header)
        : parseProxyHeader(bytes, 0, n, header);
    if (length < 0) this.fail(length);
    else if (recvAt(this.fd, this.worker.scratch.address, length, 0) !== length) this.fail(BROKEN);
    else this.succeed();
  }

  private succeed(): void {
    const { worker, listener, acceptedAt } = this;
    const address = this.announcedAddress();
    const handshakeMs = worker.loop.now - acceptedAt;
    const { destination, tlvs } = header;
    const isProxy = listener.conf.options.preamble?.kind === 'proxy';
    address.preamble = { acceptedAt, handshakeMs, own: this.address, isProxy, destination, tlvs };
    worker.loop.timers.disarm(this.timer);
    if (this.watched) worker.loop.unwatch(this.fd);
    // The session first: a worker that is stopping must not find itself empty in between.
    listener.beginSession(this.fd, address);
    worker.end(this);
  }

  private announcedAddress(): ClientAddress {
    return header.source === null ? this.address : addressOfSide(header.source);
  }

  private fail(verdict: number): void {
    const { listener } = this;
    const messages = listener.conf.options.preamble?.kind === 'netscaler' ? netscalerMessages : proxyMessages;
    // Addresses that were read before the mistake are those in the log, as in HAProxy.
    const address = verdict === BAD_HEADER ? this.announcedAddress() : this.address;
    const quiet = verdict <= EMPTY && verdict >= TIMED_OUT;
    listener.logFailure(address, this.fd, this.worker.loop.wallAt(this.acceptedAt), messages.get(verdict)!, quiet);
    this.close();
  }

  kill(): void {
    this.close();
  }

  private close(): void {
    const { worker, fd } = this;
    worker.loop.timers.disarm(this.timer);
    if (this.watched) worker.loop.forget(fd);
    closeFd(fd);
    this.listener.onSessionEnd();
    worker.end(this);
  }
}
