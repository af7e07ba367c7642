/**
 * What each action of a rule takes (manual, chapter 4.3). An action's words are a list of kinds:
 *
 *     n  any word          f  a log format       e  a sample expression    r  a regular expression
 *     t  a time            i  a whole number     x  an integer or an expression
 *     l  a log level       o  on|off
 *
 * What stands in parentheses after the name is checked by `inner`. Actions with options of their own have a reader below.
 * After the words of an action only a condition may follow.
 */
import { isConditionStart, type LineReader } from '../expr/line-reader.ts';
import type { Call, Value } from '../keyword.ts';
import type { ProxyNode } from '../nodes.ts';
import { parseTime } from '../units.ts';
import { LEVELS } from './log.ts';

interface ActionSpec {
  readonly words: string;
  /** What has to stand in parentheses after the name. */
  readonly inner?: 'variable' | 'number' | 'numbers' | 'file' | 'any';
  /** Options after the words: each takes as many words as its number says; a letter is a kind. */
  readonly options?: Readonly<Record<string, string>>;
  /** One of these options has to be there. */
  readonly needs?: readonly string[];
}

const reply = {
  status: 'n',
  deny_status: 'n',
  'content-type': 'n',
  'default-errorfiles': '',
  errorfile: 'n',
  errorfiles: 'n',
  file: 'n',
  'lf-file': 'n',
  string: 'n',
  'lf-string': 'f',
  hdr: 'nf',
};

export const redirectOptions = {
  code: 'n',
  'set-cookie': 'n',
  'set-cookie-fmt': 'f',
  'clear-cookie': 'n',
  'drop-query': '',
  'keep-query': '',
  'append-slash': '',
  'ignore-empty': '',
  location: 'f',
  prefix: 'f',
  scheme: 'f',
};

const plain: ActionSpec = { words: '' };

const specs: Readonly<Record<string, ActionSpec>> = {
  ...like({ words: 'nf' }, 'add-header set-header early-hint'),
  'del-header': { words: 'n', options: { '-m': 'n' } },
  ...like({ words: 'nrf' }, 'replace-header replace-value'),
  ...like({ words: 'rf' }, 'replace-path replace-pathq replace-uri'),
  ...like({ words: 'f' }, 'set-method set-path set-pathq set-query set-uri'),
  'set-var': { words: 'e', inner: 'variable' },
  'set-var-fmt': { words: 'f', inner: 'variable' },
  'unset-var': { words: '', inner: 'variable' },
  'set-map': { words: 'ff', inner: 'file' },
  ...like({ words: 'f', inner: 'file' }, 'add-acl del-acl del-map'),
  ...like({ words: 'e' }, 'set-src set-dst set-src-port set-dst-port set-priority-class set-priority-offset'),
  ...like({ words: 'x' }, 'set-tos set-mark set-fc-tos set-fc-mark set-bc-tos set-bc-mark set-retries pause'),
  'set-nice': { words: 'n' },
  'set-log-level': { words: 'l' },
  'set-status': { words: 'i', options: { reason: 'n' } },
  'strict-mode': { words: 'o' },
  ...like({ words: 'e', options: { table: 'n' } }, 'track-sc0'),
  ...like({ words: '', inner: 'number' }, 'sc-inc-gpc0 sc-inc-gpc1'),
  'sc-inc-gpc': { words: '', inner: 'numbers' },
  'sc-set-gpt0': { words: 'x', inner: 'number' },
  ...like({ words: 'x', inner: 'numbers' }, 'sc-set-gpt sc-add-gpc'),
  capture: { words: 'e', options: { len: 'i', id: 'i' }, needs: ['len', 'id'] },
  'do-resolve': { words: 'e', inner: 'any' },
  ...like({ words: 'n' }, 'cache-use cache-store use-service'),
  'send-spoe-group': { words: 'nn' },
  'normalize-uri': { words: 'n', options: { full: '', strict: '' } },
  'wait-for-body': { words: '', needs: ['time'], options: { time: 't', 'at-least': 'n', 'use-large-buffer': '' } },
  'set-timeout': { words: 'nn' },
  auth: { words: '', options: { realm: 'n' } },
  ...like({ words: '', options: reply }, 'deny tarpit return'),
  'silent-drop': { words: '', options: { 'rst-ttl': 'i' } },
  'set-bandwidth-limit': { words: 'n', options: { limit: 'n', period: 'n' } },
  'switch-mode': { words: 'n', options: { proto: 'n' } },
  ...like({ words: 'n' }, 'expect-proxy expect-netscaler-cip'),
  'do-log': { words: '', options: { profile: 'n' } },
  'attach-srv': { words: 'n', options: { name: 'e' } },
  ...like({ words: 'e', options: { prefix: 'n' } }, 'add-headers-bin set-headers-bin'),
  'del-headers-bin': { words: 'e', options: { '-m': 'n' } },
  redirect: { words: '', options: redirectOptions, needs: ['location', 'prefix', 'scheme'] },
};

function like(spec: ActionSpec, names: string): Record<string, ActionSpec> {
  return Object.fromEntries(names.split(' ').map((name) => [name, spec]));
}

/** Reads what follows the action's name. False: something was reported. */
export function readAction(name: string, action: Value, node: ProxyNode, call: Call, reader: LineReader): boolean {
  // Lua decides how many words its actions take.
  if (name === 'lua.') return true;
  const spec = Object.hasOwn(specs, name) ? specs[name]! : plain;
  if (!checkInner(spec, action, call, reader)) return false;
  for (const kind of spec.words) if (!readKind(kind, call, reader)) return false;
  if (spec.options && !readOptions(spec.options, call, reader)) return false;
  if (spec.needs && !hasOption(spec.needs, name, call)) return false;
  const problem = valueProblem(name, action, node, call);
  if (problem !== null) call.fail('bad-value', call.words[1] ?? action, `'${call.keyword} ${name}' : ${problem}.`);
  noteReferences(name, action, node, call);
  return problem === null && checkEnd(name, call, reader);
}

function hasOption(needed: readonly string[], name: string, call: Call): boolean {
  if (call.words.some((value) => needed.includes(value.text))) return true;
  call.fail('missing-argument', undefined, `'${call.keyword} ${name}' expects '${needed.join("' or '")}'.`);
  return false;
}

export function readOptions(options: Readonly<Record<string, string>>, call: Call, reader: LineReader): boolean {
  for (let word = reader.next; word && !isConditionStart(word); word = reader.next) {
    const kinds = Object.hasOwn(options, word.text) ? options[word.text]! : null;
    if (kinds === null) {
      const names = Object.keys(options).join("', '");
      call.fail('bad-value', word, `'${call.keyword}' expects '${names}', 'if' or 'unless' (got '${word.text}').`);
      return false;
    }
    reader.take();
    for (const kind of kinds) if (!readKind(kind, call, reader)) return false;
  }
  return true;
}

/** What an action's words must be beyond their kinds. Null: they are right. */
function valueProblem(name: string, action: Value, node: ProxyNode, call: Call): string | null {
  const [, first, second] = call.words.map((value) => value.text);
  const after = (option: string) => call.words[call.words.findIndex((value) => value.text === option) + 1]?.text ?? '';
  if (name === 'set-status' && !(Number(first) >= 100 && Number(first) <= 999)) {
    return 'expects an integer status code between 100 and 999';
  }
  if (name === 'return' && call.words.some((value) => value.text === 'status')) {
    return /^[2-5]\d\d$/.test(after('status')) ? null : `unexpected status code '${after('status')}'`;
  }
  if (name === 'del-header' && second === '-m') {
    return /^(?:str|beg|end|sub|reg)$/.test(after('-m')) ? null : `unsupported matching method '${after('-m')}'`;
  }
  if (name === 'use-service' && !/^(?:prometheus-exporter$|lua\.)/.test(first ?? ''))
    return `unknown service '${first}'`;
  if (name === 'set-timeout' && !/^(?:client|server|tunnel|connect|queue|tarpit)$/.test(first ?? '')) {
    return `unknown timeout '${first}'`;
  }
  if (name === 'set-timeout' && node.kind === 'frontend' && first !== 'client' && first !== 'tarpit') {
    return `proxy '${node.name}' has no backend capability`;
  }
  const counter = Number(/^track-sc(\d+)$/.exec(action.text)?.[1] ?? 0);
  return counter > 2 && !call.language.lenient ? `there are three counters, sc0 to sc2, not 'sc${counter}'` : null;
}

/** Things that actions name, to be looked up when all sections are known. */
function noteReferences(name: string, action: Value, node: ProxyNode, call: Call): void {
  const [, first] = call.words;
  if (name === 'cache-use' || name === 'cache-store') {
    if (first) node.sectionReferences.push({ section: 'cache', name: first });
  } else if (name === 'do-resolve') {
    const resolvers = action.text.split(',')[1]?.replace(/\).*$/, '') ?? '';
    node.sectionReferences.push({ section: 'resolvers', name: { text: resolvers, at: action.at } });
  } else if (name === 'track-sc0') {
    const table = call.words[call.words.findIndex((value) => value.text === 'table') + 1];
    const named = call.words.some((value) => value.text === 'table') ? table : undefined;
    node.sampleReferences.push({
      kind: 'table',
      name: named?.text ?? '',
      keyword: action.text,
      at: (named ?? action).at,
    });
  }
}

function checkEnd(name: string, call: Call, reader: LineReader): boolean {
  const { next } = reader;
  if (!next || isConditionStart(next)) return true;
  const rule = `'${call.keyword} ${name}'`;
  const message = `${rule} expects either 'if' or 'unless' followed by a condition but found '${next.text}'.`;
  call.fail('bad-condition', next, message);
  return false;
}

function checkInner(spec: ActionSpec, action: Value, call: Call, reader: LineReader): boolean {
  if (!spec.inner) return true;
  const inner = /^[^(]*\((.*)\)$/s.exec(action.text)?.[1] ?? '';
  if (spec.inner === 'variable') return reader.variable(action, inner.split(',')[0]!);
  const pattern = { number: /^\d+$/, numbers: /^\d+,\d+$/, file: /./, any: /^.+,.+$/ }[spec.inner];
  if (pattern.test(inner) || !action.text.includes('(')) return true;
  call.fail('bad-value', action, `'${call.keyword}' : invalid or missing argument in '${action.text}'.`);
  return false;
}

function readKind(kind: string, call: Call, reader: LineReader): boolean {
  if (kind === 'f') return reader.logFormat();
  if (kind === 'e') return reader.sample();
  if (kind === 'r') return reader.regex();
  if (kind === 'x' && !/^[A-Za-z]/.test(reader.next?.text ?? '')) return readNumber(call, reader);
  if (kind === 'x') return reader.sample();
  if (kind === 'i') return readNumber(call, reader);
  const word = reader.word('an argument');
  if (!word) return false;
  const problem = kindProblem(kind, word.text);
  if (problem !== null) call.fail('bad-value', word, `'${call.keyword}' expects ${problem}, not '${word.text}'.`);
  return problem === null;
}

function kindProblem(kind: string, text: string): string | null {
  if (kind === 't') return typeof parseTime(text) === 'number' ? null : 'a time';
  if (kind === 'l') return [...LEVELS, 'silent'].includes(text) ? null : "a log level or 'silent'";
  if (kind === 'o') return text === 'on' || text === 'off' ? null : "'on' or 'off'";
  return null;
}

function readNumber(call: Call, reader: LineReader): boolean {
  const word = reader.word('a number');
  if (!word) return false;
  if (/^(?:\d+|0x[0-9a-f]+)(?:us|ms|[smhdk])?$/i.test(word.text)) return true;
  call.fail('bad-number', word, `'${call.keyword}' expects a number, not '${word.text}'.`);
  return false;
}
