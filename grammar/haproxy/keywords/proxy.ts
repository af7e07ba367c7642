/** Keywords of proxy sections that are neither options nor timeouts (manual, chapter 4.2). */

import { LineReader } from '../expr/line-reader.ts';
import { type Call, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { HashedBalance, ProxyNode } from '../nodes.ts';
import { integer, oneOf, text, word } from '../units.ts';
import { anyButDefaults, anyProxy, backSide, frontSide } from './contexts.ts';

const proxyRow = rowsFor<ProxyNode>();
const MAX = 2_147_483_647;

/** Modes of the language that no data plane here serves. */
const foreignModes = new Set(['log', 'spop', 'haterm', 'syslog', 'peers', 'health']);
const plainAlgorithms = ['roundrobin', 'static-rr', 'leastconn', 'first', 'source'] as const;
/** Algorithms that are read and replaced by roundrobin, with a warning. */
const hashedAlgorithm = /^(?:uri|url_param|hash|log-hash|sticky|hdr\(.+\)|rdp-cookie(?:\(.*\))?)$/;

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
    args: [word('tcp|http')],
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
  proxyRow('balance', backSide, {
    extra: 'free',
    since: '1.1',
    doc: 'How a server is chosen.',
    ok: ['balance roundrobin', 'balance leastconn', 'balance random(3)', 'balance uri depth 3', 'balance'],
    bad: [
      ['balance fair', 'bad-value'],
      ['balance random(x)', 'bad-value'],
    ],
    apply: setBalance,
  }),
  proxyRow('hash-type', backSide, {
    args: [oneOf('map-based', 'consistent', 'avalanche')],
    extra: 'free',
    since: '1.4',
    doc: 'How a hash chooses a server: by position in the list or on a ring.',
    ok: ['hash-type consistent'],
    bad: [
      ['hash-type other', 'bad-value'],
      ['hash-type consistent md5', 'bad-value'],
    ],
    apply(node, call, method) {
      const [, hash, modifier] = call.words;
      const odd = hash && !/^(?:sdbm|djb2|wt6|crc32|none)$/.test(hash.text) ? hash : null;
      const oddModifier = modifier && modifier.text !== 'avalanche' ? modifier : null;
      if (odd ?? oddModifier) {
        call.fail(
          'bad-value',
          odd ?? modifier,
          `'hash-type' : unknown function or modifier '${(odd ?? modifier)?.text}'.`,
        );
        return;
      }
      if (call.words.length > 1 || method === 'avalanche') {
        const message = "'hash-type' : the hash function is accepted but not carried out.";
        call.diagnostics.warning('not-carried-out', call.at, message);
      }
      if (method !== 'avalanche') node.settings.hashType = method;
    },
  }),
];

function setMode(node: ProxyNode, call: Call, mode: Value): void {
  if (mode.text === 'tcp' || mode.text === 'http') {
    node.settings.mode = mode.text;
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

function setBalance(node: ProxyNode, call: Call): void {
  const [word] = call.words;
  const algorithm = readAlgorithm(word?.text ?? 'roundrobin');
  if (algorithm) {
    node.settings.balance = algorithm;
  } else if (word && hashedAlgorithm.test(word.text)) {
    if (!checkBalance(node, call, word)) return;
    node.settings.balance = { algorithm: 'roundrobin', draws: 0 };
    const message = `'balance ${word.text}' is accepted but not carried out: 'roundrobin' is used.`;
    call.diagnostics.warning('not-carried-out', word.at, message);
  } else {
    const names = "'roundrobin', 'static-rr', 'leastconn', 'first', 'source', 'random', 'uri', 'url_param', 'hash'";
    const message = `balance only supports ${names}, 'hdr(name)' and 'rdp-cookie(name)' options.`;
    call.fail('bad-value', word, message);
  }
}

/** What follows an algorithm that hashes a part of the request. */
function checkBalance(node: ProxyNode, call: Call, word: Value): boolean {
  const [, next, ...rest] = call.words;
  if (word.text === 'hash') return new LineReader(node, call, 1).sample('a sample expression');
  if (word.text === 'url_param' && !next) {
    call.fail('missing-argument', word, 'balance url_param requires an URL parameter name.');
    return false;
  }
  if (word.text !== 'uri') return true;
  const options = [next, ...rest];
  for (let at = 0; at < options.length; at++) {
    const option = options[at];
    if (!option || option.text === 'whole' || option.text === 'path-only') continue;
    if (/^(?:len|depth)$/.test(option.text) && /^\d+$/.test(options[++at]?.text ?? '')) continue;
    const message = "balance uri only accepts 'len' and 'depth' with a number, 'path-only' and 'whole'";
    call.fail('bad-value', option, `${message} (got '${option.text}').`);
    return false;
  }
  return true;
}

function readAlgorithm(text: string): HashedBalance | null {
  const plain = plainAlgorithms.find((name) => name === text);
  if (plain) return { algorithm: plain, draws: 0 };
  const random = /^random(?:\((\d*)\))?$/.exec(text);
  const draws = Number(random?.[1] || 2);
  return random && draws > 0 ? { algorithm: 'random', draws } : null;
}
