/**
 * What a `bind` line asks for beyond an address, and the limits of the process and of frontends: records that
 * `resolve-listeners.ts` fills in and `print-listeners.ts` prints.
 */

/** Threads that use a socket, numbered from 1; `last` null: up to the last one there is. */
export interface ThreadSet {
  readonly first: number;
  readonly last: number | null;
  readonly only: 'all' | 'odd' | 'even';
}

export interface ListenerOptions {
  /** Number within the frontend (`id`, else the next free one from 1): in logs and statistics. */
  readonly socketId: number;
  /** What connections begin with; `magic` is NetScaler's number. */
  readonly preamble: { readonly kind: 'proxy' } | { readonly kind: 'netscaler'; readonly magic: number } | null;
  /** Network namespace, or null: the process's own. */
  readonly namespace: string | null;
  /** -1024 to 1024. */
  readonly nice: number;
  /** Null: the kernel's. */
  readonly mss: number | null;
  readonly fastOpen: boolean;
  readonly deferAccept: boolean;
  readonly userTimeoutMs: number | null;
  /** Null: all threads. */
  readonly threads: readonly ThreadSet[] | null;
}

export const defaultListenerOptions: ListenerOptions = {
  socketId: 1,
  preamble: null,
  namespace: null,
  nice: 0,
  mss: null,
  fastOpen: false,
  deferAccept: false,
  userTimeoutMs: null,
  threads: null,
};

/** Of the `global` section. Rates: events a second, 0: no limit. Null: HAProxy's own choice. */
export interface ProcessLimits {
  readonly connectionRate: number;
  readonly sessionRate: number;
  readonly fdHardLimit: number | null;
  /** `strict-limits`: a limit that cannot be raised ends the start. Null: not said. */
  readonly strict: boolean | null;
  readonly graceMs: number;
  /** -1: never. */
  readonly closeSpreadMs: number;
  /** Connections accepted in one go; null: as many as seems good, -1: no limit. */
  readonly maxAccept: number | null;
  readonly clientRcvbuf: number | null;
  readonly clientSndbuf: number | null;
  /** Words of every `stats socket` line: counted among the descriptors, not opened. */
  readonly statsSockets: readonly (readonly string[])[];
}

export const defaultProcessLimits: ProcessLimits = {
  connectionRate: 0,
  sessionRate: 0,
  fdHardLimit: null,
  strict: null,
  graceMs: 0,
  closeSpreadMs: 0,
  maxAccept: null,
  clientRcvbuf: null,
  clientSndbuf: null,
  statsSockets: [],
};

/** Of a proxy with listeners. */
export interface AcceptRules {
  /** `rate-limit sessions`, 0: no limit. */
  readonly sessionRate: number;
  /** `option tcp-smart-accept`; null: on in mode http. */
  readonly smartAccept: boolean | null;
}

export const defaultAcceptRules: AcceptRules = { sessionRate: 0, smartAccept: null };

/** Whether a thread, counted from 0, uses a socket. */
export function includesThread(threads: readonly ThreadSet[] | null, index: number): boolean {
  if (threads === null) return true;
  const number = index + 1;
  return threads.some(({ first, last, only }) => {
    const parity = number % 2 === 1 ? 'odd' : 'even';
    return number >= first && (last === null || number <= last) && (only === 'all' || only === parity);
  });
}
