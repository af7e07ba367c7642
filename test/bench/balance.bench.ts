/**
 * Prints what it costs to choose one of 10, 1,000 and 10,000 servers by each algorithm, and to learn that one of them went
 * down: processor time, in this thread alone.
 *
 *     node test/bench/run.mjs balance
 *
 * A pick may cost four times as much among 10,000 servers as among 10 (caches are what they are); a change has to stay
 * below a millisecond. Static hashes lay their whole order out at the first pick after a change: the row says so.
 */
import { loadavg } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { type Balance, defaultHashType, type HashType } from '../../src/config/balance.ts';
import { makeBalancer } from '../../src/proxy/balance/algorithms.ts';
import type { Balancer } from '../../src/proxy/balance/balancer.ts';
import { mixBits } from '../../src/proxy/balance/hash-functions.ts';
import { findUnit } from '../../src/proxy/balance/schedule.ts';
import { makeOwnShare } from '../../src/proxy/balance/share.ts';
import { type FakeServer, makeServers } from '../contract/fake-server.ts';

const COUNTS = [10, 1000, 10_000];
const PICKS = 200_000;
const CHANGES = 50;
const PICK_RATIO_BOUND = 4;
const CHANGE_BOUND_US = 1000;

const consistent: HashType = { ...defaultHashType, method: 'consistent', avalanche: true };
const algorithms: readonly [name: string, balance: Balance, hashType: HashType][] = [
  ['roundrobin', { algorithm: 'roundrobin' }, defaultHashType],
  ['static-rr', { algorithm: 'static-rr' }, defaultHashType],
  ['leastconn', { algorithm: 'leastconn' }, defaultHashType],
  ['first', { algorithm: 'first' }, defaultHashType],
  ['random', { algorithm: 'random', draws: 2 }, defaultHashType],
  ['hash, map-based', { algorithm: 'source' }, defaultHashType],
  ['hash, consistent', { algorithm: 'source' }, consistent],
];
const weightings: readonly [name: string, weigh: (i: number) => number][] = [
  ['equal', () => 1],
  ['mixed', (i) => (i % 10) + 1],
];

const rows = [
  '| algorithm | weights | servers | us a pick | us a change | us the first pick after it |',
  '|---|---|---|---|---|---|',
];

afterAll(() => console.log(`\n${rows.join('\n')}\nload of this machine: ${loadavg()[0]!.toFixed(1)}\n`));

function cpuUs(times: number, run: () => void): number {
  const started = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / times;
}

interface Cost {
  readonly pickUs: number;
  readonly changeUs: number;
  readonly firstUs: number;
}

/** Sessions come and go: a hundred are there at any time. */
function pickMany(balancer: Balancer<FakeServer>, times: number): void {
  const held: FakeServer[] = [];
  for (let i = 0; i < times; i++) {
    const server = balancer.pick(mixBits(i), null)!;
    server.carry(server.sessions + 1, balancer);
    held.push(server);
    if (held.length <= 100) continue;
    const left = held.shift()!;
    left.carry(left.sessions - 1, balancer);
  }
  for (const server of held) server.carry(0, balancer);
}

function measure(balance: Balance, hashType: HashType, count: number, weigh: (i: number) => number): Cost {
  const members = makeServers(Array.from({ length: count }, (_, i) => weigh(i)));
  const how = { balance, hashType, weightUnit: findUnit(members.map((m) => m.weight)) };
  const balancer = makeBalancer(how, members, makeOwnShare(count), () => 100);
  pickMany(balancer, PICKS / 4);
  const pickUs = cpuUs(PICKS, () => pickMany(balancer, PICKS));
  let changeUs = 0;
  let firstUs = 0;
  for (let i = 0; i < CHANGES; i++) {
    const server = members[(i * 7919) % count]!;
    changeUs += cpuUs(2 * CHANGES, () => server.down(balancer));
    firstUs += cpuUs(CHANGES, () => balancer.pick(mixBits(i), null));
    changeUs += cpuUs(2 * CHANGES, () => server.up(balancer));
  }
  return { pickUs, changeUs, firstUs };
}

describe.each(algorithms)('%s', (name, balance, hashType) => {
  it.each(weightings)('with %s weights', (weights, weigh) => {
    const costs = COUNTS.map((count) => measure(balance, hashType, count, weigh));
    for (const [i, { pickUs, changeUs, firstUs }] of costs.entries()) {
      rows.push(
        `| ${name} | ${weights} | ${COUNTS[i]} | ${pickUs.toFixed(2)} | ${changeUs.toFixed(1)} | ${firstUs.toFixed(1)} |`,
      );
      expect(changeUs).toBeLessThan(CHANGE_BOUND_US);
    }
    expect(costs[2]!.pickUs).toBeLessThan(PICK_RATIO_BOUND * costs[0]!.pickUs + 0.5);
  });
});
