/**
 * `virtual_server`, `real_server`, `virtual_server_group`, `SSL`: IPVS. keepalived.conf(5), "LVS CONFIGURATION".
 * Typed and checked, not carried out yet.
 */
import type { Arguments } from '../arguments.ts';
import type { Block, Statement, Word } from '../ast.ts';
import type { Context } from '../context.ts';
import { addressFamily } from '../ip.ts';
import { block, kept, known, list, type Reader, type Row, type RowFacts, type Table, table } from '../keyword.ts';
import type {
  DocumentNode,
  EndpointNode,
  ForwardingNode,
  GroupMemberNode,
  RealServerNode,
  Sited,
  VirtualServerHead,
  VirtualServerNode,
} from '../nodes.ts';
import { aboveZero, boolean, flag, integer, oneOf, optional, reader, script, sited, text } from '../readers.ts';
import { checkerRows, connectTimeout, timing } from './checker.ts';

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
const SCHEDULER_FLAGS = [
  'hashed',
  'ops',
  'flag-1',
  'flag-2',
  'flag-3',
  'sh-port',
  'sh-fallback',
  'mh-port',
  'mh-fallback',
] as const;

const FLAG_SINCE: Readonly<Record<string, string>> = { ops: '1.2.8', 'mh-port': '2.0.20', 'mh-fallback': '2.0.20' };

const endpoint: Reader<EndpointNode> = reader('address [port]', (args) => {
  const host = args.next('an IP address');
  if (!host) return undefined;
  const family = addressFamily(host.text);
  if (!family) {
    const message = `Invalid server ip address/port ${host.text} - skipping`;
    return args.report('invalid-address', host, message, 'an IPv4 or IPv6 address');
  }
  const port = readPort(args);
  return port === undefined ? undefined : { site: host, address: host.text, family, port };
});

function readPort(args: Arguments): number | undefined {
  const port = args.peek();
  if (!port) return 0;
  args.next('a port');
  if (/^\s*\d+$/.test(port.text) && Number(port.text) <= 65535) return Number(port.text);
  return args.report('invalid-port', port, `Invalid port '${port.text}'`, '0 to 65535');
}

const firewallMark = integer(1, MAX_UINT);

const virtualServerHead: Reader<VirtualServerHead> = reader('address [port] | fwmark number | group name', (args) => {
  const kind = args.take('fwmark', 'group');
  if (kind === 'group') {
    const group = args.next('a group name');
    return group && { kind, group };
  }
  if (kind === 'fwmark') {
    const fwmark = firewallMark.read(args);
    return fwmark === undefined ? undefined : { kind, fwmark };
  }
  const read = endpoint.read(args);
  return read && { kind: 'address', endpoint: read };
});

const METHOD = oneOf('NAT', 'DR', 'TUN');
const TUNNEL = oneOf('ipip', 'gue', 'gre');
const PORT = integer(1, 65535);

/** `NAT`, `DR` or `TUN`, with what a tunnel takes behind it. */
const forwarding: Reader<ForwardingNode> = reader('NAT|DR|TUN [type ipip|gue port n|gre] [csum]', (args) => {
  const method = METHOD.read(args);
  if (method === undefined) return undefined;
  if (method !== 'TUN') return noMore(args) ? { method } : undefined;
  const tunnel = args.take('type') ? TUNNEL.read(args) : undefined;
  const tunnelPort = args.take('port') ? PORT.read(args) : undefined;
  const checksum = args.take('nocsum', 'csum', 'remcsum') as ForwardingNode['checksum'];
  if ((tunnel === 'gue') !== (tunnelPort !== undefined)) {
    return args.report(
      'invalid-value',
      args.statement,
      'gue tunnels require a port, others take none',
      "'type gue port NUMBER'",
    );
  }
  if (!noMore(args)) return undefined;
  return { method, ...(tunnel && { tunnel }), ...(tunnelPort && { tunnelPort }), ...(checksum && { checksum }) };
});

function noMore(args: Arguments): boolean {
  const extra = args.peek();
  if (extra)
    args.report('unknown-option', extra, `Invalid tunnel option '${extra.text}'`, 'type, port or csum behind TUN');
  return !extra;
}

/** `TCP` in any case. */
const protocol: Reader<Word> = reader('TCP|UDP|SCTP', (args) => {
  const word = args.next('a protocol');
  if (!word || /^(tcp|udp|sctp)$/i.test(word.text)) return word;
  return args.report('invalid-value', word, `unknown protocol '${word.text}'`, 'TCP, UDP or SCTP');
});

/** An IPv4 netmask or an IPv6 prefix length. */
const granularity: Reader<Word> = reader('netmask|prefix', (args) => {
  const word = args.next('a netmask');
  if (!word) return undefined;
  const isPrefix = /^\d+$/.test(word.text) && Number(word.text) >= 1 && Number(word.text) <= 128;
  if (isPrefix || addressFamily(word.text) === 4) return word;
  return args.report(
    'invalid-value',
    word,
    `Invalid IPv4 persistence_granularity specified - ${word.text}`,
    'a netmask, or 1 to 128 for IPv6',
  );
});

/** A script of which only the first one counts. */
function scriptRow<Node extends { readonly repeated: Sited<string>[] }, Key extends keyof Node>(
  name: string,
  key: Key,
  reader: Reader<Node[Key] & {}>,
  facts: RowFacts,
): Row<Node> {
  return known<Node, Sited<Node[Key] & {}>>(name, sited(reader), facts, (node, { value, site }) => {
    if (node[key] === undefined) node[key] = value;
    else node.repeated.push({ value: name, site });
  });
}

const realServer: Table<RealServerNode> = table('real_server', [
  kept('weight', 'weight', integer(0, MAX_INT), { doc: 'Share of the connections', since: '0.5.3' }),
  kept('lvs_method', 'forwarding', forwarding, { doc: 'Forwarding method', since: '1.1.5' }),
  kept('uthreshold', 'upperThreshold', integer(0, MAX_UINT), { doc: 'Most connections', since: '1.1.13' }),
  kept('lthreshold', 'lowerThreshold', integer(0, MAX_UINT), {
    doc: 'Connections to fall to before new ones',
    since: '1.1.13',
  }),
  kept('inhibit_on_failure', 'inhibitOnFailure', boolean, { doc: 'Weight 0 instead of removal', since: '0.6.8' }),
  kept('alpha', 'alpha', boolean, { doc: 'Down until a check succeeds', since: '1.1.16' }),
  connectTimeout<RealServerNode>('0.5.3'),
  kept('virtualhost', 'virtualhost', text('host'), {
    doc: 'Default Host header of the checkers',
    since: '0.5.8',
    missing: 'error',
  }),
  kept('snmp_name', 'snmpName', text('name'), { doc: 'Name in SNMP', since: '2.2.3', missing: 'error', exact: true }),
  ...timing<RealServerNode>(1),
  scriptRow('notify_up', 'notifyUp', script, { doc: 'Script to run when the server comes up', since: '1.0.0' }),
  scriptRow('notify_down', 'notifyDown', script, { doc: 'Script to run when the server goes down', since: '1.0.0' }),
  kept('smtp_alert', 'smtpAlert', boolean, { doc: 'Send a mail on every change', since: '0.5.7' }),
  ...checkerRows,
]);

/** The word itself, for what is said about it later. */
const keyword: Reader<Word> = reader('', (args) => args.statement.words[0]);

const DEFAULT_PERSISTENCE_S = 360;

const virtualServer: Table<VirtualServerNode> = table('virtual_server', [
  kept('ip_family', 'ipFamily', sited(oneOf('inet', 'inet6')), { doc: 'Family of a firewall mark', since: '1.2.20' }),
  ...timing<VirtualServerNode>(1),
  connectTimeout<VirtualServerNode>('0.5.3'),
  kept('inhibit_on_failure', 'inhibitOnFailure', flag, { doc: 'Weight 0 instead of removal', since: '0.6.8' }),
  kept('lb_algo', 'scheduler', oneOf(...SCHEDULERS), {
    doc: 'Scheduler',
    since: '0.5.3',
    accept: ['lb_algo rr'],
    reject: [['lb_algo best', 'invalid-value']],
  }),
  kept('lvs_sched', 'scheduler', oneOf(...SCHEDULERS), { doc: 'Scheduler', since: '1.1.5' }),
  ...SCHEDULER_FLAGS.map((name) =>
    known<VirtualServerNode, Word>(
      name,
      keyword,
      { doc: 'Flag of the scheduler', since: FLAG_SINCE[name] ?? '1.3.0' },
      (node, at) => {
        node.schedulerFlags.push({ value: name, site: at, scheduler: node.scheduler ?? null });
      },
    ),
  ),
  kept('lb_kind', 'forwarding', forwarding, {
    doc: 'Forwarding method',
    since: '0.5.3',
    accept: ['lb_kind DR', 'lb_kind TUN type gue port 6080 csum'],
    reject: [['lb_kind FNAT', 'invalid-value']],
  }),
  kept('lvs_method', 'forwarding', forwarding, { doc: 'Forwarding method', since: '1.1.5' }),
  kept('persistence_engine', 'persistenceEngine', text('name'), { doc: 'Persistence engine', since: '1.2.20' }),
  known(
    'persistence_timeout',
    optional(aboveZero(integer(1, 2_678_400))),
    { doc: 'Seconds that a client stays with a server', since: '0.5.3' },
    (node: VirtualServerNode, value) => {
      node.persistenceTimeoutS = value ?? DEFAULT_PERSISTENCE_S;
    },
  ),
  kept('persistence_granularity', 'persistenceGranularity', granularity, {
    doc: 'Clients that stay together',
    since: '0.5.7',
  }),
  kept('protocol', 'protocol', protocol, {
    doc: 'TCP, UDP or SCTP',
    since: '0.5.3',
    accept: ['protocol tcp'],
    reject: [['protocol http', 'invalid-value']],
  }),
  kept('ha_suspend', 'haSuspend', flag, { doc: 'No checks while not master', since: '1.0.0' }),
  kept('smtp_alert', 'smtpAlert', boolean, { doc: 'Send a mail on every change', since: '0.5.7' }),
  kept('virtualhost', 'virtualhost', text('host'), {
    doc: 'Default Host header of the checkers',
    since: '0.5.8',
    missing: 'error',
  }),
  kept('snmp_name', 'snmpName', text('name'), { doc: 'Name in SNMP', since: '2.2.3', missing: 'error', exact: true }),
  kept('alpha', 'alpha', flag, { doc: 'Servers are down until a check succeeds', since: '1.1.16' }),
  kept('omega', 'omega', flag, { doc: 'Run notify scripts on stop', since: '1.1.16' }),
  scriptRow('quorum_up', 'quorumUp', script, { doc: 'Script to run when there are enough servers', since: '1.1.16' }),
  scriptRow('quorum_down', 'quorumDown', script, {
    doc: 'Script to run when there are too few servers',
    since: '1.1.16',
  }),
  kept('quorum', 'quorum', sited(aboveZero(integer(1, MAX_UINT))), { doc: 'Weight that is enough', since: '1.1.16' }),
  kept('hysteresis', 'hysteresis', sited(integer(0, MAX_UINT)), { doc: 'Tolerance of the quorum', since: '1.1.16' }),
  kept('weight', 'weight', integer(1, MAX_INT), { doc: 'Weight of servers that give none', since: '0.5.3' }),
  kept('sorry_server', 'sorryServer', endpoint, { doc: 'Server of last resort', since: '0.5.3' }),
  kept('sorry_server_inhibit', 'sorryServerInhibit', keyword, {
    doc: 'Treat it as inhibit_on_failure says',
    since: '1.2.13',
  }),
  kept('sorry_server_lvs_method', 'sorryServerForwarding', forwarding, {
    doc: 'Its forwarding method',
    since: '1.3.6',
    missing: 'error',
  }),
  known('real_group', text('name'), { doc: 'A real_server_group', since: '0.5.9', removed: '1.0.1' }),
  known('nat_mask', text('netmask'), { doc: 'Mask of NAT', since: '0.5.3', removed: '1.2.20' }),
  block(
    'real_server',
    endpoint,
    (node, head): RealServerNode => {
      const server: RealServerNode = { endpoint: head, checkers: [], repeated: [] };
      node.realServers.push(server);
      return server;
    },
    realServer,
    { doc: 'A server', since: '0.5.3' },
  ),
]);

/** `192.0.2.1-9 80`: addresses up to one whose last part is 9; `fwmark 7 inet6`. */
function readMember(statement: Statement, context: Context): GroupMemberNode | undefined {
  const [first, second, third] = statement.words as [Word, Word?, Word?];
  if (first.text === 'fwmark') {
    const fwmark = Number(second?.text);
    if (!second || !/^\d+$/.test(second.text) || fwmark < 1 || fwmark > MAX_UINT) {
      context.error('invalid-number', second ?? first, `fwmark '${second?.text ?? ''}' must be in [1, ${MAX_UINT}]`);
      return undefined;
    }
    return { kind: 'fwmark', fwmark, family: third ? (third.text === 'inet6' ? 6 : 4) : null };
  }
  const [address = '', last] = first.text.split('-');
  const family = addressFamily(address);
  const lastPart = last === undefined ? null : Number.parseInt(last, family === 6 ? 16 : 10);
  if (!family || Number.isNaN(lastPart)) {
    context.error('invalid-address', first, `Invalid virtual server group IP address ${first.text} - skipping`);
    return undefined;
  }
  const firstPart = Number.parseInt(address.split(family === 6 ? ':' : '.').at(-1)! || '0', family === 6 ? 16 : 10);
  const highest = family === 6 ? 0xffff : 255;
  if (lastPart !== null && (lastPart > highest || lastPart < firstPart)) {
    context.error('out-of-range', first, `address range ${first.text} ends before it begins, or too high`);
    return undefined;
  }
  const port = second ? Number(second.text) : 0;
  if (second && (!/^\d+$/.test(second.text) || port < 1 || port > 65535)) {
    context.error('invalid-port', second, `Invalid port '${second.text}'`, { expected: '1 to 65535' });
    return undefined;
  }
  return { kind: 'range', endpoint: { site: first, address, family, port }, last: lastPart };
}

function readGroup(document: DocumentNode, entries: Block, context: Context, statement: Statement): void {
  const name = statement.words[1];
  if (!name) {
    context.error('missing-name', statement, "'virtual_server_group' is missing a name");
    return;
  }
  const members = entries.statements.flatMap((entry) => readMember(entry, context) ?? []);
  if (members.length === 0) {
    const message = `virtual server group ${name.text} has no entries - removing`;
    context.error('empty-group', context.endOf(statement, name), message);
    return;
  }
  if (document.virtualServerGroups.some((group) => group.name.text === name.text)) {
    context.warning('duplicate-virtual-group', name, `Virtual server group ${name.text} already defined`);
    return;
  }
  document.virtualServerGroups.push({ name, members });
}

type SslNode = Record<string, never>;

const ssl: Table<SslNode> = table('SSL', [
  known('password', text('password'), { doc: 'Password of the key', since: '0.5.3', missing: 'error' }),
  known('ca', text('path'), { doc: 'Authorities', since: '0.5.3', missing: 'error' }),
  known('certificate', text('path'), { doc: 'Certificate', since: '0.5.3', missing: 'error' }),
  known('key', text('path'), { doc: 'Private key', since: '0.5.3', missing: 'error' }),
]);

export const lvsRows: readonly Row<DocumentNode>[] = [
  block(
    'virtual_server',
    virtualServerHead,
    (document: DocumentNode, head, statement): VirtualServerNode => {
      const node: VirtualServerNode = { head, statement, schedulerFlags: [], realServers: [], repeated: [] };
      document.virtualServers.push(node);
      return node;
    },
    virtualServer,
    { doc: 'A virtual server of IPVS', since: '0.5.3', carried: false },
  ),
  list('virtual_server_group', readGroup, {
    doc: 'Addresses and marks that are one virtual server',
    since: '1.0.2',
    takes: 'name',
    carried: false,
    named: true,
  }),
  block('SSL', flag, (): SslNode => ({}), ssl, {
    doc: 'Client certificate of SSL_GET',
    since: '0.5.3',
    carried: false,
  }),
];
