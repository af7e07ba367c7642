/**
 * Health checkers of a real server: TCP_CHECK, HTTP_GET, SSL_GET, SMTP_CHECK, DNS_CHECK, MISC_CHECK, PING_CHECK,
 * UDP_CHECK, FILE_CHECK, BFD_CHECK. keepalived.conf(5), "Real server(s)". Typed and checked, not carried out: checks
 * of LVS real servers come with LVS itself.
 */
import type { Statement } from '../ast.ts';
import type { Context } from '../context.ts';
import { type Build, block, kept, known, type Reader, type Row, type RowFacts, type Table, table } from '../keyword.ts';
import type { CheckerKind, CheckerNode, CheckTimingNode, RealServerNode, ScriptNode, UrlNode } from '../nodes.ts';
import {
  address,
  boolean,
  flag,
  integer,
  milliseconds,
  oneOf,
  optional,
  reader,
  script,
  text,
  userGroup,
  weight,
  words,
} from '../readers.ts';

const MAX_INT = 2 ** 31 - 1;
const MAX_UINT = 2 ** 32 - 1;
/** 2^64 microseconds and 2^32. */
const LONGEST_DELAY = 18_446_744_073_709;
const LONGEST_CONNECT = 4294.967295;
const PORT = integer(1, 65535);

const facts = (doc: string, since: string, more: Partial<RowFacts> = {}): RowFacts => ({ doc, since, ...more });

/** Words of every checker, and of real and virtual servers as defaults for them. */
export function timing<Node extends CheckTimingNode>(fewestRetries: 0 | 1): Row<Node>[] {
  const rows: Row<CheckTimingNode>[] = [
    kept('retry', 'retry', integer(fewestRetries, MAX_UINT), facts('Attempts before the server is down', '1.1.8')),
    kept(
      'delay_before_retry',
      'delayBeforeRetryMs',
      milliseconds(0, LONGEST_DELAY),
      facts('Seconds between attempts', '0.5.3'),
    ),
    kept('warmup', 'warmupMs', milliseconds(0, LONGEST_DELAY), facts('Random delay of the first check', '1.2.13')),
    kept('delay_loop', 'delayLoopMs', milliseconds(0.000001, LONGEST_DELAY), facts('Seconds between checks', '0.5.3')),
  ];
  return rows;
}

/** A connection may take seconds, with decimals, but not none. */
export function connectTimeout<Node extends CheckTimingNode>(since: string): Row<Node> {
  const row: Row<CheckTimingNode> = kept(
    'connect_timeout',
    'connectTimeoutMs',
    milliseconds(0.000001, LONGEST_CONNECT),
    facts('Seconds to wait for a connection', since),
  );
  return row;
}

/** Words of every checker that connects to something. */
function connection(): Row<CheckerNode>[] {
  return [
    kept('connect_ip', 'connectIp', address, facts('Address to check instead of the real server', '1.1.8')),
    kept('connect_port', 'connectPort', PORT, facts('Port to check instead of the real server', '0.5.8')),
    kept('bindto', 'bindTo', address, facts('Source address', '1.1.2')),
    kept('bind_port', 'bindPort', PORT, facts('Source port', '1.2.13')),
    kept('bind_if', 'bindInterface', text('interface'), facts('Source interface', '1.3.7')),
    connectTimeout<CheckerNode>('0.5.3'),
    kept('fwmark', 'fwmark', integer(0, MAX_UINT), facts('Firewall mark of the packets', '1.2.13')),
  ];
}

function common(): Row<CheckerNode>[] {
  return [
    ...timing<CheckerNode>(0),
    kept('alpha', 'alpha', boolean, facts('Down until a check succeeds', '1.1.16')),
    kept('log_all_failures', 'logAllFailures', boolean, facts('Log every failed check', '2.0.11')),
  ];
}

const HEX_DIGEST = /^[0-9a-fA-F]{32}$/;
const digest: Reader<string> = reader('md5', (args) => {
  const word = args.next('an MD5 digest');
  if (!word || HEX_DIGEST.test(word.text)) return word?.text;
  return args.report('invalid-value', word, `digest '${word.text}' is not an MD5 sum`, '32 hexadecimal digits');
});

/** `200 204 300-399`. */
const statusCodes: Reader<(readonly [number, number])[]> = reader('code[-code]..', (args) => {
  const first = args.next('a status code');
  if (!first) return undefined;
  const ranges: (readonly [number, number])[] = [];
  for (const word of [first, ...args.rest()]) {
    const match = /^(\d{3})(?:-(\d{3}))?$/.exec(word.text);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (!match || from < 100 || to < from) {
      return args.report(
        'invalid-value',
        word,
        `Invalid HTTP_GET status code '${word.text}'`,
        '100 to 999, or a range',
      );
    }
    ranges.push([from, to]);
  }
  return ranges;
});

/** The names of PCRE2's compile options. */
const REGEX_OPTIONS = [
  'allow_empty_class',
  'alt_bsux',
  'auto_callout',
  'caseless',
  'dollar_endonly',
  'dotall',
  'dupnames',
  'extended',
  'firstline',
  'match_unset_backref',
  'multiline',
  'never_ucp',
  'never_utf',
  'no_auto_capture',
  'no_auto_possess',
  'no_dotstar_anchor',
  'no_start_optimize',
  'ucp',
  'ungreedy',
  'utf',
  'never_backslash_c',
  'alt_circumflex',
  'alt_verbnames',
  'use_offset_limit',
] as const;

const regexOptions: Reader<readonly string[]> = reader('option..', (args) => {
  const options = args.rest();
  const wrong = options.find((option) => !REGEX_OPTIONS.some((known) => known === option.text));
  if (!wrong) return options.map((option) => option.text);
  return args.report('invalid-value', wrong, `Unknown regex option '${wrong.text}'`, REGEX_OPTIONS.join(', '));
});

const stackSize = integer(1, MAX_INT);
const regexStack: Reader<readonly [number, number]> = reader('start max', (args) => {
  const start = stackSize.read(args);
  const max = start === undefined ? undefined : stackSize.read(args);
  return start === undefined || max === undefined ? undefined : [start, max];
});

/** A number; keepalived takes nonsense for nothing said. */
const offset: Reader<number> = reader('bytes', (args) => {
  const word = args.next('a number');
  if (!word || (/^\d+$/.test(word.text) && Number(word.text) <= MAX_INT)) return word && Number(word.text);
  return args.report('not-an-offset', word, `invalid offset '${word.text}'`, 'a number of bytes');
});

const url: Table<OpenUrl> = table('url', [
  kept('path', 'path', text('path'), facts('Path and query to ask for', '0.5.3')),
  kept('digest', 'digest', digest, facts('MD5 of the body', '0.5.3')),
  kept('status_code', 'statusCodes', statusCodes, facts('Codes that are right', '0.7.6', { missing: 'ignored' })),
  kept('virtualhost', 'virtualhost', text('host'), facts('Host header', '0.5.8', { missing: 'error' })),
  kept('regex', 'regex', text('pattern'), facts('What the body must match', '2.0.7', { missing: 'ignored' })),
  kept('regex_no_match', 'regexNoMatch', flag, facts('What the body must not match', '2.0.7')),
  kept('regex_options', 'regexOptions', regexOptions, facts('PCRE2 options', '2.0.7')),
  kept('regex_min_offset', 'regexMinOffset', offset, facts('Where matching starts', '2.0.7', { missing: 'ignored' })),
  kept('regex_max_offset', 'regexMaxOffset', offset, facts('Where matching ends', '2.0.7', { missing: 'ignored' })),
  kept('regex_stack', 'regexStack', regexStack, facts('PCRE2 stack sizes', '2.0.7', { missing: 'ignored' })),
  kept('tls_compliant', 'tlsCompliant', boolean, facts('A missing close notify is a failure', '2.2.8')),
]);

/** A page that `HTTP_GET` asks for; without a path there is none. */
interface OpenUrl extends UrlNode {
  readonly checker: CheckerNode;
}

function openUrl(checker: CheckerNode): OpenUrl {
  return { checker };
}

function closeUrl({ checker, ...node }: OpenUrl, context: Context, at: Statement): void {
  if (node.path !== undefined) {
    checker.urls ??= [];
    checker.urls.push(node);
  } else context.error('no-path', context.endOf(at), `${checker.kind} checker url has no path - ignoring`);
}

const HTTP_PROTOCOLS = ['1.0', '1.0C', '1.0K', '1.1', '1.1K'] as const;

function http(name: CheckerKind): Table<CheckerNode> {
  return table(name, [
    ...connection(),
    ...common(),
    kept(
      'nb_get_retry',
      'retry',
      integer(0, MAX_UINT),
      facts('Attempts before the server is down', '0.5.3', { deprecated: '2.0.0', modern: 'retry' }),
    ),
    kept('virtualhost', 'virtualhost', text('host'), facts('Host header', '0.5.8', { missing: 'error' })),
    kept(
      'http_protocol',
      'httpProtocol',
      oneOf(...HTTP_PROTOCOLS),
      facts('HTTP version', '2.0.17', { missing: 'error' }),
    ),
    kept('enable_sni', 'enableSni', boolean, facts('Send the host name in the TLS handshake', '1.4.3')),
    kept('sni_name', 'sniName', text('host'), facts('Another name for it', '2.4.4')),
    kept('fast_recovery', 'fastRecovery', boolean, facts('One success brings the server up', '2.0.17')),
    kept('tls_compliant', 'tlsCompliant', boolean, facts('A missing close notify is a failure', '2.2.8')),
    block('url', flag, openUrl, url, {
      ...facts('A page to ask for, and what is right', '0.5.3'),
      end: closeUrl,
    }),
  ]);
}

function openHost(node: CheckerNode, _head: true, statement: Statement): CheckerNode {
  const opened: CheckerNode = { kind: 'SMTP_CHECK', site: statement.words[0]!, statement };
  node.hosts ??= [];
  node.hosts.push(opened);
  return opened;
}

const smtp: Table<CheckerNode> = table('SMTP_CHECK', [
  ...connection(),
  ...common(),
  kept('helo_name', 'heloName', text('name'), facts('Name in the HELO command', '1.1.8', { missing: 'error' })),
  block(
    'host',
    flag,
    openHost,
    table('host', [...connection(), ...common()]),
    facts('A mail server', '1.1.8', { deprecated: '1.3.0', silent: true }),
  ),
]);

const DNS_TYPES = ['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA', 'RRSIG', 'DNSKEY'] as const;

const dns: Table<CheckerNode> = table('DNS_CHECK', [
  ...connection(),
  ...common(),
  kept('type', 'dnsType', oneOf(...DNS_TYPES), facts('Record type', '1.3.0')),
  kept('name', 'name', text('name'), facts('Name to ask for', '1.3.0')),
]);

const misc: Table<CheckerNode> = table('MISC_CHECK', [
  ...common(),
  kept('misc_path', 'script', script, facts('Program to run', '0.5.3', { missing: 'ignored' })),
  kept('misc_timeout', 'scriptTimeoutS', integer(1, MAX_INT), facts('Seconds it may take', '1.1.0')),
  kept('misc_dynamic', 'scriptWeight', flag, facts('Its exit status is the weight', '1.1.8')),
  kept('user', 'user', userGroup, facts('Who runs it', '1.3.0')),
]);

const hexadecimal: Reader<string> = reader('hexadecimal digits', (args) => {
  const line = args.rest();
  const joined = line.map((word) => word.text).join('');
  if (line.length > 0 && /^(?:[0-9a-fA-F]{2})+$/.test(joined)) return joined;
  const site = line[0] ?? args.statement;
  return args.report('invalid-value', site, `'${joined}' is not a string of bytes`, 'pairs of hexadecimal digits');
});

const udp: Table<CheckerNode> = table('UDP_CHECK', [
  ...connection(),
  ...common(),
  kept('payload', 'payload', hexadecimal, facts('What to send, in hexadecimal', '2.2.0')),
  known('require_reply', optional(words), facts('A reply must come', '2.1.0'), (node: CheckerNode, value) => {
    node.requireReply = value?.map((word) => word.text).join('') ?? '';
  }),
  kept('min_reply_length', 'minReplyLength', integer(0, 65535), facts('Shortest reply', '2.2.0')),
  kept('max_reply_length', 'maxReplyLength', integer(0, 65535), facts('Longest reply', '2.2.0')),
]);

const file: Table<CheckerNode> = table('FILE_CHECK', [
  kept('track_file', 'name', text('name'), facts('The track_file that counts', '2.0.0')),
  kept(
    'weight',
    'weight',
    weight(-MAX_INT, MAX_INT),
    facts('Multiplies the number in the file', '2.1.0', { missing: 'error' }),
  ),
]);

const bfd: Table<CheckerNode> = table('BFD_CHECK', [
  kept('name', 'name', text('name'), facts('The BFD session that counts', '1.3.0', { missing: 'error' })),
  kept('alpha', 'alpha', boolean, facts('Down until the session is up', '1.1.16')),
]);

const CHECKERS: readonly (readonly [CheckerKind, Table<CheckerNode>, string, string, Build?])[] = [
  ['TCP_CHECK', table('TCP_CHECK', [...connection(), ...common()]), 'Connect', '0.5.3'],
  ['PING_CHECK', table('PING_CHECK', [...connection(), ...common()]), 'Send an ICMP echo', '2.1.0'],
  ['HTTP_GET', http('HTTP_GET'), 'Ask for pages', '0.5.3'],
  ['SSL_GET', http('SSL_GET'), 'Ask for pages over TLS', '0.5.3'],
  ['SMTP_CHECK', smtp, 'Talk to a mail server', '1.1.8'],
  ['DNS_CHECK', dns, 'Ask a name server', '1.3.0'],
  ['MISC_CHECK', misc, 'Run a program', '0.5.3'],
  ['UDP_CHECK', udp, 'Send a datagram', '2.1.0'],
  ['FILE_CHECK', file, 'Read a number from a file', '2.1.0'],
  ['BFD_CHECK', bfd, 'Follow a BFD session', '2.0.0', 'bfd'],
];

export const checkerRows: readonly Row<RealServerNode>[] = CHECKERS.map(([kind, inside, doc, since, build]) =>
  block(
    kind,
    flag,
    (node: RealServerNode, _head, statement): CheckerNode => {
      const checker: CheckerNode = { kind, site: statement.words[0]!, statement };
      node.checkers.push(checker);
      return checker;
    },
    inside,
    { doc, since, ...(build && { build }) },
  ),
);

/** The command of a MISC_CHECK, with the user that the checker names. */
export function scriptOf(node: CheckerNode): ScriptNode | undefined {
  if (!node.script || !node.user) return node.script;
  return { ...node.script, user: node.user.value.user, group: node.user.value.group };
}
