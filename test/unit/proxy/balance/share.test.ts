import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemberHeaps } from '../../../../src/proxy/balance/member-heaps.ts';
import { BalanceShare, makeBalanceMemory, makeOwnShare, planShares } from '../../../../src/proxy/balance/share.ts';
import { makeProxy, makeServer } from '../configuration.ts';

/** Enough for either to be interrupted in the middle many times. */
const ROUNDS = 200_000;

describe('BalanceShare', () => {
  it('gives each group of each proxy memory of its own, the same in every worker', () => {
    const proxies = [
      makeProxy({ servers: [makeServer(1), makeServer(2, { backup: true })] }),
      makeProxy({ id: 3, servers: [makeServer(1), makeServer(2), makeServer(3)] }),
    ];
    const memory = makeBalanceMemory(proxies);
    const plans = [1, 2].map(() => planShares(memory, proxies, false));
    const shares = plans.map((plan) => [...plan.values()].flatMap(({ active, backup }) => [active, backup]));
    expect(shares[0]!.map((share) => share.members)).toEqual([1, 1, 3, 0]);
    for (const [i, share] of shares[0]!.entries()) {
      share.words.fill(i + 1);
      for (let c = 0; c < 12; c++) share.column().fill(100 + i);
      share.orderKeys().fill(1000 + i);
    }
    for (const [i, share] of shares[1]!.entries()) {
      expect([...share.words]).toEqual(new Array(15).fill(i + 1));
      for (let c = 0; c < 12; c++) expect([...share.column()]).toEqual(new Array(share.members).fill(100 + i));
      expect([...share.orderKeys()]).toEqual(new Array(share.members).fill(1000 + i));
      expect(() => share.column()).toThrow('no more columns');
    }
  });

  it('keeps two threads from writing at the same time', async () => {
    const memory = makeBalanceMemory([makeProxy({ servers: [makeServer(1)] })]);
    const { outputFiles } = buildSync({
      entryPoints: ['src/proxy/balance/share.ts'],
      bundle: true,
      write: false,
      format: 'cjs',
      platform: 'node',
    });
    const code = `${outputFiles[0]!.text}
      const share = new module.exports.BalanceShare(require('node:worker_threads').workerData, 0, 1, false);
      Atomics.add(share.words, 2, 1);
      while (Atomics.load(share.words, 2) < 2);
      for (let i = 0; i < ${ROUNDS}; i++) {
        share.enter();
        const before = share.words[0];
        for (let k = 0; k < 20; k++) share.words[1] = k;
        share.words[0] = before + 1;
        share.leave();
      }`;
    const start = () => {
      const worker = new Worker(code, { eval: true, workerData: memory });
      return new Promise<number>((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    };
    expect(await Promise.all([start(), start()])).toEqual([0, 0]);
    expect(new BalanceShare(memory, 0, 1, false).words[0]).toBe(2 * ROUNDS);
  });
});

describe('MemberHeaps', () => {
  it('have the smallest key first, and the first to come among equals', () => {
    const step = fc.tuple(fc.constantFrom('add', 'remove', 'take'), fc.nat(7), fc.nat(3), fc.nat(1));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const heaps = new MemberHeaps(makeOwnShare(8), 2, 0);
        // What they should be: sorted lists.
        const lists: [number, number][][] = [[], []];
        const find = (member: number) => lists.findIndex((list) => list.some(([m]) => m === member));
        for (const [what, member, key, heap] of steps) {
          const at = find(member);
          if (what === 'add' && at < 0) {
            heaps.add(heap, member, key);
            lists[heap] = [...lists[heap]!, [member, key] as [number, number]].sort((a, b) => a[1] - b[1]);
          } else if (what === 'remove' && at >= 0) {
            heaps.remove(member);
            lists[at] = lists[at]!.filter(([m]) => m !== member);
          } else if (what === 'take') {
            // Taken out and put back: nothing changes.
            const first = heaps.first(heap);
            if (first >= 0) {
              heaps.remove(first);
              heaps.putBack(heap, first);
            }
          }
          for (const h of [0, 1]) expect(heaps.first(h)).toBe(lists[h]![0]?.[0] ?? -1);
          for (let m = 0; m < 8; m++) expect(heaps.heapOf(m)).toBe(find(m));
        }
      }),
    );
  });
});
