import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timer, TimerWheel } from '../../../../src/proxy/loop/timers.ts';

describe('TimerWheel', () => {
  it('fires each timer once, at its millisecond or at the first look after it, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3_000_000 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 5000 }),
        (delays, start) => {
          const wheel = new TimerWheel(start);
          let now = start;
          const fired: number[] = [];
          const pending = delays.map((d) => start + d);
          for (const delay of delays) {
            const due = start + delay;
            const timer = new Timer({
              onTimer: () => {
                expect(now).toBeGreaterThanOrEqual(due);
                fired.push(due);
                pending.splice(pending.indexOf(due), 1);
              },
            });
            wheel.arm(timer, due);
          }
          for (let looks = 0; fired.length < delays.length && looks < 100_000; looks++) {
            const wait = wheel.delay(now);
            expect(wait).toBeGreaterThanOrEqual(0);
            expect(now + wait).toBeLessThanOrEqual(Math.max(now, ...[Math.min(...pending)]));
            now += wait;
            wheel.advance(now);
          }
          expect(fired).toEqual([...fired].sort((a, b) => a - b));
          expect(fired.length).toBe(delays.length);
          expect(wheel.delay(now)).toBe(-1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('does not fire what was disarmed or moved away', () => {
    const wheel = new TimerWheel(1000);
    const fired: string[] = [];
    const a = new Timer({ onTimer: () => fired.push('a') });
    const b = new Timer({ onTimer: () => fired.push('b') });
    wheel.arm(a, 1010);
    wheel.arm(b, 1010);
    wheel.disarm(a);
    wheel.arm(b, 9000);
    wheel.advance(8999);
    expect(fired).toEqual([]);
    wheel.advance(9000.5);
    expect(fired).toEqual(['b']);
  });

  it('lets a timer arm itself and others again while it fires', () => {
    const wheel = new TimerWheel(0);
    let count = 0;
    const timer: Timer = new Timer({
      onTimer: () => {
        if (++count < 5) wheel.arm(timer, 10 * (count + 1));
      },
    });
    wheel.arm(timer, 10);
    for (let now = 0; now < 100; now += 3) wheel.advance(now);
    expect(count).toBe(5);
  });

  it('catches up after a long sleep in one look', () => {
    const wheel = new TimerWheel(5);
    let fired = 0;
    for (let i = 0; i < 100; i++) wheel.arm(new Timer({ onTimer: () => fired++ }), 5 + i * 977);
    wheel.advance(200_000);
    expect(fired).toBe(100);
  });
});
