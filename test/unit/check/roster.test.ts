/** Checks over time in a world where time, timers and names are the test's own. Connections are real, on loopback. */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Roster } from '../../../src/check/roster.ts';
import type { World } from '../../../src/check/server-check.ts';
import type { CheckTarget } from '../../../src/config/slice.ts';
import type { ServerHealth } from '../../../src/ipc/messages.ts';
import { makeTarget } from './target.ts';

interface Timer {
  readonly run: () => void;
  readonly delayMs: number;
}

class FakeWorld implements World {
  timers: Timer[] = [];
  reports: ServerHealth[] = [];
  names: Record<string, string> = {};
  lookups: string[] = [];
  private waiting: () => void = () => {};

  now = () => 1000;
  monotonicNow = () => 0;
  random = () => 0.5;
  setTimer = (run: () => void, delayMs: number) => {
    const timer = { run, delayMs };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  };
  lookUp = async (name: string) => {
    this.lookups.push(name);
    return this.names[name] ?? null;
  };
  report = (health: ServerHealth) => {
    this.reports.push(health);
    this.waiting();
  };

  /** Fires the only timer and waits for the result. */
  async check(): Promise<ServerHealth> {
    expect(this.timers).toHaveLength(1);
    const reported = new Promise<void>((resolve) => {
      this.waiting = resolve;
    });
    const { run } = this.timers.pop()!;
    run();
    await reported;
    return this.reports.at(-1)!;
  }
}

describe('roster', () => {
  let server: Server;
  let open: CheckTarget;
  let closed: CheckTarget;
  let world: FakeWorld;
  let roster: Roster;
  beforeAll(async () => {
    server = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    open = makeTarget({ address: { kind: 'ip', host: '127.0.0.1', port, portOffset: false, family: 4 } });
    closed = makeTarget();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    world = new FakeWorld();
    roster = new Roster(world);
  });

  const apply = (...targets: CheckTarget[]) => roster.apply({ spreadChecks: 0, targets }, []);

  it('spreads the first checks, then goes by the interval', async () => {
    apply(open, { ...open, serverName: 'db2', serverId: 2 });
    expect(world.timers.map((timer) => timer.delayMs)).toEqual([0, 1000]);
    world.timers.pop();
    expect(await world.check()).toMatchObject({ code: 'L4OK', up: true, health: 4, event: 'result', serverId: 1 });
    expect(world.timers.map((timer) => timer.delayMs)).toEqual([2000]);
  });

  it('reports a transition once', async () => {
    apply({ ...closed, check: { ...closed.check, downinterMs: 700 } });
    const down = { code: 'L4CON', text: 'Connection refused', up: false, health: 0, downs: 1, failedChecks: 1 };
    expect(await world.check()).toMatchObject({ ...down, event: 'transition' });
    expect(world.timers[0]!.delayMs).toBe(700);
    expect(await world.check()).toMatchObject({ ...down, event: 'result' });
  });

  it('keeps state and timers of what a reload does not change, under the new ids', async () => {
    apply(closed);
    await world.check();
    const timer = world.timers[0];
    apply({ ...closed, proxyId: 7, serverId: 9 });
    expect(world.timers).toEqual([timer]);
    expect(roster.describeAll()).toMatchObject([{ proxyId: 7, serverId: 9, up: false, event: 'replay' }]);
    expect(await world.check()).toMatchObject({ proxyId: 7, serverId: 9, event: 'result' });
  });

  it('keeps the state of a server whose settings change, and forgets another address', async () => {
    apply(closed);
    await world.check();
    apply({ ...closed, check: { ...closed.check, rise: 5, interMs: 9000 } });
    expect(roster.describeAll()).toMatchObject([{ up: false, health: 0, rise: 5 }]);
    expect(world.timers).toHaveLength(1);
    apply(open);
    expect(roster.describeAll()).toEqual([]);
    expect(await world.check()).toMatchObject({ code: 'L4OK', up: true, event: 'result', failedChecks: 0 });
  });

  it('forgets a server that is gone', async () => {
    apply(closed);
    apply();
    expect(world.timers).toEqual([]);
    expect(roster.describeAll()).toEqual([]);
  });

  it('drops the result of a check that a reload has overtaken', async () => {
    apply(open);
    world.timers.pop()!.run();
    apply();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(world.reports).toEqual([]);
    expect(world.timers).toEqual([]);
  });

  it('goes on from what core knows', async () => {
    apply(closed);
    const known = await world.check();
    const restarted = new FakeWorld();
    const next = new Roster(restarted);
    next.apply({ spreadChecks: 0, targets: [closed] }, [known]);
    expect(next.describeAll()).toEqual([{ ...known, event: 'replay' }]);
    expect(await restarted.check()).toMatchObject({ event: 'result', downs: 1 });
  });

  it('looks a name up once, and again only while it fails', async () => {
    const named = { ...open, address: { ...open.address, host: 'db.example' } as CheckTarget['address'] };
    apply(named);
    expect(await world.check()).toMatchObject({ code: 'SOCKERR', event: 'transition' });
    world.names['db.example'] = '127.0.0.1';
    expect(await world.check()).toMatchObject({ code: 'L4OK' });
    await world.check();
    expect(world.lookups).toEqual(['db.example', 'db.example']);
  });

  it('checks at the check address and port when they are given', async () => {
    const { port } = server.address() as { port: number };
    apply({ ...closed, check: { ...closed.check, addr: '127.0.0.1', port } });
    expect(await world.check()).toMatchObject({ code: 'L4OK' });
  });
});
