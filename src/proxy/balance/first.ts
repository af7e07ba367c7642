/** `balance first`: the first server (by id) that has room, so that the last ones can be switched off. */
import type { Balancer, Candidate, LoadFollower } from './balancer.ts';
import type { BalanceShare } from './share.ts';

/** Word of the share: servers before this place in the order are known to be full or out of use. */
const SKIPPED = 0;

export class FirstBalancer<C extends Candidate> implements Balancer<C>, LoadFollower<C> {
  readonly follower = this;
  /** By id, and where each member stands in that. */
  private readonly order: readonly C[];
  private readonly placeOf: Int32Array;
  private readonly share: BalanceShare;
  /** Limits that move by themselves are looked at anew each time. */
  private readonly remembers: boolean;

  constructor(members: readonly C[], share: BalanceShare) {
    this.order = [...members].sort((a, b) => a.id - b.id);
    this.placeOf = new Int32Array(members.length);
    for (const [place, candidate] of this.order.entries()) this.placeOf[candidate.member] = place;
    this.share = share;
    this.remembers = members.every((m) => !m.limitMoves);
  }

  update(candidate: C): void {
    this.loadChanged(candidate);
  }

  loadChanged(candidate: C): void {
    const { share } = this;
    const place = this.placeOf[candidate.member]!;
    share.enter();
    if (place < share.words[SKIPPED]!) share.words[SKIPPED] = place;
    share.leave();
  }

  pick(_key: number, avoid: C | null): C | null {
    this.share.enter();
    const chosen = this.find(avoid);
    this.share.leave();
    return chosen;
  }

  private find(avoid: C | null): C | null {
    const { order } = this;
    const { words } = this.share;
    let fallback: C | null = null;
    let full = true;
    for (let place = this.remembers ? words[SKIPPED]! : 0; place < order.length; place++) {
      const candidate = order[place]!;
      const takes = candidate.effectiveWeight > 0 && candidate.hasRoom();
      if (full) words[SKIPPED] = place;
      if (!takes) continue;
      full = false;
      if (candidate !== avoid) return candidate;
      fallback = candidate;
    }
    return fallback;
  }
}
