/**
 * When does one test imply another, and when do two exclude each other?
 *
 * Only what can be shown counts: prefixes, suffixes and parts of strings, networks, integer ranges. Whatever is not
 * understood implies nothing and excludes nothing.
 */
import type { Condition, Term, Test } from './acl.ts';
import { containsNetwork, type Network, parseNetwork } from './ip.ts';

/** What a request has once, however often it is asked. Headers other than Host may come several times. */
const single =
  /^(?:path|pathq|url|query|base|method|src|dst|src_port|dst_port|req_ssl_sni|ssl_fc_sni|ssl_fc|http_auth|capture\.req\.\w+|url_port|fc_\w+)$/;

/** Does the test look at something that is the same each time one request is asked? */
function isStable(test: Test): boolean {
  return (
    single.test(test.fetch) || /^(?:hdr|cook|urlp|req_rdp_cookie|always_\w+|ssl_c_\w+|ssl_f_\w+)$/.test(test.fetch)
  );
}

function isSingle(test: Test): boolean {
  return single.test(test.fetch) || (test.fetch === 'hdr' && test.args === 'host');
}

interface Range {
  readonly low: number;
  readonly high: number;
}

const operators: Readonly<Record<string, (n: number) => Range>> = {
  eq: (n) => ({ low: n, high: n }),
  ge: (n) => ({ low: n, high: Number.POSITIVE_INFINITY }),
  gt: (n) => ({ low: n + 1, high: Number.POSITIVE_INFINITY }),
  le: (n) => ({ low: Number.NEGATIVE_INFINITY, high: n }),
  lt: (n) => ({ low: Number.NEGATIVE_INFINITY, high: n - 1 }),
};

/** The integer ranges of a test; null when a value is none. */
function rangesOf({ values }: Test): Range[] | null {
  let operator = operators.eq!;
  const ranges: Range[] = [];
  for (const { text } of values) {
    const named = Object.hasOwn(operators, text) ? operators[text] : undefined;
    if (named) {
      operator = named;
      continue;
    }
    const match = /^(-?\d+)?(?::(-?\d+)?)?$/.exec(text);
    if (!match || text === '') return null;
    const isRange = text.includes(':');
    if (isRange && operator !== operators.eq) return null;
    ranges.push(
      isRange
        ? { low: Number(match[1] ?? Number.NEGATIVE_INFINITY), high: Number(match[2] ?? Number.POSITIVE_INFINITY) }
        : operator(Number(match[1])),
    );
  }
  return ranges;
}

function networksOf({ values }: Test): Network[] | null {
  const networks = values.map(({ text }) => parseNetwork(text));
  return networks.every((network): network is Network => network !== null) ? networks : null;
}

function isText({ method }: Test): boolean {
  return method === 'str' || method === 'beg' || method === 'end' || method === 'sub';
}

function hasLetters(text: string): boolean {
  return /[A-Za-z]/.test(text);
}

/** Everything that `a` with the value `text` matches, `b` matches with `other`. */
function textImplies(a: Test, text: string, b: Test, other: string): boolean {
  if (a.ignoreCase && !b.ignoreCase && hasLetters(other)) return false;
  const [mine, theirs] = b.ignoreCase ? [text.toLowerCase(), other.toLowerCase()] : [text, other];
  if (b.method === 'str') return a.method === 'str' && mine === theirs;
  if (b.method === 'beg') return (a.method === 'str' || a.method === 'beg') && mine.startsWith(theirs);
  if (b.method === 'end') return (a.method === 'str' || a.method === 'end') && mine.endsWith(theirs);
  return mine.includes(theirs);
}

/** Nothing that `a` with `text` matches can `b` match with `other`. */
function textExcludes(a: Test, text: string, b: Test, other: string): boolean {
  const fold = a.ignoreCase || b.ignoreCase;
  const [mine, theirs] = fold ? [text.toLowerCase(), other.toLowerCase()] : [text, other];
  const pair = `${a.method} ${b.method}`;
  if (pair === 'str str') return mine !== theirs;
  if (pair === 'str beg') return !mine.startsWith(theirs);
  if (pair === 'beg str') return !theirs.startsWith(mine);
  if (pair === 'str end') return !mine.endsWith(theirs);
  if (pair === 'end str') return !theirs.endsWith(mine);
  if (pair === 'str sub') return !mine.includes(theirs);
  if (pair === 'sub str') return !theirs.includes(mine);
  if (pair === 'beg beg') return !mine.startsWith(theirs) && !theirs.startsWith(mine);
  if (pair === 'end end') return !mine.endsWith(theirs) && !theirs.endsWith(mine);
  return false;
}

function isSame(a: Test, b: Test): boolean {
  return (
    a.subject === b.subject &&
    a.method === b.method &&
    a.ignoreCase === b.ignoreCase &&
    a.values.length === b.values.length &&
    a.values.every(({ text }, index) => text === b.values[index]!.text)
  );
}

/** Does `b` hold wherever `a` does? */
export function implies(a: Test, b: Test): boolean {
  if (a.open || b.open || a.subject !== b.subject || !isStable(a)) return false;
  if (isSame(a, b)) return true;
  if (a.values.length === 0 || b.values.length === 0) return false;
  if (isText(a) && isText(b)) {
    return a.values.every((mine) => b.values.some((theirs) => textImplies(a, mine.text, b, theirs.text)));
  }
  if (a.method === 'int' && b.method === 'int') {
    const [mine, theirs] = [rangesOf(a), rangesOf(b)];
    if (!mine || !theirs) return false;
    return mine.every(({ low, high }) => theirs.some((outer) => outer.low <= low && outer.high >= high));
  }
  if (a.method !== 'ip' || b.method !== 'ip') return false;
  const [mine, theirs] = [networksOf(a), networksOf(b)];
  return (
    mine !== null && theirs !== null && mine.every((inner) => theirs.some((outer) => containsNetwork(outer, inner)))
  );
}

/** Can `a` and `b` never hold together? */
export function excludes(a: Test, b: Test): boolean {
  if (a.open || b.open || a.subject !== b.subject || !isSingle(a)) return false;
  if (a.values.length === 0 || b.values.length === 0) return false;
  if (isText(a) && isText(b)) {
    return a.values.every((mine) => b.values.every((theirs) => textExcludes(a, mine.text, b, theirs.text)));
  }
  if (a.method === 'int' && b.method === 'int') {
    const [mine, theirs] = [rangesOf(a), rangesOf(b)];
    if (!mine || !theirs) return false;
    return mine.every(({ low, high }) => theirs.every((other) => other.high < low || other.low > high));
  }
  if (a.method !== 'ip' || b.method !== 'ip') return false;
  const [mine, theirs] = [networksOf(a), networksOf(b)];
  if (!mine || !theirs) return false;
  return mine.every((one) => theirs.every((two) => !containsNetwork(one, two) && !containsNetwork(two, one)));
}

function isSameAcl(a: Term, b: Term): boolean {
  return a.name !== '' && a.name === b.name;
}

/** ACLs that look at what changes while a request is processed. */
export function isStableTerm({ name, tests }: Term): boolean {
  if (tests === null) return /^(?:TRUE|FALSE|LOCALHOST|METH_\w+|HTTP|HTTP_\S+|HTTP_URL_\w+|REQ_CONTENT)$/.test(name);
  return tests.every(isStable);
}

/** Does `b` hold wherever `a` does? */
function termImplies(a: Term, b: Term): boolean {
  if (isSameAcl(a, b)) return a.negated === b.negated && isStableTerm(a);
  const [left, right] = [a.tests, b.tests];
  if (!left || !right) return false;
  if (!a.negated && !b.negated) return left.every((one) => right.some((two) => implies(one, two)));
  if (a.negated && b.negated) return right.every((two) => left.some((one) => implies(two, one)));
  return !a.negated && left.every((one) => right.every((two) => excludes(one, two)));
}

/** Can both never hold together? */
export function termExcludes(a: Term, b: Term): boolean {
  if (isSameAcl(a, b)) return a.negated !== b.negated && isStableTerm(a);
  const [left, right] = [a.tests, b.tests];
  if (!left || !right) return false;
  if (!a.negated && !b.negated) return left.every((one) => right.every((two) => excludes(one, two)));
  if (a.negated && b.negated) return false;
  const [holds, fails] = a.negated ? [right, left] : [left, right];
  return holds.every((one) => fails.some((two) => implies(one, two)));
}

/** The alternatives in which a rule applies; [[]]: always. Null: not understood. */
export function alternativesOf(condition: Condition | null): readonly (readonly Term[])[] | null {
  if (!condition) return [[]];
  if (condition.kind === 'if') return condition.alternatives;
  // unless A B  =  if !A or !B; several alternatives are not multiplied out.
  const [only, ...more] = condition.alternatives;
  if (!only || more.length > 0) return null;
  return only.map((term) => [{ ...term, negated: !term.negated }]);
}

/** Does a rule with the condition `earlier` apply wherever one with `later` does? */
export function covers(earlier: readonly (readonly Term[])[], later: readonly (readonly Term[])[]): boolean {
  return later.every((terms) =>
    earlier.some((wanted) => wanted.every((want) => terms.some((term) => termImplies(term, want)))),
  );
}
