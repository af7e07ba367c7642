/**
 * What a lint rule is.
 *
 * A rule looks at a configuration that can be read and reports what is certainly not meant: it reports only what it
 * can prove from the files (and the host facts, when there are any). What the languages themselves report, with the
 * verdict of the originals, is no rule. Every rule has a heading in `docs/lint.md`, and a firing and a silent example
 * in `fixtures/lint/CODE`.
 */
import type { Diagnostic, Note, Severity } from '../../../grammar/diagnostic.ts';
import type { Span } from '../../../grammar/source.ts';
import type { HaproxyView } from './haproxy-view.ts';
import type { HostFacts } from './host-facts.ts';
import type { KeepalivedView } from './keepalived-view.ts';

export type Report = (at: Span, message: string, more?: { notes?: readonly Note[]; suggestion?: string }) => void;

/** `facts` of null is the machine at hand. */
interface RuleFacts {
  readonly code: string;
  readonly severity: Severity;
  /** One line: what it finds. */
  readonly doc: string;
  /** Codes of the language that say the same: a finding on a line that has one of these is dropped. */
  readonly coveredBy?: readonly string[];
}

export interface HaproxyRule extends RuleFacts {
  readonly language: 'haproxy';
  check(view: HaproxyView, report: Report, facts: HostFacts | null): void;
}

export interface KeepalivedRule extends RuleFacts {
  readonly language: 'keepalived';
  check(view: KeepalivedView, report: Report, facts: HostFacts | null): void;
}

/** Both files of one machine. */
export interface BothRule extends RuleFacts {
  readonly language: 'both';
  check(haproxy: HaproxyView, keepalived: KeepalivedView, report: Report, facts: HostFacts | null): void;
}

export interface NodeView {
  readonly name: string;
  readonly keepalived: KeepalivedView;
}

/** The keepalived.conf of two machines of one cluster. */
export interface NodesRule extends RuleFacts {
  readonly language: 'nodes';
  check(one: NodeView, other: NodeView, report: Report): void;
}

/** A line of either language: its words, or what is behind the keyword. At least one. */
export interface WordLine {
  readonly language: 'haproxy' | 'keepalived';
  readonly words: readonly Span[];
}

/** Both languages, line by line. */
export interface WordsRule extends RuleFacts {
  readonly language: 'words';
  check(line: WordLine, report: Report): void;
}

export type Rule = WordsRule | HaproxyRule | KeepalivedRule | BothRule | NodesRule;

/** Collects the findings of one rule as diagnostics. */
export function reporterFor(rule: Rule, found: Diagnostic[]): Report {
  return (at, message, more = {}) => {
    found.push({ code: rule.code, severity: rule.severity, at, message, ...more });
  };
}
