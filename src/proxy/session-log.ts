/**
 * The log lines of one frontend's sessions: when a line is due, in what format, at which level (manual: `log-format`,
 * `log-steps`, `option tcplog|httplog|dontlognull|dontlog-normal|log-separate-errors|logasap`).
 *
 * A format of the user's own is due as soon as everything is known that it shows, as in HAProxy: request and status when
 * the answer begins, times and bytes at the end. `option logasap` does not wait for the latter. With `log-steps` there is
 * a line at each of these, with what is known by then.
 *
 * Targets without a profile share one sink and one form of lines; where any target has one, each has its own.
 */
import type { ProxyConf } from '../config/haproxy.ts';
import type { LogProfileConf } from '../config/logging.ts';
import type { LineText } from '../wire/line-text.ts';
import { AT_END } from './log/aliases.ts';
import {
  type LineForm,
  LineFormMaker,
  type LineForms,
  type LogStep,
  STEP_CLOSE,
  STEP_ERROR,
  stepBits,
} from './log/line-forms.ts';
import { putErrorLine } from './log/lines.ts';
import { isErroneous, type SessionRecord } from './log/record.ts';
import type { SampleWorld } from './sample/sample-world.ts';

/** Where lines go, without line end; severity as in syslog. */
export interface LogSink {
  /** For a line that is written as bytes; `sendLine` sends it, with RFC 5424's structured data. */
  begin(): LineText;
  sendLine(level: number, atMs?: number, structuredData?: string): void;
  send(level: number, line: string): void;
}

/** A sink, and what the lines that go there look like. */
export interface SinkPlan {
  readonly sink: LogSink;
  readonly profile: LogProfileConf | null;
}

interface Target {
  readonly sink: LogSink;
  readonly forms: LineForms;
}

/** Where the lines of a frontend are counted. */
export interface LineCount {
  readonly counts: Int32Array;
  readonly at: number;
}

const ALERT = 1;
const INFO = 6;
const ERR = 3;

export class SessionLog {
  /** False: nobody reads it, nothing needs to be collected. */
  readonly enabled: boolean;
  /** The default format has one line at the beginning and none at the end. */
  readonly atBegin: boolean;
  /** A line is due, or may be, when the answer begins, or the server is connected. */
  readonly isEarly: boolean;
  /** `log-steps`: a bit for each step that has a line; 0: there is one line a session, when it is due. */
  readonly steps: number;
  /** What it reads beyond what the formats with names show; bits of log/needs.ts. */
  readonly needs: number;
  readonly isCustom: boolean;
  private readonly conf: ProxyConf;
  private readonly targets: readonly Target[];
  private readonly count: LineCount | null;

  /** `count`: null when no format shows it. */
  constructor(conf: ProxyConf, plans: readonly SinkPlan[], world: SampleWorld, count: LineCount | null = null) {
    this.conf = conf;
    this.enabled = conf.logs.length > 0;
    this.steps = conf.logSteps === null || !this.enabled ? 0 : stepBits(conf.logSteps);
    const maker = new LineFormMaker(conf, world);
    this.targets = plans.map(({ sink, profile }) => ({ sink, forms: maker.make(profile) }));
    const forms = this.targets.flatMap((target) => target.forms.filter((form) => form !== null));
    this.atBegin = conf.logFormat === 'default' && this.steps === 0;
    this.isCustom = forms.some((form) => form.isCustom);
    this.needs = forms.reduce((all, form) => all | form.needs, 0);
    const waits = this.targets.some(({ forms }) => forms[STEP_CLOSE]?.moment === AT_END);
    this.isEarly = this.steps !== 0 || conf.logasap || !waits;
    this.count = this.isCustom ? count : null;
  }

  /** A connection that failed before it became a session. */
  writeFailure(record: SessionRecord, listener: string, message: string): void {
    if (!this.enabled) return;
    record.lineNumber = this.lineNumber();
    const level = this.conf.logSeparateErrors ? ERR : INFO;
    let isSent = false;
    for (const { sink, forms } of this.targets) {
      const form = forms[STEP_ERROR]!;
      if (form === null) continue;
      const line = sink.begin();
      if (form.put === null) putErrorLine(line, record, listener, message);
      else form.put(line, record);
      if (send(sink, form, record, level, line)) isSent = true;
    }
    if (isSent) this.countLine();
  }

  /** About what passes, not about a session's end. */
  alert(line: string): void {
    if (this.enabled) for (const { sink } of this.targets) sink.send(ALERT, line);
  }

  /** `empty`: not one byte came from the client. */
  write(record: SessionRecord, empty: boolean, step: LogStep = STEP_CLOSE): void {
    if (!this.enabled || (this.steps !== 0 && (this.steps & (1 << step)) === 0)) return;
    const { conf, targets } = this;
    if (empty && conf.dontlognull && (step === STEP_CLOSE || this.steps === 0)) return;
    const erroneous = isErroneous(record);
    if (!erroneous && conf.dontlogNormal) return;
    record.lineNumber = this.lineNumber();
    const level = erroneous && conf.logSeparateErrors ? ERR : INFO;
    let isSent = false;
    for (let i = 0; i < targets.length; i++) {
      const { sink, forms } = targets[i]!;
      const form = forms[step]!;
      if (form === null) continue;
      const line = sink.begin();
      form.put!(line, record);
      if (send(sink, form, record, level, line)) isSent = true;
    }
    if (isSent) this.countLine();
  }

  private lineNumber(): number {
    return this.count === null ? 0 : Atomics.load(this.count.counts, this.count.at) >>> 0;
  }

  private countLine(): void {
    if (this.count !== null) Atomics.add(this.count.counts, this.count.at, 1);
  }
}

/** False: the format wrote nothing, so there is nothing to be logged. */
function send(sink: LogSink, form: LineForm, record: SessionRecord, level: number, line: LineText): boolean {
  if (line.length === 0) return false;
  if (form.buildData === null) sink.sendLine(level);
  else sink.sendLine(level, undefined, form.buildData(record));
  return true;
}
