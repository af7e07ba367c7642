/**
 * `balance leastconn`: the fewest sessions for its weight, counting the one to come; an idle server goes before all
 * others; equals take turns.
 */
import type { Balancer, Candidate, SharedPosition } from './balancer.ts';

export class LeastconnBalancer<C extends Candidate> implements Balancer<C> {
  private candidates: readonly C[] = [];
  private readonly position: SharedPosition;

  constructor(position: SharedPosition) {
    this.position = position;
  }

  rebuild(candidates: readonly C[]): void {
    this.candidates = candidates;
  }

  pick(_key: number, avoid: C | null): C | null {
    const { candidates, position } = this;
    const count = candidates.length;
    if (count === 0) return null;
    const start = Atomics.load(position.ints, position.index) >>> 0;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    let fallback: C | null = null;
    for (let i = 0; i < count; i++) {
      const index = (start + i) % count;
      const candidate = candidates[index]!;
      if (candidate.isFull()) continue;
      if (candidate === avoid) {
        fallback = candidate;
        continue;
      }
      const sessions = candidate.load();
      const load = sessions === 0 ? 0 : (sessions + 1) / candidate.weight;
      if (load >= least) continue;
      least = load;
      best = index;
    }
    if (best < 0) return fallback;
    Atomics.store(position.ints, position.index, best + 1);
    return candidates[best]!;
  }
}
