import { describe, expect, it } from 'vitest';
import { defaultServerLink } from '../../../src/config/server-link.ts';
import type { CheckTarget } from '../../../src/config/slice.ts';
import { KnownHealth } from '../../../src/core/known-health.ts';
import type { ServerHealth } from '../../../src/ipc/messages.ts';

function target(proxyId: number, serverId: number, serverName: string, port = 80): CheckTarget {
  return {
    proxyId,
    serverId,
    proxyName: 'web',
    serverName,
    address: { kind: 'ip', host: '192.0.2.1', port, portOffset: false, family: 4 },
    method: { kind: 'tcp' },
    check: { addr: null, port: null, interMs: 2000, fastinterMs: null, downinterMs: null, rise: 2, fall: 3 },
    timeoutCheckMs: null,
    timeoutConnectMs: null,
    link: defaultServerLink,
  };
}

function state(proxyId: number, serverId: number, up: boolean): ServerHealth {
  return {
    proxyId,
    serverId,
    up,
    health: up ? 4 : 0,
    rise: 2,
    fall: 3,
    code: up ? 'L4OK' : 'L4CON',
    status: 0,
    text: '',
    durationMs: 1,
    changedAtMs: 5,
    failedChecks: 0,
    downs: 0,
    downtimeMs: 0,
    event: 'transition',
  };
}

const slice = (...targets: CheckTarget[]) => ({ spreadChecks: 0, targets });

describe('KnownHealth', () => {
  it('knows nothing at first, then the last state of each server, as a replay', () => {
    const health = new KnownHealth();
    const conf = slice(target(2, 1, 'a'), target(2, 2, 'b'));
    health.setTargets(conf);
    expect(health.replayFor(conf)).toEqual([]);
    health.learn([state(2, 1, true)]);
    health.learn([state(2, 1, false)]);
    expect(health.replayFor(conf)).toEqual([{ ...state(2, 1, false), event: 'replay' }]);
  });

  it('follows a server to its new ids', () => {
    const health = new KnownHealth();
    health.setTargets(slice(target(2, 1, 'a')));
    health.learn([state(2, 1, false)]);
    const after = slice(target(3, 1, 'new', 81), target(3, 2, 'a'));
    expect(health.replayFor(after)).toEqual([{ ...state(3, 2, false), event: 'replay' }]);
    health.setTargets(after);
    expect(health.replayFor(after)).toEqual([{ ...state(3, 2, false), event: 'replay' }]);
  });

  it('forgets a server whose address changed', () => {
    const health = new KnownHealth();
    health.setTargets(slice(target(2, 1, 'a')));
    health.learn([state(2, 1, false)]);
    expect(health.replayFor(slice(target(2, 1, 'a', 8080)))).toEqual([]);
  });

  it('drops states of servers it does not have', () => {
    const health = new KnownHealth();
    const conf = slice(target(2, 1, 'a'));
    health.setTargets(conf);
    health.learn([state(9, 9, false)]);
    expect(health.replayFor(conf)).toEqual([]);
  });
});
