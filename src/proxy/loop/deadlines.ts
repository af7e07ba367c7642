/**
 * The timeouts of one stream behind one timer: of the attempt to get a server, of the client, of the server.
 *
 * They move with nearly every byte, so the timer is not moved along: it fires at the earliest moment that was ever
 * due, `passed` looks at the true deadlines and arms it again.
 */
import type { Loop } from './loop.ts';
import { type Timed, Timer } from './timers.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class Deadlines {
  private dispatch = NEVER;
  private client = NEVER;
  private server = NEVER;
  private readonly loop: Loop;
  private readonly timer: Timer;

  constructor(loop: Loop, owner: Timed) {
    this.loop = loop;
    this.timer = new Timer(owner);
  }

  get hasServer(): boolean {
    return this.server !== NEVER;
  }

  /** `at` in the loop's time; the others take a span from now on. Null: no limit. */
  setDispatch(at: number | null): void {
    this.dispatch = at ?? NEVER;
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
    if (limitMs === null) return NEVER;
    const at = this.loop.now + limitMs;
    this.loop.timers.armBy(this.timer, at);
    return at;
  }

  /** The deadline that has passed and is no more, or null; then the timer waits for the next one. */
  passed(): 'dispatch' | 'client' | 'server' | null {
    const { now, timers } = this.loop;
    const next = Math.min(this.dispatch, this.client, this.server);
    if (next > now) {
      if (next !== NEVER) timers.arm(this.timer, next);
      return null;
    }
    const passed = this.dispatch <= now ? 'dispatch' : this.client <= now ? 'client' : 'server';
    this[passed] = NEVER;
    this.armRest();
    return passed;
  }

  private armRest(): void {
    const next = Math.min(this.dispatch, this.client, this.server);
    if (next !== NEVER) this.loop.timers.armBy(this.timer, next);
  }

  /** The stream is over. */
  cancel(): void {
    this.loop.timers.disarm(this.timer);
  }
}
