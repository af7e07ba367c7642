/**
 * `balance source`: the client's address decides (`hash-type map-based`: modulo over the turn order; `consistent`: the
 * next point on a ring, so that a lost server moves only its own clients). A full server is returned as it is: its
 * clients wait for it.
 */
import type { Balancer, Candidate } from './balancer.ts';
import { makeSchedule } from './schedule.ts';

/** Points on the ring for each unit of weight. */
const POINTS = 16;

export class SourceBalancer<C extends Candidate> implements Balancer<C> {
  private candidates: readonly C[] = [];
  private turns: Int32Array = new Int32Array(0);
  private ring: readonly { readonly at: number; readonly candidate: C }[] = [];
  private readonly consistent: boolean;

  constructor(hashType: 'map-based' | 'consistent') {
    this.consistent = hashType === 'consistent';
  }

  rebuild(candidates: readonly C[]): void {
    this.candidates = candidates;
    if (!this.consistent) this.turns = makeSchedule(candidates.map((c) => c.weight));
    else this.ring = candidates.flatMap(pointsOf).sort((a, b) => a.at - b.at);
  }

  pick(key: number, avoid: C | null): C | null {
    const { candidates } = this;
    if (candidates.length === 0) return null;
    const chosen = this.consistent ? this.lookUp(mix(key)) : candidates[this.turns[(key >>> 0) % this.turns.length]!]!;
    if (chosen !== avoid || candidates.length === 1) return chosen;
    return candidates[(candidates.indexOf(chosen) + 1) % candidates.length]!;
  }

  private lookUp(hash: number): C {
    const { ring } = this;
    let low = 0;
    let high = ring.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ring[middle]!.at < hash) low = middle + 1;
      else high = middle;
    }
    return ring[low % ring.length]!.candidate;
  }
}

function pointsOf<C extends Candidate>(candidate: C): { at: number; candidate: C }[] {
  const count = candidate.weight * POINTS;
  return Array.from({ length: count }, (_, i) => ({ at: mix(Math.imul(candidate.id, 0x9e3779b1) + i), candidate }));
}

/** An avalanche over 32 bits (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The key of an address as HAProxy makes it: its 32-bit words, each in network order, combined by exclusive or.
 * `view` holds an address of `length` bytes at `at`.
 */
export function hashAddress(view: DataView, at: number, length: number): number {
  let hash = 0;
  for (let i = 0; i + 4 <= length; i += 4) hash ^= view.getUint32(at + i);
  return hash >>> 0;
}
