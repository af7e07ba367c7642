/**
 * The descriptor limit that a configuration needs, and what to do when the machine does not give it.
 *
 * Node has already raised the soft limit to the hard one; only beyond that is anything asked of the kernel. Releases
 * of HAProxy since 2.3 refuse to start then; the older ones, which the default profile follows, go on with less.
 */
import type { HaproxyConfig } from '../config/haproxy.ts';
import { readFdLimit, writeFdLimit } from '../os/process.ts';

/** Descriptors of the program itself: channels, pollers, logs, shared memory. */
const OWN_DESCRIPTORS = 32;

export interface FdVerdict {
  readonly needed: number;
  readonly available: number;
}

/** Null when there is room for everything. */
export function raiseFdLimit(config: HaproxyConfig): FdVerdict | null {
  const needed = config.global.ulimitN ?? neededFor(config);
  const limit = readFdLimit();
  if (needed === null || needed <= limit.soft) return null;
  if (writeFdLimit({ soft: needed, hard: Math.max(needed, limit.hard) }) === 0) return null;
  return { needed, available: limit.hard };
}

/** How many connections fit into a limit. */
export function maxconnWithin(config: HaproxyConfig, available: number): number {
  return Math.max(1, Math.floor((available - overheadOf(config)) / 2));
}

function neededFor(config: HaproxyConfig): number | null {
  const { maxconn } = config.global;
  return maxconn === null ? null : 2 * maxconn + overheadOf(config);
}

function overheadOf(config: HaproxyConfig): number {
  const listeners = config.proxies.reduce((sum, proxy) => sum + proxy.listeners.length, 0);
  const checks = config.proxies.reduce((sum, proxy) => sum + proxy.servers.filter((server) => server.check).length, 0);
  return OWN_DESCRIPTORS + listeners + checks;
}
