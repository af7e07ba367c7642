/**
 * The check of one server, for as long as it is configured: a chain of small steps that ends in re-arm.
 *
 * ```
 *   arm --(timer)--> begin --(address known)--> probe --(verdict)--> conclude --> arm
 * ```
 *
 * `target` is configuration, `health` is runtime state. The outside world (clock, timers, chance, name lookup, where
 * results go) is injected.
 */
import { isIP } from 'node:net';
import type { ProxyHeaderConf } from '../config/server-link.ts';
import type { CheckTarget } from '../config/slice.ts';
import type { ServerHealth } from '../ipc/messages.ts';
import { type HealthRecord, nextIntervalMs, recordResult } from './health.ts';
import { createHttpProbe } from './http-probe.ts';
import { jitterMs, limitsOf } from './schedule.ts';
import { createTcpProbe } from './tcp-probe.ts';
import { type Destination, makeVerdict, type Probe, type Verdict } from './verdict.ts';

export interface World {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonicNow: () => number;
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
  /** In [0, 1). */
  readonly random: () => number;
  /** An IP literal for a name; null when there is none. */
  readonly lookUp: (name: string, family: 0 | 4 | 6) => Promise<string | null>;
  readonly report: (health: ServerHealth) => void;
}

export class ServerCheck {
  /** Ids may change with a reload; the rest of the target does not. */
  target: CheckTarget;
  readonly health: HealthRecord;
  private readonly world: World;
  private readonly spreadPercent: number;
  private readonly probe: Probe;
  /** What is under way: a timer, a lookup or a probe. */
  private cancel: () => void = () => {};
  private resolved: string | null = null;

  constructor(target: CheckTarget, health: HealthRecord, spreadPercent: number, world: World) {
    this.target = target;
    this.health = health;
    this.spreadPercent = spreadPercent;
    this.world = world;
    this.probe = createProbe(target);
  }

  start(delayMs: number): void {
    this.arm(delayMs);
  }

  stop(): void {
    this.cancel();
  }

  /** The state as a message. */
  describe(event: ServerHealth['event']): ServerHealth {
    const { proxyId, serverId } = this.target;
    return { proxyId, serverId, ...this.health, event };
  }

  private arm(delayMs: number): void {
    this.cancel = this.world.setTimer(() => this.begin(), delayMs);
  }

  private begin(): void {
    const known = this.findDestination();
    if (known) {
      this.runProbe(known);
      return;
    }
    let wanted = true;
    this.cancel = () => {
      wanted = false;
    };
    void this.resolve().then((destination) => {
      if (!wanted) return;
      if (destination) this.runProbe(destination);
      else this.conclude(makeVerdict('SOCKERR', 'could not resolve the address'), 0);
    });
  }

  private runProbe(destination: Destination): void {
    const startedMs = this.world.monotonicNow();
    this.cancel = this.probe(destination, limitsOf(this.target), (verdict) => {
      this.conclude(verdict, Math.floor(this.world.monotonicNow() - startedMs));
    });
  }

  private conclude(verdict: Verdict, durationMs: number): void {
    const changed = recordResult(this.health, verdict, durationMs, this.world.now());
    this.world.report(this.describe(changed ? 'transition' : 'result'));
    const intervalMs = nextIntervalMs(this.target.check, this.health);
    this.arm(intervalMs + jitterMs(intervalMs, this.spreadPercent, this.world.random()));
  }

  /** Null: a name that has not been looked up yet. A name is looked up once, as HAProxy does at its start. */
  private findDestination(): Destination | null {
    const { address, check, link } = this.target;
    if (address.kind === 'unix') return { kind: 'unix', path: address.path };
    const host = check.addr ?? address.host;
    const literal = isIP(host) ? host : this.resolved;
    return literal === null ? null : { kind: 'ip', host: literal, port: check.port ?? address.port, link };
  }

  private async resolve(): Promise<Destination | null> {
    const { address, check } = this.target;
    if (address.kind === 'ip') {
      this.resolved = await this.world.lookUp(check.addr ?? address.host, check.addr === null ? address.family : 0);
    }
    return this.findDestination();
  }
}

function createProbe(target: CheckTarget): Probe {
  const header = headerOf(target);
  return target.method.kind === 'http' ? createHttpProbe(target.method, header) : createTcpProbe(header);
}

/** A check to another port or address than the server's own does not get the PROXY header unless that is asked for. */
function headerOf({ link, check }: CheckTarget): ProxyHeaderConf | null {
  const ownAddress = check.port === null && check.addr === null;
  if (link.checkSendProxy) return link.proxyHeader ?? { version: 1, options: [] };
  return ownAddress ? link.proxyHeader : null;
}
