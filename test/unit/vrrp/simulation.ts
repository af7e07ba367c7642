/** Virtual routers on a simulated link with a simulated clock: no time passes, everything is deterministic. */

import type { VrrpState } from '../../../src/ipc/messages.ts';
import { packInet4 } from '../../../src/os/address.ts';
import { type InstancePolicy, type Tracking, VrrpInstance } from '../../../src/vrrp/instance.ts';
import type { SyncGroup } from '../../../src/vrrp/sync-group.ts';

export const clear: Tracking = { faulty: false, pending: false, weight: 0 };

export interface SimulatedRouter {
  readonly instance: VrrpInstance;
  readonly address: string;
  /** State changes and adverts in order, for example "BACKUP", "send 100". */
  readonly events: string[];
  readonly lines: string[];
  lowerPriorityHeard: number;
  /** Dead routers neither send nor hear; their timers do not run. */
  alive: boolean;
  timer: number | null;
  group: SyncGroup | null;
}

export class Simulation {
  now = 0;
  readonly routers: SimulatedRouter[] = [];
  /** One-way delay of an advert. */
  latencyMs = 1;
  /** Whether `to` hears `from`. */
  connected: (from: SimulatedRouter, to: SimulatedRouter) => boolean = () => true;
  private inFlight: { at: number; deliver: () => void }[] = [];

  add(policy: Partial<InstancePolicy> & { readonly basePriority: number }): SimulatedRouter {
    const address = `10.0.0.${this.routers.length + 1}`;
    const events: string[] = [];
    const lines: string[] = [];
    const full: InstancePolicy = {
      name: `R${this.routers.length + 1}`,
      version: 2,
      initialState: 'BACKUP',
      advertIntervalMs: 1000,
      nopreempt: false,
      preemptDelayMs: 0,
      ...policy,
    };
    const instance = new VrrpInstance(full, {
      now: () => this.now,
      setTimer: (at) => {
        router.timer = at;
      },
      send: (priority) => {
        events.push(`send ${priority}`);
        this.broadcast(router, priority);
      },
      ownAddress: () => packInet4(address),
      onTransition: (to: VrrpState, from: VrrpState) => {
        events.push(to);
        router.group?.follow(instance, to, from);
      },
      onLowerPriority: () => {
        router.lowerPriorityHeard++;
      },
      mayBecomeMaster: () => router.group?.mayBecomeMaster(instance) ?? true,
      log: (_level, text) => lines.push(text),
    });
    const router: SimulatedRouter = {
      instance,
      address,
      events,
      lines,
      lowerPriorityHeard: 0,
      alive: true,
      timer: null,
      group: null,
    };
    this.routers.push(router);
    return router;
  }

  /** Runs until that many milliseconds have passed. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.nextEvent();
      if (!next || next.at > end) break;
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = end;
  }

  masters(): SimulatedRouter[] {
    return this.routers.filter((router) => router.alive && router.instance.state === 'MASTER');
  }

  private nextEvent(): { at: number; run: () => void } | undefined {
    const events: { at: number; run: () => void }[] = [];
    const packet = this.inFlight.toSorted((a, b) => a.at - b.at)[0];
    if (packet) {
      events.push({
        at: packet.at,
        run: () => {
          this.inFlight.splice(this.inFlight.indexOf(packet), 1);
          packet.deliver();
        },
      });
    }
    for (const router of this.routers) {
      if (router.alive && router.timer !== null) events.push({ at: router.timer, run: () => router.instance.expire() });
    }
    return events.toSorted((a, b) => a.at - b.at)[0];
  }

  private broadcast(from: SimulatedRouter, priority: number): void {
    const { advertIntervalMs: intervalMs } = from.instance.policy;
    const advert = { priority, source: packInet4(from.address), sourceText: from.address, intervalMs };
    for (const to of this.routers) {
      if (to === from || !this.connected(from, to)) continue;
      const deliver = (): void => {
        if (to.alive) to.instance.receive(advert);
      };
      this.inFlight.push({ at: this.now + this.latencyMs, deliver });
    }
  }
}
