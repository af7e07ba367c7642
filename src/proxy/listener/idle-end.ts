/**
 * `close-spread-time`: at a soft stop, ends the connections that wait for another request bit by bit, so that clients do
 * not all come back at once (manual, chapter 3.1). Those with a request under way end with their answer.
 */
import { type Timed, Timer } from '../loop/timers.ts';
import type { WorkerContext } from '../worker-context.ts';

const STEP_MS = 50;

export class IdleEnd implements Timed {
  private readonly worker: WorkerContext;
  private readonly endAt: number;
  private readonly timer = new Timer(this);
  /** Connections that should have ended by now, and have not. */
  private owed = 0;

  constructor(worker: WorkerContext, spreadMs: number) {
    this.worker = worker;
    this.endAt = worker.loop.now + spreadMs;
  }

  start(): void {
    const { loop } = this.worker;
    loop.timers.arm(this.timer, loop.now + STEP_MS);
  }

  onTimer(): void {
    const { streams, loop } = this.worker;
    const steps = Math.max(1, Math.ceil((this.endAt - loop.now) / STEP_MS));
    this.owed += streams.length / steps;
    for (const stream of [...streams]) {
      if (this.owed < 1) break;
      if (stream.closeIdle?.() === true) this.owed--;
    }
    if (streams.length > 0 && loop.now < this.endAt) this.start();
  }
}
