/**
 * A running `vrrp_instance`: its state machine with the socket, the timer, the addresses and the scripts around it.
 *
 * What follows a transition (addresses, gratuitous ARP, notify scripts, the word to core) is work in order: each
 * transition's work starts when that of the one before is done, so a quick MASTER-BACKUP leaves no address behind.
 */
import type { GlobalDefs, VirtualAddressConf, VrrpInstanceConf } from '../config/keepalived.ts';
import type { VrrpState } from '../ipc/messages.ts';
import type { ProcessLog } from '../log/process-log.ts';
import { packInet4, unpackInet4 } from '../os/address.ts';
import { errorText } from '../os/libc.ts';
import { encodeIpv4 } from '../wire/ipv4.ts';
import {
  type AdvertExpectation,
  type AdvertPacket,
  checkAdvert,
  encodeAdvert,
  isFault,
  VRRP_PROTOCOL,
  VRRP_TTL,
} from '../wire/vrrp.ts';
import { countFault, describeFault, emptyFaultStats, type FaultStats } from './advert-fault.ts';
import { Announcer } from './announcer.ts';
import { type InstancePolicy, OWNER_PRIORITY, type Tracking, VrrpInstance } from './instance.ts';
import { type Network, packVirtual } from './network.ts';
import type { Notifier } from './notify.ts';
import type { Channel } from './transport.ts';

/** Internetwork control, as routing protocols use it (RFC 791). */
const TOS = 0xc0;

/** What all routers of a role share. */
export interface RouterSurroundings {
  readonly globals: () => GlobalDefs;
  readonly network: Network;
  readonly notifier: Notifier;
  readonly log: ProcessLog;
  readonly sendFrame: (interfaceIndex: number, frame: Uint8Array) => number;
  /** Every configured virtual address, as hexadecimal text: none of them may be our source. */
  readonly virtualAddresses: () => ReadonlySet<string>;
  readonly mayBecomeMaster: (router: VirtualRouter) => boolean;
  /** At once, within the transition. */
  readonly onTransition: (router: VirtualRouter, to: VrrpState, from: VrrpState) => void;
  /** When the addresses of the new state are in place. */
  readonly onSettled: (router: VirtualRouter, state: VrrpState) => void;
}

export class VirtualRouter {
  conf: VrrpInstanceConf;
  readonly instance: VrrpInstance;
  readonly faults: FaultStats = emptyFaultStats();
  /** Milliseconds since the epoch. */
  changedAtMs = Date.now();
  /** Whether our addresses are on their interfaces by our doing. */
  addressesSet = false;
  channel: Channel | null = null;
  private readonly around: RouterSurroundings;
  private readonly announcer: Announcer;
  private timer: NodeJS.Timeout | null = null;
  private identification = 0;
  /** Until the first transition: a predecessor was master, and its addresses are still there. */
  private resumes = false;
  private work: Promise<void> = Promise.resolve();

  constructor(conf: VrrpInstanceConf, around: RouterSurroundings) {
    this.conf = conf;
    this.around = around;
    this.announcer = new Announcer({
      name: conf.name,
      conf: () => this.conf.garp,
      addresses: () => this.allAddresses(),
      network: around.network,
      sendFrame: around.sendFrame,
      log: around.log,
    });
    this.instance = new VrrpInstance(policyOf(conf), {
      now: () => performance.now(),
      setTimer: (at) => this.setTimer(at),
      send: (priority) => this.send(priority),
      ownAddress: () => this.sourceAddress() ?? new Uint8Array(4),
      onTransition: (to, from) => this.transit(to, from),
      onLowerPriority: () => this.answerLowerPriority(),
      mayBecomeMaster: () => around.mayBecomeMaster(this),
      log: around.log,
    });
  }

  allAddresses(): readonly VirtualAddressConf[] {
    return [...this.conf.virtualAddresses, ...this.conf.excludedAddresses];
  }

  /** The addresses are the interface's own: they were there before us. */
  get isOwner(): boolean {
    return this.conf.priority === OWNER_PRIORITY;
  }

  /** Null: the interface has no address to send from, which is a fault. */
  sourceAddress(): Uint8Array | null {
    const { mcastSrcIp, interface: name, family } = this.conf;
    if (mcastSrcIp !== null) return packInet4(mcastSrcIp);
    const excluded = this.isOwner ? new Set<string>() : this.around.virtualAddresses();
    return this.around.network.sourceAddress(name, family, excluded);
  }

  attach(channel: Channel | null): void {
    this.channel?.subscribers.delete(this.conf.virtualRouterId);
    this.channel = channel;
    channel?.subscribers.set(this.conf.virtualRouterId, (packet) => this.receive(packet));
  }

  /**
   * Addresses that a predecessor left behind when it was killed go away; when we go on in its place as master they
   * stay, and nobody is notified, because nothing changes for anybody.
   */
  async settlePast(resume: boolean): Promise<void> {
    this.resumes = resume;
    if (!resume && !this.isOwner) await this.inTurn(() => this.removeAddresses(this.allAddresses()));
  }

  start(tracking: Tracking): void {
    this.instance.start(tracking, this.resumes);
  }

  /** An address of ours has gone although we are master. */
  checkAddresses(): void {
    if (!this.addressesSet) return;
    const lost = this.allAddresses().find((address) => !address.noTrack && !this.around.network.holds(address));
    if (!lost) return;
    this.around.log('detail', `(${this.conf.name}) ip address ${textOf(lost)} dev ${lost.device}, no longer exist`);
    this.instance.loseAddress();
  }

  /** The same virtual router under a new configuration: no transition, only what differs. */
  reconfigure(conf: VrrpInstanceConf): void {
    const before = this.allAddresses();
    this.conf = conf;
    this.instance.reconfigure(policyOf(conf));
    const same = (a: VirtualAddressConf, b: VirtualAddressConf): boolean => JSON.stringify(a) === JSON.stringify(b);
    const removed = before.filter((old) => !this.allAddresses().some((kept) => same(old, kept)));
    const added = this.allAddresses().filter((address) => !before.some((old) => same(old, address)));
    if (removed.length + added.length === 0) return;
    this.addressesSet = false;
    void this.inTurn(async () => {
      await this.removeAddresses(removed);
      if (this.instance.state !== 'MASTER') return;
      await this.addAddresses(added);
      this.addressesSet = true;
      this.announcer.begin();
    });
  }

  /** Gives up the virtual router; resolves when its addresses are gone. */
  async stop(): Promise<void> {
    this.instance.stop();
    await this.work;
    this.attach(null);
  }

  private receive(packet: AdvertPacket): void {
    const { name, virtualRouterId } = this.conf;
    const result = checkAdvert(packet, this.expectation());
    if (isFault(result)) {
      countFault(this.faults, result);
      this.around.log('info', `(${name}) ${describeFault(result, virtualRouterId)}`);
      return;
    }
    this.instance.receive({
      priority: result.priority,
      source: packet.source,
      sourceText: unpackInet4(packet.source, 0),
      intervalMs: result.intervalCs * 10,
    });
  }

  private expectation(): AdvertExpectation {
    const { version, virtualRouterId, advertIntervalCs, virtualAddresses, unicastPeers } = this.conf;
    return {
      version,
      vrid: virtualRouterId,
      intervalCs: advertIntervalCs,
      addresses: virtualAddresses.map(packVirtual),
      password: passwordOf(this.conf),
      unicast: unicastPeers.length > 0,
    };
  }

  private send(priority: number): void {
    const source = this.sourceAddress();
    if (!source || !this.channel) return;
    const { unicastPeers } = this.conf;
    const destinations = unicastPeers.length > 0 ? unicastPeers : [this.around.globals().mcastGroup4];
    for (const destination of destinations) this.sendTo(source, packInet4(destination), priority);
  }

  private sendTo(source: Uint8Array, destination: Uint8Array, priority: number): void {
    const { version, virtualRouterId, advertIntervalCs, virtualAddresses, name } = this.conf;
    const advert = {
      version,
      vrid: virtualRouterId,
      priority,
      intervalCs: advertIntervalCs,
      addresses: virtualAddresses.map(packVirtual),
      password: passwordOf(this.conf),
    };
    this.identification = (this.identification % 0xffff) + 1;
    const header = { tos: TOS, identification: this.identification, ttl: VRRP_TTL, protocol: VRRP_PROTOCOL };
    const message = encodeAdvert(advert, { source, destination });
    const done = this.channel!.send(encodeIpv4({ ...header, source, destination }, message));
    if (done < 0) this.around.log('info', `(${name}): send advert error ${-done} (${errorText(done)})`);
  }

  private setTimer(at: number | null): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = at === null ? null : setTimeout(() => this.expire(at), Math.ceil(Math.max(0, at - performance.now())));
  }

  /** What waits in the socket was there before the timeout: a process that was held up must hear it first. */
  private expire(at: number): void {
    this.channel?.drain();
    if (this.instance.timerAt !== at) return;
    // Node's timers may run a fraction of a millisecond early.
    if (performance.now() < at) this.setTimer(at);
    else this.instance.expire();
  }

  private transit(to: VrrpState, from: VrrpState): void {
    this.changedAtMs = Date.now();
    if (from === 'MASTER') this.announcer.end();
    const { priority } = this.instance;
    const { resumes } = this;
    this.resumes = false;
    void this.inTurn(async () => {
      if (to === 'MASTER') await this.takeAddresses();
      else if (from === 'MASTER' || resumes) await this.dropAddresses();
      const { notify, name } = this.conf;
      const changes = !(resumes && to === 'MASTER');
      if (changes) this.around.notifier.transition(notify, { kind: 'INSTANCE', name, priority }, to);
      this.around.onSettled(this, to);
    });
    this.around.onTransition(this, to, from);
  }

  /** Resolves when the work of every transition so far is done. */
  settled(): Promise<void> {
    return this.work;
  }

  private async takeAddresses(): Promise<void> {
    this.around.log('detail', `(${this.conf.name}) setting VIPs.`);
    await this.addAddresses(this.allAddresses());
    this.addressesSet = true;
    if (this.instance.state === 'MASTER') this.announcer.begin();
  }

  private async dropAddresses(): Promise<void> {
    this.addressesSet = false;
    await this.removeAddresses(this.allAddresses());
  }

  private async addAddresses(addresses: readonly VirtualAddressConf[]): Promise<void> {
    for (const address of addresses) this.report(address, await this.around.network.add(address));
  }

  private async removeAddresses(addresses: readonly VirtualAddressConf[]): Promise<void> {
    this.around.log('detail', `(${this.conf.name}) removing VIPs.`);
    for (const address of addresses) this.report(address, await this.around.network.remove(address));
  }

  private report(address: VirtualAddressConf, result: string): void {
    if (result === 'done' || result === 'unchanged') return;
    this.around.log('error', `(${this.conf.name}) address ${textOf(address)} dev ${address.device}: ${result}`);
  }

  private answerLowerPriority(): void {
    if (this.addressesSet) this.announcer.lowerPriorityHeard();
    this.around.notifier.lowerPriorityHeard(this.conf.notify);
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.work = this.work.then(work);
    return this.work;
  }
}

function policyOf(conf: VrrpInstanceConf): InstancePolicy {
  return {
    name: conf.name,
    version: conf.version,
    initialState: conf.initialState,
    basePriority: conf.priority,
    advertIntervalMs: conf.advertIntervalCs * 10,
    // keepalived clears both for an instance that starts as MASTER, and the delay under nopreempt.
    nopreempt: conf.nopreempt && conf.initialState !== 'MASTER',
    preemptDelayMs: conf.nopreempt || conf.initialState === 'MASTER' ? 0 : conf.preemptDelayMs,
  };
}

function passwordOf(conf: VrrpInstanceConf): Uint8Array | null {
  return conf.auth?.type === 'PASS' ? Buffer.from(conf.auth.password, 'latin1').subarray(0, 8) : null;
}

function textOf(address: VirtualAddressConf): string {
  return `${address.address}/${address.prefixLength}`;
}
