/** `global_defs { }`: settings of the whole program. keepalived.conf(5), "GLOBAL CONFIGURATION". */

import type { Block, Statement, Word } from '../ast.ts';
import type { Context } from '../context.ts';
import { addressFamily } from '../ip.ts';
import { known, list, type Reader, type Row, type Table, table, word } from '../keyword.ts';
import type { GlobalNode, ScriptNode, SyncDaemonNode } from '../nodes.ts';
import {
  aboveZero,
  address,
  addressOfFamily,
  boolean,
  flag,
  integer,
  looseBoolean,
  oneOf,
  optional,
  reader,
  script,
  seconds,
  someWords,
  text,
  userGroup,
  words,
} from '../readers.ts';
import { extraInterfaces, garpRows, version } from './vrrp-instance.ts';

const MAX_INT = 2 ** 31 - 1;
const MAX_UINT = 2 ** 32 - 1;
const LONGEST_SECONDS = 1_000_000;
const path = text('path');
const name = text('name');

const settings: Row<GlobalNode>[] = [
  known(
    'router_id',
    text('name'),
    {
      doc: 'Name of this machine in mails and SNMP',
      since: '1.1.8',
      missing: 'error',
      accept: ['router_id LVS_1'],
      reject: [['router_id', 'argument-needed']],
    },
    (node: GlobalNode, value) => {
      node.routerId = value;
    },
  ),
  word(
    'script_user',
    userGroup,
    (node, value) => {
      node.scriptUser = value;
    },
    {
      doc: 'Who runs scripts that name nobody',
      since: '1.3.0',
      accept: ['script_user nobody nogroup'],
      reject: [['script_user', 'missing-argument']],
    },
  ),
  word(
    'enable_script_security',
    flag,
    (node) => {
      node.enableScriptSecurity = true;
    },
    { doc: 'Run no script as root that others may write', since: '1.3.0', accept: ['enable_script_security'] },
  ),
  word(
    'vrrp_version',
    version,
    (node, value) => {
      node.vrrpVersion = value === '3' ? 3 : 2;
    },
    {
      doc: 'VRRP version of instances that give none',
      since: '1.2.20',
      accept: ['vrrp_version 3'],
      reject: [['vrrp_version 1', 'invalid-value']],
    },
  ),
  word(
    'vrrp_startup_delay',
    seconds(0, LONGEST_SECONDS),
    (node, value) => {
      node.startupDelayMs = value / 1000;
    },
    {
      doc: 'Seconds from start to the first transition',
      since: '2.0.14',
      accept: ['vrrp_startup_delay 5.5'],
      reject: [['vrrp_startup_delay x', 'invalid-number']],
    },
  ),
  known(
    'vrrp_strict',
    looseBoolean,
    {
      doc: 'Hold strictly to the RFCs',
      since: '1.2.20',
      accept: ['vrrp_strict', 'vrrp_strict off'],
      reject: [['vrrp_strict x', 'not-a-boolean']],
    },
    (node: GlobalNode, value) => {
      node.strict = value;
    },
  ),
  word(
    'vrrp_mcast_group4',
    addressOfFamily(4),
    (node, value) => {
      node.mcastGroup4 = value;
    },
    {
      doc: 'IPv4 multicast group of adverts',
      since: '1.2.10',
      accept: ['vrrp_mcast_group4 224.0.0.18'],
      reject: [['vrrp_mcast_group4 ff02::12', 'invalid-address']],
    },
  ),
  known(
    'vrrp_mcast_group6',
    addressOfFamily(6),
    {
      doc: 'IPv6 multicast group of adverts',
      since: '1.2.10',
      accept: ['vrrp_mcast_group6 ff02::12'],
      reject: [['vrrp_mcast_group6 224.0.0.18', 'invalid-address']],
    },
    (node: GlobalNode, value) => {
      node.mcastGroup6 = value;
    },
  ),
  word(
    'vrrp_garp_interval',
    aboveZero(seconds(0.000001, 4294.967295)),
    (node, value) => {
      node.garp.intervalUs = value;
    },
    {
      doc: 'Seconds between two ARPs on an interface',
      since: '1.2.21',
      accept: ['vrrp_garp_interval 0.001'],
      reject: [['vrrp_garp_interval x', 'invalid-number']],
    },
  ),
  known(
    'dynamic_interfaces',
    optional(oneOf('allow_if_changes')),
    {
      doc: 'Interfaces may come and go',
      since: '2.0.0',
      accept: ['dynamic_interfaces', 'dynamic_interfaces allow_if_changes'],
    },
    (node: GlobalNode) => {
      node.dynamicInterfaces = true;
    },
  ),
  word(
    'default_interface',
    text('interface'),
    (node, value, statement) => {
      node.defaultInterface = { value, site: statement.words[1]! };
    },
    {
      doc: 'Interface of static addresses',
      since: '1.2.24',
      accept: ['default_interface eth0'],
      reject: [['default_interface', 'missing-argument']],
    },
  ),
  ...garpRows<GlobalNode>('vrrp_'),
];

function fifo(prefix: string, store?: (node: GlobalNode, path: readonly Word[]) => void): Row<GlobalNode>[] {
  return [
    known(
      `${prefix}notify_fifo`,
      someWords('a path'),
      { doc: 'Pipe that transitions are written to', since: '1.3.6', missing: 'error' },
      store,
    ),
    known(`${prefix}notify_fifo_script`, script, {
      doc: 'Program that reads the pipe',
      since: '1.3.6',
      missing: 'error',
    }),
  ];
}

function storeFifo(node: GlobalNode, [path]: readonly Word[]): void {
  if (path) node.notifyFifo = path.text;
}

const mail: Row<GlobalNode>[] = [
  list('notification_email', requireEntries, {
    doc: 'Who gets mails',
    since: '0.5.3',
    takes: 'address..',
    carried: false,
  }),
  known('notification_email_from', text('address'), { doc: 'Sender of mails', since: '0.5.3', missing: 'error' }),
  known('smtp_server', smtpServer(), { doc: 'Mail server and port', since: '0.5.3' }),
  known('smtp_helo_name', name, { doc: 'Name in the HELO command', since: '1.2.20', missing: 'ignored' }),
  known('smtp_connect_timeout', integer(1, MAX_INT), { doc: 'Seconds to wait for the mail server', since: '0.5.3' }),
  known('smtp_alert', boolean, { doc: 'Send mails unless told otherwise', since: '0.5.7' }),
  known('smtp_alert_vrrp', boolean, { doc: 'Send mails about VRRP', since: '2.0.0' }),
  known('smtp_alert_checker', boolean, { doc: 'Send mails about real servers', since: '2.0.0' }),
  known('no_email_faults', flag, { doc: 'No mails about faults', since: '2.0.0' }),
  known('no_checker_emails', boolean, { doc: 'No mails about single real servers', since: '2.0.0' }),
];

function requireEntries(_node: GlobalNode, entries: Block, context: Context, statement: Statement): void {
  const name = statement.words[0]!;
  if (entries.statements.length === 0)
    context.warning('empty-block', context.endOf(statement, name), `Warning - empty ${name.text} block`);
}

function smtpServer(): Reader<unknown> {
  return {
    takes: 'address [port]',
    read(args) {
      const server = args.next('a mail server');
      const port = args.peek();
      if (port) args.next('a port');
      if (server && !addressFamily(server.text) && server.text !== 'localhost') {
        args.context.warning('unresolved-host', server, `mail server '${server.text}' is looked up when it is needed`);
      }
      return server;
    },
  };
}

/** Scheduling words come three times, for each of keepalived's processes. */
function scheduling(process: string): Row<GlobalNode>[] {
  const build = process === 'bfd' ? ({ build: 'bfd' } as const) : {};
  const rows: Row<GlobalNode>[] = [
    known(`${process}_priority`, integer(-20, 19), {
      doc: `Nice value of the ${process} process`,
      since: process === 'bfd' ? '2.0.0' : '1.2.20',
      missing: 'error',
    }),
    known(`${process}_no_swap`, flag, {
      doc: `Lock the memory of the ${process} process`,
      since: process === 'bfd' ? '2.0.0' : '1.2.20',
    }),
    known(`${process}_rt_priority`, integer(1, 99), {
      doc: `Real-time priority of the ${process} process`,
      since: '2.0.0',
      missing: 'error',
    }),
    known(`${process}_cpu_affinity`, someWords('CPU numbers'), {
      doc: `CPUs of the ${process} process`,
      since: '2.0.17',
      missing: 'error',
    }),
    known(`${process}_rlimit_rttime`, integer(1, MAX_INT), {
      doc: 'Microseconds of real-time CPU without a pause',
      since: '2.1.0',
    }),
    known(`${process}_rlimit_rtime`, integer(1, MAX_INT), {
      doc: 'Microseconds of real-time CPU without a pause',
      since: '2.0.0',
      deprecated: '2.1.0',
      modern: `${process}_rlimit_rttime`,
      silent: true,
    }),
    known(`${process}_process_name`, name, {
      doc: `Name of the ${process} process`,
      since: process === 'checker' ? '2.2.0' : '2.0.16',
    }),
  ];
  return rows.map((row) => ({ ...row, ...build }));
}

function netlinkBuffers(process: string): Row<GlobalNode>[] {
  return ['cmd', 'monitor'].flatMap((what) => [
    known<GlobalNode>(`${process}_netlink_${what}_rcv_bufs`, integer(0, MAX_UINT), {
      doc: 'Netlink receive buffer',
      since: '2.0.0',
      missing: 'error',
    }),
    known<GlobalNode>(`${process}_netlink_${what}_rcv_bufs_force`, boolean, {
      doc: 'Exceed the system limit for it',
      since: '2.0.0',
    }),
  ]);
}

/** `MTU`, `ADVERT`, `NO_SEND_RX`, or a number of bytes. */
const bufferPolicy: Reader<readonly string[]> = reader('MTU|ADVERT|NO_SEND_RX|bytes', (args) => {
  const first = args.next('a policy');
  if (!first) return undefined;
  const policies = [first, ...args.rest()];
  const wrong = policies.find((word) => !/^(MTU|ADVERT|NO_SEND_RX|off|\d+)$/i.test(word.text));
  if (!wrong) return policies.map((word) => word.text);
  return args.report('invalid-value', wrong, `vrrp_rx_bufs_policy ${wrong.text} invalid`, 'MTU, ADVERT or a number');
});

const vrrp: Row<GlobalNode>[] = [
  known('vrrp_gna_interval', aboveZero(seconds(0.000001, 4294.967295)), {
    doc: 'Seconds between two neighbour adverts',
    since: '1.2.21',
  }),
  known('vrrp_min_garp', boolean, { doc: 'One ARP per address, no repetition', since: '2.0.12' }),
  known('vrrp_garp_extra_if', extraInterfaces, {
    doc: 'ARPs on further interfaces',
    since: '2.2.3',
    missing: 'error',
  }),
  known('vrrp_vmac_garp_intvl', extraInterfaces, {
    missing: 'error',
    doc: 'ARPs on further interfaces',
    since: '2.2.0',
    deprecated: '2.2.3',
    modern: 'vrrp_garp_extra_if',
  }),
  known('vrrp_lower_prio_no_advert', boolean, { doc: 'Do not answer an advert of lower priority', since: '1.2.20' }),
  known('vrrp_higher_prio_send_advert', boolean, { doc: 'Answer an advert of higher priority', since: '1.3.5' }),
  known('vrrp_down_timer_adverts', integer(1, 100), {
    doc: 'Adverts missed before the master is down',
    since: '2.2.3',
  }),
  known('vrrp_check_unicast_src', flag, { doc: 'Only peers may send unicast adverts', since: '1.2.20' }),
  known('vrrp_skip_check_adv_addr', looseBoolean, {
    doc: 'Do not compare addresses of repeated adverts',
    since: '1.2.20',
  }),
  known('vrrp_iptables', words, {
    doc: 'Chains for no_accept',
    since: '1.2.20',
    deprecated: '2.0.11',
    modern: 'nftables',
  }),
  known('vrrp_ipsets', words, { doc: 'Sets for no_accept', since: '1.2.20', deprecated: '2.0.11', modern: 'nftables' }),
  known('nftables', optional(name), { doc: 'Table for no_accept', since: '2.0.11' }),
  known('nftables_priority', integer(-(2 ** 31), MAX_INT), { doc: 'Priority of the chains', since: '2.0.11' }),
  known('nftables_ifindex', flag, { doc: 'Match interfaces by index', since: '2.0.11' }),
  known('nftables_counters', flag, { doc: 'Count in the rules', since: '2.0.11' }),
  known('vrrp_notify_priority_changes', boolean, { doc: 'Notify of priority changes as well', since: '2.0.16' }),
  known('fifo_write_vrrp_states_on_reload', flag, {
    doc: 'Write all states to the pipe after a reload',
    since: '2.2.5',
  }),
  known('vrrp_rx_bufs_policy', bufferPolicy, { doc: 'Size of receive buffers', since: '2.0.3', missing: 'error' }),
  known('vrrp_rx_bufs_multiplier', integer(1, 2 ** 32 - 1), {
    doc: 'Packets a receive buffer holds',
    since: '2.0.3',
    exact: true,
    missing: 'error',
  }),
  known('vrrp_delay_after_boot', seconds(0, LONGEST_SECONDS), {
    doc: 'Seconds from boot to the first transition',
    since: '2.4.0',
  }),
  known('log_unknown_vrids', flag, { doc: 'Log adverts of other routers', since: '2.0.16' }),
  known('vrrp_owner_ignore_adverts', boolean, { doc: 'An address owner hears no adverts', since: '2.3.3' }),
  known('vmac_prefix', name, { doc: 'Prefix of macvlan names', since: '2.2.0' }),
  known('vmac_addr_prefix', name, { doc: 'Prefix of macvlan names of addresses', since: '2.2.0' }),
  known('disable_local_igmp', flag, { doc: 'Send no IGMP', since: '2.2.0' }),
  known('v3_checksum_as_v2', flag, { doc: 'Leave the pseudo header out of version 3 checksums', since: '2.2.8' }),
  known('max_auto_priority', optional(integer(-1, 99)), {
    doc: 'Real-time priority to rise to by itself',
    since: '2.1.0',
  }),
  known('min_auto_priority_delay', integer(1, 10_000_000), {
    doc: 'Microseconds late that raise the priority',
    since: '2.1.0',
    missing: 'error',
  }),
  known('process_monitor_rcv_bufs', integer(0, MAX_UINT), {
    doc: 'Receive buffer of process events',
    since: '2.0.11',
    missing: 'error',
  }),
  known('process_monitor_rcv_bufs_force', boolean, { doc: 'Exceed the system limit for it', since: '2.0.11' }),
];

/** `tcp 900 tcpfin 120 udp 300`. */
const ipvsTimeouts: Reader<Record<string, number>> = reader('tcp|tcpfin|udp seconds ..', (args) => {
  const timeouts: Record<string, number> = {};
  do {
    const kind = oneOf('tcp', 'tcpfin', 'udp').read(args);
    const value = kind === undefined ? undefined : integer(1, MAX_TIMEOUT_S).read(args);
    if (kind === undefined || value === undefined) return undefined;
    timeouts[kind] = value;
  } while (args.peek());
  return timeouts;
});
const MAX_TIMEOUT_S = 31 * 86_400;

/** Options of lvs_sync_daemon with the numbers they take. */
const SYNC_OPTIONS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  id: [0, 255],
  maxlen: [1, 65507],
  port: [1, 65535],
  ttl: [1, 255],
};

interface SyncDaemon {
  readonly daemon: SyncDaemonNode;
  /** Reports all but the first one. */
  checkFirst(first: SyncDaemonNode): void;
}

const syncDaemon: Reader<SyncDaemon> = reader(
  'interface [instance] [id n] [maxlen n] [port n] [ttl n] [group address]',
  (args) => {
    const device = args.next('an interface');
    if (!device) return undefined;
    const numbers: Record<string, number> = {};
    let instance: string | null = null;
    let group: string | null = null;
    for (let word = args.peek(); word; word = args.peek()) {
      args.next('an option');
      const range = SYNC_OPTIONS[word.text];
      if (range) {
        const number = integer(...range).read(args);
        if (number === undefined) return undefined;
        numbers[word.text] = number;
      } else if (word.text === 'group') group = address.read(args) ?? null;
      else if (word.text === 'inst' || instance === null) {
        instance = word.text === 'inst' ? (args.next('an instance')?.text ?? null) : word.text;
      } else
        return args.report(
          'unknown-option',
          word,
          `unknown lvs_sync_daemon option '${word.text}'`,
          'id, maxlen, port, ttl, group',
        );
    }
    const { id = null, maxlen = null, port = null, ttl = null } = numbers;
    const daemon = { interface: device.text, instance, id, maxLength: maxlen, port, ttl, group };
    return {
      daemon,
      checkFirst(first) {
        const message = `lvs_sync_daemon has already been specified as ${first.interface} ${first.instance ?? ''} - ignoring`;
        if (first !== daemon) args.context.warning('repeated-keyword', device, message);
      },
    };
  },
);

const lvs: Row<GlobalNode>[] = [
  known('lvs_timeouts', ipvsTimeouts, { doc: 'IPVS connection timeouts', since: '1.2.24', missing: 'error' }),
  known('lvs_flush', flag, { doc: 'Empty the IPVS table at start', since: '1.2.23' }),
  known('lvs_flush_on_stop', optional(oneOf('VS')), { doc: 'Empty the IPVS table at the end', since: '2.2.0' }),
  known('lvs_flush_onstop', optional(oneOf('VS')), {
    doc: 'Empty the IPVS table at the end',
    since: '2.0.15',
    deprecated: '2.2.0',
    modern: 'lvs_flush_on_stop',
    silent: true,
  }),
  known(
    'lvs_sync_daemon',
    syncDaemon,
    { doc: 'IPVS sync daemon', since: '1.2.20', missing: 'error' },
    (node: GlobalNode, value) => {
      node.syncDaemon ??= value.daemon;
      value.checkFirst(node.syncDaemon);
    },
  ),
  known('nftables_ipvs', optional(name), { doc: 'Table for virtual server groups', since: '2.2.2' }),
  known('nftables_ipvs_priority', integer(-(2 ** 31), MAX_INT), { doc: 'Priority of the chains', since: '2.2.2' }),
  known('nftables_ipvs_start_fwmark', integer(1, MAX_INT), { doc: 'First firewall mark to use', since: '2.2.2' }),
  known('checker_log_all_failures', boolean, { doc: 'Log every failed check', since: '2.0.11' }),
  known('rs_init_notifies', boolean, { doc: 'Notify of the first state of real servers', since: '2.0.0' }),
  known('lvs_process_name', name, {
    doc: 'Name of the check process',
    since: '2.0.16',
    deprecated: '2.2.0',
    modern: 'checker_process_name',
    silent: true,
  }),
];

const SNMP_SINCE: Readonly<Record<string, string>> = { enable_traps: '1.2.5', enable_snmp_vrrp: '2.0.0' };

const snmp: Row<GlobalNode>[] = [
  known('snmp_socket', name, { doc: 'AgentX socket', since: '1.2.20', exact: true, missing: 'error', build: 'snmp' }),
  ...[
    'enable_traps',
    'enable_snmp_vrrp',
    'enable_snmp_rfc',
    'enable_snmp_rfcv2',
    'enable_snmp_rfcv3',
    'enable_snmp_checker',
  ].map((word) => known<GlobalNode>(word, flag, { doc: 'SNMP', since: SNMP_SINCE[word] ?? '1.2.20', build: 'snmp' })),
  known('enable_snmp_keepalived', flag, {
    doc: 'SNMP',
    since: '1.2.20',
    build: 'snmp',
    deprecated: '2.0.0',
    modern: 'enable_snmp_vrrp',
    silent: true,
  }),
  known('snmp_vs_stats_update_interval', seconds(0.001, 30), {
    doc: 'Age of virtual server statistics',
    build: 'snmp',
    since: '2.3.0',
  }),
  known('snmp_rs_stats_update_interval', seconds(0.001, 30), {
    doc: 'Age of real server statistics',
    since: '2.3.0',
    build: 'snmp',
  }),
  known('enable_dbus', flag, { doc: 'DBus', since: '1.3.0', build: 'dbus' }),
  known('dbus_service_name', name, { doc: 'Name on the bus', since: '1.3.7', missing: 'error', build: 'dbus' }),
  known('dbus_no_interface_name', name, {
    doc: 'Name of instances without an interface',
    since: '2.3.0',
    build: 'dbus',
  }),
];

const PERMISSION = /^(?:S_)?I[RWX](?:USR|GRP|OTH|WXU)?$|^(?:S_)?IRWX[UGO]$/;

/** A number, or names of permission bits as in `IRWXG | IWOTH`. */
const umask: Reader<string> = reader('bits', (args) => {
  const first = args.next('permission bits');
  if (!first) return undefined;
  const bits = [first, ...args.rest()].flatMap((word) => word.text.split('|')).filter((bit) => bit !== '');
  const isNumber = bits.length === 1 && /^0?[0-7]{1,4}$/.test(bits[0]!);
  if (isNumber || bits.every((bit) => PERMISSION.test(bit))) return bits.join('|');
  return args.report('invalid-value', first, `invalid umask '${first.text}'`, 'an octal number, or IRWXG, IWOTH, ..');
});

function keepScript(node: GlobalNode, value: ScriptNode): void {
  node.ownScripts.push(value);
}

const program: Row<GlobalNode>[] = [
  known('lvs_id', name, { doc: 'Name of this machine', since: '0.5.3', removed: '1.1.8', modern: 'router_id' }),
  known('plugin_dir', path, { doc: 'Where plugins were', since: '1.1.8', removed: '1.2.20' }),
  known('process_names', flag, { doc: 'Name the processes apart', since: '2.0.16' }),
  known('process_name', name, { doc: 'Name of the parent process', since: '2.0.16' }),
  known('use_symlink_paths', boolean, { doc: 'Do not resolve links in script paths', since: '2.3.0' }),
  known('set_supplementary_groups', boolean, { doc: 'Give scripts the further groups of their user', since: '2.4.4' }),
  known(
    'startup_script',
    script,
    {
      doc: 'Program to run before all else',
      since: '2.1.0',
      exact: true,
      missing: 'error',
    },
    keepScript,
  ),
  known('startup_script_timeout', integer(1, 1000), { doc: 'Seconds it may take', since: '2.1.0', missing: 'error' }),
  known('shutdown_script', script, { doc: 'Program to run last', since: '2.1.0', missing: 'error' }, keepScript),
  known('shutdown_script_timeout', integer(1, 1000), { doc: 'Seconds it may take', since: '2.1.0', missing: 'error' }),
  known('umask', umask, { doc: 'Permissions of files that are made', since: '2.0.9' }),
  known('random_seed', integer(0, 2 ** 32 - 1), { doc: 'Start of random numbers', since: '2.0.15' }),
  known('reload_check_config', optional(path), { doc: 'Check a configuration before reloading it', since: '2.2.0' }),
  known('reload_time_file', path, {
    doc: 'File with the time of the next reload',
    since: '2.1.0',
    exact: true,
    missing: 'error',
  }),
  known('reload_repeat', flag, { doc: 'Reload at every time of the file', since: '2.1.0' }),
  known('reload_file', optional(path), { doc: 'File that exists during a reload', since: '2.2.0' }),
  known('include_check', words, { doc: 'What is checked of included files', since: '2.2.0' }),
  known('config_save_dir', path, { doc: 'Where read configurations are kept', since: '2.2.3' }),
  known('tmp_config_directory', path, {
    doc: 'Where the parent leaves the configuration for its children',
    since: '2.2.0',
    missing: 'error',
    inert: true,
  }),
  known('data_use_instance', boolean, { doc: 'Instance name in the names of dumps', since: '2.2.3' }),
  known('json_version', integer(1, 2), { doc: 'Format of the JSON dump', since: '2.2.8' }),
  known('iproute_usr_dir', path, { doc: 'Names of routing tables', since: '2.3.2' }),
  known('iproute_etc_dir', path, { doc: 'Names of routing tables', since: '2.3.2' }),
  known('state_dump_file', path, { doc: 'Where the data dump goes', since: '2.3.3' }),
  known('stats_dump_file', path, { doc: 'Where the statistics dump goes', since: '2.3.3' }),
  known('json_dump_file', path, { doc: 'Where the JSON dump goes', since: '2.3.3' }),
];

export const globalDefs: Table<GlobalNode> = table('global_defs', [
  ...settings,
  ...mail,
  ...fifo('', storeFifo),
  ...fifo('vrrp_'),
  ...fifo('lvs_'),
  ...vrrp,
  ...lvs,
  ...snmp,
  ...program,
  ...['vrrp', 'checker', 'bfd'].flatMap(scheduling),
  ...['vrrp', 'lvs'].flatMap(netlinkBuffers),
]);
