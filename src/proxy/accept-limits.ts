/**
 * How many connections a listener may take now: `maxconn` of process, frontend and socket, and the rates of process and
 * frontend (`maxconnrate`, `maxsessrate`, `rate-limit sessions`). All workers of the process count together.
 *
 * Where the last places are at stake, so that two workers could both see the same one, they go one after the other: who
 * holds the lock looks again, accepts, counts the connection and lets go. Far from a limit nobody asks for the lock.
 *
 * A rate is what HAProxy measures: events of this second and what is left of the one before.
 */
import type { ProcessLimits } from '../config/listener-options.ts';
import { CONN_RATE, PROCESS_ROW, SCUR, SESS_RATE } from './counter-layout.ts';
import type { Counters } from './counters.ts';
import type { Loop } from './loop.ts';

/** Shared by all workers of a process: 1 while one of them takes a last place. */
export type AcceptLock = Int32Array;

/** Another worker is about to be done. */
const BUSY_MS = 1;

interface Bound {
  readonly row: number;
  readonly most: number;
}

interface RateBound extends Bound {
  readonly rate: number;
}

export class AcceptLimits {
  private readonly counters: Counters;
  private readonly loop: Loop;
  private readonly sessions: readonly Bound[];
  private readonly rates: readonly RateBound[];
  private readonly lock: AcceptLock;
  private readonly workers: number;
  private holdsLock = false;
  /** Milliseconds until it is worth looking again, after `allow` said no for a moment only; else 0. */
  delayMs = 0;

  /** `bounds`: sessions of the frontend and the socket, null for as many as the process takes. */
  constructor(
    counters: Counters,
    loop: Loop,
    processSessions: number,
    limits: ProcessLimits,
    bounds: readonly { readonly row: number; readonly most: number | null }[],
    frontend: { readonly row: number; readonly sessionRate: number },
    lock: AcceptLock,
  ) {
    this.lock = lock;
    this.workers = counters.mine.length;
    this.counters = counters;
    this.loop = loop;
    const known = bounds.flatMap(({ row, most }) => (most === null ? [] : [{ row, most }]));
    this.sessions = [{ row: PROCESS_ROW, most: processSessions }, ...known];
    this.rates = [
      { row: PROCESS_ROW, rate: CONN_RATE, most: limits.connectionRate },
      { row: PROCESS_ROW, rate: SESS_RATE, most: limits.sessionRate },
      { row: frontend.row, rate: SESS_RATE, most: frontend.sessionRate },
    ].filter(({ most }) => most > 0);
  }

  /** Whether one more may be taken. After a yes `done` must follow once it is counted, or could not be had. */
  allow(): boolean {
    this.delayMs = 0;
    if (this.rates.length > 0 && !this.allowRates()) return false;
    const room = this.room();
    if (room >= this.workers) return true;
    return room > 0 && this.takeLock();
  }

  /** Whether it is worth trying. */
  hasRoom(): boolean {
    this.delayMs = 0;
    return (this.rates.length === 0 || this.allowRates()) && this.room() > 0;
  }

  done(): void {
    if (!this.holdsLock) return;
    this.holdsLock = false;
    Atomics.store(this.lock, 0, 0);
  }

  /** Places that are free under every bound. */
  private room(): number {
    const { sessions, counters } = this;
    let room = Number.POSITIVE_INFINITY;
    for (let i = 0; i < sessions.length; i++) {
      const bound = sessions[i]!;
      const free = bound.most - counters.mineNow(bound.row, SCUR);
      if (free < room) room = free;
    }
    return room;
  }

  private takeLock(): boolean {
    if (Atomics.compareExchange(this.lock, 0, 0, 1) !== 0) {
      this.delayMs = BUSY_MS;
      return false;
    }
    this.holdsLock = true;
    if (this.room() > 0) return true;
    this.done();
    return false;
  }

  private allowRates(): boolean {
    for (const { row, rate, most } of this.rates) {
      if (this.counters.mineRate(row, rate, this.loop.wallMs) < most) continue;
      this.delayMs = Math.max(1, Math.ceil(1000 / most));
      return false;
    }
    return true;
  }
}
