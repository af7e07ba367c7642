/**
 * Of which virtual routers this node is master, kept by core so that a vrrp role which takes the place of a dead one
 * goes on as master before a peer has missed enough adverts to take over.
 */
import type { DeadVrrp, FromVrrp } from '../ipc/messages.ts';

export class Mastership {
  private readonly masters = new Set<string>();
  private diedAt: number | null = null;

  learn(news: Extract<FromVrrp, { type: 'state' }>): void {
    if (news.state === 'MASTER') this.masters.add(news.instance);
    else this.masters.delete(news.instance);
  }

  roleDied(): void {
    this.diedAt = performance.now();
  }

  /** What the next process is told of the one that died; only the first one is told. */
  takeDeath(): DeadVrrp | null {
    if (this.diedAt === null) return null;
    const death = { masters: [...this.masters], agoMs: performance.now() - this.diedAt };
    this.diedAt = null;
    this.masters.clear();
    return death;
  }
}
