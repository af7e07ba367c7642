/**
 * Idle connections to servers that the workers of a process offer each other (manual: `http-reuse`, `pool-low-conn`): a
 * worker that has none of its own takes one over instead of making one.
 *
 * Descriptors belong to the process, so a connection moves by its number. Every server has a few slots in memory that all
 * workers share; a slot holds a descriptor, whose it is, and whether its connection has shown to be safe. Whoever changes
 * a slot from that to 0 by one atomic operation has the connection: its own worker to use or to close it, another to take
 * it over. The one that comes too late forgets what it knows of the descriptor and never touches it again. Only connections
 * that are like all others to their server are offered.
 *
 *     slot: safe (1 bit) | worker (7) | descriptor (22)        0: empty
 */
import { removeEvents } from '../../os/epoll.ts';

const SLOTS = 32;
const DESCRIPTOR_BITS = 22;
const DESCRIPTOR_MASK = (1 << DESCRIPTOR_BITS) - 1;
const WORKER_MASK = 127;
const SAFE = 1 << 29;
const MOST_WORKERS = WORKER_MASK + 1;

/** `rows`: of the counters, by which servers are named. */
export function makeIdleMemory(rows: number): SharedArrayBuffer {
  return new SharedArrayBuffer((MOST_WORKERS + rows * SLOTS) * Int32Array.BYTES_PER_ELEMENT);
}

/** A connection that was another worker's. */
export interface TakenOver {
  readonly fd: number;
  readonly isSafe: boolean;
}

export class SharedIdle {
  private readonly ints: Int32Array;
  private readonly worker: number;

  /** `epoll`: where this worker watches its descriptors. */
  constructor(memory: SharedArrayBuffer, worker: number, epoll: number) {
    this.ints = new Int32Array(memory);
    this.worker = worker;
    Atomics.store(this.ints, worker, epoll);
  }

  /** The slot, or -1 when all are full. */
  offer(row: number, fd: number, isSafe: boolean): number {
    const from = MOST_WORKERS + row * SLOTS;
    const offered = this.valueOf(fd, isSafe);
    for (let i = from; i < from + SLOTS; i++) {
      if (this.ints[i] === 0 && Atomics.compareExchange(this.ints, i, 0, offered) === 0) return i;
    }
    return -1;
  }

  /** Takes an offer back; false: another worker has taken the connection over. */
  reclaim(slot: number, fd: number, isSafe: boolean): boolean {
    const offered = this.valueOf(fd, isSafe);
    return Atomics.compareExchange(this.ints, slot, offered, 0) === offered;
  }

  /** A connection that another worker offers, no longer watched by it; null: there is none of this kind. */
  takeOver(row: number, isSafe: boolean): TakenOver | null {
    const from = MOST_WORKERS + row * SLOTS;
    for (let i = from; i < from + SLOTS; i++) {
      const value = Atomics.load(this.ints, i);
      if (value === 0 || ((value & SAFE) !== 0) !== isSafe) continue;
      const worker = (value >> DESCRIPTOR_BITS) & WORKER_MASK;
      if (worker === this.worker || Atomics.compareExchange(this.ints, i, value, 0) !== value) continue;
      const fd = value & DESCRIPTOR_MASK;
      removeEvents(Atomics.load(this.ints, worker), fd);
      return { fd, isSafe };
    }
    return null;
  }

  private valueOf(fd: number, isSafe: boolean): number {
    return fd | (this.worker << DESCRIPTOR_BITS) | (isSafe ? SAFE : 0);
  }
}
