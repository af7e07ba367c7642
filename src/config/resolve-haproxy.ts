/**
 * From nodes to the frozen records of `haproxy.ts`.
 *
 * Lays every proxy, with what its defaults section brings (merged-proxies.ts), over HAProxy's built-in values, gives
 * ids, looks up backends and tracked servers, and makes one listener of every address and port; most parts of a record
 * have a `resolve-*.ts` of their own. What is wrong between sections is reported with the original's severity: an
 * unknown backend is an error, missing timeouts are a warning. Text leaves the grammar here, so it is turned from
 * Latin-1 bytes into UTF-8.
 */
import type {
  GlobalNode,
  HaproxyNodes,
  HttpCheckSettings,
  LogNode,
  ProxySettings,
  StatsSettings,
  TimeoutSettings,
} from '../../grammar/haproxy/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import { checkProxies } from './check-haproxy.ts';
import { checkReferences } from './check-references.ts';
import type { CheckMethod, GlobalConf, HaproxyConfig, LogTarget, ProxyConf, StatsConf, Timeouts } from './haproxy.ts';
import { checkLogTargets, isForLogs, isListeningForLogs } from './log-backends.ts';
import { findLogProfile, type LogProfiles, resolveLogProfiles } from './log-profiles.ts';
import { findBackend, indexProxies, type MergedProxy, type ProxyIndex } from './merged-proxies.ts';
import { earlierDefaults, type ReleaseDefaults } from './release-defaults.ts';
import { resolveLogAddress } from './resolve-addresses.ts';
import { resolveBalance, resolveHashType } from './resolve-balance.ts';
import { resolveHeaderCases, resolveHttp } from './resolve-http.ts';
import { resolveAcceptRules, resolveLimits, resolveListeners } from './resolve-listeners.ts';
import { resolveLogging } from './resolve-logging.ts';
import { COOKIE_LENGTH, resolveCaptures, resolvePersistence, resolveUniqueId } from './resolve-persistence.ts';
import { resolveRings } from './resolve-rings.ts';
import { resolveProxyLink } from './resolve-server-link.ts';
import { resolveServers } from './resolve-servers.ts';
import { placeOf, type ResolveOptions, utf8OrNull } from './resolve-surroundings.ts';
import { resolvePipes, resolveSplice } from './splicing.ts';

/** Makes the records. Errors are in `options.diagnostics`; the result is of use only when there are none. */
export function resolveHaproxy(nodes: HaproxyNodes, options: ResolveOptions): HaproxyConfig {
  const index = indexProxies(nodes, options.diagnostics);
  checkProxies(index, options);
  checkReferences(nodes, index, options);
  checkLogTargets(nodes, index, options);
  checkBuffers(nodes.global, options);
  const profiles = resolveLogProfiles(nodes.logProfiles, options.diagnostics);
  const global = resolveGlobal(nodes, profiles, options);
  const globalLogs = global.logs;
  const { unixBind = {}, defaultShards = 'by-group' } = nodes.global.settings;
  const surroundings = { unixBind, defaultShards, threads: global.nbthread ?? options.threads ?? 1 };
  let nextListener = 1;
  const proxies = index.list.map((proxy) => {
    const listeners = resolveListeners(proxy, nextListener, surroundings, options);
    nextListener += listeners.length;
    const logs = resolveLogs(proxy.logs, globalLogs, profiles, options);
    const captures = resolveCaptures(proxy, global.tuneHttpCookielen, options);
    const http = resolveHttp(proxy, nodes.errorSections, options);
    return resolveProxy(proxy, index, { listeners, logs, captures, http }, options);
  });
  const files = nodes.trees.map((tree) => tree.source.file);
  return deepFreeze({
    global,
    proxies,
    rings: resolveRings(nodes, options),
    logProfiles: [...profiles.values()],
    files,
  });
}

/** The smallest buffer that the original's own error pages fit into. */
const SMALLEST_BUFFER = 330;

function checkBuffers({ settings }: GlobalNode, { diagnostics }: ResolveOptions): void {
  if (settings.tuneBufsize === undefined || settings.tuneBufsize >= SMALLEST_BUFFER) return;
  const message = `'tune.bufsize' : the default error pages do not fit into ${settings.tuneBufsize} bytes.`;
  diagnostics.error('out-of-range', undefined, message);
}

function resolveGlobal(
  { global: node, namespaces }: HaproxyNodes,
  profiles: LogProfiles,
  options: ResolveOptions,
): GlobalConf {
  const { settings } = node;
  const exported = [...node.exported].filter((name) => node.env.has(name));
  return {
    maxconn: settings.maxconn || null,
    nbthread: settings.nbthread ?? null,
    daemon: settings.daemon ?? false,
    masterWorker: settings.masterWorker ?? false,
    quiet: settings.quiet ?? false,
    pidfile: utf8OrNull(settings.pidfile),
    user: utf8OrNull(settings.user),
    group: utf8OrNull(settings.group),
    chroot: utf8OrNull(settings.chroot),
    ulimitN: settings.ulimitN || null,
    logs: resolveLogs(node.logs, [], profiles, options),
    logTag: utf8OrNull(settings.logTag),
    logSendHostname: utf8OrNull(settings.logSendHostname),
    node: utf8OrNull(settings.node),
    description: utf8OrNull(settings.description),
    hardStopAfterMs: settings.hardStopAfterMs ?? null,
    spreadChecks: settings.spreadChecks ?? 0,
    tuneBufsize: settings.tuneBufsize ?? 16384,
    tuneMaxrewrite: settings.tuneMaxrewrite ?? 1024,
    tuneHttpMaxhdr: settings.tuneHttpMaxhdr ?? 101,
    tuneHttpLogurilen: settings.uriLength ?? 1023,
    headerCases: resolveHeaderCases(node, options),
    tunePoolLowFdRatio: settings.tunePoolLowFdRatio ?? 20,
    tunePoolHighFdRatio: settings.tunePoolHighFdRatio ?? 25,
    tuneIdlePoolShared: settings.tuneIdlePoolShared ?? true,
    limits: resolveLimits(settings),
    pipes: resolvePipes(settings),
    tuneHttpCookielen: settings.tuneHttpCookielen || COOKIE_LENGTH,
    namespaces: namespaces.map(toUtf8),
    environment: Object.fromEntries(exported.map((name) => [name, node.env.get(name)!])),
  };
}

function resolveLogs(
  nodes: readonly LogNode[],
  globalLogs: readonly LogTarget[],
  profiles: LogProfiles,
  options: ResolveOptions,
): LogTarget[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'global') return globalLogs;
    const address = resolveLogAddress(node, options);
    if (!address) return [];
    const { facility = 16, level = 7, minLevel = 0, len = 1024, format = 'rfc3164', sample = null } = node;
    const profile = findLogProfile(node, profiles, options.diagnostics);
    return [{ address, facility, level, minLevel, len, format, sample, profile }];
  });
}

function resolveProxy(
  merged: MergedProxy,
  index: ProxyIndex,
  made: Pick<ProxyConf, 'listeners' | 'logs' | 'captures' | 'http'>,
  options: ResolveOptions,
): ProxyConf {
  const { node, kind, id, settings } = merged;
  const mode = settings.mode ?? 'tcp';
  const servers = kind === 'frontend' ? [] : resolveServers(merged, index, options);
  return {
    id,
    name: toUtf8(node.name),
    kind,
    mode,
    forLogs: isForLogs(merged),
    disabled: (settings.disabled ?? false) || isListeningForLogs(merged),
    place: placeOf(node.at),
    description: utf8OrNull(settings.description),
    listeners: made.listeners,
    accept: resolveAcceptRules(settings),
    splice: resolveSplice(settings),
    maxconn: settings.maxconn || null,
    backlog: settings.backlog || null,
    fullconn: settings.fullconn || null,
    backend: resolveBackend(merged, index, servers.length > 0, options),
    balance: resolveBalance(merged, options),
    hashType: resolveHashType(settings),
    timeouts: resolveTimeouts(merged.timeouts),
    retries: settings.retries ?? 3,
    redispatch: settings.redispatch || null,
    ...resolveFlags(settings, options.defaults ?? earlierDefaults),
    httpConnectionMode: settings.httpClose ? 'close' : settings.httpServerClose ? 'server-close' : 'keep-alive',
    forwardfor: mode === 'http' ? (settings.forwardfor ?? null) : null,
    logs: made.logs,
    ...resolveLogging(merged, options),
    logTag: utf8OrNull(settings.logTag),
    monitorUri: utf8OrNull(settings.monitorUri),
    stats: mode === 'http' ? resolveStats(merged.stats) : null,
    check: resolveCheck(settings, merged.httpCheck),
    persistence: resolvePersistence(merged, options),
    http: made.http,
    captures: made.captures,
    uniqueId: resolveUniqueId(merged, options),
    link: resolveProxyLink(settings),
    servers,
  };
}

function resolveFlags(settings: ProxySettings, { abortsOnClose }: ReleaseDefaults) {
  return {
    abortonclose: settings.abortonclose ?? (abortsOnClose && settings.mode === 'http'),
    dontlognull: settings.dontlognull ?? false,
    dontlogNormal: settings.dontlogNormal ?? false,
    logasap: settings.logasap ?? false,
    socketStats: settings.socketStats ?? false,
    logSeparateErrors: settings.logSeparateErrors ?? false,
    logHealthChecks: settings.logHealthChecks ?? false,
    clitcpka: settings.clitcpka ?? false,
    srvtcpka: settings.srvtcpka ?? false,
    allbackups: settings.allbackups ?? false,
  };
}

/** The default backend by id; the proxy's own servers when it names none. */
function resolveBackend(
  merged: MergedProxy,
  index: ProxyIndex,
  hasServers: boolean,
  options: ResolveOptions,
): number | null {
  const { kind, id, settings } = merged;
  if (kind === 'backend') return null;
  if (!settings.defaultBackend) return hasServers ? id : null;
  return findBackend(merged, settings.defaultBackend, 'default_backend', index, options)?.id ?? null;
}

function resolveTimeouts(timeouts: TimeoutSettings): Timeouts {
  return {
    connectMs: timeouts.connect || null,
    clientMs: timeouts.client || null,
    serverMs: timeouts.server || null,
    clientFinMs: timeouts.clientFin || null,
    serverFinMs: timeouts.serverFin || null,
    httpRequestMs: timeouts.httpRequest || null,
    httpKeepAliveMs: timeouts.httpKeepAlive || null,
    queueMs: timeouts.queue || null,
    checkMs: timeouts.check || null,
    tunnelMs: timeouts.tunnel || null,
  };
}

function resolveStats(stats: StatsSettings): StatsConf | null {
  if (!stats.enabled) return null;
  return {
    uri: toUtf8(stats.uri ?? '/haproxy?stats'),
    realm: utf8OrNull(stats.realm),
    auth: (stats.auth ?? []).map(({ user, password }) => ({ user: toUtf8(user), password: toUtf8(password) })),
    refreshSeconds: stats.refreshSeconds ?? null,
    hideVersion: stats.hideVersion ?? false,
    showLegends: stats.showLegends ?? false,
    showNode: utf8OrNull(stats.showNode),
    showDesc: utf8OrNull(stats.showDesc),
    scope: (stats.scope ?? []).map(toUtf8),
  };
}

function resolveCheck(settings: ProxySettings, http: HttpCheckSettings): CheckMethod {
  if (settings.check !== 'http') return { kind: 'tcp' };
  return {
    kind: 'http',
    method: toUtf8(http.method ?? 'OPTIONS'),
    uri: toUtf8(http.uri ?? '/'),
    version: http.version ?? 'HTTP/1.0',
    headers: (http.headers ?? []).map(({ name, value }) => ({ name: toUtf8(name), value: toUtf8(value) })),
    expect: http.expect ? { ...http.expect, pattern: toUtf8(http.expect.pattern) } : null,
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
