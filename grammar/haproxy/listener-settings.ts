/** What lines store about listening sockets and about the limits of the process; see `nodes.ts`. */

/** Threads that may use a socket: numbers from 1; null: to the last one there is. */
export interface ThreadRange {
  readonly first: number;
  readonly last: number | null;
  /** Within the range. */
  readonly only: 'all' | 'odd' | 'even';
}

/** Into how many sockets an address is divided. */
export type ShardRule = number | 'by-thread' | 'by-group';

export interface ListenerSettings {
  acceptProxy?: boolean;
  /** The magic number of NetScaler's Client IP insertion. */
  netscalerCip?: number;
  namespace?: string;
  nice?: number;
  /** 0 and less: the kernel's. */
  mss?: number;
  tfo?: boolean;
  deferAccept?: boolean;
  tcpUserTimeoutMs?: number;
  /** Several lines of the word add up. */
  threads?: ThreadRange[];
  shards?: ShardRule;
  /** `id`: number in statistics and logs. */
  socketId?: number;
}

/** `unix-bind`: what `bind` lines of UNIX sockets do not say themselves. */
export interface UnixBindSettings {
  prefix?: string;
  mode?: number;
  user?: string;
  group?: string;
}

export interface LimitSettings {
  maxconnRate?: number;
  maxsessRate?: number;
  fdHardLimit?: number;
  strictLimits?: boolean;
  graceMs?: number;
  closeSpreadMs?: number;
  maxAccept?: number;
  /** For `bind` lines without `shards`. */
  defaultShards?: ShardRule;
  clientRcvbuf?: number;
  clientSndbuf?: number;
  unixBind?: UnixBindSettings;
  /** Words of `stats socket` lines, the address first. */
  statsSockets?: string[][];
}
