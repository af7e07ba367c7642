/**
 * What the processes themselves have to say: starts, deaths, reloads, errors. Not the traffic log (`src/proxy/log`).
 *
 * Three forms: HAProxy's ("[ALERT]    (123) : text"), keepalived's ("Fri Nov 20 13:48:41 2026: text") and JSON by pino
 * for log collectors (TANDEM_LOG=json). Lines go to stderr by a plain write, so that they are out before an exit; the
 * keepalived entry writes to syslog as well, or instead, as the original does.
 */
import { writeSync } from 'node:fs';

export type LogLevel = 'detail' | 'info' | 'notice' | 'warning' | 'error';

/** How a process logs: core decides and hands it to the roles it starts. */
export interface LogStyle {
  readonly form: 'haproxy' | 'keepalived' | 'json';
  readonly console: boolean;
  /** Syslog facility number, or null: no syslog. */
  readonly syslogFacility: number | null;
  /** keepalived's -D. */
  readonly detail: boolean;
  /** Name in syslog lines, such as Keepalived_vrrp. */
  readonly tag: string;
}

export type ProcessLog = (level: LogLevel, text: string) => void;

export async function openProcessLog(style: LogStyle): Promise<ProcessLog> {
  const sinks: ProcessLog[] = [];
  if (style.console) sinks.push(style.form === 'json' ? await openJson(style.tag) : openText(style.form));
  if (style.syslogFacility !== null) sinks.push(await openSyslog(style.syslogFacility, style.tag));
  return (level, text) => {
    if (level === 'detail' && !style.detail) return;
    for (const sink of sinks) sink(level, text);
  };
}

const haproxyLabels: Readonly<Record<LogLevel, string>> = {
  detail: '[DEBUG]    ',
  info: '[NOTICE]   ',
  notice: '[NOTICE]   ',
  warning: '[WARNING]  ',
  error: '[ALERT]    ',
};

export function formatHaproxyLine(level: LogLevel, pid: number, text: string): string {
  return `${haproxyLabels[level]}(${pid}) : ${text}`;
}

/** keepalived's console stamp: ctime(3) in local time. */
export function formatKeepalivedLine(at: Date, text: string): string {
  const [day, month, date = '', year] = at.toDateString().split(' ');
  const clock = at.toTimeString().slice(0, 8);
  return `${day} ${month} ${date.replace(/^0/, ' ')} ${clock} ${year}: ${text}`;
}

function openText(form: 'haproxy' | 'keepalived'): ProcessLog {
  if (form === 'haproxy') return (level, text) => writeLine(formatHaproxyLine(level, process.pid, text));
  return (_level, text) => writeLine(formatKeepalivedLine(new Date(), text));
}

export function writeLine(line: string): void {
  writeConsole(`${line}\n`);
}

/**
 * Writes to descriptor 2, whatever that is by now: a stream object would hold on to a terminal that a daemon has left.
 * A console that is gone or full must not stop a load balancer: the text is lost.
 */
export function writeConsole(text: string | Uint8Array): void {
  try {
    writeSync(2, typeof text === 'string' ? Buffer.from(text) : text);
  } catch {}
}

async function openJson(tag: string): Promise<ProcessLog> {
  const { default: pino } = await import('pino');
  const logger = pino(
    { base: { pid: process.pid, process: tag }, level: 'debug' },
    { write: (line) => writeLine(line.trimEnd()) },
  );
  const methods = { detail: 'debug', info: 'info', notice: 'info', warning: 'warn', error: 'error' } as const;
  return (level, text) => logger[methods[level]](text);
}

const syslogLevels: Readonly<Record<LogLevel, number>> = { detail: 6, info: 6, notice: 5, warning: 4, error: 3 };

async function openSyslog(facility: number, tag: string): Promise<ProcessLog> {
  const { SyslogSender } = await import('./syslog-sender.ts');
  const address = { kind: 'unix', path: '/dev/log' } as const;
  const target = {
    address,
    facility,
    level: 7,
    minLevel: 0,
    len: 1024,
    format: 'local',
    sample: null,
    profile: null,
  } as const;
  const sender = new SyslogSender([target], { hostname: null, tag, pid: process.pid });
  return (level, text) => sender.send(syslogLevels[level], text);
}
