/** What the statistics are made from: configuration, counters, health. The data plane provides it. */
import type { ProxySlice } from '../../config/slice.ts';
import type { ServerHealth } from '../../ipc/messages.ts';
import type { RowMap } from '../counter-layout.ts';
import type { Counters } from '../counters.ts';

export interface StatsSource {
  readonly slice: ProxySlice;
  readonly rows: RowMap;
  readonly counters: Counters;
  /** Of this program, for the page's heading. */
  readonly version: string;
  /** Of the proxy process. */
  readonly pid: number;
  readonly startedAtMs: number;
  readonly threads: number;
  /** Connections that the whole process takes at most, and its descriptor limit (0: unknown). */
  readonly maxconn: number;
  readonly descriptorLimit: number;
  /** Last known health, or undefined before the first check and for servers without one. */
  health(proxyId: number, serverId: number): ServerHealth | undefined;
  /** The weight in effect, in sixteenths, of a server that is warming up (`slowstart`); null at full speed. */
  warmWeight(proxyId: number, serverId: number): number | null;
  /** Transitions of a backend as a whole; undefined before the first look at it. */
  backendHistory(proxyId: number, nowMs: number): BackendHistory | undefined;
  /** True once the process no longer accepts. */
  readonly stopping: boolean;
  /** Core has paused the listening sockets (SIGTTOU). */
  isPaused(): boolean;
}

export interface BackendHistory {
  readonly downs: number;
  readonly changedAtMs: number;
  readonly downtimeMs: number;
}
