/**
 * `balance sticky`, of log lines (manual, chapter 4.2): everything goes to one server as long as that may be used, then to
 * the next one in line. A server that comes back stands at the end of the line.
 */
import type { Balancer, Candidate } from './balancer.ts';

export class StickyBalancer<C extends Candidate> implements Balancer<C> {
  private line: readonly C[];

  constructor(members: readonly C[]) {
    this.line = members.filter((member) => member.effectiveWeight > 0);
  }

  update(candidate: C): void {
    const others = this.line.filter((member) => member !== candidate);
    const isUsed = candidate.effectiveWeight > 0;
    if (!isUsed) this.line = others;
    else if (others.length === this.line.length) this.line = [...others, candidate];
  }

  pick(_key: number, avoid: C | null): C | null {
    const [first = null, second] = this.line;
    return first === avoid ? (second ?? first) : first;
  }
}
