/**
 * Adds a term to the condition of a rule: `if a or b` with the term `{ x }` becomes `if { x } a or { x } b`.
 *
 * Words stand as written. `unless` is turned round where it holds one term only; beyond that there is no way without a
 * named ACL.
 */

/** The words from `if`/`unless` on with `terms` in front of every alternative; null: it cannot be said in one rule. */
export function joinCondition(terms: string, condition: readonly string[]): string | null {
  const [keyword, ...words] = condition;
  if (keyword === undefined) return `if ${terms}`;
  if (keyword === 'if') {
    return `if ${splitAlternatives(words)
      .map((alternative) => `${terms} ${alternative.join(' ')}`.trimEnd())
      .join(' or ')}`;
  }
  const negated = keyword === 'unless' ? negateTerm(words) : null;
  return negated === null ? null : `if ${terms} ${negated}`;
}

export function isCondition(words: readonly string[]): boolean {
  return words.length === 0 || words[0] === 'if' || words[0] === 'unless';
}

function splitAlternatives(words: readonly string[]): string[][] {
  const alternatives: string[][] = [[]];
  let depth = 0;
  for (const word of words) {
    if (word === '{' || word === '!{') depth++;
    if (word === '}') depth--;
    if (depth === 0 && (word === 'or' || word === '||')) alternatives.push([]);
    else alternatives.at(-1)!.push(word);
  }
  return alternatives;
}

function negateTerm(words: readonly string[]): string | null {
  const text = words.join(' ');
  const isBraced = /^!?\{/.test(text) && words.indexOf('}') === words.length - 1;
  if (words.length !== 1 && !isBraced) return null;
  return text.startsWith('!') ? text.slice(1).trimStart() : `!${text}`;
}
