/** "Did you mean": the nearest known word, by Damerau-Levenshtein distance with a bound. */

/** The nearest of `known` to `word`, or undefined when none is near enough (a third of the length, at least 1). */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  const bound = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = bound + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) distance = Math.min(distance, beforeLast[j - 2]! + 1);
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

const foreignCharacters: readonly (readonly [RegExp, string])[] = [
  [/\xc2\xa0|\xe2\x80\xaf/, 'a blank that does not break (U+00A0)'],
  [/\xe2\x80[\x8b-\x8d]|\xef\xbb\xbf/, 'a character without width (U+200B)'],
  [/\xe2\x80[\x98-\x9f]/, 'a typographic quotation mark'],
  [/\xe2\x80[\x90-\x95]/, 'a typographic dash'],
];

/** The first character that word processors and web pages put where a plain one was typed. Latin-1 for UTF-8 bytes. */
export function foreignCharacter(
  text: string,
): { readonly name: string; readonly at: number; readonly length: number } | null {
  if (!/[\xc2\xe2\xef]/.test(text)) return null;
  const found = foreignCharacters.flatMap(([pattern, name]) => {
    const match = pattern.exec(text);
    return match ? [{ name, at: match.index, length: match[0].length }] : [];
  });
  return found.sort((a, b) => a.at - b.at)[0] ?? null;
}
