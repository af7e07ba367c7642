/**
 * From the node of a `vrrp_instance` to its frozen record.
 *
 * Defaults, limits and rules across keywords are keepalived's, as far as its manual says or its `-t` shows. Every rule
 * that changes what was written leaves a diagnostic at the word it changes.
 */
import { NOT_CARRIED_OUT } from '../../grammar/diagnostic.ts';
import type { Context } from '../../grammar/keepalived/context.ts';
import { addressFamily } from '../../grammar/keepalived/ip.ts';
import type { AddressNode, DocumentNode, GarpNode, InstanceNode, TrackNode } from '../../grammar/keepalived/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import { checkInstanceWords } from './check-vrrp-words.ts';
import type {
  AuthConf,
  GarpConf,
  GlobalDefs,
  TrackScriptConf,
  VirtualAddressConf,
  VrrpInstanceConf,
  VrrpScriptConf,
} from './keepalived.ts';
import type { Surroundings } from './keepalived-surroundings.ts';

const AUTH_PASS_BYTES = 8;

export class InstanceResolver {
  private readonly document: DocumentNode;
  private readonly around: Surroundings;
  private readonly context: Context;
  private readonly globals: GlobalDefs;
  private readonly scripts: ReadonlyMap<string, VrrpScriptConf>;

  constructor(
    document: DocumentNode,
    around: Surroundings,
    globals: GlobalDefs,
    scripts: ReadonlyMap<string, VrrpScriptConf>,
  ) {
    this.document = document;
    this.around = around;
    this.context = around.context;
    this.globals = globals;
    this.scripts = scripts;
  }

  resolveAll(): VrrpInstanceConf[] {
    const routerIds = new Map<string, string>();
    return this.document.instances.flatMap((node) => {
      const conf = this.resolveOne(node);
      if (!conf) return [];
      this.checkRouterId(node, conf, routerIds);
      return [conf];
    });
  }

  private resolveOne(node: InstanceNode): VrrpInstanceConf | null {
    const name = node.name.text;
    this.checkPassword(node);
    checkInstanceWords(node, familyOf(node), this.document, this.around);
    const interfaceName = this.interfaceOf(node, name);
    if (!node.virtualRouterId) {
      this.context.error('router-id-missing', node.name, `(${name}) the virtual router id must be set`, {
        expected: 'virtual_router_id 1..255',
      });
    }
    if (interfaceName === null || !node.virtualRouterId) return null;
    const family = familyOf(node);
    const version = this.versionOf(node, family, name);
    const priority = node.priority?.value ?? (node.state?.value === 'MASTER' ? 255 : 100);
    const initialState = priority === 255 ? 'MASTER' : (node.state?.value ?? 'BACKUP');
    this.reportNotCarriedOut(node, family, name);
    const preemption = this.preemptionOf(node, initialState, priority, name);
    this.around.reportRepeated(node.repeated, name);
    const addresses = this.addressesOf(node, interfaceName, family, name);
    return {
      name: toUtf8(name),
      place: this.around.place(node.name),
      interface: toUtf8(interfaceName),
      initialState: this.withoutAh(node, initialState, priority, name),
      virtualRouterId: node.virtualRouterId.value,
      priority,
      version,
      family,
      advertIntervalCs: this.advertIntervalOf(node, version, name),
      ...preemption,
      auth: this.authOf(node, version, name),
      mcastSrcIp: this.sourceOf(node, family, name),
      unicastPeers: this.peersOf(node, family, name),
      ...addresses,
      trackScripts: this.trackScriptsOf(node, priority, name),
      trackInterfaces: this.trackInterfacesOf(node, interfaceName, priority, name),
      notify: this.around.notifyOf(node.notify),
      garp: garpOf(this.document.global.garp, node.garp),
      dontTrackPrimary: node.dontTrackPrimary ?? false,
      accept: node.accept ?? !(node.strict ?? this.globals.strict),
      strict: node.strict ?? this.globals.strict,
    };
  }

  /** What the vrrp role disables an instance for. */
  private reportNotCarriedOut(node: InstanceNode, family: 4 | 6, name: string): void {
    const disabled = 'understood but not carried out - the instance is disabled';
    if (family === 6) {
      const site = node.addresses[0]?.site ?? node.name;
      this.context.warning(NOT_CARRIED_OUT, site, `(${name}) an IPv6 instance is ${disabled}`);
    }
    if (node.authType?.value === 'AH') {
      this.context.warning(NOT_CARRIED_OUT, node.authType.site, `(${name}) 'auth_type AH' is ${disabled}`);
    }
  }

  private interfaceOf(node: InstanceNode, name: string): string | null {
    const written = node.interface ?? this.document.global.defaultInterface;
    if (!written && node.unicastPeers && !this.context.isBefore('2.3.0')) {
      const message = `(${name}) unicast without an interface is understood but not carried out - the instance is disabled`;
      this.context.warning(NOT_CARRIED_OUT, node.name, message);
      return null;
    }
    if (!written) {
      this.context.error('interface-missing', node.name, `(${name}) Unknown interface!`, {
        expected: "a line 'interface NAME'",
      });
      return null;
    }
    if (node.interface) {
      this.around.checkInterface(
        written.value,
        written.site,
        `interface ${written.value} for vrrp_instance ${name} doesn't exist`,
      );
    }
    return written.value;
  }

  private versionOf(node: InstanceNode, family: 4 | 6, name: string): 2 | 3 {
    if (family === 4) return node.version?.value ?? this.globals.vrrpVersion;
    if (node.version?.value === 2) {
      this.context.error('version-mismatch', node.version.site, `(${name}) IPv6 needs VRRP version 3, using that`);
    }
    return 3;
  }

  private preemptionOf(
    node: InstanceNode,
    state: 'MASTER' | 'BACKUP',
    priority: number,
    name: string,
  ): { nopreempt: boolean; preemptDelayMs: number } {
    let nopreempt = node.nopreempt?.value ?? false;
    let preemptDelayMs = node.preemptDelayMs?.value ?? 0;
    if (nopreempt && priority === 255) {
      nopreempt = false;
      this.context.warning(
        'nopreempt-ignored',
        node.nopreempt!.site,
        `(${name}) nopreempt is incompatible with priority 255. resetting nopreempt`,
      );
    } else if (nopreempt && state === 'MASTER') {
      nopreempt = false;
      this.context.warning(
        'nopreempt-ignored',
        node.nopreempt!.site,
        `(${name}) Warning - nopreempt will not work with initial state MASTER - clearing`,
      );
    }
    if (preemptDelayMs > 0 && (nopreempt || state === 'MASTER')) {
      preemptDelayMs = 0;
      const why = nopreempt
        ? 'is incompatible with nopreempt mode - resetting'
        : 'will not work with initial state MASTER - clearing';
      this.context.warning('preempt-delay-ignored', node.preemptDelayMs!.site, `(${name}) preempt_delay ${why}`);
    }
    return { nopreempt, preemptDelayMs };
  }

  /** An AH instance has to hear a master before it may speak, since the sequence numbers must go on. */
  private withoutAh(
    node: InstanceNode,
    state: 'MASTER' | 'BACKUP',
    priority: number,
    name: string,
  ): 'MASTER' | 'BACKUP' {
    if (node.authType?.value !== 'AH' || state !== 'MASTER' || priority === 255) return state;
    this.context.warning(
      'state-ignored',
      node.state?.site ?? node.name,
      `(${name}) Initial state master is incompatible with AH authentication - clearing`,
    );
    return 'BACKUP';
  }

  private advertIntervalOf(node: InstanceNode, version: 2 | 3, name: string): number {
    if (!node.advertIntervalUs) return 100;
    const { value, site } = node.advertIntervalUs;
    if (version === 2) {
      if (value % 1e6 === 0) return value / 1e4;
      const rounded = Math.max(1, Math.round(value / 1e6));
      this.context.warning(
        'advert-interval-rounded',
        site,
        `(${name}) VRRPv2 advertisement interval ${value / 1e6}s must be an integer. rounding`,
        {
          expected: `${rounded}, or version 3`,
        },
      );
      return rounded * 100;
    }
    if (value <= 40_950_000) return Math.max(1, Math.round(value / 1e4));
    this.context.warning(
      'advert-interval-rounded',
      site,
      `(${name}) VRRPv3 advertisement interval ${value / 1e6}s is out of range. Must be less than 40.96s. Setting to 40.95s`,
    );
    return 4095;
  }

  private authOf(node: InstanceNode, version: 2 | 3, name: string): AuthConf | null {
    if (!node.authType && !node.authPass) return null;
    const site = (node.authType ?? node.authPass)!.site;
    if (version === 3) {
      this.context.warning('auth-ignored', site, `(${name}) VRRP version 3 does not support authentication. Ignoring.`);
      return null;
    }
    if (!node.authType) {
      this.context.warning('auth-type-missing', site, `(${name}) a password without auth_type has no effect`);
      return null;
    }
    if (!node.authPass) {
      this.context.warning('auth-ignored', site, `(${name}) Authentication specified but no password given. Ignoring`);
      return null;
    }
    return { type: node.authType.value, password: node.authPass.value.slice(0, AUTH_PASS_BYTES) };
  }

  /** Passwords are bytes: their 8 characters are one byte each. */
  private checkPassword({ authPass }: InstanceNode): void {
    if (!authPass || authPass.value.length <= AUTH_PASS_BYTES) return;
    this.context.warning(
      'auth-pass-truncated',
      authPass.site,
      `Truncating auth_pass to ${AUTH_PASS_BYTES} characters`,
      {
        suggestion: authPass.value.slice(0, AUTH_PASS_BYTES),
      },
    );
  }

  private sourceOf(node: InstanceNode, family: 4 | 6, name: string): string | null {
    if (!node.sourceIp) return null;
    const { value, site } = node.sourceIp;
    if (addressFamily(value) === family) return value;
    const message = `VRRP instance[${name}] and src address[${value}] MUST be of the same family !!! Skipping...`;
    this.context.error('family-mismatch', site, message);
    return null;
  }

  private peersOf(node: InstanceNode, family: 4 | 6, name: string): string[] {
    if (!node.unicastPeers) return [];
    const peers = node.unicastPeers.filter((peer) => {
      if (peer.family === family) return true;
      this.context.error(
        'family-mismatch',
        peer.site,
        `VRRP instance[${name}] and unicast peer address[${peer.address}] MUST be of the same family !!! Skipping...`,
      );
      return false;
    });
    if (peers.length === 0) {
      this.context.warning(
        'no-unicast-peers',
        node.name,
        `(${name}) A unicast keyword has been specified without any unicast peers. Defaulting to multicast.`,
      );
    }
    return peers.map((peer) => peer.address);
  }

  private addressesOf(node: InstanceNode, device: string, family: 4 | 6, name: string) {
    const seen = new Set<string>();
    const take = (list: readonly AddressNode[], sameFamily: boolean): VirtualAddressConf[] =>
      list.flatMap((address) => {
        if (sameFamily && address.family !== family) {
          this.context.error(
            'family-mismatch',
            address.site,
            `(${name}): address family must match VRRP instance [${address.address}] - ignoring`,
          );
          return [];
        }
        const conf = this.addressConf(address, device);
        const key = `${conf.address}/${conf.prefixLength}@${conf.device}`;
        if (seen.has(key) && !this.context.isBefore('2.3.0')) {
          this.context.warning(
            'duplicate-address',
            address.site,
            `(${name}): VIP duplicates a VIP ${address.address} - ignoring`,
          );
          return [];
        }
        seen.add(key);
        return [conf];
      });
    const virtualAddresses = take(node.addresses, true);
    if (virtualAddresses.length === 0 && !node.noVirtualAddress) {
      this.context.warning('no-address', node.name, `(${name}) No VIP specified; at least one is sensible`);
    }
    return { virtualAddresses, excludedAddresses: take(node.excluded, false) };
  }

  private addressConf(node: AddressNode, device: string): VirtualAddressConf {
    if (node.device) {
      this.around.checkInterface(
        node.device.value,
        node.device.site,
        `interface ${node.device.value} for ip address ${node.address} doesn't exist`,
      );
    }
    return {
      address: node.address,
      family: node.family,
      prefixLength: node.prefixLength,
      device: toUtf8(node.device?.value ?? device),
      label: node.label ? toUtf8(node.label.value) : null,
      scope: node.scope ?? 0,
      broadcast: broadcastOf(node),
      noTrack: node.noTrack ?? false,
    };
  }

  private trackScriptsOf(node: InstanceNode, priority: number, name: string): TrackScriptConf[] {
    const seen = new Set<string>();
    return node.trackScripts.flatMap((track) => {
      const conf = this.trackScriptOf(track, node, name);
      if (!conf || this.isRepeated(seen, track, 'track_script', name)) return [];
      return this.weightCounts(conf.weight, track, priority, name) ? [conf] : [];
    });
  }

  private trackScriptOf(track: TrackNode, instance: InstanceNode, name: string): TrackScriptConf | null {
    const script = this.scripts.get(track.name.text);
    if (!script) {
      const suggestion = nearestWord(track.name.text, this.scripts.keys());
      this.context.error(
        'unknown-script',
        track.name,
        `(${name}) track script ${track.name.text} not found, ignoring...`,
        suggestion ? { suggestion } : {},
      );
      return null;
    }
    const node = this.document.scripts.find((candidate) => candidate.name.text === track.name.text)!;
    if (node.name.start > instance.name.start) {
      const message = `vrrp_script ${track.name.text} is defined below its use: keepalived would not find it`;
      this.context.warning('script-defined-later', track.name, message);
    }
    return {
      script: script.name,
      weight: track.weight ?? script.weight,
      weightReverse: track.weight === undefined ? script.weightReverse : (track.reverse ?? false),
    };
  }

  private trackInterfacesOf(node: InstanceNode, own: string, priority: number, name: string) {
    const seen = new Set<string>();
    return node.trackInterfaces.flatMap((track) => {
      const interfaceName = track.name.text;
      this.around.checkInterface(
        interfaceName,
        track.name,
        `(${name}) tracked interface ${interfaceName} doesn't exist`,
      );
      if (this.isRepeated(seen, track, 'track_interface', name)) return [];
      if (interfaceName === own) {
        const message = `(${name}) Ignoring track_interface ${own} since own interface`;
        this.context.warning('own-interface-tracked', track.name, message);
        return [];
      }
      const weight = (track.weight ?? 0) * (track.reverse ? -1 : 1);
      return this.weightCounts(weight, track, priority, name) ? [{ name: toUtf8(interfaceName), weight }] : [];
    });
  }

  private isRepeated(seen: Set<string>, { name: track }: TrackNode, keyword: string, name: string): boolean {
    if (!seen.has(track.text)) {
      seen.add(track.text);
      return false;
    }
    this.context.error('duplicate-track', track, `(${name}) duplicate ${keyword} ${track.text} - ignoring`);
    return true;
  }

  /** Nothing moves the priority of an address owner, nor, by default, that of one instance of a group alone. */
  private weightCounts(weight: number, track: TrackNode, priority: number, name: string): boolean {
    const grouped = this.document.syncGroups.some(
      (group) => !group.trackingWeight && group.members.some((member) => member.text === name),
    );
    if (weight === 0 || (priority !== 255 && !grouped)) return true;
    const why = priority === 255 ? 'address_owner' : 'SYNC group';
    const message = `(${name}) ignoring tracked ${track.name.text} with weights due to ${why}`;
    this.context.warning('weight-ignored', track.name, message);
    return false;
  }

  private checkRouterId(node: InstanceNode, conf: VrrpInstanceConf, users: Map<string, string>): void {
    const { virtualRouterId, family, interface: device, unicastPeers } = conf;
    const name = node.name.text;
    const key = `${virtualRouterId}/${family}/${device}/${unicastPeers.join()}/${node.multicastGroup ?? ''}`;
    const other = users.get(key);
    if (other === undefined) {
      users.set(key, name);
      return;
    }
    const message = `${other} and ${name} both use VRID ${virtualRouterId} with IPv${family} on interface ${device}`;
    this.context.error('duplicate-router-id', node.virtualRouterId?.site ?? node.name, message);
  }
}

/** The first address decides, as in keepalived; without addresses, the source or the peers do. */
function familyOf(node: InstanceNode): 4 | 6 {
  const source = node.sourceIp?.value;
  return node.addresses[0]?.family ?? node.unicastPeers?.[0]?.family ?? (source?.includes(':') ? 6 : 4);
}

/** `brd +` sets the host bits, `brd -` clears them, as `ip address add` does. */
function broadcastOf(node: AddressNode): string | null {
  if (node.broadcast !== '+' && node.broadcast !== '-') return node.broadcast ?? null;
  if (node.family === 6) return null;
  const bits = node.address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const hostBits = 2 ** (32 - node.prefixLength) - 1;
  const network = bits - (bits % (hostBits + 1));
  const value = node.broadcast === '+' ? network + hostBits : network;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

const NO_GARP: GarpNode = {};

/** What is not given is the global value. After a lower advert, that is the global one even beside an own delay. */
export function garpOf(globals: GarpNode, node: GarpNode = NO_GARP): GarpConf {
  const masterDelayMs = globals.masterDelayMs ?? 5000;
  const masterRepeat = globals.masterRepeat ?? 5;
  return {
    masterDelayMs: node.masterDelayMs ?? masterDelayMs,
    masterRepeat: node.masterRepeat ?? masterRepeat,
    masterRefreshMs: node.masterRefreshMs ?? globals.masterRefreshMs ?? 0,
    masterRefreshRepeat: node.masterRefreshRepeat ?? globals.masterRefreshRepeat ?? 1,
    lowerPrioDelayMs: node.lowerPrioDelayMs ?? globals.lowerPrioDelayMs ?? masterDelayMs,
    lowerPrioRepeat: node.lowerPrioRepeat ?? globals.lowerPrioRepeat ?? masterRepeat,
    intervalUs: node.intervalUs ?? globals.intervalUs ?? 0,
  };
}
