import { expect, it } from 'vitest';
import type { Candidate } from '../../../../src/proxy/balance/balancer.ts';
import { StickyBalancer } from '../../../../src/proxy/balance/sticky.ts';

function memberOf(member: number): Candidate & { effectiveWeight: number } {
  return { id: member + 1, member, weight: 1, effectiveWeight: 16 } as Candidate & { effectiveWeight: number };
}

it('stays with one server, and does not come back to one that was away', () => {
  const [a, b, c] = [memberOf(0), memberOf(1), memberOf(2)];
  const balancer = new StickyBalancer([a, b, c]);
  const change = (member: typeof a, weight: number) => {
    member.effectiveWeight = weight;
    balancer.update(member);
    return balancer.pick(-1, null);
  };
  expect(balancer.pick(-1, null)).toBe(a);
  expect(change(c, 0)).toBe(a);
  expect(change(a, 0)).toBe(b);
  expect(change(a, 16)).toBe(b);
  expect(change(c, 16)).toBe(b);
  expect(change(b, 0)).toBe(a);
  expect(change(a, 0)).toBe(c);
  expect(change(c, 0)).toBeNull();
});
