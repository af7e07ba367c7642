/** `server` lines to records: built-in values, `default-server`, addresses, tracking. */
import type { ServerNode, ServerSettings } from '../../grammar/haproxy/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import type { ServerAddress, ServerCheckConf, ServerConf } from './haproxy.ts';
import { isForLogs, resolveLogServer, withDatagram } from './log-backends.ts';
import { type MergedProxy, type ProxyIndex, settingsOf } from './merged-proxies.ts';
import { abstractPath } from './resolve-addresses.ts';
import { resolveServerLink } from './resolve-server-link.ts';
import { IdGiver, placeOf, type ResolveOptions, utf8OrNull } from './resolve-surroundings.ts';
import { isDisabledByTracking, resolveTracked, type Tracked } from './resolve-tracking.ts';

export function resolveServers(proxy: MergedProxy, index: ProxyIndex, options: ResolveOptions): readonly ServerConf[] {
  const ids = serverIds(proxy);
  return proxy.node.servers.map((server) => resolveServer(server, ids.get(server)!, proxy, index, options));
}

const idsByProxy = new WeakMap<MergedProxy, ReadonlyMap<ServerNode, number>>();

/** HAProxy's `sid`: as given, or the next free number from 1. */
function serverIds(proxy: MergedProxy): ReadonlyMap<ServerNode, number> {
  const known = idsByProxy.get(proxy);
  if (known) return known;
  const ids = giveIds(proxy.node.servers);
  idsByProxy.set(proxy, ids);
  return ids;
}

function giveIds(servers: readonly ServerNode[]): ReadonlyMap<ServerNode, number> {
  const ids = new IdGiver(1, new Set(servers.flatMap((server) => server.settings.id ?? [])));
  return new Map(servers.map((server) => [server, ids.give(server.settings.id)]));
}

function idOf({ proxy, server }: Tracked): number {
  return serverIds(proxy).get(server)!;
}

function resolveServer(
  server: ServerNode,
  id: number,
  proxy: MergedProxy,
  index: ProxyIndex,
  options: ResolveOptions,
): ServerConf {
  const settings = { ...settingsOf(server, proxy), tlvFormats: allFields(server, proxy) };
  const address = resolveServerAddress(isForLogs(proxy) ? withDatagram(server) : server, options);
  const own = { proxy, server };
  const tracked = resolveTracked(own, index, options);
  return {
    id,
    name: toUtf8(server.name.text),
    place: placeOf(server.at),
    address: address ?? { kind: 'ip', host: '0.0.0.0', port: 0, portOffset: false, family: 4 },
    weight: settings.weight ?? 1,
    backup: settings.backup ?? false,
    cookie: utf8OrNull(settings.cookie),
    disabled: address === null || !!settings.disabled || !!settings.unusable,
    inheritsMaintenance: isDisabledByTracking(own, index),
    // A lone `minconn`, or one above `maxconn`, is the limit.
    maxconn: Math.max(settings.maxconn ?? 0, settings.minconn ?? 0),
    minconn: settings.minconn ?? 0,
    maxqueue: settings.maxqueue ?? 0,
    slowstartMs: settings.slowstartMs ?? 0,
    hashKey: settings.hashKey ?? 'id',
    check: settings.check && !settings.unusable && canBeChecked(server, options) ? resolveServerCheck(settings) : null,
    track: tracked === null ? null : { proxyId: tracked.proxy.id, serverId: idOf(tracked) },
    log: isForLogs(proxy) ? resolveLogServer(server, settings) : null,
    onMarkedDownShutdownSessions: settings.shutdownSessionsWhenDown ?? false,
    link: resolveServerLink(settings, proxy.settings.mode ?? 'tcp', server.at, options),
  };
}

/** Those of `default-server` lines come first. */
function allFields(server: ServerNode, proxy: MergedProxy): NonNullable<ServerSettings['tlvFormats']> {
  return [proxy.defaultServer, server.inherited, server.settings].flatMap(({ tlvFormats }) => tlvFormats ?? []);
}

/** Null: an address of a kind that nobody here connects to. */
function resolveServerAddress(server: ServerNode, options: ResolveOptions): ServerAddress | null {
  const { address } = server;
  if (address.kind === 'unix') return { kind: 'unix', path: toUtf8(address.path) };
  if (address.kind === 'abstract') return { kind: 'unix', path: abstractPath(address) };
  if (address.kind === 'sockpair') return { kind: 'unix', path: '', channel: address.fd };
  if (address.kind !== 'ip') {
    const message = `server '${server.name.text}': this kind of address is not carried out: the server stays disabled.`;
    options.diagnostics.warning('not-carried-out', server.at, message);
    return null;
  }
  const { host, family, port } = address;
  const isOffset = port.kind === 'offset';
  const number = port.kind === 'range' ? port.first : port.kind === 'offset' ? port.offset : 0;
  return { kind: 'ip', host: toUtf8(host), family, port: number, portOffset: isOffset };
}

/** Checks are made by another process, which the channel does not lead to. */
function canBeChecked({ address, name, at }: ServerNode, { diagnostics }: ResolveOptions): boolean {
  if (address.kind !== 'sockpair') return true;
  const message = `server '${name.text}': 'check' of a 'sockpair@' address is not carried out: the server is not checked.`;
  diagnostics.warning('not-carried-out', at, message);
  return false;
}

function resolveServerCheck(settings: ServerSettings): ServerCheckConf {
  return {
    addr: utf8OrNull(settings.checkAddr),
    port: settings.checkPort || null,
    interMs: settings.interMs ?? 2000,
    fastinterMs: settings.fastinterMs ?? null,
    downinterMs: settings.downinterMs ?? null,
    rise: settings.rise ?? 2,
    fall: settings.fall ?? 3,
  };
}
