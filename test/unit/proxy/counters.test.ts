import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createMemfd } from '../../../src/os/memfd.ts';
import { CTIME, mapRows, QTIME, SCUR, SESS_RATE, SMAX, STOT, TTIME } from '../../../src/proxy/counter-layout.ts';
import { Counters, claimCounters } from '../../../src/proxy/counters.ts';
import { makeProxy, makeSlice } from './configuration.ts';

const map = mapRows(makeSlice([makeProxy({ servers: 2 })]));
const other = mapRows(makeSlice([makeProxy({ servers: 3 })]));

function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('rows', () => {
  it('gives every object a row of its own', () => {
    const rows = [
      ...map.frontends.values(),
      ...map.backends.values(),
      ...map.listeners.values(),
      ...map.servers.values(),
    ];
    expect(new Set(rows).size).toBe(rows.length);
    expect(map.rows).toBe(rows.length + 1);
    expect(map.shape).not.toBe(other.shape);
  });
});

describe('counters', () => {
  it('sums what several workers count', () => {
    const { place, owned } = claimCounters(createMemfd('test'), map, 2);
    const a = new Counters(place, owned, owned[0]!);
    const b = new Counters(place, owned, owned[1]!);
    a.enter(1);
    b.enter(1);
    b.enter(1);
    b.leaveRow(1);
    expect(a.sum(1, STOT)).toBe(3);
    expect(a.gauge(1, SCUR)).toBe(2);
    expect(a.max(1, SMAX)).toBe(3);
  });

  it('keeps totals and drops gauges of a dead process', () => {
    const fd = createMemfd('test');
    const first = claimCounters(fd, map, 1);
    expect(first.fresh).toBe('first start');
    const a = new Counters(first.place, first.owned, first.owned[0]!);
    a.enter(2);
    const second = claimCounters(fd, map, 1);
    expect(second.fresh).toBeNull();
    const b = new Counters(second.place, second.owned, second.owned[0]!);
    expect(b.sum(2, STOT)).toBe(1);
    expect(b.gauge(2, SCUR)).toBe(0);
  });

  it('sweeps the slots of a process that died meanwhile', () => {
    const fd = createMemfd('test');
    const { place, owned } = claimCounters(fd, map, 2);
    const a = new Counters(place, owned, owned[0]!);
    const b = new Counters(place, owned, owned[1]!);
    b.enter(1);
    // The second slot as a killed process leaves it: its owner's number with nobody behind it.
    (a as unknown as { ints: Int32Array }).ints[owned[1]!] = deadPid();
    expect(a.sweep()).toBe(1);
    expect(a.gauge(1, SCUR)).toBe(0);
    expect(a.sum(1, STOT)).toBe(1);
  });

  it('starts afresh for another shape and leaves the old one alone', () => {
    const fd = createMemfd('test');
    const first = claimCounters(fd, map, 1);
    const a = new Counters(first.place, first.owned, first.owned[0]!);
    a.enter(1);
    const second = claimCounters(fd, other, 1);
    expect(second.fresh).toBe('another configuration');
    const b = new Counters(second.place, second.owned, second.owned[0]!);
    expect(b.sum(1, STOT)).toBe(0);
    b.enter(1);
    a.enter(1);
    expect(a.sum(1, STOT)).toBe(2);
    expect(claimCounters(fd, map, 1).fresh).toBeNull();
  });

  it('remembers a number of shapes and gives the memory of forgotten ones back', () => {
    const fd = createMemfd('test');
    const shapes = Array.from({ length: 40 }, (_, i) => mapRows(makeSlice([makeProxy({ servers: i + 1 })])));
    for (const shape of shapes) {
      const { place, owned } = claimCounters(fd, shape, 1);
      expect(place.fd).toBe(fd);
      const counters = new Counters(place, owned, owned[0]!);
      expect(counters.sum(1, STOT)).toBe(0);
      counters.enter(1);
      counters.leave();
    }
    expect(claimCounters(fd, shapes[39]!, 1).fresh).toBeNull();
    expect(claimCounters(fd, shapes[0]!, 1).fresh).toBe('another configuration');
  });

  it('counts in memory of its own when every shape is still in use', () => {
    const fd = createMemfd('test');
    const shapes = Array.from({ length: 17 }, (_, i) => mapRows(makeSlice([makeProxy({ servers: i + 1 })])));
    const places = shapes.map((shape) => claimCounters(fd, shape, 1).place.fd);
    expect(places.slice(0, 16)).toEqual(Array.from({ length: 16 }, () => fd));
    expect(places[16]).not.toBe(fd);
  });

  it('reads a rate as HAProxy does: this second and what is left of the last', () => {
    const { place, owned } = claimCounters(createMemfd('test'), map, 1);
    const a = new Counters(place, owned, owned[0]!);
    for (let i = 0; i < 10; i++) a.tick(1, SESS_RATE, 100);
    expect(a.rate(1, SESS_RATE, 100_500)).toBe(10);
    expect(a.rate(1, SESS_RATE, 101_500)).toBe(5);
    expect(a.rate(1, SESS_RATE, 102_000)).toBe(0);
    expect(a.rateMax(1, SESS_RATE)).toBe(10);
  });

  it('averages times over the last sessions', () => {
    const { place, owned } = claimCounters(createMemfd('test'), map, 1);
    const a = new Counters(place, owned, owned[0]!);
    expect(a.average(1, QTIME)).toBe(0);
    for (let i = 0; i < 2000; i++) a.time(1, 0, 10, 0, i < 1000 ? 500 : 20);
    expect(a.average(1, CTIME)).toBe(10);
    expect(a.average(1, TTIME)).toBeGreaterThanOrEqual(20);
    expect(a.average(1, TTIME)).toBeLessThan(120);
  });
});
