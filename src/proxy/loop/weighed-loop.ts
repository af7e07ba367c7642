/**
 * The loop of a worker some of whose listeners have a `nice`: what is ready waits in a line where the connections of one
 * listener may pass those of another (ready-queue.ts), instead of running in the order in which the kernel tells of it.
 *
 * A listener has its nice from its `bind` line, and so has its turn to accept. Whatever is watched or put off during a turn
 * inherits it: connections from the listener, theirs to servers, resting ones that are taken up. As in HAProxy it shows
 * only when there is more to do than can be done; and where no listener has a nice there is no such loop.
 */
import { FD_AT, STRIDE, wait } from '../../os/epoll.ts';
import { type Deferred, type Handler, Loop } from './loop.ts';
import { ReadyQueue } from './ready-queue.ts';

/** Then the kernel is asked whether something has come that may pass the others. A quarter of HAProxy's 200, as there. */
const MOST_A_TURN = 50;

export class WeighedLoop extends Loop {
  private readonly queue = new ReadyQueue();
  /** By descriptor. */
  private readonly nices: number[] = [];
  /** What has been told of a descriptor that waits in line, and of which registration; 0: it does not wait. */
  private readonly pending: number[] = [];
  private readonly pendingOf: number[] = [];
  /** Work that waits, at `-1 - item`, and what it is worth. */
  private readonly works: (Deferred | null)[] = [];
  private readonly workNices: number[] = [];
  private readonly freeWorks: number[] = [];
  /** Of whoever has the turn. */
  private nice = 0;

  override watch(fd: number, events: number, handler: Handler): number {
    while (this.nices.length <= fd) {
      this.nices.push(0);
      this.pending.push(0);
      this.pendingOf.push(0);
    }
    this.nices[fd] = this.nice;
    return super.watch(fd, events, handler);
  }

  override weigh(fd: number, nice: number): void {
    this.nices[fd] = nice;
  }

  override adopt(fd: number): void {
    this.nices[fd] = this.nice;
  }

  override defer(work: Deferred): void {
    const slot = this.freeWorks.pop() ?? this.works.length;
    this.works[slot] = work;
    this.workNices[slot] = this.nice;
    this.queue.add(-1 - slot, this.nice);
  }

  protected override turn(): void {
    const timeout = this.queue.size > 0 ? 0 : this.timers.delay(this.now);
    const count = wait(this.epoll, this.events, timeout);
    this.readClock();
    const woken = count > 0 && this.lineUp(count);
    if (this.now >= this.timers.nextAt) this.timers.advance(this.now);
    this.runReady();
    if (woken) this.answerWake();
    this.batch.finish();
  }

  private lineUp(count: number): boolean {
    const { ints } = this.events;
    let woken = false;
    for (let i = 0; i < count; i++) {
      const at = i * STRIDE;
      const fd = ints[at + FD_AT]!;
      if (fd === this.wakeFd) woken = true;
      else if (this.registrations[fd] === ints[at + FD_AT + 1]) this.tell(fd, ints[at + FD_AT + 1]!, ints[at]!);
    }
    return woken;
  }

  private tell(fd: number, registration: number, events: number): void {
    const { pending, pendingOf } = this;
    if (pending[fd] === 0) {
      this.queue.add(fd, this.nices[fd]!);
      pending[fd] = events;
    } else if (pendingOf[fd] === registration) pending[fd]! |= events;
    else pending[fd] = events;
    pendingOf[fd] = registration;
  }

  private runReady(): void {
    const { queue } = this;
    for (let left = Math.min(queue.size, MOST_A_TURN); left > 0; left--) {
      const item = queue.take();
      if (item < 0) this.runWork(-1 - item);
      else this.deliverTo(item);
    }
    this.nice = 0;
  }

  private runWork(slot: number): void {
    const work = this.works[slot]!;
    this.works[slot] = null;
    this.freeWorks.push(slot);
    this.nice = this.workNices[slot]!;
    work.onTurn();
  }

  private deliverTo(fd: number): void {
    const events = this.pending[fd]!;
    this.pending[fd] = 0;
    if (this.registrations[fd] !== this.pendingOf[fd]) return;
    this.nice = this.nices[fd]!;
    this.handlers[fd]?.onReady(events);
  }
}
