/**
 * Every message between core and its roles, one discriminated union per direction.
 *
 * A receiver is a handler object that `satisfies Handlers<ToCheck>`: a message that nobody handles does not compile,
 * and an unknown one at run time is our bug and fatal. Configuration is sent as one `config`, closed by
 * `config-done`, and acknowledged with `ready` once it is in force. Late messages of an older generation are dropped
 * by their `generation`. Descriptors do not travel here: a role inherits them at spawn (see `core/role-process.ts`) and
 * `sockets` tells which descriptor is which.
 */
import type { CheckSlice, ProxySlice, VrrpSlice } from '../config/slice.ts';

export type Handlers<M extends { readonly type: string }> = {
  [T in M['type']]: (message: Extract<M, { readonly type: T }>) => void;
};

/** A listening socket that core opened: `fd` is its number in the receiving process. */
export interface InheritedSocket {
  readonly listenerId: number;
  readonly fd: number;
}

/** Result codes of a health check, as in HAProxy's `check_status` column. */
export type CheckCode =
  | 'UNK'
  | 'INI'
  | 'SOCKERR'
  | 'L4OK'
  | 'L4TOUT'
  | 'L4CON'
  | 'L6OK'
  | 'L6TOUT'
  | 'L6RSP'
  | 'L7OK'
  | 'L7OKC'
  | 'L7TOUT'
  | 'L7RSP'
  | 'L7STS';

/** What the check role knows of one server: the last result and where the rise/fall count stands. */
export interface ServerHealth {
  readonly proxyId: number;
  readonly serverId: number;
  readonly up: boolean;
  /** HAProxy's health counter: 0 .. rise+fall-1; at or above `rise` the server is up. */
  readonly health: number;
  readonly rise: number;
  readonly fall: number;
  readonly code: CheckCode;
  /** HTTP status of the last check, 0 when there is none. */
  readonly status: number;
  /** Text after the code, for example "OK" or "Connection refused"; empty when there is none. */
  readonly text: string;
  /** Of the last check; -1 when none was made. */
  readonly durationMs: number;
  /** Milliseconds since the epoch of the last transition. */
  readonly changedAtMs: number;
  /** Failed checks while up (`chkfail`) and transitions to down (`chkdown`), since start. */
  readonly failedChecks: number;
  readonly downs: number;
  /** Milliseconds spent down before the present state. */
  readonly downtimeMs: number;
  /** Whether this message is a transition, a plain result, or a replay of known state to a new process. */
  readonly event: 'transition' | 'result' | 'replay';
}

export type ToProxy =
  | {
      readonly type: 'config';
      readonly generation: number;
      readonly conf: ProxySlice;
      readonly sockets: readonly InheritedSocket[];
      readonly stateFd: number;
    }
  | { readonly type: 'config-done'; readonly generation: number }
  | { readonly type: 'server-health'; readonly generation: number; readonly states: readonly ServerHealth[] }
  /** Close these listening sockets for good: another program wants their addresses. Connections go on. */
  | { readonly type: 'release'; readonly listenerIds: readonly number[] }
  /** Stop accepting; answer what is under way; idle connections are answered once more with `Connection: close`; exit 0 when empty. */
  | { readonly type: 'soft-stop' }
  /** Close everything and exit 0. */
  | { readonly type: 'stop' };

export type FromProxy =
  /** Every worker accepts on every socket. */
  { readonly type: 'ready'; readonly generation: number } | { readonly type: 'fatal'; readonly what: string };

export type ToCheck =
  | {
      readonly type: 'config';
      readonly generation: number;
      readonly conf: CheckSlice /** Last known states, so that a restarted role goes on from them. */;
      readonly known: readonly ServerHealth[];
    }
  | { readonly type: 'config-done'; readonly generation: number }
  | { readonly type: 'stop' };

export type FromCheck =
  | { readonly type: 'ready'; readonly generation: number }
  | { readonly type: 'server-health'; readonly generation: number; readonly states: readonly ServerHealth[] }
  | { readonly type: 'fatal'; readonly what: string };

export type VrrpState = 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP';

export type ToVrrp =
  | {
      readonly type: 'config';
      readonly generation: number;
      readonly conf: VrrpSlice;
      /** What the role before this one was master of when it died; null when there was none, or it ended in order. */
      readonly died: DeadVrrp | null;
    }
  | { readonly type: 'config-done'; readonly generation: number }
  /** Write the data dump (keepalived: SIGUSR1) or the statistics (SIGUSR2). */
  | { readonly type: 'dump'; readonly what: 'data' | 'stats' }
  /** Send priority 0, remove addresses, run notify_stop, exit 0. */
  | { readonly type: 'stop' };

/** A vrrp role that died: its peers take over unless another goes on in its place soon enough. */
export interface DeadVrrp {
  readonly masters: readonly string[];
  /** Milliseconds since its death. */
  readonly agoMs: number;
}

export type FromVrrp =
  | { readonly type: 'ready'; readonly generation: number }
  | { readonly type: 'state'; readonly generation: number; readonly instance: string; readonly state: VrrpState }
  | { readonly type: 'fatal'; readonly what: string };
