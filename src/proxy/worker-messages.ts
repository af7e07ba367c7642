/** What the proxy's main thread and its workers say to each other. A worker is woken by its eventfd. */
import type { ProxySlice } from '../config/slice.ts';
import type { InheritedSocket, ServerHealth } from '../ipc/messages.ts';
import type { CounterPlace } from './counters.ts';
import type { AcceptIntents } from './listener/accept-limits.ts';
import type { RingMemory } from './log/rings.ts';

/** Everything a worker starts with. Plain data: it crosses by structured clone. */
export interface WorkerStart {
  readonly slice: ProxySlice;
  readonly sockets: readonly InheritedSocket[];
  readonly counters: CounterPlace;
  /** What balancing shares (balance/share.ts). */
  readonly balance: SharedArrayBuffer;
  /** Idle connections that workers offer each other (shared-idle.ts). */
  readonly idle: SharedArrayBuffer;
  /** Slots of all workers of the process, and which of them is this worker's. */
  readonly slots: readonly number[];
  readonly index: number;
  /** Eventfds of all workers, by index. */
  readonly wakeFds: readonly number[];
  readonly health: readonly ServerHealth[];
  readonly processLimit: number;
  /** Sessions at a time: `processLimit`, or what descriptors allow. */
  readonly acceptLimit: number;
  readonly acceptIntents: AcceptIntents;
  readonly descriptorLimit: number;
  readonly startedAtMs: number;
  /** Tables of `appsession`, by proxy. */
  readonly sessionMemory: ReadonlyMap<number, SharedArrayBuffer>;
  /** What the log counts over all threads (log/shared-counts.ts). */
  readonly logCounts: SharedArrayBuffer;
  /** Where this thread leaves lines for rings. */
  readonly rings: readonly RingMemory[];
}

/** How long a server with `slowstart` has been up: whole seconds, -1 when it runs at full speed. */
export interface ServerWarmth {
  readonly proxyId: number;
  readonly serverId: number;
  readonly seconds: number;
}

export type ToWorker =
  /** Every worker is there: accept. */
  | { readonly type: 'listen' }
  | { readonly type: 'server-health'; readonly states: readonly ServerHealth[] }
  | { readonly type: 'server-warmth'; readonly servers: readonly ServerWarmth[] }
  | { readonly type: 'release'; readonly listenerIds: readonly number[] }
  | { readonly type: 'soft-stop' }
  | { readonly type: 'stop' };

export type FromWorker =
  /** Built, and waits for `listen`. */
  | { readonly type: 'ready' }
  /** Watches none of the sockets any more that it was told to release. */
  | { readonly type: 'released' }
  /** Was told to stop softly and accepts no more. */
  | { readonly type: 'deaf' }
  /** After that, its last session has ended. */
  | { readonly type: 'empty' }
  /** There are lines for a ring. */
  | { readonly type: 'lines' }
  | { readonly type: 'failed'; readonly what: string };
