/**
 * The layout of a haproxy.cfg: sections at the margin with an empty line before them, their lines indented by four,
 * one blank between words, no blanks at line ends.
 *
 * Words, comments, line ends and the order of lines stay. A line that could come to mean something else is left as it
 * is: one with an open quote, or with a backslash that a blank behind it would escape. A comment at the margin stays
 * there; it is mostly a heading or a line switched off.
 */
import { type Line, linesOf, type Tree } from '../../../grammar/haproxy/ast.ts';
import { SECTION_NAMES } from '../../../grammar/haproxy/lexer.ts';
import { sectionMeant } from '../../../grammar/haproxy/meant.ts';
import { parse } from '../../../grammar/haproxy/parser.ts';
import { decodeWord } from '../../../grammar/haproxy/words.ts';
import type { Source } from '../../../grammar/source.ts';
import { Layout } from './layout.ts';

const INDENT = '    ';
const sectionNames: ReadonlySet<string> = new Set(SECTION_NAMES);
const noVariables = { get: () => undefined };

export function formatHaproxy(source: Source): string {
  const tree = parse(source);
  // A variable may hold the number of its line.
  const layout = new Layout(source.text, { keepLineCount: source.text.includes('.LINE') });
  for (const line of linesOf(tree)) {
    const text = layOut(tree, line);
    if (isHeader(tree, line)) layout.addApart(text);
    else layout.add(text);
  }
  return layout.finish();
}

/** A misspelt header stays at the margin: it is told from other words by that. */
function isHeader({ source }: Tree, { words }: Line): boolean {
  if (words.length === 0) return false;
  return (
    sectionNames.has(words[0]!.raw) ||
    sectionMeant(words.map((word) => ({ text: word.raw, at: { source, ...word } }))) !== null
  );
}

function layOut(tree: Tree, line: Line): string {
  const { source } = tree;
  const { words, comment, start, end } = line;
  const written = source.text.slice(start, end).replace(/\r?\n$/, '');
  if (words.length === 0 && comment < 0) return '';
  const note = comment < 0 ? '' : source.text.slice(comment, end).trimEnd();
  if (words.length === 0) return comment === start ? note : `${INDENT}${note}`;
  const first = words[0]!.raw;
  if (words.some(({ raw }) => isFragile(raw))) return written;
  if (first.startsWith('.')) {
    // Conditions are read with the blanks between their words.
    const directive = source.text.slice(words[0]!.start, words.at(-1)!.end);
    return note === '' ? directive : `${directive} ${note}`;
  }
  const indent = isHeader(tree, line) ? '' : INDENT;
  return `${indent}${words.map(({ raw }) => raw).join(' ')}${note === '' ? '' : ` ${note}`}`;
}

function isFragile(raw: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*\\$/.test(raw) || 'problem' in decodeWord(raw, noVariables);
}
