/**
 * The endless loop of a worker: epoll -> descriptors -> timers -> work put off -> messages -> what is to be sent.
 *
 * Descriptors are watched edge-triggered: a handler remembers what is ready and acts until the kernel says EAGAIN (or
 * gives less than asked for). Listening sockets are the exception. Each registration has a number that comes back
 * with its events, so that an event for a descriptor that was closed and given out again in the same turn is dropped.
 * The clock is read once a turn. Nothing here returns to Node's event loop: no promises, no Node timers.
 */
import { performance } from 'node:perf_hooks';
import {
  addEvents,
  allocateEvents,
  changeEvents,
  drainEventfd,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLRDHUP,
  FD_AT,
  openEpoll,
  removeEvents,
  STRIDE,
  wait,
} from '../../os/epoll.ts';
import { Batch } from './batch.ts';
import { TimerWheel } from './timers.ts';

export interface Handler {
  onReady(events: number): void;
  /** The loop may call `readAhead` before it tells of bytes that have come. */
  readonly readsAhead?: boolean;
  readAhead?(): void;
}

export interface Deferred {
  /** Goes on with work that was cut short to let others have their turn. */
  onTurn(): void;
}

const EVENTS_A_TURN = 200;
/** Of events: bytes, and what else may have come with them. */
const SPECIAL = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
const SYNC_MS = 500;

export class Loop {
  /**
   * Milliseconds of the monotonic clock and of the epoch, as of this turn. Whole ones, as in HAProxy: what is noted of
   * every request are then small integers, which V8 keeps in place.
   */
  now = Math.floor(performance.now());
  wallMs = Date.now();
  /** Whole seconds of the epoch. */
  second = Math.floor(this.wallMs / 1000);
  readonly timers = new TimerWheel(this.now);
  readonly batch = new Batch();
  protected readonly epoll = openEpoll();
  protected readonly events = allocateEvents(EVENTS_A_TURN);
  protected readonly handlers: (Handler | undefined)[] = [];
  protected readonly registrations: number[] = [];
  private deferred: Deferred[] = [];
  protected readonly wakeFd: number;
  private readonly onWake: () => void;
  private running = true;
  private wallOffset = 0;
  private syncAt = 0;

  /** `onWake` runs after a turn in which `wakeFd` was written to. */
  constructor(wakeFd: number, onWake: () => void) {
    if (this.epoll < 0) throw new Error(`epoll_create1: errno ${-this.epoll}`);
    this.wakeFd = wakeFd;
    this.onWake = onWake;
    addEvents(this.epoll, wakeFd, EPOLLIN | EPOLLET, 0);
  }

  /** Returns 0 or `-errno`. */
  watch(fd: number, events: number, handler: Handler): number {
    while (this.handlers.length <= fd) {
      this.handlers.push(undefined);
      this.registrations.push(0);
    }
    const registration = (this.registrations[fd]! + 1) | 0;
    this.registrations[fd] = registration;
    this.handlers[fd] = handler;
    return addEvents(this.epoll, fd, events, registration);
  }

  change(fd: number, events: number): number {
    return changeEvents(this.epoll, fd, events, this.registrations[fd]!);
  }

  /** Stops watching a descriptor that stays open. */
  unwatch(fd: number): void {
    removeEvents(this.epoll, fd);
    this.forget(fd);
  }

  /** Where descriptors are watched; other workers take theirs off that they take over. */
  get descriptor(): number {
    return this.epoll;
  }

  /** Whether the descriptor's events go to this handler. */
  serves(fd: number, handler: Handler): boolean {
    return this.handlers[fd] === handler;
  }

  /** Another worker has the descriptor, under whose number this one may watch something else by now. */
  release(fd: number, handler: Handler): void {
    if (this.handlers[fd] === handler) this.forget(fd);
  }

  /** Forgets a descriptor that is about to be closed: the kernel takes it off the list by itself. */
  forget(fd: number): void {
    this.handlers[fd] = undefined;
    this.registrations[fd]!++;
  }

  defer(work: Deferred): void {
    this.deferred.push(work);
  }

  /** What a listener's connections are worth; only a weighed loop heeds it (weighed-loop.ts). */
  weigh(_fd: number, _nice: number): void {}

  /** A connection to a server goes on for whoever has the turn now. */
  adopt(_fd: number): void {}

  stop(): void {
    this.running = false;
  }

  run(): void {
    while (this.running) this.turn();
  }

  protected turn(): void {
    const timeout = this.deferred.length > 0 ? 0 : this.timers.delay(this.now);
    const count = wait(this.epoll, this.events, timeout);
    this.readClock();
    const woken = count > 0 && this.deliver(count);
    if (this.now >= this.timers.nextAt) this.timers.advance(this.now);
    if (this.deferred.length > 0) this.runDeferred();
    if (woken) this.answerWake();
    this.batch.finish();
  }

  /** The wall clock follows the monotonic one and is looked at anew twice a second. */
  protected readClock(): void {
    this.now = Math.floor(performance.now());
    if (this.now >= this.syncAt) {
      this.wallOffset = Date.now() - this.now;
      this.syncAt = this.now + SYNC_MS;
    }
    this.wallMs = this.wallAt(this.now);
    this.second = Math.floor(this.wallMs / 1000);
  }

  /** The wall clock at a moment of this loop's time, in milliseconds of the epoch. */
  wallAt(at: number): number {
    return Math.floor(at + this.wallOffset);
  }

  /** Reads what has come for those that wait for a small message, and for nothing else. */
  private readAhead(count: number): void {
    const { ints } = this.events;
    const { handlers, registrations, batch } = this;
    for (let i = 0; i < count && batch.readsOn; i++) {
      const at = i * STRIDE;
      const fd = ints[at + FD_AT]!;
      const handler = handlers[fd];
      if (handler === undefined || handler.readsAhead !== true || (ints[at]! & SPECIAL) !== EPOLLIN) continue;
      if (registrations[fd] === ints[at + FD_AT + 1]) handler.readAhead!();
    }
  }

  private deliver(count: number): boolean {
    const { ints } = this.events;
    const { handlers, registrations, wakeFd } = this;
    let woken = false;
    this.readAhead(count);
    for (let i = 0; i < count; i++) {
      const at = i * STRIDE;
      const fd = ints[at + FD_AT]!;
      if (fd === wakeFd) woken = true;
      else if (registrations[fd] === ints[at + FD_AT + 1]) handlers[fd]?.onReady(ints[at]!);
    }
    this.batch.endReading();
    return woken;
  }

  private runDeferred(): void {
    const work = this.deferred;
    this.deferred = [];
    for (const item of work) item.onTurn();
  }

  protected answerWake(): void {
    drainEventfd(this.wakeFd);
    this.onWake();
  }
}
