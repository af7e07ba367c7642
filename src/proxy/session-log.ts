/**
 * The log lines of one frontend's sessions: when a line is due, in what format, at which level (manual: `log-format`,
 * `option tcplog|httplog|dontlognull|dontlog-normal|log-separate-errors|logasap`).
 *
 * A format of the user's own is due as soon as everything is known that it shows, as in HAProxy: request and status when
 * the answer begins, times and bytes at the end. `option logasap` does not wait for the latter.
 */
import type { ProxyConf } from '../config/haproxy.ts';
import type { LineText } from '../wire/line-text.ts';
import { AT_END, WITH_ANSWER } from './log/aliases.ts';
import { compileLogFormat } from './log/compile.ts';
import { lineWriter, type Put, putErrorLine } from './log/lines.ts';
import { NEEDS_LOCAL } from './log/needs.ts';
import { isErroneous, type SessionRecord } from './log/record.ts';
import type { SampleWorld } from './sample/sample-world.ts';

/** Where lines go, without line end; severity as in syslog. */
export interface LogSink {
  /** For a line that is written as bytes; `sendLine` sends it, with RFC 5424's structured data. */
  begin(): LineText;
  sendLine(level: number, atMs?: number, structuredData?: string): void;
  send(level: number, line: string): void;
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
  /** The line is due when the answer begins, or the server is connected, not at the end. */
  readonly isEarly: boolean;
  /** What it reads beyond what the formats with names show; bits of log/needs.ts. */
  readonly needs: number;
  readonly isCustom: boolean;
  private readonly conf: ProxyConf;
  private readonly sink: LogSink;
  private readonly count: LineCount | null;
  private readonly put: Put;
  private readonly buildData: ((record: SessionRecord) => string) | null;
  private readonly putError: Put | null;

  /** `count`: null when no format shows it. */
  constructor(conf: ProxyConf, sink: LogSink, world: SampleWorld, count: LineCount | null = null) {
    this.conf = conf;
    this.sink = sink;
    this.enabled = conf.logs.length > 0;
    const { logFormat, logFormatSd, errorLogFormat } = conf;
    const own = typeof logFormat === 'string' ? null : compileLogFormat(logFormat, world, conf);
    const data = logFormatSd && compileLogFormat(logFormatSd, world, conf);
    const error = errorLogFormat && compileLogFormat(errorLogFormat, world, conf);
    this.atBegin = logFormat === 'default';
    this.put = own?.put ?? lineWriter(typeof logFormat === 'string' ? logFormat : 'default');
    this.buildData = data?.build ?? null;
    this.putError = error?.put ?? null;
    this.isCustom = own !== null || data !== null || error !== null;
    this.needs = [own, data, error].reduce((all, part) => all | (part?.needs ?? 0), this.atBegin ? NEEDS_LOCAL : 0);
    const waits = own === null ? AT_END : Math.max(own.moment, data?.moment ?? WITH_ANSWER);
    this.isEarly = conf.logasap || waits < AT_END;
    this.count = this.isCustom ? count : null;
  }

  /** A connection that failed before it became a session. */
  writeFailure(record: SessionRecord, listener: string, message: string): void {
    if (!this.enabled) return;
    record.lineNumber = this.lineNumber();
    const line = this.sink.begin();
    if (this.putError === null) putErrorLine(line, record, listener, message);
    else this.putError(line, record);
    this.sendLine(record, this.conf.logSeparateErrors ? ERR : INFO, line);
  }

  /** About what passes, not about a session's end. */
  alert(line: string): void {
    if (this.enabled) this.sink.send(ALERT, line);
  }

  /** `empty`: not one byte came from the client. */
  write(record: SessionRecord, empty: boolean): void {
    if (!this.enabled) return;
    const { conf } = this;
    if (empty && conf.dontlognull) return;
    const erroneous = isErroneous(record);
    if (!erroneous && conf.dontlogNormal) return;
    record.lineNumber = this.lineNumber();
    const line = this.sink.begin();
    this.put(line, record);
    this.sendLine(record, erroneous && conf.logSeparateErrors ? ERR : INFO, line);
  }

  private lineNumber(): number {
    return this.count === null ? 0 : Atomics.load(this.count.counts, this.count.at) >>> 0;
  }

  private sendLine(record: SessionRecord, level: number, line: LineText): void {
    if (line.length === 0) return;
    if (this.count !== null) Atomics.add(this.count.counts, this.count.at, 1);
    if (this.buildData === null) this.sink.sendLine(level);
    else this.sink.sendLine(level, undefined, this.buildData(record));
  }
}
