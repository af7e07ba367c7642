/** Words about connections to servers: those of `server` lines (manual, chapter 5.2) and those of proxies (4.2). */
import { isIP } from 'node:net';
import { parseAddress } from '../address.ts';
import { type Call, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { InitMethod, ProxyLinkSettings, ServerLinkSettings } from '../link-settings.ts';
import type { ProxyNode, ServerSettings } from '../nodes.ts';
import { integer, listOf, oneOf, text, time, word } from '../units.ts';
import { anyProxy, backSide, frontSide, serverLine } from './contexts.ts';
import { flagRow as optionFlagRow } from './option-flag.ts';
import { countSourceWords, readSource } from './source.ts';

const serverRow = rowsFor<ServerSettings>();
const proxyRow = rowsFor<ProxyNode>();

type KeyOf<Node, T> = { [K in keyof Node]-?: T extends Node[K] ? K : never }[keyof Node];

function flagRow(
  name: string,
  key: KeyOf<ServerLinkSettings, boolean>,
  value: boolean,
  since: string,
  doc: string,
): KeywordRow<ServerSettings> {
  return serverRow(name, serverLine, {
    since,
    doc,
    ok: [`server s 127.0.0.1:80 ${name}`],
    apply(settings) {
      settings[key] = value;
    },
  });
}

function numberRow(name: string, key: KeyOf<ServerLinkSettings, number>, min: number, since: string, doc: string) {
  return serverRow(name, serverLine, {
    args: [integer(min, 2_147_483_647, 'prefix')],
    since,
    doc,
    ok: [`server s 127.0.0.1:80 ${name} 10`],
    bad: [
      [`server s 127.0.0.1:80 ${name} many`, 'bad-number'],
      [`server s 127.0.0.1:80 ${name}`, 'missing-argument'],
    ],
    apply(settings, _call, value) {
      settings[key] = value;
    },
  });
}

function timeRow(name: string, key: KeyOf<ServerLinkSettings, number>, since: string, doc: string) {
  return serverRow(name, serverLine, {
    args: [time()],
    since,
    doc,
    ok: [`server s 127.0.0.1:80 ${name} 10s`],
    bad: [
      [`server s 127.0.0.1:80 ${name} 1x`, 'bad-time'],
      [`server s 127.0.0.1:80 ${name}`, 'missing-argument'],
    ],
    apply(settings, _call, ms) {
      settings[key] = ms;
    },
  });
}

const v2Options = listOf(
  'ssl',
  'cert-cn',
  'ssl-cipher',
  'cert-sig',
  'cert-key',
  'authority',
  'crc32c',
  'unique-id',
) as ReturnType<typeof listOf>;

export const serverLinkRows: readonly KeywordRow<ServerSettings>[] = [
  flagRow('send-proxy', 'sendProxyV1', true, '1.5', 'Begins connections with a PROXY line (version 1).'),
  flagRow('no-send-proxy', 'sendProxyV1', false, '1.8', 'Undoes "send-proxy" of default-server.'),
  flagRow('send-proxy-v2', 'sendProxyV2', true, '1.5', 'Begins connections with a PROXY header, version 2.'),
  flagRow('no-send-proxy-v2', 'sendProxyV2', false, '1.8', 'Undoes "send-proxy-v2" of default-server.'),
  sslRow('send-proxy-v2-ssl', true, false, '1.5', 'As send-proxy-v2, with what is known of TLS.'),
  sslRow('no-send-proxy-v2-ssl', false, false, '1.8', 'Undoes "send-proxy-v2-ssl" of default-server.'),
  sslRow('send-proxy-v2-ssl-cn', true, true, '1.5', "As send-proxy-v2-ssl, with the certificate's name."),
  sslRow('no-send-proxy-v2-ssl-cn', false, true, '1.8', 'Undoes "send-proxy-v2-ssl-cn" of default-server.'),
  flagRow('check-send-proxy', 'checkSendProxy', true, '1.5', 'Begins checks with a PROXY header.'),
  flagRow('no-check-send-proxy', 'checkSendProxy', false, '1.8', 'Undoes "check-send-proxy" of default-server.'),
  flagRow('check-via-socks4', 'checkViaSocks4', true, '2.0', 'Sends checks through the SOCKS4 proxy.'),
  flagRow('tfo', 'fastOpen', true, '2.0', 'Connects with TCP fast open.'),
  flagRow('no-tfo', 'fastOpen', false, '2.1', 'Undoes "tfo" of default-server.'),
  numberRow('pool-max-conn', 'poolMaxConn', -1, '1.9', 'Most idle connections kept; -1: no limit.'),
  numberRow('pool-low-conn', 'poolLowConn', 0, '2.2', 'Idle connections that each thread may keep for itself.'),
  numberRow('max-reuse', 'maxReuse', -1, '2.0', 'Most requests after the first on one connection; -1: no limit.'),
  timeRow(
    'pool-purge-delay',
    'poolPurgeDelayMs',
    '1.9',
    'How often idle connections are thinned out; 0: none are kept.',
  ),
  timeRow('tcp-ut', 'userTimeoutMs', '1.6', 'TCP user timeout of connections to the server.'),
  serverRow('proxy-v2-options', serverLine, {
    args: [v2Options],
    since: '1.9',
    doc: 'What PROXY headers of version 2 carry besides addresses.',
    ok: ['server s 127.0.0.1:80 send-proxy-v2 proxy-v2-options crc32c,unique-id'],
    bad: [
      ['server s 127.0.0.1:80 proxy-v2-options md5', 'bad-value'],
      ['server s 127.0.0.1:80 proxy-v2-options', 'missing-argument'],
    ],
    apply(settings, _call, options) {
      settings.proxyV2Options = [...(settings.proxyV2Options ?? []), ...options];
    },
  }),
  serverRow('redir', serverLine, {
    args: [text('<prefix>')],
    since: '1.3',
    doc: 'Redirects GET and HEAD requests for this server to the prefix.',
    ok: ['server s 127.0.0.1:80 redir http://static.example.com'],
    bad: [['server s 127.0.0.1:80 redir', 'missing-argument']],
    apply(settings, _call, prefix) {
      settings.redirectPrefix = prefix;
    },
  }),
  serverRow('ws', serverLine, {
    args: [oneOf('auto', 'h1', 'h2')],
    since: '2.5',
    doc: 'Protocol of WebSocket streams; only HTTP/1 is spoken.',
    ok: ['server s 127.0.0.1:80 ws h1'],
    bad: [['server s 127.0.0.1:80 ws h3', 'bad-value']],
    apply(_settings, call, protocol) {
      if (protocol !== 'h2') return;
      call.diagnostics.warning('not-carried-out', call.at, "'ws h2' is accepted but not carried out.");
    },
  }),
  serverRow('namespace', serverLine, {
    args: [text('<name>')],
    since: '1.6',
    doc: "Network namespace of connections to the server; *: the client's.",
    ok: ['server s 127.0.0.1:80 namespace blue', 'server s 127.0.0.1:80 namespace *'],
    bad: [['server s 127.0.0.1:80 namespace', 'missing-argument']],
    apply(settings, _call, name) {
      settings.namespace = name;
    },
  }),
  serverRow('socks4', serverLine, {
    args: [word('<address>:<port>')],
    since: '2.0',
    doc: 'Connects through a SOCKS4 proxy.',
    ok: ['server s 127.0.0.1:80 socks4 127.0.0.1:1080'],
    bad: [
      ['server s 127.0.0.1:80 socks4 127.0.0.1', 'bad-address'],
      ['server s 127.0.0.1:80 socks4', 'missing-argument'],
    ],
    apply: setSocks4,
  }),
  serverRow('init-addr', serverLine, {
    args: [word('last|libc|none|<ip>,...')],
    since: '1.7',
    doc: 'Where the address of a server that is given by name comes from at start.',
    ok: ['server s 127.0.0.1:80 init-addr last,libc,none', 'server s 127.0.0.1:80 init-addr none,192.0.2.1'],
    bad: [
      ['server s 127.0.0.1:80 init-addr sometimes', 'bad-value'],
      ['server s 127.0.0.1:80 init-addr', 'missing-argument'],
    ],
    apply: setInitAddr,
  }),
  serverRow('source', serverLine, {
    args: [word('<address>')],
    since: '1.3',
    doc: 'Source address of connections to this server.',
    extra: 'free',
    follows: countSourceWords,
    ok: [
      'server s 127.0.0.1:80 source 127.0.0.2:1024-2047',
      'server s 127.0.0.1:80 source 127.0.0.2 usesrc client weight 5',
    ],
    bad: [
      ['server s 127.0.0.1:80 source 1.2.3.4:70000', 'bad-address'],
      ['server s 127.0.0.1:80 source 1.2.3.4 usesrc', 'missing-argument'],
    ],
    apply(settings, call, value) {
      const source = readSource(call, value, true);
      if (source !== undefined) settings.source = source;
    },
  }),
];

function sslRow(name: string, value: boolean, withName: boolean, since: string, doc: string) {
  return serverRow(name, serverLine, {
    since,
    doc,
    ok: [`server s 127.0.0.1:80 ${name}`],
    apply(settings) {
      settings.sendProxyV2 = value;
      settings.sendProxySsl = value;
      if (withName) settings.sendProxySslCn = value;
    },
  });
}

function setSocks4(settings: ServerSettings, call: Call, value: Value): void {
  const parsed = parseAddress(value.text, call.env);
  const at = 'problem' in parsed || parsed.kind !== 'ip' || isIP(parsed.host) === 0 ? null : parsed;
  if (at === null || at.port.kind !== 'range' || at.port.first !== at.port.last) {
    const problem = at === null ? 'invalid address' : 'missing port specification';
    call.fail('bad-address', value, `'socks4' : ${problem} in '${value.text}'.`);
    return;
  }
  settings.socks4 = { host: at.host, port: at.port.first, family: at.family };
}

function setInitAddr(settings: ServerSettings, call: Call, value: Value): void {
  const methods: InitMethod[] = [];
  for (const name of value.text.split(',')) {
    const family = isIP(name) as 0 | 4 | 6;
    if (family !== 0 && methods.some((method) => method.kind === 'ip')) {
      call.fail('bad-value', value, `'init-addr' : initial address already specified, cannot add '${name}'.`);
      return;
    }
    if (family !== 0) methods.push({ kind: 'ip', host: name, family });
    else if (name === 'last' || name === 'libc' || name === 'none') methods.push({ kind: name });
    else {
      const message = `'init-addr' : unknown init-addr method '${name}', supported methods are 'libc', 'last', 'none'.`;
      call.fail('bad-value', value, message);
      return;
    }
  }
  settings.initAddr = methods;
}

function proxyNumberRow(
  name: string,
  contexts: readonly string[],
  key: KeyOf<ProxyLinkSettings, number>,
  since: string,
  doc: string,
): KeywordRow<ProxyNode> {
  return proxyRow(name, contexts, {
    args: [integer(0, 2_147_483_647, name === 'max-session-srv-conns' ? 'unbounded' : 'exact')],
    extra: 'ignored',
    since,
    doc,
    ok: [`${name} 3`],
    bad: [
      [`${name} many`, 'bad-number'],
      [name, 'missing-argument'],
    ],
    apply(node, _call, value) {
      node.settings[key] = value;
    },
  });
}

/** Seconds, rounded up; a bare number counts in seconds. */
function keepAliveRow(name: string, contexts: readonly string[], key: KeyOf<ProxyLinkSettings, number>, doc: string) {
  return proxyRow(name, contexts, {
    args: [time('s')],
    extra: 'ignored',
    since: '2.3',
    doc,
    ok: [`${name} 30s`],
    bad: [
      [`${name} 1x`, 'bad-time'],
      [name, 'missing-argument'],
    ],
    apply(node, _call, ms) {
      node.settings[key] = Math.floor(ms / 1000);
    },
  });
}

const retryWords = new Set(
  `none conn-failure empty-response junk-response response-timeout 0rtt-rejected all-retryable-errors
  401 403 404 408 421 425 429 500 501 502 503 504`
    .trim()
    .split(/\s+/),
);

export const proxyLinkRows: readonly KeywordRow<ProxyNode>[] = [
  optionFlagRow('tcp-smart-connect', backSide, '1.4', 'smartConnect', 'Saves an ACK when connecting to servers.'),
  optionFlagRow('http-no-delay', anyProxy, '1.5', 'httpNoDelay', 'Never waits for more before sending.'),
  optionFlagRow('prefer-last-server', backSide, '1.5', 'preferLastServer', "Stays with a client's own connection."),
  proxyNumberRow(
    'max-keep-alive-queue',
    backSide,
    'maxKeepAliveQueue',
    '1.5',
    'Queue from which on another server is taken.',
  ),
  proxyNumberRow(
    'max-session-srv-conns',
    frontSide,
    'maxSessionServerConns',
    '1.9',
    'Idle connections that a client keeps to itself.',
  ),
  proxyNumberRow('clitcpka-cnt', frontSide, 'clitcpkaCount', '2.3', 'Unanswered probes before a client is given up.'),
  proxyNumberRow('srvtcpka-cnt', backSide, 'srvtcpkaCount', '2.3', 'Unanswered probes before a server is given up.'),
  keepAliveRow('clitcpka-idle', frontSide, 'clitcpkaIdleSeconds', 'Silence before the first probe to a client.'),
  keepAliveRow('clitcpka-intvl', frontSide, 'clitcpkaIntervalSeconds', 'Time between probes to a client.'),
  keepAliveRow('srvtcpka-idle', backSide, 'srvtcpkaIdleSeconds', 'Silence before the first probe to a server.'),
  keepAliveRow('srvtcpka-intvl', backSide, 'srvtcpkaIntervalSeconds', 'Time between probes to a server.'),
  proxyRow('http-reuse', backSide, {
    args: [oneOf('never', 'safe', 'aggressive', 'always')],
    since: '1.6',
    doc: 'Which requests may use connections of others.',
    ok: ['http-reuse always'],
    bad: [
      ['http-reuse often', 'bad-value'],
      ['http-reuse', 'missing-argument'],
    ],
    apply(node, _call, mode) {
      node.settings.httpReuse = mode;
    },
  }),
  proxyRow('retry-on', backSide, {
    extra: 'free',
    since: '2.0',
    doc: 'Failures after which a request is sent again.',
    ok: ['retry-on 503 conn-failure', 'retry-on none'],
    bad: [
      ['retry-on', 'missing-argument'],
      ['retry-on 418', 'bad-value'],
      ['retry-on none 503', 'bad-value'],
    ],
    apply: setRetryOn,
  }),
  proxyRow('source', backSide, {
    args: [word('<address>')],
    extra: 'free',
    since: '1.1',
    doc: 'Source address of connections to servers.',
    ok: ['source 127.0.0.2', 'source 0.0.0.0 usesrc clientip'],
    bad: [
      ['source', 'missing-argument'],
      ['source 1.2.3.4:70000', 'bad-address'],
    ],
    apply(node, call, value) {
      const source = readSource(call, value, false);
      if (source !== undefined) node.settings.source = source;
    },
  }),
];

function setRetryOn(node: ProxyNode, call: Call): void {
  const { words } = call;
  if (words.length === 0) {
    const message = "'retry-on' needs at least one keyword to specify when to retry.";
    call.fail('missing-argument', undefined, message);
    return;
  }
  const odd = words.find((value) => !retryWords.has(value.text));
  const none = words.find((value) => value.text === 'none');
  if (odd) call.fail('bad-value', odd, `'retry-on' : unknown word '${odd.text}'.`);
  else if (none && words.length > 1) call.fail('bad-value', none, "'retry-on' : 'none' is only usable alone.");
  else node.settings.retryOn = words.map((value) => value.text);
}
