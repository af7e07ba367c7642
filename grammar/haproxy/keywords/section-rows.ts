/**
 * Rows of the sections that nothing here carries out (manual, chapters 3.5 to 3.13, 5.3, 6, 10, 12): every line is read
 * as the original reads it, and the header gets one warning for all of them. Lines that look like those of a proxy
 * (`bind`, `server`, `log`, checks, ACLs) are read by the proxy's own rows on a proxy that is thrown away.
 */
import { parseAddress } from '../address.ts';
import { LineReader } from '../expr/line-reader.ts';
import { type Argument, type Call, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { SectionName } from '../lexer.ts';
import type { SectionNode } from '../nodes.ts';
import { integer, oneOf, text, time, word } from '../units.ts';
import { errorStatus } from './http.ts';
import { logProfileRows } from './log-profile.ts';
import { ringRows } from './ring.ts';

const row = rowsFor<SectionNode>();
const MAX = 2_147_483_647;

type Args = readonly Argument<unknown>[];

/** A word with arguments of some kinds and nothing more to say. */
function plain(
  section: SectionName,
  since: string,
  name: string,
  args: Args,
  example: string,
): KeywordRow<SectionNode> {
  return {
    ...row(name, [section], { since, doc: `Read in '${section}' sections, not carried out.`, ok: [example] }),
    args,
    extra: name === 'total-max-size' ? 'refused' : 'ignored',
  } as KeywordRow<SectionNode>;
}

const addressWithPort: Argument<string> = {
  label: '<address>:<port>',
  read(value, call) {
    const parsed = parseAddress(value.text, call.env, true);
    const hasPort = !('problem' in parsed) && (parsed.kind !== 'ip' || parsed.port.kind === 'range');
    if (hasPort) return value.text;
    call.fail('bad-address', value, `'${call.keyword}' : missing or invalid port specification in '${value.text}'.`);
    return undefined;
  },
};

const regex: Argument<string> = {
  label: '<regex>',
  read: (value, call) => (new LineReader(null, { ...call, words: [value] }).regex() ? value.text : undefined),
};

const resolverRows = [
  plain('resolvers', '1.8', 'accepted_payload_size', [integer(12, 65535, 'prefix')], 'accepted_payload_size 8192'),
  plain('resolvers', '1.6', 'nameserver', [text('<name>'), addressWithPort], 'nameserver a 127.0.0.1:53'),
  plain('resolvers', '1.9', 'parse-resolv-conf', [], 'parse-resolv-conf'),
  plain(
    'resolvers',
    '1.6',
    'hold',
    [oneOf('nx', 'refused', 'timeout', 'other', 'valid', 'obsolete'), time()],
    'hold valid 10s',
  ),
  plain('resolvers', '1.6', 'resolve_retries', [integer(0, MAX, 'unbounded')], 'resolve_retries 3'),
  plain('resolvers', '1.6', 'timeout', [oneOf('resolve', 'retry'), time()], 'timeout retry 1s'),
];

const userRows = [
  row('user', ['userlist'], {
    args: [text('<name>')],
    extra: 'free',
    since: '1.4',
    doc: 'A user with a password and groups.',
    ok: ['user ann insecure-password secret', 'user ann password $5$ab$cd'],
    bad: [
      ['user ann age 7', 'bad-value'],
      ['user ann groups staff', 'unknown-group'],
    ],
    apply(node, call, name) {
      node.users.add(name);
      const found = readPairs(call, ['password', 'insecure-password', 'groups']);
      for (const { name: key, value } of found) if (key === 'groups') node.wanted.push({ kind: 'group', value });
    },
  }),
  row('group', ['userlist'], {
    args: [text('<name>')],
    extra: 'free',
    since: '1.4',
    doc: 'A group with its users.',
    ok: ['group staff'],
    bad: [
      ['group staff of ann', 'bad-value'],
      ['group staff users ann', 'unknown-user'],
    ],
    apply(node, call, name) {
      node.groups.add(name);
      for (const { value } of readPairs(call, ['users'])) node.wanted.push({ kind: 'user', value });
    },
  }),
];

function readPairs(call: Call, names: readonly string[]): { readonly name: string; readonly value: Value }[] {
  const found: { name: string; value: Value }[] = [];
  for (let at = 1; at < call.words.length; at += 2) {
    const name = call.words[at]!;
    const value = call.words[at + 1];
    if (!names.includes(name.text)) {
      call.fail('bad-value', name, `'${call.keyword}' only supports '${names.join("', '")}' (got '${name.text}').`);
      return [];
    }
    if (value) found.push({ name: name.text, value });
  }
  return found;
}

const mailerRows = [
  plain('mailers', '1.6', 'mailer', [text('<name>'), addressWithPort], 'mailer a 127.0.0.1:25'),
  plain('mailers', '1.7', 'timeout', [oneOf('mail'), time()], 'timeout mail 10s'),
];

const logForwardRows = [
  plain('log-forward', '2.3', 'backlog', [integer(0, MAX, 'unbounded')], 'backlog 100'),
  plain('log-forward', '2.3', 'maxconn', [integer(0, MAX, 'unbounded')], 'maxconn 100'),
  plain('log-forward', '2.3', 'timeout', [oneOf('client'), time()], 'timeout client 5s'),
  plain(
    'log-forward',
    '3.2',
    'option',
    [oneOf('assume-rfc6587-ntf', 'dont-parse-log', 'host')],
    'option dont-parse-log',
  ),
  row('dgram-bind', ['log-forward'], {
    extra: 'free',
    since: '2.3',
    doc: 'Address to receive datagrams on.',
    ok: ['dgram-bind 127.0.0.1:514'],
    bad: [['dgram-bind 127.0.0.1:514 ssl', 'bad-value']],
    apply(_node, call) {
      const odd = call.words[1];
      if (odd && !/^(?:interface|namespace|transparent)$/.test(odd.text)) {
        call.fail('bad-value', odd, `'dgram-bind' : unknown keyword '${odd.text}'.`);
      }
    },
  }),
];

const cacheRows = [
  plain('cache', '1.8', 'total-max-size', [integer(1, 4095)], 'total-max-size 4'),
  plain('cache', '1.9', 'max-object-size', [integer(0, MAX, 'unbounded')], 'max-object-size 10000'),
  plain('cache', '1.8', 'max-age', [integer(0, MAX, 'unbounded')], 'max-age 60'),
  plain('cache', '2.4', 'process-vary', [text('on|off')], 'process-vary on'),
  plain('cache', '2.4', 'max-secondary-entries', [integer(1, MAX, 'prefix')], 'max-secondary-entries 10'),
];

const fcgiRows = [
  plain('fcgi-app', '2.1', 'docroot', [text('<path>')], 'docroot /srv/www'),
  plain('fcgi-app', '2.1', 'index', [text('<file>')], 'index index.php'),
  plain('fcgi-app', '2.1', 'log-stderr', [word('<target>')], 'log-stderr global'),
  plain('fcgi-app', '2.1', 'path-info', [regex], 'path-info ^(/.+\\.php)(/.*)?$'),
  plain('fcgi-app', '2.1', 'pass-header', [text('<name>')], 'pass-header X-A'),
  plain('fcgi-app', '2.7', 'hide-header', [text('<name>')], 'hide-header X-A'),
  plain('fcgi-app', '2.7', 'unset-param', [text('<name>')], 'unset-param X'),
  row('set-param', ['fcgi-app'], {
    args: [text('<name>'), word('<format>')],
    extra: 'ignored',
    since: '2.1',
    doc: 'Sets a FastCGI parameter.',
    ok: ['set-param SECRET %[path]'],
    bad: [
      ['set-param SECRET', 'missing-argument'],
      ['set-param SECRET %zork', 'unknown-log-variable'],
    ],
    apply(_node, call, _name, format) {
      new LineReader(null, call).checkLogFormat(format);
    },
  }),
  row('option', ['fcgi-app'], {
    args: [oneOf('get-values', 'keep-conn', 'max-reqs', 'mpxs-conns')],
    extra: 'free',
    since: '2.1',
    doc: 'How connections are used.',
    ok: ['option keep-conn', 'option max-reqs 5'],
    bad: [['option max-reqs many', 'bad-number']],
    apply(_node, call, name) {
      const [, count] = call.words;
      if (name !== 'max-reqs' || /^[1-9]\d*$/.test(count?.text ?? '')) return;
      call.fail('bad-number', count, "option 'max-reqs' expects a strictly positive integer argument.");
    },
    negate() {},
  }),
];

const acmeRows = [
  ...['account-key', 'acme-vars', 'contact', 'curves', 'directory', 'map', 'profile', 'provider-name'].map((name) =>
    plain('acme', '3.2', name, [text('<text>')], `${name} x`),
  ),
  ...['eab-key-id', 'eab-mac-key', 'challenge-ready'].map((name) =>
    plain('acme', '3.4', name, [text('<text>')], `${name} x`),
  ),
  plain('acme', '3.2', 'bits', [integer(1024, 16384)], 'bits 4096'),
  plain('acme', '3.2', 'challenge', [oneOf('http-01', 'dns-01', 'dns-persist-01')], 'challenge http-01'),
  plain('acme', '3.4', 'dns-delay', [time('s')], 'dns-delay 5m'),
  plain('acme', '3.4', 'dns-timeout', [time('s')], 'dns-timeout 5m'),
  plain('acme', '3.2', 'keytype', [oneOf('RSA', 'ECDSA')], 'keytype ECDSA'),
  plain('acme', '3.3', 'reuse-key', [oneOf('on', 'off')], 'reuse-key on'),
  plain('acme', '3.4', 'eab-mac-alg', [oneOf('HS256', 'HS384', 'HS512')], 'eab-mac-alg HS256'),
];

const others = [
  row('errorfile', ['http-errors'], {
    args: [errorStatus, text('<file>')],
    since: '2.2',
    doc: 'A page for a status code.',
    ok: ['errorfile 503 /etc/haproxy/503.http'],
    bad: [
      ['errorfile 503', 'missing-argument'],
      ['errorfile 999 /etc/haproxy/999.http', 'out-of-range'],
    ],
    apply(node, call, status, path) {
      node.errorPages.push({ kind: 'file', status, path, at: call.at });
    },
  }),
  plain('crt-store', '3.0', 'crt-base', [text('<folder>')], 'crt-base /etc/ssl'),
  plain('crt-store', '3.0', 'key-base', [text('<folder>')], 'key-base /etc/ssl'),
  plain('crt-store', '3.0', 'load', [text('<parameter>')], 'load crt site.pem'),
  plain('program', '2.0', 'command', [text('<command>')], 'command /bin/true'),
  plain('program', '2.0', 'user', [text('<name>')], 'user nobody'),
  plain('program', '2.0', 'group', [text('<name>')], 'group nogroup'),
  row('option', ['program'], {
    args: [oneOf('start-on-reload')],
    since: '2.0',
    doc: 'Starts the program again at each reload.',
    ok: ['option start-on-reload', 'no option start-on-reload'],
    bad: [['option run-twice', 'bad-value']],
    apply() {},
    negate() {},
  }),
  plain('traces', '3.1', 'trace', [text('<source>')], 'trace h1 start now'),
  row('namespace', ['namespace_list'], {
    args: [text('<name>')],
    extra: 'ignored',
    since: '1.6',
    doc: 'A network namespace that clients may be said to come from.',
    ok: ['namespace blue'],
    bad: [['namespace', 'missing-argument']],
    apply(node, _call, name) {
      node.namespaces.push(name);
    },
  }),
  plain('healthcheck', '3.4', 'type', [text('<protocol>')], 'type tcp-check'),
  plain('peers', '1.6', 'disabled', [], 'disabled'),
  plain('peers', '2.5', 'enabled', [], 'enabled'),
  plain('peers', '2.7', 'shards', [integer(1)], 'shards 3'),
];

export const sectionRows: readonly KeywordRow<SectionNode>[] = [
  ...resolverRows,
  ...userRows,
  ...mailerRows,
  ...ringRows,
  ...logProfileRows,
  ...logForwardRows,
  ...cacheRows,
  ...fcgiRows,
  ...acmeRows,
  ...others,
];

/** Words that are read as a proxy's lines are, by section. */
export const borrowedWords: Partial<Record<SectionName, readonly string[]>> = {
  peers: ['bind', 'default-bind', 'default-server', 'log', 'peer', 'server', 'table'],
  ring: ['server'],
  'log-forward': ['bind', 'log'],
  'fcgi-app': ['acl'],
  healthcheck: ['http-check', 'tcp-check'],
};

/** What a section must not be without: the word and what is said. */
export const neededWords: Partial<Record<SectionName, string>> = { cache: 'total-max-size', 'fcgi-app': 'docroot' };
