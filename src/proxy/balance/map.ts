/**
 * Balancing over a fixed order of turns: `balance static-rr`, and all hashes with `hash-type map-based`, where a key
 * modulo the length of the order names the server. The order is laid out anew by the first pick after a change.
 *
 * A hash does not ask whether its server has room, nor whether it has just failed: the key is bound to it as long as it
 * may be used.
 */
import { type Balancer, type Candidate, NO_KEY } from './balancer.ts';
import { makeSchedule } from './schedule.ts';
import type { BalanceShare } from './share.ts';

/** Word of the share: the next turn. */
const TURN = 0;

export class MapBalancer<C extends Candidate> implements Balancer<C> {
  private readonly members: readonly C[];
  private readonly share: BalanceShare;
  private readonly hashes: boolean;
  private readonly unit: number;
  /** Members, by turn. */
  private turns: Int32Array = new Int32Array(0);
  private stale = true;

  constructor(members: readonly C[], share: BalanceShare, hashes: boolean, unit: number) {
    this.members = members;
    this.share = share;
    this.hashes = hashes;
    this.unit = unit;
  }

  update(): void {
    this.stale = true;
  }

  private layOut(): void {
    const { members } = this;
    this.stale = false;
    const used = new Int32Array(members.length);
    const weights: number[] = [];
    for (const candidate of members) {
      if (candidate.effectiveWeight === 0) continue;
      used[weights.length] = candidate.member;
      weights.push(candidate.weight);
    }
    this.turns = makeSchedule(weights, this.unit);
    if (weights.length < members.length) this.turns = this.turns.map((turn) => used[turn]!);
  }

  pick(key: number, avoid: C | null): C | null {
    if (this.stale) this.layOut();
    const { turns, members } = this;
    if (turns.length === 0) return null;
    if (this.hashes && key !== NO_KEY) return members[turns[key % turns.length]!]!;
    this.share.enter();
    const chosen = this.takeTurn(avoid);
    this.share.leave();
    return chosen;
  }

  private takeTurn(avoid: C | null): C | null {
    const { turns, members } = this;
    const { words } = this.share;
    const start = words[TURN]! < turns.length ? words[TURN]! : 0;
    let avoided: C | null = null;
    let afterAvoided = 0;
    let at = start;
    do {
      const candidate = members[turns[at++]!]!;
      if (candidate.hasRoom()) {
        if (candidate !== avoid) {
          words[TURN] = at;
          return candidate;
        }
        avoided = candidate;
        afterAvoided = at;
      }
      if (at === turns.length) at = 0;
    } while (at !== start);
    if (avoided !== null) words[TURN] = afterAvoided;
    return avoided;
  }
}
