/**
 * Balancing: which of a backend's servers gets the next session (configuration manual, `balance`).
 *
 * A balancer knows one group of servers, the active ones or the backups, from the start, and is told whenever one of
 * them may be used, may not, or changes its weight; none of that costs more than O(log n), and a pick does not get
 * slower with the number of servers. Orders and turns are those of HAProxy: the same keys, weights and states give the
 * same servers. Workers of one process share turns (share.ts). `test/contract/balance.test.ts` holds every algorithm to
 * this, `test/net/balance-*.test.ts` holds them against the original.
 */

/** Weights are counted in sixteenths while they are in effect, so that they can grow in steps. */
export const WEIGHT_SCALE = 16;
/** The request has nothing to make a key of: turns are taken. */
export const NO_KEY = -1;

export interface Candidate {
  readonly id: number;
  /** Where it stands in its group, from 0. */
  readonly member: number;
  /** As configured, 0 to 256. */
  readonly weight: number;
  /** In sixteenths of a unit of weight; 0: it gets no new sessions. */
  readonly effectiveWeight: number;
  /** How often `effectiveWeight` has changed: workers learn of the same changes in the same order. */
  readonly changes: number;
  /** What its points on a ring begin with: its id, or a hash of its address. */
  readonly ringKey: number;
  /** Whether its limit of sessions moves by itself. */
  readonly limitMoves: boolean;
  /** Sessions that it serves, over all workers. */
  served(): number;
  /** The same and those that wait for it. */
  load(): number;
  /** It has a free place that nobody waits for. */
  hasRoom(): boolean;
  /** It has a free place, or one in a queue of limited length. */
  mayQueue(): boolean;
}

export interface Balancer<C extends Candidate> {
  /** The state or the weight of one of its servers has changed. */
  update(candidate: C): void;
  /**
   * `key` is the hash of what binds a session to a server, or NO_KEY. `avoid` has just failed: another one is taken if
   * there is one, but by a static hash. A hash may return a full server, the session then waits for that one; others
   * return null when all are full.
   */
  pick(key: number, avoid: C | null): C | null;
  /** Itself, where loads matter to it. */
  readonly follower?: LoadFollower<C>;
}

export interface LoadFollower<C extends Candidate> {
  /** One more or one fewer session at a server. */
  loadChanged(candidate: C): void;
}

/** Sessions at all servers of the backend: needed only when a hash bounds loads. */
export type BackendLoad = () => number;
