/**
 * Rules and conditions (manual, chapters 4.2 "http-request", 4.3 and 7.1): ACLs, actions with their arguments, conditions
 * with the ACLs they name, backends named. Nothing carries them out yet, and every rule gets a warning that says so.
 */
import { nearestWord } from '../../spelling.ts';
import { isConditionStart, LineReader } from '../expr/line-reader.ts';
import {
  type Call,
  EXPERIMENTAL,
  isExperimental,
  type KeywordRow,
  type Removal,
  rowsFor,
  type Value,
} from '../keyword.ts';
import type { ProxyNode } from '../nodes.ts';
import { notesOn } from '../odd-words.ts';
import { oneOf, time, word } from '../units.ts';
import { readAction, readOptions, redirectOptions } from './actions.ts';
import { anyButDefaults, anyProxy, backSide, frontSide } from './contexts.ts';
import { ACTION_NAMES, PREDEFINED_ACLS } from './samples.ts';

const proxyRow = rowsFor<ProxyNode>();

export const ruleRows: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('acl', anyProxy, {
    args: [word('<name>'), word('<criterion>')],
    extra: 'free',
    inert: true,
    since: '1.3',
    doc: 'Declares a condition, or adds values to one.',
    ok: ['acl static path_end .css .js', 'acl local src 127.0.0.0/8'],
    bad: [
      ['acl static', 'missing-argument'],
      ['acl static path_emd .css', 'unknown-fetch'],
      ['acl a/b path /', 'bad-name'],
    ],
    apply: declareAcl,
  }),
  actionRow('http-request', anyProxy, '1.3', ['http-request deny if TRUE', 'http-request set-header X-A b']),
  actionRow('http-response', anyProxy, '1.5', ['http-response del-header Server']),
  actionRow('http-after-response', anyProxy, '2.2', ['http-after-response set-header X-A b']),
  actionRow('tcp-request connection', frontSide, '1.5', ['tcp-request connection reject if { src 10.0.0.0/8 }']),
  actionRow('tcp-request session', frontSide, '1.7', ['tcp-request session accept']),
  actionRow('tcp-request content', anyProxy, '1.3', ['tcp-request content accept if HTTP']),
  actionRow('tcp-response content', backSide, '1.5', ['tcp-response content accept']),
  actionRow('quic-initial', frontSide, '3.1', ['quic-initial accept']),
  proxyRow('use_backend', ['frontend', 'listen'], {
    args: [word('<backend>')],
    extra: 'free',
    inert: true,
    since: '1.3',
    doc: 'Chooses a backend by a condition.',
    ok: [],
    bad: [
      ['use_backend', 'missing-argument'],
      ['use_backend b if nope', 'unknown-acl'],
      ['use_backend b when TRUE', 'bad-value'],
    ],
    apply: useBackend,
  }),
  proxyRow('use-server', ['listen', 'backend'], {
    args: [word('<server>')],
    extra: 'free',
    inert: true,
    since: '1.4',
    doc: 'Chooses a server by a condition.',
    ok: [],
    bad: [
      ['use-server', 'missing-argument'],
      ['use-server s', 'bad-condition'],
    ],
    apply: useServer,
  }),
  proxyRow('redirect', anyButDefaults, {
    extra: 'free',
    inert: true,
    since: '1.3',
    doc: 'Answers with a redirection.',
    ok: ['redirect scheme https if !{ ssl_fc }', 'redirect location /x code 301 drop-query'],
    bad: [
      ['redirect', 'missing-argument'],
      ['redirect scheme', 'missing-argument'],
      ['redirect to /x', 'bad-value'],
      ['redirect code 305 location /x', 'out-of-range'],
      ['redirect location %zork', 'unknown-log-variable'],
      ['redirect scheme https if nope', 'unknown-acl'],
    ],
    apply: checkRedirect,
  }),
  bareRow('block', anyButDefaults, '1.3', { in: '2.1', modern: 'http-request deny' }),
  bareRow('monitor fail', ['frontend', 'listen'], '1.3'),
  bareRow('force-persist', ['listen', 'backend'], '1.3'),
  bareRow('ignore-persist', ['listen', 'backend'], '1.3'),
  proxyRow('stats http-request', ['listen', 'backend'], {
    args: [oneOf('allow', 'deny', 'auth')],
    extra: 'free',
    inert: true,
    since: '1.5',
    doc: 'Who may see the statistics page.',
    ok: ['stats http-request allow if TRUE', 'stats http-request auth realm here if TRUE'],
    bad: [
      ['stats http-request', 'missing-argument'],
      ['stats http-request greet', 'bad-value'],
      ['stats http-request allow if nope', 'unknown-acl'],
    ],
    apply(node, call) {
      checkCondition(node, call, call.words);
    },
  }),
  inspectRow('tcp-request inspect-delay', anyProxy, '1.3'),
  inspectRow('tcp-response inspect-delay', backSide, '1.5'),
  bareRow('stats admin', anyButDefaults, '1.5'),
];

function actionRow(
  name: string,
  contexts: readonly string[],
  since: string,
  ok: readonly string[],
): KeywordRow<ProxyNode> {
  return proxyRow(name, contexts, {
    args: [word('<action>')],
    extra: 'free',
    inert: true,
    since,
    doc: `Rules of the ${name} rule set.`,
    ok,
    bad: [
      [name, 'missing-argument'],
      [`${name} zork`, 'unknown-action'],
      [`${name} ${name === 'quic-initial' ? 'accept' : 'set-var(txn.a) int(1)'} if nope`, 'unknown-acl'],
      ...(name.startsWith('http-re') ? httpActionFailures(name) : []),
    ],
    apply: checkAction,
  });
}

function httpActionFailures(name: string): (readonly [string, string])[] {
  return [
    [`${name} set-header X-A`, 'missing-argument'],
    [`${name} set-header X-A if TRUE`, 'missing-argument'],
    [`${name} set-header X-A b c`, 'bad-condition'],
  ];
}

/** A keyword that is nothing but its condition. */
function bareRow(name: string, contexts: readonly string[], since: string, removed?: Removal): KeywordRow<ProxyNode> {
  return proxyRow(name, contexts, {
    extra: 'free',
    inert: true,
    since,
    ...(removed && { removed }),
    doc: `What "${name}" does depends on its condition.`,
    ok: [`${name} if TRUE`],
    bad: [
      [`${name} if nope`, 'unknown-acl'],
      [`${name} TRUE`, 'bad-condition'],
      [name, 'bad-condition'],
    ],
    apply(node, call) {
      if (isMisplaced(node, call)) return;
      const [start] = call.words;
      if (start && isConditionStart(start)) checkCondition(node, call, call.words);
      else call.fail('bad-condition', start, `'${name}' requires either 'if' or 'unless' followed by a condition.`);
    },
  });
}

function inspectRow(name: string, contexts: readonly string[], since: string): KeywordRow<ProxyNode> {
  return proxyRow(name, contexts, {
    args: [time()],
    extra: 'ignored',
    inert: true,
    since,
    doc: 'How long content rules may wait for data.',
    ok: [`${name} 5s`],
    bad: [
      [name, 'missing-argument'],
      [`${name} soon`, 'bad-time'],
    ],
    apply() {},
  });
}

function declareAcl(node: ProxyNode, call: Call, name: Value, criterion: Value): void {
  if (isMisplaced(node, call)) return;
  if (/^or$/i.test(name.text)) {
    call.fail('bad-name', name, `acl name '${name.text}' will never match: it stands for a disjunction in conditions.`);
    return;
  }
  const odd = /[^A-Za-z0-9_.:-]/.exec(name.text)?.[0];
  if (odd) {
    const message = `character '${odd}' is not permitted in acl name '${name.text}'.`;
    call.fail('bad-name', name, message);
    return;
  }
  if (new LineReader(node, call, 0, `ACL '${name.text}'`).criterion([criterion, ...call.words.slice(2)]))
    node.aclNames.add(name.text);
}

function checkAction(node: ProxyNode, call: Call, action: Value): void {
  if (isMisplaced(node, call)) return;
  const known = ACTION_NAMES.get(call.keyword) ?? new Set();
  const name = action.text
    .replace(/\(.*$/s, '')
    .replace(/^lua\..*$/, 'lua.')
    .replace(/^track-sc\d+$/, 'track-sc0');
  const elsewhere = call.keyword.endsWith('content') && name === 'set-tos';
  if (!known.has(name) && !elsewhere) {
    const suggestion = nearestWord(name, known);
    const hint = suggestion ? `; did you mean '${suggestion}' maybe ?` : '';
    const message = `'${call.keyword}' : unknown action '${action.text}'${hint}`;
    call.fail('unknown-action', action, message, suggestion ? { suggestion } : {});
    return;
  }
  if (isExperimental(name, call)) {
    call.fail('experimental', action, `'${name}' action ${EXPERIMENTAL}`);
    return;
  }
  if (!readAction(name, action, node, call, new LineReader(node, call, 1, `'${call.keyword} ${name}'`))) return;
  if (name === 'deny' || name === 'tarpit') checkDenyStatus(call);
  if (call.keyword.startsWith('http')) node.httpOnly.push({ keyword: call.keyword, at: call.at });
  checkCondition(node, call, call.words);
}

/** Status codes that have an error page to answer with. */
const denyCodes = /^(?:200|40[0134578]|41[034]|42[1259]|431|50[0-4])$/;

function checkDenyStatus(call: Call): void {
  const at = call.words.findIndex((value) => value.text === 'deny_status' || value.text === 'status');
  const code = at < 0 ? undefined : call.words[at + 1];
  if (!code || denyCodes.test(code.text)) return;
  const message = `error detected while parsing '${call.keyword}' rule : Unexpected status code '${code.text}'.`;
  call.fail('out-of-range', code, message);
}

function useBackend(node: ProxyNode, call: Call, backend: Value): void {
  const [, condition] = call.words;
  if (condition && condition.text !== 'if' && condition.text !== 'unless') {
    const message = `'use_backend' expects either 'if' or 'unless' followed by a condition but found '${condition.text}'.`;
    call.fail('bad-value', condition, message);
    return;
  }
  if (!/%[[{]/.test(backend.text)) node.backendReferences.push(backend);
  else if (!new LineReader(node, call).checkLogFormat(backend)) return;
  checkCondition(node, call, call.words.slice(1));
}

function useServer(node: ProxyNode, call: Call, server: Value): void {
  const [, condition] = call.words;
  if (!condition || !isConditionStart(condition)) {
    call.fail('bad-condition', condition, "'use-server' requires either 'if' or 'unless' followed by a condition.");
    return;
  }
  if (!server.text.includes('%[')) node.serverReferences.push(server);
  checkCondition(node, call, call.words.slice(1));
}

function checkRedirect(node: ProxyNode, call: Call): void {
  if (isMisplaced(node, call)) return;
  const reader = new LineReader(node, call);
  if (!readOptions(redirectOptions, call, reader)) return;
  const names = call.words.map((value) => value.text);
  if (!names.some((name) => name === 'location' || name === 'prefix' || name === 'scheme')) {
    const message = "'redirect' expects 'location', 'prefix' or 'scheme' with a value.";
    call.fail('missing-argument', call.words[0], message);
    return;
  }
  const codeAt = names.indexOf('code') + 1;
  const code = codeAt > 0 ? call.words[codeAt] : undefined;
  if (code && !/^30[12378]$/.test(code.text)) {
    call.fail('out-of-range', code, `'redirect' : unsupported HTTP code '${code.text}'.`);
    return;
  }
  checkCondition(node, call, call.words);
}

/** Rules in a defaults section need the section to have a name, since 2.5. */
function isMisplaced(node: ProxyNode, call: Call): boolean {
  if (node.kind !== 'defaults' || node.name !== '') return false;
  const message = `'${call.keyword}' not allowed in anonymous 'defaults' section.`;
  call.fail('wrong-section', undefined, message);
  return true;
}

/** Follows `if` or `unless` and looks at every name: declared, predefined, or an expression between braces. */
export function checkCondition(node: ProxyNode, call: Call, words: readonly Value[]): void {
  const start = words.findIndex(isConditionStart);
  if (start < 0) return;
  for (let at = start + 1; at < words.length; at++) {
    const { text } = words[at]!;
    const name = text.replace(/^!+/, '');
    if (name === '' || name.toLowerCase() === 'or' || name === '||') continue;
    if (name === '{') {
      const close = words.findIndex((value, index) => index > at && value.text === '}');
      const criterion = words[at + 1];
      if (close < 0 || !criterion || close === at + 1) {
        call.fail('bad-condition', words[at], `'${call.keyword}' : missing closing '}' in condition.`);
        return;
      }
      if (!new LineReader(node, call).criterion(words.slice(at + 1, close))) return;
      at = close;
    } else if (!node.aclNames.has(name) && !PREDEFINED_ACLS.has(name)) {
      reportUnknownAcl(node, call, words[at]!, name);
      return;
    }
  }
}

function reportUnknownAcl(node: ProxyNode, call: Call, value: Value, name: string): void {
  const suggestion = nearestWord(name, [...node.aclNames, ...PREDEFINED_ACLS]);
  const message = `error detected while parsing '${call.keyword}' rule : no such ACL : '${name}'.`;
  const notes = notesOn(value.text);
  call.fail('unknown-acl', value, message, { ...(suggestion && { suggestion }), ...(notes.length > 0 && { notes }) });
}
