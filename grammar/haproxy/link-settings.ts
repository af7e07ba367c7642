/**
 * What lines say about connections to servers: sources, PROXY headers, pools of idle connections, retries. Sparse, as all
 * settings of nodes.ts are: a property is there only when a line set it.
 */
import type { Value } from './keyword.ts';

/** `usesrc`: the address that servers see. */
export type UseSource =
  | { readonly kind: 'client' | 'clientip' }
  | { readonly kind: 'address'; readonly host: string; readonly port: number; readonly family: 0 | 4 | 6 }
  /** `occurrence` counts from 1 at the front and from -1 at the end. */
  | { readonly kind: 'header'; readonly name: string; readonly occurrence: number };

/** A `source` line or word with what belongs to it. */
export interface SourceSetting {
  /** '' when no address is to be bound. */
  readonly host: string;
  readonly family: 0 | 4 | 6;
  /** 0: the kernel chooses a port. */
  readonly firstPort: number;
  readonly lastPort: number;
  readonly interface: string | null;
  readonly useSource: UseSource | null;
}

export type InitMethod =
  | { readonly kind: 'last' | 'libc' | 'none' }
  | { readonly kind: 'ip'; readonly host: string; readonly family: 4 | 6 };

/** Of `server` and `default-server` lines. */
export interface ServerLinkSettings {
  source?: SourceSetting;
  sendProxyV1?: boolean;
  sendProxyV2?: boolean;
  sendProxySsl?: boolean;
  sendProxySslCn?: boolean;
  proxyV2Options?: readonly string[];
  checkSendProxy?: boolean;
  checkViaSocks4?: boolean;
  poolMaxConn?: number;
  poolLowConn?: number;
  poolPurgeDelayMs?: number;
  maxReuse?: number;
  fastOpen?: boolean;
  userTimeoutMs?: number;
  namespace?: string;
  redirectPrefix?: string;
  initAddr?: readonly InitMethod[];
  /** `set-proxy-v2-tlv-fmt`, in order. */
  tlvFormats?: readonly { readonly type: number; readonly format: Value }[];
  poolConnName?: Value;
  socks4?: { readonly host: string; readonly port: number; readonly family: 0 | 4 | 6 };
}

export type HttpReuse = 'never' | 'safe' | 'aggressive' | 'always';

/** Of proxy sections. */
export interface ProxyLinkSettings {
  source?: SourceSetting;
  httpReuse?: HttpReuse;
  /** Words of `retry-on`, as written. */
  retryOn?: readonly string[];
  smartConnect?: boolean;
  httpNoDelay?: boolean;
  preferLastServer?: boolean;
  maxKeepAliveQueue?: number;
  maxSessionServerConns?: number;
  srvtcpkaIdleSeconds?: number;
  srvtcpkaIntervalSeconds?: number;
  srvtcpkaCount?: number;
  clitcpkaIdleSeconds?: number;
  clitcpkaIntervalSeconds?: number;
  clitcpkaCount?: number;
}
