/**
 * A backend as a worker sees it: its servers, who may be chosen, who waits for any of them.
 *
 * Active servers are chosen from as long as there is one; then the first backup, or all of them with
 * `option allbackups`. Each of both groups has a balancer (balance/).
 */
import type { Balance, HashType } from '../../config/balance.ts';
import type { ProxyConf } from '../../config/haproxy.ts';
import { makeBalancer } from '../balance/algorithms.ts';
import { type Balancer, NO_KEY } from '../balance/balancer.ts';
import { mixBits } from '../balance/hash-functions.ts';
import type { RequestKey } from '../balance/request-key.ts';
import { findUnit } from '../balance/schedule.ts';
import type { ShareGroups } from '../balance/share.ts';
import { GAUGE_WIDTH, QCUR, QMAX, ROW_WIDTH, SCUR, SERVED, WAITING_SINCE } from '../counter-layout.ts';
import type { CounterSlot, Counters } from '../counters.ts';
import type { ClientAddress } from '../listener/client-address.ts';
import type { ApplicationSessions } from '../persistence/application-sessions.ts';
import type { Server } from './server.ts';
import { type WaitEntry, WaitQueue } from './wait-queue.ts';

/** While anybody waits for any server, these have nobody to choose: all servers were full for the one before. */
const FILLS_ALL: readonly Balance['algorithm'][] = ['roundrobin', 'static-rr', 'leastconn', 'first'];
const TAKES_TURNS: readonly Balance['algorithm'][] = ['roundrobin', 'static-rr', 'random', 'leastconn', 'first'];

export class Backend {
  readonly conf: ProxyConf;
  readonly row: number;
  readonly servers: readonly Server[];
  readonly queue = new WaitQueue();
  /** What a request's key is made of; null: of the client's address, if of anything. */
  requestKey: RequestKey | null = null;
  /** `appsession`. */
  applicationSessions: ApplicationSessions | null = null;
  /** Makes another worker of the process look at its queues. */
  wakeWorker: (index: number) => void = () => {};
  private activeCount = 0;
  private firstBackup: Server | null = null;
  /** Entries of this worker in this queue and those of the servers. */
  private waiting = 0;
  private readonly counters: Counters;
  private readonly active: Balancer<Server>;
  private readonly backups: Balancer<Server> | null;
  private readonly anyLimit: boolean;
  /** Other workers may have sessions that wait. */
  private readonly shared: boolean;
  /** Places at all servers in use together. */
  private capacity = 0;
  private readonly fillsAll: boolean;
  private readonly turnTaking: boolean;
  private readonly mixesAddresses: boolean;

  constructor(
    conf: ProxyConf,
    row: number,
    servers: readonly Server[],
    counters: Counters,
    shares: ShareGroups,
    fullconn: number,
  ) {
    const { balance, hashType } = conf;
    this.conf = conf;
    this.row = row;
    this.servers = servers;
    this.counters = counters;
    this.anyLimit = servers.some((s) => s.conf.maxconn > 0);
    this.shared = counters.mine.length > 1 && this.anyLimit;
    this.fillsAll = FILLS_ALL.includes(balance.algorithm);
    this.turnTaking = TAKES_TURNS.includes(balance.algorithm);
    this.mixesAddresses = balance.algorithm === 'source' && hashType.avalanche;
    const place = {
      row,
      fullconn,
      weighsAnew: weighsAnew(balance, hashType),
      countsServed: this.shared || hashType.balanceFactor > 0,
    };
    const active = servers.filter((s) => !s.conf.backup);
    const backups = servers.filter((s) => s.conf.backup);
    for (const [member, server] of active.entries()) server.join(member, place, shares.active);
    for (const [member, server] of backups.entries()) server.join(member, place, shares.backup);
    const load = () => counters.mineNow(row, SERVED);
    const how = { balance, hashType, weightUnit: findUnit(servers.map((s) => s.conf.weight)) };
    this.active = makeBalancer(how, active, shares.active, load);
    this.backups = conf.allbackups ? makeBalancer(how, backups, shares.backup, load) : null;
    for (const server of active) server.follower = this.active.follower ?? null;
    for (const server of backups) server.follower = this.backups?.follower ?? null;
    for (const server of servers) this.count(server);
  }

  /** Whether any server may get sessions. */
  get usable(): boolean {
    return this.activeCount > 0 || this.firstBackup !== null;
  }

  /** A session is bound to no server and others are there: a failed attempt goes to another one at once. */
  get takesTurns(): boolean {
    return this.turnTaking && this.activeCount > 1;
  }

  /** There is somewhere else to go: who leaves a server for another one need not wait. */
  get hasOthers(): boolean {
    return this.activeCount > 1;
  }

  /** A server's state may have changed. */
  update(server: Server): void {
    if (!server.refreshWeight()) return;
    const balancer = server.conf.backup ? this.backups : this.active;
    balancer?.update(server);
    this.count(server);
  }

  private count(server: Server): void {
    const inUse = server.effectiveWeight > 0;
    if (inUse === server.inUse) return;
    server.inUse = inUse;
    this.capacity += inUse ? server.conf.maxconn : -server.conf.maxconn;
    if (server.conf.backup) this.firstBackup = this.servers.find((s) => s.conf.backup && s.inUse) ?? null;
    else this.activeCount += inUse ? 1 : -1;
  }

  /** The key of a session without a request. */
  addressKey(address: ClientAddress): number {
    if (address.family === 'unix') return NO_KEY;
    return this.mixesAddresses ? mixBits(address.key) : address.key;
  }

  /** A server with room, or one that the session is bound to; null when all are full. */
  choose(key: number, avoid: Server | null): Server | null {
    if (this.fillsAll && this.anyLimit && this.isWaitedFor && this.somebodyIsServed) return null;
    if (this.activeCount > 0) return this.active.pick(key, avoid);
    return this.backups === null ? this.firstBackup : this.backups.pick(key, avoid);
  }

  /** Somebody waits for any server, in whatever worker: nobody goes before them. */
  private get isWaitedFor(): boolean {
    return this.queue.length > 0 || this.othersWaitAt(this.row);
  }

  /** Not all sessions of the backend wait: one of those that do not will make room. */
  private get somebodyIsServed(): boolean {
    return this.counters.mineNow(this.row, SCUR) > this.counters.mineNow(this.row, QCUR) + 1;
  }

  limitOf(server: Server): number {
    return this.anyLimit ? server.currentLimit : 0;
  }

  /**
   * Lets those waiting for this server, or for any, take its free places: the one that waits longest first, in whatever
   * worker. Another one is woken to take its own.
   */
  offer(server: Server): void {
    for (;;) {
      // Those bound to it do not ask for its weight or state.
      const entry = server.usable ? longerWaiting(server.queue.first, this.queue.first) : server.queue.first;
      const other = this.findLonger(entry, server);
      if (other >= 0) {
        this.wakeWorker(other);
        return;
      }
      if (entry === null || !entry.owner.onPlace(server)) return;
    }
  }

  /** The worker where somebody has waited longer than `entry` for a place that is free; -1: there is none. */
  private findLonger(entry: WaitEntry | null, server: Server): number {
    const { own, mine } = this.counters;
    if (!this.shared) return -1;
    let longest = entry === null ? 0 : timeOf(entry);
    let found = -1;
    for (let i = 0; i < mine.length; i++) {
      if (mine[i] === own) continue;
      const since = this.longestAt(mine[i]!, server);
      if (since === 0 || (longest !== 0 && ((since - longest) | 0) >= 0)) continue;
      longest = since;
      found = i;
    }
    return found >= 0 && server.isFull() ? -1 : found;
  }

  private longestAt({ gauges }: CounterSlot, server: Server): number {
    const bound = gauges[server.row * GAUGE_WIDTH + WAITING_SINCE]!;
    const any = server.usable ? gauges[this.row * GAUGE_WIDTH + WAITING_SINCE]! : 0;
    if (bound === 0 || any === 0) return bound === 0 ? any : bound;
    return ((bound - any) | 0) < 0 ? bound : any;
  }

  offerAll(): void {
    if (this.waiting === 0) return;
    for (const server of this.servers) {
      if (this.queue.length === 0 && server.queue.length === 0) continue;
      this.offer(server);
    }
  }

  /** Nobody waits in this worker. */
  get idle(): boolean {
    return this.waiting === 0;
  }

  private othersWaitAt(row: number): boolean {
    const { own, mine } = this.counters;
    if (mine.length === 1) return false;
    const at = row * GAUGE_WIDTH + WAITING_SINCE;
    for (const slot of mine) if (slot !== own && slot.gauges[at] !== 0) return true;
    return false;
  }

  /** Counts one more or one fewer waiting, for any server or for one. */
  countWaiting(server: Server | null, change: 1 | -1): void {
    this.waiting += change;
    this.countRow(server === null ? this.row : server.row, change);
    if (!this.shared) return;
    this.tellSince(server);
    if (change > 0 && this.hasPlace(server)) this.wakeWorker(this.counters.mine.indexOf(this.counters.own));
  }

  /** Lets the other workers see since when the first in line has waited. */
  private tellSince(server: Server | null): void {
    const { gauges } = this.counters.own;
    const first = server === null ? this.queue.first : server.queue.first;
    const row = server === null ? this.row : server.row;
    // Told before places are counted anew: a worker that gives one back in between sees one or the other.
    Atomics.store(gauges, row * GAUGE_WIDTH + WAITING_SINCE, first === null ? 0 : timeOf(first));
  }

  /** A place became free before the others could see who waits for it. */
  private hasPlace(server: Server | null): boolean {
    if (server !== null) return !server.isFull();
    return this.counters.mineNow(this.row, SERVED) < this.capacity;
  }

  private countRow(row: number, change: number): void {
    const { own } = this.counters;
    own.gauges[row * GAUGE_WIDTH + QCUR]! += change;
    const now = this.counters.mineNow(row, QCUR);
    if (now > own.totals[row * ROW_WIDTH + QMAX]!) own.totals[row * ROW_WIDTH + QMAX] = now;
  }
}

function longerWaiting(a: WaitEntry | null, b: WaitEntry | null): WaitEntry | null {
  if (a === null || b === null) return a ?? b;
  return a.since <= b.since ? a : b;
}

/** When an entry began to wait, on a clock that all workers share; it wraps around and is never 0. */
function timeOf(entry: WaitEntry): number {
  return (performance.timeOrigin + entry.since) | 1;
}

/** Algorithms that follow weights while servers are in use; fixed orders do not. */
function weighsAnew({ algorithm }: Balance, { method }: HashType): boolean {
  if (algorithm === 'roundrobin' || algorithm === 'leastconn' || algorithm === 'random') return true;
  return algorithm !== 'static-rr' && algorithm !== 'first' && method === 'consistent';
}
