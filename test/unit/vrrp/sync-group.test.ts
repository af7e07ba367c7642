/** Sync groups: all members or none, on two simulated links with a peer on each. */
import { describe, expect, it } from 'vitest';
import type { VrrpState } from '../../../src/ipc/messages.ts';
import { SyncGroup } from '../../../src/vrrp/sync-group.ts';
import { clear, type SimulatedRouter, Simulation } from './simulation.ts';

const none = { master: null, backup: null, fault: null, stop: null, masterRxLowerPri: null, all: null };

function grouped(members: readonly SimulatedRouter[]): { group: SyncGroup; states: VrrpState[]; lines: string[] } {
  const states: VrrpState[] = [];
  const lines: string[] = [];
  const conf = { name: 'G', members: [], notify: none, place: { file: '', line: 1 } };
  const group = new SyncGroup(
    conf,
    members.map((each) => each.instance),
    (_level, text) => lines.push(text),
    (state) => states.push(state),
  );
  for (const each of members) each.group = group;
  return { group, states, lines };
}

/** Two links that share a clock: routers 0 and 1 are ours, 2 and 3 their peers. */
function pair(ours: readonly [number, number], peers: readonly [number, number]) {
  const simulation = new Simulation();
  const all = [...ours, ...peers].map((basePriority) => simulation.add({ basePriority }));
  const link = (router: SimulatedRouter): number => all.indexOf(router) % 2;
  simulation.connected = (from, to) => link(from) === link(to);
  const [inside, outside] = all as [SimulatedRouter, SimulatedRouter, SimulatedRouter, SimulatedRouter];
  return { simulation, inside, outside, peers: all.slice(2), ...grouped([inside, outside]) };
}

describe('a sync group', () => {
  it('becomes master when its last member has timed out, all at once', () => {
    const { simulation, inside, outside, states, lines } = pair([150, 100], [1, 1]);
    for (const each of [inside, outside]) each.instance.start(clear);
    simulation.advance(3500);
    expect([inside.instance.state, outside.instance.state]).toEqual(['BACKUP', 'BACKUP']);
    simulation.advance(110);
    expect([inside.instance.state, outside.instance.state]).toEqual(['MASTER', 'MASTER']);
    expect(states).toEqual(['BACKUP', 'MASTER']);
    expect(lines).toContain('VRRP_Group(G) Syncing instances to MASTER state');
  });

  it('stays backup as long as one member has a better master', () => {
    const { simulation, inside, outside, peers } = pair([150, 100], [1, 200]);
    for (const each of [inside, outside, peers[1]!]) each.instance.start(clear);
    simulation.advance(30_000);
    expect([inside.instance.state, outside.instance.state]).toEqual(['BACKUP', 'BACKUP']);
  });

  it('gives way as one', () => {
    const { simulation, inside, outside, peers, states } = pair([150, 100], [1, 200]);
    for (const each of [inside, outside]) each.instance.start(clear);
    simulation.advance(5000);
    expect(inside.instance.state).toBe('MASTER');
    peers[1]!.instance.start(clear);
    simulation.advance(5000);
    expect([inside.instance.state, outside.instance.state]).toEqual(['BACKUP', 'BACKUP']);
    expect(states).toEqual(['BACKUP', 'MASTER', 'BACKUP']);
  });

  it('shares faults, waiting and no weights', () => {
    expect(SyncGroup.combine([clear, { faulty: true, pending: false, weight: 3 }])).toEqual({
      faulty: true,
      pending: false,
      weight: 0,
    });
    expect(SyncGroup.combine([{ faulty: false, pending: true, weight: 0 }, clear]).pending).toBe(true);
  });

  it('stops with one word of its own', () => {
    const { simulation, inside, outside, states } = pair([150, 100], [1, 1]);
    for (const each of [inside, outside]) each.instance.start(clear);
    simulation.advance(5000);
    for (const each of [inside, outside]) each.instance.stop();
    expect(states).toEqual(['BACKUP', 'MASTER', 'STOP']);
    expect(inside.events.at(-2)).toBe('send 0');
    expect(outside.events.at(-2)).toBe('send 0');
  });
});
