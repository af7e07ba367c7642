/**
 * The layout of a keepalived.conf: four blanks a block, one between words, a blank before an opening brace.
 *
 * Words, comments and line ends stay. Lines of the preprocessor (definitions, includes) keep their text. Where a
 * condition or a definition holds a brace, blocks cannot be followed line by line: indentation then stays as it is.
 */
import type { IToken } from 'chevrotain';
import {
  Blank,
  ByteOrderMark,
  Close,
  Comment,
  Newline,
  Open,
  UnclosedQuote,
  Word,
} from '../../../grammar/keepalived/lexer.ts';
import { type FileLine, type FileTree, parse } from '../../../grammar/keepalived/parser.ts';
import type { Source } from '../../../grammar/source.ts';
import { Layout } from './layout.ts';

const INDENT = '    ';

export function formatKeepalived(source: Source): string {
  const tree = parse(source);
  const layout = new Layout(source.text, { keepLineCount: false });
  const followed = canFollowBlocks(tree);
  let depth = 0;
  for (const line of tree.lines) {
    const braces =
      line.kind === 'text' ? line.tokens.filter(({ tokenType }) => tokenType === Open || tokenType === Close) : [];
    const closing = solidTokens(line)[0]?.tokenType === Close ? 1 : 0;
    layout.add(layOut(line, followed ? INDENT.repeat(Math.max(0, depth - closing)) : null));
    for (const brace of braces) depth = Math.max(0, depth + (brace.tokenType === Open ? 1 : -1));
  }
  return layout.finish();
}

function canFollowBlocks({ lines }: FileTree): boolean {
  return !lines.some(({ kind, condition, tokens }) => {
    const holdsBrace = tokens.some(
      ({ image }) => /^[{}]$/.test(image) || (kind === 'definition' && /[{}]/.test(image)),
    );
    return holdsBrace && (condition !== null || kind === 'definition');
  });
}

function solidTokens(line: FileLine): IToken[] {
  return line.tokens.filter(
    ({ tokenType }) => tokenType !== Blank && tokenType !== Newline && tokenType !== ByteOrderMark,
  );
}

/** `indent` null: as it was. */
function layOut(line: FileLine, indent: string | null): string {
  const written = line.tokens
    .map(({ image }) => image)
    .join('')
    .replace(/\r?\n$/, '');
  const solid = solidTokens(line);
  const [first] = solid;
  if (!first) return line.tokens[0]?.tokenType === ByteOrderMark ? written : '';
  const before = line.tokens[0] === first ? '' : /^[ \t]*/.exec(written)![0];
  // Words of a line are all that may move; what the preprocessor reads stays as it is.
  if (line.kind !== 'text' || line.condition || line.tokens[0]!.tokenType === ByteOrderMark) return withoutEnd(written);
  const ownIndent = first.tokenType === Comment && line.tokens[0] === first ? '' : (indent ?? before);
  if (solid.some(isFragile)) return written;
  return `${ownIndent}${joinTokens(line.tokens)}`.trimEnd();
}

/** A backslash must not come to stand at the end of the file: it would no longer continue the line. */
function withoutEnd(written: string): string {
  const trimmed = written.trimEnd();
  return trimmed.endsWith('\\') ? written : trimmed;
}

/** Neighbours without a blank stay together, but for braces. */
function joinTokens(tokens: readonly IToken[]): string {
  let text = '';
  let apart = false;
  for (const { tokenType, image } of tokens) {
    if (tokenType === Blank || tokenType === Newline) {
      apart = text !== '';
      continue;
    }
    const needsBlank = tokenType === Open && text !== '';
    text += `${apart || needsBlank ? ' ' : ''}${image}`;
    apart = tokenType === Open || tokenType === Close;
  }
  return text.trimEnd();
}

function isFragile({ tokenType, image }: IToken): boolean {
  return tokenType === UnclosedQuote || (tokenType === Word && /\\$/.test(image));
}
