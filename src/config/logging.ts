/** Records about log lines: their formats, which of them a target takes, and rings (manual, chapters 3.9, 4.2 and 8.2). */
import { LOG_STEPS, type LogStepName, type ProfileStepName } from '../../grammar/haproxy/log-profile-settings.ts';
import type { LogFormat } from './log-format.ts';

export { LOG_STEPS, type LogStepName };

/** Formats that have names; `default` is the one line of a proxy that has no `option ...log`. */
export type NamedLogFormat = 'default' | 'tcplog' | 'tcplog clf' | 'httplog' | 'clf' | 'httpslog';

/** Forms of the header before a line's text. */
export type LogHeader = 'rfc3164' | 'rfc5424' | 'raw' | 'short' | 'priority' | 'timed' | 'iso' | 'local';

export interface LoggingConf {
  readonly logFormat: NamedLogFormat | LogFormat;
  /** `log-format-sd`: RFC 5424's structured data. */
  readonly logFormatSd: LogFormat | null;
  readonly errorLogFormat: LogFormat | null;
  /** `log-steps`: in their order; null: one line, when everything is known that it shows. */
  readonly logSteps: readonly LogStepName[] | null;
}

/** Null: as the proxy says. */
export interface ProfileStepConf {
  readonly drop: boolean;
  readonly format: LogFormat | null;
  readonly data: LogFormat | null;
}

export interface LogProfileConf {
  readonly name: string;
  readonly tag: string | null;
  /** Steps that are not there are as `any` says, if that is there. */
  readonly steps: Readonly<Partial<Record<ProfileStepName, ProfileStepConf>>>;
}

/** `log ... sample`: of `size` lines in a row, those whose numbers (from 1) lie in the ranges. */
export interface LogSample {
  readonly ranges: readonly (readonly [first: number, last: number])[];
  readonly size: number;
}

/** A `ring` section: lines are kept in memory until its servers have them. */
export interface RingConf {
  readonly name: string;
  readonly description: string | null;
  readonly format: LogHeader;
  /** Longest line with its header; null: as long as the ring. */
  readonly maxlen: number | null;
  readonly size: number;
  /** Where its newest lines are kept when the process is gone; null: nowhere. */
  readonly backingFile: string | null;
  readonly connectMs: number | null;
  readonly serverMs: number | null;
  readonly servers: readonly RingServerConf[];
}

/** How a server of a backend in mode log is spoken to. */
export interface LogServerConf {
  readonly transport: 'datagram' | 'stream';
  /** Of streams: how lines are framed, and how many bytes of them may wait. */
  readonly framing: RingServerConf['framing'];
  readonly bufsize: number;
}

export interface RingServerConf {
  readonly name: string;
  readonly address:
    | { readonly kind: 'ip'; readonly host: string; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string };
  /** `octet-count`: each line behind its length (RFC 6587), else each ends with a line feed. */
  readonly framing: 'legacy' | 'octet-count';
}
