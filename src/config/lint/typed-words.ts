/**
 * Rules about what may be seen of a word in either language before its meaning: a comment glued to it, and characters that
 * nobody typed.
 */
import type { Span } from '../../../grammar/source.ts';
import { foreignCharacter } from '../../../grammar/spelling.ts';
import type { HaproxyView } from './haproxy-view.ts';
import type { Entry, KeepalivedView } from './keepalived-view.ts';
import type { Report, WordLine, WordsRule } from './rule.ts';

export function wordLinesOfHaproxy({ sections }: HaproxyView): WordLine[] {
  const lines = sections.flatMap(({ header, lines }) => [header, ...lines]);
  return lines.map(({ words }) => ({ language: 'haproxy', words: words.map(({ at }) => at) }));
}

export function wordLinesOfKeepalived({ entries }: KeepalivedView): WordLine[] {
  return entries.flatMap(wordLinesOfEntry);
}

function wordLinesOfEntry({ at, args, entries }: Entry): WordLine[] {
  const words = args.length > 0 ? args.map((arg) => arg.at) : [at];
  return [{ language: 'keepalived', words }, ...entries.flatMap(wordLinesOfEntry)];
}

const remedies = {
  haproxy: 'In a value it is written with a backslash before it or in quotes; a comment has a blank before it.',
  keepalived: 'A value that has it is written in double quotes; a comment has a blank before it.',
} as const;

/** A comment that begins right behind the last word of a line and has text right behind its mark: `pass#word`. */
function checkComment({ language, words }: WordLine, report: Report): void {
  const { source, end } = words.at(-1)!;
  const marks = language === 'haproxy' ? '#' : '#!';
  const mark = source.text[end];
  if (mark === undefined || !marks.includes(mark) || source.text[end - 1] === '"') return;
  const [comment = ''] = /^\S+/.exec(source.text.slice(end, end + 80)) ?? [];
  if (comment.length < 2 || comment[1] === mark) return;
  const message = `'${mark}' begins a comment here: '${comment}' is no part of the word before it`;
  report({ source, start: end, end: end + comment.length }, message, { notes: [{ message: remedies[language] }] });
}

function checkCharacters({ words }: WordLine, report: Report): void {
  for (const at of words) reportForeignCharacter(at, report);
}

/** Text in plain quotes may be meant for people. */
function reportForeignCharacter({ source, start, end }: Span, report: Report): void {
  const raw = source.text.slice(start, end);
  const foreign = foreignCharacter(raw);
  if (!foreign || (/["']/.test(raw) && /quotation|dash/.test(foreign.name))) return;
  const at = { source, start: start + foreign.at, end: start + foreign.at + foreign.length };
  report(at, `${foreign.name} is read as a part of the word`);
}

export const wordsRules: readonly WordsRule[] = [
  {
    code: 'comment-in-word',
    language: 'words',
    severity: 'warning',
    doc: 'A comment begins in the midst of a word, where a value may have been meant.',
    check: checkComment,
  },
  {
    code: 'foreign-character',
    language: 'words',
    severity: 'warning',
    doc: 'A typographic quote, dash or blank stands where a plain one is read.',
    check: checkCharacters,
  },
];
