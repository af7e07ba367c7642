/**
 * A life of core from start to end, the same for all entries: start or give up, tell those who wait (the daemon's
 * first process, systemd, old processes), write pid files, and end once.
 */
import type { ProcessLog } from '../log/process-log.ts';
import { type Core, type RunConfig, StartFailure } from './core.ts';
import { leaveTerminal } from './daemon.ts';
import { startedByParent } from './daemon-mark.ts';
import { canWritePidFile, removePidFile, writePidFile } from './pid-file.ts';
import type { RoleName } from './role-process.ts';
import { notifyReady, notifyReloading, notifyStopping } from './service-manager.ts';

export interface ServiceOptions {
  readonly log: ProcessLog;
  /** Gets core's process number once everything serves; null: none. */
  readonly pidFile: string | null;
  /** HAProxy does not start when its pid file cannot be made. */
  readonly needsPidFile: boolean;
  readonly rolePidFiles: Partial<Record<RoleName, string>>;
  /** keepalived removes its pid files, HAProxy leaves them. */
  readonly removesPidFiles: boolean;
  readonly startFailureCode: number;
  /** Runs once everything serves: for example tells old processes to leave. */
  readonly onReady: () => void;
}

export class Service {
  private readonly core: Core;
  private readonly options: ServiceOptions;
  private readonly written: (readonly [string, number])[] = [];
  private ended = false;

  constructor(core: Core, options: ServiceOptions) {
    this.core = core;
    this.options = options;
  }

  async start(config: RunConfig): Promise<void> {
    const { pidFile, needsPidFile, log } = this.options;
    if (pidFile !== null && needsPidFile && !canWritePidFile(pidFile)) {
      log('error', `[haproxy.main()] Cannot create pidfile ${pidFile}`);
      process.exit(this.options.startFailureCode);
    }
    try {
      await this.core.start(config);
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      if (this.ended) return;
      for (const line of error.lines) log('error', line);
      await this.core.stop();
      process.exit(this.options.startFailureCode);
    }
    if (this.ended) return;
    if (pidFile !== null) this.writePid(pidFile, process.pid);
    if (startedByParent) leaveTerminal();
    notifyReady('Ready');
    this.options.onReady();
  }

  async reload(): Promise<void> {
    notifyReloading();
    const isCurrent = await this.core.reload();
    if (this.ended) return;
    notifyReady(isCurrent ? 'Ready' : 'Reload failed; the configuration that was running stays in force');
  }

  /** Ends everything at once, or softly; `finish` then ends the process. */
  async end(how: 'stop' | 'soft', finish: () => void): Promise<void> {
    if (!this.ended) notifyStopping();
    this.ended = true;
    await (how === 'soft' ? this.core.stopSoftly() : this.core.stop());
    if (this.options.removesPidFiles) for (const [path, pid] of this.written) removePidFile(path, pid);
    finish();
  }

  writeRolePid(role: RoleName, pid: number): void {
    const path = this.options.rolePidFiles[role];
    if (path !== undefined) this.writePid(path, pid);
  }

  private writePid(path: string, pid: number): void {
    const problem = writePidFile(path, pid);
    if (problem === null) this.written.push([path, pid]);
    else this.options.log('error', `Cannot create pidfile ${path}: ${problem}`);
  }
}
