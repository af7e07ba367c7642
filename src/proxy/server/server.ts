/**
 * A server as a worker sees it: its state, its load over all workers, who waits for it, its idle connections.
 *
 * Its effective state is computed in one place (`effectiveState`) from what the check role reports and what an
 * administrator ordered. Where "served" counts are compared with `maxconn`, they are counted over the workers of this
 * process by atomic operations, so that two workers never both take the last place.
 */
import type { ProxyConf, ServerConf } from '../../config/haproxy.ts';
import type { ServerHealth } from '../../ipc/messages.ts';
import { packInet4, packInet6 } from '../../os/address.ts';
import { type Candidate, type LoadFollower, WEIGHT_SCALE } from '../balance/balancer.ts';
import { mixBits } from '../balance/hash-functions.ts';
import { type BalanceShare, makeOwnShare } from '../balance/share.ts';
import { GAUGE_WIDTH, QCUR, SCUR, SERVED } from '../counter-layout.ts';
import type { Counters } from '../counters.ts';
import { hashXx32 } from '../sample/xxhash.ts';
import { Connector } from './connector.ts';
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

/** What a server needs to know of its backend. */
export interface BackendPlace {
  readonly row: number;
  /** Sessions at which limits that follow the load have grown to their end. */
  readonly fullconn: number;
  /** Weights may change while the server is in use. */
  readonly weighsAnew: boolean;
  /** Somebody asks how many sessions all servers serve together. */
  readonly countsServed: boolean;
}

/** A server has this many points on a ring at most. */
const POINTS_A_SERVER = 256 * WEIGHT_SCALE;

export class Server implements Candidate {
  readonly conf: ServerConf;
  readonly proxy: ProxyConf;
  readonly row: number;
  readonly queue = new WaitQueue();
  health: ServerHealth | null = null;
  admin: AdminState;
  /** Counts connections, and keeps idle ones in mode http; set once the worker stands. */
  idle!: IdleConnections;
  /** Makes its connections; null: its name was not found, and it stays down. */
  readonly connector: Connector | null;
  member = 0;
  effectiveWeight = 0;
  changes = 0;
  limitMoves = false;
  /** Counted among those that its backend may use; its backend's to change. */
  inUse = false;
  /** Whole seconds since it came up, while `slowstart` holds; -1: it runs at full speed. */
  warmSeconds = -1;
  /** Who must know when its load changes. */
  follower: LoadFollower<Server> | null = null;
  readonly ringKey: number;
  /** In whole seconds, as the steps are. */
  readonly slowstartSeconds: number;
  private place: BackendPlace = noPlace;
  private share = noShare;
  private readonly counters: Counters;

  constructor(conf: ServerConf, proxy: ProxyConf, row: number, counters: Counters) {
    this.conf = conf;
    this.proxy = proxy;
    this.row = row;
    this.counters = counters;
    this.admin = conf.disabled || conf.inheritsMaintenance ? 'maint' : 'ready';
    this.ringKey = ringKeyOf(conf);
    this.slowstartSeconds = Math.ceil(conf.slowstartMs / 1000);
    this.connector = Connector.of(conf, proxy, counters.mine.indexOf(counters.own) / counters.mine.length);
  }

  get id(): number {
    return this.conf.id;
  }

  get weight(): number {
    return this.conf.weight;
  }

  get state(): EffectiveState {
    return this.connector === null ? 'down' : effectiveState(this.admin, this.health);
  }

  /** It takes those that are bound to it, whatever its weight. */
  get alive(): boolean {
    const { state } = this;
    return state === 'up' || state === 'drain';
  }

  get usable(): boolean {
    return this.state === 'up' && this.conf.weight > 0;
  }

  /** Its place among the active servers or the backups of its backend, and what limits and weights follow there. */
  join(member: number, place: BackendPlace, share: BalanceShare): void {
    const { maxconn, minconn, slowstartMs } = this.conf;
    this.member = member;
    this.place = place;
    this.share = share;
    this.limitMoves = maxconn > 0 && (slowstartMs > 0 || (minconn > 0 && minconn < maxconn));
    this.refreshWeight();
    this.changes = 0;
  }

  /** Takes its state over into its weight; true when that changed. */
  refreshWeight(): boolean {
    const weight = this.usable ? this.conf.weight * this.warmSixteenths() : 0;
    if (weight === this.effectiveWeight) return false;
    this.effectiveWeight = weight;
    this.changes++;
    return true;
  }

  /** While it warms up, weights that may change on the fly grow from one sixteenth on. */
  private warmSixteenths(): number {
    const { warmSeconds, slowstartSeconds } = this;
    if (warmSeconds < 0 || !this.place.weighsAnew) return WEIGHT_SCALE;
    return Math.floor((WEIGHT_SCALE * warmSeconds + slowstartSeconds) / slowstartSeconds);
  }

  served(): number {
    return this.counters.mineNow(this.row, SERVED);
  }

  load(): number {
    return this.served() + this.counters.mineNow(this.row, QCUR);
  }

  /**
   * With `minconn`, the limit grows with the backend's load up to `maxconn` at `fullconn` sessions; while the server
   * warms up, it grows with time.
   */
  limit(backendSessions: number): number {
    const { maxconn, minconn } = this.conf;
    if (!this.limitMoves) return maxconn;
    const { fullconn } = this.place;
    const isRamp = minconn > 0 && minconn < maxconn && backendSessions < fullconn;
    const limit = isRamp ? Math.max(minconn, Math.floor((maxconn * backendSessions) / fullconn)) : maxconn;
    if (this.warmSeconds < 0) return limit;
    const percent = Math.floor((100 * this.warmSeconds) / this.slowstartSeconds);
    return Math.max(1, Math.floor((limit * percent) / 100));
  }

  /** 0: no limit. */
  get currentLimit(): number {
    if (!this.limitMoves) return this.conf.maxconn;
    return this.limit(this.counters.mineNow(this.place.row, SCUR));
  }

  isFull(): boolean {
    return this.conf.maxconn > 0 && this.served() >= this.currentLimit;
  }

  hasRoom(): boolean {
    return this.conf.maxconn === 0 || (this.counters.mineNow(this.row, QCUR) === 0 && !this.isFull());
  }

  /** As many wait for it, in all workers together, as may. */
  get hasFullQueue(): boolean {
    const { maxqueue } = this.conf;
    return maxqueue > 0 && this.counters.mineNow(this.row, QCUR) >= maxqueue;
  }

  mayQueue(): boolean {
    return this.conf.maxconn === 0 || this.load() < this.currentLimit + this.conf.maxqueue;
  }

  /** Takes a place; false when the limit is reached. */
  reserve(limit: number): boolean {
    const { gauges } = this.counters.own;
    const at = this.row * GAUGE_WIDTH + SERVED;
    if (limit === 0) gauges[at]!++;
    else if (!this.takePlace(at, limit)) return false;
    if (this.place.countsServed) Atomics.add(gauges, this.place.row * GAUGE_WIDTH + SERVED, 1);
    this.follower?.loadChanged(this);
    return true;
  }

  /** One worker at a time, so that of two that want the last place one gets it. */
  private takePlace(at: number, limit: number): boolean {
    this.share.enter();
    const isFree = this.served() < limit;
    if (isFree) Atomics.add(this.counters.own.gauges, at, 1);
    this.share.leave();
    return isFree;
  }

  release(): void {
    const { gauges } = this.counters.own;
    const at = this.row * GAUGE_WIDTH + SERVED;
    if (this.conf.maxconn === 0) gauges[at]!--;
    else Atomics.sub(gauges, at, 1);
    if (this.place.countsServed) Atomics.sub(gauges, this.place.row * GAUGE_WIDTH + SERVED, 1);
    this.follower?.loadChanged(this);
  }
}

/** A server without a backend around it. */
const noShare = makeOwnShare(0);
const noPlace: BackendPlace = { row: 0, fullconn: 1, weighsAnew: false, countsServed: false };

/** The key of its points on a ring; a server whose address is no IP address goes by its id. */
function ringKeyOf({ address, hashKey, id }: ServerConf): number {
  const numbered = id * POINTS_A_SERVER;
  if (hashKey === 'id' || address.kind === 'unix') return numbered;
  const bytes = packAddress(address.host);
  if (bytes === null) return numbered;
  const seed = hashKey === 'addr' ? 0 : mixBits(address.port);
  if (bytes.length === 16) return hashXx32(bytes, seed);
  return mixBits(seed + new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true));
}

function packAddress(host: string): Uint8Array | null {
  try {
    return host.includes(':') ? packInet6(host) : packInet4(host);
  } catch {
    return null;
  }
}
