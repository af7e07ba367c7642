import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReadyQueue } from '../../../../src/proxy/loop/ready-queue.ts';

function drain(queue: ReadyQueue): number[] {
  const order: number[] = [];
  while (queue.size > 0) order.push(queue.take());
  return order;
}

it('keeps the order of coming among equals', () => {
  const queue = new ReadyQueue();
  for (let item = 0; item < 3000; item++) queue.add(item, 7);
  expect(drain(queue)).toEqual(Array.from({ length: 3000 }, (_, item) => item));
});

it('lets 200 others pass for every point', () => {
  const queue = new ReadyQueue();
  queue.add(-1, 1);
  for (let item = 0; item < 400; item++) queue.add(item, 0);
  const order = drain(queue);
  expect(order.indexOf(-1)).toBeGreaterThan(197);
  expect(order.indexOf(-1)).toBeLessThan(203);
});

it('passes others for every point below zero', () => {
  const queue = new ReadyQueue();
  for (let item = 0; item < 400; item++) queue.add(item, 0);
  queue.add(-1, -1);
  const place = drain(queue).indexOf(-1);
  expect(place).toBeGreaterThan(197);
  expect(place).toBeLessThan(203);
});

it('leaves nobody waiting for ever', () => {
  const queue = new ReadyQueue();
  queue.add(-1, 1024);
  let turns = 0;
  do {
    queue.add(1, -1024);
    turns++;
  } while (queue.take() !== -1);
  expect(turns).toBeLessThan(2 * 1024 * 200 + 2);
});

it('gives what sorting gives, however it is used', () => {
  const step = fc.oneof(fc.integer({ min: -1024, max: 1024 }), fc.constant(null));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3000 }), (steps) => {
      const queue = new ReadyQueue();
      const model: { item: number; key: number }[] = [];
      let ticks = 0;
      for (const nice of steps) {
        if (nice !== null) {
          ticks++;
          queue.add(ticks, nice);
          model.push({ item: ticks, key: ticks + nice * 200 });
        } else if (model.length > 0) {
          const least = Math.min(...model.map(({ key }) => key));
          const taken = queue.take();
          const at = model.findIndex(({ item }) => item === taken);
          expect(model[at]!.key).toBe(least);
          model.splice(at, 1);
        }
        expect(queue.size).toBe(model.length);
      }
    }),
    { numRuns: 30 },
  );
});
