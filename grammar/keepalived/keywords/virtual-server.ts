/**
 * `virtual_server`, `real_server`, `virtual_server_group`, `SSL`: IPVS. keepalived.conf(5), "LVS CONFIGURATION".
 * Understood, not carried out yet.
 */
import type { Arguments } from '../arguments.ts';
import type { Statement, Word } from '../ast.ts';
import type { Context } from '../context.ts';
import { addressFamily } from '../ip.ts';
import { block, known, knownList, type Reader, type Row, type Table, table } from '../keyword.ts';
import type { DocumentNode } from '../nodes.ts';
import { boolean, flag, integer, oneOf, optional, script, text, words } from '../readers.ts';
import { checkerRows, keepScript, type LvsNode, timing } from './checker.ts';

const MAX_INT = 2 ** 31 - 1;
const MAX_UINT = 2 ** 32 - 1;
const SCHEDULERS = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'sh',
  'mh',
  'dh',
  'fo',
  'ovf',
  'lblcr',
  'sed',
  'nq',
  'twos',
] as const;

/** `address [port]`, also with the two in one word as in `192.0.2.1/80` (not keepalived's, and an error there). */
const addressAndPort: Reader<readonly Word[]> = {
  takes: 'address [port]',
  read(args) {
    const host = args.next('an IP address');
    if (!host) return undefined;
    if (!addressFamily(host.text)) {
      return args.report(
        'invalid-address',
        host,
        `Invalid server ip address/port ${host.text} - skipping`,
        'an IPv4 or IPv6 address',
      );
    }
    return readPort(args) ? [host] : undefined;
  },
};

function readPort(args: Arguments): boolean {
  const port = args.peek();
  if (!port) return true;
  args.next('a port');
  if (/^\d+$/.test(port.text) && Number(port.text) >= 0 && Number(port.text) <= 65535) return true;
  args.report('invalid-port', port, `Invalid port '${port.text}'`, '1 to 65535');
  return false;
}

const virtualServerHead: Reader<readonly Word[]> = {
  takes: 'address [port] | fwmark number | group name',
  read(args) {
    const kind = args.take('fwmark', 'group');
    if (!kind) return addressAndPort.read(args);
    const word = args.next(kind === 'fwmark' ? 'a firewall mark' : 'a group name');
    if (!word) return undefined;
    if (kind === 'fwmark' && !/^\d+$/.test(word.text)) {
      return args.report('invalid-number', word, `invalid number '${word.text}'`, 'a firewall mark');
    }
    return [word];
  },
};

/** `NAT`, `DR` or `TUN`, with what a tunnel takes behind it. */
const forwarding: Reader<unknown> = {
  takes: 'NAT|DR|TUN [type ..]',
  read(args) {
    const method = oneOf('NAT', 'DR', 'TUN').read(args);
    if (method === 'TUN') args.rest();
    return method;
  },
};

/** `TCP` in any case. */
const protocol: Reader<Word> = {
  takes: 'TCP|UDP|SCTP',
  read(args) {
    const word = args.next('a protocol');
    if (!word || /^(tcp|udp|sctp)$/i.test(word.text)) return word;
    return args.report('invalid-value', word, `unknown protocol '${word.text}'`, 'TCP, UDP or SCTP');
  },
};

function notifications(): Row<LvsNode>[] {
  return [
    known('notify_up', script, { doc: 'Script to run when the server comes up', since: '1.0.0' }, keepScript),
    known('notify_down', script, { doc: 'Script to run when the server goes down', since: '1.0.0' }, keepScript),
    known('smtp_alert', boolean, { doc: 'Send a mail on every change', since: '0.5.7' }),
  ];
}

const realServer: Table<LvsNode> = table('real_server', [
  known('weight', integer(0, MAX_INT), { doc: 'Share of the connections', since: '0.5.3' }),
  known('lvs_method', forwarding, { doc: 'Forwarding method', since: '1.1.5' }),
  known('uthreshold', integer(0, MAX_UINT), { doc: 'Most connections', since: '1.1.13' }),
  known('lthreshold', integer(0, MAX_UINT), { doc: 'Connections to fall to before new ones', since: '1.1.13' }),
  known('inhibit_on_failure', boolean, { doc: 'Weight 0 instead of removal', since: '0.6.8' }),
  known('alpha', boolean, { doc: 'Down until a check succeeds', since: '1.1.16' }),
  known('connect_timeout', words, { doc: 'Default of the checkers', since: '2.0.0' }),
  known('virtualhost', text('host'), { doc: 'Default Host header of the checkers', since: '0.5.8' }),
  known('snmp_name', text('name'), { doc: 'Name in SNMP', since: '2.2.3' }),
  ...timing<LvsNode>(),
  ...notifications(),
  ...checkerRows,
]);

const same = (node: LvsNode) => node;
const newNode = (): LvsNode => ({ scripts: [] });

interface VirtualServerNode extends LvsNode {
  protocol?: Word;
}

function checkProtocol(node: VirtualServerNode, context: Context, at: Statement): void {
  if (!node.protocol || at.words[1]?.text !== 'fwmark') return;
  const message = `Virtual server FWM ${at.words[2]?.text ?? ''}: protocol specified for fwmark - protocol will be ignored`;
  context.warning('protocol-ignored', node.protocol, message);
}

const virtualServer: Table<VirtualServerNode> = table('virtual_server', [
  known('ip_family', oneOf('inet', 'inet6'), { doc: 'Family of a firewall mark', since: '1.2.20' }),
  ...timing<LvsNode>(),
  known('connect_timeout', words, { doc: 'Default of the checkers', since: '0.5.3' }),
  known('inhibit_on_failure', boolean, { doc: 'Weight 0 instead of removal', since: '0.6.8' }),
  known('lb_algo', oneOf(...SCHEDULERS), {
    doc: 'Scheduler',
    since: '0.5.3',
    accept: ['lb_algo rr'],
    reject: [['lb_algo best', 'invalid-value']],
  }),
  known('lvs_sched', oneOf(...SCHEDULERS), { doc: 'Scheduler', since: '1.1.5' }),
  ...['hashed', 'ops', 'flag-1', 'flag-2', 'flag-3', 'sh-port', 'sh-fallback', 'mh-port', 'mh-fallback'].map((name) =>
    known<LvsNode>(name, flag, { doc: 'Flag of the scheduler', since: '1.3.0' }),
  ),
  known('lb_kind', forwarding, {
    doc: 'Forwarding method',
    since: '0.5.3',
    accept: ['lb_kind DR'],
    reject: [['lb_kind FNAT', 'invalid-value']],
  }),
  known('lvs_method', forwarding, { doc: 'Forwarding method', since: '1.1.5' }),
  known('persistence_engine', text('name'), { doc: 'Persistence engine', since: '1.2.20' }),
  known('persistence_timeout', optional(integer(1, 2_678_400)), {
    doc: 'Seconds that a client stays with a server',
    since: '0.5.3',
  }),
  known('persistence_granularity', text('netmask'), { doc: 'Clients that stay together', since: '0.5.7' }),
  known(
    'protocol',
    protocol,
    {
      doc: 'TCP, UDP or SCTP',
      since: '0.5.3',
      accept: ['protocol tcp'],
      reject: [['protocol http', 'invalid-value']],
    },
    (node: VirtualServerNode, word) => {
      node.protocol = word;
    },
  ),
  known('ha_suspend', flag, { doc: 'No checks while not master', since: '1.0.0' }),
  known('smtp_alert', boolean, { doc: 'Send a mail on every change', since: '0.5.7' }),
  known('virtualhost', text('host'), { doc: 'Default Host header of the checkers', since: '0.5.8' }),
  known('snmp_name', text('name'), { doc: 'Name in SNMP', since: '2.2.3' }),
  known('alpha', flag, { doc: 'Servers are down until a check succeeds', since: '1.1.16' }),
  known('omega', flag, { doc: 'Run notify scripts on stop', since: '1.1.16' }),
  known('quorum_up', script, { doc: 'Script to run when there are enough servers', since: '1.1.16' }, keepScript),
  known('quorum_down', script, { doc: 'Script to run when there are too few servers', since: '1.1.16' }, keepScript),
  known('quorum', integer(1, MAX_UINT), { doc: 'Weight that is enough', since: '1.1.16' }),
  known('hysteresis', integer(0, MAX_UINT), { doc: 'Tolerance of the quorum', since: '1.1.16' }),
  known('weight', integer(1, MAX_INT), { doc: 'Weight of servers that give none', since: '0.5.3' }),
  known('sorry_server', addressAndPort, { doc: 'Server of last resort', since: '0.5.3' }),
  known('sorry_server_inhibit', flag, { doc: 'Treat it as inhibit_on_failure says', since: '1.2.13' }),
  known('sorry_server_lvs_method', forwarding, { doc: 'Its forwarding method', since: '1.3.6' }),
  known('nat_mask', text('netmask'), { doc: 'Mask of NAT', since: '0.5.3', removed: '1.2.20' }),
  block('real_server', addressAndPort, same, realServer, { doc: 'A server', since: '0.5.3' }),
]);

const ssl: Table<LvsNode> = table('SSL', [
  known('password', text('password'), { doc: 'Password of the key', since: '0.5.3' }),
  known('ca', text('path'), { doc: 'Authorities', since: '0.5.3' }),
  known('certificate', text('path'), { doc: 'Certificate', since: '0.5.3' }),
  known('key', text('path'), { doc: 'Private key', since: '0.5.3' }),
]);

export const lvsRows: readonly Row<DocumentNode>[] = [
  block(
    'virtual_server',
    virtualServerHead,
    (document: DocumentNode, _head, statement: Statement): VirtualServerNode => {
      document.virtualServers.push(statement);
      return { scripts: document.checkScripts };
    },
    virtualServer,
    { doc: 'A virtual server of IPVS', since: '0.5.3', carried: false, end: checkProtocol },
  ),
  knownList('virtual_server_group', {
    doc: 'Addresses and marks that are one virtual server',
    since: '1.0.2',
    takes: 'name',
  }),
  block('SSL', flag, newNode, ssl, { doc: 'Client certificate of SSL_GET', since: '0.5.3', carried: false }),
];
