/**
 * One connected socket of a stream, towards the client or towards a server: what is ready on it, what the kernel did
 * not take yet, which directions are finished. It moves bytes; what they mean is its owner's business.
 *
 * Readiness is remembered (edge-triggered): `readable` until a read comes back short, `writable` until a write does.
 * A FIN announced together with data saves the read that would only return 0. TCP_NODELAY is set with the second
 * write: the first of a connection never waits for anybody, and many connections carry only one.
 * The last bytes of a connection are held back until its FIN, so that both travel in one packet.
 *
 * Bytes that nobody looks at may go from end to end within the kernel (splice, by way of a pipe).
 *
 * Small messages may be read before their owner is told, and sent at the end of the turn (batch.ts); whatever else happens
 * to an end keeps their order.
 */
import { EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../../os/epoll.ts';
import { EAGAIN, ECONNRESET, EINTR, EINVAL, ENOBUFS, ETIMEDOUT } from '../../os/libc.ts';
import { copyMemory } from '../../os/memory.ts';
import { spliceBytes } from '../../os/pipe.ts';
import {
  closeFd,
  getOption,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_PEEK,
  recvAt,
  SHUT_WR,
  SO_ERROR,
  SOL_SOCKET,
  SOL_TCP,
  sendAt,
  setOption,
  setReset,
  shutdownSocket,
  TCP_NODELAY,
} from '../../os/socket.ts';
import { LARGEST } from './batch.ts';
import type { BufferPool, PooledBuffer } from './buffers.ts';
import type { Handler, Loop } from './loop.ts';
import type { Pipe, PipePool } from './pipes.ts';

/** Whose end this is: told of every event after it was noted here. */
export interface EndOwner {
  onEnd(end: SocketEnd): void;
}

const READ_EVENTS = (EPOLLIN | EPOLLRDHUP | EPOLLET) >>> 0;
const ALL_EVENTS = (READ_EVENTS | EPOLLOUT) >>> 0;

/** Results of `read` besides a number of bytes. */
export const NOTHING = 0;
export const END = -1;
export const BROKEN = -2;
/** Of `spliceFrom`: no pipe is free, or the kernel cannot do it with these sockets. */
export const UNSUITABLE = -3;

export class SocketEnd implements Handler {
  readonly fd: number;
  owner: EndOwner;
  readable = false;
  writable: boolean;
  connecting: boolean;
  /** The other side said FIN (all of its bytes may not have been read yet). */
  finAnnounced = false;
  /** All of its bytes were read. */
  ended = false;
  /** We said FIN. */
  finSent = false;
  closed = false;
  /** errno of what broke the connection, 0 while it is well. */
  error = 0;
  /** What the kernel did not take. */
  pending: PooledBuffer | null = null;
  /** Holds spliced bytes that the kernel did not take; they go before what is pending. */
  private pipe: Pipe | null = null;
  /** FIN follows once all of it is gone. */
  finWanted = false;
  /** When the kernel last took something that waited, by the loop's clock. */
  flushedAt = 0;
  /** The kernel holds the last bytes back until the FIN. */
  private held = false;
  /** So many messages wait in the batch to be sent. */
  private waiting = 0;
  /** Its owner waits for a small message, which may be read before it is told of it: until the next read. */
  readsAhead = false;
  /** Bytes that were read ahead and not taken yet lie in the batch's memory from here on, or in `early`. */
  aheadAt = 0;
  private aheadLength = 0;
  private early: PooledBuffer | null = null;
  protected readonly loop: Loop;
  private readonly pool: BufferPool;
  private watched = false;
  private watchesOut: boolean;
  private noDelay: boolean;
  private sends = 0;

  constructor(fd: number, loop: Loop, pool: BufferPool, owner: EndOwner, connecting: boolean, noDelay: boolean) {
    this.fd = fd;
    this.loop = loop;
    this.pool = pool;
    this.owner = owner;
    this.connecting = connecting;
    this.writable = !connecting;
    this.watchesOut = connecting;
    this.noDelay = noDelay;
  }

  /** Starts to watch unless it does; what is ready already is told as well. Returns 0 or `-errno`. */
  open(): number {
    if (this.watched) return 0;
    this.watched = true;
    return this.loop.watch(this.fd, this.watchesOut ? ALL_EVENTS : READ_EVENTS, this);
  }

  onReady(events: number): void {
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) this.readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP)) this.finAnnounced = true;
    if (events & EPOLLOUT) this.writable = true;
    if (events & EPOLLERR || (events & EPOLLHUP && this.connecting)) this.noteError();
    else if (events & EPOLLOUT) this.connecting = false;
    if (this.writable && !this.drained) this.flush();
    this.owner.onEnd(this);
  }

  private noteError(): void {
    const error = getOption(this.fd, SOL_SOCKET, SO_ERROR);
    this.error = error > 0 ? error : ECONNRESET;
  }

  get timedOut(): boolean {
    return this.error === ETIMEDOUT;
  }

  /** The kernel has taken all that was written. */
  get drained(): boolean {
    return this.pending === null && this.pipe === null;
  }

  /** Whether new bytes may be written now. */
  get accepting(): boolean {
    return this.writable && this.drained && !this.finSent && !this.closed && this.error === 0;
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  /** The loop's order, before it tells of bytes that have come: those go to the batch's memory. */
  readAhead(): void {
    if (this.aheadLength > 0) return;
    const { batch } = this.loop;
    const n = recvAt(this.fd, batch.memory.address + batch.at, batch.portion, 0);
    if (n > 0) {
      this.aheadAt = batch.at;
      this.aheadLength = n;
      batch.noteRead(this, n);
    } else if (n < 0 && n !== -EAGAIN && n !== -EINTR && this.error === 0) this.error = -n;
  }

  /** What was read ahead lies in the batch's memory, at `aheadAt`. */
  get isAhead(): boolean {
    return this.aheadLength > 0 && this.early === null;
  }

  /** Takes all of that: its length. */
  takeAhead(): number {
    const n = this.aheadLength;
    this.aheadLength = 0;
    this.readsAhead = false;
    if (n < this.loop.batch.portion) this.noteShort();
    return n;
  }

  /** The batch's memory is used anew: what was not taken moves. */
  keepAhead(): void {
    if (this.aheadLength === 0 || this.closed) return;
    this.early = this.pool.take();
    this.early.append(this.loop.batch.memory.bytes, this.aheadAt, this.aheadAt + this.aheadLength);
  }

  /** For readers that want the bytes elsewhere, or fewer of them. */
  private readEarly(address: number, length: number): number {
    const { early } = this;
    const { batch } = this.loop;
    const n = Math.min(length, this.aheadLength);
    copyMemory(address, early === null ? batch.memory.address + this.aheadAt : early.address + early.start, n);
    this.aheadAt += n;
    this.aheadLength -= n;
    this.readsAhead = false;
    if (early !== null) early.start += n;
    if (this.aheadLength === 0) {
      early?.giveBack();
      this.early = null;
    }
    // There may be more behind it.
    this.readable = true;
    return n;
  }

  /** All bytes before an announced FIN are in the queue: a short read has taken them. */
  private noteShort(): void {
    if (this.finAnnounced && this.error === 0) this.ended = true;
    // The next read tells of the end, or of what broke the connection behind these bytes.
    this.readable = this.ended || this.error !== 0;
  }

  /** Reads up to `length` bytes to `address`: their number, or NOTHING, END, BROKEN. */
  read(address: number, length: number): number {
    if (this.aheadLength > 0) return this.readEarly(address, length);
    if (this.ended) {
      this.readable = false;
      return END;
    }
    const n = recvAt(this.fd, address, length, 0);
    if (n <= 0) return this.noteNothing(n);
    this.readsAhead = false;
    if (n < length) this.noteShort();
    return n;
  }

  /**
   * Finds out whether there is more to read, where a read that was filled up left that open, or where nobody watches.
   * `address`: of one byte.
   */
  look(address: number): void {
    if (this.aheadLength > 0) return;
    if (!this.watched) this.readable = true;
    if (!this.readable || this.ended || this.closed) return;
    const n = recvAt(this.fd, address, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n === 0) this.finAnnounced = true;
    if (n <= 0) this.noteNothing(n);
  }

  /** What a read means that brought no bytes. */
  private noteNothing(n: number): number {
    if (n === 0) {
      this.ended = true;
      this.readable = false;
      // Asking for an error takes it away: the kernel then speaks of an end where there was a reset.
      return this.error === 0 ? END : BROKEN;
    }
    if (n === -EAGAIN || n === -EINTR) {
      this.readable = n === -EINTR;
      return NOTHING;
    }
    this.readable = false;
    this.ended = true;
    if (this.error === 0) this.error = -n;
    return BROKEN;
  }

  /**
   * Moves up to `length` bytes of `from` to this end, which must be accepting, without looking at them: their number,
   * or as `read`, or UNSUITABLE. What the kernel does not take waits in the pipe.
   */
  spliceFrom(from: SocketEnd, pipes: PipePool, length: number): number {
    if (from.aheadLength > 0) return UNSUITABLE;
    this.letBatchGo();
    const pipe = pipes.take();
    if (pipe === null) return UNSUITABLE;
    const n = from.ended ? 0 : spliceBytes(from.fd, pipe.writeFd, length);
    if (n <= 0) {
      pipe.giveBack();
      return n === -EINVAL ? UNSUITABLE : from.noteNothing(n);
    }
    if (!this.noDelay) this.setNoDelay();
    pipe.held = n;
    this.pipe = pipe;
    this.flushPipe(pipe);
    return n;
  }

  /** Whether all of it went. */
  private flushPipe(pipe: Pipe): boolean {
    while (pipe.held > 0) {
      const n = spliceBytes(pipe.readFd, this.fd, pipe.held);
      if (n <= 0) {
        if (n === -EAGAIN || n === -EINTR) this.blocked();
        else this.breakWith(n < 0 ? -n : ECONNRESET);
        return false;
      }
      pipe.held -= n;
      this.flushedAt = this.loop.now;
    }
    pipe.giveBack();
    this.pipe = null;
    return true;
  }

  /**
   * Writes `bytes[start..end)`, which lie at `address` (of `bytes[0]`). What the kernel does not take is kept in
   * `pending`. `last`: `finish` or `close` follows at once. Returns false when the connection is broken.
   */
  write(bytes: Uint8Array, address: number, start: number, end: number, last = false): boolean {
    this.letBatchGo();
    return this.send(bytes, address, start, end, last);
  }

  /**
   * The same at the end of the turn for what lies in `buffer`, or in the batch's memory, when it is small and there is room. A failure is
   * told as an event of this end: what is not watched finds out at once.
   */
  writeLater(buffer: PooledBuffer | null, start: number, end: number): boolean {
    const { batch } = this.loop;
    if (this.watched && this.writable && end - start <= LARGEST && batch.hasRoom) {
      this.waiting++;
      batch.add(this, buffer, start, end);
      return true;
    }
    const { bytes, address } = buffer ?? batch.memory;
    return this.write(bytes, address, start, end);
  }

  /** The turn of a message that waited in the batch; false when the connection is broken. */
  writeWaiting(bytes: Uint8Array, address: number, start: number, end: number): boolean {
    this.waiting--;
    return this.closed || this.send(bytes, address, start, end, false);
  }

  /** Its owner learns what sending has found out, as if the kernel had told it. */
  tellBroken(): void {
    if (this.closed) return;
    this.readable = true;
    this.owner.onEnd(this);
  }

  private letBatchGo(): void {
    if (this.waiting > 0) this.loop.batch.flush();
  }

  private send(bytes: Uint8Array, address: number, start: number, end: number, last: boolean): boolean {
    if (!this.writable || !this.drained) return this.keep(bytes, start, end);
    if (!this.noDelay && this.sends++ > 0) this.setNoDelay();
    const n = sendAt(this.fd, address + start, end - start, last ? MSG_MORE | MSG_NOSIGNAL : MSG_NOSIGNAL);
    if (n === end - start) {
      this.held = last;
      return true;
    }
    if (n < 0 && n !== -EAGAIN && n !== -EINTR) return this.breakWith(-n);
    this.blocked();
    return this.keep(bytes, start + Math.max(0, n), end);
  }

  private setNoDelay(): void {
    this.noDelay = true;
    setOption(this.fd, SOL_TCP, TCP_NODELAY, 1);
  }

  private breakWith(error: number): boolean {
    if (this.error === 0) this.error = error;
    this.writable = false;
    return false;
  }

  private blocked(): void {
    this.writable = false;
    if (this.watchesOut) return;
    this.watchesOut = true;
    if (this.watched) this.loop.change(this.fd, ALL_EVENTS);
    else if (this.open() < 0) this.breakWith(ENOBUFS);
  }

  private keep(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.error !== 0) return false;
    this.pending ??= this.pool.take();
    if (this.pending.room < end - start) this.pending.compact();
    if (this.pending.room < end - start) throw new RangeError('more bytes pending than a buffer holds');
    this.pending.append(bytes, start, end);
    return true;
  }

  /** Sends what is pending; false when the connection is broken. */
  flush(): boolean {
    if (this.connecting) return true;
    if (this.pipe !== null && !this.flushPipe(this.pipe)) return this.error === 0;
    const buffer = this.pending;
    if (buffer !== null && !this.flushPending(buffer)) return this.error === 0;
    if (this.finWanted && !this.finSent) this.sendFin();
    return true;
  }

  /** Whether all of it went. */
  private flushPending(buffer: PooledBuffer): boolean {
    if (!this.noDelay && this.sends++ > 0) this.setNoDelay();
    const n = sendAt(this.fd, buffer.address + buffer.start, buffer.length, MSG_NOSIGNAL);
    if (n < 0 && n !== -EAGAIN && n !== -EINTR) {
      this.dropPending();
      return this.breakWith(-n);
    }
    if (n > 0) {
      buffer.start += n;
      this.flushedAt = this.loop.now;
    }
    if (buffer.length > 0) {
      this.blocked();
      return false;
    }
    this.dropPending();
    return true;
  }

  private dropPending(): void {
    this.pending?.giveBack();
    this.pending = null;
    this.pipe?.giveBack();
    this.pipe = null;
  }

  private dropEarly(): void {
    this.early?.giveBack();
    this.early = null;
    this.aheadLength = 0;
  }

  /** Says FIN, after what is pending. */
  finish(): void {
    this.letBatchGo();
    this.finWanted = true;
    if (this.drained && !this.finSent && !this.connecting) this.sendFin();
  }

  private sendFin(): void {
    this.finSent = true;
    if (!this.closed && this.error === 0) shutdownSocket(this.fd, SHUT_WR);
  }

  /** Closes. `reset`: the other side gets a RST, and no TIME_WAIT stays behind here. */
  close(reset = false): void {
    this.letBatchGo();
    if (this.closed) return;
    this.closed = true;
    this.dropPending();
    this.dropEarly();
    if (reset) setReset(this.fd, true);
    // Closing with unread bytes resets and throws held ones away: a FIN takes them along first.
    else if (this.held && !this.ended && !this.finSent) shutdownSocket(this.fd, SHUT_WR);
    if (this.watched) this.loop.forget(this.fd);
    closeFd(this.fd);
  }
}
