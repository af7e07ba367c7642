/**
 * All servers that are checked, by name. A new configuration is compared with the running one:
 *
 * - the same server with the same settings keeps its state and its timer, and only takes over new ids;
 * - the same server at the same address with other settings keeps its state, and is checked anew by the new ones;
 * - another address is another server.
 */
import type { CheckList, CheckTarget } from '../config/slice.ts';
import type { ServerHealth } from '../ipc/messages.ts';
import { continueHealth, createHealth, type HealthRecord } from './health.ts';
import { spreadStarts } from './schedule.ts';
import { ServerCheck, type World } from './server-check.ts';

export class Roster {
  private readonly world: World;
  private checks = new Map<string, ServerCheck>();

  constructor(world: World) {
    this.world = world;
  }

  /** Puts a configuration in force. `known` fills in for servers that this process has not seen. */
  apply(slice: CheckList, known: readonly ServerHealth[]): void {
    const before = this.checks;
    const delays = spreadStarts(slice.targets.map((target) => target.check.interMs));
    this.checks = new Map();
    slice.targets.forEach((target, i) => {
      const name = `${target.proxyName}/${target.serverName}`;
      const running = before.get(name);
      if (running && sameSettings(running.target, target)) {
        before.delete(name);
        running.target = target;
        this.checks.set(name, running);
        return;
      }
      const health = this.findHealth(target, running, known);
      const check = new ServerCheck(target, health, slice.spreadChecks, this.world);
      this.checks.set(name, check);
      check.start(delays[i]!);
    });
    for (const check of before.values()) check.stop();
  }

  /** The present state of every server that has been checked. */
  describeAll(): ServerHealth[] {
    return [...this.checks.values()]
      .filter((check) => check.health.code !== 'INI')
      .map((check) => check.describe('replay'));
  }

  stop(): void {
    for (const check of this.checks.values()) check.stop();
    this.checks.clear();
  }

  private findHealth(
    target: CheckTarget,
    running: ServerCheck | undefined,
    known: readonly ServerHealth[],
  ): HealthRecord {
    const { rise, fall } = target.check;
    if (running && sameAddress(running.target, target)) return continueHealth(running.health, rise, fall);
    const state = known.find((one) => one.proxyId === target.proxyId && one.serverId === target.serverId);
    if (state && !running) return continueHealth(state, rise, fall);
    return createHealth(rise, fall, this.world.now());
  }
}

function sameSettings(a: CheckTarget, b: CheckTarget): boolean {
  return JSON.stringify({ ...a, proxyId: 0, serverId: 0 }) === JSON.stringify({ ...b, proxyId: 0, serverId: 0 });
}

function sameAddress(a: CheckTarget, b: CheckTarget): boolean {
  return JSON.stringify(a.address) === JSON.stringify(b.address);
}
