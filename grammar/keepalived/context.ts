/**
 * What lowering needs while it walks: where to report, which table is at hand, how offsets become places.
 */
import { type Diagnostic, type Diagnostics, NOT_CARRIED_OUT, type Severity } from '../diagnostic.ts';
import { type Span, toUtf8 } from '../source.ts';
import { nearestWord } from '../spelling.ts';
import { Arguments } from './arguments.ts';
import type { Block, Site, Statement } from './ast.ts';
import type { Build, Reader, RowFacts, Table } from './keyword.ts';
import { notesOn } from './meant.ts';
import type { TracedText } from './traced.ts';

/** Blocks where a word that is unknown here would be at home; built from the tables by `lower.ts`. */
export type Homes = ReadonlyMap<string, readonly string[]>;

/** The keepalived whose verdict is asked for. */
export interface Release {
  readonly version: string;
  /** Parts that it was built without: their words are unknown to it. */
  readonly without: readonly Build[];
}

export class Context {
  readonly diagnostics: Diagnostics;
  readonly text: TracedText;
  private readonly homes: Homes;
  private readonly version: string | null;
  private readonly leftOut: ReadonlySet<string>;
  private quiet = 0;

  constructor(text: TracedText, diagnostics: Diagnostics, homes: Homes, release: Release | null) {
    this.version = release?.version ?? null;
    this.leftOut = new Set(release?.without ?? []);
    this.text = text;
    this.diagnostics = diagnostics;
    this.homes = homes;
  }

  /** The reading of one release is asked for, with what it makes of broken blocks and where it reports. */
  get asOriginal(): boolean {
    return this.version !== null;
  }

  /** Is the reading of a release older than this one asked for? */
  isBefore(version: string): boolean {
    return this.version !== null && isNewer(version, this.version);
  }

  /** What comes to light at the end of a block: keepalived names the line of its `}`, people want the keyword. */
  endOf(statement: Statement, better: Site = statement): Site {
    return this.asOriginal && statement.block ? { start: statement.block.end - 1, end: statement.block.end } : better;
  }

  /** Messages quote words of the file and are Latin-1 like them; they become UTF-8 here. */
  error(code: string, site: Site, message: string, more: Partial<Diagnostic> = {}): void {
    this.report('error', code, site, message, more);
  }

  warning(code: string, site: Site, message: string, more: Partial<Diagnostic> = {}): void {
    this.report('warning', code, site, message, more);
  }

  private report(severity: Severity, code: string, site: Site, message: string, more: Partial<Diagnostic>): void {
    const located = this.text.locate(site.start, site.end);
    const { expected, suggestion } = more;
    const notes = [...(located?.notes ?? []), ...(more.notes ?? [])];
    this.diagnostics.add({
      code,
      severity,
      message: toUtf8(message),
      ...(located && { at: located.at }),
      ...(expected !== undefined && { expected: toUtf8(expected) }),
      ...(suggestion !== undefined && { suggestion: toUtf8(suggestion) }),
      ...(notes.length > 0 && { notes }),
    });
  }

  spanOf(site: Site): Span | undefined {
    return this.text.locate(site.start, site.end)?.at;
  }

  readArguments<T>(
    reader: Reader<T>,
    statement: Statement,
    facts: Pick<RowFacts, 'exact' | 'inert' | 'missing'>,
  ): T | undefined {
    if (facts.inert && !this.version) return undefined;
    const args = new Arguments(statement, this, facts);
    const value = reader.read(args);
    args.finish();
    return args.failed ? undefined : value;
  }

  reportExtraWords(statement: Statement, from: number): void {
    const extra = statement.words[from];
    const keyword = statement.words[0]!.text;
    if (!extra) return;
    const message = `'${extra.text}' behind '${keyword}' has no effect`;
    this.warning('extra-argument', extra, message, { notes: notesOn(extra.text) });
  }

  deprecated(statement: Statement, facts: RowFacts): void {
    const keyword = statement.words[0]!;
    if (facts.removed !== undefined) {
      const modern = facts.modern === undefined ? {} : { suggestion: facts.modern };
      this.warning('removed-keyword', keyword, `'${keyword.text}' is gone since keepalived ${facts.removed}`, modern);
    }
    if (facts.deprecated === undefined) return;
    const code = facts.silent ? 'old-keyword' : 'deprecated-keyword';
    const instead = facts.modern === undefined ? '' : ` - please use '${facts.modern}'`;
    this.warning(code, keyword, `${keyword.text} is deprecated${instead}`);
  }

  notCarriedOut(statement: Statement, facts: RowFacts): void {
    if (this.quiet > 0 || facts.removed !== undefined) return;
    const keyword = statement.words[0]!;
    const why = facts.inert ? 'has no effect' : 'is understood but not carried out';
    this.warning(NOT_CARRIED_OUT, keyword, `'${keyword.text}' ${why}`);
  }

  /** Runs without further not-carried-out warnings: the enclosing block has said it. */
  quietly(run: () => void): void {
    this.quiet++;
    run();
    this.quiet--;
  }

  lowerBlock<Node>(table: Table<Node>, node: Node, block: Block | null): void {
    for (const statement of block?.statements ?? []) {
      const row = table.rows.get(statement.words[0]!.text);
      if (row && this.has(row)) {
        this.deprecated(statement, row);
        row.lower(node, statement, this);
      } else this.reportUnknown(table, statement);
    }
  }

  /** Does the version whose verdict is asked for have the word? All versions together have every word. */
  has(row: RowFacts): boolean {
    if (!this.version) return true;
    if (row.build !== undefined && this.leftOut.has(row.build)) return false;
    return row.removed === undefined && (row.since === undefined || !isNewer(row.since, this.version));
  }

  /** One report for an unknown word, its block included. */
  private reportUnknown<Node>(table: Table<Node>, statement: Statement): void {
    const keyword = statement.words[0]!;
    const homes = this.homes.get(keyword.text);
    if (homes && !table.rows.has(keyword.text)) {
      const where = table.name === 'root' ? 'at top level' : `in ${table.name}`;
      this.error('wrong-block', keyword, `Unknown keyword '${keyword.text}' ${where}`, {
        expected: `'${keyword.text}' stands in ${homes.slice(0, 4).join(', ')}`,
      });
      return;
    }
    const words = [...table.rows.keys()].filter((word) => word !== keyword.text);
    const suggestion = nearestWord(keyword.text, words);
    const notes = notesOn(keyword.text);
    this.error('unknown-keyword', keyword, `Unknown keyword '${keyword.text}'`, {
      ...(suggestion !== undefined && { suggestion }),
      notes,
    });
  }
}

/** Compares dotted versions. */
function isNewer(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) if (a![i] !== b![i]) return (a![i] ?? 0) > (b![i] ?? 0);
  return false;
}
