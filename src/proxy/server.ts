/**
 * A server as a worker sees it: its state, its load over all workers, who waits for it, its idle connections.
 *
 * Its effective state is computed in one place (`effectiveState`) from what the check role reports and what an
 * administrator ordered. Where "served" counts are compared with `maxconn`, they are counted over the workers of this
 * process by atomic operations, so that two workers never both take the last place.
 */
import type { ProxyConf, ServerConf } from '../config/haproxy.ts';
import type { ServerHealth } from '../ipc/messages.ts';
import { encodeAddress } from '../os/address.ts';
import { allocate, type Region } from '../os/memory.ts';
import type { Candidate } from './balance/balancer.ts';
import { GAUGE_WIDTH, SERVED } from './counter-layout.ts';
import type { Counters } from './counters.ts';
import type { IdleConnections } from './idle-connections.ts';
import { WaitQueue } from './wait-queue.ts';

export type AdminState = 'ready' | 'drain' | 'maint';
/** `drain` takes no new sessions except those bound to it. */
export type EffectiveState = 'up' | 'down' | 'drain' | 'maint';

/** The only place where health and orders meet. A server that nobody checks is up. */
export function effectiveState(admin: AdminState, health: ServerHealth | null): EffectiveState {
  if (admin === 'maint') return 'maint';
  if (health !== null && !health.up) return 'down';
  return admin === 'drain' ? 'drain' : 'up';
}

export class Server implements Candidate {
  readonly conf: ServerConf;
  readonly proxy: ProxyConf;
  readonly row: number;
  readonly queue = new WaitQueue();
  health: ServerHealth | null = null;
  admin: AdminState;
  /** Idle connections of mode http, null in mode tcp. */
  idle: IdleConnections | null = null;
  /** Encoded address for connect(2); a name that was not found gives null, and the server stays down. */
  readonly address: Region | null;
  readonly addressLength: number;
  private readonly counters: Counters;

  constructor(conf: ServerConf, proxy: ProxyConf, row: number, counters: Counters) {
    this.conf = conf;
    this.proxy = proxy;
    this.row = row;
    this.counters = counters;
    this.admin = conf.disabled ? 'maint' : 'ready';
    const bytes = encodeServerAddress(conf);
    this.address = bytes === null ? null : allocate(4096);
    this.address?.bytes.set(bytes!);
    this.addressLength = bytes?.length ?? 0;
  }

  get id(): number {
    return this.conf.id;
  }

  get weight(): number {
    return this.conf.weight;
  }

  get state(): EffectiveState {
    return this.address === null ? 'down' : effectiveState(this.admin, this.health);
  }

  /** It takes those that are bound to it, whatever its weight. */
  get alive(): boolean {
    const { state } = this;
    return state === 'up' || state === 'drain';
  }

  get usable(): boolean {
    return this.state === 'up' && this.conf.weight > 0;
  }

  load(): number {
    return this.counters.mineNow(this.row, SERVED) + this.queue.length;
  }

  /** With `minconn`, the limit grows with the backend's load up to `maxconn` at `fullconn` sessions. */
  limit(backendSessions: number): number {
    const { maxconn, minconn } = this.conf;
    const { fullconn } = this.proxy;
    if (maxconn === 0 || minconn === 0 || minconn >= maxconn || fullconn === null) return maxconn;
    if (backendSessions >= fullconn) return maxconn;
    return Math.max(minconn, Math.floor((maxconn * backendSessions) / fullconn));
  }

  isFull(): boolean {
    return this.conf.maxconn > 0 && this.counters.mineNow(this.row, SERVED) >= this.conf.maxconn;
  }

  /** Takes a place; false when the limit is reached. */
  reserve(limit: number): boolean {
    const { gauges } = this.counters.own;
    const at = this.row * GAUGE_WIDTH + SERVED;
    if (limit === 0) {
      gauges[at]!++;
      return true;
    }
    Atomics.add(gauges, at, 1);
    if (this.counters.mineNow(this.row, SERVED) <= limit) return true;
    Atomics.sub(gauges, at, 1);
    return false;
  }

  release(): void {
    Atomics.sub(this.counters.own.gauges, this.row * GAUGE_WIDTH + SERVED, 1);
  }
}

function encodeServerAddress(conf: ServerConf): Uint8Array | null {
  const { address } = conf;
  if (address.kind === 'unix') return encodeAddress({ family: 'unix', path: address.path });
  const family = address.host.includes(':') ? 6 : 4;
  try {
    return encodeAddress({ family, host: address.host, port: Math.max(address.port, 0) });
  } catch {
    return null;
  }
}
