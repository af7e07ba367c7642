/** `bind` lines to listeners, one for every address and port, and the limits around them. */
import { LONGEST_PATH } from '../../grammar/haproxy/address.ts';
import type { ShardRule, UnixBindSettings } from '../../grammar/haproxy/listener-settings.ts';
import type { BindNode, GlobalSettings, ProxySettings } from '../../grammar/haproxy/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import type { ListenAddress, ListenerConf } from './haproxy.ts';
import {
  type AcceptRules,
  defaultProcessLimits,
  type ListenerOptions,
  type ProcessLimits,
} from './listener-options.ts';
import type { MergedProxy } from './merged-proxies.ts';
import { abstractPath } from './resolve-addresses.ts';
import { IdGiver, placeOf, type ResolveOptions, utf8OrNull } from './resolve-surroundings.ts';
import { divideThreads, isDivisible } from './shards.ts';

type BindAddress = BindNode['addresses'][number];

/** What `bind` lines share: lines of `global`, and the number of threads. */
export interface BindSurroundings {
  readonly unixBind: UnixBindSettings;
  readonly defaultShards: ShardRule;
  readonly threads: number;
}

/** `firstId`: the lowest number that no listener of another proxy has. */
export function resolveListeners(
  proxy: MergedProxy,
  firstId: number,
  { unixBind, defaultShards, threads }: BindSurroundings,
  options: ResolveOptions,
): readonly ListenerConf[] {
  const listeners: ListenerConf[] = [];
  const { binds } = proxy.node;
  const socketIds = new IdGiver(1, new Set(binds.flatMap(({ settings }) => settings.socketId ?? [])));
  for (const bind of binds) {
    if (bind.settings.unusable) continue;
    const { shards = defaultShards, socketId } = bind.settings;
    const addresses = bind.addresses.flatMap((bound) => expandAddress(bound, unixBind.prefix ?? '', options));
    if (socketId !== undefined && addresses.length > 1) refuseId(bind, options);
    for (const address of addresses) {
      const plain = resolveOptions(bind);
      const rule = isDivisible(address) ? shards : 1;
      for (const share of divideThreads(plain.threads, rule, threads)) {
        const listener = makeListener(firstId + listeners.length, address, bind, unixBind);
        listeners.push({ ...listener, options: { ...plain, socketId: socketIds.give(socketId), threads: share } });
      }
    }
  }
  return listeners;
}

function makeListener(
  id: number,
  address: ListenAddress,
  bind: BindNode,
  unixBind: UnixBindSettings,
): Omit<ListenerConf, 'options'> {
  const { settings } = bind;
  const isFile = address.kind === 'unix' && !address.path.startsWith('\0');
  const owner = isFile ? { ...unixBind, ...settings } : settings;
  return {
    id,
    name: utf8OrNull(settings.name),
    address,
    maxconn: settings.maxconn ?? null,
    backlog: settings.backlog ?? null,
    v6only: settings.v6only ?? false,
    transparent: settings.transparent ?? false,
    interface: utf8OrNull(settings.interface),
    mode: owner.mode ?? null,
    user: utf8OrNull(owner.user),
    group: utf8OrNull(owner.group),
    place: placeOf(bind.at),
  };
}

function refuseId({ at }: BindNode, { diagnostics }: ResolveOptions): void {
  diagnostics.error('id-of-several', at, "'bind' : 'id' can only be used with a single socket");
}

function resolveOptions({ settings }: BindNode): Omit<ListenerOptions, 'socketId'> {
  const { netscalerCip, mss } = settings;
  const preamble = settings.acceptProxy
    ? { kind: 'proxy' as const }
    : netscalerCip !== undefined
      ? { kind: 'netscaler' as const, magic: netscalerCip }
      : null;
  return {
    preamble,
    namespace: utf8OrNull(settings.namespace),
    nice: settings.nice ?? 0,
    mss: mss !== undefined && mss > 0 ? mss : null,
    fastOpen: settings.tfo ?? false,
    deferAccept: settings.deferAccept ?? false,
    userTimeoutMs: settings.tcpUserTimeoutMs || null,
    threads: settings.threads ?? null,
  };
}

function expandAddress({ address, at }: BindAddress, prefix: string, options: ResolveOptions): ListenAddress[] {
  if (address.kind === 'unix') {
    const most = LONGEST_PATH - prefix.length - 1;
    if (prefix !== '' && address.path.length > most) {
      const message = `'bind' : socket path '${address.path}' too long (max ${most})`;
      options.diagnostics.error('bad-address', at, message);
      return [];
    }
    return [{ kind: 'unix', path: toUtf8(prefix + address.path) }];
  }
  if (address.kind === 'abstract') return [{ kind: 'unix', path: abstractPath(address) }];
  if (address.kind === 'fd' || address.kind === 'sockpair') return [{ kind: address.kind, fd: address.fd }];
  if (address.kind === 'foreign') {
    const message = `'bind' : '${address.scheme}@' is accepted but not carried out: this address is not opened.`;
    options.diagnostics.warning('not-carried-out', at, message);
    return [];
  }
  const found = address.family ? { host: address.host, family: address.family } : options.lookUp(address.host);
  if (found === null) {
    options.diagnostics.error('unresolved-host', at, `'bind' : invalid address: '${address.host}' cannot be resolved.`);
    return [];
  }
  if (found === 'assumed' || address.port.kind !== 'range') return [];
  const { first, last } = address.port;
  const ports = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return ports.map((port) => ({ kind: 'ip', host: found.host, family: found.family, port }));
}

export function resolveLimits(settings: GlobalSettings): ProcessLimits {
  return {
    connectionRate: settings.maxconnRate ?? 0,
    sessionRate: settings.maxsessRate ?? 0,
    fdHardLimit: settings.fdHardLimit || null,
    strict: settings.strictLimits ?? null,
    graceMs: settings.graceMs ?? 0,
    closeSpreadMs: settings.closeSpreadMs ?? 0,
    maxAccept: settings.maxAccept ?? defaultProcessLimits.maxAccept,
    clientRcvbuf: settings.clientRcvbuf || null,
    clientSndbuf: settings.clientSndbuf || null,
    statsSockets: (settings.statsSockets ?? []).map((words) => words.map(toUtf8)),
  };
}

export function resolveAcceptRules(settings: ProxySettings): AcceptRules {
  return { sessionRate: settings.rateLimitSessions ?? 0, smartAccept: settings.tcpSmartAccept ?? null };
}
