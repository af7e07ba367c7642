/**
 * One virtual router as a pure state machine (RFC 3768 section 6.4, RFC 5798 section 6.4, with keepalived's habits).
 *
 *              start           no advert for 3 intervals + skew
 *      INIT --------> BACKUP ------------------------------------> MASTER
 *        |             ^  | ^                                       | |
 *        |             |  | +---- advert of a better router --------+ |
 *        | recovered   |  v  fault                              fault |
 *        +-----------> FAULT <----------------------------------------+      any --stop--> STOP
 *
 * The outside world is the injected `InstanceWorld`: it sends, keeps the one timer, and hears of transitions; nothing
 * here knows a socket, a clock or an address list. The world calls `start`, `receive`, `expire`, `setTracking`,
 * `stop`. An unlisted transition is our bug. Addresses and gratuitous ARP are the world's answer to `onTransition`.
 */
import { fatal } from '../fatal.ts';
import type { VrrpState } from '../ipc/messages.ts';
import type { LogLevel, ProcessLog } from '../log/process-log.ts';
import { compareAddresses } from '../wire/ipv4.ts';

export const OWNER_PRIORITY = 255;
const DOWN_TIMER_ADVERTS = 3;

/** What the protocol needs of a configured instance. */
export interface InstancePolicy {
  readonly name: string;
  readonly version: 2 | 3;
  readonly initialState: 'MASTER' | 'BACKUP';
  readonly basePriority: number;
  readonly advertIntervalMs: number;
  readonly nopreempt: boolean;
  readonly preemptDelayMs: number;
}

export interface HeardAdvert {
  readonly priority: number;
  /** The sender, network order, and as text for the log. */
  readonly source: Uint8Array;
  readonly sourceText: string;
  /** Version 3 learns the master's interval from it. */
  readonly intervalMs: number;
}

/** What scripts and interfaces say: computed by the world, given as one. */
export interface Tracking {
  /** Some unweighted script or interface is down. */
  readonly faulty: boolean;
  /** Some unweighted script has not ended its first run. */
  readonly pending: boolean;
  /** Sum of the weights in force. */
  readonly weight: number;
}

export interface InstanceWorld {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Calls `expire` at that time instead of any earlier set one; null: not at all. */
  readonly setTimer: (at: number | null) => void;
  readonly send: (priority: number) => void;
  /** Our source address: it decides a tie. */
  readonly ownAddress: () => Uint8Array;
  /** Addresses, gratuitous ARP, notify scripts, messages. */
  readonly onTransition: (to: VrrpState, from: VrrpState) => void;
  /** A lower-priority router advertises although we are master. */
  readonly onLowerPriority: () => void;
  /** False: a member of the sync group cannot be master now. */
  readonly mayBecomeMaster: () => boolean;
  readonly log: ProcessLog;
}

export interface InstanceStats {
  advertsReceived: number;
  advertsSent: number;
  becameMaster: number;
  releasedMaster: number;
  priorityZeroReceived: number;
  priorityZeroSent: number;
}

const transitions: Readonly<Record<VrrpState, readonly VrrpState[]>> = {
  INIT: ['BACKUP', 'MASTER', 'FAULT', 'STOP'],
  BACKUP: ['MASTER', 'FAULT', 'STOP'],
  MASTER: ['BACKUP', 'FAULT', 'STOP'],
  FAULT: ['BACKUP', 'MASTER', 'STOP'],
  STOP: [],
};

/** `skew_time`: the lower the priority, the later a backup takes over. Version 2 counts 1/256 s, version 3 1/256 interval. */
export function skewMs(version: 2 | 3, priority: number, intervalMs: number): number {
  return ((256 - priority) / 256) * (version === 2 ? 1000 : intervalMs);
}

export class VrrpInstance {
  policy: InstancePolicy;
  readonly stats: InstanceStats = {
    advertsReceived: 0,
    advertsSent: 0,
    becameMaster: 0,
    releasedMaster: 0,
    priorityZeroReceived: 0,
    priorityZeroSent: 0,
  };
  state: VrrpState = 'INIT';
  priority: number;
  /** Version 3 follows the master's interval; otherwise our own. */
  masterIntervalMs: number;
  /** Timed out, but the sync group is not ready: it becomes master once every member wants to. */
  wantsMaster = false;
  /** Who was heard as master last. */
  master: { readonly address: string; readonly priority: number } | null = null;
  private readonly world: InstanceWorld;
  private tracking: Tracking = { faulty: false, pending: false, weight: 0 };
  private deadline: number | null = null;
  private preemptAt: number | null = null;
  private started = false;
  private resumes = false;

  constructor(policy: InstancePolicy, world: InstanceWorld) {
    this.policy = policy;
    this.world = world;
    this.priority = policy.basePriority;
    this.masterIntervalMs = policy.advertIntervalMs;
  }

  /** How long a backup waits for an advert. */
  get masterDownMs(): number {
    return DOWN_TIMER_ADVERTS * this.masterIntervalMs + this.skew;
  }

  get skew(): number {
    return skewMs(this.policy.version, this.priority, this.masterIntervalMs);
  }

  /** When the timer runs out, on the world's clock; null when none runs. */
  get timerAt(): number | null {
    return this.deadline;
  }

  /** With `resume`, in the place of a process that died as master: goes on as one unless tracking forbids it. */
  start(tracking: Tracking, resume = false): void {
    this.started = true;
    this.resumes = resume;
    this.tracking = tracking;
    this.priority = this.effectivePriority();
    if (!tracking.pending) this.leaveInit(' (init)');
  }

  setTracking(tracking: Tracking): void {
    this.tracking = tracking;
    this.changePriority(this.effectivePriority());
    if (!this.started || tracking.pending) return;
    if (this.state === 'INIT') this.leaveInit('');
    else if (tracking.faulty && this.state !== 'FAULT' && this.state !== 'STOP') this.enterFault('');
    else if (!tracking.faulty && this.state === 'FAULT') this.leaveFault();
  }

  receive(advert: HeardAdvert): void {
    if (this.state !== 'BACKUP' && this.state !== 'MASTER') return;
    this.stats.advertsReceived++;
    if (compareAddresses(advert.source, this.world.ownAddress()) === 0) {
      this.say('WARNING - advert received from remote host with our IP address.');
      return;
    }
    if (this.state === 'BACKUP') this.receiveAsBackup(advert);
    else this.receiveAsMaster(advert);
  }

  /** The timer ran out. Early and stale calls do nothing. */
  expire(): void {
    if (this.deadline === null || this.world.now() < this.deadline) return;
    if (this.state === 'MASTER') this.advertise();
    else if (this.state === 'BACKUP') this.takeOver();
  }

  /** Sync group: another member became master. */
  followToMaster(): void {
    if (this.state === 'BACKUP') this.enterMaster();
  }

  /** Sync group: another member gave way. */
  followToBackup(): void {
    if (this.state === 'MASTER') this.enterBackup();
  }

  /** Somebody took a virtual address off the interface: give way, and put them back after the skew time. */
  loseAddress(): void {
    if (this.state !== 'MASTER') return;
    this.enterBackup();
    this.arm(this.world.now() + this.skew);
  }

  /** Priority 0 when master, so that a backup waits for its skew only. */
  stop(): void {
    if (this.state === 'STOP') return;
    if (this.state === 'MASTER') this.resign();
    this.arm(null);
    this.enter('STOP');
  }

  /** A new configuration of the same virtual router: state, timers and statistics stay. */
  reconfigure(policy: InstancePolicy): void {
    this.policy = policy;
    if (policy.version === 2 || this.state === 'MASTER') this.masterIntervalMs = policy.advertIntervalMs;
    this.changePriority(this.effectivePriority());
  }

  private leaveInit(suffix: string): void {
    if (this.tracking.faulty) this.enterFault(suffix);
    else if (this.resumes || this.startsAsMaster()) this.enterMaster();
    else this.enterBackup(suffix);
    this.resumes = false;
  }

  private leaveFault(): void {
    if (this.startsAsMaster()) this.enterMaster();
    else this.enterBackup();
  }

  /** The owner of the addresses need not ask anybody. */
  private startsAsMaster(): boolean {
    const { initialState, basePriority } = this.policy;
    return initialState === 'MASTER' && basePriority === OWNER_PRIORITY && this.world.mayBecomeMaster();
  }

  private enterBackup(suffix = ''): void {
    this.say(`Entering BACKUP STATE${suffix}`);
    this.preemptAt = null;
    this.arm(this.world.now() + this.masterDownMs);
    this.enter('BACKUP');
  }

  private enterMaster(): void {
    this.send(this.priority);
    this.say('Entering MASTER STATE');
    this.masterIntervalMs = this.policy.advertIntervalMs;
    this.master = null;
    this.arm(this.world.now() + this.policy.advertIntervalMs);
    this.enter('MASTER');
  }

  private enterFault(suffix: string): void {
    this.say(`Entering FAULT STATE${suffix}`);
    if (this.state === 'MASTER') this.resign();
    this.arm(null);
    this.enter('FAULT');
  }

  private enter(to: VrrpState): void {
    const from = this.state;
    this.wantsMaster = false;
    if (!transitions[from].includes(to)) fatal(`${this.policy.name}: transition from ${from} to ${to}`);
    this.state = to;
    if (to === 'MASTER') this.stats.becameMaster++;
    if (from === 'MASTER') this.stats.releasedMaster++;
    this.world.onTransition(to, from);
  }

  private receiveAsBackup(advert: HeardAdvert): void {
    const { now } = this.world;
    this.wantsMaster &&= advert.priority < this.priority;
    if (advert.priority === 0) {
      this.stats.priorityZeroReceived++;
      this.say('Backup received priority 0 advertisement');
      this.arm(now() + this.skew);
      return;
    }
    const better = advert.priority >= this.priority;
    if (!better && !this.policy.nopreempt && !this.delaysPreemption()) {
      this.say(`received lower priority (${advert.priority}) advert from ${advert.sourceText} - discarding`);
      return;
    }
    if (better && advert.priority > this.priority && this.preemptAt !== null) {
      this.say('stop preempt delay');
      this.preemptAt = null;
    }
    this.master = { address: advert.sourceText, priority: advert.priority };
    if (this.policy.version === 3) this.masterIntervalMs = advert.intervalMs;
    this.arm(now() + this.masterDownMs);
  }

  /** Whether a lower-priority master is still borne; the first such advert starts the delay. */
  private delaysPreemption(): boolean {
    const { preemptDelayMs } = this.policy;
    if (preemptDelayMs === 0) return false;
    const now = this.world.now();
    if (this.preemptAt === null) {
      this.preemptAt = now + preemptDelayMs;
      this.say(`start preempt delay (${(preemptDelayMs / 1000).toFixed(6)})`);
    }
    return now < this.preemptAt;
  }

  private receiveAsMaster(advert: HeardAdvert): void {
    if (advert.priority === 0) {
      this.stats.priorityZeroReceived++;
      this.say('Master received priority 0 message');
      this.send(this.priority);
      return;
    }
    const higherAddress = compareAddresses(advert.source, this.world.ownAddress()) > 0;
    if (advert.priority < this.priority || (advert.priority === this.priority && !higherAddress)) {
      this.holdMastership(advert);
      return;
    }
    this.say(
      advert.priority > this.priority
        ? `Master received advert from ${advert.sourceText} with higher priority ${advert.priority}, ours ${this.priority}`
        : `Master received advert from ${advert.sourceText} with same priority ${advert.priority} but higher IP address than ours`,
    );
    this.master = { address: advert.sourceText, priority: advert.priority };
    if (this.policy.version === 3) this.masterIntervalMs = advert.intervalMs;
    this.enterBackup();
  }

  private holdMastership(advert: HeardAdvert): void {
    const { sourceText, priority } = advert;
    this.say(
      `Received advert from ${sourceText} with lower priority ${priority}, ours ${this.priority}, forcing new election`,
    );
    this.send(this.priority);
    this.world.onLowerPriority();
  }

  private advertise(): void {
    const now = this.world.now();
    const interval = this.policy.advertIntervalMs;
    const next = this.deadline! + interval;
    this.send(this.priority);
    // A process that was stopped for long does not make up for the adverts it missed.
    this.arm(next > now ? next : now + interval);
  }

  private takeOver(): void {
    this.say('Receive advertisement timeout', 'detail');
    this.wantsMaster = true;
    if (this.world.mayBecomeMaster()) this.enterMaster();
    else this.arm(this.world.now() + this.masterDownMs);
  }

  private resign(): void {
    this.send(0);
    this.say('sent 0 priority', 'detail');
  }

  private send(priority: number): void {
    this.stats.advertsSent++;
    if (priority === 0) this.stats.priorityZeroSent++;
    this.world.send(priority);
  }

  /** The owner's priority never changes, and nobody becomes owner by weights. */
  private effectivePriority(): number {
    const { basePriority } = this.policy;
    if (basePriority === OWNER_PRIORITY) return OWNER_PRIORITY;
    return Math.min(254, Math.max(1, basePriority + this.tracking.weight));
  }

  /** A waiting backup's time changes with its skew. */
  private changePriority(priority: number): void {
    if (priority === this.priority) return;
    const before = this.masterDownMs;
    this.say(`Changing effective priority from ${this.priority} to ${priority}`);
    this.priority = priority;
    if (this.state === 'BACKUP' && this.deadline !== null) this.arm(this.deadline + this.masterDownMs - before);
  }

  private arm(at: number | null): void {
    this.deadline = at;
    this.world.setTimer(at);
  }

  private say(text: string, level: LogLevel = 'info'): void {
    this.world.log(level, `(${this.policy.name}) ${text}`);
  }
}
