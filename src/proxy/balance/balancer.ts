/**
 * Balancing: which of the servers that may be used gets the next session (configuration manual, `balance`).
 *
 * A balancer sees candidates only: usable servers of weight above 0, either the active ones or the backups. It never
 * returns one that is full; null says that all are. `test/contract/balance.test.ts` holds every algorithm to this.
 */
import type { Balance } from '../../config/haproxy.ts';
import { FirstBalancer } from './first.ts';
import { LeastconnBalancer } from './leastconn.ts';
import { RandomBalancer } from './random.ts';
import { RoundrobinBalancer } from './roundrobin.ts';
import { SourceBalancer } from './source.ts';

export interface Candidate {
  readonly id: number;
  readonly weight: number;
  /** Sessions it serves or will serve, over all workers. */
  load(): number;
  isFull(): boolean;
}

export interface Balancer<C extends Candidate> {
  /** The candidates have changed. */
  rebuild(candidates: readonly C[]): void;
  /**
   * `key` is the hash of the client's address. `avoid` has just failed: another one is taken if there is one.
   * A balancer that binds clients to servers may return a full one: the session then waits for that server.
   */
  pick(key: number, avoid: C | null): C | null;
}

/** A position that the workers of one process share, so that turns are taken by the process and not by each worker. */
export interface SharedPosition {
  readonly ints: Int32Array;
  readonly index: number;
}

export function makeBalancer<C extends Candidate>(
  balance: Balance,
  hashType: 'map-based' | 'consistent',
  position: SharedPosition,
): Balancer<C> {
  switch (balance.algorithm) {
    case 'roundrobin':
    case 'static-rr':
      return new RoundrobinBalancer(position, balance.algorithm === 'roundrobin');
    case 'leastconn':
      return new LeastconnBalancer(position);
    case 'source':
      return new SourceBalancer(hashType);
    case 'first':
      return new FirstBalancer();
    case 'random':
      return new RandomBalancer(balance.draws);
  }
}
