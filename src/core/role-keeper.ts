/**
 * Keeps one role running: starts it, starts it again when it dies, exchanges it for a new generation, stops it.
 *
 *            start/replace              ready
 *     (none) ------------> getting ready ------> current --- replace ---> retired (ends by itself)
 *                              ^                    |
 *                              '---- RestartDelay --'  died
 *
 * The proxy is exchanged on a reload (`replace`); check and vrrp take a new configuration in place (`reconfigure`).
 */
import type { ChildProcess } from 'node:child_process';
import { RestartDelay } from './restart-delay.ts';
import type { RoleName } from './role-process.ts';
import { type RoleEnd, RoleFailure, type RoleMessage, RoleRun } from './role-run.ts';

/** A configuration of a role: how to start a process for it, and how to tell a process of it. */
export interface Revision {
  readonly generation: number;
  launch(): ChildProcess;
  configure(child: ChildProcess): void;
}

export interface RoleEvents {
  /** Of the current process, or of one that is getting ready. */
  message(message: RoleMessage): void;
  forked(role: RoleName, pid: number): void;
  /** The current process died; another follows after `delayMs`. */
  died(role: RoleName, pid: number, end: RoleEnd, delayMs: number): void;
  /** A process that was asked to end has done so. */
  retired(role: RoleName, pid: number, end: RoleEnd): void;
}

export class RoleKeeper {
  readonly role: RoleName;
  private readonly events: RoleEvents;
  private revision: Revision | null = null;
  private current: RoleRun | null = null;
  private readonly starting = new Map<RoleRun, number>();
  private readonly leaving = new Set<RoleRun>();
  private restartTimer: NodeJS.Timeout | null = null;
  private delay = new RestartDelay();

  constructor(role: RoleName, events: RoleEvents) {
    this.role = role;
    this.events = events;
  }

  get pid(): number | null {
    return this.current?.alive ? this.current.pid : null;
  }

  /** The process that messages go to, or null while there is none. */
  get child(): ChildProcess | null {
    return this.current?.alive ? this.current.child : null;
  }

  /** The processes that news of a generation concerns: the current one, and those that are getting ready for it. */
  receivers(generation: number): ChildProcess[] {
    const starting = [...this.starting].filter(([, startedFor]) => startedFor === generation);
    return [...(this.child ? [this.child] : []), ...starting.map(([run]) => run.child)];
  }

  /**
   * Starts a process for this revision and waits until it is in force; `retire` then asks the one before to leave.
   * When it fails everything is as before.
   */
  async replace(revision: Revision, retire: (old: ChildProcess) => void): Promise<void> {
    const run = this.launch(revision);
    const watch = run.ready(revision.generation);
    revision.configure(run.child);
    this.starting.set(run, revision.generation);
    try {
      await watch;
    } catch (error) {
      this.discard(run);
      throw error;
    } finally {
      this.starting.delete(run);
    }
    this.cancelRestart();
    const old = this.current;
    this.revision = revision;
    this.current = run;
    this.watch(run);
    if (old?.alive) {
      this.leaving.add(old);
      retire(old.child);
    }
  }

  /** Gives the running process a new configuration; starts one when there is none. */
  async reconfigure(revision: Revision): Promise<void> {
    const run = this.current;
    if (!run?.alive) {
      await this.replace(revision, () => {});
      return;
    }
    this.revision = revision;
    const watch = run.ready(revision.generation);
    revision.configure(run.child);
    await watch;
  }

  /** Asks every process of the role to end by `ask` and waits; after `deadlineMs` (null: never) it is killed. */
  async stop(ask: (child: ChildProcess) => void, deadlineMs: number | null): Promise<void> {
    this.cancelRestart();
    this.revision = null;
    if (this.current?.alive) this.leaving.add(this.current);
    for (const run of this.starting.keys()) this.leaving.add(run);
    const runs = [...this.leaving];
    this.current = null;
    await Promise.all(runs.map((run) => this.end(run, ask, deadlineMs)));
  }

  private async end(run: RoleRun, ask: (child: ChildProcess) => void, deadlineMs: number | null): Promise<void> {
    const timer = deadlineMs === null ? null : setTimeout(() => run.kill('SIGKILL'), deadlineMs);
    ask(run.child);
    await run.ended;
    if (timer) clearTimeout(timer);
  }

  private launch(revision: Revision): RoleRun {
    const run = new RoleRun(revision.launch(), (message) => {
      if (!this.leaving.has(run)) this.events.message(message);
    });
    if (run.pid) this.events.forked(this.role, run.pid);
    return run;
  }

  private discard(run: RoleRun): void {
    this.leaving.add(run);
    run.kill('SIGKILL');
    void run.ended.then(() => this.leaving.delete(run));
  }

  private watch(run: RoleRun): void {
    void run.ended.then((end) => {
      if (this.leaving.delete(run)) this.events.retired(this.role, run.pid, end);
      else if (this.current === run) this.restart(run.pid, end);
    });
  }

  private restart(pid: number, end: RoleEnd): void {
    this.current = null;
    const delayMs = this.delay.next(end.livedMs);
    this.events.died(this.role, pid, end, delayMs);
    this.restartTimer = setTimeout(() => this.startAgain(), delayMs);
  }

  private startAgain(): void {
    this.restartTimer = null;
    const { revision } = this;
    if (!revision) return;
    const run = this.launch(revision);
    this.current = run;
    this.watch(run);
    run.ready(revision.generation).catch((error: unknown) => {
      if (!(error instanceof RoleFailure)) throw error;
      run.kill('SIGKILL');
    });
    revision.configure(run.child);
  }

  private cancelRestart(): void {
    if (this.restartTimer) clearTimeout(this.restartTimer);
    this.restartTimer = null;
  }
}
