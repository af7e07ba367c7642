/**
 * How connections to servers are made and kept: records for `server` lines and for the proxies around them. Filled in by
 * `resolve-server-link.ts`, printed by `print-server-link.ts`.
 */
import type { LogFormat, SampleExpression } from './log-format.ts';

/** `usesrc`: the address that the server sees. Port 0: the kernel chooses. */
export type UseSourceConf =
  | { readonly kind: 'client' | 'clientip' }
  | { readonly kind: 'address'; readonly host: string; readonly port: number }
  | { readonly kind: 'header'; readonly name: string; readonly occurrence: number };

export interface SourceConf {
  /** Null: no address is bound. */
  readonly host: string | null;
  /** 0: the kernel chooses the port; otherwise one of these. */
  readonly firstPort: number;
  readonly lastPort: number;
  readonly interface: string | null;
  readonly useSource: UseSourceConf | null;
}

export type ProxyV2Option =
  | 'ssl'
  | 'cert-cn'
  | 'ssl-cipher'
  | 'cert-sig'
  | 'cert-key'
  | 'authority'
  | 'crc32c'
  | 'unique-id';

export interface ProxyHeaderConf {
  readonly version: 1 | 2;
  /** Sorted. */
  readonly options: readonly ProxyV2Option[];
}

/** `set-proxy-v2-tlv-fmt`: a field of the user's own, made for each connection. */
export interface ProxyFieldConf {
  readonly type: number;
  readonly format: LogFormat;
}

export type InitMethodConf =
  | { readonly kind: 'last' | 'libc' | 'none' }
  | { readonly kind: 'ip'; readonly host: string; readonly family: 4 | 6 };

/** Of one server. */
/** Stands for whatever namespace a client comes from. */
export const CLIENTS_NAMESPACE = '*';

export interface ServerLink {
  readonly proxyHeader: ProxyHeaderConf | null;
  /** Of headers of version 2. */
  readonly proxyFields: readonly ProxyFieldConf[];
  readonly source: SourceConf | null;
  readonly socks4: { readonly host: string; readonly port: number } | null;
  /** Checks of another address than the server's own begin with a PROXY header all the same. */
  readonly checkSendProxy: boolean;
  readonly checkViaSocks4: boolean;
  readonly fastOpen: boolean;
  /** Null: the kernel's. */
  readonly userTimeoutMs: number | null;
  /** A network namespace, or null: the process's own; '*': the one that the client comes from. */
  readonly namespace: string | null;
  /** `redir`: Latin-1. */
  readonly redirectPrefix: string | null;
  readonly initAddr: readonly InitMethodConf[];
  /** -1: no limit. */
  readonly poolMaxConn: number;
  readonly poolLowConn: number;
  /** 0: nothing is kept. */
  readonly poolPurgeDelayMs: number;
  /** -1: no limit. */
  readonly maxReuse: number;
  /** `pool-conn-name`: only requests for which its value is the same share connections; null: all do. */
  readonly connectionName: SampleExpression | null;
}

/** After which failures a request is sent again. */
export interface RetryOn {
  readonly connFailure: boolean;
  readonly emptyResponse: boolean;
  readonly junkResponse: boolean;
  readonly responseTimeout: boolean;
  readonly earlyDataRejected: boolean;
  readonly statuses: readonly number[];
  /** Any of these but the first: a request has to be kept until the answer is there. */
  readonly afterSending: boolean;
}

/** TCP keepalive; null: the kernel's. */
export interface KeepAliveProbes {
  readonly idleSeconds: number | null;
  readonly intervalSeconds: number | null;
  readonly count: number | null;
}

/** Of a proxy. */
export interface ProxyLink {
  readonly httpReuse: 'never' | 'safe' | 'aggressive' | 'always';
  readonly retryOn: RetryOn;
  readonly smartConnect: boolean;
  readonly httpNoDelay: boolean;
  readonly preferLastServer: boolean;
  /** 0: no limit. */
  readonly maxKeepAliveQueue: number;
  readonly maxSessionServerConns: number;
  readonly clientProbes: KeepAliveProbes;
  readonly serverProbes: KeepAliveProbes;
}

export const defaultServerLink: ServerLink = {
  proxyHeader: null,
  proxyFields: [],
  source: null,
  socks4: null,
  checkSendProxy: false,
  checkViaSocks4: false,
  fastOpen: false,
  userTimeoutMs: null,
  namespace: null,
  redirectPrefix: null,
  initAddr: [{ kind: 'last' }, { kind: 'libc' }],
  poolMaxConn: -1,
  poolLowConn: 0,
  poolPurgeDelayMs: 5000,
  maxReuse: -1,
  connectionName: null,
};

const kernelProbes: KeepAliveProbes = { idleSeconds: null, intervalSeconds: null, count: null };

export const defaultProxyLink: ProxyLink = {
  httpReuse: 'safe',
  retryOn: {
    connFailure: true,
    emptyResponse: false,
    junkResponse: false,
    responseTimeout: false,
    earlyDataRejected: false,
    statuses: [],
    afterSending: false,
  },
  smartConnect: false,
  httpNoDelay: false,
  preferLastServer: false,
  maxKeepAliveQueue: 0,
  maxSessionServerConns: 5,
  clientProbes: kernelProbes,
  serverProbes: kernelProbes,
};
