/**
 * How long to wait before a dead role is started again: not at all the first time, then longer and longer up to 30
 * seconds while it keeps dying. A role that has lived for a while starts from the beginning.
 */
const STEPS_MS = [0, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000];
const STABLE_AFTER_MS = 30_000;

export class RestartDelay {
  private deaths = 0;

  /** To be called at each death, with how long the process had lived. */
  next(livedMs: number): number {
    if (livedMs >= STABLE_AFTER_MS) this.deaths = 0;
    const delay = STEPS_MS[Math.min(this.deaths, STEPS_MS.length - 1)]!;
    this.deaths++;
    return delay;
  }
}
