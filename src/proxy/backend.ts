/** A backend as a worker sees it: its servers, who may be chosen, who waits for any of them. */
import type { ProxyConf } from '../config/haproxy.ts';
import { type Balancer, makeBalancer } from './balance/balancer.ts';
import { GAUGE_WIDTH, QCUR, QMAX, ROW_WIDTH, SCUR } from './counter-layout.ts';
import type { Counters } from './counters.ts';
import type { Server } from './server.ts';
import { type WaitEntry, WaitQueue } from './wait-queue.ts';

/** Gauge of the backend's row in the first slot of the process: whose turn it is, for all workers. */
const POSITION = 7;

export class Backend {
  readonly conf: ProxyConf;
  readonly row: number;
  readonly servers: readonly Server[];
  readonly queue = new WaitQueue();
  /** Whether any server may get sessions. */
  usable = false;
  /** A session is bound to no server and others are there: a failed attempt goes to another one at once. */
  takesTurns = false;
  private readonly counters: Counters;
  private readonly balancer: Balancer<Server>;
  private readonly anyLimit: boolean;

  constructor(conf: ProxyConf, row: number, servers: readonly Server[], counters: Counters) {
    this.conf = conf;
    this.row = row;
    this.servers = servers;
    this.counters = counters;
    this.anyLimit = servers.some((s) => s.conf.maxconn > 0);
    const position = { ints: counters.mine[0]!.gauges, index: row * GAUGE_WIDTH + POSITION };
    this.balancer = makeBalancer(conf.balance, conf.hashType, position);
    this.refresh();
  }

  /** Some server's state has changed: active servers are chosen from, else the first backup, or all of them. */
  refresh(): void {
    const usable = this.servers.filter((s) => s.usable);
    const active = usable.filter((s) => !s.conf.backup);
    const backups = this.conf.allbackups ? usable : usable.slice(0, 1);
    const candidates = active.length > 0 ? active : backups;
    this.usable = candidates.length > 0;
    this.takesTurns = active.length > 1 && /^(roundrobin|static-rr|random)$/.test(this.conf.balance.algorithm);
    this.balancer.rebuild(candidates);
  }

  /** A server with room, or one that the client is bound to; null when all are full. */
  choose(key: number, avoid: Server | null): Server | null {
    return this.balancer.pick(key, avoid);
  }

  limitOf(server: Server): number {
    if (!this.anyLimit) return 0;
    return server.limit(this.counters.mineNow(this.row, SCUR));
  }

  /** Lets those waiting for this server, or for any, take its free places; the one that waits longest first. */
  offer(server: Server): void {
    for (;;) {
      // Those bound to it do not ask for its weight or state.
      const entry = server.usable ? longerWaiting(server.queue.first, this.queue.first) : server.queue.first;
      if (entry === null || !entry.owner.onPlace(server)) return;
    }
  }

  offerAll(): void {
    for (const server of this.servers) {
      if (this.queue.length === 0 && server.queue.length === 0) continue;
      this.offer(server);
    }
  }

  /** Whether workers of this process wait that are not this one. */
  othersWait(): boolean {
    const { own, mine } = this.counters;
    if (mine.length === 1 || !this.anyLimit) return false;
    const at = this.row * GAUGE_WIDTH + QCUR;
    return mine.some((slot) => slot !== own && slot.gauges[at]! > 0);
  }

  /** Counts one more or one fewer waiting, here and at the server it waits for. */
  countWaiting(server: Server | null, change: 1 | -1): void {
    this.countRow(this.row, change);
    if (server !== null) this.countRow(server.row, change);
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
