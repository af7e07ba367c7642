/**
 * Reading, dealing with and sending the small messages of a turn in bunches. Receiving and sending run much of the
 * kernel's network code, dealing with a message much of ours: message by message, each finds the processor's caches
 * full of the others' instructions. So a turn first reads what is there for those that wait for a small message, then
 * has them deal with it, then sends what came of it.
 *
 * Messages are read into the batch's own memory. What waits to be sent lies there, or in pooled buffers, which nobody
 * else gets before. Order is kept: whatever else is written to an end, or its FIN, lets the batch go first; what was read
 * ahead and not taken is kept for the end's next read (socket-end.ts). One a loop.
 */
import { allocate, type Region } from '../../os/memory.ts';
import type { PooledBuffer } from './buffers.ts';
import type { SocketEnd } from './socket-end.ts';

/** What is larger is neither read ahead nor sent later. */
export const LARGEST = 4096;
/** So many messages wait to be sent at most, and are read ahead in a turn. */
const MOST_SENDS = 32;
const MOST_READS = 128;
const LINE = 64;
const READ_ROOM = 65536;
/** For what is read ahead, and as much again for what is read meanwhile. */
const SIZE = 2 * MOST_READS * (LARGEST + LINE) + READ_ROOM;

export class Batch {
  /** Where messages are read to, from `at` on, where there is room for any read. */
  readonly memory: Region = allocate(SIZE);
  at = 0;
  /** What one reads ahead at most. */
  portion = LARGEST;
  private readonly readers: SocketEnd[] = [];
  private reads = 0;
  private readonly ends: SocketEnd[] = [];
  private readonly buffers: (PooledBuffer | null)[] = [];
  private readonly starts = new Int32Array(MOST_SENDS);
  private readonly stops = new Int32Array(MOST_SENDS);
  private sends = 0;
  /** Whose connection turned out to be broken when its message was sent. */
  private readonly broken: SocketEnd[] = [];

  // ---- reading -----------------------------------------------------------------------------------------------------

  get readsOn(): boolean {
    return this.reads < MOST_READS;
  }

  /** `length` bytes of this end were read to `at`. */
  noteRead(end: SocketEnd, length: number): void {
    this.readers[this.reads++] = end;
    this.take(this.at + length);
  }

  /** All have dealt with what was read ahead for them; who has not keeps it elsewhere. */
  endReading(): void {
    for (let i = 0; i < this.reads; i++) this.readers[i]!.keepAhead();
    this.reads = 0;
    if (this.sends === 0) this.at = 0;
  }

  /** One more message may stay here until it is sent. */
  get hasRoom(): boolean {
    return this.at <= SIZE - READ_ROOM - LARGEST - LINE;
  }

  private take(end: number): void {
    this.at = (end + LINE - 1) & -LINE;
  }

  // ---- sending -----------------------------------------------------------------------------------------------------

  /** What lies at `start` to `stop` of `buffer`, or of `memory`, waits to be written to `end`. */
  add(end: SocketEnd, buffer: PooledBuffer | null, start: number, stop: number): void {
    const i = this.sends++;
    this.ends[i] = end;
    this.buffers[i] = buffer;
    this.starts[i] = start;
    this.stops[i] = stop;
    if (buffer !== null) buffer.pin();
    else if (stop > this.at) this.take(stop);
    if (this.sends === MOST_SENDS) this.flush();
  }

  /** Sends all that waits. */
  flush(): void {
    for (let i = 0; i < this.sends; i++) {
      const end = this.ends[i]!;
      const buffer = this.buffers[i]!;
      const { bytes, address } = buffer ?? this.memory;
      if (!end.writeWaiting(bytes, address, this.starts[i]!, this.stops[i]!)) this.broken.push(end);
      buffer?.unpin();
    }
    this.sends = 0;
    if (this.reads === 0) this.at = 0;
  }

  /** At the end of a turn: sends all that waits, and tells who is broken, until nothing waits. */
  finish(): void {
    this.flush();
    for (let end = this.broken.pop(); end !== undefined; end = this.broken.pop()) {
      end.tellBroken();
      this.flush();
    }
  }
}
