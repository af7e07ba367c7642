/**
 * The log lines of one frontend's sessions: fills the worker's record, builds the line in the configured format, and
 * hands it to the targets (manual: `option tcplog|httplog|dontlognull|dontlog-normal|log-separate-errors|logasap`).
 */
import type { ProxyConf } from '../config/haproxy.ts';
import { lineBuilder } from './log/lines.ts';
import { isErroneous, type SessionRecord } from './log/record.ts';

/** Where lines go: severity as in syslog, text as Latin-1 without line end. */
export interface LogSink {
  send(level: number, line: string): void;
}

const INFO = 6;
const ERR = 3;

export class SessionLog {
  /** False: nobody reads it, nothing needs to be collected. */
  readonly enabled: boolean;
  /** The default format has one line at the beginning and none at the end. */
  readonly atBegin: boolean;
  private readonly conf: ProxyConf;
  private readonly sink: LogSink;
  private readonly build: (record: SessionRecord) => string;

  constructor(conf: ProxyConf, sink: LogSink) {
    this.conf = conf;
    this.sink = sink;
    this.enabled = conf.logs.length > 0;
    this.atBegin = conf.logFormat === 'default';
    this.build = lineBuilder(conf.logFormat);
  }

  /** A line of its own making, about a connection that failed. */
  note(line: string): void {
    if (this.enabled) this.sink.send(this.conf.logSeparateErrors ? ERR : INFO, line);
  }

  /** `empty`: not one byte came from the client. */
  write(record: SessionRecord, empty: boolean): void {
    if (!this.enabled) return;
    const { conf } = this;
    if (empty && conf.dontlognull) return;
    const erroneous = isErroneous(record);
    if (!erroneous && conf.dontlogNormal) return;
    this.sink.send(erroneous && conf.logSeparateErrors ? ERR : INFO, this.build(record));
  }
}
