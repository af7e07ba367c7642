/**
 * Which server made which application cookie (`appsession` of HAProxy 1.2 to 1.5): a table in memory that all workers
 * of the process share. HAProxy's grew without a bound; this one has room for a fixed number and forgets what was
 * unused for longest among its neighbours.
 *
 *     memory: seed | second of the start | slots: hash (2 x i32), server + 1, last used (seconds)
 *
 * A value is known by 64 bits of hash, seeded by the process: two values that collide merely share a server. Workers
 * write without locks: the server is taken out before the hash changes and put in last, so a reader in between finds
 * nothing rather than something wrong.
 */
import { randomInt } from 'node:crypto';
import type { ProxySlice } from '../../config/slice.ts';

const SLOTS = 65_536;
const HEADER = 4;
const WIDTH = 4;
/** A value lies in one of so many slots in a row. */
const NEIGHBOURS = 8;

const HASH = 0;
const OTHER_HASH = 1;
const SERVER = 2;
const USED_AT = 3;

/** For all workers of a process; made by the main thread. */
export function makeSessionMemories({ proxies }: ProxySlice): ReadonlyMap<number, SharedArrayBuffer> {
  const asking = proxies.filter((proxy) => !proxy.disabled && proxy.persistence.appsession !== null);
  return new Map(asking.map((proxy) => [proxy.id, makeSessionMemory()]));
}

export function makeSessionMemory(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer((HEADER + WIDTH * SLOTS) * 4);
  const ints = new Int32Array(memory);
  ints[0] = randomInt(2 ** 31);
  ints[1] = Math.floor(Date.now() / 1000);
  return memory;
}

/** A value as the table knows it. */
export class SessionKey {
  hash = 0;
  other = 0;
  /** There is a value. */
  known = false;
}

export class ApplicationSessions {
  private readonly ints: Int32Array;
  private readonly timeoutSeconds: number;

  constructor(memory: SharedArrayBuffer, timeoutMs: number) {
    this.ints = new Int32Array(memory);
    this.timeoutSeconds = Math.ceil(timeoutMs / 1000);
  }

  takeKey(bytes: Uint8Array, start: number, end: number, key: SessionKey): void {
    let hash = this.ints[0]!;
    let other = ~hash;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      hash = Math.imul(hash ^ byte, 0x01000193);
      other = Math.imul((other << 5) ^ (other >>> 27) ^ byte, 0x85ebca6b);
    }
    key.hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    key.other = other;
    key.known = true;
  }

  /** Place of the server among its backend's, or -1. */
  find(key: SessionKey, nowMs: number): number {
    const { ints } = this;
    const at = this.slotOf(key);
    if (at < 0 || this.isOld(at, this.secondOf(nowMs))) return -1;
    ints[at + USED_AT] = this.secondOf(nowMs);
    return Atomics.load(ints, at + SERVER) - 1;
  }

  /** Remembers, or goes on remembering, which server a value belongs to. */
  learn(key: SessionKey, server: number, nowMs: number): void {
    const { ints } = this;
    const now = this.secondOf(nowMs);
    const known = this.slotOf(key);
    const at = known >= 0 ? known : this.leastUsed(key, now);
    if (known < 0) {
      Atomics.store(ints, at + SERVER, 0);
      ints[at + HASH] = key.hash;
      ints[at + OTHER_HASH] = key.other;
    }
    ints[at + USED_AT] = now;
    Atomics.store(ints, at + SERVER, server + 1);
  }

  private secondOf(nowMs: number): number {
    return Math.floor(nowMs / 1000) - this.ints[1]!;
  }

  private isOld(at: number, now: number): boolean {
    return now - this.ints[at + USED_AT]! > this.timeoutSeconds;
  }

  private first(key: SessionKey): number {
    return (key.hash >>> 0) % (SLOTS - NEIGHBOURS);
  }

  private slotOf(key: SessionKey): number {
    const { ints } = this;
    const first = this.first(key);
    for (let i = first; i < first + NEIGHBOURS; i++) {
      const at = HEADER + WIDTH * i;
      if (ints[at + HASH] !== key.hash || ints[at + OTHER_HASH] !== key.other) continue;
      if (Atomics.load(ints, at + SERVER) !== 0) return at;
    }
    return -1;
  }

  private leastUsed(key: SessionKey, now: number): number {
    const { ints } = this;
    const first = this.first(key);
    let best = HEADER + WIDTH * first;
    for (let i = first; i < first + NEIGHBOURS; i++) {
      const at = HEADER + WIDTH * i;
      if (Atomics.load(ints, at + SERVER) === 0 || this.isOld(at, now)) return at;
      if (ints[at + USED_AT]! < ints[best + USED_AT]!) best = at;
    }
    return best;
  }
}
