/**
 * `balance leastconn`: the fewest sessions for its weight, counting the one to come; an idle server goes before all
 * others; equals take turns. Sessions that wait for a server count, and a server with `maxqueue` may get one more in
 * its queue.
 */
import type { Balancer, Candidate, LoadFollower } from './balancer.ts';
import { MemberHeaps } from './member-heaps.ts';
import type { BalanceShare } from './share.ts';

const BEGUN = 0;
const FIRST_HEAP_WORD = 1;
const MAX_WEIGHT = 4096;
const USED = 0;

export class LeastconnBalancer<C extends Candidate> implements Balancer<C>, LoadFollower<C> {
  readonly follower = this;
  private readonly members: readonly C[];
  private readonly share: BalanceShare;
  private readonly heap: MemberHeaps;
  private readonly weight: Int32Array;
  private readonly changes: Int32Array;
  private readonly passed: Int32Array;

  constructor(members: readonly C[], share: BalanceShare) {
    this.members = members;
    this.share = share;
    this.heap = new MemberHeaps(share, 1, FIRST_HEAP_WORD);
    this.weight = share.column();
    this.changes = share.column();
    this.passed = new Int32Array(members.length);
    share.enter();
    if (share.words[BEGUN] === 0) this.begin();
    share.leave();
  }

  private begin(): void {
    this.share.words[BEGUN] = 1;
    for (const candidate of this.members) {
      this.changes[candidate.member] = candidate.changes;
      this.place(candidate, candidate.effectiveWeight);
    }
  }

  update(candidate: C): void {
    const { share, changes } = this;
    const m = candidate.member;
    share.enter();
    if (candidate.changes > changes[m]!) {
      changes[m] = candidate.changes;
      if (candidate.effectiveWeight !== this.weight[m]) this.place(candidate, candidate.effectiveWeight);
    }
    share.leave();
  }

  private place(candidate: C, weight: number): void {
    const m = candidate.member;
    this.heap.remove(m);
    this.weight[m] = weight;
    if (weight > 0) this.heap.add(USED, m, keyOf(candidate.load(), weight));
  }

  loadChanged(candidate: C): void {
    const { share, heap } = this;
    const m = candidate.member;
    share.enter();
    if (heap.heapOf(m) === USED) {
      const key = keyOf(candidate.load(), this.weight[m]!);
      if (key !== heap.keyOf(m)) {
        heap.remove(m);
        heap.add(USED, m, key);
      }
    }
    share.leave();
  }

  pick(_key: number, avoid: C | null): C | null {
    this.share.enter();
    const chosen = this.find(avoid);
    this.share.leave();
    return chosen;
  }

  private find(avoid: C | null): C | null {
    const { heap, members, passed } = this;
    let count = 0;
    let chosen: C | null = null;
    let avoided: C | null = null;
    for (let m = heap.first(USED); m >= 0 && chosen === null; m = heap.first(USED)) {
      const candidate = members[m]!;
      const takes = candidate.mayQueue();
      if (takes && candidate !== avoid) {
        chosen = candidate;
        break;
      }
      if (takes) avoided = candidate;
      heap.remove(m);
      passed[count++] = m;
    }
    while (count > 0) heap.putBack(USED, passed[--count]!);
    return chosen ?? avoided;
  }
}

function keyOf(sessions: number, weight: number): number {
  return sessions === 0 ? 0 : Math.floor(((sessions + 1) * MAX_WEIGHT) / weight);
}
