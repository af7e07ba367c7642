/** The counter against traces of HAProxy 2.6 (`show stat`: check_health) and its rules as properties. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { continueHealth, createHealth, nextIntervalMs, recordResult } from '../../../src/check/health.ts';
import { makeVerdict } from '../../../src/check/verdict.ts';

const pass = makeVerdict('L4OK');
const fail = makeVerdict('L4CON', 'Connection refused');

/** '+' is a success, '-' a failure; returns the counter after each, with the transitions marked. */
function trace(rise: number, fall: number, results: string): string[] {
  const record = createHealth(rise, fall, 0);
  return [...results].map((sign, i) => {
    const changed = recordResult(record, sign === '+' ? pass : fail, 0, i + 1);
    return `${record.health}${changed ? (record.up ? 'UP' : 'DOWN') : ''}`;
  });
}

describe('rise and fall', () => {
  it('takes a new server down at its first failure', () => {
    expect(trace(2, 3, '-')).toEqual(['0DOWN']);
  });
  it('confirms a new server at its first success, then needs `fall` failures', () => {
    expect(trace(2, 3, '+---')).toEqual(['4', '3', '2', '0DOWN']);
  });
  it('starts over when a success comes between', () => {
    expect(trace(2, 3, '+--+---')).toEqual(['4', '3', '2', '4', '3', '2', '0DOWN']);
  });
  it('needs `rise` successes in a row to come back', () => {
    expect(trace(3, 2, '-++-+++')).toEqual(['0DOWN', '1', '2', '0', '1', '2', '4UP']);
  });
  it('goes up and down at once with rise 1 and fall 1', () => {
    expect(trace(1, 1, '+-+')).toEqual(['1', '0DOWN', '1UP']);
  });

  it('counts failed checks while any life is left, and the falls', () => {
    const record = createHealth(2, 3, 0);
    for (const verdict of [fail, fail, fail, pass, fail]) recordResult(record, verdict, 1, 10);
    expect(record).toMatchObject({ failedChecks: 2, downs: 1, up: false });
  });

  it('adds up the time spent down', () => {
    const record = createHealth(1, 1, 0);
    recordResult(record, fail, 1, 100);
    recordResult(record, pass, 1, 350);
    recordResult(record, fail, 1, 1000);
    recordResult(record, pass, 1, 1007);
    expect(record).toMatchObject({ downtimeMs: 257, changedAtMs: 1007, downs: 2, up: true });
  });

  it('keeps the counter in range, and up means at or above rise', () => {
    const size = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(size, size, fc.array(fc.boolean(), { maxLength: 100 }), (rise, fall, results) => {
        const record = createHealth(rise, fall, 0);
        for (const [i, passed] of results.entries()) {
          const before = record.up;
          const changed = recordResult(record, passed ? pass : fail, 0, i);
          expect(record.health).toBeGreaterThanOrEqual(0);
          expect(record.health).toBeLessThanOrEqual(rise + fall - 1);
          expect(record.up).toBe(record.health >= rise);
          expect(changed).toBe(before !== record.up);
        }
      }),
    );
  });
});

describe('a continued state', () => {
  it('goes on in the middle of a count', () => {
    const record = createHealth(2, 3, 0);
    recordResult(record, pass, 0, 1);
    recordResult(record, fail, 0, 2);
    const next = continueHealth(record, 2, 3);
    expect(next).toEqual(record);
    expect(next).not.toBe(record);
  });
  it('keeps up and down under another rise and fall', () => {
    const up = createHealth(2, 3, 0);
    expect(continueHealth(up, 5, 4)).toMatchObject({ up: true, health: 8, rise: 5, fall: 4 });
    recordResult(up, fail, 0, 1);
    expect(continueHealth(up, 1, 1)).toMatchObject({ up: false, health: 0 });
  });
});

describe('the next interval', () => {
  const conf = { addr: null, port: null, interMs: 2000, fastinterMs: 200, downinterMs: 500, rise: 2, fall: 3 };
  it('is inter, fastinter on the way, downinter at the bottom', () => {
    const record = createHealth(2, 3, 0);
    const seen = [...'+--+---++'].map((sign) => {
      recordResult(record, sign === '+' ? pass : fail, 0, 1);
      return nextIntervalMs(conf, record);
    });
    expect(seen).toEqual([2000, 200, 200, 2000, 200, 200, 500, 200, 2000]);
  });
  it('is inter wherever the others are not given', () => {
    const plain = { ...conf, fastinterMs: null, downinterMs: null };
    const record = createHealth(2, 3, 0);
    for (const verdict of [pass, fail, fail, fail]) {
      recordResult(record, verdict, 0, 1);
      expect(nextIntervalMs(plain, record)).toBe(2000);
    }
  });
});
