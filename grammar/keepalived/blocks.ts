/**
 * From the expanded text to the tree of blocks.
 *
 * Not a Chevrotain rule but a loop with a stack: it must take any nesting without recursion, and what it does about a
 * missing brace depends on the keyword rows (a word that needs a block opens one even when the `{` is missing, as in
 * keepalived). What it does differently from keepalived, on purpose: the block of an unknown keyword belongs to that
 * keyword. keepalived takes its `}` for the end of the enclosing block and reports every line behind it; so it is done
 * here only where the verdict of one release is asked for (`context.asOriginal`).
 */
import type { IToken } from 'chevrotain';
import type { Block, Site, Word } from './ast.ts';
import type { Context } from './context.ts';
import type { Row, Table } from './keyword.ts';
import { Close, expandedLexer, Newline, Open, originalLexer, Quoted, UnclosedQuote } from './lexer.ts';
import { notesOn } from './meant.ts';

interface OpenStatement {
  words: Word[];
  start: number;
  column: number;
  end: number;
  block: OpenBlock | null;
}

interface OpenBlock {
  statements: OpenStatement[];
  start: number;
  end: number;
}

interface Frame {
  readonly block: OpenBlock;
  /** Null inside an unknown keyword's block and inside a list. */
  readonly table: Table<never> | null;
  readonly isList: boolean;
  /** An unexpected `{`: its lines belong to the enclosing block. */
  readonly transparent: boolean;
  /** Null: the brace is missing. */
  readonly brace: Site | null;
  readonly keyword: string | null;
  /** Where the keyword stands, and how far from the beginning of its line. */
  readonly start: number;
  readonly column: number;
}

/** Braces that are taken to be forgotten: in a file with more of them, lines tell nothing about blocks. */
const MAX_FORGOTTEN = 20;

export function readBlocks(text: string, root: Table<never>, context: Context): Block {
  const reader = new BlockReader(text, root, context);
  const lexer = context.asOriginal ? originalLexer : expandedLexer;
  for (const token of lexer.tokenize(text).tokens) reader.take(token);
  return reader.finish(text.length);
}

class BlockReader {
  private readonly root: OpenBlock = { statements: [], start: 0, end: 0 };
  private readonly frames: Frame[];
  private readonly context: Context;
  private readonly text: string;
  private current: OpenStatement | null = null;
  /** The first `}` that stands deeper than its block: when there is one too many, it is mostly this one. */
  private deepClose: Site | null = null;
  private forgotten = 0;
  private lineStart = 0;
  private isLineFresh = true;

  constructor(text: string, root: Table<never>, context: Context) {
    this.text = text;
    this.frames = [
      {
        block: this.root,
        table: root,
        isList: false,
        transparent: false,
        brace: null,
        keyword: null,
        start: 0,
        column: 0,
      },
    ];
    this.context = context;
  }

  take(token: IToken): void {
    const type = token.tokenType;
    const site = { start: token.startOffset, end: token.startOffset + token.image.length };
    if (type === Newline) {
      this.current = null;
      this.lineStart = site.end;
      this.isLineFresh = true;
      return;
    }
    if (type === Open) this.openBrace(site);
    else if (type === Close) this.closeBrace(site);
    else this.addWord(token, site);
    this.isLineFresh = false;
  }

  finish(end: number): Block {
    this.current = null;
    this.requireBlock();
    for (const frame of this.frames.slice(1)) {
      frame.block.end = end;
      if (frame.brace) {
        const of = frame.keyword ? ` of '${frame.keyword}'` : '';
        this.context.error('missing-close-brace', frame.brace, `the block${of} that opens here is never closed`, {
          expected: "a '}' before the end of the file",
        });
      }
    }
    this.root.end = end;
    return this.root as Block;
  }

  private addWord(token: IToken, site: Site): void {
    const word = readWord(token, site);
    if (token.tokenType === UnclosedQuote) {
      this.context.error('unclosed-quote', site, 'this quote is never closed', {
        expected: 'a second " on the same line',
      });
    }
    if (!this.current) {
      this.requireBlock(site);
      this.closeForgotten(word);
      this.current = { words: [], start: site.start, column: this.columnOf(site), end: site.end, block: null };
      this.top.block.statements.push(this.current);
    }
    this.current.words.push(word);
    this.current.end = site.end;
  }

  /**
   * A `}` was forgotten where a line stands no deeper than the block that it would belong to, and only a block further
   * out knows its word. It is told there, and not for every line up to the end of the file.
   */
  private closeForgotten(word: Word): void {
    const { table, isList, column } = this.top;
    if (this.context.asOriginal || word.quoted || this.rowOf(word.text)) return;
    if (!(table || isList) || this.columnOf(word) > column) return;
    if (this.forgotten >= MAX_FORGOTTEN) return;
    const home = this.frames.findLastIndex(({ table: outer }) => outer?.rows.has(word.text) ?? false);
    // The outermost frame is the file itself.
    if (home < 0 || home === this.frames.length - 1) return;
    for (const frame of this.frames.splice(home + 1)) {
      this.forgotten++;
      frame.block.end = word.start;
      const site = frame.brace ?? { start: frame.start, end: frame.start + (frame.keyword?.length ?? 0) };
      const message = `the block of '${frame.keyword ?? ''}' that opens here is not closed before '${word.text}'`;
      const at = this.context.spanOf(word);
      const notes = at ? [{ at, message: `'${word.text}' belongs to the block around it` }] : [];
      this.context.error('missing-close-brace', site, message, { expected: `a '}' before '${word.text}'`, notes });
    }
  }

  private refuseClose(brace: Site): void {
    const at = this.context.spanOf(brace);
    if (!this.deepClose || this.context.asOriginal || !at) {
      this.context.error('extra-close-brace', brace, "this '}' closes nothing");
      return;
    }
    const message = "this '}' stands deeper than the block that it closes, and there is one too many";
    const notes = [{ at, message: 'nothing is left to close here' }];
    this.context.error('extra-close-brace', this.deepClose, message, { notes });
  }

  private columnOf({ start }: Site): number {
    return start - this.lineStart;
  }

  private openBrace(brace: Site): void {
    const statement = this.current ?? this.statementAwaitingBlock();
    this.current = null;
    if (!statement) this.refuseBrace(brace, "this '{' belongs to no keyword");
    else this.push(statement, brace);
  }

  /** What stands in the braces belongs to the enclosing block; keepalived takes the `}` for the end of that one. */
  private refuseBrace(brace: Site, message: string): void {
    const around = this.text.slice(Math.max(0, brace.start - 1), brace.end + 1);
    this.context.error('unexpected-brace', brace, message, { notes: /\{[{%]/.test(around) ? notesOn('{{') : [] });
    if (!this.context.asOriginal) this.frames.push({ ...this.top, transparent: true, brace, keyword: null });
  }

  private push(statement: OpenStatement, brace: Site | null): void {
    const keyword = statement.words[0]!.text;
    const row = this.rowOf(keyword);
    const takesBlock = row ? row.shape !== 'word' : !this.context.asOriginal || !this.top.table;
    if (!takesBlock && brace) {
      this.refuseBrace(brace, `'${keyword}' takes no block`);
      return;
    }
    statement.block = { statements: [], start: brace?.start ?? statement.end, end: statement.end };
    this.frames.push({
      block: statement.block,
      table: row?.table ?? null,
      isList: row?.shape === 'list',
      transparent: false,
      brace,
      keyword,
      start: statement.start,
      column: statement.column,
    });
  }

  private closeBrace(brace: Site): void {
    this.current = null;
    this.requireBlock();
    if (this.frames.length === 1) {
      this.refuseClose(brace);
      return;
    }
    if (this.isLineFresh && this.columnOf(brace) > this.top.column) this.deepClose ??= brace;
    const frame = this.frames.pop()!;
    if (!frame.transparent) frame.block.end = brace.end;
  }

  /** A keyword at the end of a line that a `{` on the next line may belong to. */
  private statementAwaitingBlock(): OpenStatement | null {
    const last = this.top.block.statements.at(-1);
    if (!last || last.block || this.top.isList) return null;
    return this.rowOf(last.words[0]!.text)?.shape === 'word' ? null : last;
  }

  /** A word that needs a block was followed by something else: say so, and read on as if the brace were there. */
  private requireBlock(next?: Site): void {
    const last = this.top.block.statements.at(-1);
    if (!last || last.block || this.top.isList) return;
    const keyword = last.words[0]!;
    const row = this.rowOf(keyword.text);
    if (!row || row.shape === 'word') return;
    const site = (this.context.asOriginal && next) || last;
    const saidAlready = this.context.asOriginal && row.shape === 'list' && last.words.length > 1;
    if (!saidAlready)
      this.context.error('missing-open-brace', site, `'${keyword.text}' needs a block`, {
        expected: "a '{' behind it",
      });
    this.push(last, null);
  }

  private rowOf(keyword: string): Row<never> | undefined {
    const row = this.top.table?.rows.get(keyword);
    return row && this.context.has(row) ? row : undefined;
  }

  private get top(): Frame {
    return this.frames.at(-1)!;
  }
}

function readWord(token: IToken, site: Site): Word {
  const { image, tokenType } = token;
  const quoted = tokenType === Quoted || tokenType === UnclosedQuote;
  const text = quoted ? image.slice(1, tokenType === Quoted ? -1 : undefined) : image;
  return { start: site.start, end: site.end, text, quoted };
}
