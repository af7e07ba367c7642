/**
 * The turn order of weighted servers: every server as often as its weight says (weights divided by their greatest
 * common divisor), its turns spread evenly, the first declared one first. It is also HAProxy's map for static hashes:
 * a hash modulo the length names the turn.
 */
export function makeSchedule(weights: readonly number[]): Int32Array {
  const divisor = weights.reduce(greatestCommonDivisor, 0) || 1;
  const shares = weights.map((w) => w / divisor);
  const length = shares.reduce((sum, share) => sum + share, 0);
  const credit = new Float64Array(shares.length);
  const turns = new Int32Array(length);
  for (let turn = 0; turn < length; turn++) {
    let best = 0;
    for (let i = 0; i < shares.length; i++) {
      credit[i]! += shares[i]!;
      if (credit[i]! > credit[best]!) best = i;
    }
    credit[best]! -= length;
    turns[turn] = best;
  }
  return turns;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
