/**
 * Backends in mode log: what their `server` lines mean, and what may stand in them (manual, chapter 4.2 "mode log"). `log`
 * lines send to them as `backend@NAME`. To everything else they are backends in mode tcp that nobody is sent to.
 */
import type { HaproxyNodes, LogNode, ServerNode, ServerSettings } from '../../grammar/haproxy/nodes.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import type { LogServerConf } from './logging.ts';
import type { MergedProxy, ProxyIndex } from './merged-proxies.ts';
import type { ResolveOptions } from './resolve-surroundings.ts';

/** HAProxy's BUFSIZE, and the port of syslog. */
const DEFAULT_BUFSIZE = 16384;
const SYSLOG_PORT = 514;

/** Those that HAProxy has for lines. */
const algorithms: ReadonlySet<string> = new Set(['roundrobin', 'random', 'sticky', 'log-hash']);

export function isForLogs({ kind, settings }: MergedProxy): boolean {
  return kind !== 'frontend' && (settings.forLogs ?? false);
}

/** A section of both sides: nobody is served there. */
export function isListeningForLogs(proxy: MergedProxy): boolean {
  return isForLogs(proxy) && proxy.kind === 'listen' && proxy.node.declaresBind;
}

/** The address that a server has here: prefixes for datagrams mean something. */
export function withDatagram(server: ServerNode): ServerNode {
  const { datagram } = server;
  if (datagram?.kind !== 'ip' || datagram.port.kind !== 'none')
    return datagram ? { ...server, address: datagram } : server;
  const port = { kind: 'range', first: SYSLOG_PORT, last: SYSLOG_PORT } as const;
  return { ...server, address: { ...datagram, port } };
}

export function resolveLogServer({ datagram }: ServerNode, settings: ServerSettings): LogServerConf {
  return {
    transport: datagram ? 'datagram' : 'stream',
    framing: settings.logProto ?? 'legacy',
    bufsize: settings.logBufsize ?? DEFAULT_BUFSIZE,
  };
}

export function checkLogBackend(proxy: MergedProxy, { diagnostics }: ResolveOptions): void {
  const { node, kind, settings } = proxy;
  if (!settings.forLogs) return;
  if (kind === 'frontend') {
    const message = `frontend '${node.name}' : mode 'log' is only applicable on proxies with backend capability.`;
    diagnostics.error('mode-mismatch', node.at, message);
    return;
  }
  if (isListeningForLogs(proxy)) {
    const message = `listen '${node.name}' : 'bind' in mode log is accepted but not carried out: this proxy stays disabled.`;
    diagnostics.warning('not-carried-out', node.at, message);
  }
  const { algorithm = 'roundrobin' } = settings.balance ?? {};
  if (algorithms.has(algorithm)) return;
  const message = `"balance" only supports 'log-hash', 'random', 'roundrobin' and 'sticky' with 'mode log' in ${kind} '${node.name}'.`;
  diagnostics.error('mode-mismatch', node.at, message);
}

/** Backends that `log` lines name have to be there, and in this mode. */
export function checkLogTargets(nodes: HaproxyNodes, index: ProxyIndex, { diagnostics }: ResolveOptions): void {
  const logs: readonly LogNode[] = [...nodes.global.logs, ...nodes.proxies.flatMap((proxy) => proxy.logs)];
  for (const { address, at } of logs) {
    if (address?.kind !== 'backend') continue;
    const found = index.backends.get(address.name);
    if (found === undefined) {
      const suggestion = nearestWord(address.name, index.backends.keys());
      const message = `log : unable to find log backend '${address.name}'.`;
      diagnostics.error('unknown-backend', at, message, suggestion ? { suggestion } : {});
    } else if (!isForLogs(found)) {
      diagnostics.error('mode-mismatch', at, `log : backend '${address.name}' is not in mode log.`);
    }
  }
}
