/**
 * Idle connections to one server, of one worker, for HTTP keep-alive towards servers (manual: `http-reuse`,
 * `pool-max-conn`, `pool-low-conn`, `pool-purge-delay`).
 *
 * Two shelves: `safe` holds those that have served more than one request, and so have shown that the server keeps its
 * connections; `fresh` the others. Of each, the last one put away is the first to be taken: it is the least likely to be
 * closed by the server meanwhile. As many are kept as were in use at the same time lately; every `pool-purge-delay` half
 * of the rest is closed.
 */
import type { GlobalConf } from '../../config/haproxy.ts';
import type { ServerLink } from '../../config/server-link.ts';
import { GAUGE_WIDTH, IDLE_CUR, NEED_CONNS, PROCESS_ROW, SAFE_CUR, SCUR, USED_CUR } from '../counter-layout.ts';
import type { Counters } from '../counters.ts';
import type { Loop } from '../loop/loop.ts';
import { type Timed, Timer } from '../loop/timers.ts';
import type { ServerConnection, Shelf } from './server-connection.ts';
import type { SharedIdle, TakenOver } from './shared-idle.ts';

/** How many descriptors a process may have in use before idle connections are closed (`high`) or not kept (`low`). */
export interface PoolLimits {
  readonly low: number;
  readonly high: number;
}

/** `connections`: how many the process takes; each needs two descriptors. */
export function poolLimits(global: GlobalConf, connections: number): PoolLimits {
  const descriptors = 2 * connections;
  return {
    low: Math.ceil((descriptors * global.tunePoolLowFdRatio) / 100),
    high: Math.ceil((descriptors * global.tunePoolHighFdRatio) / 100),
  };
}

class IdleShelf implements Shelf {
  readonly list: ServerConnection[] = [];
  /** Those with a key, by it; most servers have none of them. */
  private keyed: Map<string, ServerConnection[]> | null = null;
  private readonly owner: IdleConnections;
  private readonly isSafe: boolean;

  constructor(owner: IdleConnections, isSafe: boolean) {
    this.owner = owner;
    this.isSafe = isSafe;
  }

  put(connection: ServerConnection): void {
    connection.lieOn(this, this.list.length);
    this.list.push(connection);
    this.owner.countIdle(1, this.isSafe);
    connection.slot = this.owner.offer(connection.fd, this.isSafe);
    if (connection.key !== '') this.putKeyed(connection);
  }

  take(key: string): ServerConnection | null {
    for (;;) {
      const list = key === '' ? this.list : this.keyed?.get(key);
      // Not by way of index -1, which V8 would look up as a name.
      if (list === undefined || list.length === 0) return null;
      const connection = list[list.length - 1]!;
      if (this.remove(connection)) {
        connection.leaveShelf();
        return connection;
      }
      connection.lose();
    }
  }

  remove(connection: ServerConnection): boolean {
    this.drop(connection);
    if (!this.reclaim(connection)) return false;
    this.owner.countIdle(-1, this.isSafe);
    return true;
  }

  private drop(connection: ServerConnection): void {
    const at = connection.shelfIndex;
    const last = this.list.pop()!;
    if (last !== connection) {
      this.list[at] = last;
      last.shelfIndex = at;
    }
    if (connection.key !== '') this.removeKeyed(connection);
  }

  private reclaim(connection: ServerConnection): boolean {
    const { slot } = connection;
    return slot < 0 || (connection.isWatched && this.owner.reclaim(slot, connection.fd, this.isSafe));
  }

  /** Forgets those that other workers have taken over: they have counted that. */
  sweep(): void {
    for (const connection of this.list.slice()) {
      if (connection.slot < 0) continue;
      if (this.reclaim(connection)) connection.slot = this.owner.offer(connection.fd, this.isSafe);
      else {
        this.drop(connection);
        connection.lose();
      }
    }
  }

  private putKeyed(connection: ServerConnection): void {
    this.keyed ??= new Map();
    const alike = this.keyed.get(connection.key);
    if (alike === undefined) this.keyed.set(connection.key, [connection]);
    else alike.push(connection);
  }

  private removeKeyed(connection: ServerConnection): void {
    const keyed = this.keyed!;
    const alike = keyed.get(connection.key)!;
    alike.splice(alike.indexOf(connection), 1);
    if (alike.length === 0) keyed.delete(connection.key);
  }
}

export class IdleConnections implements Timed {
  /** At work now, and the most since the last purge. */
  private used = 0;
  private peak = 0;
  /** How many are needed, by what was seen in this interval and the earlier ones. */
  private needed = 0;
  private readonly safe = new IdleShelf(this, true);
  private readonly fresh = new IdleShelf(this, false);
  private readonly counters: Counters;
  private readonly row: number;
  private readonly link: ServerLink;
  private readonly loop: Loop;
  private readonly limits: PoolLimits;
  private readonly shared: SharedIdle | null;
  private readonly timer = new Timer(this);

  /** `shared`: null where connections are not offered to other workers. */
  constructor(
    counters: Counters,
    row: number,
    link: ServerLink,
    loop: Loop,
    limits: PoolLimits,
    shared: SharedIdle | null = null,
  ) {
    this.counters = counters;
    this.row = row;
    this.link = link;
    this.loop = loop;
    this.limits = limits;
    this.shared = shared;
  }

  get length(): number {
    return this.safe.list.length + this.fresh.list.length;
  }

  countUse(): void {
    this.counters.own.gauges[this.row * GAUGE_WIDTH + USED_CUR] = ++this.used;
    if (this.used > this.peak) this.peak = this.used;
    if (this.used > this.needed) this.need(this.used);
  }

  private need(count: number): void {
    this.needed = count;
    this.counters.own.gauges[this.row * GAUGE_WIDTH + NEED_CONNS] = count;
  }

  countEnd(): void {
    this.counters.own.gauges[this.row * GAUGE_WIDTH + USED_CUR] = --this.used;
  }

  countIdle(change: 1 | -1, isSafe: boolean): void {
    const { gauges } = this.counters.own;
    gauges[this.row * GAUGE_WIDTH + IDLE_CUR]! += change;
    if (isSafe) gauges[this.row * GAUGE_WIDTH + SAFE_CUR]! += change;
    gauges[PROCESS_ROW * GAUGE_WIDTH + IDLE_CUR]! += change;
  }

  /** One that has served a single request so far, or null. */
  takeFresh(key: string): ServerConnection | null {
    return this.fresh.take(key);
  }

  /** One that has served more, or null. */
  takeSafe(key: string): ServerConnection | null {
    return this.safe.take(key);
  }

  offer(fd: number, isSafe: boolean): number {
    return this.shared === null ? -1 : this.shared.offer(this.row, fd, isSafe);
  }

  reclaim(slot: number, fd: number, isSafe: boolean): boolean {
    return this.shared!.reclaim(slot, fd, isSafe);
  }

  /** One that another worker offers, of the first of the kinds that there is, or null. */
  takeOver(isSafeFirst: boolean, either: boolean): TakenOver | null {
    if (this.shared === null) return null;
    const all = this.counters.mineNow(this.row, IDLE_CUR);
    if (all <= this.length || (all < this.link.poolLowConn && this.descriptors() < this.limits.low)) return null;
    const taken =
      this.shared.takeOver(this.row, isSafeFirst) ?? (either ? this.shared.takeOver(this.row, !isSafeFirst) : null);
    // The other worker's count stays as it is: both together are right.
    if (taken !== null) this.countIdle(-1, taken.isSafe);
    return taken;
  }

  /** False: there is no place for it. */
  keep(connection: ServerConnection): boolean {
    const isSafe = connection.requests > 1;
    if (!this.hasRoom(isSafe)) {
      if (this.shared === null || this.length === 0) return false;
      this.safe.sweep();
      this.fresh.sweep();
      if (!this.hasRoom(isSafe)) return false;
    }
    (isSafe ? this.safe : this.fresh).put(connection);
    if (!this.timer.armed) this.loop.timers.arm(this.timer, this.loop.now + this.link.poolPurgeDelayMs);
    return true;
  }

  /** `used` still counts the connection that asks for a place. */
  private hasRoom(isSafe: boolean): boolean {
    const { poolMaxConn, poolLowConn, poolPurgeDelayMs } = this.link;
    if (poolPurgeDelayMs === 0) return false;
    if (poolMaxConn >= 0 && this.counters.mineNow(this.row, IDLE_CUR) >= poolMaxConn) return false;
    const { low, high } = this.limits;
    const descriptors = this.descriptors();
    if (descriptors >= high) return false;
    const isFirst = this.safe.list.length === 0 && (isSafe || this.fresh.list.length === 0);
    return isFirst || (descriptors < low && this.used + this.length <= Math.max(this.used, this.needed) + poolLowConn);
  }

  /** What sessions and idle connections of the process take up: a session has two. */
  private descriptors(): number {
    const { counters } = this;
    return 2 * counters.mineNow(PROCESS_ROW, SCUR) + counters.mineNow(PROCESS_ROW, IDLE_CUR);
  }

  /** Every `pool-purge-delay`, while any rest: closes half of those that were not needed. */
  onTimer(): void {
    if (this.shared !== null) {
      this.safe.sweep();
      this.fresh.sweep();
    }
    const exceeding = this.used + this.length - Math.max(this.peak, this.needed);
    this.need(Math.max(Math.floor((this.needed + this.peak) / 2), this.peak));
    this.peak = this.used;
    for (let left = Math.ceil(exceeding / 2); left > 0; left--) this.closeOldest();
    if (this.length > 0) this.loop.timers.arm(this.timer, this.loop.now + this.link.poolPurgeDelayMs);
  }

  /** A connection is about to be made: when descriptors run short, an idle one makes room for it. */
  makeRoom(): void {
    if (this.length > 0 && this.descriptors() >= this.limits.high) this.closeOldest();
  }

  private closeOldest(): void {
    const oldest = this.fresh.list[0] ?? this.safe.list[0];
    oldest?.discard();
  }

  closeAll(): void {
    for (const { list } of [this.fresh, this.safe]) for (const connection of list.slice()) connection.discard();
    this.loop.timers.disarm(this.timer);
  }
}
