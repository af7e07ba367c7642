/**
 * Words that later releases dropped. Files of the 1.3 to 1.5 era are full of them: with a lenient language they are
 * accepted with a warning that names the release and the modern form, and carried out where a modern word does the
 * same. A language of one release refuses what that release refuses.
 */
import { type Call, type KeywordRow, type Removal, rowsFor } from '../keyword.ts';
import type { GlobalNode, ProxyNode, TimeoutSettings } from '../nodes.ts';
import { integer, time } from '../units.ts';
import { anyButDefaults, anyProxy, backSide, frontSide, globalSection } from './contexts.ts';
import { checkProcess } from './word-checks.ts';

const proxyRow = rowsFor<ProxyNode>();
const globalRow = rowsFor<GlobalNode>();

function timeoutRow(name: string, contexts: readonly string[], key: keyof TimeoutSettings, modern: string) {
  const says = `the '${name}' directive is not supported anymore since HAProxy 2.1. Use '${modern}'.`;
  return proxyRow(name, contexts, {
    args: [time()],
    since: '1.0',
    deprecated: '1.5',
    removed: { in: '2.1', modern, says },
    doc: `Old form of "${modern}".`,
    ok: [`${name} 5000`],
    bad: [
      [`${name} soon`, 'bad-time'],
      [name, 'missing-argument'],
    ],
    apply(node, _call, ms) {
      node.timeouts[key] = ms;
    },
  });
}

function goneRow(
  name: string,
  contexts: readonly string[],
  since: string,
  removed: Removal,
  check: (node: ProxyNode, call: Call) => void = () => {},
): KeywordRow<ProxyNode> {
  return proxyRow(name, contexts, {
    extra: 'free',
    inert: true,
    since,
    removed,
    doc: `Gone since ${removed.in}; use ${removed.modern}.`,
    ok: [name],
    apply: check,
    negate() {},
  });
}

/** Rules that rewrote messages with regular expressions, by their modern action. */
const rewriting: Readonly<Record<string, readonly string[]>> = {
  'http-request replace-header': ['reqrep', 'reqirep', 'cliexp'],
  'http-request add-header': ['reqadd'],
  'http-request del-header': ['reqdel', 'reqidel'],
  'http-request deny': ['reqdeny', 'reqideny'],
  'http-request allow': ['reqallow', 'reqiallow', 'reqpass', 'reqipass'],
  'http-request tarpit': ['reqtarpit', 'reqitarpit'],
  'http-response add-header': ['rspadd'],
  'http-response replace-header': ['rsprep', 'rspirep', 'srvexp'],
  'http-response del-header': ['rspdel', 'rspidel'],
  'http-response deny': ['rspdeny', 'rspideny'],
};

function redispatchRow(name: string): KeywordRow<ProxyNode> {
  const modern = 'option redispatch';
  const says = `the '${name}' directive is not supported anymore since HAProxy 2.1. Use '${modern}'.`;
  return proxyRow(name, backSide, {
    extra: 'ignored',
    since: '1.0',
    deprecated: '1.5',
    removed: { in: '2.1', modern, says },
    doc: `Old form of "${modern}".`,
    ok: [name],
    apply(node) {
      node.settings.redispatch = -1;
    },
  });
}

export const legacyProxyRows: readonly KeywordRow<ProxyNode>[] = [
  timeoutRow('contimeout', backSide, 'connect', 'timeout connect'),
  timeoutRow('clitimeout', frontSide, 'client', 'timeout client'),
  timeoutRow('srvtimeout', backSide, 'server', 'timeout server'),
  timeoutRow('timeout contimeout', backSide, 'connect', 'timeout connect'),
  timeoutRow('timeout clitimeout', frontSide, 'client', 'timeout client'),
  timeoutRow('timeout srvtimeout', backSide, 'server', 'timeout server'),
  redispatchRow('redispatch'),
  redispatchRow('redisp'),
  ...Object.entries(rewriting).flatMap(([modern, names]) =>
    names.map((name) => goneRow(name, anyProxy, '1.1', { in: '2.1', modern })),
  ),
  goneRow('reqsetbe', frontSide, '1.3', { in: '1.6', modern: 'use_backend' }),
  goneRow('reqisetbe', frontSide, '1.3', { in: '1.6', modern: 'use_backend' }),
  goneRow('timeout appsession', anyProxy, '1.2', { in: '1.6', modern: 'stick-table' }),
  goneRow('monitor-net', frontSide, '1.2', { in: '2.3', modern: 'monitor-uri' }),
  goneRow('grace', anyProxy, '1.1', { in: '2.5', modern: 'hard-stop-after' }),
  goneRow('bind-process', anyProxy, '1.3', { in: '2.7', modern: 'bind ... thread' }, checkProcess),
  goneRow('option http_proxy', anyProxy, '1.3', { in: '2.5', modern: 'http-request set-dst' }),
  goneRow('option http-tunnel', anyProxy, '1.5', { in: '2.1', modern: 'option http-keep-alive' }),
  goneRow('option http-use-htx', anyProxy, '1.9', { in: '2.5', modern: 'nothing: it is always on' }),
  goneRow('option tcpsplice', anyProxy, '1.3', { in: '1.4', modern: 'option splice-auto' }),
  goneRow('option independant-streams', anyProxy, '1.3', { in: '2.1', modern: 'option independent-streams' }),
  proxyRow('option keepalive', anyProxy, {
    extra: 'ignored',
    since: '1.1',
    removed: { in: '1.5', modern: 'option http-keep-alive' },
    doc: 'Old form of "option http-keep-alive".',
    ok: ['option keepalive'],
    apply(node) {
      node.settings.httpClose = false;
    },
  }),
  proxyRow('option forceclose', anyProxy, {
    extra: 'ignored',
    since: '1.2',
    removed: { in: '2.0', modern: 'option httpclose' },
    doc: 'Old form of "option httpclose".',
    ok: ['option forceclose', 'no option forceclose'],
    apply(node) {
      node.settings.httpClose = true;
    },
    negate(node) {
      node.settings.httpClose = false;
    },
  }),
  goneRow('usesrc', anyButDefaults, '1.2', { in: '1.3', modern: 'source ... usesrc ...' }),
];

function goneGlobalRow(
  name: string,
  since: string,
  removed: Removal,
  check: (node: GlobalNode, call: Call) => void = () => {},
): KeywordRow<GlobalNode> {
  return globalRow(name, globalSection, {
    extra: 'free',
    inert: true,
    since,
    removed,
    doc: `Gone since ${removed.in}; use ${removed.modern}.`,
    ok: [name],
    apply: check,
  });
}

const nbprocSays =
  'nbproc is not supported any more since HAProxy 2.5. Threads will automatically be used on multi-processor machines if available.';

export const legacyGlobalRows: readonly KeywordRow<GlobalNode>[] = [
  globalRow('nbproc', globalSection, {
    args: [integer(1)],
    since: '1.0',
    deprecated: '2.3',
    removed: { in: '2.5', modern: 'nbthread', says: nbprocSays },
    doc: 'Number of processes; there is one, with threads.',
    ok: ['nbproc 1'],
    bad: [['nbproc many', 'bad-number']],
    apply() {},
  }),
  goneGlobalRow('debug', '1.0', { in: '2.3', modern: 'the option -d' }),
  goneGlobalRow('nosepoll', '1.3', { in: '1.5', modern: 'noepoll' }),
  goneGlobalRow('tune.chksize', '1.5', { in: '2.5', modern: 'tune.bufsize' }),
  goneGlobalRow('stats bind-process', '1.5', { in: '2.7', modern: 'thread on the "stats socket" line' }, checkProcess),
  goneGlobalRow('no-quic', '2.8', { in: '3.3', modern: 'tune.quic.listen off' }),
  goneGlobalRow('deviceatlas-cache-size', '1.8', { in: '3.1', modern: 'nothing' }),
];
