/**
 * Servers of one backend in heaps: the one with the smallest key first, the longest there among equals. Every server is
 * in one heap at most. Adding, removing and moving take O(log n), whatever the number of servers.
 *
 * Members are numbers from 0. All of it lies in a `BalanceShare`, so that workers see the same order; the caller holds
 * the lock.
 */
import type { BalanceShare } from './share.ts';

const NOWHERE = 0;

export class MemberHeaps {
  private readonly share: BalanceShare;
  private readonly keys: Float64Array;
  /** Counts on with every arrival: equals keep the order in which they came. */
  private readonly arrival: Int32Array;
  /** One more than the number of the heap a member is in. */
  private readonly heapNumber: Int32Array;
  private readonly position: Int32Array;
  private readonly heaps: readonly Int32Array[];
  /** Words of the share: the arrivals so far, then the size of each heap. */
  private readonly firstWord: number;

  constructor(share: BalanceShare, heaps: number, firstWord: number) {
    this.share = share;
    this.keys = share.orderKeys();
    this.arrival = share.column();
    this.heapNumber = share.column();
    this.position = share.column();
    this.heaps = Array.from({ length: heaps }, () => share.column());
    this.firstWord = firstWord;
  }

  /** The first of a heap, or -1. */
  first(heap: number): number {
    return this.share.words[this.firstWord + 1 + heap]! === 0 ? -1 : this.heaps[heap]![0]!;
  }

  /** The heap that a member is in, or -1. */
  heapOf(member: number): number {
    return this.heapNumber[member]! - 1;
  }

  keyOf(member: number): number {
    return this.keys[member]!;
  }

  /** Adds a member that is in no heap, behind its equals. */
  add(heap: number, member: number, key: number): void {
    this.keys[member] = key;
    this.arrival[member] = this.share.words[this.firstWord]!++;
    this.putBack(heap, member);
  }

  /** Adds a member that was removed, with the key and the place among equals that it had. */
  putBack(heap: number, member: number): void {
    const at = this.share.words[this.firstWord + 1 + heap]!++;
    this.heapNumber[member] = heap + 1;
    this.rise(this.heaps[heap]!, at, member);
  }

  remove(member: number): void {
    const heap = this.heapNumber[member]! - 1;
    if (heap < 0) return;
    const places = this.heaps[heap]!;
    const size = --this.share.words[this.firstWord + 1 + heap]!;
    const last = places[size]!;
    this.heapNumber[member] = NOWHERE;
    if (last === member) return;
    const at = this.position[member]!;
    if (at > 0 && this.isBefore(last, places[(at - 1) >> 1]!)) this.rise(places, at, last);
    else this.sink(places, at, last, size);
  }

  private isBefore(a: number, b: number): boolean {
    const difference = this.keys[a]! - this.keys[b]!;
    if (difference !== 0) return difference < 0;
    return ((this.arrival[a]! - this.arrival[b]!) | 0) < 0;
  }

  private rise(places: Int32Array, from: number, member: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = places[parent]!;
      if (!this.isBefore(member, above)) break;
      places[at] = above;
      this.position[above] = at;
      at = parent;
    }
    places[at] = member;
    this.position[member] = at;
  }

  private sink(places: Int32Array, from: number, member: number, size: number): void {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.isBefore(places[child + 1]!, places[child]!)) child++;
      const below = places[child]!;
      if (!this.isBefore(below, member)) break;
      places[at] = below;
      this.position[below] = at;
      at = child;
    }
    places[at] = member;
    this.position[member] = at;
  }
}
