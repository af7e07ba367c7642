/**
 * From trees to nodes: follows `.if` blocks and sections, decodes words, finds each line's keyword row and applies it.
 *
 * Lines are taken in file order over all files, as the original reads them: `setenv` changes the variables of the
 * lines after it, an ACL must be declared before its use, and `default-server` counts for the servers below it. A bad
 * line is reported and left out; the rest of the file is still read, so that one run shows all mistakes. What one
 * section means for another is not looked at here: see `src/config/resolve-haproxy.ts`.
 */
import type { Diagnostics } from '../diagnostic.ts';
import type { Source, Span } from '../source.ts';
import { positionOf } from '../source.ts';
import { type Line, linesOf, spanOf, type Tree, type Word } from './ast.ts';
import { Directives } from './directives.ts';
import { isAtLeast, type Language, type Value } from './keyword.ts';
import type { GlobalNode, HaproxyNodes, ProxyNode } from './nodes.ts';
import { type OpenSection, SectionReader } from './section-reader.ts';
import { decodeWord, type WordProblem } from './words.ts';

/** The original's limit of words on a line. */
const MAX_WORDS = 64;
const MAX_ERRORS = 51;

export interface LowerOptions {
  readonly language: Language;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly diagnostics: Diagnostics;
}

/** Lowers all files of one configuration. */
export function lower(trees: readonly Tree[], options: LowerOptions): HaproxyNodes {
  const lowering = new Lowering(options);
  for (const tree of trees) lowering.readTree(tree);
  lowering.close();
  return lowering.result(trees);
}

const problems: Readonly<Record<WordProblem, string>> = {
  'unmatched-quote': 'unmatched quote',
  'bad-escape': 'truncated or invalid hexadecimal sequence',
  'unmatched-brace': 'unmatched brace in environment variable name',
  'bad-variable-name': 'forbidden first char in environment variable name',
};

class Lowering {
  readonly global: GlobalNode;
  readonly proxies: ProxyNode[] = [];
  private readonly options: LowerOptions;
  private readonly sections: SectionReader;
  /** Variables that the original sets itself, beside the user's. */
  private readonly pseudo = new Map<string, string>();
  private readonly environment = {
    get: (name: string): string | undefined => this.pseudo.get(name) ?? this.global.env.get(name),
  };

  constructor(options: LowerOptions) {
    this.options = options;
    const env = new Map(
      Object.entries(options.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    this.global = { settings: {}, logs: [], env, exported: new Set(), declaresSocket: false, trustsServers: false };
    this.sections = new SectionReader(this.global, this.proxies, options);
  }

  close(): void {
    this.sections.close();
  }

  result(trees: readonly Tree[]): HaproxyNodes {
    const { declared, tables, faults, rings, logProfiles, errorSections, namespaces } = this.sections;
    return {
      global: this.global,
      proxies: this.proxies,
      trees,
      declared,
      tables,
      faults,
      rings,
      logProfiles,
      errorSections,
      namespaces,
    };
  }

  readTree(tree: Tree): void {
    const { diagnostics, language } = this.options;
    const directives = new Directives(tree.source, this.environment, language, diagnostics);
    let section: OpenSection | null = null;
    this.pseudo.set('.FILE', tree.source.file);
    this.checkEncoding(tree.source);
    if (this.isCutShort(tree)) return;
    const nulAt = tree.source.text.indexOf('\0');
    for (const line of linesOf(tree)) {
      if (line.words.length === 0) continue;
      if (line.words[0]!.raw.startsWith('.') && directives.take(line)) {
        if (directives.stopped) return;
        continue;
      }
      if (!directives.active) continue;
      if (nulAt >= line.start && nulAt < line.end) {
        this.reportNul(tree.source, nulAt, line);
        return;
      }
      const values = this.decodeLine(tree.source, line);
      const first = values?.[0];
      if (!values || !first || first.text === '') continue;
      section = this.readLine(section, values);
      if (this.sections.aborted || this.hasTooManyErrors(first)) return;
    }
    directives.close();
    this.checkLastLine(tree);
  }

  /** One release's reader gives up at this number of errors; others show all of them. */
  private hasTooManyErrors(value: Value): boolean {
    const { language, diagnostics } = this.options;
    if (language.lenient || diagnostics.list.length < MAX_ERRORS) return false;
    if (diagnostics.list.filter((diagnostic) => diagnostic.severity === 'error').length < MAX_ERRORS) return false;
    diagnostics.error('too-many-errors', value.at, 'too many fatal errors, stopping now.');
    return true;
  }

  private readLine(section: OpenSection | null, values: readonly Value[]): OpenSection | null {
    const opened = this.sections.open(values);
    if (opened) {
      this.pseudo.set('.SECTION', values[0]!.text);
      return opened;
    }
    if (section) section.read(values);
    else
      this.options.diagnostics.error(
        'out-of-section',
        values[0]!.at,
        `unknown keyword '${values[0]!.text}' out of section.`,
      );
    return section;
  }

  private decodeLine(source: Source, line: Line): readonly Value[] | null {
    const values: Value[] = [];
    for (const word of line.words) {
      const at = spanOf(source, word);
      if (word.raw.includes('"')) this.setLine(source, word);
      const decoded = decodeWord(word.raw, this.environment);
      if ('problem' in decoded) {
        const place: Span = { source, start: word.start + decoded.at, end: word.end };
        this.options.diagnostics.error(decoded.problem, place, `${problems[decoded.problem]} in '${cut(word.raw)}'`);
        return null;
      }
      for (const text of decoded) values.push({ text, at });
    }
    const surplus = values[MAX_WORDS];
    if (!surplus) return values;
    const message = `too many words, truncating after word ${MAX_WORDS}: <${cut(surplus.text)}>.`;
    this.options.diagnostics.error('too-many-words', surplus.at, message);
    return values.slice(0, MAX_WORDS);
  }

  private setLine(source: Source, word: Word): void {
    if (word.raw.includes('.LINE')) this.pseudo.set('.LINE', String(positionOf(source, word.start).line));
  }

  /** A NUL ends the reading of the file: it is no text file, or a truncated one. */
  private reportNul(source: Source, at: number, line: Line): void {
    const message = `Stray NUL character at position ${at - line.start + 1}.`;
    this.options.diagnostics.error('stray-nul', { source, start: at, end: at + 1 }, message);
  }

  private checkEncoding(source: Source): void {
    if (!source.text.startsWith('\xef\xbb\xbf')) return;
    const span = { source, start: 0, end: 3 };
    const message = 'the file starts with a byte order mark, which the original takes for a part of the first word.';
    if (this.options.language.lenient) this.options.diagnostics.warning('byte-order-mark', span, message);
    else this.options.diagnostics.error('byte-order-mark', span, message);
  }

  /** Since 3.1 a file is looked through once before it is read, and a missing line end is all that is then told. */
  private isCutShort(tree: Tree): boolean {
    const { language, diagnostics } = this.options;
    if (language.lenient || !isAtLeast(language.release, '3.1')) return false;
    const before = diagnostics.list.length;
    this.checkLastLine(tree);
    return diagnostics.list.length > before;
  }

  private checkLastLine(tree: Tree): void {
    const { source } = tree;
    if (source.text === '' || source.text.endsWith('\n')) return;
    const start = source.text.lastIndexOf('\n') + 1;
    const position = source.text.length - start + 1;
    const span = { source, start: source.text.length - 1, end: source.text.length };
    const message = `Missing LF on last line, file might have been truncated at position ${position}.`;
    if (this.options.language.lenient) this.options.diagnostics.warning('missing-line-end', span, message);
    else this.options.diagnostics.error('missing-line-end', span, message);
  }
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
