/**
 * The resolved haproxy.cfg: what the roles run on.
 *
 * `resolve-haproxy.ts` makes these records from the tree (defaults merged, references resolved, ids given) and
 * freezes them. They are plain data: they cross process borders by structured clone. Times are milliseconds, a
 * missing time is null (HAProxy: no timeout). Text is UTF-8 decoded except where a comment says Latin-1.
 */

import type { Balance, HashKey, HashType } from './balance.ts';
import type { HttpOptions } from './http-options.ts';
import type { AcceptRules, ListenerOptions, ProcessLimits } from './listener-options.ts';
import type { LoggingConf, LogHeader, LogProfileConf, LogSample, LogServerConf, RingConf } from './logging.ts';
import type { CapturesConf, PersistenceConf, UniqueIdConf } from './persistence.ts';
import type { ProxyLink, ServerLink } from './server-link.ts';
import type { PipeConf, SpliceConf } from './splicing.ts';

/** Where a keyword stood, for messages at run time. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface HaproxyConfig {
  readonly global: GlobalConf;
  readonly proxies: readonly ProxyConf[];
  readonly rings: readonly RingConf[];
  readonly logProfiles: readonly LogProfileConf[];
  /** Files read, in order, as named. */
  readonly files: readonly string[];
}

export interface GlobalConf {
  /** Null: computed from the descriptor limit as HAProxy does. */
  readonly maxconn: number | null;
  /** Null: one per available CPU. */
  readonly nbthread: number | null;
  readonly daemon: boolean;
  readonly masterWorker: boolean;
  readonly quiet: boolean;
  readonly pidfile: string | null;
  /** Numeric ids or names, as written; core looks names up. */
  readonly user: string | null;
  readonly group: string | null;
  readonly chroot: string | null;
  readonly ulimitN: number | null;
  readonly logs: readonly LogTarget[];
  readonly logTag: string | null;
  /** `log-send-hostname`: null when absent, '' for the machine's own name. */
  readonly logSendHostname: string | null;
  readonly node: string | null;
  readonly description: string | null;
  readonly hardStopAfterMs: number | null;
  /** `spread-checks`, percent 0 to 50. */
  readonly spreadChecks: number;
  readonly tuneBufsize: number;
  readonly tuneMaxrewrite: number;
  readonly tuneHttpMaxhdr: number;
  readonly tuneHttpLogurilen: number;
  /** `h1-case-adjust`: header names as they are written to peers that need it. */
  readonly headerCases: readonly string[];
  /** Percent of all descriptors, above which idle connections are not kept, or closed. */
  readonly tunePoolLowFdRatio: number;
  readonly tunePoolHighFdRatio: number;
  readonly tuneIdlePoolShared: boolean;
  readonly limits: ProcessLimits;
  readonly pipes: PipeConf;
  readonly tuneHttpCookielen: number;
  /** `namespace_list`: network namespaces that a PROXY header may name. */
  readonly namespaces: readonly string[];
  /** `setenv`/`presetenv` results and the like that scripts should see. */
  readonly environment: Readonly<Record<string, string>>;
}

export type LogAddress =
  | { readonly kind: 'udp'; readonly host: string; readonly port: number; readonly family: 4 | 6 }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number }
  | { readonly kind: 'ring'; readonly name: string }
  /** A backend in mode log. */
  | { readonly kind: 'backend'; readonly name: string };

export interface LogTarget {
  readonly address: LogAddress;
  /** Syslog facility number, 0 (kern) to 23 (local7). */
  readonly facility: number;
  /** Least severe level that is sent, 0 (emerg) to 7 (debug). */
  readonly level: number;
  /** Most severe level kept: more severe ones are lowered to it (`log ... <level> <minlevel>`), 0 by default. */
  readonly minLevel: number;
  /** Longest line in bytes (`len`), 1024 by default. */
  readonly len: number;
  /** Of a ring counts what its section says. */
  readonly format: LogHeader;
  /** Null: every line. */
  readonly sample: LogSample | null;
  /** What lines of sessions look like, where that is not as their proxy says. */
  readonly profile: LogProfileConf | null;
}

export type ProxyKind = 'listen' | 'frontend' | 'backend';

export interface ProxyConf extends LoggingConf {
  /** HAProxy's `iid` (`id` keyword or next free number from 2). */
  readonly id: number;
  readonly name: string;
  readonly kind: ProxyKind;
  readonly mode: 'tcp' | 'http';
  /** `mode log`, written as tcp above: its servers get log lines, and nobody is served. */
  readonly forLogs: boolean;
  readonly disabled: boolean;
  readonly place: Place;
  readonly description: string | null;
  readonly listeners: readonly ListenerConf[];
  readonly accept: AcceptRules;
  readonly splice: SpliceConf;
  /** Frontend limit; null: HAProxy's default (the global one). */
  readonly maxconn: number | null;
  readonly backlog: number | null;
  readonly fullconn: number | null;
  /** Id of the default backend; for a `listen` with servers its own id; null: none (503). */
  readonly backend: number | null;
  readonly balance: Balance;
  readonly hashType: HashType;
  readonly timeouts: Timeouts;
  readonly retries: number;
  /** Null: no redispatch; 0 never given; -1 on the last retry (the bare option); N every N-th; see the manual. */
  readonly redispatch: number | null;
  readonly abortonclose: boolean;
  readonly dontlognull: boolean;
  readonly dontlogNormal: boolean;
  readonly logasap: boolean;
  readonly logSeparateErrors: boolean;
  readonly logHealthChecks: boolean;
  readonly httpConnectionMode: 'keep-alive' | 'server-close' | 'close';
  readonly forwardfor: ForwardFor | null;
  readonly clitcpka: boolean;
  readonly srvtcpka: boolean;
  readonly allbackups: boolean;
  readonly logs: readonly LogTarget[];
  readonly logTag: string | null;
  readonly monitorUri: string | null;
  readonly stats: StatsConf | null;
  /** `option socket-stats`: listeners have statistics lines of their own. */
  readonly socketStats?: boolean;
  readonly check: CheckMethod;
  readonly persistence: PersistenceConf;
  readonly http: HttpOptions;
  readonly captures: CapturesConf;
  readonly uniqueId: UniqueIdConf | null;
  readonly link: ProxyLink;
  readonly servers: readonly ServerConf[];
}

export interface Timeouts {
  readonly connectMs: number | null;
  readonly clientMs: number | null;
  readonly serverMs: number | null;
  readonly clientFinMs: number | null;
  readonly serverFinMs: number | null;
  readonly httpRequestMs: number | null;
  readonly httpKeepAliveMs: number | null;
  readonly queueMs: number | null;
  readonly checkMs: number | null;
  readonly tunnelMs: number | null;
}

export interface ForwardFor {
  readonly header: string;
  /** CIDR networks whose clients get no header, for example "127.0.0.0/8". */
  readonly except: readonly string[];
  readonly ifNone: boolean;
}

/** One listening address: every address and port of a `bind` line is one listener of its own. */
export interface ListenerConf {
  /** Unique over the whole configuration, from 1: names the socket between core and the proxy role. */
  readonly id: number;
  /** HAProxy's `name` (bind option) or null. */
  readonly name: string | null;
  readonly address: ListenAddress;
  readonly maxconn: number | null;
  readonly backlog: number | null;
  readonly v6only: boolean;
  readonly transparent: boolean;
  readonly interface: string | null;
  readonly options: ListenerOptions;
  readonly mode: number | null;
  readonly user: string | null;
  readonly group: string | null;
  readonly place: Place;
}

export type ListenAddress =
  | { readonly kind: 'ip'; readonly host: string; readonly port: number; readonly family: 4 | 6 }
  /** A path beginning with NUL is an abstract name. */
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number }
  /** Connections come as descriptors over this one (`sockpair@`). */
  | { readonly kind: 'sockpair'; readonly fd: number };

export interface StatsConf {
  /** '/haproxy?stats' unless given. */
  readonly uri: string;
  /** Null: no `WWW-Authenticate` realm given: HAProxy's default "HAProxy Statistics". */
  readonly realm: string | null;
  readonly auth: readonly { readonly user: string; readonly password: string }[];
  readonly refreshSeconds: number | null;
  readonly hideVersion: boolean;
  readonly showLegends: boolean;
  readonly showNode: string | null;
  readonly showDesc: string | null;
  /** Proxy names; empty: all; "." means the own one. */
  readonly scope: readonly string[];
}

export type CheckMethod =
  | { readonly kind: 'tcp' }
  | {
      readonly kind: 'http';
      readonly method: string;
      readonly uri: string;
      /** For example "HTTP/1.0". */
      readonly version: string;
      readonly headers: readonly { readonly name: string; readonly value: string }[];
      /** Null: any 2xx or 3xx. */
      readonly expect: HttpExpect | null;
    };

export interface HttpExpect {
  readonly negate: boolean;
  readonly match: 'status' | 'rstatus' | 'string' | 'rstring';
  readonly pattern: string;
}

export interface ServerConf {
  /** HAProxy's `sid`, from 1 in its backend. */
  readonly id: number;
  readonly name: string;
  readonly place: Place;
  readonly address: ServerAddress;
  /** 0 to 256. */
  readonly weight: number;
  readonly backup: boolean;
  /** `cookie`: what stands for it in persistence cookies. */
  readonly cookie: string | null;
  readonly disabled: boolean;
  /** The server at the end of its `track` chain is disabled. */
  readonly inheritsMaintenance: boolean;
  /** 0: no limit. */
  readonly maxconn: number;
  readonly minconn: number;
  readonly maxqueue: number;
  /** Weight and maxconn grow for so long after the server came up; 0: at once. */
  readonly slowstartMs: number;
  /** What its places in a consistent hash are made of. */
  readonly hashKey: HashKey;
  /** Null: not checked. */
  readonly check: ServerCheckConf | null;
  readonly track: { readonly proxyId: number; readonly serverId: number } | null;
  readonly onMarkedDownShutdownSessions: boolean;
  /** Of backends in mode log. */
  readonly log: LogServerConf | null;
  readonly link: ServerLink;
}

export type ServerAddress =
  /** `host` is an IP literal or a name to be looked up at start. port 0: the client's port; see `portOffset`. */
  | {
      readonly kind: 'ip';
      readonly host: string;
      readonly port: number;
      readonly portOffset: boolean;
      readonly family: 0 | 4 | 6;
    }
  /** `channel` (`sockpair@`): one end of each connection is passed over this descriptor; there is no path then. */
  | { readonly kind: 'unix'; readonly path: string; readonly channel?: number };

export interface ServerCheckConf {
  /** Check address if it is not the server's own. */
  readonly addr: string | null;
  /** Check port if it is not the server's own. */
  readonly port: number | null;
  readonly interMs: number;
  /** Null: interMs. */
  readonly fastinterMs: number | null;
  readonly downinterMs: number | null;
  readonly rise: number;
  readonly fall: number;
}
