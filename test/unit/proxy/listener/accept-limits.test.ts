import { describe, expect, it } from 'vitest';
import { defaultProcessLimits } from '../../../../src/config/listener-options.ts';
import { createMemfd } from '../../../../src/os/memfd.ts';
import { CONN_RATE, mapRows, PROCESS_ROW, SESS_RATE } from '../../../../src/proxy/counter-layout.ts';
import { Counters, claimCounters } from '../../../../src/proxy/counters.ts';
import { AcceptLimits } from '../../../../src/proxy/listener/accept-limits.ts';
import type { Loop } from '../../../../src/proxy/loop/loop.ts';
import { makeProxy, makeSlice } from '../configuration.ts';

const map = mapRows(makeSlice([makeProxy({ servers: 1 })]));
const FRONTEND = map.frontends.get(2)!;
const LISTENER = map.listeners.get(1)!;

/** Two workers of one process, with a clock to set. */
function setUp(given: { process?: number; frontend?: number; socket?: number; rate?: number; processRate?: number }) {
  const { place, owned } = claimCounters(createMemfd('test'), map, 2);
  const own = new Counters(place, owned, owned[0]!);
  const other = new Counters(place, owned, owned[1]!);
  const clock = { wallMs: 1_000_000 };
  const intents = new Int32Array(new SharedArrayBuffer(8));
  const limits = new AcceptLimits(
    own,
    clock as Loop,
    given.process ?? 1000,
    { ...defaultProcessLimits, connectionRate: given.processRate ?? 0 },
    [
      { row: FRONTEND, most: given.frontend ?? null },
      { row: LISTENER, most: given.socket ?? null },
    ],
    { row: FRONTEND, sessionRate: given.rate ?? 0 },
    intents,
    0,
  );
  return { own, other, clock, limits, intents };
}

describe('AcceptLimits', () => {
  it.each([
    ['process', PROCESS_ROW],
    ['frontend', FRONTEND],
    ['socket', LISTENER],
  ] as const)('counts the sessions of all workers: %s', (name, row) => {
    const { own, other, limits } = setUp({ [name]: 2 });
    own.occupy(row);
    expect(limits.allow()).toBe(true);
    limits.done();
    other.occupy(row);
    expect(limits.allow()).toBe(false);
    expect(limits.delayMs).toBe(0);
    other.leaveRow(row);
    expect(limits.allow()).toBe(true);
    limits.done();
  });

  it('leaves a last place to a worker that may be about to take it', () => {
    const { own, limits, intents } = setUp({ process: 2 });
    own.occupy(PROCESS_ROW);
    intents[1] = 1;
    expect([limits.allow(), limits.delayMs, limits.hasRoom()]).toEqual([false, 1, true]);
    expect([...intents]).toEqual([0, 1]);
    intents[1] = 0;
    expect([limits.allow(), limits.delayMs]).toEqual([true, 0]);
    expect([...intents]).toEqual([1, 0]);
    limits.done();
    expect([...intents]).toEqual([0, 0]);
    own.occupy(PROCESS_ROW);
    expect([limits.allow(), limits.delayMs, limits.hasRoom()]).toEqual([false, 0, false]);
    expect([...intents]).toEqual([0, 0]);
  });

  it.each([
    ['rate', FRONTEND, SESS_RATE],
    ['processRate', PROCESS_ROW, CONN_RATE],
  ] as const)('lets a second make place for the next: %s', (name, row, rate) => {
    const { own, other, clock, limits } = setUp({ [name]: 4 });
    for (let i = 0; i < 4; i++) {
      expect(limits.allow()).toBe(true);
      (i % 2 === 0 ? own : other).tick(row, rate, clock.wallMs / 1000);
    }
    expect(limits.allow()).toBe(false);
    expect(limits.delayMs).toBe(250);
    clock.wallMs += 1000;
    expect(limits.allow()).toBe(false);
    // Half of the second before has gone: two events weigh on this one.
    clock.wallMs += 500;
    expect(limits.allow()).toBe(true);
    own.tick(row, rate, 1001);
    other.tick(row, rate, 1001);
    expect(limits.allow()).toBe(false);
    clock.wallMs += 2000;
    expect(limits.allow()).toBe(true);
  });
});
