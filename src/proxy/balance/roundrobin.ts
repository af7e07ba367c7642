/** `balance roundrobin` and `static-rr`: turns by weight; what is full or was just tried is passed over. */
import type { Balancer, Candidate, SharedPosition } from './balancer.ts';
import { makeEvenTurns, makeSchedule } from './schedule.ts';

export class RoundrobinBalancer<C extends Candidate> implements Balancer<C> {
  private candidates: readonly C[] = [];
  private turns: Int32Array = new Int32Array(0);
  private readonly position: SharedPosition;
  private readonly even: boolean;

  constructor(position: SharedPosition, even: boolean) {
    this.position = position;
    this.even = even;
  }

  rebuild(candidates: readonly C[]): void {
    this.candidates = candidates;
    const weights = candidates.map((c) => c.weight);
    this.turns = this.even ? makeEvenTurns(weights) : makeSchedule(weights);
  }

  pick(_key: number, avoid: C | null): C | null {
    const { turns, candidates } = this;
    let fallback: C | null = null;
    for (let i = 0; i < turns.length; i++) {
      const turn = (Atomics.add(this.position.ints, this.position.index, 1) >>> 0) % turns.length;
      const candidate = candidates[turns[turn]!]!;
      if (candidate.isFull()) continue;
      if (candidate !== avoid) return candidate;
      fallback = candidate;
    }
    return fallback;
  }
}
