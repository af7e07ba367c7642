/** `vrrp_instance NAME { }`: one virtual router. keepalived.conf(5), "VRRP instance(s)". */

import { NOT_CARRIED_OUT } from '../../diagnostic.ts';
import type { Site, Word } from '../ast.ts';
import type { Context } from '../context.ts';
import { addressFamily } from '../ip.ts';
import { block, known, list, type Reader, type Row, type RowFacts, type Table, table, word } from '../keyword.ts';
import type { GarpNode, InstanceNode } from '../nodes.ts';
import {
  address,
  boolean,
  flag,
  integer,
  oneOf,
  optional,
  reader,
  script,
  seconds,
  sited,
  text,
  withoutPrefix,
  words,
} from '../readers.ts';
import { readAddresses } from './addresses.ts';
import { notifyMasterRxLowerPriority, notifyRows } from './notify.ts';
import { readRoutes, readRules } from './routes.ts';
import { readTracked } from './tracking.ts';

const MAX_INT = 2 ** 31 - 1;

/** `[all] seconds`. */
export const extraInterfaces: Reader<{ readonly all: boolean; readonly seconds: number }> = reader(
  '[all] seconds',
  (args) => {
    const all = args.take('all') !== undefined;
    const period = integer(1, 86_400).read(args);
    return period === undefined ? undefined : { all, seconds: period };
  },
);

/** The version words of both the instance and `global_defs`. */
export const version: ReturnType<typeof oneOf<'2' | '3'>> = oneOf('2', '3');

const authentication: Table<InstanceNode> = table('authentication', [
  word(
    'auth_type',
    sited(oneOf('PASS', 'AH')),
    (node, value) => {
      node.authType = value;
    },
    {
      doc: 'Plain password or IPSEC AH',
      since: '0.5.3',
      accept: ['auth_type PASS'],
      reject: [['auth_type MD5', 'invalid-value']],
    },
  ),
  word(
    'auth_pass',
    sited(text('password')),
    (node, value) => {
      node.authPass = value;
    },
    {
      doc: 'The password; 8 characters count',
      since: '0.5.3',
      accept: ['auth_pass 1234'],
      reject: [['auth_pass', 'missing-argument']],
    },
  ),
]);

const authHmac = table<InstanceNode>('auth_hmac', [
  known('key', words, { doc: 'A key: its id and its value', since: '2.4.0' }),
  known('active_key', integer(1, 255), { doc: 'Id of the key that signs', since: '2.4.0' }),
  known('time_window', integer(1, 300), { doc: 'Seconds that clocks may differ', since: '2.4.0' }),
  known('anti_replay', oneOf('time', 'monotonic'), { doc: 'How replayed adverts are told', since: '2.4.0' }),
  known('mode', oneOf('enforce', 'permissive', 'receive-only'), {
    doc: 'What happens to unsigned adverts',
    since: '2.4.0',
  }),
]);

type GarpKey = keyof GarpNode;

/** The gratuitous ARP words of an instance; `global_defs` has the same with `vrrp_` in front. */
export function garpRows<Node extends { readonly garp: GarpNode }>(prefix: string): Row<Node>[] {
  const row = (name: string, key: GarpKey, scale: number, max: number, doc: string, since: string, min = 0) =>
    word<Node, number>(
      prefix + name,
      integer(prefix === '' ? min : 0, max),
      (node, value) => {
        node.garp[key] = value * scale;
      },
      {
        doc,
        since: prefix === '' ? since : '1.2.20',
        accept: [`${prefix}${name} 1`],
        reject: [[`${prefix}${name} x`, 'invalid-number']],
      },
    );
  return [
    row('garp_master_delay', 'masterDelayMs', 1000, 4294, 'Seconds to the second set of ARPs; 0: none', '0.7.1'),
    row('garp_master_repeat', 'masterRepeat', 1, MAX_INT, 'ARPs in a set', '1.2.14', 1),
    row('garp_master_refresh', 'masterRefreshMs', 1000, MAX_INT, 'Seconds between refreshing ARPs; 0: none', '1.2.10'),
    row('garp_master_refresh_repeat', 'masterRefreshRepeat', 1, MAX_INT, 'ARPs in a refresh', '1.2.14'),
    row(
      'garp_lower_prio_delay',
      'lowerPrioDelayMs',
      1000,
      4294,
      'As garp_master_delay, after a lower advert',
      '1.2.20',
    ),
    row(
      'garp_lower_prio_repeat',
      'lowerPrioRepeat',
      1,
      MAX_INT,
      'As garp_master_repeat, after a lower advert',
      '1.2.20',
    ),
  ];
}

function sourceRow(
  name: string,
  doc: string,
  since: string,
  also: (node: InstanceNode) => void = () => {},
): Row<InstanceNode> {
  return word(
    name,
    sited(address),
    (node: InstanceNode, value) => {
      node.sourceIp = value;
      also(node);
    },
    { doc, since, accept: [`${name} 192.0.2.1`], reject: [[`${name} 300.1.2.3`, 'invalid-address']] },
  );
}

function stateRow(): Row<InstanceNode> {
  return word(
    'state',
    sited(oneOf('MASTER', 'BACKUP')),
    (node: InstanceNode, value) => {
      node.state = value;
    },
    {
      doc: 'The state to start in',
      since: '0.5.3',
      accept: ['state MASTER', 'state BACKUP'],
      reject: [
        ['state', 'missing-argument'],
        ['state master', 'invalid-value'],
      ],
    },
  );
}

const election: Row<InstanceNode>[] = [
  stateRow(),
  word(
    'interface',
    sited(text('interface')),
    (node, value) => {
      node.interface = value;
    },
    { doc: 'Where VRRP runs', since: '0.5.3', accept: ['interface eth0'], reject: [['interface', 'missing-argument']] },
  ),
  word(
    'virtual_router_id',
    sited(integer(1, 255)),
    (node, value) => {
      node.virtualRouterId = value;
    },
    {
      doc: 'The number that the routers of one address share',
      since: '0.5.3',
      accept: ['virtual_router_id 51'],
      reject: [
        ['virtual_router_id 0', 'out-of-range'],
        ['virtual_router_id 256', 'out-of-range'],
      ],
    },
  ),
  word(
    'priority',
    sited(integer(1, 255)),
    (node, value) => {
      node.priority = value;
    },
    {
      doc: 'The highest one is master; 255 owns the address',
      since: '0.5.3',
      accept: ['priority 100'],
      reject: [
        ['priority 300', 'out-of-range'],
        ['priority high', 'invalid-number'],
      ],
    },
  ),
  word(
    'advert_int',
    sited(seconds(0.01, 255)),
    (node, value) => {
      node.advertIntervalUs = value;
    },
    {
      doc: 'Seconds between adverts; whole ones under version 2',
      since: '0.5.3',
      accept: ['advert_int 1', 'advert_int 0.5'],
      reject: [['advert_int 0', 'out-of-range']],
    },
  ),
  word(
    'version',
    sited(version),
    (node, value) => {
      node.version = { value: value.value === '3' ? 3 : 2, site: value.site };
    },
    { doc: 'VRRP version', since: '1.2.17', accept: ['version 3'], reject: [['version 4', 'invalid-value']] },
  ),
  word(
    'nopreempt',
    flag,
    (node, _value, statement) => {
      node.nopreempt = { value: true, site: statement };
    },
    { doc: 'A returning router of higher priority stays backup', since: '1.1.8', accept: ['nopreempt'] },
  ),
  word(
    'preempt',
    flag,
    (node, _value, statement) => {
      node.nopreempt = { value: false, site: statement };
    },
    { doc: 'The opposite of nopreempt, and the default', since: '0.5.3', accept: ['preempt'] },
  ),
  word(
    'preempt_delay',
    sited(seconds(0, 1000)),
    (node, value) => {
      node.preemptDelayMs = { value: value.value / 1000, site: value.site };
    },
    {
      doc: 'Seconds to wait before preempting',
      since: '1.1.8',
      accept: ['preempt_delay 300'],
      reject: [['preempt_delay 1001', 'out-of-range']],
    },
  ),
];

/** `min_ttl 0..255`, `max_ttl 0..255`. */
function checkPeerOptions(words: readonly Word[], context: Context): void {
  const limits: Record<string, number> = {};
  for (let i = 0; i < words.length; i += 2) {
    const [option, value] = [words[i]!, words[i + 1]];
    if (option.text !== 'min_ttl' && option.text !== 'max_ttl') {
      context.error('unknown-option', option, `unknown unicast_peer option ${option.text}`, {
        expected: 'min_ttl, max_ttl',
      });
    } else if (!value || !/^\d+$/.test(value.text) || Number(value.text) > 255) {
      context.error('out-of-range', value ?? option, `number '${value?.text ?? ''}' outside range [0, 255]`);
    } else {
      limits[option.text] = Number(value.text);
      context.warning(NOT_CARRIED_OUT, option, `'${option.text}' is understood but not carried out`);
    }
  }
  const { min_ttl: min = 0, max_ttl: max = 255 } = limits;
  if (min > max)
    context.warning('ttl-range', words[0]!, `min_ttl ${min} > max_ttl ${max} - all packets will be discarded`);
}

const addressing: Row<InstanceNode>[] = [
  sourceRow('mcast_src_ip', 'Source address of adverts', '0.6.1'),
  sourceRow('unicast_src_ip', 'Source address of unicast adverts', '1.2.10', (node) => {
    node.unicastPeers ??= [];
  }),
  list(
    'unicast_peer',
    (node, entries, context) => {
      node.unicastPeers ??= [];
      for (const { words: line } of entries.statements) {
        const peer = withoutPrefix(line[0]!, { context });
        const family = addressFamily(peer);
        if (family) node.unicastPeers.push({ site: line[0]!, address: peer, family });
        else
          context.error('invalid-address', line[0]!, `malformed unicast peer address[${line[0]!.text}]. Skipping...`);
        checkPeerOptions(line.slice(1), context);
      }
    },
    { doc: 'Send adverts to these addresses instead of the multicast group', since: '1.2.8', takes: 'address..' },
  ),
  list(
    'virtual_ipaddress',
    (node, entries, context) => {
      node.addresses.push(...readAddresses(entries, context));
    },
    { doc: 'Addresses of the master', since: '0.5.3', takes: 'address[/prefix] [option]..' },
  ),
  list(
    'virtual_ipaddress_excluded',
    (node, entries, context) => {
      node.excluded.push(...readAddresses(entries, context));
    },
    { doc: 'Addresses of the master that adverts do not carry', since: '0.5.9', takes: 'address[/prefix] [option]..' },
  ),
  block('authentication', flag, (node) => node, authentication, {
    doc: 'Authentication of adverts (version 2)',
    since: '0.5.3',
  }),
  block('auth_hmac', flag, (node) => node, authHmac, { doc: 'Signed adverts', since: '2.4.0', carried: false }),
];

const tracking: Row<InstanceNode>[] = [
  list(
    'track_interface',
    (node, entries, context) => {
      node.trackInterfaces.push(...readTracked(entries, context, 'track interface', 253));
    },
    { doc: 'Interfaces that must be up', since: '1.0.1', takes: 'interface [weight n [reverse]]' },
  ),
  list(
    'track_script',
    (node, entries, context) => {
      node.trackScripts.push(...readTracked(entries, context, 'track script', 253));
    },
    { doc: 'vrrp_scripts that count', since: '1.1.13', takes: 'script [weight n [reverse]]' },
  ),
  list(
    'track_file',
    (node, entries, context) => {
      node.trackFiles.push(...readTracked(entries, context, 'track file', 254));
    },
    { doc: 'track_files that count', since: '2.0.0', carried: false, takes: 'name [weight n [reverse]]' },
  ),
  list(
    'track_process',
    (node, entries, context) => {
      node.trackProcesses.push(...readTracked(entries, context, 'track process', 254));
    },
    { doc: 'vrrp_track_processes that count', since: '2.0.11', carried: false, takes: 'name [weight n [reverse]]' },
  ),
  list(
    'track_bfd',
    (node, entries, context) => {
      node.trackBfds.push(...readTracked(entries, context, 'track bfd', 253));
    },
    {
      doc: 'BFD sessions that count',
      since: '2.0.0',
      build: 'bfd',
      carried: false,
      takes: 'name [weight n [reverse]]',
    },
  ),
  word(
    'dont_track_primary',
    flag,
    (node) => {
      node.dontTrackPrimary = true;
    },
    { doc: 'Faults of the own interface do not count', since: '1.1.8', accept: ['dont_track_primary'] },
  ),
];

const facts = (doc: string, since: string, more: Partial<RowFacts> = {}): RowFacts => ({ doc, since, ...more });

/** `use_vmac [name]`: the first word that is not one of its options. */
function nameVmac(node: InstanceNode, line: readonly Word[]): void {
  node.usesVmac = true;
  const [first, second] = line;
  const name = first?.text === 'name' ? second : first;
  const isOption = /^(netlink_notify_msg|group|bridge|private|vepa)$|:|^[\d.]+(\/\d+)?$/.test(name?.text ?? '');
  if (name && !isOption) node.vmacName = name;
}

/** The word says that adverts are unicast. */
function expectPeers(node: InstanceNode): void {
  node.unicastPeers ??= [];
}

const multicast: Reader<string> = reader('multicast address', (args) => {
  const word = args.peek();
  const value = address.read(args);
  if (value === undefined || /^(2(2[4-9]|3\d)\.|ff)/i.test(value)) return value;
  return args.report('invalid-address', word!, `'${value}' is not a multicast address`, '224.0.0.0/4 or ff00::/8');
});

const sitedFlag: Reader<Site> = reader('', (args) => args.statement);

const others: Row<InstanceNode>[] = [
  word(
    'accept',
    flag,
    (node) => {
      node.accept = true;
    },
    facts('Accept packets to the addresses', '1.2.17', { accept: ['accept'] }),
  ),
  known(
    'no_accept',
    flag,
    facts('Drop packets to the addresses unless priority is 255', '1.3.0', { accept: ['no_accept'] }),
    (node: InstanceNode) => {
      node.accept = false;
    },
  ),
  known(
    'strict_mode',
    boolean,
    facts('Hold strictly to the RFCs', '1.2.20', {
      accept: ['strict_mode', 'strict_mode off'],
      reject: [['strict_mode x', 'invalid-value']],
    }),
    (node: InstanceNode, value) => {
      node.strict = value;
    },
  ),
  word(
    'no_virtual_ipaddress',
    flag,
    (node) => {
      node.noVirtualAddress = true;
    },
    facts('There are no addresses on purpose', '2.2.8', { accept: ['no_virtual_ipaddress'] }),
  ),
  known('debug', integer(0, 4), facts('Debug level; nothing has ever depended on it', '0.5.3', { inert: true })),
  known('use_vmac', words, facts('Run on a virtual MAC address (macvlan)', '1.2.3'), nameVmac),
  known('use_vmac_addr', flag, facts('A macvlan for every interface of an address', '2.2.0')),
  known(
    'vmac_xmit_base',
    sitedFlag,
    facts('Send adverts from the base interface', '1.2.10'),
    (node: InstanceNode, at) => {
      node.vmacXmitBase = at;
    },
  ),
  known('use_ipvlan', words, facts('Run on an ipvlan', '2.0.17'), nameVmac),
  known('unicast_fault_no_peer', flag, facts('Unicast without peers is a fault', '2.2.5')),
  known('check_unicast_src', flag, facts('Only peers may send unicast adverts', '2.1.0'), expectPeers),
  known(
    'old_unicast_checksum',
    optional(oneOf('never')),
    facts('Checksum of keepalived 1.3.6', '1.3.7'),
    (node: InstanceNode, value) => {
      if (value === null) expectPeers(node);
    },
  ),
  known(
    'native_ipv6',
    sitedFlag,
    facts('Force IPv6; the addresses say it today', '1.2.1', { inert: true }),
    (node: InstanceNode, at) => {
      node.nativeIpv6 = at;
    },
  ),
  known('vrf', text('interface'), facts('VRF of unicast adverts', '2.2.5')),
  known('mcast_dst_ip', multicast, facts('Another multicast group', '2.2.5'), (node: InstanceNode, value) => {
    node.multicastGroup = value;
  }),
  known('track_src_ip', flag, facts('A missing source address is a fault', '2.0.0')),
  known(
    'unicast_ttl',
    sited(integer(0, 255)),
    facts('TTL of unicast adverts', '2.1.0'),
    (node: InstanceNode, value) => {
      node.unicastTtl = value;
    },
  ),
  known('promote_secondaries', flag, facts('Keep secondary addresses when the first goes', '1.3.0')),
  known(
    'linkbeat_use_polling',
    flag,
    facts('Poll the link state', '1.1.18', { deprecated: '2.0.13', modern: 'linkbeat_interfaces' }),
  ),
  known('v3_checksum_as_v2', boolean, facts('Leave the pseudo header out of version 3 checksums', '2.2.8')),
  list('virtual_routes', (node, entries, context) => node.routeDevices.push(...readRoutes(entries, context, true)), {
    ...facts('Routes of the master', '1.0.1'),
    carried: false,
  }),
  list('virtual_rules', (node, entries, context) => node.routeDevices.push(...readRules(entries, context)), {
    ...facts('Routing rules of the master', '1.2.20'),
    carried: false,
  }),
  known('skip_check_adv_addr', boolean, facts('Do not compare addresses of repeated adverts', '1.2.20')),
  known(
    'lvs_sync_daemon_interface',
    text('interface'),
    facts('IPVS sync daemon', '0.5.5', { deprecated: '1.2.20', modern: 'lvs_sync_daemon' }),
  ),
  known('down_timer_adverts', integer(1, 100), facts('Adverts missed before the master is down', '2.2.3')),
  known('timer_expired_backup', optional(integer(1, 254)), facts('Become backup after a late timer', '2.2.8')),
  known('thread_timer_expired', optional(integer(1, 254)), facts('Become backup after a late timer', '2.3.2')),
  known('garp_extra_if', extraInterfaces, facts('ARPs on further interfaces', '2.2.3', { missing: 'error' })),
  known(
    'vmac_garp_intvl',
    extraInterfaces,
    facts('ARPs on further interfaces', '2.2.0', { missing: 'error', deprecated: '2.2.3', modern: 'garp_extra_if' }),
  ),
  known('lower_prio_no_advert', boolean, facts('Do not answer an advert of lower priority', '1.2.20')),
  known('higher_prio_send_advert', boolean, facts('Answer an advert of higher priority', '1.3.5')),
  known('owner_ignore_adverts', boolean, facts('An address owner hears no adverts', '2.3.3')),
  known(
    'kernel_rx_buf_size',
    integer(0, 2 ** 32 - 1),
    facts('Receive buffer of the socket', '2.0.3', { missing: 'error', exact: true }),
  ),
  known(
    'sync_instance',
    text('instance'),
    facts('The other instance', '0.5.3', { removed: '0.6.1', modern: 'vrrp_sync_group' }),
  ),
  known(
    'notify_deleted',
    script,
    facts('Script to run when the instance is gone after a reload', '2.1.0', { missing: 'ignored' }),
  ),
];

export const vrrpInstance: Table<InstanceNode> = table('vrrp_instance', [
  ...election,
  ...addressing,
  ...tracking,
  ...garpRows<InstanceNode>(''),
  ...notifyRows<InstanceNode>(),
  notifyMasterRxLowerPriority<InstanceNode>(),
  ...others,
]);
