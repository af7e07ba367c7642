import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerHealth } from '../../../../src/ipc/messages.ts';
import { SlowStarts } from '../../../../src/proxy/server/slow-starts.ts';
import { makeProxy, makeServer, makeSlice } from '../configuration.ts';

function health(up: boolean, event: ServerHealth['event'] = 'transition', serverId = 1): ServerHealth {
  return {
    proxyId: 2,
    serverId,
    up,
    event,
    health: 2,
    rise: 2,
    fall: 3,
    code: 'L4OK',
    status: 0,
    text: '',
    durationMs: 0,
    changedAtMs: 0,
    failedChecks: 0,
    downs: 0,
    downtimeMs: 0,
  };
}

describe('SlowStarts', () => {
  let told: string[];
  let slowStarts: SlowStarts;

  beforeEach(() => {
    vi.useFakeTimers({ now: 10_400 });
    told = [];
    const proxy = makeProxy({ servers: [makeServer(1, { slowstartMs: 2500 }), makeServer(2)] });
    slowStarts = new SlowStarts(
      makeSlice([proxy]),
      (servers) => told.push(servers.map(({ serverId, seconds }) => `${serverId}: ${seconds}`).join(', ')),
      (_, serverId) => told.push(`full ${serverId}`),
    );
  });
  afterEach(() => vi.useRealTimers());

  it('counts whole seconds, then lets go', () => {
    slowStarts.take([health(true)]);
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual(['1: 0', '1: 1', '1: 2', '1: -1', 'full 1']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops with the server, and begins anew', () => {
    slowStarts.take([health(true)]);
    vi.advanceTimersByTime(1000);
    slowStarts.take([health(false)]);
    vi.advanceTimersByTime(5000);
    slowStarts.take([health(true)]);
    expect(told).toEqual(['1: 0', '1: 1', '1: -1', '1: 0']);
  });

  it('leaves alone who was up before, and who has no slowstart', () => {
    slowStarts.take([health(true, 'replay'), health(true, 'result'), health(true, 'transition', 2), health(false)]);
    expect(told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
