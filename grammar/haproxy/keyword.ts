/**
 * Keyword rows: the law of the language.
 *
 * One row per keyword: its name, where it may stand, its typed arguments, the releases that brought, deprecated and
 * removed it, one line of documentation, examples that parse and examples that fail with the code they fail with, and
 * `apply`, which stores values into the node of the section and does nothing else. A row without `apply` is known to
 * the parser and carried out by nobody: it gets a `not-carried-out` warning. Checks across several lines belong to
 * the end of a section or to `src/config/resolve-*.ts`, not here.
 */
import type { Diagnostic, Diagnostics } from '../diagnostic.ts';
import type { Span } from '../source.ts';
import { hintsOnSurplus } from './odd-words.ts';

/** A word after quotes, escapes and variables: what the user meant, and where it stands. */
export interface Value {
  /** Latin-1 characters standing for bytes. */
  readonly text: string;
  readonly at: Span;
}

/** A release as [major, minor]. */
export type Release = readonly [number, number];

/** Which releases' language is spoken. */
export interface Language {
  /** Words younger than this are unknown, words removed by then are gone. */
  readonly release: Release;
  /** Accept with a warning what any release ever accepted. */
  readonly lenient: boolean;
}

/** One use of a keyword, while its row is applied. */
export interface Call {
  /** The name as the row has it: "option httpchk". */
  readonly keyword: string;
  /** Where the keyword stands. */
  readonly at: Span;
  /** The words after the name. */
  readonly words: readonly Value[];
  readonly diagnostics: Diagnostics;
  readonly language: Language;
  /** Environment of the configuration at this line. */
  readonly env: ReadonlyMap<string, string>;
  /** May words be used that the release asked for calls experimental? */
  readonly allowsExperimental: boolean;
  /** Reports an error at a word. */
  fail(code: string, value: Value | undefined, message: string, more?: Partial<Diagnostic>): void;
}

/** Reads one argument. `undefined` means: bad, and already reported. */
export interface Argument<T> {
  /** As printed in usage lines: "<time>", "on|off". */
  readonly label: string;
  read(value: Value, call: Call): T | undefined;
}

export interface Removal {
  readonly in: string;
  /** The modern form, for a suggestion. */
  readonly modern: string;
  /** The original's sentence, when it has one of its own. */
  readonly says?: string;
}

export interface KeywordRow<Node> {
  /** One to three words: "maxconn", "timeout client". */
  readonly name: string;
  /** Contexts by name. */
  readonly in: readonly string[];
  /** All of them must be there. */
  readonly args: readonly Argument<unknown>[];
  /** What follows the typed arguments: an error, ignored as the original ignores it, or read by `apply` itself. */
  readonly extra: 'refused' | 'ignored' | 'free';
  /** How many words after the typed arguments `apply` reads when they are there. */
  readonly optional?: number;
  readonly since: string;
  readonly deprecated?: string;
  readonly removed?: Removal;
  readonly doc: string;
  readonly ok: readonly string[];
  /** A failing line and the code it fails with. */
  readonly bad: readonly (readonly [line: string, code: string])[];
  readonly apply?: (node: Node, call: Call, ...values: never[]) => void;
  /** `no <name>`; absent: cannot be negated. */
  readonly negate?: (node: Node) => void;
  /** On `bind` and `server` lines: how many words after the typed arguments, from an index on, belong to this one. */
  readonly follows?: (words: readonly Value[], from: number) => number;
  /** On `server` lines: its first argument stands in parentheses behind it. */
  readonly inParentheses?: true;
  /** `apply` only checks; nobody acts on the word. */
  readonly inert?: true;
  /** Sentence for too few arguments, if the general one will not do. */
  readonly usage?: string;
}

type ArgumentValues<A extends readonly Argument<unknown>[]> = {
  [K in keyof A]: A[K] extends Argument<infer T> ? T : never;
};

export interface RowSpec<Node, A extends readonly Argument<unknown>[]> {
  readonly args?: A;
  readonly extra?: 'refused' | 'ignored' | 'free';
  readonly optional?: number;
  readonly since: string;
  readonly deprecated?: string;
  readonly removed?: Removal;
  readonly doc: string;
  readonly ok?: readonly string[];
  readonly bad?: readonly (readonly [line: string, code: string])[];
  readonly apply?: (node: Node, call: Call, ...values: ArgumentValues<A>) => void;
  readonly negate?: (node: Node) => void;
  readonly follows?: (words: readonly Value[], from: number) => number;
  readonly inParentheses?: true;
  readonly inert?: true;
  readonly usage?: string;
}

/** Gives the function that makes rows for one kind of node; the types of `args` become the parameters of `apply`. */
export function rowsFor<Node>() {
  return function keywordRow<const A extends readonly Argument<unknown>[] = readonly []>(
    name: string,
    contexts: readonly string[],
    spec: RowSpec<Node, A>,
  ): KeywordRow<Node> {
    return {
      ...spec,
      name,
      in: contexts,
      args: spec.args ?? [],
      extra: spec.extra ?? 'refused',
      ok: spec.ok ?? [],
      bad: spec.bad ?? [],
    } as KeywordRow<Node>;
  };
}

/** Words and actions of 2.6 to 3.4 that are behind a switch; in the default profile they need none. */
const experimental = new Set(
  'tune.fd.edge-triggered force-cfg-parser-pause ech ktls nbconn normalize-uri attach-srv'.split(' '),
);
export const EXPERIMENTAL = "is experimental, must be allowed via a global 'expose-experimental-directives'";

export function isExperimental(name: string, call: Call): boolean {
  return !call.allowsExperimental && experimental.has(name);
}

/** Is `release` at or after `since`? */
export function isAtLeast(release: Release, since: string): boolean {
  const [major = 0, minor = 0] = since.split('.').map(Number);
  return release[0] > major || (release[0] === major && release[1] >= minor);
}

/** Reads the arguments of a call and stores them. False: something was reported as an error. */
export function applyRow<Node>(row: KeywordRow<Node>, node: Node, call: Call): boolean {
  const { words } = call;
  if (isExperimental(row.name, call)) {
    call.fail('experimental', undefined, `'${row.name}' directive ${EXPERIMENTAL}`);
    return false;
  }
  if (words.length < row.args.length) {
    const label = row.args[words.length]?.label ?? 'an argument';
    call.fail('missing-argument', undefined, row.usage ?? `'${row.name}' expects ${label} as argument.`);
    return false;
  }
  const values: unknown[] = [];
  for (const [index, argument] of row.args.entries()) {
    const value = argument.read(words[index]!, call);
    if (value === undefined) return false;
    values.push(value);
  }
  const surplus = words[row.args.length + (row.optional ?? 0)];
  if (surplus && row.extra === 'refused') {
    const hints = hintsOnSurplus(words[row.args.length - 1], surplus);
    call.fail('extra-argument', surplus, `'${row.name}' cannot handle unexpected argument '${surplus.text}'.`, hints);
    return false;
  }
  if (surplus && row.extra === 'ignored' && call.language.lenient) {
    const message = `'${row.name}' ignores the argument '${surplus.text}' and what follows it.`;
    const expected = 'quotes around words that belong together';
    call.diagnostics.warning('ignored-argument', surplus.at, message, { expected });
  }
  const before = call.diagnostics.list.length;
  (row.apply as ((node: Node, call: Call, ...values: unknown[]) => void) | undefined)?.(node, call, ...values);
  return !call.diagnostics.list.slice(before).some((d) => d.severity === 'error');
}
