/**
 * What came from an HTTP client and was not dealt with yet: a head in pieces, requests sent ahead.
 *
 * Most requests arrive whole and are parsed where they were read, in the worker's scratch memory; only what must wait
 * is moved into a buffer. A head in pieces has an index of its own, so that a slow sender's bytes are looked at once.
 */
import { continueHead, parseRequestHead } from '../../wire/http1.ts';
import { Head, INCOMPLETE } from '../../wire/http1-head.ts';
import type { PooledBuffer } from '../loop/buffers.ts';
import type { SocketEnd } from '../loop/socket-end.ts';
import type { WorkerContext } from '../worker-context.ts';

export class HttpInput {
  /** Where the bytes at hand are: `bytes[start..end)`. Valid until the next read of any connection. */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  head: Head;
  private readonly worker: WorkerContext;
  private buffer: PooledBuffer | null = null;
  private partial: Head | null = null;

  private readonly lenient: boolean;

  /** `lenient`: see Head. */
  constructor(worker: WorkerContext, lenient: boolean) {
    this.worker = worker;
    this.lenient = lenient;
    this.bytes = worker.scratch.bytes;
    this.head = worker.requestHead;
  }

  /** Nothing waits. */
  get empty(): boolean {
    return this.buffer === null;
  }

  /** A head has begun and not ended. */
  get partway(): boolean {
    return this.partial !== null;
  }

  /** Something waits that was not looked at. */
  get ahead(): boolean {
    return this.buffer !== null && this.partial === null;
  }

  /** Reads behind what waits; the result is that of `SocketEnd.read`. */
  read(client: SocketEnd): number {
    const { worker, buffer } = this;
    if (buffer === null && client.isAhead) {
      const { aheadAt } = client;
      this.show(worker.loop.batch.memory.bytes, aheadAt, aheadAt + client.takeAhead());
      return this.end - aheadAt;
    }
    if (buffer === null) {
      const n = client.read(worker.scratch.address, worker.headRead);
      this.show(worker.scratch.bytes, 0, Math.max(0, n));
      return n;
    }
    const n = client.read(buffer.address + buffer.end, Math.min(buffer.room, worker.headRead));
    if (n > 0) buffer.end += n;
    this.showWaiting();
    return n;
  }

  /** Puts what waits at hand. */
  showWaiting(): void {
    this.show(this.buffer!.bytes, this.buffer!.start, this.buffer!.end);
  }

  private show(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** Length of the head at hand, now in `head`; INCOMPLETE; or a negative error. */
  parse(): number {
    const { bytes, start, end, partial, worker } = this;
    this.head = partial ?? worker.requestHead;
    this.head.lenient = this.lenient;
    const length =
      partial === null ? parseRequestHead(bytes, start, end, this.head) : continueHead(bytes, end, partial);
    if (length > worker.headLimit || (length === INCOMPLETE && end - start >= worker.headLimit)) return TOO_LONG;
    if (length === INCOMPLETE) this.keepPartial();
    else this.partial = null;
    return length;
  }

  private newHead(): Head {
    const head = new Head(this.worker.requestHead.maxFields);
    head.lenient = this.lenient;
    return head;
  }

  /** From now on the bytes stay where they are, and the index with them. */
  private keepPartial(): void {
    if (this.partial !== null) return;
    this.keep(this.start);
    const buffer = this.buffer!;
    buffer.compact();
    this.partial = this.newHead();
    parseRequestHead(buffer.bytes, 0, buffer.end, this.partial);
  }

  /** A whole head and what is here of its body wait for the rest of it: the bytes and the index stay as they are. */
  holdRequest(): void {
    const { worker } = this;
    if (this.head !== worker.requestHead) return;
    this.keep(this.start);
    const buffer = this.buffer!;
    buffer.compact();
    this.head = this.newHead();
    parseRequestHead(buffer.bytes, 0, buffer.end, this.head);
    this.showWaiting();
  }

  /** No more of the body fits beside its head. */
  get full(): boolean {
    return this.end - this.start >= this.worker.headLimit;
  }

  /** What is at hand from `from` on waits; the rest was dealt with. */
  keep(from: number): void {
    if (from >= this.end) {
      this.drop();
    } else if (this.buffer !== null && this.bytes === this.buffer.bytes) {
      this.buffer.start = from;
      this.buffer.end = this.end;
    } else this.keepBytes(this.bytes, from, this.end);
  }

  /** Bytes that were read elsewhere and belong behind. */
  keepBytes(bytes: Uint8Array, start: number, end: number): void {
    this.buffer ??= this.worker.buffers.take();
    this.buffer.append(bytes, start, end);
  }

  drop(): void {
    this.buffer?.giveBack();
    this.buffer = null;
    this.partial = null;
  }

  /** Hands what waits to another connection. */
  moveTo(to: SocketEnd): void {
    const { buffer } = this;
    if (buffer === null) return;
    to.write(buffer.bytes, buffer.address, buffer.start, buffer.end);
    this.drop();
  }
}

/** Beside the parser's errors: more than a head may take. */
const TOO_LONG = -100;
