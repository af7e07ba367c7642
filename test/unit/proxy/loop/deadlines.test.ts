/** Three deadlines behind one timer, played on a wheel by hand. */
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../../../src/proxy/loop/deadlines.ts';
import type { Loop } from '../../../../src/proxy/loop/loop.ts';
import { TimerWheel } from '../../../../src/proxy/loop/timers.ts';

/** What passes, with the time at which it does, when nothing moves the deadlines any more. */
function play(arrange: (deadlines: Deadlines, loop: { now: number }) => void, until = 5000): [string, number][] {
  const loop = { now: 100, timers: new TimerWheel(100) };
  const passed: [string, number][] = [];
  const deadlines: Deadlines = new Deadlines(loop as unknown as Loop, {
    onTimer: () => {
      const which = deadlines.passed();
      if (which !== null) passed.push([which, loop.now]);
    },
  });
  arrange(deadlines, loop);
  for (loop.now++; loop.now <= until; loop.now++) loop.timers.advance(loop.now);
  return passed;
}

describe('Deadlines', () => {
  it('passes each when it is due, the earliest first', () => {
    const passed = play((deadlines, { now }) => {
      deadlines.setClient(300);
      deadlines.setServer(50);
      deadlines.setDispatch(now + 200);
    });
    expect(passed).toEqual([
      ['server', 150],
      ['dispatch', 300],
      ['client', 400],
    ]);
  });

  it('passes all that are due at the same moment', () => {
    const passed = play((deadlines, { now }) => {
      deadlines.setClient(10);
      deadlines.setServer(10);
      deadlines.setDispatch(now + 10);
    });
    expect(passed.map(([which]) => which)).toEqual(['dispatch', 'client', 'server']);
  });

  it('follows a deadline that moves away, and one that is taken back', () => {
    const passed = play((deadlines, loop) => {
      deadlines.setClient(20);
      deadlines.setServer(30);
      loop.now += 15;
      deadlines.set('client', 100);
      deadlines.setServer(null);
    });
    expect(passed).toEqual([['client', 215]]);
  });

  it('has none without a limit', () => {
    const passed = play((deadlines) => {
      deadlines.setClient(null);
      deadlines.setServer(null);
      deadlines.setDispatch(null);
      expect(deadlines.hasServer).toBe(false);
    });
    expect(passed).toEqual([]);
  });
});
