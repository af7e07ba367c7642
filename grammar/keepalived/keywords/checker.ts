/**
 * Health checkers of a real server: TCP_CHECK, HTTP_GET, SSL_GET, SMTP_CHECK, DNS_CHECK, MISC_CHECK, PING_CHECK,
 * UDP_CHECK, FILE_CHECK, BFD_CHECK. keepalived.conf(5), "Real server(s)". Understood, not carried out: checks of LVS
 * real servers come with LVS itself.
 */

import { block, known, type Row, type Table, table } from '../keyword.ts';
import type { ScriptNode } from '../nodes.ts';
import { address, boolean, flag, integer, oneOf, script, seconds, text, words } from '../readers.ts';

const MAX_INT = 2 ** 31 - 1;
const MAX_UINT = 2 ** 32 - 1;
const LONGEST_SECONDS = 1_000_000;
const PORT = integer(1, 65535);

/** Of LVS only the scripts are kept: their users and their security are checked. */
export interface LvsNode {
  readonly scripts: ScriptNode[];
}

export function keepScript(node: LvsNode, value: ScriptNode): void {
  node.scripts.push(value);
}

/** Words of every checker that connects to something. */
function connection(): Row<LvsNode>[] {
  return [
    known('connect_ip', address, { doc: 'Address to check instead of the real server', since: '1.1.8' }),
    known('connect_port', PORT, { doc: 'Port to check instead of the real server', since: '0.5.8' }),
    known('bindto', address, { doc: 'Source address', since: '1.1.2' }),
    known('bind_port', PORT, { doc: 'Source port', since: '1.2.13' }),
    known('bind_if', text('interface'), { doc: 'Source interface', since: '1.3.7' }),
    known('connect_timeout', seconds(0.000001, LONGEST_SECONDS), { doc: 'Seconds to wait', since: '0.5.3' }),
    known('fwmark', integer(0, MAX_UINT), { doc: 'Firewall mark of the packets', since: '1.2.13' }),
  ];
}

/** Words of every checker, and of real and virtual servers as defaults for them. */
export function timing<Node>(): Row<Node>[] {
  return [
    known('retry', integer(1, MAX_UINT), { doc: 'Attempts before the server is down', since: '1.1.8' }),
    known('delay_before_retry', seconds(0, LONGEST_SECONDS), { doc: 'Seconds between attempts', since: '0.5.3' }),
    known('warmup', seconds(0, LONGEST_SECONDS), { doc: 'Random delay of the first check', since: '1.2.13' }),
    known('delay_loop', seconds(0.000001, LONGEST_SECONDS), { doc: 'Seconds between checks', since: '0.5.3' }),
  ];
}

function common(): Row<LvsNode>[] {
  return [
    ...timing<LvsNode>(),
    known('alpha', boolean, { doc: 'Down until a check succeeds', since: '1.1.16' }),
    known('log_all_failures', boolean, { doc: 'Log every failed check', since: '2.0.11' }),
  ];
}

function match(): Row<LvsNode>[] {
  return [
    known('path', text('path'), { doc: 'Path and query to ask for', since: '0.5.3' }),
    known('digest', text('md5'), { doc: 'MD5 of the body', since: '0.5.3' }),
    known('status_code', words, { doc: 'Codes that are right', since: '0.7.6' }),
    known('virtualhost', text('host'), { doc: 'Host header', since: '0.5.8' }),
    known('regex', text('pattern'), { doc: 'What the body must match', since: '2.0.7' }),
    known('regex_no_match', flag, { doc: 'What the body must not match', since: '2.0.7' }),
    known('regex_options', words, { doc: 'PCRE2 options', since: '2.0.7' }),
    known('regex_min_offset', integer(0, MAX_INT), { doc: 'Where matching starts', since: '2.0.7' }),
    known('regex_max_offset', integer(0, MAX_INT), { doc: 'Where matching ends', since: '2.0.7' }),
    known('regex_stack', words, { doc: 'PCRE2 stack sizes', since: '2.0.7' }),
    known('tls_compliant', boolean, { doc: 'A missing close notify is a failure', since: '2.2.8' }),
  ];
}

const url = table('url', match());
const same = (node: LvsNode) => node;

function http(name: string): Table<LvsNode> {
  return table(name, [
    ...connection(),
    ...common(),
    known('nb_get_retry', integer(1, MAX_UINT), {
      doc: 'Attempts before the server is down',
      since: '0.5.3',
      deprecated: '2.0.0',
      modern: 'retry',
    }),
    known('virtualhost', text('host'), { doc: 'Host header', since: '0.5.8' }),
    known('http_protocol', oneOf('1.0', '1.0C', '1.0K', '1.1', '1.1K'), { doc: 'HTTP version', since: '2.0.17' }),
    known('enable_sni', boolean, { doc: 'Send the host name in the TLS handshake', since: '1.4.3' }),
    known('sni_name', text('host'), { doc: 'Another name for it', since: '2.4.4' }),
    known('fast_recovery', boolean, { doc: 'One success brings the server up', since: '2.0.17' }),
    known('tls_compliant', boolean, { doc: 'A missing close notify is a failure', since: '2.2.8' }),
    block('url', flag, same, url, { doc: 'A page to ask for, and what is right', since: '0.5.3' }),
  ]);
}

const smtpHost = table('host', [...connection(), ...common()]);
const smtp = table('SMTP_CHECK', [
  ...connection(),
  ...common(),
  known('helo_name', text('name'), { doc: 'Name in the HELO command', since: '0.5.9' }),
  block('host', flag, same, smtpHost, { doc: 'A mail server', since: '0.5.3', deprecated: '1.3.0' }),
]);

const dns = table('DNS_CHECK', [
  ...connection(),
  ...common(),
  known('type', oneOf('A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA', 'RRSIG', 'DNSKEY'), {
    doc: 'Record type',
    since: '1.3.0',
  }),
  known('name', text('name'), { doc: 'Name to ask for', since: '1.3.0' }),
]);

const misc = table('MISC_CHECK', [
  ...common(),
  known('misc_path', script, { doc: 'Program to run', since: '0.7.6' }, keepScript),
  known('misc_timeout', integer(1, MAX_INT), { doc: 'Seconds it may take', since: '1.1.4' }),
  known('misc_dynamic', flag, { doc: 'Its exit status is the weight', since: '1.1.4' }),
  known('user', words, { doc: 'Who runs it', since: '1.3.0' }),
]);

const udp = table('UDP_CHECK', [
  ...connection(),
  ...common(),
  known('payload', words, { doc: 'What to send, in hexadecimal', since: '2.2.0' }),
  known('require_reply', words, { doc: 'A reply must come', since: '2.1.0' }),
  known('min_reply_length', integer(0, 65535), { doc: 'Shortest reply', since: '2.2.0' }),
  known('max_reply_length', integer(0, 65535), { doc: 'Longest reply', since: '2.2.0' }),
]);

const file = table('FILE_CHECK', [
  ...common(),
  known('track_file', text('name'), { doc: 'The track_file that counts', since: '2.0.0' }),
  known('weight', words, { doc: 'Multiplies the number in the file', since: '2.1.0' }),
]);

const bfd = table('BFD_CHECK', [
  known('name', text('name'), { doc: 'The BFD session that counts', since: '1.3.0' }),
  known('alpha', boolean, { doc: 'Down until the session is up', since: '1.1.16' }),
]);

const CHECKERS: readonly (readonly [Table<LvsNode>, string, string])[] = [
  [table('TCP_CHECK', [...connection(), ...common()]), 'Connect', '0.5.3'],
  [table('PING_CHECK', [...connection(), ...common()]), 'Send an ICMP echo', '2.1.0'],
  [http('HTTP_GET'), 'Ask for pages', '0.5.3'],
  [http('SSL_GET'), 'Ask for pages over TLS', '0.5.3'],
  [smtp, 'Talk to a mail server', '0.5.3'],
  [dns, 'Ask a name server', '1.3.0'],
  [misc, 'Run a program', '0.7.6'],
  [udp, 'Send a datagram', '2.1.0'],
  [file, 'Read a number from a file', '2.1.0'],
  [bfd, 'Follow a BFD session', '2.0.0'],
];

export const checkerRows: readonly Row<LvsNode>[] = CHECKERS.map(([inside, doc, since]) =>
  block(inside.name, flag, same, inside, { doc, since }),
);
