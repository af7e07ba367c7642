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
import type { LineText } from '../wire/line-text.ts';
import {
  formatSyslog,
  isPlainLength,
  LOG_DEBUG,
  LOG_EMERG,
  LOG_NOTICE,
  type SyslogOrigin,
  syslogHeader,
} from '../wire/syslog.ts';
import { HEAD_ROOM, lineScratch, type Outlet, outletOf } from './outlets.ts';

interface Receiver {
  readonly target: LogTarget;
  readonly outlet: Outlet;
  readonly origin: SyslogOrigin;
  /** A ring says itself what its lines look like. */
  readonly format: LogTarget['format'];
  readonly len: number;
  readonly head: RememberedHead;
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

  /** Where the text of a line is written that `sendLine` is to send. */
  begin(): LineText {
    const { text } = lineScratch();
    text.clear();
    return text;
  }

  /** Sends what was written since `begin`. `structuredData`: what RFC 5424 has between header and text. */
  sendLine(level: number, atMs = Date.now(), structuredData = ''): void {
    this.offer(level, null, atMs, structuredData);
  }

  send(level: number, text: string, atMs = Date.now(), structuredData = ''): void {
    if (NEEDS_UTF8.test(text)) {
      this.offer(level, text, atMs, structuredData);
      return;
    }
    this.begin().text(text);
    this.offer(level, null, atMs, structuredData);
  }

  /** To every target whose level allows it. `text`: null when it was written as bytes. */
  private offer(level: number, text: string | null, atMs: number, structuredData: string): void {
    if (level > this.mostVerbose) return;
    const bounded = Math.min(LOG_DEBUG, Math.max(LOG_EMERG, level));
    for (const receiver of this.receivers) {
      const { target, taken } = receiver;
      if (bounded > target.level) continue;
      if (taken !== null && !takes(taken)) continue;
      if (receiver.lost > 0) this.tellLost(receiver, atMs);
      const shown = Math.max(bounded, target.minLevel);
      const isTaken =
        text === null
          ? deliverText(receiver, shown, atMs, structuredData)
          : deliver(receiver, shown, text, atMs, structuredData);
      if (isTaken) continue;
      this.dropped++;
      if (target.address.kind === 'ring') receiver.lost++;
    }
  }

  private tellLost(receiver: Receiver, atMs: number): void {
    const text = `${receiver.lost} event${receiver.lost > 1 ? 's' : ''} dropped`;
    if (deliver(receiver, LOG_NOTICE, text, atMs, '')) receiver.lost = 0;
  }
}

/** The text in the scratch memory, which stays there for the next receiver; the header is put right before it. */
function deliverText(receiver: Receiver, level: number, atMs: number, structuredData: string): boolean {
  const scratch = lineScratch();
  const { text, line } = scratch;
  const { head, len, outlet } = receiver;
  if (!head.isFor(level, atMs, structuredData)) prepareHead(receiver, level, atMs, structuredData);
  const { length } = text;
  const fits = head.length + length <= len && isPlainLength(length, len);
  if (!fits || !text.isPlain || !head.isPlain) return deliver(receiver, level, text.toString(), atMs, structuredData);
  const start = text.start - head.length;
  for (let i = 0; i < head.length; i++) line[start + i] = head.bytes[i]!;
  line[text.at] = LINE_FEED;
  return outlet.deliver(scratch, start, head.length + length + 1, text.start);
}

/** A whole line: for what has to be cut or escaped, or is not Latin-1. */
function deliver(receiver: Receiver, level: number, text: string, atMs: number, structuredData: string): boolean {
  const { target, outlet, format, origin, len } = receiver;
  const scratch = lineScratch();
  const line = formatSyslog(format, target.facility, level, origin, atMs, text, len, structuredData);
  const length = scratch.line.write(line, scratch.wholeAt, NEEDS_UTF8.test(line) ? 'utf8' : 'latin1');
  const header = syslogHeader(format, target.facility * 8 + level, level, origin, atMs, structuredData);
  const textAt = scratch.wholeAt + Math.min(header.length, length);
  return outlet.deliver(scratch, scratch.wholeAt, length, textAt);
}

function prepareHead(receiver: Receiver, level: number, atMs: number, structuredData: string): void {
  const { target, head, format, origin } = receiver;
  head.remember(syslogHeader(format, target.facility * 8 + level, level, origin, atMs, structuredData), level, atMs);
}

/** The header of a receiver's last line: that of the next one too, when it comes within the same second. */
class RememberedHead {
  readonly bytes = new Uint8Array(HEAD_ROOM);
  length = 0;
  /** Latin-1, and there is room for it. */
  isPlain = false;
  private level = -1;
  private second = -1;
  /** It shows more than the second, or what comes with the line. */
  private readonly isUnique: boolean;

  constructor(format: LogTarget['format']) {
    this.isUnique = format === 'rfc5424' || format === 'timed' || format === 'iso';
  }

  isFor(level: number, atMs: number, structuredData: string): boolean {
    if (this.isUnique || level !== this.level || structuredData !== '') return false;
    return Math.floor(atMs / 1000) === this.second;
  }

  remember(head: string, level: number, atMs: number): void {
    this.level = level;
    this.second = Math.floor(atMs / 1000);
    this.length = head.length;
    this.isPlain = head.length <= HEAD_ROOM && !NEEDS_UTF8.test(head);
    if (!this.isPlain) return;
    for (let i = 0; i < head.length; i++) this.bytes[i] = head.charCodeAt(i);
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
    head: new RememberedHead(format),
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
