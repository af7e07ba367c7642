import { describe, expect, it } from 'vitest';
import { includesThread, type ThreadSet } from '../../../src/config/listener-options.ts';

/** Of the first eight threads. */
function threadsOf(...sets: ThreadSet[]): number[] {
  return Array.from({ length: 8 }, (_, index) => index + 1).filter((n) => includesThread(sets, n - 1));
}

describe('threads of a socket', () => {
  it('are all of them when nothing is said', () => {
    expect(includesThread(null, 0)).toBe(true);
    expect(includesThread(null, 63)).toBe(true);
  });

  it('are numbered from 1', () => {
    expect(threadsOf({ first: 2, last: 4, only: 'all' })).toEqual([2, 3, 4]);
    expect(threadsOf({ first: 3, last: 3, only: 'all' })).toEqual([3]);
    expect(threadsOf({ first: 6, last: null, only: 'all' })).toEqual([6, 7, 8]);
  });

  it('are odd or even, and add up', () => {
    expect(threadsOf({ first: 1, last: null, only: 'odd' })).toEqual([1, 3, 5, 7]);
    expect(threadsOf({ first: 1, last: null, only: 'even' })).toEqual([2, 4, 6, 8]);
    expect(threadsOf({ first: 1, last: 1, only: 'all' }, { first: 8, last: 8, only: 'all' })).toEqual([1, 8]);
  });
});
