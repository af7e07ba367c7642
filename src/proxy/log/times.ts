/**
 * Times of a session that follow from those in its record (manual, chapter 8.4). -1: not reached.
 *
 *     accept                first byte       head read   queue left   connected   answer    end
 *       |-- Th --|-- Ti ------|------ TR -------|--- Tw -----|--- Tc ----|-- Tr ----|-- Td --|
 *       |-- Tq ---------------------------------|            |           |          |        |
 *                             |-- Ta ----------------------------------------------------------|
 *       |-- Tt --------------------------------------------------------------------------------|
 */
import type { SessionRecord } from './record.ts';

/** Between the connection and the request's first byte, in mode http. */
function before(r: SessionRecord): number {
  return r.mode === 'http' && r.idleMs >= 0 ? r.handshakeMs + r.idleMs : 0;
}

/** Tq */
export function arrivalMs(r: SessionRecord): number {
  return r.requestMs < 0 ? -1 : before(r) + r.requestMs;
}

/** Ta */
export function activeMs(r: SessionRecord): number {
  return r.totalMs;
}

/** Tt */
export function sessionMs(r: SessionRecord): number {
  return r.totalMs + before(r);
}

/** Tu */
export function userMs(r: SessionRecord): number {
  return r.mode === 'http' && r.idleMs >= 0 ? sessionMs(r) - r.idleMs : sessionMs(r);
}

/** Td */
export function dataMs(r: SessionRecord): number {
  const { mode, totalMs, requestMs, waitMs, connectMs, responseMs } = r;
  if (mode === 'tcp') return connectMs < 0 ? -1 : Math.max(0, totalMs - waitMs - connectMs);
  return responseMs < 0 ? -1 : Math.max(0, totalMs - requestMs - waitMs - connectMs - responseMs);
}
