/**
 * A haproxy.cfg as the lint rules see it: proxies with their lines in the order in which they take effect.
 *
 * Made from the lossless trees: `.if` branches that are left out are gone, words are decoded, and the lines of the
 * defaults section that a proxy starts from stand before its own. It repeats nothing of what the keyword rows check;
 * a line that they refuse is here all the same, and rules must not trip over it. A word that takes its text from the
 * environment is `open`: what it will be on the target is not known, and no rule may conclude anything from it.
 */
import { Diagnostics } from '../../../grammar/diagnostic.ts';
import { type Line, linesOf, type Tree, type Word } from '../../../grammar/haproxy/ast.ts';
import { Directives } from '../../../grammar/haproxy/directives.ts';
import type { Language } from '../../../grammar/haproxy/keyword.ts';
import { SECTION_NAMES } from '../../../grammar/haproxy/lexer.ts';
import { sectionMeant } from '../../../grammar/haproxy/meant.ts';
import { decodeWord } from '../../../grammar/haproxy/words.ts';
import type { Source, Span } from '../../../grammar/source.ts';

export interface ViewWord {
  /** After quotes, escapes and variables. Latin-1 characters standing for bytes. */
  readonly text: string;
  readonly at: Span;
  /** Depends on the environment of the target. */
  readonly open: boolean;
}

export interface ViewLine {
  /** At least one. A leading "no" or "default" is in `negated`. */
  readonly words: readonly ViewWord[];
  readonly negated: boolean;
  /** From the first to the last word. */
  readonly at: Span;
}

export interface SectionView {
  readonly kind: string;
  /** '' for a section without a name. */
  readonly name: string;
  readonly header: ViewLine;
  readonly lines: readonly ViewLine[];
}

export type ProxyViewKind = 'listen' | 'frontend' | 'backend';

export interface ProxyView {
  readonly kind: ProxyViewKind;
  readonly name: string;
  readonly section: SectionView;
  /** The section's name, or its first word. */
  readonly at: Span;
  readonly own: readonly ViewLine[];
  /** Lines of its defaults, then its own. */
  readonly lines: readonly ViewLine[];
  readonly mode: 'tcp' | 'http' | 'other';
  readonly disabled: boolean;
}

export interface HaproxyView {
  readonly global: readonly ViewLine[];
  readonly sections: readonly SectionView[];
  readonly proxies: readonly ProxyView[];
}

const sectionNames: ReadonlySet<string> = new Set(SECTION_NAMES);
const proxyKinds: ReadonlySet<string> = new Set(['listen', 'frontend', 'backend']);

export function viewHaproxy(
  trees: readonly Tree[],
  env: Readonly<Record<string, string | undefined>>,
  language: Language,
): HaproxyView {
  const sections = new SectionCollector(env, language).collect(trees);
  return {
    global: sections.filter((section) => section.kind === 'global').flatMap((section) => section.lines),
    sections,
    proxies: proxiesOf(sections),
  };
}

interface OpenSection extends SectionView {
  readonly lines: ViewLine[];
}

class SectionCollector {
  private readonly variables: Map<string, string>;
  private readonly language: Language;
  private readonly sections: OpenSection[] = [];

  constructor(env: Readonly<Record<string, string | undefined>>, language: Language) {
    const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    this.variables = new Map(given);
    this.language = language;
  }

  collect(trees: readonly Tree[]): SectionView[] {
    for (const tree of trees) this.readTree(tree);
    return this.sections;
  }

  private readTree(tree: Tree): void {
    const directives = new Directives(tree.source, this.variables, this.language, new Diagnostics());
    for (const line of linesOf(tree)) {
      if (line.words.length === 0) continue;
      if (line.words[0]!.raw.startsWith('.') && directives.take(line)) {
        if (directives.stopped) return;
        continue;
      }
      const read = directives.active ? this.readLine(tree.source, line) : null;
      if (read) this.place(read);
    }
  }

  private place(line: ViewLine): void {
    const kind = this.sectionKind(line);
    if (kind !== null) {
      const second = line.words[1]?.text;
      const name = second === undefined || second === 'from' ? '' : second;
      this.sections.push({ kind, name, header: line, lines: [] });
      return;
    }
    const section = this.sections.at(-1);
    if (section?.kind === 'global') this.followVariables(line);
    section?.lines.push(line);
  }

  /** A misspelt section is read as the one that was meant, as the language does. */
  private sectionKind({ negated, words }: ViewLine): string | null {
    const { text } = words[0]!;
    if (negated) return null;
    return sectionNames.has(text) ? text : this.language.lenient ? sectionMeant(words) : null;
  }

  private followVariables({ words }: ViewLine): void {
    const [keyword, name, value] = words.map((word) => word.text);
    if (name === undefined) return;
    if (keyword === 'setenv') this.variables.set(name, value ?? '');
    if (keyword === 'presetenv' && !this.variables.has(name)) this.variables.set(name, value ?? '');
    if (keyword === 'unsetenv') this.variables.delete(name);
  }

  private readLine(source: Source, line: Line): ViewLine | null {
    const words = line.words.flatMap((word) => this.readWord(source, word) ?? []);
    const negated = words.length > 1 && (words[0]!.text === 'no' || words[0]!.text === 'default');
    const kept = negated ? words.slice(1) : words;
    const [first] = kept;
    if (!first || first.text === '') return null;
    return { words: kept, negated, at: { source, start: words[0]!.at.start, end: kept.at(-1)!.at.end } };
  }

  private readWord(source: Source, { raw, start, end }: Word): ViewWord[] | null {
    const decoded = decodeWord(raw, this.variables);
    if ('problem' in decoded) return null;
    // A dollar sign before anything else belongs to a regular expression.
    const open = /\$[A-Za-z_{]/.test(raw);
    return decoded.map((text) => ({ text, at: { source, start, end }, open }));
  }
}

function proxiesOf(sections: readonly SectionView[]): ProxyView[] {
  const named = new Map<string, readonly ViewLine[]>();
  let current: readonly ViewLine[] = [];
  const proxies: ProxyView[] = [];
  for (const section of sections) {
    const from = baseName(section.header);
    const base = from === null ? null : (named.get(from) ?? []);
    if (section.kind === 'defaults') {
      current = [...(base ?? []), ...section.lines];
      named.set(section.name, current);
    } else if (proxyKinds.has(section.kind)) {
      proxies.push(viewProxy(section, [...(base ?? current), ...section.lines]));
    }
  }
  return proxies;
}

function baseName({ words }: ViewLine): string | null {
  const at = words.findIndex((word, index) => index > 0 && word.text === 'from');
  return at < 0 ? null : (words[at + 1]?.text ?? null);
}

function viewProxy(section: SectionView, lines: readonly ViewLine[]): ProxyView {
  const { kind, name, header } = section;
  const mode = lines.findLast(({ words }) => words[0]!.text === 'mode')?.words[1]?.text ?? 'tcp';
  const state = lines.map(({ words }) => words[0]!.text).findLast((word) => word === 'disabled' || word === 'enabled');
  return {
    kind: kind as ProxyViewKind,
    name,
    section,
    at: (header.words[1] ?? header.words[0]!).at,
    own: section.lines,
    lines,
    mode: mode === 'tcp' || mode === 'http' ? mode : 'other',
    disabled: state === 'disabled',
  };
}

export function isFrontSide(proxy: ProxyView): boolean {
  return proxy.kind !== 'backend';
}

export function isBackSide(proxy: ProxyView): boolean {
  return proxy.kind !== 'frontend';
}

/** Does a line begin with these words? */
export function startsWith(line: ViewLine, ...names: readonly string[]): boolean {
  return !line.negated && names.every((name, index) => line.words[index]?.text === name);
}

export function linesNamed(lines: readonly ViewLine[], ...names: readonly string[]): ViewLine[] {
  return lines.filter((line) => startsWith(line, ...names));
}

/** The line that holds in the end: the last of its name, unless "no" follows it. */
export function effectiveLine(lines: readonly ViewLine[], ...names: readonly string[]): ViewLine | null {
  const last = lines.findLast((line) => names.every((name, index) => line.words[index]?.text === name));
  return last && !last.negated ? last : null;
}

/** The value behind an option word on a `bind` or `server` line. */
export function optionOf(line: ViewLine, name: string, from: number): ViewWord | null {
  const at = line.words.findIndex((word, index) => index >= from && word.text === name);
  return at < 0 ? null : (line.words[at + 1] ?? null);
}

export function hasWord(line: ViewLine, name: string, from: number): boolean {
  return line.words.some((word, index) => index >= from && word.text === name);
}
