/** `ring` sections to records, and whether the rings that `log` lines name are there (manual, chapter 3.9). */
import type { HaproxyNodes, LogNode, RingNode, ServerNode, ServerSettings } from '../../grammar/haproxy/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import type { RingConf, RingServerConf } from './logging.ts';
import { type ResolveOptions, utf8OrNull } from './resolve-surroundings.ts';

/** HAProxy's BUFSIZE: the size of a ring that says nothing of it. */
const RING_SIZE = 16384;
/** A ring that HAProxy always has. */
const BUILT_IN = 'buf0';

export function resolveRings(nodes: HaproxyNodes, options: ResolveOptions): RingConf[] {
  const rings: RingConf[] = [];
  for (const node of nodes.rings) {
    if (rings.some((ring) => ring.name === toUtf8(node.name))) {
      options.diagnostics.error('duplicate-ring', node.at, `sink named '${node.name}' already exists.`);
    } else rings.push(resolveRing(node, options));
  }
  checkTargets(nodes, options);
  return rings;
}

function resolveRing({ name, settings, servers }: RingNode, options: ResolveOptions): RingConf {
  return {
    name: toUtf8(name),
    description: utf8OrNull(settings.description),
    format: settings.format ?? 'raw',
    maxlen: settings.maxlen || null,
    size: settings.size ?? RING_SIZE,
    backingFile: utf8OrNull(settings.backingFile),
    connectMs: settings.connectMs || null,
    serverMs: settings.serverMs || null,
    servers: servers.flatMap((server) => resolveRingServer(server, options) ?? []),
  };
}

/** What a server of a ring is spoken to with; everything else of a server line is about proxies. */
const meaningful: ReadonlySet<keyof ServerSettings> = new Set(['logProto', 'id', 'weight', 'check']);

function resolveRingServer(server: ServerNode, options: ResolveOptions): RingServerConf | null {
  const settings = { ...server.inherited, ...server.settings };
  const name = toUtf8(server.name.text);
  const odd = Object.keys(settings).some((key) => !meaningful.has(key as keyof ServerSettings));
  const address = settings.unusable ? null : resolveAddress(server, options);
  if (odd || address === null) {
    const what = address === null ? 'nothing is sent to it' : "only its address and 'log-proto' are";
    options.diagnostics.warning(
      'not-carried-out',
      server.at,
      `server '${name}' of a ring is not carried out in full: ${what}.`,
    );
  }
  return address && { name, address, framing: settings.logProto ?? 'legacy' };
}

function resolveAddress({ address }: ServerNode, options: ResolveOptions): RingServerConf['address'] | null {
  if (address.kind === 'unix') return { kind: 'unix', path: toUtf8(address.path) };
  if (address.kind !== 'ip' || address.port.kind !== 'range') return null;
  const port = address.port.first;
  if (address.family) return { kind: 'ip', host: address.host, port };
  const found = options.lookUp(address.host);
  return { kind: 'ip', host: found === null || found === 'assumed' ? toUtf8(address.host) : found.host, port };
}

function checkTargets({ global, proxies, rings }: HaproxyNodes, { diagnostics }: ResolveOptions): void {
  const names = new Set([BUILT_IN, ...rings.map(({ name }) => name)]);
  const logs: readonly LogNode[] = [...global.logs, ...proxies.flatMap((proxy) => proxy.logs)];
  for (const { address, at } of logs) {
    if (address?.kind !== 'ring' || names.has(address.name)) continue;
    const suggestion = nearestWord(address.name, names);
    const message = `log : there is no ring '${address.name}': its lines are dropped.`;
    diagnostics.warning('unknown-ring', at, message, suggestion ? { suggestion } : {});
  }
}
