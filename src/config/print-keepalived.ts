/**
 * From records back to a keepalived.conf: canonical, current syntax, only what differs from keepalived's built-in values.
 *
 * What records do not express (routes, mails, tracked processes, words that are not carried out) is not there to be
 * printed. Loading the text gives the same records, but for the places that they name. Virtual servers are
 * `print-virtual-servers.ts`.
 */
import { toUtf8 } from '../../grammar/source.ts';
import type {
  BfdSessionConf,
  GarpConf,
  GlobalDefs,
  KeepalivedConfig,
  NotifyConf,
  SyncGroupConf,
  TrackFileConf,
  TrackScriptConf,
  VirtualAddressConf,
  VrrpInstanceConf,
  VrrpScriptConf,
} from './keepalived.ts';
import {
  block,
  command,
  listOf,
  optional,
  printScript,
  printWeight,
  quote,
  seconds,
  when,
  words,
} from './keepalived-lines.ts';
import { printVirtualServer, printVirtualServerGroup } from './print-virtual-servers.ts';

export function printKeepalived(config: KeepalivedConfig): string {
  const { globalDefs } = config;
  const instance = globalDefs.instanceName === null ? [] : [`instance ${quote(globalDefs.instanceName)}`];
  const blocks = [
    block('global_defs', printGlobalDefs(globalDefs)),
    ...config.trackFiles.map(printTrackFile),
    ...config.bfdSessions.map(printBfdSession),
    ...config.scripts.map(printVrrpScript),
    ...config.syncGroups.map(printSyncGroup),
    ...config.instances.map((each) => printInstance(each, globalDefs, config.scripts)),
    ...config.virtualServerGroups.map(printVirtualServerGroup),
    ...config.virtualServers.map(printVirtualServer),
  ];
  return [instance, ...blocks]
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function printGlobalDefs(global: GlobalDefs): string[] {
  const { scriptUser } = global;
  return [
    `router_id ${quote(global.routerId)}`,
    ...(scriptUser ? [words('script_user', scriptUser.user, scriptUser.group)] : []),
    ...when(global.enableScriptSecurity, 'enable_script_security'),
    ...when(global.vrrpVersion !== 2, `vrrp_version ${global.vrrpVersion}`),
    ...when(global.startupDelayMs !== 0, `vrrp_startup_delay ${seconds(global.startupDelayMs)}`),
    ...when(global.strict, 'vrrp_strict'),
    ...when(global.mcastGroup4 !== '224.0.0.18', `vrrp_mcast_group4 ${global.mcastGroup4}`),
    ...when(global.mcastGroup6 !== 'ff02::12', `vrrp_mcast_group6 ${global.mcastGroup6}`),
    ...printGarp('vrrp_', global.garp, BUILT_IN_GARP),
    ...when(global.garp.intervalUs !== 0, `vrrp_garp_interval ${seconds(global.garp.intervalUs / 1000)}`),
    ...when(global.dynamicInterfaces, 'dynamic_interfaces'),
    ...optional('notify_fifo', global.notifyFifo),
  ];
}

const BUILT_IN_GARP: GarpConf = {
  masterDelayMs: 5000,
  masterRepeat: 5,
  masterRefreshMs: 0,
  masterRefreshRepeat: 1,
  lowerPrioDelayMs: 5000,
  lowerPrioRepeat: 5,
  intervalUs: 0,
};

/** What differs from `base`. The words for lower adverts follow the global ones for masters unless given. */
function printGarp(prefix: string, garp: GarpConf, base: GarpConf): string[] {
  const isGlobal = prefix !== '';
  const lowerDelayMs = isGlobal ? garp.masterDelayMs : base.lowerPrioDelayMs;
  const lowerRepeat = isGlobal ? garp.masterRepeat : base.lowerPrioRepeat;
  return [
    ...when(garp.masterDelayMs !== base.masterDelayMs, `${prefix}garp_master_delay ${seconds(garp.masterDelayMs)}`),
    ...when(garp.masterRepeat !== base.masterRepeat, `${prefix}garp_master_repeat ${garp.masterRepeat}`),
    ...when(
      garp.masterRefreshMs !== base.masterRefreshMs,
      `${prefix}garp_master_refresh ${seconds(garp.masterRefreshMs)}`,
    ),
    ...when(
      garp.masterRefreshRepeat !== base.masterRefreshRepeat,
      `${prefix}garp_master_refresh_repeat ${garp.masterRefreshRepeat}`,
    ),
    ...when(garp.lowerPrioDelayMs !== lowerDelayMs, `${prefix}garp_lower_prio_delay ${seconds(garp.lowerPrioDelayMs)}`),
    ...when(garp.lowerPrioRepeat !== lowerRepeat, `${prefix}garp_lower_prio_repeat ${garp.lowerPrioRepeat}`),
  ];
}

function printTrackFile(file: TrackFileConf): string[] {
  return block(`track_file ${quote(file.name)}`, [
    `file ${quote(file.path)}`,
    ...when(file.weight !== 1 || file.weightReverse, printWeight(file.weight, file.weightReverse)),
  ]);
}

function printBfdSession(session: BfdSessionConf): string[] {
  return block(`bfd_instance ${quote(session.name)}`, [`neighbor_ip ${session.neighbor}`]);
}

function printVrrpScript(script: VrrpScriptConf): string[] {
  const { user, group } = script.script;
  return block(`vrrp_script ${quote(script.name)}`, [
    `script ${command(script.script)}`,
    ...when(script.intervalMs !== 1000, `interval ${seconds(script.intervalMs)}`),
    ...when(script.timeoutMs !== 0, `timeout ${seconds(script.timeoutMs)}`),
    ...when(script.weight !== 0 || script.weightReverse, printWeight(script.weight, script.weightReverse)),
    ...when(script.rise !== 1, `rise ${script.rise}`),
    ...when(script.fall !== 1, `fall ${script.fall}`),
    ...when(user !== null, words('user', user, group)),
    ...when(script.initFail, 'init_fail'),
  ]);
}

function printSyncGroup(group: SyncGroupConf): string[] {
  return block(`vrrp_sync_group ${quote(group.name)}`, [
    ...block('group', group.members.map(quote)),
    ...printNotify(group.notify),
  ]);
}

const NOTIFY_WORDS: Readonly<Record<keyof NotifyConf, string>> = {
  master: 'notify_master',
  backup: 'notify_backup',
  fault: 'notify_fault',
  stop: 'notify_stop',
  masterRxLowerPri: 'notify_master_rx_lower_pri',
  all: 'notify',
};

function printNotify(notify: NotifyConf): string[] {
  return Object.entries(notify).flatMap(([key, script]) => printScript(NOTIFY_WORDS[key as keyof NotifyConf], script));
}

function printInstance(instance: VrrpInstanceConf, global: GlobalDefs, scripts: readonly VrrpScriptConf[]): string[] {
  const device = instance.interface;
  return block(`vrrp_instance ${quote(instance.name)}`, [
    `state ${instance.initialState}`,
    `interface ${quote(device)}`,
    `virtual_router_id ${instance.virtualRouterId}`,
    `priority ${instance.priority}`,
    ...when(instance.version !== global.vrrpVersion, `version ${instance.version}`),
    ...when(instance.advertIntervalCs !== 100, `advert_int ${seconds(instance.advertIntervalCs * 10)}`),
    ...when(instance.nopreempt, 'nopreempt'),
    ...when(instance.preemptDelayMs !== 0, `preempt_delay ${seconds(instance.preemptDelayMs)}`),
    ...when(instance.strict !== global.strict, `strict_mode ${instance.strict ? 'on' : 'off'}`),
    ...when(instance.accept && instance.strict, 'accept'),
    ...when(!instance.accept && !instance.strict, 'no_accept'),
    ...when(instance.dontTrackPrimary, 'dont_track_primary'),
    ...(instance.auth
      ? block('authentication', [
          `auth_type ${instance.auth.type}`,
          `auth_pass ${quote(toUtf8(instance.auth.password))}`,
        ])
      : []),
    ...printSource(instance),
    ...printGarp('', instance.garp, global.garp),
    ...listOf(
      'virtual_ipaddress',
      instance.virtualAddresses.map((each) => printAddress(each, device)),
    ),
    ...listOf(
      'virtual_ipaddress_excluded',
      instance.excludedAddresses.map((each) => printAddress(each, device)),
    ),
    ...listOf('track_interface', instance.trackInterfaces.map(printTrackInterface)),
    ...listOf(
      'track_script',
      instance.trackScripts.map((each) => printTrackScript(each, scripts)),
    ),
    ...printNotify(instance.notify),
  ]);
}

function printSource({ mcastSrcIp, unicastPeers }: VrrpInstanceConf): string[] {
  const keyword = unicastPeers.length > 0 ? 'unicast_src_ip' : 'mcast_src_ip';
  return [...optional(keyword, mcastSrcIp), ...listOf('unicast_peer', unicastPeers)];
}

function printAddress(address: VirtualAddressConf, device: string): string {
  return [
    `${address.address}/${address.prefixLength}`,
    ...optional('dev', address.device === device ? null : address.device),
    ...optional('label', address.label),
    ...when(address.scope !== 0, `scope ${address.scope}`),
    ...optional('brd', address.broadcast),
    ...when(address.noTrack, 'no_track'),
  ].join(' ');
}

function printTrackInterface({ name, weight }: VrrpInstanceConf['trackInterfaces'][number]): string {
  return weight === 0 ? quote(name) : `${quote(name)} weight ${weight}`;
}

function printTrackScript(track: TrackScriptConf, scripts: readonly VrrpScriptConf[]): string {
  const script = scripts.find(({ name }) => name === track.script);
  const isScripts = script?.weight === track.weight && script.weightReverse === track.weightReverse;
  return isScripts ? quote(track.script) : `${quote(track.script)} ${printWeight(track.weight, track.weightReverse)}`;
}
