/** What every balancing algorithm owes its backend, whatever it prefers; and what each one prefers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Balance } from '../../src/config/haproxy.ts';
import { type Balancer, type Candidate, makeBalancer } from '../../src/proxy/balance/balancer.ts';
import { makeSchedule } from '../../src/proxy/balance/schedule.ts';

class FakeServer implements Candidate {
  readonly id: number;
  readonly weight: number;
  sessions = 0;
  full = false;

  constructor(id: number, weight = 1) {
    this.id = id;
    this.weight = weight;
  }

  load(): number {
    return this.sessions;
  }

  isFull(): boolean {
    return this.full;
  }
}

type Case = readonly [name: string, balance: Balance, hashType: 'map-based' | 'consistent'];

const all: readonly Case[] = [
  ['roundrobin', { algorithm: 'roundrobin' }, 'map-based'],
  ['static-rr', { algorithm: 'static-rr' }, 'map-based'],
  ['leastconn', { algorithm: 'leastconn' }, 'map-based'],
  ['first', { algorithm: 'first' }, 'map-based'],
  ['source', { algorithm: 'source' }, 'map-based'],
  ['source, consistent', { algorithm: 'source' }, 'consistent'],
  ['random', { algorithm: 'random', draws: 2 }, 'map-based'],
];
/** Those that bind clients to servers may answer with a full one. */
const unbound = all.filter(([name]) => !name.startsWith('source'));

function make(balance: Balance, hashType: 'map-based' | 'consistent'): Balancer<FakeServer> {
  return makeBalancer<FakeServer>(balance, hashType, { ints: new Int32Array(1), index: 0 });
}

function servers(weights: readonly number[]): FakeServer[] {
  return weights.map((weight, i) => new FakeServer(i + 1, weight));
}

function count(
  balancer: Balancer<FakeServer>,
  picks: number,
  key: (i: number) => number = (i) => i * 2654435761,
): Map<number, number> {
  const seen = new Map<number, number>();
  for (let i = 0; i < picks; i++) {
    const id = balancer.pick(key(i) >>> 0, null)?.id ?? 0;
    seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  return seen;
}

describe.each(all)('%s', (_, balance, hashType) => {
  it('has nobody to choose before it has candidates, and after they are gone', () => {
    const balancer = make(balance, hashType);
    expect(balancer.pick(1, null)).toBeNull();
    balancer.rebuild(servers([1, 1]));
    expect(balancer.pick(1, null)).not.toBeNull();
    balancer.rebuild([]);
    expect(balancer.pick(1, null)).toBeNull();
  });

  it('chooses among the candidates only, for any key and weights', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(0xffffffff), { minLength: 1, maxLength: 20 }),
        (weights, keys) => {
          const balancer = make(balance, hashType);
          const pool = servers(weights);
          balancer.rebuild(pool);
          for (const key of keys) expect(pool).toContain(balancer.pick(key, null));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('avoids the one that has just failed when there is another, and takes it when there is none', () => {
    const balancer = make(balance, hashType);
    const pool = servers([1, 1, 1]);
    balancer.rebuild(pool);
    for (let key = 0; key < 50; key++) expect(balancer.pick(key * 7919, pool[1]!)).not.toBe(pool[1]);
    balancer.rebuild(pool.slice(1, 2));
    expect(balancer.pick(5, pool[1]!)).toBe(pool[1]);
  });

  it('answers the same with a pool rebuilt in the same way', () => {
    if (balance.algorithm === 'random') return;
    const picks = [1, 2].map(() => {
      const balancer = make(balance, hashType);
      balancer.rebuild(servers([3, 1, 2]));
      return Array.from({ length: 30 }, (_, i) => balancer.pick(i * 977, null)?.id);
    });
    expect(picks[0]).toEqual(picks[1]);
  });
});

describe.each(unbound)('%s', (_, balance, hashType) => {
  it('never returns a full server', () => {
    const balancer = make(balance, hashType);
    const pool = servers([1, 5, 1]);
    balancer.rebuild(pool);
    pool[1]!.full = true;
    expect(count(balancer, 60).has(2)).toBe(false);
    for (const server of pool) server.full = true;
    expect(balancer.pick(3, null)).toBeNull();
    expect(balancer.pick(3, pool[0]!)).toBeNull();
  });
});

describe('roundrobin', () => {
  it('gives turns in the declared order', () => {
    const balancer = make({ algorithm: 'roundrobin' }, 'map-based');
    balancer.rebuild(servers([1, 1, 1]));
    expect(Array.from({ length: 6 }, () => balancer.pick(0, null)!.id)).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('gives exactly the weights over a round, evenly spread', () => {
    const balancer = make({ algorithm: 'roundrobin' }, 'map-based');
    balancer.rebuild(servers([30, 10, 20]));
    expect(count(balancer, 60)).toEqual(
      new Map([
        [1, 30],
        [3, 20],
        [2, 10],
      ]),
    );
    const turns = [...makeSchedule([3, 1, 2])];
    expect(turns.length).toBe(6);
    expect(turns.join('')).not.toMatch(/00[^0]*00|22/);
  });

  it('shares its position between workers', () => {
    const position = { ints: new Int32Array(1), index: 0 };
    const workers = [1, 2].map(() => makeBalancer<FakeServer>({ algorithm: 'roundrobin' }, 'map-based', position));
    const pool = servers([1, 1]);
    for (const worker of workers) worker.rebuild(pool);
    expect(workers.flatMap((w) => [w.pick(0, null)!.id])).toEqual([1, 2]);
  });
});

describe('leastconn', () => {
  it('takes the least loaded for its weight, equals in turn', () => {
    const balancer = make({ algorithm: 'leastconn' }, 'map-based');
    const pool = servers([1, 1, 2]);
    balancer.rebuild(pool);
    pool[0]!.sessions = 2;
    pool[1]!.sessions = 3;
    pool[2]!.sessions = 3;
    expect(balancer.pick(0, null)!.id).toBe(3);
    for (const server of pool) server.sessions = 0;
    expect(new Set(Array.from({ length: 3 }, () => balancer.pick(0, null)!.id)).size).toBe(3);
  });
});

describe('first', () => {
  it('fills the servers by id', () => {
    const balancer = make({ algorithm: 'first' }, 'map-based');
    const pool = servers([1, 9]);
    balancer.rebuild([pool[1]!, pool[0]!]);
    expect(balancer.pick(0, null)!.id).toBe(1);
    pool[0]!.full = true;
    expect(balancer.pick(0, null)!.id).toBe(2);
  });
});

describe('source', () => {
  it('sends a client to the same server always', () => {
    for (const hashType of ['map-based', 'consistent'] as const) {
      const balancer = make({ algorithm: 'source' }, hashType);
      balancer.rebuild(servers([1, 2, 3]));
      for (let key = 0; key < 100; key++) {
        expect(balancer.pick(key * 65537, null)).toBe(balancer.pick(key * 65537, null));
      }
    }
  });

  it('moves only the clients of a lost server when the hash is consistent', () => {
    const balancer = make({ algorithm: 'source' }, 'consistent');
    const pool = servers([1, 1, 1, 1]);
    balancer.rebuild(pool);
    const keys = Array.from({ length: 400 }, (_, i) => (i * 2654435761) >>> 0);
    const before = keys.map((key) => balancer.pick(key, null)!.id);
    balancer.rebuild(pool.slice(0, 3));
    const moved = keys.filter((key, i) => balancer.pick(key, null)!.id !== before[i] && before[i] !== 4);
    expect(moved).toEqual([]);
    for (const id of [1, 2, 3, 4]) expect(before.filter((b) => b === id).length).toBeGreaterThan(40);
  });
});
