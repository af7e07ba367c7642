import { describe, expect, it } from 'vitest';
import { RestartDelay } from '../../../src/core/restart-delay.ts';

describe('RestartDelay', () => {
  it('starts at once the first time and is within two seconds the next two', () => {
    const delay = new RestartDelay();
    expect(delay.next(1000)).toBe(0);
    expect(delay.next(1000)).toBeLessThan(2000);
    expect(delay.next(1000)).toBeLessThan(2000);
  });

  it('grows to thirty seconds and stays there', () => {
    const delay = new RestartDelay();
    const delays = Array.from({ length: 12 }, () => delay.next(10));
    expect([...delays].sort((a, b) => a - b)).toEqual(delays);
    expect(delays.at(-1)).toBe(30_000);
  });

  it('starts from the beginning after a long life', () => {
    const delay = new RestartDelay();
    for (let i = 0; i < 5; i++) delay.next(10);
    expect(delay.next(60_000)).toBe(0);
  });
});
