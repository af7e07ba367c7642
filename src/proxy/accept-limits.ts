/**
 * How many connections a listener may take now: `maxconn` of process, frontend and socket, and the rates of process and
 * frontend (`maxconnrate`, `maxsessrate`, `rate-limit sessions`). All workers of the process count together; a limit
 * may be exceeded for a moment by the number of threads.
 *
 * A rate is what HAProxy measures: events of this second and what is left of the one before.
 */
import type { ProcessLimits } from '../config/listener-options.ts';
import { CONN_RATE, PROCESS_ROW, SCUR, SESS_RATE } from './counter-layout.ts';
import type { Counters } from './counters.ts';
import type { Loop } from './loop.ts';

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
  /** Milliseconds until it is worth looking again, after `allow` said no because of a rate; else 0. */
  delayMs = 0;

  /** `bounds`: sessions of the frontend and the socket, null for as many as the process takes. */
  constructor(
    counters: Counters,
    loop: Loop,
    processSessions: number,
    limits: ProcessLimits,
    bounds: readonly { readonly row: number; readonly most: number | null }[],
    frontend: { readonly row: number; readonly sessionRate: number },
  ) {
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

  allow(): boolean {
    const { sessions, counters } = this;
    this.delayMs = 0;
    for (let i = 0; i < sessions.length; i++) {
      const bound = sessions[i]!;
      if (counters.mineNow(bound.row, SCUR) >= bound.most) return false;
    }
    return this.rates.length === 0 || this.allowRates();
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
