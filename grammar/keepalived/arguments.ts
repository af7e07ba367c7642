/**
 * The words behind a keyword, taken one after the other by the readers.
 *
 * Reporting goes through here, so that a reader names what was expected and never where: the place is the word at
 * hand, or the end of the statement when a word is missing.
 */
import type { Site, Statement, Word } from './ast.ts';
import type { Context } from './context.ts';
import type { RowFacts } from './keyword.ts';
import { hintsOn } from './meant.ts';

const MISSING = { fatal: 'missing-argument', error: 'argument-needed', ignored: 'argument-unset' } as const;

export class Arguments {
  readonly statement: Statement;
  readonly context: Context;
  private readonly facts: Pick<RowFacts, 'exact' | 'missing'>;
  private index = 1;
  failed = false;

  constructor(statement: Statement, context: Context, facts: Pick<RowFacts, 'exact' | 'missing'> = {}) {
    this.facts = facts;
    this.statement = statement;
    this.context = context;
  }

  get keyword(): string {
    return this.statement.words[0]!.text;
  }

  peek(): Word | undefined {
    return this.statement.words[this.index];
  }

  /**
   * The next word; when there is none, an error that says what was expected. keepalived stops reading at most missing
   * arguments, goes on at others, and says nothing about some: hence several codes.
   */
  next(expected: string, code: string = MISSING[this.facts.missing ?? 'fatal']): Word | undefined {
    const word = this.peek();
    if (!word) this.report(code, this.behind(), `'${this.keyword}' is missing ${expected}`, expected);
    else this.index++;
    return word;
  }

  /** The next word if it is one of these. */
  take(...words: string[]): string | undefined {
    const word = this.peek();
    if (!word || !words.includes(word.text)) return undefined;
    this.index++;
    return word.text;
  }

  rest(): readonly Word[] {
    const words = this.statement.words.slice(this.index);
    this.index = this.statement.words.length;
    return words;
  }

  /** keepalived ignores what stands behind the arguments, without a word. */
  finish(): void {
    if (this.index >= this.statement.words.length || this.failed) return;
    const extra = this.statement.words[this.index]!;
    if (this.facts.exact) this.report('too-many-arguments', extra, `'${this.keyword}' does not take '${extra.text}'`);
    else {
      this.context.reportExtraWords(this.statement, this.index);
    }
  }

  report(code: string, at: Site, message: string, expected?: string, suggestion?: string): undefined {
    this.failed = true;
    // What is missing is reported at the last word, which is in order.
    const hints = code.startsWith('missing') ? {} : hintsOn(this.textAt(at));
    this.context.error(code, at, message, {
      ...hints,
      ...(expected !== undefined && { expected }),
      ...(suggestion !== undefined && { suggestion }),
    });
    return undefined;
  }

  private textAt(at: Site): string {
    return this.statement.words.find(({ start }) => start === at.start)?.text ?? '';
  }

  private behind(): Site {
    const last = this.statement.words.at(-1)!;
    return { start: last.start, end: last.end };
  }
}
