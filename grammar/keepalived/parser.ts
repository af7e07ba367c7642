/**
 * The lossless tree of one physical keepalived.conf file.
 *
 * keepalived's preprocessor works on lines, and a `$NAME` or `@id` may hold half a block, so a file by itself has no
 * block structure: it is a list of lines, each with its condition and its kind. The blocks are made by `blocks.ts`
 * from the expanded text. Every byte of the file is in one token of one line: `print(parse(source)) === source.text`.
 *
 * The parser never fails: any token may stand anywhere on a line, and the lexer leaves no byte out.
 */
import { EmbeddedActionsParser, type IToken } from 'chevrotain';
import type { Source } from '../source.ts';
import {
  Blank,
  ByteOrderMark,
  Close,
  Comment,
  Condition,
  Continuation,
  Definition,
  fileLexer,
  fileTokens,
  Include,
  IncludePath,
  Newline,
  Open,
  Quoted,
  UnclosedQuote,
  Word,
} from './lexer.ts';

export interface FileLine {
  readonly kind: 'text' | 'definition' | 'include';
  /** All tokens of the line in order, blanks, comment and line end included. */
  readonly tokens: readonly IToken[];
  readonly condition: IToken | null;
  /** `$NAME=` or `include`. */
  readonly head: IToken | null;
}

export interface FileTree {
  readonly source: Source;
  readonly lines: readonly FileLine[];
}

class LineParser extends EmbeddedActionsParser {
  constructor() {
    super(fileTokens, { recoveryEnabled: false, maxLookahead: 1 });
    this.performSelfAnalysis();
  }

  readonly file = this.RULE('file', (): FileLine[] => {
    const lines: FileLine[] = [];
    this.MANY(() => lines.push(this.SUBRULE(this.line)));
    return lines;
  });

  private readonly line = this.RULE('line', (): FileLine => {
    const tokens: IToken[] = [];
    let condition: IToken | null = null;
    let head: IToken | null = null;
    let kind: FileLine['kind'] = 'text';
    this.AT_LEAST_ONE({
      GATE: () => tokens.at(-1)?.tokenType !== Newline,
      DEF: () =>
        this.OR([
          { ALT: () => tokens.push(this.CONSUME(Newline)) },
          { ALT: () => (condition = push(tokens, this.CONSUME(Condition))) },
          { ALT: () => [(head = push(tokens, this.CONSUME(Definition))), (kind = 'definition')] },
          { ALT: () => [(head = push(tokens, this.CONSUME(Include))), (kind = 'include')] },
          { ALT: () => tokens.push(this.SUBRULE(this.piece)) },
        ]),
    });
    return { kind, tokens, condition, head };
  });

  private readonly piece = this.RULE(
    'piece',
    (): IToken =>
      this.OR([
        { ALT: () => this.CONSUME(ByteOrderMark) },
        { ALT: () => this.CONSUME(Blank) },
        { ALT: () => this.CONSUME(Comment) },
        { ALT: () => this.CONSUME(Continuation) },
        { ALT: () => this.CONSUME(Word) },
        { ALT: () => this.CONSUME(Quoted) },
        { ALT: () => this.CONSUME(UnclosedQuote) },
        { ALT: () => this.CONSUME(Open) },
        { ALT: () => this.CONSUME(Close) },
        { ALT: () => this.CONSUME(IncludePath) },
      ]),
  );
}

function push(list: IToken[], token: IToken): IToken {
  list.push(token);
  return token;
}

let parser: LineParser | undefined;

export function parse(source: Source): FileTree {
  parser ??= new LineParser();
  parser.input = fileLexer.tokenize(source.text).tokens;
  return { source, lines: parser.file() };
}

/** The bytes of the tree, one character a byte. */
export function print(tree: FileTree): string {
  return tree.lines.map((line) => line.tokens.map((token) => token.image).join('')).join('');
}
