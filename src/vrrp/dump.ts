/**
 * The two files that keepalived writes on SIGUSR1 and SIGUSR2: keepalived.data and keepalived.stats, in its layout, for
 * what this role knows. Lines about matters that do not exist here (SNMP, DBus, VMAC, IPVS) are left out.
 *
 * The files lie in a folder that anybody may write to (TMPDIR, else /tmp): each is written under a new name that nobody
 * can have made before, then renamed over the old one, so that no link is followed and no reader sees half a file.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { GarpConf, NotifyConf, ScriptConf, VirtualAddressConf } from '../config/keepalived.ts';
import { unpackInet4 } from '../os/address.ts';
import type { Link } from '../os/netlink.ts';
import type { VrrpDaemon } from './daemon.ts';
import { prepareScript } from './exec.ts';
import type { VirtualRouter } from './router.ts';
import type { TrackScript } from './script.ts';
import type { SyncGroup } from './sync-group.ts';

/** Returns the errno's words when it cannot be written. */
export function writeDump(name: string, text: string): string | null {
  const folder = process.env.TMPDIR ?? '/tmp';
  const fresh = join(folder, `.${name}.${randomBytes(8).toString('hex')}`);
  try {
    const fd = openSync(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      writeSync(fd, text);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, join(folder, name));
    return null;
  } catch (error) {
    try {
      unlinkSync(fresh);
    } catch {}
    return error instanceof Error ? error.message : String(error);
  }
}

export function formatStats(daemon: VrrpDaemon): string {
  return daemon.routers.map(formatRouterStats).join('');
}

function formatRouterStats({ conf, instance, faults }: VirtualRouter): string {
  const { stats } = instance;
  return `VRRP Instance: ${conf.name}
  Advertisements:
    Received: ${stats.advertsReceived}
    Sent: ${stats.advertsSent}
  Became master: ${stats.becameMaster}
  Released master: ${stats.releasedMaster}
  Packet Errors:
    Length: ${faults.length}
    TTL: ${faults.ttl}
    Invalid Type: ${faults.invalidType}
    Advertisement Interval: ${faults.interval}
    Address List: ${faults.addressList}
  Authentication Errors:
    Invalid Type: ${faults.authType}
    Type Mismatch: ${faults.authMismatch}
    Failure: ${faults.authFailure}
  Priority Zero:
    Received: ${stats.priorityZeroReceived}
    Sent: ${stats.priorityZeroSent}
`;
}

export function formatData(daemon: VrrpDaemon): string {
  const { groups, network } = daemon;
  const scripts = [...daemon.scripts.values()];
  const lines = [
    '------< Global definitions >------',
    ...globalLines(daemon),
    '------< VRRP Topology >------',
    ...daemon.routers.flatMap((router) => routerLines(daemon, router)),
    '------< VRRP Sockpool >------',
    ...sockpoolLines(daemon.routers),
    ...(groups.length > 0 ? ['------< VRRP Sync groups >------'] : []),
    ...groups.flatMap((group) => groupLines(daemon, group)),
    ...(scripts.length > 0 ? ['------< VRRP Scripts >------'] : []),
    ...scripts.flatMap((script) => scriptLines(daemon, script)),
    '------< Interfaces >------',
    ...network.links().flatMap((link) => linkLines(daemon, link)),
  ];
  return `${lines.join('\n')}\n`;
}

function globalLines({ slice }: VrrpDaemon): string[] {
  const { globalDefs } = slice;
  const { uid = 0, gid = 0 } = { uid: process.getuid?.(), gid: process.getgid?.() };
  return [
    ` Router ID = ${globalDefs.routerId}`,
    ` Dynamic interfaces = ${globalDefs.dynamicInterfaces}`,
    ` VRRP IPv4 mcast group = ${globalDefs.mcastGroup4}`,
    ` VRRP IPv6 mcast group = ${globalDefs.mcastGroup6}`,
    ...garpLines(globalDefs.garp, ' ', ' timer'),
    ' Num adverts before down = 3',
    ` Gratuitous ARP interval = ${(globalDefs.garp.intervalUs / 1e6).toFixed(6)}`,
    ` VRRP default protocol version = ${globalDefs.vrrpVersion}`,
    ` VRRP strict mode = ${globalDefs.strict}`,
    ` Script security ${globalDefs.enableScriptSecurity ? 'enabled' : 'disabled'}`,
    ` Default script uid:gid ${uid}:${gid}`,
  ];
}

function garpLines(garp: GarpConf, indent: string, timer: string): string[] {
  return [
    `${indent}Gratuitous ARP delay = ${garp.masterDelayMs / 1000}`,
    `${indent}Gratuitous ARP repeat = ${garp.masterRepeat}`,
    `${indent}Gratuitous ARP refresh${timer} = ${garp.masterRefreshMs / 1000}`,
    `${indent}Gratuitous ARP refresh repeat = ${garp.masterRefreshRepeat}`,
    `${indent}Gratuitous ARP lower priority delay = ${garp.lowerPrioDelayMs / 1000}`,
    `${indent}Gratuitous ARP lower priority repeat = ${garp.lowerPrioRepeat}`,
  ];
}

function routerLines(daemon: VrrpDaemon, router: VirtualRouter): string[] {
  const { conf, instance } = router;
  const group = daemon.groupOf(router);
  const source = router.sourceAddress();
  const { policy } = instance;
  const seconds = conf.advertIntervalCs / 100;
  return [
    ` VRRP Instance = ${conf.name}`,
    `   VRRP Version = ${conf.version}`,
    ...(group ? [`   Sync group = ${group.conf.name}`] : []),
    `   State = ${instance.state}`,
    ...masterLines(router),
    '   Flags: none',
    `   Wantstate = ${conf.initialState === 'MASTER' || instance.state === 'MASTER' ? 'MASTER' : 'BACKUP'}`,
    `   Last transition = ${stamp(router.changedAtMs)}`,
    `   Read timeout = ${instance.timerAt === null ? 'DISABLED' : stamp(Date.now() + instance.timerAt - performance.now())}`,
    `   Master down timer = ${Math.floor(instance.masterDownMs * 1000)} usecs`,
    `   Interface = ${conf.interface}`,
    `   Using src_ip = ${source ? unpackInet4(source, 0) : '(none)'}${conf.mcastSrcIp === null ? '' : ' (from configuration)'}`,
    ...(conf.unicastPeers.length > 0 ? [] : [`   Multicast address ${daemon.slice.globalDefs.mcastGroup4}`]),
    ...garpLines(conf.garp, '   ', ''),
    '   Down timer adverts = 3',
    '   Send advert after receive lower priority advert = true',
    '   Send advert after receive higher priority advert = false',
    `   Virtual Router ID = ${conf.virtualRouterId}`,
    `   Priority = ${conf.priority}`,
    `   Effective priority = ${instance.priority}`,
    `   Total priority = ${instance.priority}`,
    `   Advert interval = ${conf.version === 2 ? `${seconds} sec` : `${conf.advertIntervalCs * 10} milli-sec`}`,
    `   Accept = ${conf.accept ? 'enabled' : 'disabled'}`,
    `   Preempt = ${policy.nopreempt ? 'disabled' : 'enabled'}`,
    ...(policy.preemptDelayMs > 0 ? [`   Preempt delay = ${policy.preemptDelayMs / 1000} secs`] : []),
    ...authLines(router),
    `   Virtual IP (${conf.virtualAddresses.length}):`,
    ...conf.virtualAddresses.map((address) => addressLine(address, router.addressesSet)),
    ...(conf.excludedAddresses.length > 0 ? ['   Virtual IP Excluded :'] : []),
    ...conf.excludedAddresses.map((address) => addressLine(address, router.addressesSet)),
    ...(conf.unicastPeers.length > 0 ? ['   Unicast Peer :', ...conf.unicastPeers.map((peer) => `     ${peer}`)] : []),
    router.channel ? `   fd_in ${router.channel.fd}, fd_out ${router.channel.fd}` : '   No sockets allocated',
    ...(conf.trackInterfaces.length > 0 ? ['   Tracked interfaces :'] : []),
    ...conf.trackInterfaces.map(({ name, weight }) => `     ${name} weight ${weight}`),
    ...(conf.trackScripts.length > 0 ? ['   Tracked scripts :'] : []),
    ...conf.trackScripts.map(({ script, weight, weightReverse }) => {
      return `     ${script} weight ${weight}${weightReverse ? ' reverse' : ''}`;
    }),
    '   Using smtp notification = no',
    ...notifyLines(daemon, conf.notify),
  ];
}

function masterLines({ instance }: VirtualRouter): string[] {
  if (instance.state !== 'BACKUP' || !instance.master) return [];
  return [`   Master router = ${instance.master.address}`, `   Master priority = ${instance.master.priority}`];
}

function authLines({ conf }: VirtualRouter): string[] {
  if (!conf.auth) return ['   Authentication type = none'];
  const type = conf.auth.type === 'PASS' ? 'SIMPLE_PASSWORD' : 'IPSEC_AH';
  return [`   Authentication type = ${type}`, `   Password = ${conf.auth.password}`];
}

const scopeNames: Readonly<Record<number, string>> = {
  0: 'global',
  200: 'site',
  253: 'link',
  254: 'host',
  255: 'nowhere',
};

function addressLine(address: VirtualAddressConf, set: boolean): string {
  const full = address.family === 4 ? 32 : 128;
  const words = [address.prefixLength === full ? address.address : `${address.address}/${address.prefixLength}`];
  if (address.broadcast !== null) words.push('brd', address.broadcast);
  words.push('dev', address.device, 'scope', scopeNames[address.scope] ?? String(address.scope));
  if (address.label !== null) words.push('label', address.label);
  if (address.noTrack) words.push('no_track');
  if (address.family === 6 && address.prefixLength === 128) words.push('deprecated');
  if (set) words.push('set');
  return `     ${words.join(' ')}`;
}

function notifyLines(daemon: VrrpDaemon, notify: NotifyConf): string[] {
  const rows: readonly [string, ScriptConf | null][] = [
    ['Backup', notify.backup],
    ['Master', notify.master],
    ['Fault', notify.fault],
    ['Stop', notify.stop],
    ['Generic', notify.all],
    ['Master rx lower pri', notify.masterRxLowerPri],
  ];
  return rows.flatMap(([word, script]) => {
    if (!script) return [];
    return [`   ${word} state transition script = ${quote(script)}, uid:gid ${identityOf(daemon, script)}`];
  });
}

function quote(script: ScriptConf): string {
  return script.argv.map((word) => `'${word}'`).join(' ');
}

function identityOf(daemon: VrrpDaemon, script: ScriptConf): string {
  const prepared = prepareScript(script, daemon.slice.globalDefs);
  return 'program' in prepared ? `${prepared.program.identity.uid}:${prepared.program.identity.gid}` : '0:0';
}

function sockpoolLines(routers: readonly VirtualRouter[]): string[] {
  const channels = new Set(routers.flatMap(({ channel }) => channel ?? []));
  return [...channels].flatMap((channel) => [
    ` fd_in ${channel.fd} fd_out = ${channel.fd}`,
    `   Interface = ${channel.options.interfaceName}`,
    '   Family = IPv4',
    '   Protocol = VRRP',
    `   Type = ${channel.options.multicastGroup === null ? 'Unicast' : 'Multicast'}`,
    '   VRRP instances',
    ...routers
      .filter((router) => router.channel === channel)
      .map(({ conf }) => `     ${conf.name} vrid ${conf.virtualRouterId}`),
  ]);
}

function groupLines(daemon: VrrpDaemon, group: SyncGroup): string[] {
  return [
    ` VRRP Sync Group = ${group.conf.name}, ${group.state}`,
    '   VRRP member instances :',
    ...group.members.map((member) => `     ${member.policy.name}`),
    '   Using smtp notification = no',
    ...notifyLines(daemon, group.conf.notify),
  ];
}

const runWords: Readonly<Record<TrackScript['state'], string>> = {
  idle: 'idle',
  running: 'running',
  terminating: 'requested termination',
  killing: 'forcing termination',
};

function scriptLines(daemon: VrrpDaemon, script: TrackScript): string[] {
  const { conf, status } = script;
  const trackers = daemon.routers.flatMap((router) => {
    const track = router.conf.trackScripts.find((each) => each.script === conf.name);
    return track ? [`     ${router.conf.name}, weight ${track.weight}${track.weightReverse ? ' reverse' : ''}`] : [];
  });
  const verdicts = { unknown: 'INIT', good: 'GOOD', bad: 'BAD' } as const;
  return [
    ` VRRP Script = ${conf.name}`,
    `   Command = ${quote(conf.script)}`,
    `   Interval = ${conf.intervalMs / 1000} sec`,
    `   Timeout = ${conf.timeoutMs / 1000} sec`,
    `   Weight = ${conf.weight}${conf.weightReverse ? ' reverse' : ''}`,
    `   Rise = ${conf.rise}`,
    `   Fall = ${conf.fall}`,
    `   Result = ${status.result}`,
    '   Insecure = no',
    `   Status = ${verdicts[status.verdict]}`,
    `   Script uid:gid = ${identityOf(daemon, conf.script)}`,
    '   Tracking instances :',
    ...trackers,
    `   State = ${runWords[script.state]}`,
  ];
}

function linkLines({ network, routers }: VrrpDaemon, link: Link): string[] {
  const inet = network.addressesOf(link.name).find((address) => address.family === 4);
  const mac = Buffer.from(link.mac).toString('hex').match(/../g)?.join(':') ?? '';
  const tracking = routers.filter(({ conf }) => conf.interface === link.name);
  return [
    ` Name = ${link.name}`,
    `   index = ${link.index}`,
    `   IPv4 address = ${inet ? unpackInet4(inet.bytes, 0) : '(none)'}`,
    ...(mac === '' || /^[0:]*$/.test(mac) ? [] : [`   MAC = ${mac}`]),
    `   State = ${link.up ? 'UP, RUNNING' : 'not UP'}${link.multicast ? '' : ', no multicast'}`,
    `   MTU = ${link.mtu}`,
    ...(tracking.length > 0 ? ['   Tracking VRRP instances :'] : []),
    ...tracking.map(({ conf }) => `     ${conf.name}, weight 0`),
  ];
}

/** Seconds with microseconds, and the same as text in local time. */
function stamp(atMs: number): string {
  const fraction = (Math.floor(atMs * 1000) % 1_000_000).toString().padStart(6, '0');
  const at = new Date(atMs);
  const [day, month, date = '', year] = at.toDateString().split(' ');
  const text = `${day} ${month} ${date.replace(/^0/, ' ')} ${at.toTimeString().slice(0, 8)}.${fraction} ${year}`;
  return `${Math.floor(atMs / 1000)}.${fraction} (${text})`;
}
