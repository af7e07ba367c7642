/**
 * Turns host names of `log` targets into addresses, once, before a role starts to log.
 *
 * Sending itself cannot wait for a name server. A name that does not resolve keeps its target, whose lines are dropped.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LogTarget } from '../config/haproxy.ts';

export async function lookUpLogTargets(targets: readonly LogTarget[]): Promise<LogTarget[]> {
  return Promise.all(targets.map(lookUpTarget));
}

async function lookUpTarget(target: LogTarget): Promise<LogTarget> {
  const { address } = target;
  if (address.kind !== 'udp' || isIP(address.host) !== 0) return target;
  try {
    const found = await lookup(address.host);
    return { ...target, address: { ...address, host: found.address, family: found.family === 6 ? 6 : 4 } };
  } catch {
    return target;
  }
}
