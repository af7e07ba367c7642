/**
 * Idle connections to one server, of one worker, for HTTP keep-alive towards servers (manual: `http-reuse safe`).
 *
 * The last one put away is the first to be taken: it is the least likely to be closed by the server meanwhile. No more
 * are kept than were in use at the same time lately; `purge` halves what was not needed.
 */
import { GAUGE_WIDTH, IDLE_CUR } from './counter-layout.ts';
import type { Counters } from './counters.ts';
import type { ServerConnection } from './server-connection.ts';

export class IdleConnections {
  /** Of this worker, at work now; the most since the last purge. */
  used = 0;
  private peak = 0;
  private least = 0;
  private readonly list: ServerConnection[] = [];
  private readonly gauges: Int32Array;
  private readonly gaugeAt: number;

  constructor(counters: Counters, row: number) {
    this.gauges = counters.own.gauges;
    this.gaugeAt = row * GAUGE_WIDTH + IDLE_CUR;
  }

  get length(): number {
    return this.list.length;
  }

  countUse(): void {
    this.used++;
    if (this.used > this.peak) this.peak = this.used;
  }

  countEnd(): void {
    this.used--;
  }

  take(): ServerConnection | null {
    const connection = this.list.pop() ?? null;
    if (connection !== null) connection.idleIndex = -1;
    this.gauges[this.gaugeAt] = this.list.length;
    if (this.list.length < this.least) this.least = this.list.length;
    return connection;
  }

  /** Keeps a connection, in the place of an older one when there are enough; false when there is no place at all. */
  keep(connection: ServerConnection): boolean {
    if (this.used + this.list.length + 1 > this.peak) {
      const [older] = this.list;
      if (older === undefined) return false;
      older.discard();
    }
    connection.idleIndex = this.list.length;
    this.list.push(connection);
    this.gauges[this.gaugeAt] = this.list.length;
    return true;
  }

  /** Takes out one that the server closed. */
  remove(connection: ServerConnection): void {
    const at = connection.idleIndex;
    if (at < 0) return;
    const last = this.list.pop()!;
    if (last !== connection) {
      this.list[at] = last;
      last.idleIndex = at;
    }
    connection.idleIndex = -1;
    this.gauges[this.gaugeAt] = this.list.length;
  }

  /** Called every few seconds: closes half of those that nobody took since the last call. */
  purge(): void {
    const surplus = Math.ceil(Math.min(this.least, this.list.length) / 2);
    for (const connection of this.list.slice(0, surplus)) connection.discard();
    this.least = this.list.length;
    this.peak = Math.max(this.used, Math.ceil((this.peak + this.used) / 2));
  }

  closeAll(): void {
    for (const connection of this.list.slice()) connection.discard();
  }
}
