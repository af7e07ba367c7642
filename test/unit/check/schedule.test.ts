/** Start times against those of HAProxy 2.6, and the limits of the manual's "timeout check". */
import { describe, expect, it } from 'vitest';
import { jitterMs, limitsOf, spreadStarts } from '../../../src/check/schedule.ts';
import { makeTarget } from './target.ts';

describe('first checks', () => {
  it('are spread over the interval', () => {
    expect(spreadStarts([2000, 2000, 2000, 2000])).toEqual([0, 500, 1000, 1500]);
  });
  it('are spread over the smallest interval of a second or more', () => {
    // Measured: 600 ms intervals beside 1 s ones start at 0.00, 0.17, 0.33, 0.50 ... of a second.
    expect(spreadStarts([600, 600, 600, 1000, 1000, 1000])).toEqual([0, 166, 333, 500, 666, 833]);
  });
  it('are spread over their own interval when all are short, or when it is longer', () => {
    expect(spreadStarts([100, 100])).toEqual([0, 50]);
    expect(spreadStarts([2000, 12000])).toEqual([0, 6000]);
  });
  it('need no servers', () => {
    expect(spreadStarts([])).toEqual([]);
  });
});

describe('spread-checks', () => {
  it('varies an interval by up to the given percentage in both directions', () => {
    expect(jitterMs(1000, 20, 0)).toBe(200);
    expect(jitterMs(1000, 20, 0.5)).toBe(0);
    expect(jitterMs(1000, 20, 1)).toBe(-200);
    expect(jitterMs(1000, 0, 0.3)).toBe(0);
  });
});

describe('limits', () => {
  const interMs = 2000;
  it.each([
    [null, null, { connectMs: 2000, readMs: null }],
    [null, 300, { connectMs: 2000, readMs: null }],
    [400, 300, { connectMs: 300, readMs: 400 }],
    [400, 5000, { connectMs: 2000, readMs: 400 }],
    [400, null, { connectMs: 2000, readMs: 400 }],
  ])('timeout check %s, timeout connect %s', (timeoutCheckMs, timeoutConnectMs, limits) => {
    expect(limitsOf(makeTarget({ timeoutCheckMs, timeoutConnectMs }, { interMs }))).toEqual(limits);
  });
});
