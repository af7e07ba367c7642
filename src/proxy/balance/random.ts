/** `balance random(draws)`: the least loaded of some servers drawn by weight. */
import type { Balancer, Candidate } from './balancer.ts';

export class RandomBalancer<C extends Candidate> implements Balancer<C> {
  private candidates: readonly C[] = [];
  private total = 0;
  private readonly draws: number;

  constructor(draws: number) {
    this.draws = Math.max(1, draws);
  }

  rebuild(candidates: readonly C[]): void {
    this.candidates = candidates;
    this.total = candidates.reduce((sum, c) => sum + c.weight, 0);
  }

  pick(_key: number, avoid: C | null): C | null {
    let best: C | null = null;
    for (let i = 0; i < this.draws; i++) {
      const drawn = this.draw();
      if (drawn === null || drawn === avoid || drawn.isFull()) continue;
      if (best === null || drawn.load() / drawn.weight < best.load() / best.weight) best = drawn;
    }
    return best ?? this.firstWithRoom(avoid);
  }

  private draw(): C | null {
    let left = Math.random() * this.total;
    for (const candidate of this.candidates) {
      left -= candidate.weight;
      if (left < 0) return candidate;
    }
    return this.candidates.at(-1) ?? null;
  }

  /** All draws hit what cannot be used. */
  private firstWithRoom(avoid: C | null): C | null {
    const open = this.candidates.filter((c) => !c.isFull());
    return open.find((c) => c !== avoid) ?? open[0] ?? null;
  }
}
