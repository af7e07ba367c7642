/**
 * Counters of the proxy, shared by its workers and kept over the death of the process.
 *
 * They lie in the memory file that core creates. Every worker owns one slot with a full set of rows and is its only
 * writer, so that counting is a plain addition; a reader sums the slots. What a dead process left in its slots stays
 * in the sums, except its gauges, which return to zero.
 *
 *     file:    directory page | region | region | ...        one region per configuration shape
 *     region:  slot owners (page) | slot 0 | slot 1 | ...
 *     slot:    rows x ROW_WIDTH doubles | rows x GAUGE_WIDTH i32
 *
 * Two generations of a reload count in the same region when their shapes agree; another shape starts afresh in a
 * region of its own, because the old generation is still writing.
 */
import { clearFile, createMemfd, fileSize, growFile } from '../os/memfd.ts';
import { mapShared, type Region } from '../os/memory.ts';
import {
  GAUGE_WIDTH,
  LAYOUT_VERSION,
  QTIME,
  QTIME_MAX,
  ROW_WIDTH,
  type RowMap,
  SCUR,
  SMAX,
  TIME_WINDOW,
  TIMED,
} from './counter-layout.ts';

const PAGE = 4096;
const MAGIC = 0x544e444d;
/** Directory: magic, version, number of entries, then entries of DIRECTORY_STEP i32: shape (2), first page, pages, slots. */
const DIRECTORY_AT = 4;
const DIRECTORY_STEP = 5;
/** So many shapes are remembered; then the memory of one that nobody uses any more is given back. */
const DIRECTORY_ROOM = 16;
const SLOTS_PER_WORKER = 8;
const MAX_SLOTS = PAGE / 4 - 1;
/** In the page of owners: one more than the highest slot ever claimed, so that readers leave untouched pages alone. */
const USED_AT = PAGE / 4 - 1;

/** Where a worker's counters are: enough to map them again in another thread. */
export interface CounterPlace {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
  readonly rows: number;
  readonly slots: number;
}

/** One writer's rows. */
export interface CounterSlot {
  readonly index: number;
  readonly totals: Float64Array;
  readonly gauges: Int32Array;
}

export interface OpenedCounters {
  readonly place: CounterPlace;
  readonly owned: readonly number[];
  /** Why earlier totals could not be kept, or null. */
  readonly fresh: string | null;
}

function slotLength(rows: number): number {
  return Math.ceil((rows * (ROW_WIDTH * 8 + GAUGE_WIDTH * 4)) / PAGE) * PAGE;
}

/**
 * Main thread: finds or makes the region of this shape, frees the slots of dead processes and claims `workers` slots.
 */
export function claimCounters(fd: number, map: RowMap, workers: number): OpenedCounters {
  const wanted = Math.min(MAX_SLOTS, SLOTS_PER_WORKER * workers);
  const size = fileSize(fd);
  if (size < 0) throw new Error(`the shared state descriptor ${fd} cannot be used: errno ${-size}`);
  const fresh = prepareDirectory(fd, size);
  const directory = new Int32Array(mapShared(fd, PAGE).buffer);
  const found = findEntry(directory, map.shape);
  const place = found >= 0 ? placeOf(fd, directory, found, map.rows) : appendRegion(fd, directory, map, wanted);
  const owned = claimSlots(new Int32Array(mapRegion(place).buffer), place, workers);
  if (owned.length === workers) return { place, owned, fresh: found < 0 ? (fresh ?? 'another configuration') : null };
  const other = appendRegion(fd, directory, map, wanted);
  const taken = claimSlots(new Int32Array(mapRegion(other).buffer), other, workers);
  return { place: other, owned: taken, fresh: 'too many processes count at the same time' };
}

function prepareDirectory(fd: number, size: number): string | null {
  if (size < PAGE && growFile(fd, PAGE) < 0) throw new Error('the shared state cannot grow');
  const directory = new Int32Array(mapShared(fd, PAGE).buffer);
  if (directory[0] === MAGIC && directory[1] === LAYOUT_VERSION) return null;
  const known = directory[0] === MAGIC ? `layout version ${directory[1]}` : 'unknown content';
  directory.fill(0);
  directory[0] = MAGIC;
  directory[1] = LAYOUT_VERSION;
  return size < PAGE ? 'first start' : known;
}

function shapeWords(shape: string): readonly [number, number] {
  return [Number.parseInt(shape.slice(0, 8), 16) | 0, Number.parseInt(shape.slice(8, 16), 16) | 0];
}

/** The newest entry of a shape, or -1. */
function findEntry(directory: Int32Array, shape: string): number {
  const [high, low] = shapeWords(shape);
  for (let i = directory[2]! - 1; i >= 0; i--) {
    const at = DIRECTORY_AT + i * DIRECTORY_STEP;
    if (directory[at] === high && directory[at + 1] === low) return i;
  }
  return -1;
}

function placeOf(fd: number, directory: Int32Array, entry: number, rows: number): CounterPlace {
  const at = DIRECTORY_AT + entry * DIRECTORY_STEP;
  const slots = directory[at + 4]!;
  return { fd, offset: directory[at + 2]! * PAGE, length: PAGE + slots * slotLength(rows), rows, slots };
}

function appendRegion(fd: number, directory: Int32Array, map: RowMap, slots: number): CounterPlace {
  const length = PAGE + slots * slotLength(map.rows);
  const entry = freeEntry(fd, directory);
  const offset = Math.ceil(fileSize(fd) / PAGE) * PAGE;
  // Old processes of many shapes still run: count in memory of our own rather than not at all.
  if (entry < 0 || growFile(fd, offset + length) < 0) return openOwn(length, map.rows, slots);
  const at = DIRECTORY_AT + entry * DIRECTORY_STEP;
  const [high, low] = shapeWords(map.shape);
  directory.set([high, low, offset / PAGE, length / PAGE, slots], at);
  directory[2] = Math.max(directory[2]!, entry + 1);
  return { fd, offset, length, rows: map.rows, slots };
}

/** A new entry, or that of a region without a living owner, whose memory is given back; -1 when there is none. */
function freeEntry(fd: number, directory: Int32Array): number {
  if (directory[2]! < DIRECTORY_ROOM) return directory[2]!;
  for (let entry = 0; entry < DIRECTORY_ROOM; entry++) {
    const at = DIRECTORY_AT + entry * DIRECTORY_STEP;
    const offset = directory[at + 2]! * PAGE;
    const owners = new Int32Array(mapShared(fd, PAGE, offset).buffer).subarray(0, directory[at + 4]!);
    if (owners.some((owner) => owner !== 0 && isAlive(owner))) continue;
    clearFile(fd, offset, directory[at + 3]! * PAGE);
    return entry;
  }
  return -1;
}

/** A file of this process alone: its threads share it, nothing survives. */
function openOwn(length: number, rows: number, slots: number): CounterPlace {
  const fd = createMemfd('tandem-proxy-own');
  if (fd < 0 || growFile(fd, length) < 0) throw new Error('no memory for counters');
  return { fd, offset: 0, length, rows, slots };
}

function mapRegion(place: CounterPlace): Region {
  return mapShared(place.fd, place.length, place.offset);
}

function claimSlots(region: Int32Array, place: CounterPlace, workers: number): number[] {
  const owned: number[] = [];
  for (let slot = 0; slot < place.slots; slot++) {
    const owner = region[slot]!;
    if (owner !== 0 && owner !== process.pid && isAlive(owner)) continue;
    if (owner !== 0) clearGauges(region, place, slot);
    region[slot] = 0;
    if (owned.length === workers) continue;
    region[slot] = process.pid;
    region[USED_AT] = Math.max(region[USED_AT]!, slot + 1);
    owned.push(slot);
  }
  return owned;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function clearGauges(region: Int32Array, place: CounterPlace, slot: number): void {
  const at = (PAGE + slot * slotLength(place.rows) + place.rows * ROW_WIDTH * 8) / 4;
  region.fill(0, at, at + place.rows * GAUGE_WIDTH);
}

/** All slots of a region: what a reader sums, and the slot that the caller's thread may write. */
export class Counters {
  readonly rows: number;
  /** The slot of the thread that opened this; counting goes straight into its arrays. */
  readonly own: CounterSlot;
  /** Slots of this process, which bound `maxconn` together. */
  readonly mine: readonly CounterSlot[];
  private readonly all: readonly CounterSlot[];
  private readonly place: CounterPlace;
  private readonly ints: Int32Array;

  constructor(place: CounterPlace, mine: readonly number[], own: number) {
    const region = mapRegion(place);
    this.place = place;
    this.ints = new Int32Array(region.buffer);
    this.rows = place.rows;
    this.all = Array.from({ length: place.slots }, (_, index) => viewSlot(region, place, index));
    this.mine = mine.map((i) => this.all[i]!);
    this.own = this.all[own]!;
  }

  /** Slots that were ever claimed. */
  private used(): readonly CounterSlot[] {
    return this.all.slice(0, this.ints[USED_AT]!);
  }

  /** Sum of a total over all slots that were ever used. */
  sum(row: number, counter: number): number {
    let sum = 0;
    for (const slot of this.used()) sum += slot.totals[row * ROW_WIDTH + counter]!;
    return sum;
  }

  /** Greatest of a maximum over all slots. */
  max(row: number, counter: number): number {
    let max = 0;
    for (const slot of this.used()) max = Math.max(max, slot.totals[row * ROW_WIDTH + counter]!);
    return max;
  }

  gauge(row: number, gauge: number): number {
    let sum = 0;
    for (const slot of this.used()) sum += slot.gauges[row * GAUGE_WIDTH + gauge]!;
    // What is counted up in one slot may be counted down in another: only the sum is right, in 32 bits as they are.
    return sum | 0;
  }

  /** The same over the slots of this process only. */
  mineNow(row: number, gauge: number): number {
    const { mine } = this;
    let sum = 0;
    for (let i = 0; i < mine.length; i++) sum += mine[i]!.gauges[row * GAUGE_WIDTH + gauge]!;
    return sum | 0;
  }

  /** Events a second at `nowMs` (milliseconds since the epoch): this second's, and what is left of the one before. */
  rate(row: number, rate: number, nowMs: number): number {
    const second = Math.floor(nowMs / 1000);
    const left = 1 - (nowMs - second * 1000) / 1000;
    let sum = 0;
    for (const slot of this.used()) {
      const at = row * ROW_WIDTH + rate;
      const started = slot.totals[at]!;
      if (started === second) sum += slot.totals[at + 1]! + slot.totals[at + 2]! * left;
      else if (started === second - 1) sum += slot.totals[at + 1]! * left;
    }
    return Math.round(sum);
  }

  /** The same over the slots of this process only, and not rounded. */
  mineRate(row: number, rate: number, nowMs: number): number {
    const second = Math.floor(nowMs / 1000);
    const left = 1 - (nowMs - second * 1000) / 1000;
    const at = row * ROW_WIDTH + rate;
    let sum = 0;
    for (const { totals } of this.mine) {
      if (totals[at] === second) sum += totals[at + 1]! + totals[at + 2]! * left;
      else if (totals[at] === second - 1) sum += totals[at + 1]! * left;
    }
    return sum;
  }

  rateMax(row: number, rate: number): number {
    return this.max(row, rate + 3);
  }

  /** Average of QTIME, CTIME, RTIME or TTIME over the last sessions, in milliseconds. */
  average(row: number, time: number): number {
    let sum = 0;
    let count = 0;
    for (const slot of this.used()) {
      const samples = Math.min(TIME_WINDOW, slot.totals[row * ROW_WIDTH + TIMED]!);
      sum += slot.totals[row * ROW_WIDTH + time]!;
      count += samples;
    }
    return count === 0 ? 0 : Math.floor(sum / count);
  }

  /** Frees slots of processes that died meanwhile; returns how many. Main thread only. */
  sweep(): number {
    let freed = 0;
    for (let slot = 0; slot < this.place.slots; slot++) {
      const owner = this.ints[slot]!;
      if (owner === 0 || owner === process.pid || isAlive(owner)) continue;
      clearGauges(this.ints, this.place, slot);
      this.ints[slot] = 0;
      freed++;
    }
    return freed;
  }

  /** The process ends: its slots may be claimed by others, its gauges return to zero. */
  leave(): void {
    for (const slot of this.mine) {
      slot.gauges.fill(0);
      this.ints[slot.index] = 0;
    }
  }

  /** One more session in a row: gauge, total, greatest. */
  enter(row: number): void {
    this.own.totals[row * ROW_WIDTH]!++;
    this.occupy(row);
  }

  /** The same without the total: a connection that is no session yet. */
  occupy(row: number): void {
    const { own } = this;
    const now = ++own.gauges[row * GAUGE_WIDTH + SCUR]!;
    const all = this.mine.length === 1 ? now : this.mineNow(row, SCUR);
    if (all > own.totals[row * ROW_WIDTH + SMAX]!) own.totals[row * ROW_WIDTH + SMAX] = all;
  }

  leaveRow(row: number): void {
    this.own.gauges[row * GAUGE_WIDTH + SCUR]!--;
  }

  add(row: number, counter: number, n: number): void {
    this.own.totals[row * ROW_WIDTH + counter]! += n;
  }

  /** Counts an event of a rate in `second` (of the epoch). */
  tick(row: number, rate: number, second: number): void {
    const { totals } = this.own;
    const at = row * ROW_WIDTH + rate;
    if (totals[at] !== second) {
      totals[at + 2] = totals[at] === second - 1 ? totals[at + 1]! : 0;
      totals[at + 1] = 0;
      totals[at] = second;
    }
    let count = ++totals[at + 1]!;
    if (this.mine.length > 1) {
      count = 0;
      for (const slot of this.mine) if (slot.totals[at] === second) count += slot.totals[at + 1]!;
    }
    if (count > totals[at + 3]!) totals[at + 3] = count;
  }

  /** Takes one session's times into the sliding sums. Milliseconds; what was not reached is 0. */
  time(row: number, queueMs: number, connectMs: number, responseMs: number, totalMs: number): void {
    const { totals } = this.own;
    const at = row * ROW_WIDTH;
    const full = ++totals[at + TIMED]! > TIME_WINDOW;
    slide(totals, at, 0, queueMs, full);
    slide(totals, at, 1, connectMs, full);
    slide(totals, at, 2, responseMs, full);
    slide(totals, at, 3, totalMs, full);
  }
}

function slide(totals: Float64Array, at: number, which: number, ms: number, full: boolean): void {
  const sum = totals[at + QTIME + which]!;
  // As mostly, for queues and connections at least.
  if (ms === 0 && sum === 0) return;
  totals[at + QTIME + which] = full ? sum - Math.ceil(sum / TIME_WINDOW) + ms : sum + ms;
  if (ms > totals[at + QTIME_MAX + which]!) totals[at + QTIME_MAX + which] = ms;
}

function viewSlot(region: Region, place: CounterPlace, index: number): CounterSlot {
  const at = PAGE + index * slotLength(place.rows);
  return {
    index,
    totals: new Float64Array(region.buffer, at, place.rows * ROW_WIDTH),
    gauges: new Int32Array(region.buffer, at + place.rows * ROW_WIDTH * 8, place.rows * GAUGE_WIDTH),
  };
}
