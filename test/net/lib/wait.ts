/** Waiting for something with a deadline: tests never sleep for a guessed time. */

export interface WaitOptions {
  readonly deadlineMs?: number;
  readonly everyMs?: number;
  /** Appended to the failure, for example the log of the program that did not come up. */
  readonly details?: () => string;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Calls `probe` until it returns something truthy, and returns that; throws after the deadline, naming `what`. */
export async function waitUntil<T>(what: string, probe: () => T | Promise<T>, options: WaitOptions = {}): Promise<T> {
  const { deadlineMs = 10_000, everyMs = 20 } = options;
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > end) {
      throw new Error(`waited ${deadlineMs} ms in vain for: ${what}\n${options.details?.() ?? ''}`);
    }
    await sleep(everyMs);
  }
}
