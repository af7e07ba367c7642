/**
 * What expressions may ask of the process around them: counters, the configured proxies, the worker's running objects.
 * One a worker. Names are looked up when an expression is compiled, so the backends must stand by then.
 */
import type { GlobalConf, ProxyConf } from '../../config/haproxy.ts';
import type { RowMap } from '../counter-layout.ts';
import type { Counters } from '../counters.ts';
import type { Backend } from '../server/backend.ts';
import type { Server } from '../server/server.ts';

export interface SampleWorld {
  readonly global: GlobalConf;
  readonly proxies: readonly ProxyConf[];
  readonly counters: Counters;
  readonly rows: RowMap;
  readonly startedAtMs: number;
  readonly thread: number;
  readonly backends: ReadonlyMap<number, Backend>;
  stopping(): boolean;
}

/** A proxy that an argument names; without a name the expression's own. `front`: its frontend side is asked for. */
export function proxyNamed(
  world: SampleWorld,
  name: string | undefined,
  home: ProxyConf,
  front: boolean,
): ProxyConf | null {
  if (name === undefined || name === '') return home;
  const has = (proxy: ProxyConf) => proxy.name === name && proxy.kind !== (front ? 'backend' : 'frontend');
  return world.proxies.find(has) ?? null;
}

/** "backend/server", or a server of the expression's own proxy. */
export function serverNamed(world: SampleWorld, name: string, home: ProxyConf): Server | null {
  const slash = name.indexOf('/');
  const proxy = slash < 0 ? home : proxyNamed(world, name.slice(0, slash), home, false);
  const backend = proxy === null ? undefined : world.backends.get(proxy.id);
  return backend?.servers.find((server) => server.conf.name === name.slice(slash + 1)) ?? null;
}
