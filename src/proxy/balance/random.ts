/**
 * `balance random(draws)`: the least loaded of some servers drawn by weight, from the points of a consistent hash. When
 * the one drawn is full the session waits in the backend's queue, even though others may have room, as in HAProxy.
 */
import type { HashType } from '../../config/balance.ts';
import type { BackendLoad, Balancer, Candidate } from './balancer.ts';
import { BoundedRing } from './ring.ts';

export class RandomBalancer<C extends Candidate> implements Balancer<C> {
  private readonly bounded: BoundedRing<C>;
  private readonly draws: number;

  constructor(members: readonly C[], hashType: HashType, backendLoad: BackendLoad, draws: number) {
    this.bounded = new BoundedRing(members, { ...hashType, affinity: 'always' }, backendLoad);
    this.draws = Math.max(1, draws);
  }

  update(candidate: C): void {
    this.bounded.update(candidate);
  }

  pick(_key: number, avoid: C | null): C | null {
    let best: C | null = null;
    for (let i = 0; i < this.draws; i++) {
      const drawn = this.bounded.find(Math.floor(Math.random() * 4294967296), avoid);
      if (drawn === null) return null;
      if (best === null || isLighter(drawn, best)) best = drawn;
    }
    return best?.hasRoom() ? best : null;
  }
}

/** Whether `drawn` carries no more for its weight than the best one so far. */
function isLighter(drawn: Candidate, best: Candidate): boolean {
  return drawn.served() * best.effectiveWeight <= best.served() * drawn.effectiveWeight;
}
