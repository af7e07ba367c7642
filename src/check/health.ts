/**
 * The operational state of one checked server: HAProxy's rise and fall count. The only owner of that state.
 *
 * ```
 *        0 ... rise-1 | rise ... rise+fall-1        the counter
 *            DOWN     |      UP
 * ```
 *
 * A failure takes one off; falling below `rise` drops to 0. A success adds one; reaching `rise` jumps to the top. A new
 * server stands exactly at `rise`: it is up, one success confirms it, and one failure takes it down. See "rise", "fall"
 * and "inter" in chapter 5.2 of HAProxy's configuration manual.
 *
 * Pure: time comes in as an argument, nothing is sent from here.
 */
import type { ServerCheckConf } from '../config/haproxy.ts';
import type { ServerHealth } from '../ipc/messages.ts';
import { isPass, type Verdict } from './verdict.ts';

type State = Omit<ServerHealth, 'proxyId' | 'serverId' | 'event'>;
export type HealthRecord = { -readonly [K in keyof State]: State[K] };

export function createHealth(rise: number, fall: number, nowMs: number): HealthRecord {
  return {
    up: true,
    health: rise,
    rise,
    fall,
    code: 'INI',
    status: 0,
    text: '',
    durationMs: -1,
    changedAtMs: nowMs,
    failedChecks: 0,
    downs: 0,
    downtimeMs: 0,
  };
}

/** Goes on from a known state, perhaps with another rise and fall: up stays up and down stays down. */
export function continueHealth(known: State, rise: number, fall: number): HealthRecord {
  const top = rise + fall - 1;
  const sameCounter = known.rise === rise && known.fall === fall;
  const health = sameCounter ? known.health : known.up ? top : 0;
  const { up, code, status, text, durationMs, changedAtMs, failedChecks, downs, downtimeMs } = known;
  return { up, health, rise, fall, code, status, text, durationMs, changedAtMs, failedChecks, downs, downtimeMs };
}

/** Counts one result in. Returns whether the server went up or down by it. */
export function recordResult(record: HealthRecord, verdict: Verdict, durationMs: number, nowMs: number): boolean {
  record.code = verdict.code;
  record.status = verdict.status;
  record.text = verdict.text;
  record.durationMs = durationMs;
  if (isPass(verdict.code)) countSuccess(record);
  else countFailure(record);
  const up = record.health >= record.rise;
  if (up === record.up) return false;
  record.up = up;
  if (up) record.downtimeMs += nowMs - record.changedAtMs;
  else record.downs++;
  record.changedAtMs = nowMs;
  return true;
}

function countSuccess(record: HealthRecord): void {
  const top = record.rise + record.fall - 1;
  if (record.health < top) record.health++;
  if (record.health >= record.rise) record.health = top;
}

function countFailure(record: HealthRecord): void {
  if (record.health === 0) return;
  record.failedChecks++;
  record.health--;
  if (record.health < record.rise) record.health = 0;
}

/** Pause before the next check: `inter` when all is well, `downinter` when all is lost, `fastinter` in between. */
export function nextIntervalMs(conf: ServerCheckConf, record: HealthRecord): number {
  if (record.health === record.rise + record.fall - 1) return conf.interMs;
  if (record.health === 0) return conf.downinterMs ?? conf.interMs;
  return conf.fastinterMs ?? conf.interMs;
}
