/** How a server is chosen: `balance`, `hash-type` and words of servers about it (manual, chapters 4.2 and 5.2). */
import type { BalanceSetting, HashTypeSetting } from '../balance-settings.ts';
import { LineReader } from '../expr/line-reader.ts';
import { readSample } from '../expr/sample.ts';
import { type Call, isAtLeast, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { ProxyNode, ServerSettings } from '../nodes.ts';
import { integer, oneOf, time } from '../units.ts';
import { backSide, serverLine } from './contexts.ts';

const proxyRow = rowsFor<ProxyNode>();
const serverRow = rowsFor<ServerSettings>();

const plainAlgorithms = ['roundrobin', 'static-rr', 'leastconn', 'first', 'source'] as const;
const DEFAULT_DRAWS = 2;
const DEFAULT_COOKIE = 'mstshash';

export const balanceRows: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('balance', backSide, {
    extra: 'free',
    since: '1.1',
    doc: 'How a server is chosen.',
    ok: [
      'balance roundrobin',
      'balance leastconn',
      'balance random(3)',
      'balance uri depth 3 len 20 whole path-only',
      'balance url_param id check_post',
      'balance hdr(Host) use_domain_only',
      'balance rdp-cookie(name)',
      'balance hash src',
      "balance log-hash field(2,' ')",
      'balance sticky',
      'balance',
    ],
    bad: [
      ['balance fair', 'bad-value'],
      ['balance random(x)', 'bad-value'],
      ['balance random(0)', 'bad-value'],
      ['balance uri len 0', 'bad-value'],
      ['balance uri zork', 'bad-value'],
      ['balance url_param', 'missing-argument'],
      ['balance url_param a zork', 'bad-value'],
      ['balance hdr()', 'bad-value'],
      ['balance hdr(a) zork', 'bad-value'],
      ['balance rdp-cookie()', 'bad-value'],
      ['balance hash', 'missing-argument'],
      ['balance hash src zork', 'extra-argument'],
      ['balance log-hash', 'missing-argument'],
      ['balance log-hash zork', 'bad-sample'],
    ],
    apply: setBalance,
  }),
  proxyRow('hash-type', backSide, {
    args: [oneOf('map-based', 'consistent', 'avalanche')],
    extra: 'free',
    since: '1.4',
    doc: 'How a hash chooses a server: by position in the list or on a ring.',
    ok: ['hash-type consistent', 'hash-type map-based crc32 avalanche'],
    bad: [
      ['hash-type other', 'bad-value'],
      ['hash-type consistent md5', 'bad-value'],
      ['hash-type consistent sdbm zork', 'bad-value'],
    ],
    apply(node, call, method) {
      const hashType = readHashType(call, method);
      if (hashType) node.settings.hashType = hashType;
    },
  }),
  proxyRow('hash-balance-factor', backSide, {
    args: [integer(0)],
    extra: 'ignored',
    since: '1.7',
    doc: 'How much more than the average a server may get by a hash.',
    usage: "'hash-balance-factor' expects an integer argument.",
    ok: ['hash-balance-factor 150', 'hash-balance-factor 0'],
    bad: [
      ['hash-balance-factor', 'missing-argument'],
      ['hash-balance-factor 100', 'out-of-range'],
    ],
    apply(node, call, factor) {
      if (factor !== 0 && factor <= 100)
        call.fail('out-of-range', call.words[0], "'hash-balance-factor' must be 0 or greater than 100.");
      else node.settings.hashBalanceFactor = factor;
    },
  }),
  proxyRow('hash-preserve-affinity', backSide, {
    args: [oneOf('always', 'maxconn', 'maxqueue')],
    since: '3.2',
    doc: 'Until when a consistent hash keeps to a server that is full.',
    ok: ['hash-preserve-affinity maxconn'],
    bad: [
      ['hash-preserve-affinity never', 'bad-value'],
      ['hash-preserve-affinity', 'missing-argument'],
    ],
    apply(node, _call, affinity) {
      node.settings.hashAffinity = affinity;
    },
  }),
];

export const balanceServerRows: readonly KeywordRow<ServerSettings>[] = [
  serverRow('slowstart', serverLine, {
    args: [time()],
    since: '1.3',
    doc: 'Time in which weight and maxconn grow after the server came up.',
    ok: ['server s 127.0.0.1:80 slowstart 30s'],
    bad: [
      ['server s 127.0.0.1:80 slowstart 1x', 'bad-time'],
      ['server s 127.0.0.1:80 slowstart', 'missing-argument'],
    ],
    apply(settings, _call, ms) {
      settings.slowstartMs = ms;
    },
  }),
  serverRow('hash-key', serverLine, {
    args: [oneOf('id', 'addr', 'addr-port')],
    since: '3.0',
    doc: "What the server's places in a consistent hash are made of.",
    ok: ['server s 127.0.0.1:80 hash-key addr-port'],
    bad: [
      ['server s 127.0.0.1:80 hash-key name', 'bad-value'],
      ['server s 127.0.0.1:80 hash-key', 'missing-argument'],
    ],
    apply(settings, _call, key) {
      settings.hashKey = key;
    },
  }),
];

/** Without a function, a consistent hash mixes what sdbm gives; with one, only when asked to. */
function readHashType(call: Call, method: 'map-based' | 'consistent' | 'avalanche'): HashTypeSetting | null {
  const [, hash, modifier] = call.words;
  const name = hash && hashFunctions.find((each) => each === hash.text);
  const odd = hash && !name ? hash : modifier && modifier.text !== 'avalanche' ? modifier : null;
  if (odd) {
    call.fail('bad-value', odd, `'hash-type' : unknown function or modifier '${odd.text}'.`);
    return null;
  }
  if (method === 'avalanche') return { method: 'map-based', function: 'sdbm', avalanche: true };
  const avalanche = name === undefined ? method === 'consistent' : modifier !== undefined;
  return { method, function: name || 'sdbm', avalanche };
}

const hashFunctions = ['sdbm', 'djb2', 'wt6', 'crc32', 'none'] as const;

function setBalance(node: ProxyNode, call: Call): void {
  const [word] = call.words;
  const setting = word ? readBalance(node, call, word) : { algorithm: 'roundrobin' as const };
  if (setting) node.settings.balance = setting;
}

function readBalance(node: ProxyNode, call: Call, word: Value): BalanceSetting | null {
  const algorithm = plainAlgorithms.find((name) => name === word.text);
  if (algorithm) return { algorithm };
  const [, name = '', argument] = /^([a-z_-]+)(?:\((.*)\))?$/.exec(word.text) ?? [];
  switch (name) {
    case 'random':
      return readRandom(call, word, argument);
    case 'uri':
      return readUri(call);
    case 'url_param':
      return readParameter(call, word);
    case 'hdr':
      return readHeader(call, word, argument);
    case 'rdp-cookie':
      return readCookie(call, word, argument);
    case 'hash':
      return readExpression(node, call);
  }
  if (call.language.lenient || isAtLeast(call.language.release, '2.9')) {
    if (name === 'sticky') return { algorithm: 'sticky' };
    if (name === 'log-hash') return readConverters(call, word);
  }
  const names = "'roundrobin', 'static-rr', 'leastconn', 'first', 'source', 'random', 'uri', 'url_param', 'hash'";
  call.fail('bad-value', word, `balance only supports ${names}, 'hdr(name)' and 'rdp-cookie(name)' options.`);
  return null;
}

function readRandom(call: Call, word: Value, argument = ''): BalanceSetting | null {
  const draws = argument === '' ? DEFAULT_DRAWS : Number(argument);
  if (/^\d*$/.test(argument) && draws > 0) return { algorithm: 'random', draws };
  call.fail('bad-value', word, 'balance random : number of draws must be at least 1.');
  return null;
}

function readUri(call: Call): BalanceSetting | null {
  const setting = { algorithm: 'uri' as const, whole: false, pathOnly: false, len: 0, depth: 0 };
  for (let at = 1; at < call.words.length; at++) {
    const option = call.words[at]!;
    if (option.text === 'whole') setting.whole = true;
    else if (option.text === 'path-only') setting.pathOnly = true;
    else if (option.text === 'len' || option.text === 'depth') {
      const value = call.words[++at];
      const number = Number.parseInt(value?.text ?? '', 10);
      if (!(number > 0)) {
        const got = `(got '${value?.text ?? ''}')`;
        call.fail('bad-value', value, `balance uri : '${option.text}' expects a positive integer ${got}.`);
        return null;
      }
      setting[option.text] = number;
    } else {
      const names = "'len', 'depth', 'path-only', and 'whole'";
      call.fail('bad-value', option, `balance uri only accepts parameters ${names} (got '${option.text}').`);
      return null;
    }
  }
  return setting;
}

function readParameter(call: Call, word: Value): BalanceSetting | null {
  const [, name, modifier] = call.words;
  if (!name) {
    call.fail('missing-argument', word, 'balance url_param requires an URL parameter name.');
    return null;
  }
  if (modifier && modifier.text !== 'check_post') {
    const message = `balance url_param only accepts 'check_post' modifier (got '${modifier.text}').`;
    call.fail('bad-value', modifier, message);
    return null;
  }
  return { algorithm: 'url_param', name: name.text, checkPost: modifier !== undefined };
}

function readHeader(call: Call, word: Value, name = ''): BalanceSetting | null {
  const [, modifier] = call.words;
  if (name === '') {
    call.fail('bad-value', word, 'balance hdr requires an http header field name.');
    return null;
  }
  if (modifier && modifier.text !== 'use_domain_only') {
    const message = `balance ${word.text} only accepts 'use_domain_only' modifier (got '${modifier.text}').`;
    call.fail('bad-value', modifier, message);
    return null;
  }
  return { algorithm: 'hdr', name, domainOnly: modifier !== undefined };
}

function readCookie(call: Call, word: Value, name = DEFAULT_COOKIE): BalanceSetting | null {
  if (name !== '') return { algorithm: 'rdp-cookie', name };
  call.fail('bad-value', word, 'balance rdp-cookie : missing cookie name.');
  return null;
}

function readExpression(node: ProxyNode, call: Call): BalanceSetting | null {
  const [, expression, more] = call.words;
  if (!new LineReader(node, call, 1).sample('a sample expression')) return null;
  if (more) {
    call.fail('extra-argument', more, `balance hash takes no other argument (got '${more.text}').`);
    return null;
  }
  const { text } = expression!;
  const sample = readSample(text, call.language);
  if ('problem' in sample) return null;
  return { algorithm: 'hash', expression: { text, fetch: sample.fetch, converters: sample.converters } };
}

/** A chain of converters for log lines: what stands behind a fetch in an expression. */
function readConverters(call: Call, word: Value): BalanceSetting | null {
  const [, chain, more] = call.words;
  if (!chain) {
    call.fail('missing-argument', word, 'balance log-hash requires a converter list.');
    return null;
  }
  const odd = more && `balance log-hash takes no other argument (got '${more.text}').`;
  const sample = readSample(`str(line),${chain.text}`, call.language);
  const problem = odd ?? ('problem' in sample ? `balance log-hash : ${sample.problem}` : null);
  if (problem !== null || 'problem' in sample) {
    call.fail(odd ? 'extra-argument' : 'bad-sample', more ?? chain, problem!);
    return null;
  }
  const { fetch, converters } = sample;
  return { algorithm: 'log-hash', converters: { text: chain.text, fetch, converters } };
}
