/**
 * The `reqrep` family (reqrep, reqdel, reqdeny, reqadd ... rspadd; removed in HAProxy 2.1) as `http-request` and
 * `http-response` rules. HAProxy 1.5 configuration manual, chapter 4.2.
 *
 * Words ending in `i...` matched without regard to case. Header names never regard it; where the value's pattern has
 * letters, `(?i)` or `-i` says the same, the former with PCRE, which distributions build with.
 */
import { isCondition, joinCondition } from './condition-join.ts';
import { encodeFormat, encodeWord, type PlainWord } from './haproxy-word.ts';
import {
  headerNamePrefix,
  isAnyHeader,
  parseHeaderPattern,
  parseRequestPattern,
  type RequestPattern,
} from './message-pattern.ts';
import type { Outcome } from './migration.ts';
import { headerReplacement, sparesQuery, uriReplacement } from './replacement.ts';

interface Rule {
  readonly ruleset: 'http-request' | 'http-response';
  readonly fold: boolean;
  readonly pattern: string;
  readonly replacement: string | null;
  /** `if ...` as written. */
  readonly condition: readonly string[];
}

type Maker = (rule: Rule) => Outcome;

/** Terms that hold when the pattern matches, with the lines that they need before them. */
interface Match {
  readonly terms: string;
  readonly before: readonly string[];
}

const left = (why: string): Outcome => ({ kind: 'left', why });
/** The request line as HAProxy 1.x saw it. */
const REQUEST_LINE = 'http-request set-var-fmt(txn.request_line) %[method]\\ %[url]\\ HTTP/%[req.ver]';
const UNCLEAR = 'its pattern can match the request line as well as a header: say which one is meant';

const actions: Readonly<Record<string, Maker>> = {
  rep: replace,
  del: remove,
  deny: (rule) => when(rule, 'deny'),
  allow: (rule) => when(rule, 'allow'),
  tarpit: (rule) => when(rule, 'tarpit'),
};

const names = /^(req|rsp)(i?)(rep|del|deny|allow|tarpit)$/;

export function isHeaderRule(name: string): boolean {
  return names.test(name) || /^(?:reqadd|rspadd|reqi?pass|reqi?setbe|cliexp|srvexp)$/.test(name);
}

export function migrateHeaderRule(name: string, words: readonly PlainWord[]): Outcome {
  const synonym = { cliexp: 'reqrep', srvexp: 'rsprep' }[name] ?? name;
  if (words.some((word) => word.text === null)) return left('a word of it holds a variable or a broken quote');
  if (synonym === 'reqadd' || synonym === 'rspadd') return addHeader(synonym, words);
  if (/^reqi?setbe$/.test(synonym)) return chooseBackend(synonym, words);
  if (/^reqi?pass$/.test(synonym)) {
    return { kind: 'drop', why: 'it only kept other rules of its family from matching', check: true };
  }
  const [, side, flag, action] = names.exec(synonym)!;
  const count = action === 'rep' ? 2 : 1;
  const condition = words.slice(count).map((word) => word.raw);
  if (words.length < count) return left(`it needs ${count} arguments`);
  if (!isCondition(condition)) return left(`'${words[count]!.raw}' behind its arguments is neither 'if' nor 'unless'`);
  return actions[action!]!({
    ruleset: side === 'req' ? 'http-request' : 'http-response',
    fold: flag === 'i',
    pattern: words[0]!.text!,
    replacement: action === 'rep' ? words[1]!.text! : null,
    condition,
  });
}

function addHeader(name: string, words: readonly PlainWord[]): Outcome {
  const [header, ...rest] = words;
  const condition = rest.map((word) => word.raw);
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([^\n]*)$/.exec(header?.text ?? '');
  if (!match || match[2] === '') return left(`'${header?.raw ?? ''}' is no header with a value ("Name:\\ value")`);
  if (!isCondition(condition)) return left(`'${condition[0]}' behind the header is neither 'if' nor 'unless'`);
  const ruleset = name === 'reqadd' ? 'http-request' : 'http-response';
  const line = [ruleset, 'add-header', match[1], encodeFormat(match[2]!), ...condition].join(' ');
  return { kind: 'lines', lines: [line] };
}

function replace(rule: Rule): Outcome {
  const header = parseHeaderPattern(rule.pattern);
  if (header) return replaceHeader(rule, header);
  if (rule.ruleset === 'http-response')
    return left('its pattern is about the status line, which no rule rewrites as text');
  const added = /^\\0\n([A-Za-z0-9_-]+): *([^\n\\]+)$/.exec(rule.replacement!);
  if (added) return when(rule, `add-header ${added[1]} ${encodeFormat(added[2]!)}`);
  const request = parseRequestPattern(rule.pattern);
  if (!request) return left(UNCLEAR);
  return replaceUri(rule, request);
}

function replaceHeader(rule: Rule, header: NonNullable<ReturnType<typeof parseHeaderPattern>>): Outcome {
  const next = headerReplacement(rule.replacement!, header);
  if (!next) return left('its replacement is no header line, or refers to the name of the header');
  const pattern = header.value ?? '.*';
  if (next.name.toLowerCase() !== header.name.toLowerCase()) return renameHeader(rule, header.name, pattern, next);
  const regex = encodeWord(folded(pattern, rule.fold));
  const words = [rule.ruleset, 'replace-header', header.name, regex, encodeFormat(next.value), ...rule.condition];
  return { kind: 'lines', lines: [words.join(' ')] };
}

function renameHeader(rule: Rule, from: string, pattern: string, to: { name: string; value: string }): Outcome {
  const wholeValue = pattern === '.*' || /^\^?\(\.\*\)\$?$/.test(pattern);
  const keepsValue = /^\\[01]$/.test(to.value);
  const fetch = rule.ruleset === 'http-request' ? 'req.fhdr' : 'res.fhdr';
  const condition = joinCondition(`{ ${fetch}(${from}) -m found }`, rule.condition);
  if (!wholeValue || !keepsValue || !condition) return left('it renames a header and changes its value at once');
  const lines = [
    `${rule.ruleset} set-header ${to.name} %[${fetch}(${from})] ${condition}`,
    `${rule.ruleset} del-header ${from} ${rule.condition.join(' ')}`.trimEnd(),
  ];
  return { kind: 'lines', lines, check: `of several ${from} headers only the last one is kept` };
}

function replaceUri(rule: Rule, request: RequestPattern): Outcome {
  const next = uriReplacement(rule.replacement!, request);
  if (!next) return left('its replacement cannot be cut into method and path');
  if (request.reachesVersion) return left('its pattern reaches over the blank behind the path');
  if (next.changesMethod) return left('it changes path and method at once');
  const condition = request.methods
    ? joinCondition(`{ method ${request.methods.join(' ')} }`, rule.condition)
    : rule.condition.join(' ');
  if (condition === null) return left("its condition cannot be joined with one on the method: write it with 'if'");
  const action = sparesQuery(request.uri, next.uri) ? 'replace-path' : 'replace-pathq';
  const regex = encodeWord(folded(request.uri, rule.fold));
  const line = `http-request ${action} ${regex} ${encodeFormat(next.uri)} ${condition}`.trimEnd();
  const check = next.version ? { check: 'the version of the request is no longer changed' } : {};
  return { kind: 'lines', lines: [line], ...check };
}

/** Deletes lines of a header. Only all lines of one name can be deleted today. */
function remove(rule: Rule): Outcome {
  const header = parseHeaderPattern(rule.pattern);
  const prefix = headerNamePrefix(rule.pattern);
  if (!header && prefix) {
    return {
      kind: 'lines',
      lines: [`${rule.ruleset} del-header ${prefix} -m beg ${rule.condition.join(' ')}`.trimEnd()],
    };
  }
  if (!header) return left('its pattern does not name one header');
  const action = `del-header ${header.name}`;
  if (header.value === null) {
    return { kind: 'lines', lines: [`${rule.ruleset} ${action} ${rule.condition.join(' ')}`.trimEnd()] };
  }
  if (/^set-cookie2?$/i.test(header.name)) {
    return left(`it deletes some of several ${header.name} headers, and del-header deletes all of them`);
  }
  const outcome = when(rule, action);
  if (outcome.kind !== 'lines') return outcome;
  return { ...outcome, check: `when one ${header.name} header matches, all of them are deleted` };
}

function when(rule: Rule, action: string): Outcome {
  if (isAnyHeader(rule.pattern)) return { kind: 'lines', lines: [[rule.ruleset, action, ...rule.condition].join(' ')] };
  const match = matchOf(rule);
  if (!match) return whenAnywhere(rule, action);
  const condition = joinCondition(match.terms, rule.condition);
  if (condition === null) return left("its condition cannot be joined with the pattern: write it with 'if'");
  return { kind: 'lines', lines: [...match.before, `${rule.ruleset} ${action} ${condition}`] };
}

/** A pattern for any line of a request: one rule looks at the request line, another at all headers. */
function whenAnywhere(rule: Rule, action: string): Outcome {
  if (rule.ruleset === 'http-response' || !/^(?:deny|allow|tarpit)$/.test(action)) return left(UNCLEAR);
  const first = joinCondition(matchTerm('var(txn.request_line)', rule.pattern, rule.fold), rule.condition);
  const headers = joinCondition(matchTerm('req.hdrs', `(?m)${rule.pattern}`, true), rule.condition);
  if (first === null || headers === null)
    return left("its condition cannot be joined with the pattern: write it with 'if'");
  const check = 'its pattern may match any line of a request: headers are looked at without regard to case';
  return {
    kind: 'lines',
    lines: [REQUEST_LINE, `http-request ${action} ${first}`, `http-request ${action} ${headers}`],
    check,
  };
}

function chooseBackend(name: string, words: readonly PlainWord[]): Outcome {
  const [pattern, backend, ...rest] = words;
  const condition = rest.map((word) => word.raw);
  if (!pattern || !backend || !isCondition(condition)) return left('it needs a pattern and a backend');
  const fold = name === 'reqisetbe';
  const match = matchOf({ ruleset: 'http-request', fold, pattern: pattern.text!, replacement: null, condition });
  const joined = match && joinCondition(match.terms, condition);
  if (!match || joined === null) return left(UNCLEAR);
  return { kind: 'lines', lines: [...match.before, `use_backend ${backend.raw} ${joined}`] };
}

function matchOf({ ruleset, fold, pattern }: Rule): Match | null {
  const header = parseHeaderPattern(pattern);
  const fetch = ruleset === 'http-request' ? 'req.fhdr' : 'res.fhdr';
  if (header) return { terms: matchTerm(`${fetch}(${header.name})`, header.value, fold), before: [] };
  if (ruleset === 'http-response') return null;
  const request = parseRequestPattern(pattern);
  if (!request) return null;
  if (request.reachesVersion) {
    return { terms: matchTerm('var(txn.request_line)', pattern, fold), before: [REQUEST_LINE] };
  }
  const url = matchTerm('url', request.uri, fold);
  return { terms: request.methods ? `{ method ${request.methods.join(' ')} } ${url}` : url, before: [] };
}

function matchTerm(fetch: string, regex: string | null, fold: boolean): string {
  if (regex === null) return `{ ${fetch} -m found }`;
  return `{ ${fetch} -m reg ${fold && hasLetters(regex) ? '-i ' : ''}${encodeWord(regex)} }`;
}

function folded(regex: string, fold: boolean): string {
  return fold && hasLetters(regex) ? `(?i)${regex}` : regex;
}

function hasLetters(regex: string): boolean {
  return /[A-Za-z]/.test(regex.replace(/\\./g, ''));
}
