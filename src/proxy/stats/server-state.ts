/**
 * How a server's state is shown: HAProxy's words for it (UP, UP 1/3, DOWN 1/2, MAINT, no check, ...) and the colour
 * class of its row. Decides nothing: whether a server gets traffic is the balancer's matter.
 */
import type { ProxyConf, ServerConf } from '../../config/haproxy.ts';
import type { ServerHealth } from '../../ipc/messages.ts';
import type { StatsSource } from './source.ts';

export interface ServerState {
  readonly conf: ServerConf;
  /** Health of the server itself or of the one that it tracks. */
  readonly health: ServerHealth | undefined;
  /** `proxy/server` that it tracks, or null. */
  readonly tracked: string | null;
  readonly text: string;
  readonly usable: boolean;
  /** Half way between two states. */
  readonly moving: boolean;
  readonly checked: boolean;
}

export function serverState(source: StatsSource, proxy: ProxyConf, conf: ServerConf): ServerState {
  const followed = conf.track ? followTrack(source, conf) : undefined;
  const checkedConf = followed?.conf ?? conf;
  const proxyId = followed?.proxy.id ?? proxy.id;
  const health = checkedConf.check ? source.health(proxyId, checkedConf.id) : undefined;
  const tracked = conf.track ? firstTracked(source, conf) : null;
  const checked = checkedConf.check !== null;
  if (conf.disabled || proxy.disabled || followed?.conf.disabled) {
    const text = !conf.disabled && tracked !== null ? `MAINT (via ${tracked})` : 'MAINT';
    return { conf, health, tracked, text, usable: false, moving: false, checked };
  }
  if (!checked) return { conf, health, tracked, text: 'no check', usable: true, moving: false, checked };
  const up = health?.up ?? true;
  const text = describeHealth(health, checkedConf.check?.rise ?? 2, checkedConf.check?.fall ?? 3);
  return { conf, health, tracked, text, usable: up, moving: text.includes('/'), checked };
}

/** Servers that HAProxy starts in are up but one failed check away from down. */
function describeHealth(health: ServerHealth | undefined, rise: number, fall: number): string {
  const count = health?.health ?? rise;
  if (health?.up ?? true) {
    const good = count - rise + 1;
    return good >= fall ? 'UP' : `UP ${good}/${fall}`;
  }
  return count === 0 ? 'DOWN' : `DOWN ${count}/${rise}`;
}

interface Found {
  readonly proxy: ProxyConf;
  readonly conf: ServerConf;
}

function findServer(source: StatsSource, proxyId: number, serverId: number): Found | undefined {
  const proxy = source.slice.proxies.find((p) => p.id === proxyId);
  const conf = proxy?.servers.find((s) => s.id === serverId);
  return proxy && conf ? { proxy, conf } : undefined;
}

/** The end of a chain of `track`; chains are short and the configuration has no loops. */
function followTrack(source: StatsSource, conf: ServerConf): Found | undefined {
  let found: Found | undefined;
  let next = conf.track;
  while (next) {
    found = findServer(source, next.proxyId, next.serverId);
    next = found?.conf.track ?? null;
  }
  return found;
}

function firstTracked(source: StatsSource, conf: ServerConf): string | null {
  const found = conf.track ? findServer(source, conf.track.proxyId, conf.track.serverId) : undefined;
  return found ? `${found.proxy.name}/${found.conf.name}` : null;
}
