/**
 * `balance roundrobin`: turns by weight that are spread evenly and follow changes of weights at once.
 *
 * It is HAProxy's way of taking turns, which gives the same sequence for the same weights. A round is as long as the
 * sum of weights. Every server has a position in it where its next turn is due, and moves on by `round / weight` when
 * it has had it; remainders are carried, so that nobody loses by rounding.
 *
 *     JOINING    servers whose first turn in this round is open, heaviest first: they fill the holes
 *     CURRENT    servers with a turn still due in this round, by position
 *     LATER      servers that are done with this round; they are JOINING in the next one
 *
 * A full server is passed over and its turn counts as taken. All state is in the share, under its lock.
 */
import type { Balancer, Candidate } from './balancer.ts';
import { MemberHeaps } from './member-heaps.ts';
import type { BalanceShare } from './share.ts';

const CURRENT = 0;
/** Heaps 1 and 2 are JOINING and LATER by turns. */
const HEAPS = 3;

/** Words of the share. */
const BEGUN = 0;
const POSITION = 1;
/** Sum of weights that this round was laid out for, and of those in effect now. */
const ROUND = 2;
const TOTAL = 3;
const JOINING = 4;
const FIRST_HEAP_WORD = 5;

const WEIGHT_RANGE = 256;
const MAX_WEIGHT = 4096;
const SCALE = 16;

export class RoundrobinBalancer<C extends Candidate> implements Balancer<C> {
  private readonly members: readonly C[];
  private readonly share: BalanceShare;
  private readonly words: Int32Array;
  private readonly heaps: MemberHeaps;
  private readonly weight: Int32Array;
  private readonly changes: Int32Array;
  /** Where the next turn is due and where the last one was. */
  private readonly next: Int32Array;
  private readonly last: Int32Array;
  /** What rounding left over. */
  private readonly rest: Int32Array;
  /** Servers passed over by the pick at hand. */
  private readonly passed: Int32Array;

  constructor(members: readonly C[], share: BalanceShare) {
    this.members = members;
    this.share = share;
    this.words = share.words;
    this.heaps = new MemberHeaps(share, HEAPS, FIRST_HEAP_WORD);
    this.weight = share.column();
    this.changes = share.column();
    this.next = share.column();
    this.last = share.column();
    this.rest = share.column();
    this.passed = new Int32Array(members.length + 1);
    share.enter();
    if (this.words[BEGUN] === 0) this.begin();
    share.leave();
  }

  /** The first worker that comes lays everything out. */
  private begin(): void {
    const { words, members } = this;
    words[BEGUN] = 1;
    words[JOINING] = 1;
    for (let m = 0; m < members.length; m++) {
      this.weight[m] = members[m]!.effectiveWeight;
      this.changes[m] = members[m]!.changes;
      words[TOTAL]! += this.weight[m]!;
      if (this.weight[m]! > 0) this.queueByWeight(words[JOINING]!, m);
    }
    words[POSITION] = words[ROUND] = words[TOTAL]!;
  }

  update(candidate: C): void {
    const { share } = this;
    const m = candidate.member;
    share.enter();
    // Another worker may have learned of it before.
    if (candidate.changes > this.changes[m]!) {
      this.changes[m] = candidate.changes;
      this.reweigh(m, candidate.effectiveWeight);
    }
    share.leave();
  }

  private reweigh(m: number, weight: number): void {
    const { words, heaps } = this;
    const before = this.weight[m]!;
    if (weight === before) return;
    this.weight[m] = weight;
    words[TOTAL]! += weight - before;
    const heap = heaps.heapOf(m);
    heaps.remove(m);
    if (weight === 0) return;
    if (before === 0) this.comeBack(m);
    else if (heap === words[JOINING]) this.queueByWeight(heap, m);
    else this.moveTurn(m, heap);
  }

  /** A server that was away gets its first turn within the rest of this round and the next one. */
  private comeBack(m: number): void {
    const { words } = this;
    const left = words[TOTAL]! + words[ROUND]! - words[POSITION]!;
    this.next[m] = words[POSITION]! + Math.trunc(left / this.weight[m]!);
    this.queue(m);
  }

  /** Its turn comes no later than it would have come, nor at once. */
  private moveTurn(m: number, heap: number): void {
    const { words, next } = this;
    if (heap !== CURRENT) next[m]! += words[ROUND]!;
    const due = next[m]!;
    const step = Math.trunc(words[TOTAL]! / this.weight[m]!);
    next[m] = Math.min(this.last[m]! + step, due);
    this.rest[m] = 0;
    if (next[m]! < words[POSITION]! + 2) next[m] = words[POSITION]! + step;
    this.queue(m);
  }

  pick(_key: number, avoid: C | null): C | null {
    if (this.members.length === 1) return this.takeSole(this.members[0]!);
    this.share.enter();
    const m = this.takeTurn(avoid === null ? -1 : avoid.member);
    this.share.leave();
    return m < 0 ? null : this.members[m]!;
  }

  /** Every turn is a sole server's. */
  private takeSole(server: C): C | null {
    return server.effectiveWeight > 0 && server.hasRoom() ? server : null;
  }

  private takeTurn(avoid: number): number {
    const { words, passed, heaps } = this;
    let count = 0;
    let avoided = -1;
    let chosen = -1;
    let switched = false;
    for (;;) {
      if (words[ROUND] === 0) words[POSITION] = words[ROUND] = words[TOTAL]!;
      let m = this.findDue();
      if (m < 0 && !switched) {
        switched = true;
        this.beginRound();
        m = this.findDue();
      }
      if (m < 0) break;
      this.advance(m);
      heaps.remove(m);
      words[POSITION]!++;
      if (this.members[m]!.hasRoom()) {
        chosen = m;
        if (m !== avoid || avoided >= 0) break;
        avoided = m;
        chosen = -1;
      }
      passed[count++] = m;
    }
    if (chosen < 0) chosen = avoided;
    if (chosen >= 0) this.queue(chosen);
    while (count > 0) this.requeue(passed[--count]!, chosen, switched);
    return chosen;
  }

  /** Those passed over keep their turn as consumed, or lost their place with the round that ended. */
  private requeue(m: number, chosen: number, switched: boolean): void {
    if (m === chosen) return;
    if (switched) this.queueByWeight(this.words[JOINING]!, m);
    else this.queue(m);
  }

  /** Who is due, else who has not begun, else who is next; -1 when this round is over. */
  private findDue(): number {
    const { heaps, words } = this;
    const m = heaps.first(CURRENT);
    if (m >= 0 && this.next[m]! <= words[POSITION]!) return m;
    const joining = heaps.first(words[JOINING]!);
    if (joining < 0) return m;
    this.next[joining] = 0;
    this.rest[joining] = 0;
    return joining;
  }

  private beginRound(): void {
    const { words } = this;
    words[JOINING] = this.later;
    words[POSITION] = words[ROUND] = words[TOTAL]!;
  }

  private get later(): number {
    return 3 - this.words[JOINING]!;
  }

  /** Moves the turn of `m` on by its share of a round. */
  private advance(m: number): void {
    const { words, next, rest } = this;
    const weight = this.weight[m]!;
    const total = words[TOTAL]!;
    if (next[m] === 0) next[m] = words[POSITION]!;
    this.last[m] = next[m]!;
    const step = (total / weight) | 0;
    const left = rest[m]! + total - step * weight;
    const isWhole = left >= weight;
    rest[m] = isWhole ? left - weight : left;
    next[m]! += isWhole ? step + 1 : step;
  }

  private queue(m: number): void {
    const { words, next, heaps } = this;
    const round = words[ROUND]!;
    if (next[m]! >= 2 * round || next[m]! >= round + words[TOTAL]!) {
      next[m]! -= round;
      this.queueByWeight(this.later, m);
      return;
    }
    const finer = ((MAX_WEIGHT + this.rest[m]! - this.weight[m]!) / SCALE) | 0;
    heaps.add(CURRENT, m, WEIGHT_RANGE * next[m]! + finer);
  }

  private queueByWeight(heap: number, m: number): void {
    this.heaps.add(heap, m, MAX_WEIGHT - this.weight[m]!);
  }
}
