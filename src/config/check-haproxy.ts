/**
 * What is odd or wrong between lines and sections of a haproxy.cfg although each line is right: servers named twice,
 * backends that do not exist, listeners and timeouts that are missing, options of the other mode. Severities are the
 * original's.
 */
import type { ProxyNode } from '../../grammar/haproxy/nodes.ts';
import { checkLogBackend, isForLogs } from './log-backends.ts';
import { findBackend, type MergedProxy, type ProxyIndex } from './merged-proxies.ts';
import { placeOf, type ResolveOptions } from './resolve-surroundings.ts';

export function checkProxies(index: ProxyIndex, options: ResolveOptions): void {
  for (const proxy of index.list) {
    checkServerNames(proxy.node, options);
    if (proxy.settings.disabled) continue;
    checkListeners(proxy, options);
    checkTimeouts(proxy, options);
    checkMode(proxy, options);
    checkLogBackend(proxy, options);
    checkLogging(proxy, options);
    for (const reference of proxy.node.backendReferences) findBackend(proxy, reference, 'use_backend', index, options);
  }
}

function checkServerNames(node: ProxyNode, { diagnostics }: ResolveOptions): void {
  const seen = new Map<string, ProxyNode['servers'][number]>();
  for (const server of node.servers) {
    const first = seen.get(server.name.text);
    if (!first) {
      seen.set(server.name.text, server);
      continue;
    }
    const { line } = placeOf(first.at);
    const message = `backend '${node.name}', another server named '${server.name.text}' was already defined at line ${line}, please use distinct names.`;
    diagnostics.error('duplicate-server', server.name.at, message, {
      notes: [{ at: first.name.at, message: 'the first one is here' }],
    });
  }
}

function checkListeners({ kind, node }: MergedProxy, { diagnostics }: ResolveOptions): void {
  for (const bind of node.binds) {
    if (!bind.settings.ssl || bind.settings.certificate) continue;
    const message = `Proxy '${node.name}': no SSL certificate specified for this bind line (use 'crt').`;
    diagnostics.error('missing-certificate', bind.at, message);
  }
  if (kind === 'backend' || node.declaresBind) return;
  const what = kind === 'listen' ? 'proxy' : kind;
  const message = `${what} '${node.name}' has no 'bind' directive. Please declare it as a backend if this was intended.`;
  diagnostics.warning('missing-bind', node.at, message);
}

function checkTimeouts(proxy: MergedProxy, { diagnostics }: ResolveOptions): void {
  // Lines do not wait.
  if (isForLogs(proxy)) return;
  const { kind, node, timeouts, settings } = proxy;
  const missing: string[] = [];
  if (kind !== 'backend' && !timeouts.client) missing.push('client');
  if (kind !== 'frontend' && node.servers.length > 0) {
    if (!timeouts.connect) missing.push('connect');
    if (!timeouts.server && (settings.mode === 'http' || !timeouts.tunnel)) missing.push('server');
  }
  if (missing.length === 0) return;
  const what = kind === 'listen' ? 'proxy' : kind;
  const note = `Without ${missing.map((name) => `'timeout ${name}'`).join(', ')} connections may stay open for ever.`;
  diagnostics.warning('missing-timeouts', node.at, `missing timeouts for ${what} '${node.name}'.`, {
    notes: [{ message: note }],
  });
}

function checkMode({ kind, node, settings, stats }: MergedProxy, { diagnostics }: ResolveOptions): void {
  if (settings.mode === 'http') return;
  const what = kind === 'listen' ? 'proxy' : kind;
  const seen = new Set<string>();
  for (const { keyword, at } of node.httpOnly) {
    if (seen.has(keyword)) continue;
    seen.add(keyword);
    diagnostics.warning(
      'needs-http-mode',
      at,
      `'${keyword}' ignored for ${what} '${node.name}' as it requires HTTP mode.`,
    );
  }
  if (stats.enabled && node.stats.enabled) {
    const message = `'stats' statement ignored for ${what} '${node.name}' as it requires HTTP mode.`;
    diagnostics.warning('needs-http-mode', node.at, message);
  }
  const { logFormat } = node.settings;
  if (typeof logFormat === 'string' && httpFormats[logFormat] && kind !== 'backend') {
    const message = `'${httpFormats[logFormat]}' not usable with ${what} '${node.name}' (needs 'mode http'). Falling back to 'option tcplog'.`;
    diagnostics.warning('needs-http-mode', node.at, message);
  }
}

/** Formats that mode tcp has no use for, and what they are called. */
const httpFormats: Readonly<Record<string, string>> = {
  httplog: 'option httplog',
  clf: 'option httplog',
  httpslog: 'option httpslog',
};

function checkLogging({ kind, node, settings, logs }: MergedProxy, { diagnostics }: ResolveOptions): void {
  if (kind === 'backend' || !settings.logFormat || logs.length > 0) return;
  const what = kind === 'listen' ? 'proxy' : kind;
  const message = `log format ignored for ${what} '${node.name}' since it has no log address.`;
  diagnostics.warning('missing-log', node.at, message);
}
