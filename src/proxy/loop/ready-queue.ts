/**
 * What is ready to run, in the order of its turn: a heap of numbers that allocates nothing once it has grown.
 *
 * Everything gets the next number in line, plus a distance for each point of `nice` (manual, chapter 5.1): what is worth
 * less lets so many others pass that came after it, and what is worth more passes as many that came before. So nothing
 * waits for ever. The distance is HAProxy's, the depth of its run queue.
 */
const DISTANCE = 200;
const FIRST_ROOM = 1024;

export class ReadyQueue {
  private keys = new Float64Array(FIRST_ROOM);
  private items = new Int32Array(FIRST_ROOM);
  private ticks = 0;
  size = 0;

  add(item: number, nice: number): void {
    if (this.size === this.items.length) this.grow();
    const key = ++this.ticks + nice * DISTANCE;
    const { keys, items } = this;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (keys[parent]! <= key) break;
      keys[at] = keys[parent]!;
      items[at] = items[parent]!;
      at = parent;
    }
    keys[at] = key;
    items[at] = item;
  }

  /** The next in turn; there must be one. */
  take(): number {
    const { keys, items } = this;
    const first = items[0]!;
    const size = --this.size;
    const key = keys[size]!;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && keys[child + 1]! < keys[child]!) child++;
      if (keys[child]! >= key) break;
      keys[at] = keys[child]!;
      items[at] = items[child]!;
      at = child;
    }
    keys[at] = key;
    items[at] = items[size]!;
    return first;
  }

  private grow(): void {
    const { keys, items } = this;
    this.keys = new Float64Array(2 * keys.length);
    this.items = new Int32Array(2 * items.length);
    this.keys.set(keys);
    this.items.set(items);
  }
}
