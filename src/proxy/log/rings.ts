/**
 * The rings of the proxy role: in its main thread their connections and the memory of the queues that lead there, one
 * a thread; in each thread the writers (src/log/line-queue.ts, src/log/ring-forwarder.ts).
 */
import type { RingConf } from '../../config/logging.ts';
import { LineWriter, makeQueueMemory } from '../../log/line-queue.ts';
import { attachRing, type RingShape } from '../../log/outlets.ts';
import { RingForwarder } from '../../log/ring-forwarder.ts';

/** A ring as a thread gets to know it. */
export interface RingMemory {
  readonly name: string;
  readonly shape: RingShape;
  /** Null: the ring has no servers and no file, nobody reads its lines. */
  readonly queue: SharedArrayBuffer | null;
}

/** A ring that HAProxy always has, and what a ring's lines may be long. */
const BUILT_IN: RingMemory = { name: 'buf0', shape: { format: 'raw', maxlen: 16384 }, queue: null };

export class Rings {
  private readonly confs: readonly RingConf[];
  /** By ring, then by thread; the main thread's own is the last. */
  private readonly queues: readonly (readonly SharedArrayBuffer[])[];
  private readonly forwarders: readonly RingForwarder[];

  constructor(confs: readonly RingConf[], threads: number) {
    this.confs = confs;
    this.queues = confs.map(({ size, servers, backingFile }) => {
      return servers.length === 0 && backingFile === null
        ? []
        : Array.from({ length: threads + 1 }, () => makeQueueMemory(size));
    });
    this.forwarders = confs.map((conf, i) => new RingForwarder(conf, this.queues[i]!));
    attachRings(this.memoryOf(threads), () => setImmediate(() => this.drain()));
  }

  memoryOf(thread: number): RingMemory[] {
    const own = this.confs.map(({ name, format, maxlen, size }, i) => {
      const shape = { format, maxlen: maxlen ?? size };
      return { name, shape, queue: this.queues[i]![thread] ?? null };
    });
    return [BUILT_IN, ...own];
  }

  drain(): void {
    for (const forwarder of this.forwarders) forwarder.drain();
  }

  async close(): Promise<void> {
    await Promise.all(this.forwarders.map((forwarder) => forwarder.close()));
  }
}

/** Has the lines of this thread go into its queues. `onLines` tells the main thread. */
export function attachRings(rings: readonly RingMemory[], onLines: () => void): void {
  for (const { name, shape, queue } of rings) {
    attachRing(name, shape, queue && new LineWriter(queue, onLines));
  }
}
