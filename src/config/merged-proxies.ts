/**
 * Proxy sections of haproxy.cfg laid over their defaults sections (configuration manual, chapter 4, `defaults`): a
 * section's own words count before those of the defaults section that it names, or that stands last before it.
 *
 * Also here: servers over their `default-server`, and backends by name. Built-in values come later (resolve-haproxy.ts).
 */
import type { Diagnostics } from '../../grammar/diagnostic.ts';
import type { ErrorPageNode } from '../../grammar/haproxy/http-settings.ts';
import type { Value } from '../../grammar/haproxy/keyword.ts';
import type {
  HaproxyNodes,
  HttpCheckSettings,
  LogNode,
  ProxyNode,
  ProxySettings,
  ServerNode,
  ServerSettings,
  StatsSettings,
  TimeoutSettings,
} from '../../grammar/haproxy/nodes.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import type { ProxyKind } from './haproxy.ts';
import { IdGiver, type ResolveOptions } from './resolve-surroundings.ts';

/** A proxy section with everything its defaults sections bring. */
export interface MergedProxy {
  readonly node: ProxyNode;
  readonly kind: ProxyKind;
  readonly id: number;
  readonly settings: ProxySettings;
  readonly timeouts: TimeoutSettings;
  readonly stats: StatsSettings;
  readonly httpCheck: HttpCheckSettings;
  /** `default-server` of the defaults sections; a section's own counts only for the servers below it. */
  readonly defaultServer: ServerSettings;
  readonly logs: readonly LogNode[];
  /** Those of the defaults sections first. */
  readonly errorPages: readonly ErrorPageNode[];
}

/** All proxies, and those with a backend side by name; the first of a name counts. */
export interface ProxyIndex {
  readonly list: readonly MergedProxy[];
  readonly backends: ReadonlyMap<string, MergedProxy>;
}

/** The part of a section that is inherited. */
type Inherited = Omit<MergedProxy, 'node' | 'kind' | 'id'>;

const nothing: Inherited = {
  settings: {},
  timeouts: {},
  stats: {},
  httpCheck: {},
  defaultServer: {},
  logs: [],
  errorPages: [],
};

export function indexProxies(nodes: HaproxyNodes, diagnostics: Diagnostics): ProxyIndex {
  return indexOf(mergeProxies(nodes, diagnostics));
}

function indexOf(list: readonly MergedProxy[]): ProxyIndex {
  const backends = new Map<string, MergedProxy>();
  for (const proxy of list) {
    const { name } = proxy.node;
    if (proxy.kind !== 'frontend' && !backends.has(name)) backends.set(name, proxy);
  }
  return { list, backends };
}

function mergeProxies(nodes: HaproxyNodes, diagnostics: Diagnostics): MergedProxy[] {
  const named = new Map<string, Inherited>();
  let current = nothing;
  const merged: MergedProxy[] = [];
  // The proxy behind `stats socket` is the first one of all, in the original.
  const ids = new IdGiver(
    nodes.global.declaresSocket ? 2 : 1,
    new Set(nodes.proxies.flatMap((node) => node.settings.id ?? [])),
  );
  for (const node of nodes.proxies) {
    const base = baseOf(node, named, current, diagnostics);
    const own = mergeNode(base, node);
    if (node.kind === 'defaults') {
      current = own;
      if (node.name !== '') named.set(node.name, own);
    } else {
      merged.push({ ...own, node, kind: node.kind, id: ids.give(node.settings.id) });
    }
  }
  return merged;
}

function baseOf(
  node: ProxyNode,
  named: ReadonlyMap<string, Inherited>,
  current: Inherited,
  diagnostics: Diagnostics,
): Inherited {
  if (!node.from) return node.kind === 'defaults' ? nothing : current;
  const base = named.get(node.from.text);
  if (base) return base;
  const suggestion = nearestWord(node.from.text, named.keys());
  const message = `${node.kind} '${node.name}' references unknown 'defaults' section '${node.from.text}'.`;
  diagnostics.error('unknown-defaults', node.from.at, message, suggestion ? { suggestion } : {});
  return nothing;
}

function mergeNode(base: Inherited, node: ProxyNode): Inherited {
  return {
    settings: { ...base.settings, ...node.settings },
    timeouts: { ...base.timeouts, ...node.timeouts },
    stats: { ...base.stats, ...node.stats },
    httpCheck: { ...base.httpCheck, ...node.httpCheck },
    defaultServer: node.kind === 'defaults' ? { ...base.defaultServer, ...node.defaultServer } : base.defaultServer,
    logs: node.logsCleared ? node.logs : [...base.logs, ...node.logs],
    errorPages: [...base.errorPages, ...node.errorPages],
  };
}

/** A server line over what it inherits. */
export function settingsOf(server: ServerNode, proxy: MergedProxy): ServerSettings {
  const proxySource = proxy.settings.source;
  return {
    ...(proxySource !== undefined && { source: proxySource }),
    ...proxy.defaultServer,
    ...server.inherited,
    ...server.settings,
  };
}

/** Looks a backend up by name; reports when there is none or its mode is another. */
export function findBackend(
  from: MergedProxy,
  name: Value,
  keyword: string,
  index: ProxyIndex,
  options: ResolveOptions,
): MergedProxy | null {
  if (name.text === options.ownProxy && from.settings.mode === 'http') {
    const message = `http ${from.kind} '${from.node.name}' tries to use incompatible tcp proxy '${name.text}' (<internal>:0) as its default backend (see 'mode').`;
    options.diagnostics.error('mode-mismatch', from.node.at, message);
    return null;
  }
  const found = index.backends.get(name.text) ?? null;
  if (!found) {
    const suggestion = nearestWord(name.text, index.backends.keys());
    const message = `Proxy '${from.node.name}': unable to find required ${keyword}: '${name.text}'.`;
    options.diagnostics.error('unknown-backend', name.at, message, suggestion ? { suggestion } : {});
    return null;
  }
  const [mode, other] = [from.settings.mode ?? 'tcp', found.settings.forLogs ? 'log' : (found.settings.mode ?? 'tcp')];
  if ((mode === 'http' && other === 'tcp') || other === 'log') {
    const target = `${other} ${found.kind} '${name.text}'`;
    const message = `${mode} ${from.kind} '${from.node.name}' tries to use incompatible ${target} in a '${keyword}' rule (see 'mode').`;
    options.diagnostics.error('mode-mismatch', name.at, message);
  }
  return found;
}
