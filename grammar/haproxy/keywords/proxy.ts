/** Keywords of proxy sections that are neither options nor timeouts (manual, chapter 4.2). */

import { type Call, isAtLeast, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { ProxyNode } from '../nodes.ts';
import { integer, text, word } from '../units.ts';
import { anyButDefaults, anyProxy, backSide, frontSide } from './contexts.ts';

const proxyRow = rowsFor<ProxyNode>();
const MAX = 2_147_483_647;

/** Modes of the language that no data plane here serves. */
const foreignModes = new Set(['spop', 'haterm', 'syslog', 'peers', 'health']);

function numberRow(
  name: string,
  contexts: readonly string[],
  key: 'maxconn' | 'backlog' | 'fullconn' | 'retries' | 'id',
  doc: string,
  min = 0,
): KeywordRow<ProxyNode> {
  return proxyRow(name, contexts, {
    args: [integer(min, MAX, min > 0 ? 'prefix' : 'unbounded')],
    since: '1.1',
    doc,
    usage: `'${name}' expects an integer argument.`,
    ok: [`${name} 10`],
    bad: [
      [`${name} many`, 'bad-number'],
      [name, 'missing-argument'],
      [`${name} 5 6`, 'extra-argument'],
    ],
    apply(node, _call, value) {
      node.settings[key] = value;
    },
  });
}

function textRow(
  name: string,
  contexts: readonly string[],
  key: 'logTag' | 'monitorUri',
  since: string,
  doc: string,
): KeywordRow<ProxyNode> {
  return proxyRow(name, contexts, {
    args: [text('<text>')],
    extra: name === 'monitor-uri' ? 'refused' : 'ignored',
    since,
    doc,
    ok: [`${name} /something`],
    bad: [[name, 'missing-argument']],
    apply(node, _call, value) {
      node.settings[key] = value;
    },
  });
}

export const proxyRows: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('mode', anyProxy, {
    args: [word('tcp|http|log')],
    since: '1.1',
    doc: 'Protocol that the proxy understands.',
    ok: ['mode tcp', 'mode http'],
    bad: [
      ['mode udp', 'bad-value'],
      ['mode', 'missing-argument'],
      ['mode http https', 'extra-argument'],
    ],
    apply: setMode,
  }),
  numberRow('maxconn', frontSide, 'maxconn', 'Most connections of this frontend.'),
  numberRow('backlog', frontSide, 'backlog', 'Length of the queue of connections not yet accepted.'),
  numberRow('fullconn', backSide, 'fullconn', 'Load at which servers reach their maxconn.'),
  numberRow('retries', backSide, 'retries', 'Connection attempts after the first one.'),
  numberRow('id', anyButDefaults, 'id', 'Number of the proxy in statistics.', 1),
  textRow('log-tag', anyProxy, 'logTag', '1.5', 'Program name in log lines.'),
  textRow('monitor-uri', frontSide, 'monitorUri', '1.3', 'Path answered with 200 without asking any server.'),
  proxyRow('description', anyButDefaults, {
    extra: 'free',
    since: '1.3',
    doc: 'Description on the statistics page.',
    ok: ['description "the shop"'],
    bad: [['description', 'missing-argument']],
    apply(node, call) {
      if (call.words.length === 0) call.fail('missing-argument', undefined, "'description' expects a string argument.");
      node.settings.description = call.words.map((value) => value.text).join(' ');
    },
  }),
  proxyRow('disabled', anyProxy, {
    since: '1.1',
    doc: 'Does not start this proxy.',
    ok: ['disabled'],
    apply(node) {
      node.settings.disabled = true;
    },
  }),
  proxyRow('enabled', anyProxy, {
    since: '1.1',
    doc: 'Starts this proxy although defaults say "disabled".',
    ok: ['enabled'],
    apply(node) {
      node.settings.disabled = false;
    },
  }),
  proxyRow('default_backend', frontSide, {
    args: [word('<backend>')],
    since: '1.1',
    doc: 'Backend for what no use_backend rule took.',
    usage: "'default_backend' expects a backend name.",
    ok: ['default_backend b'],
    bad: [
      ['default_backend', 'missing-argument'],
      ['default_backend a b', 'extra-argument'],
    ],
    apply(node, _call, backend) {
      node.settings.defaultBackend = backend;
    },
  }),
];

/** Nothing is served there: its servers get log lines. */
function setLogMode(node: ProxyNode, call: Call, mode: Value): void {
  if (node.kind === 'frontend') {
    call.fail('mode-mismatch', mode, "mode 'log' is only applicable on proxies with backend capability.");
    return;
  }
  node.settings.mode = 'tcp';
  node.settings.forLogs = true;
}

function setMode(node: ProxyNode, call: Call, mode: Value): void {
  if (mode.text === 'tcp' || mode.text === 'http') {
    node.settings.mode = mode.text;
    node.settings.forLogs = false;
    return;
  }
  if (mode.text === 'log' && (call.language.lenient || isAtLeast(call.language.release, '2.9'))) {
    setLogMode(node, call, mode);
    return;
  }
  if (!foreignModes.has(mode.text)) {
    call.fail('bad-value', mode, `unknown proxy mode '${mode.text}'.`, { expected: 'tcp or http' });
    return;
  }
  // Nobody may be served in a mode that was not asked for.
  node.settings.disabled = true;
  const message = `'mode ${mode.text}' is accepted but not carried out: this proxy stays disabled.`;
  call.diagnostics.warning('not-carried-out', mode.at, message);
}
