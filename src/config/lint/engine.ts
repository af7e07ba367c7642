/**
 * Runs the rules over what was read. It knows no rule by name: see `rules.ts` for the list and
 * `lint-files.ts` for the way from paths to findings.
 */
import type { Diagnostic } from '../../../grammar/diagnostic.ts';
import { positionOf, type Span } from '../../../grammar/source.ts';
import type { HaproxyView, ProxyView, SectionView } from './haproxy-view.ts';
import type { HostFacts } from './host-facts.ts';
import type { KeepalivedView } from './keepalived-view.ts';
import { type NodeView, type Rule, reporterFor } from './rule.ts';
import { rules } from './rules.ts';
import { wordLinesOfHaproxy, wordLinesOfKeepalived } from './typed-words.ts';

/** The files of one machine. */
export interface LintInput {
  readonly haproxy: HaproxyView | null;
  readonly keepalived: readonly KeepalivedView[];
  readonly facts: HostFacts | null;
  /** What the languages have reported already. */
  readonly reported: readonly Diagnostic[];
}

export function lintMachine(input: LintInput): Diagnostic[] {
  const covered = lineCodesOf(input.reported);
  return rules.flatMap((rule) => {
    const found = runRule(rule, input);
    const { coveredBy = [] } = rule;
    return found.filter(({ at }) => !at || !coveredBy.some((code) => covered.has(lineKey(at, code))));
  });
}

function runRule(rule: Rule, { haproxy, keepalived, facts }: LintInput): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = reporterFor(rule, found);
  if (rule.language === 'haproxy' && haproxy) rule.check(haproxy, report, facts);
  if (rule.language === 'keepalived') for (const view of keepalived) rule.check(view, report, facts);
  if (rule.language === 'words') {
    const lines = [...(haproxy ? wordLinesOfHaproxy(haproxy) : []), ...keepalived.flatMap(wordLinesOfKeepalived)];
    for (const line of lines) rule.check(line, report);
  }
  if (rule.language === 'both' && haproxy) for (const view of keepalived) rule.check(haproxy, view, report, facts);
  return found;
}

/** Every two machines of a cluster against each other. */
export function lintNodes(nodes: readonly NodeView[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const rule of rules) {
    if (rule.language !== 'nodes') continue;
    const report = reporterFor(rule, found);
    for (const [index, one] of nodes.entries()) {
      for (const other of nodes.slice(index + 1)) rule.check(one, other, report);
    }
  }
  return found;
}

function lineKey(at: Span, code: string): string {
  return `${at.source.file}\0${positionOf(at.source, at.start).line}\0${code}`;
}

function lineCodesOf(reported: readonly Diagnostic[]): Set<string> {
  return new Set(reported.flatMap(({ at, code }) => (at ? [lineKey(at, code)] : [])));
}

const MOST_NAMES = 5;

/** Says for a diagnostic in a defaults section which proxies it is about. */
export function withDefaultsNotes(list: readonly Diagnostic[], view: HaproxyView): Diagnostic[] {
  const users = view.sections
    .filter((section) => section.kind === 'defaults')
    .map((section) => ({ section, proxies: usersOf(section, view.proxies) }));
  return list.map((diagnostic) => {
    const found = users.find(({ section }) => diagnostic.at && isInside(diagnostic.at, section));
    if (!found || found.proxies.length === 0) return diagnostic;
    const names = found.proxies.slice(0, MOST_NAMES).map(({ kind, name }) => `${kind} '${name}'`);
    const more = found.proxies.length - names.length;
    const message = `these defaults hold for ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    return { ...diagnostic, notes: [...(diagnostic.notes ?? []), { message }] };
  });
}

function usersOf(section: SectionView, proxies: readonly ProxyView[]): ProxyView[] {
  const [line] = section.lines;
  return line ? proxies.filter((proxy) => proxy.lines.includes(line)) : [];
}

function isInside(at: Span, { header, lines }: SectionView): boolean {
  const end = lines.at(-1)?.at.end ?? header.at.end;
  return at.source === header.at.source && at.start >= header.at.start && at.end <= end;
}
