/**
 * When each backend as a whole went down and came back: `chkdown`, `lastchg` and `downtime` of its BACKEND line.
 *
 * A backend is up while one of its servers may be used, or when it has none at all. All are up when a process begins:
 * being told of a server that has been down for long counts, as it does when HAProxy finds out by its own checks.
 */
import type { ProxyConf } from '../../config/haproxy.ts';
import { serverState } from './server-state.ts';
import type { BackendHistory, StatsSource } from './source.ts';

interface Kept extends BackendHistory {
  up: boolean;
  downs: number;
  changedAtMs: number;
  downtimeMs: number;
}

export class BackendHistories {
  private readonly kept = new Map<number, Kept>();
  private readonly startedAtMs: number;

  constructor(startedAtMs: number) {
    this.startedAtMs = startedAtMs;
  }

  /** Looks at all backends after servers changed. */
  update(source: StatsSource, nowMs: number): void {
    for (const proxy of source.slice.proxies) {
      if (proxy.servers.length > 0) this.updateOne(source, proxy, nowMs);
    }
  }

  private updateOne(source: StatsSource, proxy: ProxyConf, nowMs: number): void {
    const kept = this.kept.get(proxy.id) ?? { up: true, downs: 0, changedAtMs: this.startedAtMs, downtimeMs: 0 };
    this.kept.set(proxy.id, kept);
    const up = proxy.servers.some((conf) => conf.weight > 0 && serverState(source, proxy, conf).usable);
    if (up === kept.up) return;
    if (up) kept.downtimeMs += nowMs - kept.changedAtMs;
    else kept.downs++;
    kept.up = up;
    kept.changedAtMs = nowMs;
  }

  /** The history so far, the present downtime included. */
  of(proxyId: number, nowMs: number): BackendHistory | undefined {
    const kept = this.kept.get(proxyId);
    if (!kept || kept.up) return kept;
    return { ...kept, downtimeMs: kept.downtimeMs + nowMs - kept.changedAtMs };
  }
}
