/**
 * The tree of a haproxy.cfg: sections of lines of words, nothing interpreted.
 *
 * Every byte of the file belongs to exactly one line, so that `print` gives an untouched tree back byte for byte:
 * blanks are what lies between two words, and comments and line ends keep their place. A word holds its text as
 * written (quotes, escapes, variables); `words.ts` computes what it means. Lines before the first section header
 * stand in a section without header. `.if` and friends are ordinary lines here; `lower.ts` follows them.
 */
import type { Source, Span } from '../source.ts';

export interface Word {
  /** As written. Replacing it changes what `print` prints. */
  raw: string;
  readonly start: number;
  readonly end: number;
}

export interface Line {
  readonly start: number;
  /** After the line end, if there is one. */
  readonly end: number;
  readonly words: readonly Word[];
  /** Offset of the `#` that starts the comment, or -1. */
  readonly comment: number;
  /** False on a last line that lacks its line end. */
  readonly terminated: boolean;
}

export interface Section {
  /** Null: what stands before the first section. */
  readonly header: Line | null;
  readonly lines: readonly Line[];
}

export interface Tree {
  readonly source: Source;
  readonly sections: readonly Section[];
}

/** All lines in file order, headers included. */
export function* linesOf(tree: Tree): Generator<Line> {
  for (const section of tree.sections) {
    if (section.header) yield section.header;
    yield* section.lines;
  }
}

/** The file's text (Latin-1, one character a byte), with the words as they are in the tree now. */
export function print(tree: Tree): string {
  const parts: string[] = [];
  for (const line of linesOf(tree)) {
    let at = line.start;
    for (const word of line.words) {
      parts.push(tree.source.text.slice(at, word.start), word.raw);
      at = word.end;
    }
    parts.push(tree.source.text.slice(at, line.end));
  }
  return parts.join('');
}

export function spanOf(source: Source, word: Word): Span {
  return { source, start: word.start, end: word.end };
}
