/**
 * How slow this machine is just now, for bounds that say "soon": what starts programs, or waits for its turn, takes longer
 * on a small or busy machine, and a bound that does not know that says nothing about the program.
 */
import { spawn } from 'node:child_process';

/** What `node -e 0` takes on a quiet machine, generously. */
const QUIET_START_MS = 100;

function timeStart(): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }).once('close', () =>
      resolve(performance.now() - startedAt),
    );
  });
}

/** 1 on a quiet machine, 3 where starting a program takes three times as long; of three starts the middle one. */
export async function measureSlowness(): Promise<number> {
  const times = [await timeStart(), await timeStart(), await timeStart()].sort((a, b) => a - b);
  return Math.max(1, times[1]! / QUIET_START_MS);
}
