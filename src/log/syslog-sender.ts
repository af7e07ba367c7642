/**
 * Sends lines to the configuration's `log` targets (manual, chapter 4.2 "log"): which target takes a line, in what form.
 *
 * It never waits and never throws: a line that cannot be sent now is dropped and counted, as HAProxy does. Where lines
 * go is outlets.ts.
 *
 * Levels: a target takes lines down to its own `level`; more severe ones than its `minLevel` are lowered to that.
 * Sampling: of the lines that its level allows, a target takes those whose number is in its ranges; the numbers are
 * counted over all threads.
 */
import os from 'node:os';
import type { LogTarget } from '../config/haproxy.ts';
import type { LogSample } from '../config/logging.ts';
import {
  formatSyslog,
  isPlainText,
  LOG_DEBUG,
  LOG_EMERG,
  LOG_NOTICE,
  type SyslogOrigin,
  syslogHeader,
} from '../wire/syslog.ts';
import { lineScratch, type Outlet, outletOf } from './outlets.ts';

interface Receiver {
  readonly target: LogTarget;
  readonly outlet: Outlet;
  readonly origin: SyslogOrigin;
  /** A ring says itself what its lines look like. */
  readonly format: LogTarget['format'];
  readonly len: number;
  readonly taken: TakenLines | null;
  /** Lines that a full ring has refused and nobody was told of. */
  lost: number;
}

/** Which lines of a sample are taken, by number; `counts[at]` is the next line's. */
interface TakenLines {
  readonly size: number;
  readonly isTaken: readonly boolean[];
  readonly counts: Int32Array;
  readonly at: number;
}

/** Counters of the targets that sample: memory that all threads share, one number a target. */
export type SampleCounts = Int32Array;

export class SyslogSender {
  /** Lines that could not be sent, over all targets. */
  dropped = 0;
  /** No target takes a line less severe than this: callers may spare themselves the building of it. */
  readonly mostVerbose: number;
  private readonly receivers: readonly Receiver[];

  /** `counts`: shared by the senders of several threads, from `firstCount` on, one number a target. */
  constructor(targets: readonly LogTarget[], origin: SyslogOrigin, counts: SampleCounts | null = null, firstCount = 0) {
    this.receivers = targets.map((target, i) => prepareReceiver(target, origin, counts, firstCount + i));
    this.mostVerbose = targets.reduce((most, target) => Math.max(most, target.level), -1);
  }

  /** Sends to every target whose level allows it. `structuredData`: what RFC 5424 has between header and text. */
  send(level: number, text: string, atMs = Date.now(), structuredData = ''): void {
    if (level > this.mostVerbose) return;
    const bounded = Math.min(LOG_DEBUG, Math.max(LOG_EMERG, level));
    for (const receiver of this.receivers) {
      const { target, taken } = receiver;
      if (bounded > target.level) continue;
      if (taken !== null && !takes(taken)) continue;
      if (receiver.lost > 0) this.tellLost(receiver, atMs);
      const shown = Math.max(bounded, target.minLevel);
      if (this.deliver(receiver, shown, text, atMs, structuredData)) continue;
      this.dropped++;
      if (target.address.kind === 'ring') receiver.lost++;
    }
  }

  private tellLost(receiver: Receiver, atMs: number): void {
    const text = `${receiver.lost} event${receiver.lost > 1 ? 's' : ''} dropped`;
    if (this.deliver(receiver, LOG_NOTICE, text, atMs, '')) receiver.lost = 0;
  }

  private deliver(receiver: Receiver, level: number, text: string, atMs: number, structuredData: string): boolean {
    const { target, outlet, format, origin, len } = receiver;
    const scratch = lineScratch();
    const { facility } = target;
    const head = syslogHeader(format, facility * 8 + level, level, origin, atMs, structuredData);
    let length = head.length + text.length;
    if (length <= len && isPlainText(text, len) && !NEEDS_UTF8.test(head)) {
      scratch.line.write(head, 0, 'latin1');
      scratch.line.write(text, head.length, 'latin1');
      scratch.line[length++] = LINE_FEED;
    } else {
      const line = formatSyslog(format, facility, level, origin, atMs, text, len, structuredData);
      length = scratch.line.write(line, 0, NEEDS_UTF8.test(line) ? 'utf8' : 'latin1');
    }
    return outlet.deliver(scratch, length);
  }
}

function prepareReceiver(
  target: LogTarget,
  origin: SyslogOrigin,
  counts: SampleCounts | null,
  countAt: number,
): Receiver {
  const outlet = outletOf(target.address);
  const { shape } = outlet;
  const format = shape?.format ?? target.format;
  const namesHost = shape === null || format !== 'rfc3164' || origin.hostname !== null;
  return {
    target,
    outlet,
    format,
    len: shape === null ? target.len : Math.min(shape.maxlen, LONGEST_LINE),
    // In a ring, HAProxy's lines of this form name a host in any case.
    origin: namesHost ? origin : { ...origin, hostname: 'localhost' },
    taken: target.sample && takenLines(target.sample, counts, countAt),
    lost: 0,
  };
}

const LONGEST_LINE = 65535;
const LINE_FEED = 10;

/** Lines are Latin-1, byte by byte, unless a name in them is not. */
const NEEDS_UTF8 = /[^\x00-\xff]/;

function takenLines({ ranges, size }: LogSample, counts: SampleCounts | null, at: number): TakenLines {
  const isTaken = Array.from({ length: size }, (_, i) => ranges.some(([first, last]) => i + 1 >= first && i < last));
  return counts === null ? { size, isTaken, counts: new Int32Array(1), at: 0 } : { size, isTaken, counts, at };
}

function takes({ size, isTaken, counts, at }: TakenLines): boolean {
  return isTaken[(Atomics.add(counts, at, 1) >>> 0) % size]!;
}

/** Tag and host name of lines as the configuration wants them; HAProxy's default tag is the program's name. */
export function syslogOrigin(tag: string | null, sendHostname: string | null): SyslogOrigin {
  return {
    hostname: sendHostname === '' ? os.hostname() : sendHostname,
    tag: tag ?? 'haproxy',
    pid: process.pid,
  };
}
