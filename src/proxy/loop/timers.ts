/**
 * Timers of one worker: two rings of lists, 1 ms and 1024 ms a slot.
 *
 *     near:  1024 slots of 1 ms      what is due within a second
 *     far:   1024 slots of 1024 ms   the rest, moved near (or round again) when its slot comes
 *
 * Arming and disarming are constant time and allocate nothing. Timeouts that move with every byte are not re-armed
 * each time: their owner keeps the true deadline and, when the timer fires early, arms it again.
 */

export interface Timed {
  onTimer(): void;
}

const SLOTS = 1024;
const MASK = SLOTS - 1;
const NEVER = Number.POSITIVE_INFINITY;

/** An entry of the rings, made once by its owner and armed as often as needed. */
export class Timer {
  next: Timer = this;
  prev: Timer = this;
  /** When it fires, in the wheel's milliseconds; meaningful while armed. */
  at = 0;
  armed = false;
  readonly owner: Timed | null;

  constructor(owner: Timed | null) {
    this.owner = owner;
  }
}

function makeRing(): Timer[] {
  return Array.from({ length: SLOTS }, () => new Timer(null));
}

export class TimerWheel {
  private readonly near = makeRing();
  private readonly far = makeRing();
  /** One bit a slot of `near`: may hold timers. */
  private readonly marks = new Int32Array(SLOTS / 32);
  private count = 0;
  /** Everything before this millisecond has fired. */
  private time: number;
  /** What is armed for earlier fires then: the millisecond being fired is closed, or a timer could hold the loop. */
  private earliest: number;
  /** No timer fires before this: when to look next. */
  nextAt = NEVER;

  constructor(now: number) {
    this.time = Math.floor(now);
    this.earliest = this.time;
  }

  arm(timer: Timer, at: number): void {
    if (timer.armed) this.unlink(timer);
    const due = Math.max(Math.ceil(at), this.earliest);
    timer.at = due;
    timer.armed = true;
    this.count++;
    this.link(timer);
  }

  /** Arms unless the timer already fires by then: an owner that keeps its own deadline needs no more. */
  armBy(timer: Timer, at: number): void {
    if (!timer.armed || timer.at > at) this.arm(timer, at);
  }

  disarm(timer: Timer): void {
    if (timer.armed) this.unlink(timer);
  }

  /** Milliseconds to wait for the next timer, -1 for ever. */
  delay(now: number): number {
    if (this.count === 0) return -1;
    return Math.max(0, Math.ceil(this.nextAt - now));
  }

  /** Fires everything due by `now`. */
  advance(now: number): void {
    const until = Math.floor(now);
    while (this.time <= until) {
      if ((this.time & MASK) === 0) this.refill();
      this.earliest = this.time + 1;
      this.fireSlot(this.time & MASK);
      this.time = this.nextStop(this.time + 1, until);
    }
    this.earliest = this.time;
    this.nextAt = this.count === 0 ? NEVER : this.nextStop(this.time, NEVER);
  }

  private link(timer: Timer): void {
    const near = timer.at - this.time < SLOTS - (this.time & MASK);
    const slot = near ? timer.at & MASK : this.farSlot(timer.at);
    const head = near ? this.near[slot]! : this.far[slot]!;
    timer.prev = head.prev;
    timer.next = head;
    head.prev.next = timer;
    head.prev = timer;
    if (near) this.marks[slot >> 5]! |= 1 << (slot & 31);
    const look = near ? timer.at : this.roundEnd();
    if (look < this.nextAt) this.nextAt = look;
  }

  /** The far slot of a moment, the last one for what lies beyond the ring. */
  private farSlot(at: number): number {
    const round = Math.min(Math.floor(at / SLOTS), Math.floor(this.time / SLOTS) + SLOTS - 1);
    return round % SLOTS;
  }

  private roundEnd(): number {
    return (Math.floor(this.time / SLOTS) + 1) * SLOTS;
  }

  private unlink(timer: Timer): void {
    timer.prev.next = timer.next;
    timer.next.prev = timer.prev;
    timer.next = timer;
    timer.prev = timer;
    timer.armed = false;
    this.count--;
  }

  /** A new round of the near ring begins: takes over its slot of the far ring. */
  private refill(): void {
    const head = this.far[Math.floor(this.time / SLOTS) % SLOTS]!;
    let timer = head.next;
    head.next = head;
    head.prev = head;
    while (timer !== head) {
      const { next } = timer;
      this.link(timer);
      timer = next;
    }
  }

  private fireSlot(slot: number): void {
    const head = this.near[slot]!;
    while (head.next !== head) {
      const timer = head.next;
      this.unlink(timer);
      timer.owner?.onTimer();
    }
    this.marks[slot >> 5]! &= ~(1 << (slot & 31));
  }

  /** The first millisecond from `from` on with something to do: a marked slot of this round, or the round's end. */
  private nextStop(from: number, until: number): number {
    const end = Math.min(this.roundEnd(), until + 1);
    const base = this.time - (this.time & MASK);
    let slot = from - base;
    while (slot < SLOTS && base + slot < end) {
      const bits = this.marks[slot >> 5]! >>> (slot & 31);
      if (bits !== 0) return Math.min(end, base + slot + 31 - Math.clz32(bits & -bits));
      slot = (slot | 31) + 1;
    }
    return end;
  }
}
