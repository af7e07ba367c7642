/**
 * What a migration is made of, for both languages: replaced lines, and what a person has to know about them.
 *
 * A file is rewritten line by line. A line without a replacement keeps its bytes, so comments, order, blanks and line
 * ends survive; a replaced line keeps its indentation and its comment. What was changed beyond a mere new name, and
 * what could not be changed, is told by diagnostics: `migrated` (a notice), `check-migration` (a warning: the new
 * form differs in a corner) and `not-migrated` (an error: the line is as it was).
 */
import type { Diagnostic, Severity } from '../../../grammar/diagnostic.ts';
import { type Source, sourceOf } from '../../../grammar/source.ts';

export interface LineEdit {
  /** From 0. */
  readonly line: number;
  /** The new text with its line ends; one line or several. */
  readonly text: string;
}

export interface Migration {
  readonly source: Source;
  readonly text: string;
  /** In the order of the lines, one a line at most. */
  readonly edits: readonly LineEdit[];
  readonly findings: readonly Diagnostic[];
}

/** What becomes of one line. */
export type Outcome =
  | { readonly kind: 'lines'; readonly lines: readonly string[]; readonly note?: string; readonly check?: string }
  /** The line is commented out: nothing takes its place. */
  | { readonly kind: 'drop'; readonly why: string; readonly check?: true }
  | { readonly kind: 'left'; readonly why: string };

/** The part of a line that an outcome replaces, and what stands around it. */
export interface LineSite {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  /** From the first to behind the last word. */
  readonly wordsStart: number;
  readonly wordsEnd: number;
}

/** Collects outcomes for one source. */
export class MigrationWriter {
  private readonly source: Source;
  private readonly edits = new Map<number, LineEdit>();
  private readonly findings: Diagnostic[] = [];
  private readonly lineEnd: string;

  constructor(source: Source) {
    this.source = source;
    this.lineEnd = /\r\n/.test(source.text) ? '\r\n' : '\n';
  }

  write(site: LineSite, outcome: Outcome): void {
    if (outcome.kind === 'left') this.report('not-migrated', 'error', site, outcome.why);
    else if (outcome.kind === 'drop') {
      this.replace(site, [`# ${this.wordsOf(site)}`]);
      if (outcome.check) this.report('check-migration', 'warning', site, `commented out: ${outcome.why}`);
      else this.report('migrated', 'notice', site, `commented out: ${outcome.why}`);
    } else {
      this.replace(site, outcome.lines);
      if (outcome.check) this.report('check-migration', 'warning', site, outcome.check);
      if (outcome.note) this.report('migrated', 'notice', site, outcome.note);
    }
  }

  /** A line given as a whole, with a warning or a notice of its own. */
  rewrite(site: LineSite, text: string, remark: { readonly note?: string; readonly check?: string }): void {
    this.edits.set(site.line, { line: site.line, text });
    if (remark.check) this.report('check-migration', 'warning', site, remark.check);
    if (remark.note) this.report('migrated', 'notice', site, remark.note);
  }

  /** A remark on a line, whatever becomes of it. */
  remark(site: LineSite, message: string): void {
    this.report('check-migration', 'warning', site, message);
  }

  /** The line end that the last line lacks. */
  terminate(line: number, start: number): void {
    const { text } = this.source;
    if (text === '' || text.endsWith('\n')) return;
    const at = { source: this.source, start: text.length - 1, end: text.length };
    this.findings.push({ code: 'migrated', severity: 'notice', at, message: 'the last line got its line end' });
    const known = this.edits.get(line)?.text ?? text.slice(start);
    this.edits.set(line, { line, text: known.endsWith('\n') ? known : `${known}${this.lineEnd}` });
  }

  finish(lineStarts: readonly number[]): Migration {
    const { text } = this.source;
    const edits = [...this.edits.values()].sort((a, b) => a.line - b.line);
    const parts: string[] = [];
    let at = 0;
    for (const { line, text: replacement } of edits) {
      parts.push(text.slice(at, lineStarts[line]), replacement);
      at = lineStarts[line + 1] ?? text.length;
    }
    parts.push(text.slice(at));
    const findings = this.findings.sort((a, b) => a.at!.start - b.at!.start);
    return { source: this.source, text: parts.join(''), edits, findings };
  }

  private wordsOf(site: LineSite): string {
    return this.source.text.slice(site.wordsStart, site.wordsEnd);
  }

  private replace(site: LineSite, lines: readonly string[]): void {
    const { text } = this.source;
    const indent = text.slice(site.start, site.wordsStart);
    const [first = '', ...more] = lines;
    const whole = `${indent}${first}${text.slice(site.wordsEnd, site.end)}`;
    const below = more.map((line) => `${line.startsWith(' ') || line.startsWith('\t') ? '' : indent}${line}`);
    const ended = below.length > 0 && !whole.endsWith('\n') ? `${whole}${this.lineEnd}` : whole;
    const result = `${ended}${below.map((line) => `${line}${this.lineEnd}`).join('')}`;
    this.edits.set(site.line, { line: site.line, text: result });
  }

  private report(code: string, severity: Severity, site: LineSite, message: string): void {
    const at = { source: this.source, start: site.wordsStart, end: site.wordsEnd };
    this.findings.push({ code, severity, at, message });
  }
}

/** Where each line starts, and one entry less than there are line ends when the last one ends the file. */
export function lineStartsOf(text: string): number[] {
  const starts = text === '' ? [] : [0];
  for (let at = text.indexOf('\n'); at >= 0 && at + 1 < text.length; at = text.indexOf('\n', at + 1))
    starts.push(at + 1);
  return starts;
}

/** The source that a migration makes, under the same name. */
export function migratedSource(migration: Migration): Source {
  return sourceOf(migration.source.file, Buffer.from(migration.text, 'latin1'));
}
