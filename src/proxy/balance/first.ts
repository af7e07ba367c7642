/** `balance first`: the first server (by id) that has room, so that the last ones can be switched off. */
import type { Balancer, Candidate } from './balancer.ts';

export class FirstBalancer<C extends Candidate> implements Balancer<C> {
  private candidates: readonly C[] = [];

  rebuild(candidates: readonly C[]): void {
    this.candidates = [...candidates].sort((a, b) => a.id - b.id);
  }

  pick(_key: number, avoid: C | null): C | null {
    let fallback: C | null = null;
    for (const candidate of this.candidates) {
      if (candidate.isFull()) continue;
      if (candidate !== avoid) return candidate;
      fallback = candidate;
    }
    return fallback;
  }
}
