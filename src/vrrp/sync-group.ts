/**
 * `vrrp_sync_group`: its members are master together or not at all (keepalived.conf(5), "VRRP synchronization group").
 *
 * A fault of one member is a fault of all; one that becomes master takes the others along, one that gives way makes
 * the others follow; the first becomes master when every one has timed out. The group's notify scripts run once all have arrived.
 */
import type { SyncGroupConf } from '../config/keepalived.ts';
import type { VrrpState } from '../ipc/messages.ts';
import type { ProcessLog } from '../log/process-log.ts';
import type { Tracking, VrrpInstance } from './instance.ts';

export class SyncGroup {
  readonly conf: SyncGroupConf;
  readonly members: readonly VrrpInstance[];
  /** Where its members last arrived together. */
  state: VrrpState;
  private readonly log: ProcessLog;
  private readonly onState: (state: VrrpState) => void;

  constructor(
    conf: SyncGroupConf,
    members: readonly VrrpInstance[],
    log: ProcessLog,
    onState: (state: VrrpState) => void,
  ) {
    this.conf = conf;
    this.members = members;
    this.log = log;
    this.onState = onState;
    const [first] = members;
    this.state = first && members.every((each) => each.state === first.state) ? first.state : 'INIT';
  }

  has(instance: VrrpInstance): boolean {
    return this.members.includes(instance);
  }

  /** What a member takes as its own tracking: the group's faults, and no weights, which would tear it apart. */
  static combine(trackings: readonly Tracking[]): Tracking {
    return {
      faulty: trackings.some((each) => each.faulty),
      pending: trackings.some((each) => each.pending),
      weight: 0,
    };
  }

  mayBecomeMaster(asking: VrrpInstance): boolean {
    const ready = (each: VrrpInstance): boolean =>
      each.state === 'MASTER' || (each.state === 'BACKUP' && each.wantsMaster);
    return this.members.every((each) => each === asking || ready(each));
  }

  /** A member has changed its state: the others follow. */
  follow(member: VrrpInstance, to: VrrpState, from: VrrpState): void {
    const leads = this.state !== to;
    if (to === 'MASTER' && leads) {
      this.state = to;
      this.log('info', `VRRP_Group(${this.conf.name}) Syncing instances to MASTER state`);
      for (const other of this.others(member)) other.followToMaster();
    } else if (to === 'BACKUP' && from === 'MASTER' && leads) {
      this.state = to;
      this.log('info', `VRRP_Group(${this.conf.name}) Syncing instances to BACKUP state`);
      for (const other of this.others(member)) other.followToBackup();
    } else if (leads) {
      if (to === 'FAULT') this.log('info', `VRRP_Group(${this.conf.name}) Syncing instances to FAULT state`);
      this.state = to;
    } else {
      return;
    }
    this.onState(to);
  }

  private others(member: VrrpInstance): VrrpInstance[] {
    return this.members.filter((each) => each !== member);
  }
}
