/**
 * What a dispatch counts at a backend and at its servers, as HAProxy does (management manual, chapter 9.1: `stot`,
 * `econ`, `wretr`, `wredis`, `lbtot`, `connect`, `reuse`). When it is due is the dispatch's business (dispatch.ts).
 */

import { CONNECT, ECON, LAST_SESSION, LBTOT, REUSE, ROW_WIDTH, SESS_RATE, WREDIS, WRETR } from '../counter-layout.ts';
import type { WorkerContext } from '../worker-context.ts';
import type { Backend } from './backend.ts';
import type { Server } from './server.ts';

/** A session got its place at a server; `isBalanced`: nothing bound it to that one. */
export function countPlace(
  { counters, loop }: WorkerContext,
  backend: Backend,
  server: Server,
  isBalanced: boolean,
): void {
  counters.enter(server.row);
  if (isBalanced) {
    counters.add(server.row, LBTOT, 1);
    counters.add(backend.row, LBTOT, 1);
  }
  counters.tick(server.row, SESS_RATE, loop.second);
  counters.own.totals[server.row * ROW_WIDTH + LAST_SESSION] = loop.wallMs;
  counters.own.totals[backend.row * ROW_WIDTH + LAST_SESSION] = loop.wallMs;
}

/** Every attempt at a server counts as a session of it. */
export function countAttempt({ counters, loop }: WorkerContext, server: Server): void {
  counters.leaveRow(server.row);
  counters.enter(server.row);
  counters.tick(server.row, SESS_RATE, loop.second);
}

export function countRetry(worker: WorkerContext, backend: Backend, server: Server): void {
  countBoth(worker, backend, server, WRETR);
}

/** The session goes elsewhere than to `previous`. */
export function countRedispatch(worker: WorkerContext, backend: Backend, previous: Server): void {
  countBoth(worker, backend, previous, WREDIS);
}

export function countConnection(worker: WorkerContext, backend: Backend, server: Server, reused: boolean): void {
  countBoth(worker, backend, server, reused ? REUSE : CONNECT);
}

/** No connection for the session; `server`: null if none was chosen. */
export function countFailure(worker: WorkerContext, backend: Backend, server: Server | null): void {
  if (server !== null) worker.counters.add(server.row, ECON, 1);
  worker.counters.add(backend.row, ECON, 1);
}

function countBoth({ counters }: WorkerContext, backend: Backend, server: Server, counter: number): void {
  counters.add(server.row, counter, 1);
  counters.add(backend.row, counter, 1);
}
