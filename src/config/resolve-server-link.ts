/** What lines say about connections to servers, to records, with the original's built-in values. */
import type { SourceSetting, UseSource } from '../../grammar/haproxy/link-settings.ts';
import type { ProxySettings, ServerSettings } from '../../grammar/haproxy/nodes.ts';
import type { Span } from '../../grammar/source.ts';
import { toUtf8 } from '../../grammar/source.ts';
import type { SampleExpression } from './log-format.ts';
import { type FormatUse, resolveLogFormat, resolveSample } from './resolve-log-format.ts';
import { type ResolveOptions, utf8OrNull } from './resolve-surroundings.ts';
import {
  defaultProxyLink,
  defaultServerLink,
  type KeepAliveProbes,
  type ProxyFieldConf,
  type ProxyHeaderConf,
  type ProxyLink,
  type ProxyV2Option,
  type RetryOn,
  type ServerLink,
  type SourceConf,
  type UseSourceConf,
} from './server-link.ts';

/** `mode`: of its proxy. */
export function resolveServerLink(
  settings: ServerSettings,
  mode: 'tcp' | 'http',
  at: Span,
  options: ResolveOptions,
): ServerLink {
  const none = defaultServerLink;
  const { socks4 } = settings;
  return {
    proxyHeader: resolveProxyHeader(settings),
    proxyFields: resolveProxyFields(settings, mode, options),
    source: settings.source ? resolveSource(settings.source, at, options) : null,
    socks4: socks4 ? { host: socks4.host, port: socks4.port } : null,
    checkSendProxy: settings.checkSendProxy ?? false,
    checkViaSocks4: settings.checkViaSocks4 ?? false,
    fastOpen: settings.fastOpen ?? false,
    userTimeoutMs: settings.userTimeoutMs || null,
    namespace: utf8OrNull(settings.namespace),
    redirectPrefix: settings.redirectPrefix ?? null,
    initAddr: settings.initAddr ?? none.initAddr,
    poolMaxConn: settings.poolMaxConn ?? none.poolMaxConn,
    poolLowConn: settings.poolLowConn ?? none.poolLowConn,
    poolPurgeDelayMs: settings.poolPurgeDelayMs ?? none.poolPurgeDelayMs,
    maxReuse: settings.maxReuse ?? none.maxReuse,
    connectionName: resolveConnectionName(settings, mode, options),
  };
}

/** Version 2 wins when both were asked for. */
function resolveProxyHeader(settings: ServerSettings): ProxyHeaderConf | null {
  if (!settings.sendProxyV2) return settings.sendProxyV1 ? { version: 1, options: [] } : null;
  const options = new Set(settings.proxyV2Options as readonly ProxyV2Option[] | undefined);
  if (settings.sendProxySsl) options.add('ssl');
  if (settings.sendProxySslCn) options.add('cert-cn');
  return { version: 2, options: [...options].sort() };
}

function resolveProxyFields(
  { sendProxyV2, tlvFormats }: ServerSettings,
  mode: 'tcp' | 'http',
  { diagnostics }: ResolveOptions,
): readonly ProxyFieldConf[] {
  if (!sendProxyV2 || tlvFormats === undefined) return [];
  const use: FormatUse = { keyword: 'set-proxy-v2-tlv-fmt', mode, diagnostics, keepsBlanks: true };
  return tlvFormats.map(({ type, format }) => ({ type, format: resolveLogFormat(format, use) }));
}

/** Only connections of mode http outlive their session. */
function resolveConnectionName(
  { poolConnName }: ServerSettings,
  mode: 'tcp' | 'http',
  { diagnostics }: ResolveOptions,
): SampleExpression | null {
  if (poolConnName === undefined || mode === 'tcp') return null;
  return resolveSample(poolConnName, { keyword: 'pool-conn-name', diagnostics });
}

/** Null: nothing that would bind a socket to anything. */
function resolveSource(source: SourceSetting, at: Span, options: ResolveOptions): SourceConf | null {
  const { firstPort, lastPort } = source;
  const host = resolveHost(source.host, source.family, at, options);
  const useSource = source.useSource ? resolveUseSource(source.useSource, at, options) : null;
  const isAny = host === null || host === '0.0.0.0' || host === '::';
  if (isAny && source.interface === null && useSource === null) return null;
  return {
    host: isAny ? null : host,
    firstPort: isAny ? 0 : firstPort,
    lastPort: isAny ? 0 : lastPort,
    interface: utf8OrNull(source.interface ?? undefined),
    useSource,
  };
}

function resolveUseSource(use: UseSource, at: Span, options: ResolveOptions): UseSourceConf | null {
  if (use.kind === 'header') return { ...use, name: toUtf8(use.name) };
  if (use.kind !== 'address') return use;
  const host = resolveHost(use.host, use.family, at, options);
  return host === null ? null : { kind: 'address', host, port: use.port };
}

function resolveHost(host: string, family: 0 | 4 | 6, at: Span, options: ResolveOptions): string | null {
  if (host === '' || family !== 0) return host === '' ? null : host;
  const found = options.lookUp(host);
  if (found !== null) return found === 'assumed' ? null : found.host;
  options.diagnostics.error('unresolved-host', at, `'source' : invalid address: '${host}' cannot be resolved.`);
  return null;
}

export function resolveProxyLink(settings: ProxySettings): ProxyLink {
  const none = defaultProxyLink;
  return {
    httpReuse: settings.httpReuse ?? none.httpReuse,
    retryOn: settings.retryOn ? resolveRetryOn(settings.retryOn) : none.retryOn,
    smartConnect: settings.smartConnect ?? false,
    httpNoDelay: settings.httpNoDelay ?? false,
    preferLastServer: settings.preferLastServer ?? false,
    maxKeepAliveQueue: settings.maxKeepAliveQueue ?? none.maxKeepAliveQueue,
    maxSessionServerConns: settings.maxSessionServerConns ?? none.maxSessionServerConns,
    clientProbes: probes(settings.clitcpkaIdleSeconds, settings.clitcpkaIntervalSeconds, settings.clitcpkaCount),
    serverProbes: probes(settings.srvtcpkaIdleSeconds, settings.srvtcpkaIntervalSeconds, settings.srvtcpkaCount),
  };
}

function probes(idle: number | undefined, interval: number | undefined, count: number | undefined): KeepAliveProbes {
  return { idleSeconds: idle || null, intervalSeconds: interval || null, count: count || null };
}

/** What `all-retryable-errors` stands for. */
const ALL_STATUSES = [500, 502, 503, 504];

function resolveRetryOn(words: readonly string[]): RetryOn {
  const all = words.includes('all-retryable-errors');
  const has = (word: string) => all || words.includes(word);
  const statuses = words.map(Number).filter((status) => status > 0);
  return {
    connFailure: has('conn-failure'),
    emptyResponse: has('empty-response'),
    junkResponse: has('junk-response'),
    responseTimeout: has('response-timeout'),
    earlyDataRejected: has('0rtt-rejected'),
    statuses: [...new Set([...statuses, ...(all ? ALL_STATUSES : [])])].sort((a, b) => a - b),
    afterSending: words.some((word) => word !== 'none' && word !== 'conn-failure'),
  };
}
