/**
 * Memory of balancing that the workers of one process share: turns are taken by the process, not by each worker.
 *
 * The main thread makes one buffer for all backends and hands it to every worker; each worker lays the same plan over
 * it. A backend's active servers and its backups have a share each. Whoever reads or writes a share holds its lock:
 * the time of one pick. It is not kept over a restart or a reload, after which turns begin anew, as in HAProxy.
 *
 *     share:  lock | words (WORDS) | columns of one i32 a member ... | order keys, one f64 a member
 */
import type { ProxyConf } from '../../config/haproxy.ts';

/** Words that belong to the share as a whole, behind the lock. */
const WORDS = 15;
const COLUMNS = 12;
const BYTES_A_MEMBER = COLUMNS * 4 + 8;
const HEAD_BYTES = (1 + WORDS) * 4;
const SPINS = 200;

const FREE = 0;
const HELD = 1;
/** Somebody sleeps until it is free. */
const WAITED = 2;

export class BalanceShare {
  /** How many servers there are. */
  readonly members: number;
  readonly words: Int32Array;
  private readonly buffer: SharedArrayBuffer;
  private readonly offset: number;
  private readonly lock: Int32Array;
  /** A single worker needs no lock. */
  private readonly alone: boolean;
  private columns = 0;

  constructor(buffer: SharedArrayBuffer, offset: number, members: number, alone: boolean) {
    this.buffer = buffer;
    this.offset = offset;
    this.members = members;
    this.alone = alone;
    this.lock = new Int32Array(buffer, offset, 1);
    this.words = new Int32Array(buffer, offset + 4, WORDS);
  }

  /** The next column that nobody has yet: all workers ask in the same order. */
  column(): Int32Array {
    const at = this.offset + HEAD_BYTES + this.columns * this.members * 4;
    if (++this.columns > COLUMNS) throw new Error('a share has no more columns');
    return new Int32Array(this.buffer, at, this.members);
  }

  orderKeys(): Float64Array {
    const at = this.offset + shareBytes(this.members) - 8 * this.members;
    return new Float64Array(this.buffer, at, this.members);
  }

  /** Holds the others off: never across anything that could wait. */
  enter(): void {
    if (this.alone) return;
    const { lock } = this;
    for (let i = 0; i < SPINS; i++) if (Atomics.compareExchange(lock, 0, FREE, HELD) === FREE) return;
    while (Atomics.exchange(lock, 0, WAITED) !== FREE) Atomics.wait(lock, 0, WAITED, 1);
  }

  leave(): void {
    if (this.alone) return;
    if (Atomics.exchange(this.lock, 0, FREE) === WAITED) Atomics.notify(this.lock, 0, 1);
  }
}

function shareBytes(members: number): number {
  return Math.ceil((HEAD_BYTES + members * BYTES_A_MEMBER) / 8) * 8;
}

/** A share that nobody else has: for tests, and for what runs in one thread. */
export function makeOwnShare(members: number): BalanceShare {
  return new BalanceShare(new SharedArrayBuffer(shareBytes(members)), 0, members, true);
}

/** What all backends of a configuration need together. */
export function makeBalanceMemory(proxies: readonly ProxyConf[]): SharedArrayBuffer {
  const bytes = proxies.reduce((sum, proxy) => sum + bytesOf(proxy), 0);
  return new SharedArrayBuffer(bytes);
}

function bytesOf(proxy: ProxyConf): number {
  const backups = proxy.servers.filter((s) => s.backup).length;
  return shareBytes(proxy.servers.length - backups) + shareBytes(backups);
}

export interface ShareGroups {
  readonly active: BalanceShare;
  readonly backup: BalanceShare;
}

/** Lays the shares of all proxies, by id, over the memory that `makeBalanceMemory` made. */
export function planShares(
  memory: SharedArrayBuffer,
  proxies: readonly ProxyConf[],
  alone: boolean,
): ReadonlyMap<number, ShareGroups> {
  const plan = new Map<number, ShareGroups>();
  let offset = 0;
  for (const proxy of proxies) {
    const backups = proxy.servers.filter((s) => s.backup).length;
    const actives = proxy.servers.length - backups;
    const active = new BalanceShare(memory, offset, actives, alone);
    offset += shareBytes(actives);
    plan.set(proxy.id, { active, backup: new BalanceShare(memory, offset, backups, alone) });
    offset += shareBytes(backups);
  }
  return plan;
}
