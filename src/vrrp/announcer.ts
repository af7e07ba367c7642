/**
 * Gratuitous ARP and unsolicited neighbour adverts of one instance's addresses (keepalived.conf(5), garp_*).
 *
 * A set is `repeat` rounds over all addresses. After a takeover: one set at once, a second after `garp_master_delay`,
 * then one every `garp_master_refresh`; another, and again after its delay, when a lower-priority master was heard.
 * `garp_interval` spaces single packets.
 */
import type { GarpConf, VirtualAddressConf } from '../config/keepalived.ts';
import type { ProcessLog } from '../log/process-log.ts';
import { encodeGratuitousArp } from '../wire/arp.ts';
import { encodeNeighbourAdvert } from '../wire/ndisc.ts';
import { type Network, packVirtual } from './network.ts';

export interface AnnouncerOptions {
  readonly name: string;
  readonly conf: () => GarpConf;
  readonly addresses: () => readonly VirtualAddressConf[];
  readonly network: Network;
  readonly sendFrame: (interfaceIndex: number, frame: Uint8Array) => number;
  readonly log: ProcessLog;
}

export class Announcer {
  private readonly options: AnnouncerOptions;
  private readonly timers = new Set<NodeJS.Timeout>();
  /** Frames that wait for their turn because of `garp_interval`. */
  private queue: (() => void)[] = [];
  private lowerPriorityDelayed = false;

  constructor(options: AnnouncerOptions) {
    this.options = options;
  }

  /** The instance has become master and its addresses are set. */
  begin(): void {
    this.end();
    const conf = this.options.conf();
    this.announce(conf.masterRepeat);
    if (conf.masterDelayMs > 0) this.later(conf.masterDelayMs, () => this.announce(conf.masterRepeat));
    if (conf.masterRefreshMs > 0) this.refreshAfter(conf.masterRefreshMs);
  }

  lowerPriorityHeard(): void {
    const conf = this.options.conf();
    if (conf.lowerPrioRepeat === 0) return;
    this.announce(conf.lowerPrioRepeat);
    if (conf.lowerPrioDelayMs === 0 || this.lowerPriorityDelayed) return;
    this.lowerPriorityDelayed = true;
    this.later(conf.lowerPrioDelayMs, () => {
      this.lowerPriorityDelayed = false;
      this.announce(conf.lowerPrioRepeat);
    });
  }

  /** No longer master: what is still planned is dropped. */
  end(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.queue = [];
    this.lowerPriorityDelayed = false;
  }

  private refreshAfter(periodMs: number): void {
    this.later(periodMs, () => {
      this.announce(this.options.conf().masterRefreshRepeat);
      this.refreshAfter(periodMs);
    });
  }

  private later(delayMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, delayMs);
    this.timers.add(timer);
  }

  private announce(repeat: number): void {
    for (let round = 0; round < repeat; round++) {
      for (const address of this.options.addresses()) {
        if (round === 0) {
          const what = address.family === 4 ? 'gratuitous ARPs' : 'Unsolicited Neighbour Adverts';
          this.options.log(
            'detail',
            `(${this.options.name}) Sending/queueing ${what} on ${address.device} for ${address.address}`,
          );
        }
        this.enqueue(() => this.sendOne(address));
      }
    }
  }

  private enqueue(send: () => void): void {
    const intervalMs = this.options.conf().intervalUs / 1000;
    if (intervalMs === 0) {
      send();
      return;
    }
    this.queue.push(send);
    if (this.queue.length === 1) this.pump(intervalMs);
  }

  private pump(intervalMs: number): void {
    this.queue[0]?.();
    this.later(intervalMs, () => {
      this.queue.shift();
      if (this.queue.length > 0) this.pump(intervalMs);
    });
  }

  private sendOne(address: VirtualAddressConf): void {
    const link = this.options.network.link(address.device);
    // Loopback and tunnels have no neighbours to tell.
    if (link?.mac.length !== 6 || link.mac.every((byte) => byte === 0)) return;
    const bytes = packVirtual(address);
    const frame =
      address.family === 4 ? encodeGratuitousArp(link.mac, bytes) : encodeNeighbourAdvert(link.mac, bytes, false);
    const what = address.family === 4 ? 'gratuitous ARP' : 'unsolicited Neighbour Advert';
    const done = this.options.sendFrame(link.index, frame);
    if (done >= 0) this.options.log('detail', `Sending ${what} on ${address.device} for ${address.address}`);
    else this.options.log('info', `Error ${-done} sending ${what} on ${address.device} for ${address.address}`);
  }
}
