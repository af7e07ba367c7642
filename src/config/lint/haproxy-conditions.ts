/**
 * Rules about ACLs and conditions: what can never match, what an earlier rule takes away, what nobody asks for.
 */
import {
  type Acl,
  aclsOf,
  type Condition,
  conditionOf,
  readTest,
  splitCondition,
  type Term,
  type Test,
} from './acl.ts';
import type { HaproxyView, ProxyView, ViewLine } from './haproxy-view.ts';
import { linesNamed, startsWith } from './haproxy-view.ts';
import { alternativesOf, covers, isStableTerm, termExcludes } from './logic.ts';
import type { HaproxyRule, Report } from './rule.ts';

/** Own lines that may carry a condition. */
function ruleLines(proxy: ProxyView): ViewLine[] {
  return proxy.own.filter((line) => !line.negated && line.words[0]!.text !== 'acl');
}

interface Clash {
  readonly one: Term;
  readonly other: Term;
}

function clashIn(terms: readonly Term[]): Clash | null {
  for (const [index, one] of terms.entries()) {
    const other = terms.slice(index + 1).find((candidate) => termExcludes(one, candidate));
    if (other) return { one, other };
  }
  return null;
}

function nameOf(term: Term): string {
  const { source, start, end } = term.at;
  return `'${term.negated && term.name !== '' ? '!' : ''}${term.name === '' ? source.text.slice(start, end) : term.name}'`;
}

function checkNeverMatching(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    const acls = aclsOf(proxy);
    for (const line of ruleLines(proxy)) {
      const condition = conditionOf(line, acls);
      if (condition) reportClashes(condition, report);
    }
  }
}

function reportClashes({ alternatives, kind }: Condition, report: Report): void {
  for (const terms of alternatives) {
    const clash = clashIn(terms);
    if (!clash) continue;
    const outcome =
      alternatives.length > 1
        ? 'this alternative never matches'
        : kind === 'if'
          ? 'the rule never applies'
          : 'the rule always applies';
    const [first, last] = [terms[0]!.at, terms.at(-1)!.at];
    const at = { source: first.source, start: first.start, end: last.end };
    report(at, `${nameOf(clash.one)} and ${nameOf(clash.other)} cannot hold together: ${outcome}`);
  }
}

/** After these nothing more of their ruleset is looked at. */
const finalActions: Readonly<Record<string, RegExp>> = {
  'http-request': /^(?:allow|deny|tarpit|reject|silent-drop|redirect|return|auth|use-service)$/,
  'http-response': /^(?:allow|deny|redirect|return|silent-drop)$/,
  use_backend: /^/,
  redirect: /^/,
  'use-server': /^/,
};

/** Actions that change what conditions look at. */
const mutators =
  /^(?:set-(?:path|pathq|uri|query|method|header|src|dst|src-port|dst-port)|replace-\S+|add-header|del-header|normalize-uri|lua\..*|early-hint|wait-for-\w+|do-resolve)$/;

/** A rule is compared with no more earlier ones than these: generated files have thousands. */
const MOST_FINALS = 500;

interface Ruled {
  readonly line: ViewLine;
  readonly alternatives: readonly (readonly Term[])[];
}

function checkShadowed(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    const acls = aclsOf(proxy);
    for (const ruleset of Object.keys(finalActions)) {
      reportShadowed(linesNamed(proxy.own, ruleset), ruleset, acls, report);
    }
  }
}

function reportShadowed(
  lines: readonly ViewLine[],
  ruleset: string,
  acls: ReadonlyMap<string, readonly Acl[]>,
  report: Report,
): void {
  let finals: Ruled[] = [];
  for (const line of lines) {
    const action = line.words[1]?.text.replace(/\(.*$/, '') ?? '';
    const alternatives = readAlternatives(line, acls);
    const earlier = alternatives && finals.find((one) => covers(one.alternatives, alternatives));
    if (earlier) {
      report(line.at, `an earlier '${ruleset}' rule applies wherever this one does, so it is never reached`, {
        notes: [{ at: earlier.line.at, message: 'the earlier rule is here' }],
      });
      continue;
    }
    if (ruleset.startsWith('http-') && mutators.test(action)) finals = finals.filter((one) => isUnconditional(one));
    const isFinal = finalActions[ruleset]!.test(action) && !isComputed(line, ruleset);
    if (alternatives && isFinal && finals.length < MOST_FINALS) finals.push({ line, alternatives });
  }
}

/** A backend that does not exist lets the rules go on when its name is computed. */
function isComputed(line: ViewLine, ruleset: string): boolean {
  return ruleset === 'use_backend' && (line.words[1]?.text.includes('%') ?? false);
}

function isUnconditional({ alternatives }: Ruled): boolean {
  return alternatives.some((terms) => terms.length === 0);
}

/** Null when a term may have another outcome the next time. */
function readAlternatives(line: ViewLine, acls: ReadonlyMap<string, readonly Acl[]>): Ruled['alternatives'] | null {
  const { tokens } = splitCondition(line);
  if (!tokens) return [[]];
  const condition = conditionOf(line, acls);
  const alternatives = condition && alternativesOf(condition);
  return alternatives?.every((terms) => terms.every(isStableTerm)) ? alternatives : null;
}

function checkUnusedAcls(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    const used = usedWords(proxy.lines);
    reportUnused(linesNamed(proxy.own, 'acl'), used, `${proxy.kind} '${proxy.name}'`, report);
  }
  for (const section of view.sections.filter(({ kind }) => kind === 'defaults')) {
    const [first] = section.lines;
    const users = view.proxies.filter((proxy) => first && proxy.lines.includes(first));
    const used = usedWords([...section.lines, ...users.flatMap((proxy) => proxy.lines)]);
    reportUnused(linesNamed(section.lines, 'acl'), used, `defaults '${section.name}'`, report);
  }
}

function usedWords(lines: readonly ViewLine[]): Set<string> {
  const used = new Set<string>();
  for (const line of lines) {
    const isAcl = line.words[0]!.text === 'acl';
    for (const { text } of line.words.slice(isAcl ? 2 : 1)) {
      if (!isAcl) used.add(text.replace(/^!+/, ''));
      // acl(NAME,!NAME) asks for others by name.
      for (const match of text.matchAll(/\bacl\(([^)]*)\)/g)) {
        for (const name of match[1]!.split(',')) used.add(name.trim().replace(/^!+/, ''));
      }
    }
  }
  return used;
}

function reportUnused(acls: readonly ViewLine[], used: ReadonlySet<string>, where: string, report: Report): void {
  const seen = new Set<string>();
  for (const { words } of acls) {
    const name = words[1];
    if (!name || used.has(name.text) || seen.has(name.text)) continue;
    seen.add(name.text);
    report(name.at, `no rule of ${where} uses the ACL '${name.text}'`);
  }
}

/** Every test of the configuration: ACLs, and those in braces. */
function* testsIn(view: HaproxyView): Generator<Test> {
  const sections = view.sections.filter(({ kind }) => ['defaults', 'listen', 'frontend', 'backend'].includes(kind));
  for (const { lines } of sections) {
    for (const line of lines) {
      if (startsWith(line, 'acl')) {
        const test = readTest(line.words.slice(2));
        if (test) yield test;
        continue;
      }
      const condition = conditionOf(line, new Map());
      for (const term of condition?.alternatives.flat() ?? []) yield* term.tests ?? [];
    }
  }
}

const comparesText: ReadonlySet<string> = new Set(['str', 'beg', 'end', 'sub', 'dir', 'dom']);

function checkHostCase(view: HaproxyView, report: Report): void {
  for (const test of testsIn(view)) {
    const isHost =
      (test.fetch === 'hdr' && /^host(?:,|$)/.test(test.args)) || /^(?:req_ssl_sni|ssl_fc_sni)$/.test(test.fetch);
    const isPlain = test.converters.every((name) => name !== 'upper');
    if (!isHost || test.ignoreCase || !isPlain || !comparesText.has(test.method)) continue;
    for (const { text, at, open } of test.values) {
      if (open || !/[A-Z]/.test(text)) continue;
      report(at, `clients send host names in lower case: without '-i' '${text}' does not match them`, {
        suggestion: text.toLowerCase(),
      });
    }
  }
}

function checkPathSlash(view: HaproxyView, report: Report): void {
  for (const { fetch, converters, method, values } of testsIn(view)) {
    if (fetch !== 'path' && fetch !== 'pathq') continue;
    if ((method !== 'str' && method !== 'beg') || converters.some((name) => name !== 'lower' && name !== 'upper'))
      continue;
    for (const { text, at, open } of values) {
      if (open || text === '' || text === '*' || text.startsWith('/') || /^[a-z]+:\/\//i.test(text)) continue;
      report(at, `a path starts with '/', so '${text}' never matches`, { suggestion: `/${text}` });
    }
  }
}

function checkPathQuery(view: HaproxyView, report: Report): void {
  for (const { fetch, converters, method, values } of testsIn(view)) {
    if (fetch !== 'path' || converters.length > 0 || !comparesText.has(method)) continue;
    for (const { text, at, open } of values) {
      if (open || !text.includes('?')) continue;
      report(at, `a path ends before the '?', so '${text}' never matches; 'pathq' or 'url' has the query as well`);
    }
  }
}

const counterUse = /(?<![\w.-])sc(?:(\d)_\w+|_[a-z]\w*\((\d+)|-(?:inc|set|add)-[a-z0-9-]+\((?:\d+,)?(\d+))/g;

function checkCounters(view: HaproxyView, report: Report): void {
  const tracked = new Set<string>();
  for (const { lines } of view.sections) {
    for (const { words } of lines) {
      for (const { text, open } of words) {
        if (open) return;
        const slot = /^track-sc(\d+)$/.exec(text)?.[1];
        if (slot !== undefined) tracked.add(slot);
      }
    }
  }
  for (const { lines } of view.sections) {
    for (const line of lines) for (const word of line.words) reportCounters(word, tracked, report);
  }
}

function reportCounters(word: ViewLine['words'][number], tracked: ReadonlySet<string>, report: Report): void {
  for (const match of word.text.matchAll(counterUse)) {
    const slot = match[1] ?? match[2] ?? match[3]!;
    if (tracked.has(slot)) continue;
    report(word.at, `no rule tracks anything in sc${slot} ('track-sc${slot}'), so '${match[0]}' never has a value`);
    return;
  }
}

export const haproxyConditionRules: readonly HaproxyRule[] = [
  {
    code: 'never-matches',
    language: 'haproxy',
    severity: 'warning',
    doc: 'Two terms of a condition exclude each other.',
    check: checkNeverMatching,
  },
  {
    code: 'shadowed-rule',
    language: 'haproxy',
    severity: 'warning',
    doc: 'An earlier rule that ends the ruleset applies wherever this one does.',
    check: checkShadowed,
  },
  {
    code: 'unused-acl',
    language: 'haproxy',
    severity: 'warning',
    doc: 'An ACL that no rule uses.',
    check: checkUnusedAcls,
  },
  {
    code: 'host-upper-case',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A host name with upper case is compared without -i.',
    check: checkHostCase,
  },
  {
    code: 'path-without-slash',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A path is compared with something that does not start with a slash.',
    check: checkPathSlash,
  },
  {
    code: 'path-with-query',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A path is compared with something that has a question mark in it.',
    check: checkPathQuery,
  },
  {
    code: 'counter-not-tracked',
    language: 'haproxy',
    severity: 'warning',
    doc: 'sc_* is used and nothing tracks that slot.',
    check: checkCounters,
  },
];
