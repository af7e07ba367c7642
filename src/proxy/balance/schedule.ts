/**
 * Orders of turns for weighted servers. In both, every server comes as often as its weight says (weights divided by
 * their greatest common divisor) and its turns are spread over the round; they differ in how.
 */

/**
 * HAProxy's `roundrobin`: a server's turns are equally far apart. Those that had none yet come by weight, whenever no
 * other one is due.
 */
export function makeEvenTurns(weights: readonly number[]): Int32Array {
  const shares = reduce(weights);
  const length = shares.reduce((sum, share) => sum + share, 0);
  const due = new Float64Array(shares.length).fill(Number.POSITIVE_INFINITY);
  const begun = new Int32Array(shares.length);
  const taken = new Int32Array(shares.length);
  const byWeight = shares.map((_, i) => i).sort((a, b) => shares[b]! - shares[a]! || a - b);
  const turns = new Int32Array(length);
  let unplaced = 0;
  for (let turn = 0; turn < length; turn++) {
    let next = byWeight[0]!;
    for (const i of byWeight) if (due[i]! < due[next]!) next = i;
    if (Math.floor(due[next]!) > turn && unplaced < byWeight.length) {
      next = byWeight[unplaced++]!;
      begun[next] = turn;
    }
    due[next] = begun[next]! + (++taken[next]! * length) / shares[next]!;
    turns[turn] = next;
  }
  return turns;
}

/**
 * HAProxy's `static-rr`, and its map for static hashes (a hash modulo the length names the turn): each server earns its
 * share of a turn per turn; who is owed most whole turns comes next, the first declared one among equals.
 */
export function makeSchedule(weights: readonly number[]): Int32Array {
  const shares = reduce(weights);
  const length = shares.reduce((sum, share) => sum + share, 0);
  const credit = new Float64Array(shares.length);
  const turns = new Int32Array(length);
  for (let turn = 0; turn < length; turn++) {
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < shares.length; i++) {
      credit[i]! += shares[i]!;
      const owed = Math.floor(credit[i]! / length);
      if (owed <= most) continue;
      most = owed;
      best = i;
    }
    credit[best]! -= length;
    turns[turn] = best;
  }
  return turns;
}

function reduce(weights: readonly number[]): number[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0) || 1;
  return weights.map((weight) => weight / divisor);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
