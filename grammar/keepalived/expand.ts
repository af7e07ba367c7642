/**
 * keepalived's preprocessor: from the files' lines to one expanded text.
 *
 *     file lines -> include -> @conditions -> $DEFINITIONS -> ~SEQ/~LST -> expanded text (comments gone)
 *
 * Everything that comes out knows the place in the file it came from (`traced.ts`). Files are read by a callback, so
 * that the grammar does no I/O. keepalived.conf(5), "Parameter substitution", "Include", "Conditional configuration".
 *
 * Sizes are bounded (`LIMITS`): a configuration that would grow beyond them is an error, never a hang. That is a
 * deliberate difference: keepalived 2.2 and 2.4 loop for ever on `$A=${A}`, and on a file that includes itself until
 * its descriptors run out.
 */
import type { IToken } from 'chevrotain';
import type { Diagnostics } from '../diagnostic.ts';
import type { Source, Span } from '../source.ts';
import { Comment, Continuation, Newline } from './lexer.ts';
import { type FileLine, parse } from './parser.ts';
import { readSequence, startsSequence } from './sequence.ts';
import { exactPiece, type Piece, slicePieces, spanOf, TracedText, textOf } from './traced.ts';

export const LIMITS = {
  /** Characters of the expanded text. */
  characters: 4 * 1024 * 1024,
  /** Replaced `$NAME`s, repeated lines and lines of definitions, over all files. */
  replacements: 200_000,
  /** The same for each byte that was read, and what is granted to a small file: little text makes no endless work. */
  charactersPerByte: 1024,
  replacementsPerByte: 24,
  smallFileBytes: 1024,
  /** Definitions within definitions. */
  definitionDepth: 32,
  includeDepth: 32,
  files: 2000,
} as const;

export interface IncludedFile {
  /** As it is to be named in messages. */
  readonly name: string;
  /** The same for two names of one file (its real path), to find loops. */
  readonly identity: string;
  readonly source: Source | null;
  /** Why there is no source: "is a directory", "cannot be read (EACCES)". */
  readonly problem?: string;
}

export interface ExpandOptions {
  /** The `@id` that holds (`-i`, or the first label of the host name); also `${_INSTANCE}`. */
  readonly configId: string;
  /** `${_ENV NAME}`; undefined when not set. */
  env(name: string): string | undefined;
  /** `${_PWD}`: the directory of a file. */
  directoryOf(source: Source): string;
  /** Files that match a pattern, relative to the including file; empty when there are none. */
  include(pattern: string, from: Source): readonly IncludedFile[];
}

interface DefinitionValue {
  /** One element per line of the value. */
  readonly lines: readonly (readonly Piece[])[];
  /** In replacements: a line of its own is about as much work as two, so are eight words. */
  readonly cost: number;
}

function definitionOf(lines: readonly (readonly Piece[])[]): DefinitionValue {
  const words = lines.reduce((sum, pieces) => sum + textOf(pieces).split(/[ \t\r\v\f]+/).length, 0);
  return { lines, cost: (lines.length === 1 ? 1 : 2 * lines.length) + Math.floor(words / 4) };
}

type Scope = ReadonlyMap<string, string>;
const NO_SCOPE: Scope = new Map();

/** A line on its way, with the definitions whose values it stands in. */
interface Line {
  readonly pieces: readonly Piece[];
  readonly within: readonly string[];
}

const NO_LINE: Line = { pieces: [], within: [] };

/** `${NAME}` anywhere; `$NAME` only before a blank, the end, or what stands behind a parameter of `~SEQ`. */
const REFERENCE = /\$(?:\{([A-Za-z_]\w*)(?:[ \t]+([^}"]*))?\}|([A-Za-z_]\w*)(?![^ \t\r\v\f,)]))/g;
/** A name that something else follows. */
const UNREPLACED = /\$([A-Za-z_]\w*)(?=[^\s,)\w=])/g;
const CONDITION = /^[ \t\r\v\f]*@(\^?)([^ \t\r\v\f]*)/;
const DEFINITION = /^[ \t\r\v\f]*\$([A-Za-z_]\w*)=/;

export interface Expansion {
  readonly text: TracedText;
  readonly files: readonly string[];
  /** The path on the line that included a file; the main file is not in it. */
  readonly includedAt: ReadonlyMap<Source, Span>;
}

/** Expands a file and all it includes. Never throws for any bytes. */
export function expand(source: Source, identity: string, options: ExpandOptions, diagnostics: Diagnostics): Expansion {
  const expander = new Expander(options, diagnostics);
  expander.expandFile(source, identity);
  return { text: expander.output, files: expander.files, includedAt: expander.includedAt };
}

class Expander {
  readonly output = new TracedText();
  readonly files: string[] = [];
  readonly includedAt = new Map<Source, Span>();
  private readonly definitions = new Map<string, DefinitionValue>();
  private readonly openFiles: string[] = [];
  private readonly options: ExpandOptions;
  private readonly diagnostics: Diagnostics;
  private replacements = 0;
  private bytesRead = 0;
  private exhausted = false;
  private lastRead: LineReferences | null = null;

  constructor(options: ExpandOptions, diagnostics: Diagnostics) {
    this.options = options;
    this.diagnostics = diagnostics;
  }

  expandFile(source: Source, identity: string): void {
    this.files.push(source.file);
    this.bytesRead += source.text.length;
    if (source.text.startsWith(BYTE_ORDER_MARK)) {
      const message = 'keepalived takes the byte order mark here for a part of the first word';
      this.diagnostics.warning('byte-order-mark', { source, start: 0, end: BYTE_ORDER_MARK.length }, message);
    }
    const binaryAt = source.text.indexOf('\0');
    if (binaryAt >= 0) {
      const at = { source, start: binaryAt, end: binaryAt + 1 };
      this.diagnostics.error('not-text', at, `'${source.file}' has a NUL byte here: it is not a text file`);
      return;
    }
    this.openFiles.push(identity);
    for (const line of parse(source).lines) {
      if (this.exhausted) break;
      this.checkLength(source, line);
      if (line.kind !== 'text' && line.condition && !this.holds(CONDITION.exec(line.condition.image)!)) continue;
      if (line.kind === 'definition') this.define(source, line);
      else if (line.kind === 'include') this.includeFiles(source, line);
      else this.expandLine({ pieces: linePieces(source, line.tokens), within: [] }, NO_SCOPE);
    }
    this.openFiles.pop();
  }

  private checkLength(source: Source, line: FileLine): void {
    const first = line.tokens[0]!;
    const solid = line.tokens.findLast((token) => !PASSED_OVER.has(token.tokenType.name)) ?? first;
    const end = solid.startOffset + solid.image.length;
    if (line.kind !== 'text' || end - first.startOffset <= LONGEST_LINE) return;
    const at = { source, start: first.startOffset, end: first.startOffset + LONGEST_LINE };
    this.diagnostics.warning('line-too-long', at, `keepalived reads no more than ${LONGEST_LINE} bytes of a line`);
  }

  private holds([, negated, id]: RegExpExecArray): boolean {
    return (id === this.options.configId) !== (negated === '^');
  }

  private define(source: Source, line: FileLine): void {
    const name = line.head!.image.slice(1, -1);
    const lines: Piece[][] = [];
    let current: IToken[] = [];
    for (const token of line.tokens.slice(line.tokens.indexOf(line.head!) + 1)) {
      if (token.tokenType === Continuation || token.tokenType === Newline) {
        lines.push(trimPieces(linePieces(source, current)));
        current = [];
      } else current.push(token);
    }
    if (current.length > 0) lines.push(trimPieces(linePieces(source, current)));
    const filled = lines.filter((pieces) => pieces.length > 0);
    this.definitions.set(name, definitionOf(filled.length > 0 ? filled : [[]]));
  }

  private includeFiles(source: Source, line: FileLine): void {
    const at = tokenSpan(source, line.head!);
    const path = line.tokens.find((token) => token.tokenType.name === 'IncludePath');
    if (!path) {
      this.diagnostics.error('missing-value', at, `'${line.head!.image}' needs a file name`);
      return;
    }
    const pathAt = tokenSpan(source, path);
    const pattern = this.replaceText(path.image.replace(/^"(.*)"$/, '$1'), pathAt);
    const found = this.options.include(pattern, source);
    const checked = line.head!.image.length > 'include'.length;
    if (found.length === 0) this.reportNothingIncluded(pattern, pathAt, line.head!.image);
    for (const file of found) this.includeFile(file, pathAt, checked);
  }

  /** A pattern may well match nothing today; a plain name must be there. */
  private reportNothingIncluded(pattern: string, at: Span, keyword: string): void {
    const message = `Config files missing '${pattern}'.`;
    const isPattern = /[*?[{]/.test(pattern);
    if (isPattern ? /[wba]$/.test(keyword) && keyword !== 'include' : /[mwba]$/.test(keyword)) {
      this.diagnostics.error('include-check', at, message, { expected: `'include' where files may be missing` });
    } else if (isPattern) this.diagnostics.warning('include-missing', at, message);
    else this.diagnostics.error('include-missing', at, message);
  }

  private includeFile(file: IncludedFile, at: Span, checked: boolean): void {
    if (file.problem !== undefined || !file.source) {
      const code = checked ? 'include-check' : 'include-unreadable';
      this.diagnostics.error(code, at, `'${file.name}' ${file.problem ?? 'cannot be read'}`);
    } else if (this.openFiles.includes(file.identity)) {
      const chain = [...this.openFiles, file.identity].join(' -> ');
      this.diagnostics.error('include-loop', at, `'${file.name}' includes itself (${chain})`);
    } else if (this.openFiles.length >= LIMITS.includeDepth || this.files.length >= LIMITS.files) {
      this.diagnostics.error('include-loop', at, `too many included files at '${file.name}'`);
    } else {
      this.includedAt.set(file.source, at);
      this.expandFile(file.source, file.identity);
      this.output.append({ text: '\n', at, exact: false });
    }
  }

  /**
   * One line: dropped, remembered or repeated when it starts with a condition, a definition or a sequence; replaced
   * and put out when it does not.
   */
  private expandLine(line: Line, scope: Scope): void {
    const { pieces, within } = this.takeCondition(line) ?? NO_LINE;
    if (this.exhausted || pieces.length === 0) return;
    const text = textOf(pieces);
    const definition = text.includes('$') ? DEFINITION.exec(text) : null;
    if (definition) {
      this.definitions.set(definition[1]!, definitionOf([trimPieces(slicePieces(pieces, definition[0].length))]));
    } else if (startsSequence(text)) {
      this.repeatLine({ pieces, within }, scope);
    } else {
      const [first, ...more] = this.replace(pieces, scope, within);
      const behind = pieces.at(-1)!.at;
      const shown = first!.pieces === pieces ? first! : this.takeCondition(first!);
      if (shown) this.emit(shown.pieces, behind);
      for (const next of more) this.expandLine(next, scope);
    }
  }

  /** The line without the condition it starts with; null when that does not hold. */
  private takeCondition(line: Line): Line | null {
    const text = textOf(line.pieces);
    const condition = text.includes('@') ? CONDITION.exec(text) : null;
    if (!condition) return line;
    return this.holds(condition) ? { ...line, pieces: slicePieces(line.pieces, condition[0].length) } : null;
  }

  private repeatLine({ pieces, within }: Line, scope: Scope): void {
    const at = spanOf(pieces, pieces[0]!.at);
    const sequence = readSequence(textOf(pieces), (parameters) => this.replaceText(parameters, at, scope));
    if ('code' in sequence) {
      this.diagnostics.error(sequence.code, at, sequence.message);
      return;
    }
    const rest = slicePieces(pieces, sequence.length);
    for (const round of sequence.rounds) {
      if (!this.spend(at)) return;
      const inner = new Map(scope);
      sequence.variables.forEach((name, i) => {
        inner.set(name, round[i]!);
      });
      this.expandLine({ pieces: rest, within }, inner);
    }
  }

  private emit(pieces: readonly Piece[], behind: Span): void {
    for (const piece of pieces) this.output.append(piece);
    this.output.append({ text: '\n', at: { ...behind, start: behind.end }, exact: false });
    this.checkRoom(0, behind);
  }

  /** The line with every reference replaced; further lines, not replaced yet, when a multi-line definition ends it. */
  private replace(pieces: readonly Piece[], scope: Scope, within: readonly string[]): Line[] {
    const { text, references, behind } = this.referencesIn(pieces);
    if (references.length === 0 && behind === pieces) return [{ pieces, within }];
    const line: Piece[] = [];
    const more: Line[] = [];
    let length = 0;
    this.warnUnreplaced(pieces, text);
    for (const reference of references) {
      for (const piece of reference.before) line.push(piece);
      const value = this.valueOf(reference, scope, within);
      for (const piece of value ? (value[0]?.pieces ?? []) : reference.pieces) {
        line.push(piece);
        length += piece.text.length;
      }
      for (let i = 1; i < (value?.length ?? 0); i++) more.push(value![i]!);
      this.checkRoom(length, reference.at);
      if (this.exhausted) break;
    }
    for (const piece of behind) line.push(piece);
    return [{ pieces: line, within }, ...more];
  }

  /** Read once for a line that is repeated. */
  private referencesIn(pieces: readonly Piece[]): LineReferences {
    if (this.lastRead?.of === pieces) return this.lastRead;
    const text = textOf(pieces);
    if (!text.includes('$')) return { of: pieces, text, references: [], behind: pieces };
    const references: Reference[] = [];
    const lastSolid = text.length - trailingBlanks(text);
    let done = 0;
    let quoted = false;
    let scanned = 0;
    for (const match of text.matchAll(REFERENCE)) {
      for (; scanned < match.index; scanned++) if (text[scanned] === '"') quoted = !quoted;
      const end = match.index + match[0].length;
      const own = slicePieces(pieces, match.index, end);
      references.push({
        image: match[0],
        name: (match[1] ?? match[3])!,
        parameter: match[2],
        before: slicePieces(pieces, done, match.index),
        pieces: own,
        at: spanOf(own, own[0]!.at),
        atEnd: end >= lastSolid,
        quoted,
      });
      done = end;
    }
    this.lastRead = { of: pieces, text, references, behind: slicePieces(pieces, done) };
    return this.lastRead;
  }

  /** The lines a reference stands for, the first one replaced; undefined when it is to be left as it is. */
  private valueOf(reference: Reference, scope: Scope, outer: readonly string[]): Line[] | undefined {
    const { name, at } = reference;
    const known = scope.get(name) ?? this.predefined(name, reference.parameter, at);
    if (known !== undefined) {
      return this.spend(at) ? [{ pieces: [{ text: known, at, exact: false }], within: outer }] : [];
    }
    const definition = this.definitions.get(name);
    if (!definition) return this.reportUndefined(name, reference.image, at, reference.quoted);
    if (outer.includes(name) || outer.length >= LIMITS.definitionDepth) {
      this.diagnostics.error('definition-loop', at, `the value of '$${name}' contains '$${name}' itself`);
      return [];
    }
    if (definition.lines.length > 1 && !reference.atEnd) {
      this.diagnostics.error('multiline-not-at-end', at, `'$${name}' has several lines: it must end the line it is on`);
      return [];
    }
    if (!this.spend(at, definition.cost)) return [];
    const within = [...outer, name];
    const lines = definition.lines.map((line) => ({
      pieces: line.map(({ text, at: place, exact }) => ({ text, at: place, exact, usedAt: at })),
      within,
    }));
    const first = lines[0]!;
    // A value that is itself a sequence cannot be put into a line; it makes lines of its own.
    if (lines.length > 1 && startsSequence(textOf(first.pieces))) return [{ pieces: [], within }, ...lines];
    return [...this.replace(first.pieces, scope, within), ...lines.slice(1)];
  }

  /** `$NAME/24`: keepalived does not replace it, and people think that it does. */
  private warnUnreplaced(pieces: readonly Piece[], text: string): void {
    for (const match of text.matchAll(UNREPLACED)) {
      const name = match[1]!;
      if (!this.definitions.has(name)) continue;
      const at = spanOf(slicePieces(pieces, match.index, match.index + match[0].length), pieces[0]!.at);
      const expected = `\${${name}} where something follows the name`;
      this.diagnostics.warning('unreplaced-parameter', at, `'$${name}' is not replaced here`, { expected });
    }
  }

  private predefined(name: string, parameter: string | undefined, at: Span): string | undefined {
    switch (name) {
      case '_PWD':
        return this.options.directoryOf(at.source);
      case '_INSTANCE':
        return this.options.configId;
      case '_HASH':
        return '#';
      case '_BANG':
        return '!';
      case '_ENV':
        return parameter === undefined ? undefined : this.environment(parameter.trim(), at);
      case '_RANDOM':
        return randomBetween(parameter);
      default:
        return undefined;
    }
  }

  private environment(name: string, at: Span): string {
    const value = this.options.env(name);
    if (value === undefined) {
      this.diagnostics.warning('undefined-environment', at, `the environment has no variable '${name}'`);
    }
    return value ?? '';
  }

  /** keepalived leaves it as it stands; in quotes it may well be meant for a shell. */
  private reportUndefined(name: string, image: string, at: Span, quoted: boolean): undefined {
    if (quoted) return undefined;
    const message = `'${image}' is not defined`;
    const more = { expected: `a line '$${name}=...' above this one` };
    if (image.startsWith('${')) this.diagnostics.error('undefined-parameter', at, message, more);
    else this.diagnostics.warning('undefined-parameter', at, message, more);
    return undefined;
  }

  private replaceText(text: string, at: Span, scope: Scope = NO_SCOPE): string {
    return textOf(this.replace([{ text, at, exact: false }], scope, [])[0]!.pieces);
  }

  private spend(at: Span, count = 1): boolean {
    this.replacements += count;
    if (this.replacements > this.limit(LIMITS.replacements, LIMITS.replacementsPerByte)) this.exhaust(at);
    return !this.exhausted;
  }

  /** A single line can grow beyond bounds as well, before it is put out. */
  private checkRoom(lineLength: number, at: Span): void {
    const most = this.limit(LIMITS.characters, LIMITS.charactersPerByte);
    if (this.output.length + lineLength > most) this.exhaust(at);
  }

  private limit(most: number, perByte: number): number {
    return Math.min(most, perByte * Math.max(LIMITS.smallFileBytes, this.bytesRead));
  }

  private exhaust(at: Span): void {
    if (this.exhausted) return;
    this.exhausted = true;
    this.diagnostics.error('expansion-too-large', at, 'the configuration grows beyond all bounds here');
  }
}

/** A `$NAME` of a line, with what stands before it. */
interface Reference {
  readonly image: string;
  readonly name: string;
  readonly parameter: string | undefined;
  readonly before: readonly Piece[];
  readonly pieces: readonly Piece[];
  readonly at: Span;
  readonly atEnd: boolean;
  readonly quoted: boolean;
}

interface LineReferences {
  readonly of: readonly Piece[];
  readonly text: string;
  readonly references: readonly Reference[];
  /** What stands behind the last one. */
  readonly behind: readonly Piece[];
}

/** The line's text without comment and line end, `\#` and `\!` resolved. */
function linePieces(source: Source, tokens: readonly IToken[]): Piece[] {
  const pieces: Piece[] = [];
  for (const token of tokens) {
    const type = token.tokenType;
    if (type === Comment || type === Newline || DROPPED.has(type.name)) continue;
    const start = token.startOffset;
    const end = start + token.image.length;
    if (type.name !== 'Word' || !/\\[#!]/.test(token.image)) pushExact(pieces, source, start, end);
    else dropEscapes(pieces, source, start, end);
  }
  return pieces;
}

const BYTE_ORDER_MARK = '\xef\xbb\xbf';
const BLANKS = ' \t\r\v\f';
/** keepalived's line buffer, without its end. */
const LONGEST_LINE = 1023;
const PASSED_OVER = new Set(['Blank', 'Comment', 'Newline']);
const DROPPED = new Set(['ByteOrderMark', 'Definition', 'Include']);

/** Joins runs that touch, so that a line without escapes is one piece. */
function pushExact(pieces: Piece[], source: Source, start: number, end: number): void {
  const last = pieces.at(-1);
  if (last && last.at.end === start) pieces[pieces.length - 1] = exactPiece(source, last.at.start, end);
  else pieces.push(exactPiece(source, start, end));
}

function dropEscapes(pieces: Piece[], source: Source, start: number, end: number): void {
  let from = start;
  for (let i = start; i < end - 1; i++) {
    if (source.text[i] !== '\\') continue;
    if (source.text[i + 1] === '#' || source.text[i + 1] === '!') {
      if (i > from) pushExact(pieces, source, from, i);
      from = i + 1;
    }
    i++;
  }
  pushExact(pieces, source, from, end);
}

function trimPieces(pieces: Piece[]): Piece[] {
  const text = textOf(pieces);
  const start = /^[ \t\r\v\f]*/.exec(text)![0].length;
  const end = text.length - trailingBlanks(text);
  return end > start ? slicePieces(pieces, start, end) : [];
}

function tokenSpan(source: Source, token: IToken): Span {
  return { source, start: token.startOffset, end: token.startOffset + token.image.length };
}

function trailingBlanks(text: string): number {
  let end = text.length;
  while (end > 0 && BLANKS.includes(text[end - 1]!)) end--;
  return text.length - end;
}

/** `${_RANDOM [min] max}`; 0 to 32767 without parameters. */
function randomBetween(parameter: string | undefined): string {
  const numbers = (parameter ?? '').split(/[ \t]+/).filter((part) => /^\d+$/.test(part));
  const min = numbers.length > 1 ? Number(numbers[0]) : 0;
  const max = numbers.length > 0 ? Number(numbers.at(-1)) : 32767;
  return String(min + Math.floor(Math.random() * Math.max(1, max - min + 1)));
}
