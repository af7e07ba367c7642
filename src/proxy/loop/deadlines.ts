/**
 * The timeouts of one stream behind one timer: of the attempt to get a server, of the client, of the server.
 *
 * They move with nearly every byte, so the timer is not moved along: it fires at the earliest moment that was ever
 * due, `passed` looks at the true deadlines and arms it again.
 */
import type { Loop } from './loop.ts';
import { type Timed, Timer } from './timers.ts';

/** No limit; no deadline is ever due then. */
const NONE = 0;

export class Deadlines {
  private dispatch = NONE;
  private client = NONE;
  private server = NONE;
  private readonly loop: Loop;
  private readonly timer: Timer;

  constructor(loop: Loop, owner: Timed) {
    this.loop = loop;
    this.timer = new Timer(owner);
  }

  get hasServer(): boolean {
    return this.server !== NONE;
  }

  /** `at` in the loop's time; the others take a span from now on. Null: no limit. */
  setDispatch(at: number | null): void {
    this.dispatch = at ?? NONE;
    if (at !== null) this.loop.timers.armBy(this.timer, at);
  }

  setClient(limitMs: number | null): void {
    this.client = this.from(limitMs);
  }

  setServer(limitMs: number | null): void {
    this.server = this.from(limitMs);
  }

  /** Gives one of them a span anew. */
  set(which: 'client' | 'server', limitMs: number | null): void {
    this[which] = this.from(limitMs);
  }

  private from(limitMs: number | null): number {
    if (limitMs === null) return NONE;
    const at = this.loop.now + limitMs;
    this.loop.timers.armBy(this.timer, at);
    return at;
  }

  /** The deadline that has passed and is no more, or null; then the timer waits for the next one. */
  passed(): 'dispatch' | 'client' | 'server' | null {
    const { now, timers } = this.loop;
    const next = this.earliest();
    if (next === NONE) return null;
    if (next > now) {
      timers.arm(this.timer, next);
      return null;
    }
    const passed = isDue(this.dispatch, now) ? 'dispatch' : isDue(this.client, now) ? 'client' : 'server';
    this[passed] = NONE;
    const rest = this.earliest();
    if (rest !== NONE) timers.armBy(this.timer, rest);
    return passed;
  }

  private earliest(): number {
    return earlier(this.dispatch, earlier(this.client, this.server));
  }

  /** The stream is over. */
  cancel(): void {
    this.loop.timers.disarm(this.timer);
  }
}

function isDue(at: number, now: number): boolean {
  return at !== NONE && at <= now;
}

function earlier(a: number, b: number): number {
  return a === NONE || (b !== NONE && b < a) ? b : a;
}
