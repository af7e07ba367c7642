/**
 * Numbers that all threads count together for the log: requests of the process (%rt), lines of a frontend (%lc), lines
 * that a target with `sample` was offered. One place each in a piece of shared memory; who counts nothing has none.
 */
import type { ProxyConf } from '../../config/haproxy.ts';

/** The first place: requests of the process. */
export const REQUESTS_AT = 0;

export interface CountPlaces {
  /** Where the lines of a frontend are counted, and behind that the lines offered to each of its targets. */
  readonly linesAt: ReadonlyMap<number, number>;
  readonly length: number;
}

/** The same in every thread: it hangs on the configuration alone. */
export function planCounts(proxies: readonly ProxyConf[]): CountPlaces {
  const linesAt = new Map<number, number>();
  let next = REQUESTS_AT + 1;
  for (const proxy of proxies) {
    linesAt.set(proxy.id, next);
    next += 1 + proxy.logs.length;
  }
  return { linesAt, length: next };
}

export function makeCountMemory(proxies: readonly ProxyConf[]): SharedArrayBuffer {
  return new SharedArrayBuffer(planCounts(proxies).length * Int32Array.BYTES_PER_ELEMENT);
}
