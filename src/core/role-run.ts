/** One running process of a role as core sees it: until when it is getting ready, what it said last, how it ended. */
import type { ChildProcess } from 'node:child_process';

export interface RoleMessage {
  readonly type: string;
}

export interface RoleEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly livedMs: number;
  /** What the role said it died of, or null. */
  readonly reason: string | null;
}

/** A role ended, or took too long, before its configuration was in force. */
export class RoleFailure extends Error {}

interface Waiter {
  readonly generation: number;
  readonly resolve: () => void;
  readonly reject: (failure: RoleFailure) => void;
}

const READY_DEADLINE_MS = 30_000;

export class RoleRun {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<RoleEnd>;
  /** Not by the clock, which may be set meanwhile. */
  private readonly bornAtMs = performance.now();
  private waiters: Waiter[] = [];
  private reason: string | null = null;
  private end: RoleEnd | null = null;

  constructor(child: ChildProcess, receive: (message: RoleMessage) => void) {
    this.child = child;
    this.pid = child.pid ?? 0;
    child.on('message', (message) => this.take(message as RoleMessage, receive));
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(this.finish(code, signal)));
      child.once('error', (error) => {
        this.reason ??= error.message;
        if (child.pid === undefined) resolve(this.finish(1, null));
      });
    });
  }

  get alive(): boolean {
    return this.end === null;
  }

  /** Resolves when the role has put this generation in force. */
  ready(generation: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new RoleFailure('is not ready after 30 seconds')), READY_DEADLINE_MS);
      const settle = <T>(then: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      };
      if (this.end) settle(reject)(failureOf(this.end));
      else this.waiters.push({ generation, resolve: settle(resolve), reject: settle(reject) });
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private take(message: RoleMessage, receive: (message: RoleMessage) => void): void {
    if (message.type === 'fatal') this.reason = String((message as { what?: unknown }).what);
    else if (message.type === 'ready') this.settleReady(Number((message as { generation?: unknown }).generation));
    else receive(message);
  }

  private settleReady(generation: number): void {
    for (const waiter of this.waiters) if (waiter.generation <= generation) waiter.resolve();
    this.waiters = this.waiters.filter((waiter) => waiter.generation > generation);
  }

  private finish(code: number | null, signal: NodeJS.Signals | null): RoleEnd {
    this.end = { code, signal, livedMs: Math.floor(performance.now() - this.bornAtMs), reason: this.reason };
    for (const waiter of this.waiters) waiter.reject(failureOf(this.end));
    this.waiters = [];
    return this.end;
  }
}

function failureOf(end: RoleEnd): RoleFailure {
  return new RoleFailure(end.reason ?? `ended at once (${end.signal ?? `exit code ${end.code}`})`);
}
