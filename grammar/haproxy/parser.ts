/**
 * The grammar of a haproxy.cfg:
 *
 *     file     = line* section*
 *     section  = SectionWord rest line*
 *     line     = Word rest | Comment LineEnd? | LineEnd
 *     rest     = Word* Comment? LineEnd?
 *
 * Any sequence of tokens is a sentence of it, so parsing never fails; what a line means is decided by keyword rows
 * when the tree is lowered. Nodes are built by embedded actions, without a concrete syntax tree in between: a file
 * of 20,000 servers is parsed in a fraction of a second.
 */
import { EmbeddedActionsParser, type IToken } from 'chevrotain';
import type { Source } from '../source.ts';
import type { Line, Section, Tree, Word as WordNode } from './ast.ts';
import { Comment, LineEnd, lexer, SectionWord, tokens, Word } from './lexer.ts';

class HaproxyParser extends EmbeddedActionsParser {
  /** Where the next line starts: right after the one before. */
  private lineStart = 0;

  constructor() {
    super(tokens, { maxLookahead: 1, skipValidations: true });
    this.performSelfAnalysis();
  }

  begin(input: IToken[]): void {
    this.input = input;
    this.lineStart = 0;
  }

  readonly file = this.RULE('file', (): Section[] => {
    const sections: Section[] = [];
    const preamble: Line[] = [];
    this.MANY(() => preamble.push(this.SUBRULE(this.line)));
    if (preamble.length > 0) sections.push({ header: null, lines: preamble });
    this.MANY2(() => sections.push(this.SUBRULE(this.section)));
    return sections;
  });

  private readonly section = this.RULE('section', (): Section => {
    const name = nodeOf(this.CONSUME(SectionWord));
    const header = this.SUBRULE(this.rest, { ARGS: [name] });
    const lines: Line[] = [];
    this.MANY(() => lines.push(this.SUBRULE(this.line)));
    return { header, lines };
  });

  private readonly line = this.RULE(
    'line',
    (): Line =>
      this.OR([
        {
          ALT: () => {
            const first = nodeOf(this.CONSUME(Word));
            return this.SUBRULE(this.rest, { ARGS: [first] });
          },
        },
        { ALT: () => this.SUBRULE(this.blankLine) },
      ]),
  );

  private readonly rest = this.RULE('rest', (first: WordNode): Line => {
    const words = [first];
    this.MANY(() => words.push(nodeOf(this.CONSUME(Word))));
    const comment = this.OPTION(() => this.CONSUME(Comment));
    const lineEnd = this.OPTION2(() => this.CONSUME(LineEnd));
    return this.ACTION(() => this.close(words, comment, lineEnd));
  });

  private readonly blankLine = this.RULE(
    'blankLine',
    (): Line =>
      this.OR([
        {
          ALT: () => {
            const comment = this.CONSUME(Comment);
            const lineEnd = this.OPTION(() => this.CONSUME(LineEnd));
            return this.ACTION(() => this.close([], comment, lineEnd));
          },
        },
        {
          ALT: () => {
            const lineEnd = this.CONSUME2(LineEnd);
            return this.ACTION(() => this.close([], undefined, lineEnd));
          },
        },
      ]),
  );

  /** Ends the line that began at `lineStart`. Without a line end it is the last one and `parse` extends it. */
  private close(words: readonly WordNode[], comment: IToken | undefined, lineEnd: IToken | undefined): Line {
    const last = lineEnd ?? comment;
    const end = last ? endOf(last) : (words[words.length - 1]?.end ?? this.lineStart);
    const line = {
      start: this.lineStart,
      end,
      words,
      comment: comment?.startOffset ?? -1,
      terminated: lineEnd !== undefined,
    };
    this.lineStart = end;
    return line;
  }
}

let parser: HaproxyParser | undefined;

/** Parses a file. There is always a tree; every byte of the source belongs to one of its lines. */
export function parse(source: Source): Tree {
  const { tokens: input } = lexer.tokenize(source.text);
  parser ??= new HaproxyParser();
  parser.begin(input);
  const sections = parser.file();
  parser.begin([]);
  return { source, sections: withTail(sections, source.text.length) };
}

/** Blanks after the last token belong to the last line, or to a line of their own. */
function withTail(sections: readonly Section[], length: number): readonly Section[] {
  const section = sections[sections.length - 1];
  const last = section?.lines[section.lines.length - 1] ?? section?.header;
  if ((last?.end ?? 0) === length) return sections;
  if (!section || !last) return [{ header: null, lines: [blankTail(0, length)] }];
  const stretched = { ...last, end: length };
  if (last.terminated) {
    return [...sections.slice(0, -1), { ...section, lines: [...section.lines, blankTail(last.end, length)] }];
  }
  if (section.lines.length === 0) return [...sections.slice(0, -1), { ...section, header: stretched }];
  return [...sections.slice(0, -1), { ...section, lines: [...section.lines.slice(0, -1), stretched] }];
}

function blankTail(start: number, end: number): Line {
  return { start, end, words: [], comment: -1, terminated: false };
}

function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}

function nodeOf(token: IToken): WordNode {
  const start = token.startOffset;
  return { raw: token.image, start, end: endOf(token) };
}
