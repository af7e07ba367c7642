/**
 * The vrrp role's objects under one configuration: routers, track scripts, sync groups, sockets; and the change from
 * one configuration to the next.
 *
 * A router is kept over a reload when it is the same virtual router (name, interface, VRID, family, version, peers):
 * its state, timers and addresses stay. Others are stopped, new ones started. A script of the same name and program
 * keeps its verdict.
 */
import type { GlobalDefs, VrrpInstanceConf, VrrpScriptConf } from '../config/keepalived.ts';
import type { VrrpSlice } from '../config/slice.ts';
import type { DeadVrrp, VrrpState } from '../ipc/messages.ts';
import type { ProcessLog } from '../log/process-log.ts';
import { unpackInet4, unpackInet6 } from '../os/address.ts';
import type { InterfaceAddress, Link } from '../os/netlink.ts';
import { openFrameSocket, sendFrame } from '../os/packet.ts';
import { openPoller } from '../os/poller.ts';
import { closeFd } from '../os/socket.ts';
import { prepareScript } from './exec.ts';
import type { Tracking } from './instance.ts';
import { type Network, openNetwork, packVirtual } from './network.ts';
import { createNotifier, type Notifier } from './notify.ts';
import { type RouterSurroundings, VirtualRouter } from './router.ts';
import { TrackScript } from './script.ts';
import { SyncGroup } from './sync-group.ts';
import { combineTracking, type TrackedThing } from './track.ts';
import { type Channel, openChannel } from './transport.ts';

/** How long notify_stop scripts may go on when the role ends; keepalived waits as long. */
const SETTLE_MS = 1000;
/** A peer takes over after three missing adverts; the last one may have been sent up to one interval before a death. */
const RESUME_ADVERTS = 1.5;

export class VrrpDaemon {
  routers: VirtualRouter[] = [];
  scripts = new Map<string, TrackScript>();
  groups: SyncGroup[] = [];
  slice: VrrpSlice;
  readonly network: Network;
  private readonly log: ProcessLog;
  private readonly poller = openPoller();
  private readonly frameSocket = openFrameSocket();
  private readonly notifier: Notifier;
  private readonly around: RouterSurroundings;
  private channels: Channel[] = [];
  private virtualAddresses: ReadonlySet<string> = new Set();
  private seenLinks: readonly Link[] = [];
  private seenAddresses = new Map<string, InterfaceAddress>();
  private groupWork: Promise<unknown> = Promise.resolve();
  /** Runs during `vrrp_startup_delay`. */
  private startTimer: NodeJS.Timeout | null = null;
  private stopping = false;

  private constructor(
    slice: VrrpSlice,
    network: Network,
    log: ProcessLog,
    onState: (instance: string, state: VrrpState) => void,
  ) {
    this.slice = slice;
    this.network = network;
    this.log = log;
    const globals = (): GlobalDefs => this.slice.globalDefs;
    this.notifier = createNotifier(globals, log);
    this.around = {
      globals,
      network,
      notifier: this.notifier,
      log,
      sendFrame: (index, frame) => sendFrame(this.frameSocket, index, frame),
      virtualAddresses: () => this.virtualAddresses,
      mayBecomeMaster: (router) => this.groupOf(router)?.mayBecomeMaster(router.instance) ?? true,
      onTransition: (router, to, from) => this.groupOf(router)?.follow(router.instance, to, from),
      onSettled: (router, state) => onState(router.conf.name, state),
    };
  }

  /** Reads the network and starts everything. */
  static async open(
    slice: VrrpSlice,
    log: ProcessLog,
    onState: (instance: string, state: VrrpState) => void,
    died: DeadVrrp | null,
  ): Promise<VrrpDaemon> {
    const early: { daemon: VrrpDaemon | null } = { daemon: null };
    const network = await openNetwork(() => early.daemon?.networkChanged());
    const daemon = new VrrpDaemon(slice, network, log, onState);
    early.daemon = daemon;
    await daemon.startAll(died);
    return daemon;
  }

  /** Puts a new configuration in force. */
  async reload(slice: VrrpSlice): Promise<void> {
    const before = new Map(this.routers.map((router) => [router.conf.name, router]));
    this.slice = slice;
    this.virtualAddresses = collectVirtual(slice.instances);
    const kept: VirtualRouter[] = [];
    const added: VrrpInstanceConf[] = [];
    for (const conf of this.runnable(slice.instances)) {
      const old = before.get(conf.name);
      if (old && isSameRouter(old.conf, conf)) {
        before.delete(conf.name);
        old.reconfigure(conf);
        kept.push(old);
      } else {
        added.push(conf);
      }
    }
    await Promise.all([...before.values()].map((router) => router.stop()));
    this.replaceScripts(slice.scripts);
    const fresh = added.map((conf) => new VirtualRouter(conf, this.around));
    this.routers = [...kept, ...fresh];
    this.groups = this.makeGroups();
    this.attachChannels();
    await Promise.all(fresh.map((router) => router.settlePast(false)));
    this.retrackAll();
    if (this.startTimer) return;
    for (const router of fresh) router.start(this.trackingOf(router));
  }

  /** Priority 0, addresses off, notify_stop; resolves when the process may end. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    if (this.startTimer) clearTimeout(this.startTimer);
    for (const script of this.scripts.values()) script.stop();
    await Promise.all(this.routers.map((router) => router.stop()));
    await this.groupWork;
    await this.notifier.settle(SETTLE_MS);
    for (const channel of this.channels) channel.close();
    this.network.close();
    this.poller.close();
    closeFd(this.frameSocket);
  }

  groupOf(router: VirtualRouter): SyncGroup | undefined {
    return this.groups.find((group) => group.has(router.instance));
  }

  private async startAll(died: DeadVrrp | null): Promise<void> {
    const { slice } = this;
    this.virtualAddresses = collectVirtual(slice.instances);
    this.rememberNetwork();
    this.replaceScripts(slice.scripts);
    this.routers = this.runnable(slice.instances).map((conf) => new VirtualRouter(conf, this.around));
    this.groups = this.makeGroups();
    this.attachChannels();
    await Promise.all(this.routers.map((router) => router.settlePast(this.resumes(router, died))));
    const { startupDelayMs } = slice.globalDefs;
    if (startupDelayMs > 0 && !died) {
      this.log('info', `Delaying startup for ${startupDelayMs / 1000} seconds`);
      this.startTimer = setTimeout(() => this.startRouters(), startupDelayMs);
    } else {
      this.startRouters();
    }
  }

  private startRouters(): void {
    this.startTimer = null;
    for (const router of this.routers) router.start(this.trackingOf(router));
  }

  /**
   * Whether a router goes on as master in the place of a process that died: only while no peer can have taken over
   * (see RESUME_ADVERTS). A sync group is elected anew, as one.
   */
  private resumes(router: VirtualRouter, died: DeadVrrp | null): boolean {
    if (!died?.masters.includes(router.conf.name) || this.groupOf(router)) return false;
    return died.agoMs < RESUME_ADVERTS * router.conf.advertIntervalCs * 10;
  }

  /** What this role cannot do is said and left out, never half done. */
  private runnable(instances: readonly VrrpInstanceConf[]): VrrpInstanceConf[] {
    return instances.filter((conf) => {
      const why = conf.family === 6 ? 'IPv6 adverts are' : conf.auth?.type === 'AH' ? 'auth_type AH is' : null;
      if (why) this.log('error', `(${conf.name}) ${why} not carried out - instance disabled`);
      return why === null;
    });
  }

  private replaceScripts(confs: readonly VrrpScriptConf[]): void {
    const old = this.scripts;
    const used = new Set(this.slice.instances.flatMap((conf) => conf.trackScripts.map((each) => each.script)));
    this.scripts = new Map();
    for (const conf of confs.filter((each) => used.has(each.name))) {
      const before = old.get(conf.name);
      if (before && JSON.stringify(before.conf) === JSON.stringify(conf)) {
        old.delete(conf.name);
        this.scripts.set(conf.name, before);
        continue;
      }
      const script = this.makeScript(conf);
      if (!script) continue;
      if (before && before.status.verdict !== 'unknown') {
        const verdict = before.status.verdict;
        script.status.resume(verdict);
        const word = verdict === 'good' ? 'successful' : 'unsuccessful';
        this.log('info', `VRRP_Script(${conf.name}) considered ${word} on reload`);
      }
      this.scripts.set(conf.name, script);
      script.start();
    }
    for (const script of old.values()) script.stop();
  }

  /** A script that cannot or must not run is not tracked at all, as in keepalived. */
  private makeScript(conf: VrrpScriptConf): TrackScript | null {
    const prepared = prepareScript(conf.script, this.slice.globalDefs);
    if ('program' in prepared) return new TrackScript(conf, prepared.program, this.log, () => this.retrackAll());
    this.log('warning', prepared.problem);
    const why = prepared.insecure ? 'due to insecure' : 'since not found/accessible';
    this.log('warning', `Disabling track script ${conf.name} ${why}`);
    return null;
  }

  private makeGroups(): SyncGroup[] {
    return this.slice.syncGroups.map((conf) => {
      const members = this.routers.filter((router) => conf.members.includes(router.conf.name));
      const instances = members.map((router) => router.instance);
      // Addresses first: to start a program takes milliseconds.
      return new SyncGroup(conf, instances, this.log, (state) => {
        this.groupWork = Promise.all([this.groupWork, ...members.map((member) => member.settled())]).then(() => {
          this.notifier.transition(conf.notify, { kind: 'GROUP', name: conf.name, priority: 0 }, state);
        });
      });
    });
  }

  /** One socket for each interface and group in use; what nobody needs is closed. */
  private attachChannels(): void {
    const unused = new Set(this.channels);
    for (const router of this.routers) {
      const channel = this.findChannel(router.conf);
      if (channel) unused.delete(channel);
      if (channel !== router.channel) router.attach(channel ?? null);
    }
    for (const channel of unused) channel.close();
    this.channels = this.channels.filter((channel) => !unused.has(channel));
  }

  private findChannel(conf: VrrpInstanceConf): Channel | undefined {
    const link = this.network.link(conf.interface);
    if (!link) return undefined;
    const multicastGroup = conf.unicastPeers.length > 0 ? null : this.slice.globalDefs.mcastGroup4;
    const options = { interfaceName: link.name, interfaceIndex: link.index, multicastGroup };
    const same = (channel: Channel): boolean => JSON.stringify(channel.options) === JSON.stringify(options);
    const found = this.channels.find(same);
    if (found) return found;
    const opened = openChannel(this.poller, options, this.log);
    if (!opened) return undefined;
    this.channels.push(opened);
    const how = multicastGroup === null ? 'unicast' : 'multicast';
    const where = multicastGroup === null ? '' : `, address(${multicastGroup})`;
    this.log(
      'detail',
      `VRRP sockpool: [ifindex(${String(link.index).padStart(3)}), family(IPv4), proto(112), fd(${opened.fd},${opened.fd}) ${how}${where}]`,
    );
    return opened;
  }

  private networkChanged(): void {
    if (this.stopping) return;
    this.tellNetworkChanges();
    this.attachChannels();
    this.retrackAll();
    for (const router of this.routers) router.checkAddresses();
  }

  private tellNetworkChanges(): void {
    const [links, addresses] = [this.seenLinks, this.seenAddresses];
    this.rememberNetwork();
    for (const link of this.seenLinks) {
      const before = links.find((each) => each.index === link.index);
      if (before && before.up !== link.up) this.log('info', `Netlink reports ${link.name} ${link.up ? 'up' : 'down'}`);
    }
    for (const [key, address] of addresses) {
      if (!this.seenAddresses.has(key)) this.tellAddress('Deassigned', 'from', address);
    }
    for (const [key, address] of this.seenAddresses) {
      if (!addresses.has(key)) this.tellAddress('Assigned', 'for', address);
    }
  }

  private tellAddress(word: string, preposition: string, address: InterfaceAddress): void {
    const { bytes, index } = address;
    if (this.virtualAddresses.has(hex(bytes))) return;
    const name = this.network.links().find((link) => link.index === index)?.name ?? `ifindex ${index}`;
    const text = bytes.length === 4 ? unpackInet4(bytes, 0) : unpackInet6(bytes, 0);
    this.log('detail', `${word} address ${text} ${preposition} interface ${name}`);
  }

  private rememberNetwork(): void {
    this.seenLinks = this.network.links();
    this.seenAddresses = new Map();
    for (const link of this.seenLinks) {
      for (const address of this.network.addressesOf(link.name)) {
        this.seenAddresses.set(`${link.index} ${hex(address.bytes)}`, address);
      }
    }
  }

  private retrackAll(): void {
    for (const router of this.routers) router.instance.setTracking(this.trackingOf(router));
  }

  private trackingOf(router: VirtualRouter): Tracking {
    const group = this.groupOf(router);
    if (!group) return combineTracking(this.trackedBy(router));
    const members = this.routers.filter((each) => group.has(each.instance));
    const unweighted = members.map((each) => this.trackedBy(each).map((thing) => ({ ...thing, weight: 0 })));
    return SyncGroup.combine(unweighted.map(combineTracking));
  }

  private trackedBy(router: VirtualRouter): TrackedThing[] {
    const { conf } = router;
    const things: TrackedThing[] = conf.trackInterfaces.map(({ name, weight }) => ({
      verdict: this.network.link(name)?.up ? 'good' : 'bad',
      weight,
      reverse: false,
    }));
    if (!conf.dontTrackPrimary) {
      const up = this.network.link(conf.interface)?.up === true;
      things.push({ verdict: up ? 'good' : 'bad', weight: 0, reverse: false });
    }
    const speaks = router.channel !== null && router.sourceAddress() !== null;
    things.push({ verdict: speaks ? 'good' : 'bad', weight: 0, reverse: false });
    for (const { script: name, weight, weightReverse } of conf.trackScripts) {
      const script = this.scripts.get(name);
      if (script) things.push({ verdict: script.status.verdict, weight, reverse: weightReverse });
    }
    return things;
  }
}

function collectVirtual(instances: readonly VrrpInstanceConf[]): Set<string> {
  const addresses = instances.flatMap((conf) => [...conf.virtualAddresses, ...conf.excludedAddresses]);
  return new Set(addresses.map((address) => hex(packVirtual(address))));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function isSameRouter(a: VrrpInstanceConf, b: VrrpInstanceConf): boolean {
  const identity = (conf: VrrpInstanceConf): string => {
    return JSON.stringify([conf.interface, conf.virtualRouterId, conf.family, conf.version, conf.unicastPeers]);
  };
  return identity(a) === identity(b);
}
