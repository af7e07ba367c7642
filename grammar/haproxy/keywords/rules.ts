/**
 * Rules and conditions (manual, chapters 4.2 "http-request", 4.3 and 7.1). They are read and checked lightly: the
 * action's name, the names of ACLs and criteria, the backends named. Nothing carries them out yet, and every rule
 * gets a warning that says so.
 */

import { nearestWord } from '../../spelling.ts';
import { type Call, type KeywordRow, type Removal, rowsFor, type Value } from '../keyword.ts';
import type { ProxyNode } from '../nodes.ts';
import { time, word } from '../units.ts';
import { anyButDefaults, anyProxy, backSide, frontSide } from './contexts.ts';
import { ACTION_NAMES, PREDEFINED_ACLS, SAMPLE_NAMES } from './samples.ts';

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
  conditionRow('use-server', ['listen', 'backend'], '1.5', ['use-server s if TRUE']),
  conditionRow('redirect', anyButDefaults, '1.3', ['redirect scheme https if !{ ssl_fc }']),
  bareRow('block', anyButDefaults, '1.3', { in: '2.1', modern: 'http-request deny' }),
  bareRow('monitor fail', ['frontend', 'listen'], '1.3'),
  bareRow('force-persist', ['listen', 'backend'], '1.3'),
  bareRow('ignore-persist', ['listen', 'backend'], '1.3'),
  conditionRow('stats http-request', ['listen', 'backend'], '1.5', ['stats http-request allow if TRUE']),
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

function conditionRow(
  name: string,
  contexts: readonly string[],
  since: string,
  ok: readonly string[],
): KeywordRow<ProxyNode> {
  return proxyRow(name, contexts, {
    extra: 'free',
    inert: true,
    since,
    doc: `Rules of "${name}".`,
    ok,
    bad: [[`${ok[0]!.split(' if ')[0]} if nope`, 'unknown-acl']],
    apply(node, call) {
      if (isMisplaced(node, call)) return;
      checkCondition(node, call, call.words);
    },
  });
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
  const odd = /[^A-Za-z0-9_.:-]/.exec(name.text)?.[0];
  if (odd) {
    const message = `character '${odd}' is not permitted in acl name '${name.text}'.`;
    call.fail('bad-name', name, message);
    return;
  }
  if (checkCriterion(call, criterion, `error detected while parsing ACL '${name.text}' : `))
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
  if (!checkArity(call, name)) return;
  if (name === 'deny' || name === 'tarpit') checkDenyStatus(call);
  if (call.keyword.startsWith('http')) node.httpOnly.push({ keyword: call.keyword, at: call.at });
  checkCondition(node, call, call.words);
}

/** Actions with a fixed number of words, which only a condition may follow. */
const arities: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'accept allow reject disable-l7-retry wait-for-handshake unset-var sc-inc-gpc0 sc-inc-gpc1',
    'cache-use set-method set-path set-pathq set-query set-uri set-nice set-log-level set-tos set-mark use-service add-acl del-acl del-map',
    'add-header set-header set-map replace-path replace-pathq replace-uri early-hint',
    'replace-header replace-value',
  ].flatMap((names, count) => names.split(' ').map((name) => [name, count])),
);

function checkArity(call: Call, name: string): boolean {
  const count = arities[name];
  if (count === undefined) return true;
  const rule = `'${call.keyword} ${name}'`;
  const args = call.words.slice(1);
  const condition = args[count];
  const early = args.slice(0, count).find(isConditionStart);
  if (args.length < count || early) {
    call.fail('missing-argument', early, `${rule} expects exactly ${count} arguments.`);
    return false;
  }
  if (!condition || isConditionStart(condition)) return true;
  const message = `${rule} expects either 'if' or 'unless' followed by a condition but found '${condition.text}'.`;
  call.fail('bad-condition', condition, message);
  return false;
}

function isConditionStart(value: Value): boolean {
  return value.text === 'if' || value.text === 'unless';
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
  if (!backend.text.includes('%[') && !backend.text.includes('%{')) node.backendReferences.push(backend);
  checkCondition(node, call, call.words.slice(1));
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
      if (!checkCriterion(call, criterion, `error detected while parsing '${call.keyword}' rule : `)) return;
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
  call.fail('unknown-acl', value, message, suggestion ? { suggestion } : {});
}

function checkCriterion(call: Call, criterion: Value, prefix: string): boolean {
  const name = criterion.text.replace(/[(,].*$/s, '');
  if (SAMPLE_NAMES.has(name) || name.startsWith('lua.') || name.startsWith('var')) return true;
  const suggestion = nearestWord(name, SAMPLE_NAMES);
  const message = `${prefix}unknown fetch method '${name}' in ACL expression '${criterion.text}'.`;
  call.fail('unknown-fetch', criterion, message, suggestion ? { suggestion } : {});
  return false;
}
