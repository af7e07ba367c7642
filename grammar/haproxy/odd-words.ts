/**
 * Words that show by themselves why they cannot stand where they stand: what templates, merges and word processors leave
 * behind, comments and braces of other languages, a number and its unit as two words.
 */
import type { Diagnostic, Note } from '../diagnostic.ts';
import { foreignCharacter } from '../spelling.ts';
import type { Value } from './keyword.ts';

const marks: readonly (readonly [RegExp, string])[] = [
  [/^(?:<{7}|={7}|>{7}|\|{7})/, 'This is the mark of a merge conflict.'],
  [/^(?:\{[{%#]|[%#]\}|<%)/, 'This is a template, which has to be rendered first.'],
  [/^(?:\/\/|\/\*|;|--$)/, "A comment begins with '#'."],
  [/^[{}]$/, 'There are no braces around sections: one ends where the next one begins.'],
  [/^!?\{./, "A blank belongs behind '{' and before '}'."],
];

/** What a person should know of a word that stands where it cannot. */
export function notesOn(text: string): readonly Note[] {
  const mark = marks.find(([pattern]) => pattern.test(text));
  if (mark) return [{ message: mark[1] }];
  const foreign = foreignCharacter(text);
  return foreign ? [{ message: `The word contains ${foreign.name}.` }] : [];
}

/** Of a word more than a line takes: what it says itself, or "30 s". */
export function hintsOnSurplus(before: Value | undefined, surplus: Value): Pick<Diagnostic, 'suggestion' | 'notes'> {
  const isUnit = /^\d+$/.test(before?.text ?? '') && /^(?:us|ms|s|m|h|d|k|g)$/.test(surplus.text);
  const notes = notesOn(surplus.text);
  return { ...(isUnit && { suggestion: `${before!.text}${surplus.text}` }), ...(notes.length > 0 && { notes }) };
}
