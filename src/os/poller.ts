/**
 * Readiness of descriptors that Node cannot watch (raw and packet sockets) inside Node's ordinary event loop.
 *
 * One `epoll_wait` sleeps on a thread of Node's pool; its return calls back on the main thread, which runs the
 * handlers and sends it to sleep again. An eventfd ends the sleep: `close` uses it, and so does the end of the process,
 * because Node joins its pool before it goes. Not for the data plane, whose loops call epoll directly: a turn here
 * costs a thread switch (measured: 0.1 ms from packet to handler).
 */
import { fatal } from '../fatal.ts';
import {
  addEvents,
  allocateEvents,
  EPOLLIN,
  FD_AT,
  openEpoll,
  openEventfd,
  removeEvents,
  STRIDE,
  wake,
} from './epoll.ts';
import { declareAsync } from './libc.ts';
import { closeFd } from './socket.ts';

export interface Poller {
  /** Calls `onReadable` whenever `fd` has something to read; it must read until EAGAIN or be called again at once. */
  readonly add: (fd: number, onReadable: () => void) => void;
  /** Forgets `fd`; its owner closes it. */
  readonly remove: (fd: number) => void;
  readonly close: () => void;
}

const CAPACITY = 64;
const waitOnPool = declareAsync('int epoll_wait(int, intptr_t, int, int)');

export function openPoller(): Poller {
  const epoll = openEpoll();
  const bell = openEventfd();
  if (epoll < 0 || bell < 0) fatal('no descriptors for the poller');
  addEvents(epoll, bell, EPOLLIN, 0);
  const events = allocateEvents(CAPACITY);
  const handlers = new Map<number, () => void>();
  let closed = false;
  let failures = 0;

  const ring = (): void => {
    wake(bell);
  };
  const sleep = (): void => waitOnPool(epoll, events.region.address, CAPACITY, -1, woken);
  function woken(error: Error | null, count: number): void {
    // EINTR is the only failure that can happen to a descriptor of our own; anything lasting is a bug.
    failures = error || count < 0 ? failures + 1 : 0;
    if (failures > 1000) fatal('epoll_wait keeps failing');
    for (let i = 0; i < count && !closed; i++) handlers.get(events.ints[i * STRIDE + FD_AT]!)?.();
    if (closed) {
      closeFd(epoll);
      closeFd(bell);
    } else {
      sleep();
    }
  }

  process.once('exit', ring);
  sleep();
  return {
    add: (fd, onReadable) => {
      handlers.set(fd, onReadable);
      if (addEvents(epoll, fd, EPOLLIN, 0) < 0) fatal(`descriptor ${fd} cannot be polled`);
    },
    remove: (fd) => {
      handlers.delete(fd);
      removeEvents(epoll, fd);
    },
    close: () => {
      closed = true;
      process.removeListener('exit', ring);
      ring();
    },
  };
}
