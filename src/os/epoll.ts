/**
 * epoll(7) and eventfd(2): readiness for the endless loops of the data plane.
 *
 * `struct epoll_event` is packed to 12 bytes on x86-64 and 16 bytes elsewhere; `EVENT_SIZE` is the one place that
 * knows. The user data of an event is an i32 pair: descriptor and generation.
 */
import { declare, result } from './libc.ts';
import { allocate, type Region } from './memory.ts';

export const EPOLLIN = 0x001;
export const EPOLLOUT = 0x004;
export const EPOLLERR = 0x008;
export const EPOLLHUP = 0x010;
export const EPOLLRDHUP = 0x2000;
export const EPOLLEXCLUSIVE = 0x10000000;
export const EPOLLET = 0x80000000;

const CTL_ADD = 1;
const CTL_DEL = 2;
const CTL_MOD = 3;

const packed = process.arch === 'x64';
const EVENT_SIZE = packed ? 12 : 16;
const DATA_AT = packed ? 4 : 8;

const createCall = declare('int epoll_create1(int)');
const ctlCall = declare('int epoll_ctl(int, int, int, intptr_t)');
const waitCall = declare('int epoll_wait(int, intptr_t, int, int)');
const eventfdCall = declare('int eventfd(unsigned int, int)');
const readCall = declare('int64 read(int, intptr_t, size_t)');
const writeCall = declare('int64 write(int, intptr_t, size_t)');

const EPOLL_CLOEXEC = 0o2000000;
const EFD_NONBLOCK_CLOEXEC = 0o2004000;

const one = allocate(4096);
one.view.setBigUint64(64, 1n, true);

export function openEpoll(): number {
  return result(createCall(EPOLL_CLOEXEC));
}

export function addEvents(epoll: number, fd: number, events: number, generation: number): number {
  return control(epoll, CTL_ADD, fd, events, generation);
}

export function changeEvents(epoll: number, fd: number, events: number, generation: number): number {
  return control(epoll, CTL_MOD, fd, events, generation);
}

export function removeEvents(epoll: number, fd: number): number {
  return control(epoll, CTL_DEL, fd, 0, 0);
}

function control(epoll: number, operation: number, fd: number, events: number, generation: number): number {
  one.view.setUint32(0, events >>> 0, true);
  one.view.setInt32(DATA_AT, fd, true);
  one.view.setInt32(DATA_AT + 4, generation, true);
  return result(ctlCall(epoll, operation, fd, one.address));
}

/** The array that `wait` fills; a loop owns one and reads it through `ints` with the two offsets below. */
export interface EventArray {
  readonly region: Region;
  readonly capacity: number;
  /** Index i: events at `i*STRIDE`, descriptor at `i*STRIDE+FD_AT`, generation after it (all i32 units). */
  readonly ints: Int32Array;
}
export const STRIDE = EVENT_SIZE / 4;
export const FD_AT = DATA_AT / 4;

export function allocateEvents(capacity: number): EventArray {
  const region = allocate(capacity * EVENT_SIZE);
  return { region, capacity, ints: new Int32Array(region.buffer, 0, capacity * STRIDE) };
}

/** Waits up to `timeoutMs` (-1: for ever); returns the number of events or `-errno`; EINTR is one of them. */
export function wait(epoll: number, events: EventArray, timeoutMs: number): number {
  const n = waitCall(epoll, events.region.address, events.capacity, timeoutMs);
  return n >= 0 ? n : result(n);
}

/** A counter descriptor by which one thread wakes another's loop. */
export function openEventfd(): number {
  return result(eventfdCall(0, EFD_NONBLOCK_CLOEXEC));
}

export function wake(eventfd: number): number {
  return result(writeCall(eventfd, one.address + 64, 8));
}

export function drainEventfd(eventfd: number): number {
  return result(readCall(eventfd, one.address + 72, 8));
}
