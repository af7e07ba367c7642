/** `bind` lines to listeners, one for every address and port, and log targets to addresses. */
import type { BindNode, LogNode } from '../../grammar/haproxy/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import type { ListenAddress, ListenerConf, LogAddress } from './haproxy.ts';
import { type MergedProxy, placeOf, type ResolveOptions, utf8OrNull } from './resolve-haproxy.ts';

export interface FoundHost {
  readonly host: string;
  readonly family: 4 | 6;
}

/** Finds the address of a host name, or null. 'assumed': the name stands for itself until the program runs. */
export type LookUp = (name: string) => FoundHost | 'assumed' | null;

type BindAddress = BindNode['addresses'][number];

export function resolveListeners(
  proxy: MergedProxy,
  firstId: number,
  options: ResolveOptions,
): readonly ListenerConf[] {
  const listeners: ListenerConf[] = [];
  for (const bind of proxy.node.binds) {
    if (bind.settings.unusable) continue;
    for (const bound of bind.addresses) {
      for (const address of expandAddress(bound, options)) {
        listeners.push(makeListener(firstId + listeners.length, address, bind));
      }
    }
  }
  return listeners;
}

function makeListener(id: number, address: ListenAddress, bind: BindNode): ListenerConf {
  const { settings } = bind;
  return {
    id,
    name: utf8OrNull(settings.name),
    address,
    maxconn: settings.maxconn ?? null,
    backlog: settings.backlog ?? null,
    v6only: settings.v6only ?? false,
    transparent: settings.transparent ?? false,
    interface: utf8OrNull(settings.interface),
    acceptProxy: false,
    mode: settings.mode ?? null,
    user: utf8OrNull(settings.user),
    group: utf8OrNull(settings.group),
    place: placeOf(bind.at),
  };
}

function expandAddress({ address, at }: BindAddress, options: ResolveOptions): ListenAddress[] {
  if (address.kind === 'unix') return [{ kind: 'unix', path: toUtf8(address.path) }];
  if (address.kind === 'fd') return [{ kind: 'fd', fd: address.fd }];
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

/** Null: a target that nobody here writes to; a warning was given. */
export function resolveLogAddress(log: LogNode, options: ResolveOptions): LogAddress | null {
  const address = log.address!;
  if (address.kind === 'unix') return { kind: 'unix', path: toUtf8(address.path) };
  if (address.kind === 'fd') return address;
  if (address.kind === 'foreign') {
    const message = `log : '${address.scheme}@' is accepted but not carried out: nothing is sent there.`;
    options.diagnostics.warning('not-carried-out', log.at, message);
    return null;
  }
  const port = address.port.kind === 'range' ? address.port.first : 514;
  if (address.family) return { kind: 'udp', host: address.host, port, family: address.family };
  const found = options.lookUp(address.host);
  if (found === 'assumed') return null;
  if (found) return { kind: 'udp', host: found.host, port, family: found.family };
  options.diagnostics.error('unresolved-host', log.at, `log : invalid address: '${address.host}' cannot be resolved.`);
  return null;
}
