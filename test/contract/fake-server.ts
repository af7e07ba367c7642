/** A server for tests of balancing: its state is set by hand. */
import { type Balancer, type Candidate, WEIGHT_SCALE } from '../../src/proxy/balance/balancer.ts';

export class FakeServer implements Candidate {
  readonly id: number;
  readonly member: number;
  readonly weight: number;
  readonly ringKey: number;
  readonly limitMoves = false;
  effectiveWeight: number;
  changes = 0;
  sessions = 0;
  full = false;

  constructor(member: number, weight = 1) {
    this.id = member + 1;
    this.member = member;
    this.weight = weight;
    this.ringKey = this.id * 4096;
    this.effectiveWeight = weight * WEIGHT_SCALE;
  }

  served(): number {
    return this.sessions;
  }

  load(): number {
    return this.sessions;
  }

  hasRoom(): boolean {
    return !this.full;
  }

  mayQueue(): boolean {
    return !this.full;
  }

  /** Sets its weight in sixteenths, 0 for down, and tells its balancer. */
  weigh(effectiveWeight: number, balancer: Balancer<FakeServer>): void {
    this.effectiveWeight = effectiveWeight;
    this.changes++;
    balancer.update(this);
  }

  down(balancer: Balancer<FakeServer>): void {
    this.weigh(0, balancer);
  }

  up(balancer: Balancer<FakeServer>): void {
    this.weigh(this.weight * WEIGHT_SCALE, balancer);
  }

  setFull(full: boolean, balancer: Balancer<FakeServer>): void {
    this.full = full;
    balancer.follower?.loadChanged(this);
  }

  /** One more session, as when it was picked. */
  carry(sessions: number, balancer: Balancer<FakeServer>): void {
    this.sessions = sessions;
    balancer.follower?.loadChanged(this);
  }
}

export function makeServers(weights: readonly number[]): FakeServer[] {
  return weights.map((weight, member) => new FakeServer(member, weight));
}
