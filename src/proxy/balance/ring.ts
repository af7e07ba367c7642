/**
 * `hash-type consistent`: servers have points on a ring of 2^32 places, sixteen for each unit of weight, and the point
 * closest to a key, before or behind it, names the server. A server that goes takes its points along, so that only
 * its own keys move. `hash-balance-factor` passes over servers that have more than their share of the load.
 *
 * Points are laid out once; those of servers that are away are skipped, and weeded out when they are many.
 */
import type { HashAffinity, HashType } from '../../config/balance.ts';
import { type BackendLoad, type Balancer, type Candidate, NO_KEY, WEIGHT_SCALE } from './balancer.ts';
import { mixBits } from './hash-functions.ts';
import type { BalanceShare } from './share.ts';

/** Words of the share: whether turns were taken, and the point that the last one took. */
const BEGUN = 0;
const LAST = 1;

interface Points {
  readonly at: Uint32Array;
  readonly owner: Int32Array;
  /** Which of its owner's points it is: an owner shows as many as its weight in effect. */
  readonly number: Uint16Array;
}

class HashRing<C extends Candidate> {
  readonly members: readonly C[];
  /** Members with a point at least. */
  used = 0;
  private all: Points;
  private points: Points;
  /** By member: points in use, points among `points`, and points among `all`. */
  private readonly shown: Int32Array;
  private readonly present: Int32Array;
  private readonly laidOut: Int32Array;
  private hidden = 0;

  constructor(members: readonly C[]) {
    this.members = members;
    this.shown = new Int32Array(members.length);
    this.present = new Int32Array(members.length);
    this.laidOut = Int32Array.from(members, (m) => Math.max(m.weight * WEIGHT_SCALE, m.effectiveWeight));
    this.all = layOut(members, this.laidOut);
    this.points = this.all;
    for (const m of members) this.shown[m.member] = m.effectiveWeight;
    this.weed();
  }

  update(candidate: C): void {
    const m = candidate.member;
    const weight = candidate.effectiveWeight;
    const before = this.shown[m]!;
    this.shown[m] = weight;
    this.used += Math.sign(weight) - Math.sign(before);
    this.hidden += before - weight;
    if (weight > this.laidOut[m]!) {
      this.laidOut[m] = weight;
      this.all = layOut(this.members, this.laidOut);
      this.weed();
    } else if (weight > this.present[m]! || this.hidden * 2 > this.points.at.length) this.weed();
  }

  /** Keeps the points in use only. */
  private weed(): void {
    const { all, shown } = this;
    let count = 0;
    this.used = 0;
    for (let m = 0; m < shown.length; m++) {
      count += shown[m]!;
      if (shown[m]! > 0) this.used++;
    }
    this.present.set(shown);
    this.hidden = 0;
    const points = makePoints(count);
    let to = 0;
    for (let i = 0; i < all.at.length; i++) {
      if (all.number[i]! < shown[all.owner[i]!]!) copyPoint(points, to++, all, i);
    }
    this.points = points;
  }

  private isShown(point: number): boolean {
    const { owner, number } = this.points;
    return number[point]! < this.shown[owner[point]!]!;
  }

  /** The first point in use at `from` or behind it, around the ring. There must be one. */
  next(from: number): number {
    const { length } = this.points.at;
    let point = from < length ? from : 0;
    while (!this.isShown(point)) if (++point === length) point = 0;
    return point;
  }

  private previous(from: number): number {
    const { length } = this.points.at;
    let point = from < 0 ? length - 1 : from;
    while (!this.isShown(point)) if (--point < 0) point = length - 1;
    return point;
  }

  ownerOf(point: number): C {
    return this.members[this.points.owner[point]!]!;
  }

  placeOf(point: number): number {
    return this.points.at[point]!;
  }

  /** The first point at `hash` or behind it, in use or not; the number of points when there is none. */
  find(hash: number): number {
    const { at } = this.points;
    let low = 0;
    let high = at.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get length(): number {
    return this.points.at.length;
  }

  /** The point in use that is closest to `hash`, the one before it among equals. */
  closest(hash: number): number {
    const found = this.find(hash);
    const behind = this.next(found);
    const before = this.previous(found - 1);
    const { at } = this.points;
    return (hash - at[before]!) >>> 0 <= (at[behind]! - hash) >>> 0 ? before : behind;
  }
}

function makePoints(count: number): Points {
  return { at: new Uint32Array(count), owner: new Int32Array(count), number: new Uint16Array(count) };
}

function copyPoint(to: Points, toIndex: number, from: Points, index: number): void {
  to.at[toIndex] = from.at[index]!;
  to.owner[toIndex] = from.owner[index]!;
  to.number[toIndex] = from.number[index]!;
}

/** All points that members may ever show, by place; those of one place as declared. */
function layOut(members: readonly Candidate[], counts: Int32Array): Points {
  const points = makePoints(counts.reduce((sum, count) => sum + count, 0));
  let i = 0;
  for (const { member, ringKey } of members) {
    for (let number = 0; number < counts[member]!; number++) {
      points.at[i] = mixBits(ringKey + number);
      points.owner[i] = member;
      points.number[i++] = number;
    }
  }
  return [0, 8, 16, 24].reduce(sortByByte, points);
}

/** One pass of a radix sort, which keeps the order of equals. */
function sortByByte(points: Points, shift: number): Points {
  const { at } = points;
  const starts = new Int32Array(257);
  for (let i = 0; i < at.length; i++) starts[((at[i]! >>> shift) & 255) + 1]!++;
  for (let byte = 0; byte < 256; byte++) starts[byte + 1]! += starts[byte]!;
  const sorted = makePoints(at.length);
  for (let i = 0; i < at.length; i++) copyPoint(sorted, starts[(at[i]! >>> shift) & 255]!++, points, i);
  return sorted;
}

/** Looks keys up on a ring, passing over the server to avoid and those that carry too much. */
export class BoundedRing<C extends Candidate> {
  readonly ring: HashRing<C>;
  /** Percent of the average load; 0: no bound. */
  private readonly factor: number;
  private readonly affinity: HashAffinity;
  /** Neither loads nor room matter. */
  private readonly binds: boolean;
  private readonly backendLoad: BackendLoad;
  /** Weights of the servers declared before each, as they were at the start. */
  private readonly weightBefore: Float64Array;
  private totalWeight = 0;

  constructor(members: readonly C[], { balanceFactor, affinity }: HashType, backendLoad: BackendLoad) {
    this.ring = new HashRing(members);
    this.factor = balanceFactor;
    this.affinity = affinity;
    this.binds = balanceFactor === 0 && affinity === 'always';
    this.backendLoad = backendLoad;
    this.weightBefore = new Float64Array(members.length);
    this.countWeights(true);
  }

  update(candidate: C): void {
    this.ring.update(candidate);
    if (this.factor > 0) this.countWeights(false);
  }

  private countWeights(atStart: boolean): void {
    this.totalWeight = 0;
    for (const candidate of this.ring.members) {
      if (atStart) this.weightBefore[candidate.member] = this.totalWeight;
      this.totalWeight += candidate.effectiveWeight;
    }
  }

  /** When nobody will do, the closest one that is not to be avoided. */
  find(hash: number, avoid: C | null): C | null {
    const { ring } = this;
    if (ring.used === 0) return null;
    let point = ring.closest(hash);
    let fallback: C | null = null;
    if (this.binds && (avoid === null || ring.used === 1)) return ring.ownerOf(point);
    for (let left = ring.length; left > 0; left--) {
      const candidate = ring.ownerOf(point);
      if (candidate !== avoid) {
        if (this.binds || this.isEligible(candidate)) return candidate;
        fallback ??= candidate;
      }
      point = ring.next(point + 1);
    }
    return fallback ?? avoid;
  }

  private isEligible(candidate: C): boolean {
    if (this.affinity === 'maxconn' && !candidate.hasRoom()) return false;
    if (this.affinity === 'maxqueue' && !candidate.mayQueue()) return false;
    return this.factor === 0 || this.hasShare(candidate);
  }

  /** Places are handed out by weight; what is left over goes to the servers declared first. */
  private hasShare(candidate: C): boolean {
    const { totalWeight } = this;
    const places = Math.floor(((this.backendLoad() + 1) * this.factor + 99) / 100);
    const left = places % totalWeight;
    const weight = candidate.effectiveWeight;
    const before = this.weightBefore[candidate.member]!;
    const extra = Math.floor(((before + weight) * left) / totalWeight) - Math.floor((before * left) / totalWeight);
    const own = weight * Math.floor(places / totalWeight) + extra;
    return candidate.served() < Math.max(1, own);
  }
}

export class RingBalancer<C extends Candidate> implements Balancer<C> {
  private readonly bounded: BoundedRing<C>;
  private readonly share: BalanceShare;

  constructor(members: readonly C[], share: BalanceShare, hashType: HashType, backendLoad: BackendLoad) {
    this.bounded = new BoundedRing(members, hashType, backendLoad);
    this.share = share;
  }

  update(candidate: C): void {
    this.bounded.update(candidate);
    if (this.share.words[BEGUN] === 0 || this.bounded.ring.used === 0) return;
    this.share.enter();
    this.leaveLostPoint();
    this.share.leave();
  }

  /** When the point whose turn was last is gone, the one behind it counts as served. */
  private leaveLostPoint(): void {
    const { ring } = this.bounded;
    const { words } = this.share;
    const last = words[LAST]! >>> 0;
    const point = ring.next(ring.find(last));
    if (ring.placeOf(point) !== last) words[LAST] = ring.placeOf(point);
  }

  pick(key: number, avoid: C | null): C | null {
    if (key !== NO_KEY) return this.bounded.find(key, avoid);
    if (this.bounded.ring.used === 0) return null;
    this.share.enter();
    const chosen = this.takeTurn(avoid);
    this.share.leave();
    return chosen;
  }

  /** Without a key, points are taken one after another. */
  private takeTurn(avoid: C | null): C | null {
    const { ring } = this.bounded;
    const { words } = this.share;
    let avoided: C | null = null;
    let point = words[BEGUN] === 0 ? 0 : ring.find((words[LAST]! >>> 0) + 1);
    words[BEGUN] = 1;
    for (let left = ring.length; left > 0; left--) {
      point = ring.next(point);
      words[LAST] = ring.placeOf(point);
      const candidate = ring.ownerOf(point);
      if (candidate.hasRoom()) {
        if (candidate !== avoid) return candidate;
        avoided = candidate;
      }
      point++;
    }
    return avoided;
  }
}
