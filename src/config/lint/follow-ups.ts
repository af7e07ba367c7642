/**
 * What is only reported because of another mistake is left out, so that the first message is the one to act on.
 *
 * A line that cannot be read leaves a hole: the name that it was to give is unknown elsewhere (`vrrp_srcipt check`, then
 * "track script check not found"), and what it was to say is missing where it stands (`sever a ...`, then "no servers").
 * Both are the same mistake. Something that cannot be read is always left to report, so the exit code stays. The languages
 * themselves report all of it, as the originals do: this is for people, in the default profile.
 */
import type { Diagnostic } from '../../../grammar/diagnostic.ts';
import { lineText, positionOf, type Span } from '../../../grammar/source.ts';
import type { HaproxyView, ProxyView, SectionView, ViewLine } from './haproxy-view.ts';
import type { Entry, KeepalivedView } from './keepalived-view.ts';

/** A name that is used and not found. */
const unresolved: ReadonlySet<string> = new Set([
  'unknown-acl',
  'unknown-backend',
  'unknown-defaults',
  'unknown-group',
  'unknown-instance',
  'unknown-proxy',
  'unknown-ring',
  'unknown-script',
  'unknown-section',
  'unknown-server',
  'unknown-table',
  'unknown-track',
]);

/** What a section or block says too little of, or what is said elsewhere and has no effect for want of it. */
const absent: ReadonlySet<string> = new Set([
  'auth-ignored',
  'auth-type-missing',
  'check-option-unused',
  'cookie-without-values',
  'empty-backend',
  'empty-block',
  'interface-missing',
  'missing-bind',
  'missing-keyword',
  'missing-timeouts',
  'mode-mismatch',
  'needs-http-mode',
  'no-address',
  'no-forwarding-method',
  'no-protocol',
  'no-real-servers',
  'no-scheduler',
  'no-script',
  'open-statistics',
  'real-server-unchecked',
  'router-id-missing',
  'script-missing',
  'tcp-front-http-back',
  'weight-ignored',
]);

/** About a frontend, at the name of the backend that it is sent to. */
const modes: ReadonlySet<string> = new Set(['mode-mismatch', 'tcp-front-http-back']);

/** Errors that say that braces do not match: what stands in which block is a guess then. */
const structural: ReadonlySet<string> = new Set([
  'extra-close-brace',
  'missing-close-brace',
  'missing-open-brace',
  'unexpected-brace',
]);

export interface ReadViews {
  readonly haproxy: HaproxyView | null;
  readonly keepalived: readonly KeepalivedView[];
}

export function dropFollowUps(
  list: readonly Diagnostic[],
  views: ReadViews,
  ruleCodes: ReadonlySet<string>,
): Diagnostic[] {
  const causes = list.filter((one) => isCause(one, ruleCodes));
  if (causes.length === 0) return [...uniqueOf(list)];
  const places = causes.flatMap(({ at }) => (at ? [at] : []));
  const words = places.map((at) => ({ at, words: wordsOfLine(at) }));
  const broken = scopesOf(views).filter((scope) => places.some(scope.holds));
  const guessed = new Set(causes.filter(({ code }) => structural.has(code)).map(({ at }) => at?.source.file));
  const torn = linesTorn(causes);
  return uniqueOf(list).filter((one) => {
    const { at, code, severity } = one;
    if (!at) return true;
    if ((torn.get(lineKey(at)) ?? at.start) !== at.start) return false;
    if (code === 'wrong-block' && guessed.has(at.source.file)) return false;
    if (causes.includes(one)) return true;
    if (unresolved.has(code)) {
      const isNamed = words.some((line) => !onSameLine(line.at, at) && line.words.has(nameAt(at)));
      return !isNamed && !blocksNamed(views, nameAt(at)).some((scope) => places.some(scope.holds));
    }
    if (guessed.has(at.source.file) && (absent.has(code) || (ruleCodes.has(code) && severity !== 'error')))
      return false;
    if (modes.has(code) && proxyScope(views, nameAt(at)).some((scope) => places.some(scope.holds))) return false;
    return !absent.has(code) || !broken.some((scope) => scope.holds(at));
  });
}

/** Lines with a brace that cannot stand there, and where the first one is: what the rest of them says is not known. */
function linesTorn(causes: readonly Diagnostic[]): ReadonlyMap<string, number> {
  const torn = new Map<string, number>();
  for (const { at, code } of causes) {
    if (code === 'unexpected-brace' && at && !torn.has(lineKey(at))) torn.set(lineKey(at), at.start);
  }
  return torn;
}

/** An error about the words of a line, not about what lines mean for each other. */
function isCause({ code, severity }: Diagnostic, ruleCodes: ReadonlySet<string>): boolean {
  return severity === 'error' && !unresolved.has(code) && !absent.has(code) && !ruleCodes.has(code);
}

interface Scope {
  holds(at: Span): boolean;
}

/** A proxy with its defaults, one of the other sections, a block of the top level. */
function scopesOf({ haproxy, keepalived }: ReadViews): Scope[] {
  const others = (haproxy?.sections ?? []).map((section) => scopeOf([sectionSpan(section)]));
  const blocks = keepalived.flatMap((view) => view.entries.map((entry) => scopeOf([entrySpan(entry)])));
  return [...(haproxy?.proxies ?? []).map((proxy) => proxyScopeOf(haproxy!, proxy)), ...others, ...blocks];
}

function proxyScopeOf({ sections }: HaproxyView, { section, lines }: ProxyView): Scope {
  const bases = sections.filter((base) => base.kind === 'defaults' && shares(base, lines));
  return scopeOf([section, ...bases].map(sectionSpan));
}

function proxyScope({ haproxy }: ReadViews, name: string): Scope[] {
  const proxies = (haproxy?.proxies ?? []).filter((proxy) => proxy.name === name);
  return proxies.map((proxy) => proxyScopeOf(haproxy!, proxy));
}

function blocksNamed({ keepalived }: ReadViews, name: string): Scope[] {
  const named = keepalived.flatMap(({ entries }) => entries.filter(({ args }) => args[0]?.value === name));
  return named.map((entry) => scopeOf([entrySpan(entry)]));
}

function shares(section: SectionView, lines: readonly ViewLine[]): boolean {
  const [first] = section.lines;
  return first !== undefined && lines.includes(first);
}

function scopeOf(spans: readonly Span[]): Scope {
  return {
    holds: (at) =>
      spans.some(({ source, start, end }) => source.file === at.source.file && at.start >= start && at.start <= end),
  };
}

function sectionSpan({ header, lines }: SectionView): Span {
  return { ...header.at, end: lines.at(-1)?.at.end ?? header.at.end };
}

/** Includes may bring a part of a block from another file: that part is not looked for. */
function entrySpan({ at, entries }: Entry): Span {
  const ends = entries.map(entrySpan).filter(({ source }) => source.file === at.source.file);
  return { ...at, end: Math.max(at.end, ...ends.map(({ end }) => end)) };
}

function onSameLine(one: Span, other: Span): boolean {
  return lineKey(one) === lineKey(other);
}

function lineKey({ source, start }: Span): string {
  return `${source.file}\0${positionOf(source, start).line}`;
}

function wordsOfLine(at: Span): ReadonlySet<string> {
  return new Set(lineText(at.source, positionOf(at.source, at.start).line).split(/[\s{}"]+/));
}

function nameAt({ source, start, end }: Span): string {
  return source.text.slice(start, end).replace(/^!|^"|"$/g, '');
}

/** The same thing at the same place is told once, however many passes find it. */
function uniqueOf(list: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return list.filter(({ at, code, message }) => {
    const key = at ? `${at.source.file}\0${at.start}\0${code}\0${message}` : `${code}\0${message}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}
