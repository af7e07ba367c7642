/**
 * How many connections a listener may take now: `maxconn` of process, frontend and socket, and the rates of process and
 * frontend (`maxconnrate`, `maxsessrate`, `rate-limit sessions`). All workers of the process count together.
 *
 * A worker announces that it is about to accept before it looks, and takes that back once the connection is counted. Who
 * looks treats the announcements of others as places taken, so that however workers are interrupted no limit is exceeded.
 *
 * A rate is what HAProxy measures: events of this second and what is left of the one before.
 */
import type { ProcessLimits } from '../../config/listener-options.ts';
import { CONN_RATE, PROCESS_ROW, SCUR, SESS_RATE } from '../counter-layout.ts';
import type { Counters } from '../counters.ts';
import type { Loop } from '../loop/loop.ts';

/** Shared by all workers of a process, one entry each: 1 while it may be about to accept. */
export type AcceptIntents = Int32Array;

/** A worker that is about to accept will be done, or will have found nothing. */
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
  private readonly intents: AcceptIntents;
  /** Whose limits these are: its entry in `intents`. */
  private readonly worker: number;
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
    intents: AcceptIntents,
    worker: number,
  ) {
    this.intents = intents;
    this.worker = worker;
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
    if (this.intents.length === 1) return this.room() > 0;
    Atomics.store(this.intents, this.worker, 1);
    // In this order: whoever is done between the two looks is counted twice rather than not at all.
    const intended = this.intended();
    const room = this.room();
    if (room > intended) return true;
    this.done();
    if (room > 0) this.delayMs = BUSY_MS;
    return false;
  }

  /** Whether it is worth trying. */
  hasRoom(): boolean {
    this.delayMs = 0;
    return (this.rates.length === 0 || this.allowRates()) && this.room() > 0;
  }

  done(): void {
    if (this.intents.length > 1) Atomics.store(this.intents, this.worker, 0);
  }

  /** How many other workers may be about to accept. */
  private intended(): number {
    const { intents, worker } = this;
    let sum = 0;
    for (let i = 0; i < intents.length; i++) if (i !== worker) sum += Atomics.load(intents, i);
    return sum;
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

  private allowRates(): boolean {
    for (const { row, rate, most } of this.rates) {
      if (this.counters.mineRate(row, rate, this.loop.wallMs) < most) continue;
      this.delayMs = Math.max(1, Math.ceil(1000 / most));
      return false;
    }
    return true;
  }
}
