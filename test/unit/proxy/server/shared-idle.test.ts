import { describe, expect, it } from 'vitest';
import { addEvents, EPOLLIN, openEpoll, openEventfd, removeEvents } from '../../../../src/os/epoll.ts';
import { ENOENT } from '../../../../src/os/libc.ts';
import { closeFd } from '../../../../src/os/socket.ts';
import { makeIdleMemory, SharedIdle } from '../../../../src/proxy/server/shared-idle.ts';

const ROW = 3;

function makeWorkers(count: number) {
  const memory = makeIdleMemory(10);
  const epolls = Array.from({ length: count }, openEpoll);
  const workers = epolls.map((epoll, i) => new SharedIdle(memory, i, epoll));
  return { workers, epolls };
}

describe('SharedIdle', () => {
  it('hands a connection to one taker, who watches it from now on', () => {
    const { workers, epolls } = makeWorkers(3);
    const [a, b, c] = workers as [SharedIdle, SharedIdle, SharedIdle];
    const fd = openEventfd();
    addEvents(epolls[0]!, fd, EPOLLIN, 1);
    const slot = a.offer(ROW, fd, true);
    expect(slot).toBeGreaterThanOrEqual(0);
    expect(a.takeOver(ROW, true)).toBeNull();
    expect(b.takeOver(ROW, false)).toBeNull();
    expect(b.takeOver(ROW + 1, true)).toBeNull();
    expect(b.takeOver(ROW, true)).toEqual({ fd, isSafe: true });
    expect(c.takeOver(ROW, true)).toBeNull();
    expect(a.reclaim(slot, fd, true)).toBe(false);
    expect(removeEvents(epolls[0]!, fd)).toBe(-ENOENT);
    for (const each of [fd, ...epolls]) closeFd(each);
  });

  it('leaves a connection to its own worker that was faster', () => {
    const { workers, epolls } = makeWorkers(2);
    const [a, b] = workers as [SharedIdle, SharedIdle];
    const slot = a.offer(ROW, 77, false);
    expect(a.reclaim(slot, 77, false)).toBe(true);
    expect(a.reclaim(slot, 77, false)).toBe(false);
    expect(b.takeOver(ROW, false)).toBeNull();
    for (const each of epolls) closeFd(each);
  });

  it('has room for a few a server, and uses the room again', () => {
    const { workers, epolls } = makeWorkers(1);
    const [a] = workers as [SharedIdle];
    const slots = Array.from({ length: 40 }, (_, i) => a.offer(ROW, 100 + i, i % 2 === 0));
    const kept = slots.filter((slot) => slot >= 0);
    expect(new Set(kept).size).toBe(kept.length);
    expect(slots.at(-1)).toBe(-1);
    expect(a.offer(ROW + 1, 99, true)).toBeGreaterThanOrEqual(0);
    expect(a.reclaim(slots[5]!, 105, false)).toBe(true);
    expect(a.offer(ROW, 105, false)).toBe(slots[5]);
    for (const each of epolls) closeFd(each);
  });
});
