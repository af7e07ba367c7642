/**
 * `vrrp_script`: a program run every interval, whose exit codes make one GOOD or BAD status (rise and fall).
 *
 * `ScriptStatus` is the counting alone (pure); `TrackScript` runs the program, one run at a time: a run that is still
 * going when the next is due is left alone and the turn skipped, until its timeout ends it (SIGTERM, then SIGKILL).
 * Before the first result the status is unknown: the first result decides alone, whatever rise and fall say.
 */
import type { ChildProcess } from 'node:child_process';
import type { VrrpScriptConf } from '../config/keepalived.ts';
import type { ProcessLog } from '../log/process-log.ts';
import { type Program, signalGroup, startProgram } from './exec.ts';

/** How long a script that got SIGTERM may take to end. */
const KILL_AFTER_MS = 2000;

export type ScriptVerdict = 'unknown' | 'good' | 'bad';

/** keepalived's counter: 0 .. rise + fall - 1; at or above `rise` the script is good. */
export class ScriptStatus {
  verdict: ScriptVerdict;
  result = 0;
  readonly rise: number;
  readonly fall: number;

  constructor(rise: number, fall: number, initFail: boolean) {
    this.rise = rise;
    this.fall = fall;
    this.verdict = initFail ? 'bad' : 'unknown';
  }

  /** Takes one result; returns whether the verdict changed. */
  count(success: boolean): boolean {
    return success ? this.countSuccess() : this.countFailure();
  }

  /** A status taken over from before a reload, under new limits. */
  resume(verdict: ScriptVerdict): void {
    this.verdict = verdict;
    this.result = verdict === 'good' ? this.rise + this.fall - 1 : 0;
  }

  private countSuccess(): boolean {
    if (this.verdict === 'bad' && this.result < this.rise - 1) {
      this.result++;
      return false;
    }
    this.result = this.rise + this.fall - 1;
    return this.become('good');
  }

  private countFailure(): boolean {
    if (this.verdict === 'good' && this.result > this.rise) {
      this.result--;
      return false;
    }
    this.result = 0;
    return this.become('bad');
  }

  private become(verdict: ScriptVerdict): boolean {
    const changed = this.verdict !== verdict;
    this.verdict = verdict;
    return changed;
  }
}

interface Outcome {
  readonly success: boolean;
  /** After the verdict in the log: " (exited with status 1)"; empty after success. */
  readonly note: string;
  readonly exitCode: number | null;
  readonly word: string;
}

export class TrackScript {
  readonly conf: VrrpScriptConf;
  readonly status: ScriptStatus;
  readonly program: Program;
  state: 'idle' | 'running' | 'terminating' | 'killing' = 'idle';
  private readonly log: ProcessLog;
  private readonly onChange: () => void;
  private ticker: NodeJS.Timeout | null = null;
  private child: ChildProcess | null = null;
  private lastExit: number | null = 0;

  constructor(conf: VrrpScriptConf, program: Program, log: ProcessLog, onChange: () => void) {
    this.conf = conf;
    this.program = program;
    this.log = log;
    this.onChange = onChange;
    this.status = new ScriptStatus(conf.rise, conf.fall, conf.initFail);
  }

  start(): void {
    this.ticker = setInterval(() => this.run(), this.conf.intervalMs);
    this.run();
  }

  /** Ends the running program as well. */
  stop(): void {
    if (this.ticker) clearInterval(this.ticker);
    this.ticker = null;
    const { child } = this;
    this.child = null;
    if (child) signalGroup(child, 'SIGKILL');
  }

  private run(): void {
    if (this.state !== 'idle') {
      const what = this.state === 'running' ? 'already running' : 'being timed out';
      this.log('info', `Track script ${this.conf.name} is ${what}, expect idle - skipping run`);
      return;
    }
    const child = startProgram(this.program);
    this.child = child;
    this.state = 'running';
    const timer = setTimeout(() => this.terminate(child), this.conf.timeoutMs || this.conf.intervalMs);
    const done = (outcome: Outcome): void => {
      clearTimeout(timer);
      if (this.child === child) this.finish(outcome);
    };
    child.once('exit', (code, signal) => done(this.describe(code, signal)));
    child.once('error', (error) => {
      done({ success: false, note: ` (${error.message})`, exitCode: null, word: 'failed' });
    });
  }

  private terminate(child: ChildProcess): void {
    this.state = 'terminating';
    signalGroup(child, 'SIGTERM');
    setTimeout(() => {
      if (this.child !== child) return;
      this.state = 'killing';
      signalGroup(child, 'SIGKILL');
    }, KILL_AFTER_MS).unref();
  }

  private describe(code: number | null, signal: NodeJS.Signals | null): Outcome {
    if (this.state !== 'running') return { success: false, note: '', exitCode: null, word: 'timed_out' };
    if (code === 0) return { success: true, note: '', exitCode: 0, word: 'succeeded' };
    const note = code === null ? ` (due to signal ${signal})` : ` (exited with status ${code})`;
    return { success: false, note, exitCode: code, word: 'failed' };
  }

  private finish(outcome: Outcome): void {
    // Children that the program left in its group must not pile up over the runs that follow a timeout.
    if (this.state !== 'running' && this.child) signalGroup(this.child, 'SIGKILL');
    this.child = null;
    this.state = 'idle';
    if (outcome.exitCode !== null && outcome.exitCode !== this.lastExit) {
      this.log('info', `Script \`${this.conf.name}\` now returning ${outcome.exitCode}`);
      this.lastExit = outcome.exitCode;
    }
    if (!this.status.count(outcome.success)) return;
    this.log('info', `VRRP_Script(${this.conf.name}) ${outcome.word}${outcome.note}`);
    this.onChange();
  }
}
