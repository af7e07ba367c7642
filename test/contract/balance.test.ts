/** What every balancing algorithm owes its backend, whatever it prefers; and what each one prefers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Balance, defaultHashType, type HashType } from '../../src/config/balance.ts';
import { makeBalancer } from '../../src/proxy/balance/algorithms.ts';
import { type Balancer, NO_KEY, WEIGHT_SCALE } from '../../src/proxy/balance/balancer.ts';
import { mixBits } from '../../src/proxy/balance/hash-functions.ts';
import { findUnit, makeSchedule } from '../../src/proxy/balance/schedule.ts';
import { makeBalanceMemory, makeOwnShare, planShares } from '../../src/proxy/balance/share.ts';
import { makeProxy, makeServer } from '../unit/proxy/configuration.ts';
import { type FakeServer, makeServers } from './fake-server.ts';

type Case = readonly [name: string, balance: Balance, hashType: HashType];

const consistent: HashType = { ...defaultHashType, method: 'consistent', avalanche: true };
const bounded: HashType = { ...consistent, balanceFactor: 150 };
const uri: Balance = { algorithm: 'uri', whole: false, pathOnly: false, len: 0, depth: 0 };

const turns: readonly Case[] = [
  ['roundrobin', { algorithm: 'roundrobin' }, defaultHashType],
  ['static-rr', { algorithm: 'static-rr' }, defaultHashType],
  ['leastconn', { algorithm: 'leastconn' }, defaultHashType],
  ['first', { algorithm: 'first' }, defaultHashType],
  ['random', { algorithm: 'random', draws: 2 }, defaultHashType],
  ['random, bounded', { algorithm: 'random', draws: 1 }, bounded],
];
const hashes: readonly Case[] = [
  ['source', { algorithm: 'source' }, defaultHashType],
  ['source, consistent', { algorithm: 'source' }, consistent],
  ['uri', uri, defaultHashType],
  ['uri, consistent', uri, consistent],
  ['uri, consistent, bounded', uri, bounded],
  ['url_param', { algorithm: 'url_param', name: 'id', checkPost: false }, defaultHashType],
  ['hdr', { algorithm: 'hdr', name: 'host', domainOnly: false }, consistent],
  ['rdp-cookie', { algorithm: 'rdp-cookie', name: 'mstshash' }, defaultHashType],
];
const all = [...turns, ...hashes];
/** These do not leave a server that has just failed: its keys are bound to it as long as it is up. */
const isStatic = ([, { algorithm }, { method }]: Case) =>
  !turns.some(([, balance]) => balance.algorithm === algorithm) && method === 'map-based';

function make(balance: Balance, hashType: HashType, members: readonly FakeServer[]): Balancer<FakeServer> {
  const load = () => members.reduce((sum, server) => sum + server.sessions, 0);
  return makeBalancer(
    { balance, hashType, weightUnit: findUnit(members.map((m) => m.weight)) },
    members,
    makeOwnShare(members.length),
    load,
  );
}

/** Keys as hashes give them: spread over all of 32 bits. */
const keyOf = (i: number) => mixBits(i);

function count(balancer: Balancer<FakeServer>, picks: number): Map<number, number> {
  const seen = new Map<number, number>();
  for (let i = 0; i < picks; i++) {
    const id = balancer.pick(keyOf(i), null)?.id ?? 0;
    seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  return seen;
}

describe.each(all)('%s', (_, balance, hashType) => {
  it('has nobody to choose before a server is up, and after all are gone', () => {
    const members = makeServers([1, 1]);
    for (const server of members) server.effectiveWeight = 0;
    const balancer = make(balance, hashType, members);
    expect(balancer.pick(keyOf(1), null)).toBeNull();
    expect(balancer.pick(NO_KEY, null)).toBeNull();
    members[1]!.up(balancer);
    expect(balancer.pick(keyOf(1), null)).toBe(members[1]);
    expect(balancer.pick(NO_KEY, null)).toBe(members[1]);
    members[1]!.down(balancer);
    expect(balancer.pick(keyOf(1), null)).toBeNull();
    expect(make(balance, hashType, []).pick(1, null)).toBeNull();
  });

  it('chooses among the servers in use only, for any key, weights and changes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 0, max: 40 }), fc.nat(0xffffffff)), { maxLength: 20 }),
        (weights, steps) => {
          const members = makeServers(weights);
          const balancer = make(balance, hashType, members);
          for (const [which, weight, key] of steps) {
            members[which % members.length]!.weigh(weight, balancer);
            const inUse = members.filter((server) => server.effectiveWeight > 0);
            if (inUse.length === 0) expect(balancer.pick(key, null)).toBeNull();
            else for (const each of [key, NO_KEY]) expect(inUse).toContain(balancer.pick(each, null));
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('answers the same with the same servers', () => {
    if (balance.algorithm === 'random') return;
    const picks = [1, 2].map(() => {
      const balancer = make(balance, hashType, makeServers([3, 1, 2]));
      return Array.from({ length: 60 }, (_, i) => balancer.pick(i % 2 === 0 ? keyOf(i) : NO_KEY, null)?.id);
    });
    expect(picks[0]).toEqual(picks[1]);
  });

  it('gives a server that came back its share again', () => {
    const members = makeServers([1, 1, 1]);
    const balancer = make(balance, hashType, members);
    members[1]!.down(balancer);
    expect(count(balancer, 60).has(2)).toBe(false);
    members[1]!.up(balancer);
    if (balance.algorithm === 'first') members[0]!.setFull(true, balancer);
    if (balance.algorithm === 'leastconn') for (const i of [0, 2]) members[i]!.carry(1, balancer);
    expect(count(balancer, 300).get(2)).toBeGreaterThan(20);
  });
});

describe.each(all.filter((each) => !isStatic(each)))('%s', (_, balance, hashType) => {
  it('avoids the one that has just failed when there is another, and takes it when there is none', () => {
    const members = makeServers([1, 1, 1]);
    const balancer = make(balance, hashType, members);
    for (let i = 0; i < 50; i++) expect(balancer.pick(keyOf(i), members[1]!)).not.toBe(members[1]);
    members[0]!.down(balancer);
    members[2]!.down(balancer);
    expect(balancer.pick(keyOf(5), members[1]!)).toBe(members[1]);
  });
});

describe.each(turns)('%s', (_, balance, hashType) => {
  it('never returns a full server', () => {
    const members = makeServers([1, 5, 1]);
    const balancer = make(balance, hashType, members);
    members[1]!.setFull(true, balancer);
    expect(count(balancer, 60).has(2)).toBe(false);
    for (const server of members) server.setFull(true, balancer);
    expect(balancer.pick(NO_KEY, null)).toBeNull();
    expect(balancer.pick(NO_KEY, members[0]!)).toBeNull();
    members[0]!.setFull(false, balancer);
    // Drawing lots may hit a full one although another has room.
    const tries = balance.algorithm === 'random' ? 100 : 1;
    expect([...Array(tries)].map(() => balancer.pick(NO_KEY, null))).toContain(members[0]);
  });
});

describe.each(hashes)('%s', (_, balance, hashType) => {
  it('sends a key to the same server always, even to a full one', () => {
    const members = makeServers([1, 2, 3]);
    const balancer = make(balance, hashType, members);
    const before = Array.from({ length: 100 }, (_, i) => balancer.pick(keyOf(i), null)!);
    for (const server of members) server.setFull(true, balancer);
    expect(Array.from({ length: 100 }, (_, i) => balancer.pick(keyOf(i), null))).toEqual(before);
  });

  it('takes turns without a key, passing over those that are full', () => {
    const members = makeServers([1, 1, 1]);
    const balancer = make(balance, hashType, members);
    const seen = () => new Set(Array.from({ length: 300 }, () => balancer.pick(NO_KEY, null)?.id ?? 0));
    expect([...seen()].sort()).toEqual([1, 2, 3]);
    members[0]!.setFull(true, balancer);
    expect([...seen()].sort()).toEqual([2, 3]);
    for (const server of members) server.setFull(true, balancer);
    expect([...seen()]).toEqual([0]);
  });
});

describe('roundrobin', () => {
  const balance: Balance = { algorithm: 'roundrobin' };

  it('gives turns in the declared order', () => {
    const balancer = make(balance, defaultHashType, makeServers([1, 1, 1]));
    expect(Array.from({ length: 6 }, () => balancer.pick(0, null)!.id)).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('gives exactly the weights over a round, evenly spread', () => {
    const balancer = make(balance, defaultHashType, makeServers([3, 1, 2]));
    const picks = Array.from({ length: 60 }, () => balancer.pick(0, null)!.id);
    const counts = [1, 2, 3].map((id) => picks.filter((pick) => pick === id).length);
    expect(counts).toEqual([30, 10, 20]);
    expect(picks.join('')).not.toMatch(/111|22|33/);
  });

  it('follows a weight that grows while the server is in use', () => {
    const members = makeServers([16, 16]);
    const balancer = make(balance, defaultHashType, members);
    members[1]!.weigh(16, balancer);
    const early = count(balancer, 1700);
    expect(early.get(2)).toBeGreaterThan(60);
    expect(early.get(2)).toBeLessThan(140);
    members[1]!.up(balancer);
    count(balancer, 600);
    const later = count(balancer, 1000);
    expect(Math.abs(later.get(1)! - later.get(2)!)).toBeLessThan(20);
  });

  it('takes turns for all workers in one order, and learns of a change once', () => {
    const proxy = makeProxy({ servers: [makeServer(1), makeServer(2), makeServer(3, { backup: true })] });
    const memory = makeBalanceMemory([proxy, proxy]);
    const workers = [1, 2].map(() => {
      const members = makeServers([1, 1]);
      const share = planShares(memory, [proxy], false).get(proxy.id)!.active;
      return {
        members,
        balancer: makeBalancer({ balance, hashType: defaultHashType, weightUnit: 1 }, members, share, () => 0),
      };
    });
    const pick = (worker: number) => workers[worker]!.balancer.pick(0, null)!.id;
    expect([pick(0), pick(1), pick(1), pick(0)]).toEqual([1, 2, 1, 2]);
    for (const { members, balancer } of workers) members[0]!.down(balancer);
    expect([pick(0), pick(1), pick(0)]).toEqual([2, 2, 2]);
    // The second worker hears of both changes after the first one does.
    for (const { members, balancer } of workers) members[0]!.up(balancer);
    expect(new Set([pick(0), pick(1), pick(0), pick(1)])).toEqual(new Set([1, 2]));
  });

  it('does not get slower with the number of servers', () => {
    const members = makeServers(new Array(10_000).fill(1));
    const balancer = make(balance, defaultHashType, members);
    for (let i = 0; i < 10_000; i++) balancer.pick(0, null);
    const started = process.cpuUsage();
    for (let i = 0; i < 200; i++) {
      members[i]!.down(balancer);
      members[i]!.up(balancer);
    }
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 400).toBeLessThan(1000);
  });
});

describe('static-rr', () => {
  it('goes by weights as configured, whatever is in effect', () => {
    const members = makeServers([1, 2]);
    const balancer = make({ algorithm: 'static-rr' }, defaultHashType, members);
    members[1]!.weigh(1, balancer);
    expect(count(balancer, 30).get(2)).toBe(20);
  });
});

describe('leastconn', () => {
  it('takes the least loaded for its weight, equals in turn', () => {
    const members = makeServers([1, 1, 2]);
    const balancer = make({ algorithm: 'leastconn' }, defaultHashType, members);
    members[0]!.carry(2, balancer);
    members[1]!.carry(3, balancer);
    members[2]!.carry(3, balancer);
    expect(balancer.pick(0, null)!.id).toBe(3);
    for (const server of members) server.carry(0, balancer);
    const seen = new Set<number>();
    for (let i = 0; i < 3; i++) {
      const server = balancer.pick(0, null)!;
      seen.add(server.id);
      server.carry(1, balancer);
      server.carry(0, balancer);
    }
    expect(seen.size).toBe(3);
  });

  it('keeps the order of those that it had to pass over', () => {
    const members = makeServers([1, 1, 1, 1]);
    const balancer = make({ algorithm: 'leastconn' }, defaultHashType, members);
    members[0]!.setFull(true, balancer);
    members[1]!.setFull(true, balancer);
    expect([1, 2].map(() => balancer.pick(0, null)!.id)).toEqual([3, 3]);
    members[1]!.setFull(false, balancer);
    members[0]!.setFull(false, balancer);
    expect(balancer.pick(0, null)!.id).toBe(1);
    expect(balancer.pick(0, members[0]!)!.id).toBe(2);
  });
});

describe('first', () => {
  it('fills the servers by id, and comes back to the first with room', () => {
    const members = makeServers([1, 9, 1]);
    const balancer = make({ algorithm: 'first' }, defaultHashType, members);
    const pick = () => balancer.pick(0, null)?.id;
    expect(pick()).toBe(1);
    members[0]!.setFull(true, balancer);
    expect(pick()).toBe(2);
    members[1]!.setFull(true, balancer);
    expect(pick()).toBe(3);
    members[0]!.setFull(false, balancer);
    expect(pick()).toBe(1);
    members[0]!.down(balancer);
    expect(pick()).toBe(3);
    members[0]!.up(balancer);
    expect(pick()).toBe(1);
  });
});

describe('random', () => {
  it('respects weights, and prefers the less loaded of two', () => {
    const members = makeServers([10, 30]);
    const one = make({ algorithm: 'random', draws: 1 }, defaultHashType, members);
    const share = count(one, 4000).get(2)! / 4000;
    expect(share).toBeGreaterThan(0.5);
    members[1]!.carry(1000, one);
    const two = make({ algorithm: 'random', draws: 2 }, defaultHashType, members);
    expect(count(two, 4000).get(2)! / 4000).toBeLessThan(share);
  });
});

describe('consistent hashes', () => {
  it('move only the keys of a lost server, and bring them back', () => {
    const members = makeServers([1, 1, 1, 1]);
    const balancer = make(uri, consistent, members);
    const pickAll = () => Array.from({ length: 400 }, (_, i) => balancer.pick(keyOf(i), null)!.id);
    const before = pickAll();
    members[3]!.down(balancer);
    const without = pickAll();
    expect(without.filter((id, i) => id !== before[i] && before[i] !== 4)).toEqual([]);
    expect(without).not.toContain(4);
    members[3]!.up(balancer);
    expect(pickAll()).toEqual(before);
    for (const id of [1, 2, 3, 4]) expect(before.filter((b) => b === id).length).toBeGreaterThan(40);
  });

  it('move keys away from a server with more than its share, to the next one by hash', () => {
    const members = makeServers([1, 1, 1]);
    const balancer = make(uri, bounded, members);
    const before = Array.from({ length: 100 }, (_, i) => balancer.pick(keyOf(i), null)!);
    members[0]!.carry(100, balancer);
    for (let i = 0; i < 100; i++) {
      const now = balancer.pick(keyOf(i), null);
      if (before[i] === members[0]) expect(now).not.toBe(members[0]);
      else expect(now).toBe(before[i]);
    }
  });

  it('leave a full server when they may', () => {
    const members = makeServers([1, 1, 1]);
    const picks = (['always', 'maxconn', 'maxqueue'] as const).map((affinity) => {
      const balancer = make(uri, { ...consistent, affinity }, members);
      return () => Array.from({ length: 60 }, (_, i) => balancer.pick(keyOf(i), null)!.id);
    });
    const before = picks[0]!();
    expect(picks.map((pick) => pick())).toEqual([before, before, before]);
    members[0]!.full = true;
    expect(picks[0]!()).toEqual(before);
    for (const pick of picks.slice(1)) {
      expect(pick()).not.toContain(1);
      expect(pick().filter((id, i) => id !== before[i] && before[i] !== 1)).toEqual([]);
    }
    for (const server of members) server.full = true;
    for (const pick of picks) expect(pick()).toEqual(before);
  });

  it('cost little to change among 10,000 servers', () => {
    const members = makeServers(new Array(10_000).fill(1));
    const balancer = make(uri, consistent, members);
    const started = process.cpuUsage();
    for (let i = 0; i < 100; i++) members[i]!.down(balancer);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 100).toBeLessThan(1000);
  });
});

describe('the order of static hashes', () => {
  /** The definition, step by step. */
  function makeByTrying(weights: readonly number[]): number[] {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const credit = weights.map(() => 0);
    return Array.from({ length: total }, () => {
      for (const [i, weight] of weights.entries()) credit[i]! += weight;
      const owed = credit.map((each) => Math.floor(each / total));
      const best = owed.indexOf(Math.max(...owed));
      credit[best]! -= total;
      return best;
    });
  }

  it('is the one that the definition gives', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), (weights) => {
        const schedule = [...makeSchedule(weights, 1)];
        const byTrying = makeByTrying(weights);
        expect(schedule).toEqual(byTrying);
      }),
      { numRuns: 200 },
    );
  });

  it('gives every server as many turns as its weight says', () => {
    const schedule = [...makeSchedule([256, 1, 77], 1)];
    expect([0, 1, 2].map((i) => schedule.filter((turn) => turn === i).length)).toEqual([256, 1, 77]);
    expect(WEIGHT_SCALE).toBe(16);
  });
});
