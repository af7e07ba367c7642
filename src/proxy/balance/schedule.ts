/**
 * The order of turns behind `static-rr` and static hashes (a hash modulo the length names the turn), as HAProxy lays it
 * out: each server earns its weight's share of a turn per turn; who is owed most whole turns comes next, the first
 * declared one among equals. Every server comes as often as its weight says.
 *
 * Server `i` is owed its k-th turn from turn `ceil(total * k / weight) - 1` on, whatever happened meanwhile, so the
 * owed turns are entered into a calendar and a heap says who is owed most: O(total log n), where trying every server
 * in every turn would take O(total n).
 */

/**
 * `weights` above 0, multiples of `unit`: the order is as long as their sum in units. The result names servers by their
 * place in `weights`.
 */
export function makeSchedule(weights: readonly number[], unit: number): Int32Array {
  if (weights.length === 0) return new Int32Array(0);
  if (weights.every((weight) => weight === weights[0])) return repeat(countUp(weights.length), weights[0]! / unit);
  const divisor = findUnit(weights);
  const shares = Float64Array.from(weights, (weight) => weight / divisor);
  return repeat(new Calendar(shares).layOut(), divisor / unit);
}

function countUp(length: number): Int32Array {
  const numbers = new Int32Array(length);
  for (let i = 0; i < length; i++) numbers[i] = i;
  return numbers;
}

function repeat(round: Int32Array, times: number): Int32Array {
  if (times === 1) return round;
  const turns = new Int32Array(round.length * times);
  for (let at = 0; at < turns.length; at += round.length) turns.set(round, at);
  return turns;
}

/** The greatest weight that all others are multiples of. */
export function findUnit(weights: readonly number[]): number {
  return weights.reduce(greatestCommonDivisor, 0) || 1;
}

class Calendar {
  private readonly shares: Float64Array;
  private readonly total: number;
  /** Servers with an entry for a turn: the first of each turn, then from one to the next; one more than the server. */
  private readonly firstAt: Int32Array;
  private readonly nextEntry: Int32Array;
  /** Turns a server has come to be owed since the beginning, and those it did not get yet. */
  private readonly earned: Float64Array;
  private readonly owed: Int32Array;
  private readonly heap = new OwedHeap();

  constructor(shares: Float64Array) {
    this.shares = shares;
    this.total = shares.reduce((sum, share) => sum + share, 0);
    this.firstAt = new Int32Array(this.total + 1);
    this.nextEntry = new Int32Array(shares.length);
    this.earned = new Float64Array(shares.length);
    this.owed = new Int32Array(shares.length);
  }

  layOut(): Int32Array {
    const turns = new Int32Array(this.total);
    for (let i = this.shares.length - 1; i >= 0; i--) this.enter(i, 0);
    for (let turn = 0; turn < this.total; turn++) {
      this.credit(turn);
      turns[turn] = this.serve();
    }
    return turns;
  }

  private enter(server: number, turn: number): void {
    if (turn >= this.total) return;
    this.nextEntry[server] = this.firstAt[turn]!;
    this.firstAt[turn] = server + 1;
  }

  private credit(turn: number): void {
    let entry = this.firstAt[turn]!;
    while (entry > 0) {
      const server = entry - 1;
      entry = this.nextEntry[server]!;
      const due = Math.ceil((this.total * ++this.earned[server]!) / this.shares[server]!) - 1;
      this.heap.push(++this.owed[server]!, this.shares.length, server);
      // A lone heavy server may come to be owed two turns at once.
      this.enter(server, Math.max(due, turn + 1));
    }
  }

  private serve(): number {
    for (;;) {
      const value = this.heap.pop();
      const server = this.shares.length - 1 - (value % this.shares.length);
      const owed = Math.floor(value / this.shares.length);
      // Entries that a later one replaced are dropped when they come up.
      if (this.owed[server] !== owed) continue;
      this.owed[server] = owed - 1;
      if (owed > 1) this.heap.push(owed - 1, this.shares.length, server);
      return server;
    }
  }
}

/** Greatest first: the number of turns owed, then the server declared first. */
class OwedHeap {
  private readonly values: number[] = [];

  push(owed: number, servers: number, server: number): void {
    const { values } = this;
    const value = owed * servers + servers - 1 - server;
    let at = values.length;
    values.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (values[parent]! >= value) break;
      values[at] = values[parent]!;
      at = parent;
    }
    values[at] = value;
  }

  pop(): number {
    const { values } = this;
    const top = values[0]!;
    const value = values.pop()!;
    if (values.length > 0) this.sink(value);
    return top;
  }

  private sink(value: number): void {
    const { values } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= values.length) break;
      if (child + 1 < values.length && values[child + 1]! > values[child]!) child++;
      if (values[child]! <= value) break;
      values[at] = values[child]!;
      at = child;
    }
    values[at] = value;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
