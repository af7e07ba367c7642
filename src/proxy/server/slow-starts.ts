/**
 * `slowstart`: servers that came up again and are not at full speed yet (manual, chapter 5.2). One a process, in the main
 * thread: it counts the whole seconds since each came up, once a second, and tells the workers, so that all of them
 * raise weights and limits (server.ts) at the same time and in the same order.
 *
 * A server that was up when the program started, or whose state is only told again, is not slowed.
 */
import type { ProxySlice } from '../../config/slice.ts';
import type { ServerHealth } from '../../ipc/messages.ts';
import { serverKey } from '../counter-layout.ts';
import type { ServerWarmth } from '../worker-messages.ts';

const STEP_MS = 1000;

interface Warming {
  readonly proxyId: number;
  readonly serverId: number;
  readonly sinceSecond: number;
  readonly lasts: number;
}

export class SlowStarts {
  /** Seconds that each server takes, by `serverKey`; those without are not there. */
  private readonly durations = new Map<string, number>();
  private readonly warming = new Map<string, Warming>();
  private readonly tell: (servers: readonly ServerWarmth[]) => void;
  private readonly onFullSpeed: (proxyId: number, serverId: number) => void;
  private readonly nowMs: () => number;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    slice: ProxySlice,
    tell: (servers: readonly ServerWarmth[]) => void,
    onFullSpeed: (proxyId: number, serverId: number) => void,
    nowMs: () => number = Date.now,
  ) {
    this.tell = tell;
    this.onFullSpeed = onFullSpeed;
    this.nowMs = nowMs;
    for (const proxy of slice.proxies) {
      for (const server of proxy.servers) {
        if (server.slowstartMs === 0) continue;
        this.durations.set(serverKey(proxy.id, server.id), Math.ceil(server.slowstartMs / 1000));
      }
    }
  }

  /** To be called before the workers learn of these states. */
  take(states: readonly ServerHealth[]): void {
    if (this.durations.size === 0) return;
    const changed = states.flatMap((state) => this.takeOne(state));
    if (changed.length > 0) this.tell(changed);
    this.keepTime();
  }

  private takeOne({ proxyId, serverId, up, event }: ServerHealth): ServerWarmth[] {
    const key = serverKey(proxyId, serverId);
    const lasts = this.durations.get(key);
    if (lasts === undefined || event !== 'transition') return [];
    if (!up) return this.warming.delete(key) ? [{ proxyId, serverId, seconds: -1 }] : [];
    this.warming.set(key, { proxyId, serverId, lasts, sinceSecond: this.second });
    return [{ proxyId, serverId, seconds: 0 }];
  }

  private get second(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  private keepTime(): void {
    if (this.warming.size === 0) {
      if (this.timer !== null) clearInterval(this.timer);
      this.timer = null;
    } else this.timer ??= setInterval(() => this.step(), STEP_MS).unref();
  }

  private step(): void {
    const { second } = this;
    const changed: ServerWarmth[] = [];
    for (const [key, { proxyId, serverId, sinceSecond, lasts }] of this.warming) {
      const seconds = second - sinceSecond;
      const done = seconds < 0 || seconds >= lasts;
      if (done) this.warming.delete(key);
      changed.push({ proxyId, serverId, seconds: done ? -1 : seconds });
    }
    this.tell(changed);
    for (const { proxyId, serverId, seconds } of changed) if (seconds < 0) this.onFullSpeed(proxyId, serverId);
    this.keepTime();
  }
}
