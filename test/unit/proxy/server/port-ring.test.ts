import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortRing } from '../../../../src/proxy/server/port-ring.ts';

describe('PortRing', () => {
  it('begins where it is told to and gives every port once', () => {
    const ring = new PortRing(1000, 1003, 2);
    expect(Array.from({ length: 5 }, () => ring.take())).toEqual([1002, 1003, 1000, 1001, 0]);
  });

  it('lets the port that was given back first serve first', () => {
    const ring = new PortRing(1000, 1002, 0);
    const [a, b, c] = [ring.take(), ring.take(), ring.take()];
    ring.giveBack(c);
    ring.giveBack(a);
    expect([ring.take(), ring.take(), ring.take()]).toEqual([c, a, 0]);
    ring.giveBack(b);
    expect(ring.take()).toBe(b);
  });

  it('never has a port out twice, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 200 }), fc.nat(6), (choices, start) => {
        const ring = new PortRing(5000, 5006, start);
        const out: number[] = [];
        for (const choice of choices) {
          if (choice < 5 || out.length === 0) {
            const port = ring.take();
            expect(port === 0).toBe(out.length === ring.size);
            if (port !== 0) out.push(port);
          } else ring.giveBack(out.splice(choice % out.length, 1)[0]!);
          expect(new Set(out).size).toBe(out.length);
        }
      }),
    );
  });
});
