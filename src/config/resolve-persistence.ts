/** Settings about persistence, captures and unique ids to records; what the original says about them between lines. */
import type { CaptureSetting, CookieSettings } from '../../grammar/haproxy/persistence-settings.ts';
import { toUtf8 } from '../../grammar/source.ts';
import type { MergedProxy } from './merged-proxies.ts';
import type { CaptureConf, CapturesConf, CookieConf, PersistenceConf, UniqueIdConf } from './persistence.ts';
import { resolveLogFormat } from './resolve-log-format.ts';
import { type ResolveOptions, utf8OrNull } from './resolve-surroundings.ts';

/** Captured cookies are cut to one byte less than this, unless `tune.http.cookielen` says otherwise. */
export const COOKIE_LENGTH = 64;

export function resolvePersistence(proxy: MergedProxy, options: ResolveOptions): PersistenceConf {
  const { settings, kind } = proxy;
  const hasServers = kind !== 'frontend';
  const isHttp = settings.mode === 'http';
  if (hasServers && !isHttp) warnOutsideHttp(proxy, options);
  if (hasServers && settings.cookie?.dynamic) warnOfTwins(proxy, options);
  const { cookie, appsession } = hasServers && isHttp ? settings : {};
  return {
    cookie: cookie ? resolveCookie(cookie) : null,
    dynamicCookieKey: hasServers ? utf8OrNull(settings.dynamicCookieKey) : null,
    persist: hasServers && (settings.persist ?? false),
    appsession: appsession ? { ...appsession, name: toUtf8(appsession.name) } : null,
  };
}

function resolveCookie(cookie: CookieSettings): CookieConf {
  const { name, domains, attributes, ...rest } = cookie;
  return { ...rest, name: toUtf8(name), domains: domains.map(toUtf8), attributes: attributes.map(toUtf8) };
}

function warnOutsideHttp({ node, settings }: MergedProxy, { diagnostics }: ResolveOptions): void {
  if (settings.cookie) {
    const message = `cookie will be ignored for proxy '${node.name}' (needs 'mode http').`;
    diagnostics.warning('needs-http-mode', node.at, message);
  }
  for (const server of node.servers) {
    if (server.settings.cookie === undefined && server.inherited.cookie === undefined) continue;
    const message = `proxy '${node.name}' : ignoring cookie for server '${server.name.text}' as HTTP mode is disabled.`;
    diagnostics.warning('needs-http-mode', server.at, message);
  }
}

/** Dynamic cookies are made of address and port: two servers that share both cannot be told apart. */
function warnOfTwins({ node, settings }: MergedProxy, { diagnostics }: ResolveOptions): void {
  if (settings.dynamicCookieKey === undefined) return;
  const seen = new Set<string>();
  for (const { address, settings: own, inherited, at } of node.servers) {
    if (address.kind !== 'ip' || own.cookie !== undefined || inherited.cookie !== undefined) continue;
    if (own.disabled ?? inherited.disabled) continue;
    const { host, port } = address;
    const key = JSON.stringify([host, port]);
    if (seen.has(key)) {
      const message = `We generated two equal cookies for two different servers. Please change the secret key for '${node.name}'.`;
      diagnostics.warning('equal-cookies', at, message);
    }
    seen.add(key);
  }
}

/** `cookieLength`: of `tune.http.cookielen`. */
export function resolveCaptures(proxy: MergedProxy, cookieLength: number, options: ResolveOptions): CapturesConf {
  const { node, kind, settings } = proxy;
  const { cookie, request, response } = node.captures;
  if (kind === 'backend' || settings.mode !== 'http') return { cookie: null, requestHeaders: [], responseHeaders: [] };
  const longest = Math.max(cookieLength - 1, 0);
  if (cookie && cookie.length > longest) {
    const message = `truncating capture length to ${longest} bytes for proxy '${node.name}'.`;
    options.diagnostics.warning('capture-length', cookie.at, message);
  }
  return {
    cookie: cookie ? { name: toUtf8(cookie.name), length: Math.min(cookie.length, longest) } : null,
    requestHeaders: request.map(resolveCapture),
    responseHeaders: response.map(resolveCapture),
  };
}

function resolveCapture({ name, length }: CaptureSetting): CaptureConf {
  return { name: toUtf8(name), length };
}

export function resolveUniqueId({ kind, settings }: MergedProxy, { diagnostics }: ResolveOptions): UniqueIdConf | null {
  const { uniqueIdFormat, uniqueIdHeader } = settings;
  if (kind === 'backend' || !uniqueIdFormat) return null;
  const use = { keyword: 'unique-id-format', mode: settings.mode ?? 'tcp', diagnostics } as const;
  return { format: resolveLogFormat(uniqueIdFormat, use), header: utf8OrNull(uniqueIdHeader) };
}
