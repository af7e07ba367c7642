/** A statistics source for tests: real counters in a memory file of their own, health from a map. */
import type { ProxyConf, StatsConf } from '../../../../src/config/haproxy.ts';
import type { ServerHealth } from '../../../../src/ipc/messages.ts';
import { createMemfd } from '../../../../src/os/memfd.ts';
import { mapRows, serverKey } from '../../../../src/proxy/counter-layout.ts';
import { Counters, claimCounters } from '../../../../src/proxy/counters.ts';
import type { StatsSource } from '../../../../src/proxy/stats/source.ts';
import { makeSlice } from '../configuration.ts';

export const NOW = 1_800_000_000_000;

export function makeSource(proxies: readonly ProxyConf[], healths: readonly ServerHealth[] = []): StatsSource {
  const slice = makeSlice(proxies);
  const rows = mapRows(slice);
  const { place, owned } = claimCounters(createMemfd('stats-test'), rows, 1);
  const known = new Map(healths.map((health) => [serverKey(health.proxyId, health.serverId), health]));
  return {
    slice,
    rows,
    counters: new Counters(place, owned, owned[0]!),
    version: '1.2.3',
    pid: 4321,
    startedAtMs: NOW - 3_723_000,
    threads: 2,
    maxconn: 2000,
    descriptorLimit: 4096,
    health: (proxyId, serverId) => known.get(serverKey(proxyId, serverId)),
    warmWeight: () => null,
    backendHistory: () => undefined,
    stopping: false,
    isPaused: () => false,
  };
}

export function makeHealth(given: Partial<ServerHealth> = {}): ServerHealth {
  return {
    proxyId: 2,
    serverId: 1,
    up: true,
    health: 4,
    rise: 2,
    fall: 3,
    code: 'L4OK',
    status: 0,
    text: '',
    durationMs: 1,
    changedAtMs: NOW - 60_000,
    failedChecks: 0,
    downs: 0,
    downtimeMs: 0,
    event: 'result',
    ...given,
  };
}

export function makeStats(given: Partial<StatsConf> = {}): StatsConf {
  return {
    uri: '/haproxy?stats',
    realm: null,
    auth: [],
    refreshSeconds: null,
    hideVersion: false,
    showLegends: false,
    showNode: null,
    showDesc: null,
    scope: [],
    ...given,
  };
}

export const CHECK = {
  addr: null,
  port: null,
  interMs: 2000,
  fastinterMs: null,
  downinterMs: null,
  rise: 2,
  fall: 3,
} as const;
