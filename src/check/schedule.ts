/**
 * When checks run. Pure.
 *
 * First checks are spread, so that a machine full of servers is not probed in one instant: check i of n starts at i/n
 * of the smallest interval, where intervals under a second do not count as smallest, and a check's own longer interval
 * spreads it further (tried against HAProxy 2.6). `spread-checks` then varies every later pause by that many percent.
 */
import type { CheckTarget } from '../config/slice.ts';
import type { Limits } from './verdict.ts';

const shortestSpreadMs = 1000;

/** Delay before the first check of every target, in their order. */
export function spreadStarts(intervalsMs: readonly number[]): number[] {
  const long = intervalsMs.filter((interMs) => interMs >= shortestSpreadMs);
  const smallestMs = long.length > 0 ? Math.min(...long) : 0;
  return intervalsMs.map((interMs, i) => Math.floor((Math.max(smallestMs, interMs) * i) / intervalsMs.length));
}

/** `random` is in [0, 1). */
export function jitterMs(intervalMs: number, spreadPercent: number, random: number): number {
  const reach = (intervalMs * spreadPercent) / 100;
  return Math.round(reach - 2 * reach * random);
}

/**
 * With `timeout check`, the connection may take `timeout connect` or one interval, whichever is shorter, and the
 * response `timeout check` more. Without, one interval bounds the whole ("timeout check" in HAProxy's manual).
 */
export function limitsOf(target: CheckTarget): Limits {
  const { interMs } = target.check;
  if (target.timeoutCheckMs === null) return { connectMs: interMs, readMs: null };
  return { connectMs: Math.min(interMs, target.timeoutConnectMs ?? interMs), readMs: target.timeoutCheckMs };
}
