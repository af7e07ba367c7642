/** What everything in one worker shares: the loop, memory, counters, the running objects, who listens for the end. */
import { allocate, type Region } from '../os/memory.ts';
import { Head } from '../wire/http1-head.ts';
import type { RowMap } from './counter-layout.ts';
import { BIN, BOUT, PROCESS_ROW, ROW_WIDTH, SCUR, SESS_RATE } from './counter-layout.ts';
import type { Counters } from './counters.ts';
import type { Frontend } from './frontend.ts';
import type { SessionRecord } from './log/record.ts';
import { REQUESTS_AT } from './log/shared-counts.ts';
import { LARGEST } from './loop/batch.ts';
import { BufferPool } from './loop/buffers.ts';
import type { Loop } from './loop/loop.ts';
import type { PipePool } from './loop/pipes.ts';
import type { Backend } from './server/backend.ts';
import type { Dispatch } from './server/dispatch.ts';
import type { Server } from './server/server.ts';
import type { StatsSource } from './stats/source.ts';

/** Read at once from a connection, and at most kept for one that does not take it. */
export const BULK_SIZE = 65536;

export interface Paused {
  resume(): void;
}

/** A session of a client, of whatever mode. */
export interface Stream {
  /** Where it stands among the worker's streams; theirs to change. */
  place: number;
  /** Ends if nothing is under way on it; true when it did. */
  closeIdle?(): boolean;
  /** Ends at once: the process stops, or (`down`) its server was marked down with shutdown-sessions. */
  kill(reason: 'stop' | 'down'): void;
  readonly server: Server | null;
}

export class WorkerContext {
  readonly loop: Loop;
  readonly counters: Counters;
  readonly rows: RowMap;
  readonly buffers: BufferPool;
  /** For splicing; null: it is not asked for. */
  pipes: PipePool | null = null;
  /** Where every read goes first, and where messages are put together. */
  readonly scratch: Region = allocate(BULK_SIZE);
  readonly out: Region;
  /** Read at once where a head may come: what follows it is copied behind the new head. */
  readonly headRead: number;
  readonly requestHead: Head;
  readonly responseHead: Head;
  /** A head may take this much: `tune.bufsize` without what rewriting needs. */
  readonly headLimit: number;
  /** Longest request line in a log line. */
  readonly uriLimit: number;
  /** In no order; a Set would cost more per connection than all other bookkeeping. */
  readonly streams: Stream[] = [];
  readonly waitingBackends = new Set<Backend>();
  /** No new connections are accepted any more. */
  ending = false;
  /** Until when connections are ended bit by bit (`close-spread-time`), in the loop's time; 0: all at once. */
  private spreadEnd = 0;
  private spreadMs = 0;
  /** Where requests of the process are numbered; null when nothing shows the number. */
  requestNumbers: Int32Array | null = null;
  /** Listeners that reached a limit: a session's end may let them go on. */
  readonly pausedListeners = new Set<Paused>();
  /** For the statistics page; set once the worker stands. */
  statsSource!: StatsSource;
  /** Runs when the last stream has ended while stopping. */
  onEmpty: () => void = () => {};

  constructor(
    loop: Loop,
    counters: Counters,
    rows: RowMap,
    tune: { readonly bufsize: number; readonly maxrewrite: number; readonly maxhdr: number; readonly uriLimit: number },
  ) {
    this.loop = loop;
    this.counters = counters;
    this.rows = rows;
    this.headRead = Math.min(tune.bufsize, BULK_SIZE);
    loop.batch.portion = Math.min(this.headRead, LARGEST);
    this.buffers = new BufferPool(Math.max(2 * tune.bufsize, BULK_SIZE));
    this.out = allocate(this.buffers.size);
    this.headLimit = tune.bufsize - tune.maxrewrite;
    this.uriLimit = tune.uriLimit;
    this.requestHead = new Head(tune.maxhdr - 1);
    this.responseHead = new Head(tune.maxhdr - 1);
  }

  /** The number of a request, from 0: over all threads. */
  numberRequest(): number {
    return this.requestNumbers === null ? 0 : Atomics.add(this.requestNumbers, REQUESTS_AT, 1) >>> 0;
  }

  begin(stream: Stream): void {
    stream.place = this.streams.length;
    this.streams.push(stream);
    this.counters.enter(PROCESS_ROW);
  }

  /** For what is no session yet, and gives its place to one. */
  beginUncounted(stream: Stream): void {
    stream.place = this.streams.length;
    this.streams.push(stream);
    this.counters.occupy(PROCESS_ROW);
  }

  end(stream: Stream): void {
    const last = this.streams.pop()!;
    if (last !== stream) {
      this.streams[stream.place] = last;
      last.place = stream.place;
    }
    this.counters.leaveRow(PROCESS_ROW);
    for (const listener of this.pausedListeners) listener.resume();
    if (this.ending && this.streams.length === 0) this.onEmpty();
  }

  /** A server has a free place: for whoever waits here, else in another worker. */
  offerPlace(backend: Backend, server: Server): void {
    if (!backend.idle || this.counters.mine.length > 1) backend.offer(server);
  }

  /** A session comes to a backend. */
  enterBackend(backend: Backend): void {
    const { counters, loop } = this;
    counters.enter(backend.row);
    counters.tick(backend.row, SESS_RATE, loop.second);
  }

  /** Whether a connection is to end with the answer that it is given now. */
  get stopping(): boolean {
    if (!this.ending || this.spreadMs === 0) return this.ending;
    if (this.spreadMs === Number.POSITIVE_INFINITY) return false;
    return this.spreadEnd - this.loop.now <= Math.random() * this.spreadMs;
  }

  /** Connections are ended with their next answer, over `spreadMs` (0: at once; Infinity: they are not). */
  beginEnd(spreadMs: number): void {
    this.ending = true;
    this.spreadMs = spreadMs;
    this.spreadEnd = this.loop.now + spreadMs;
  }

  /** Adds bytes to every object that a session passed through. */
  countTraffic(
    frontend: Frontend,
    listenerRow: number,
    server: Server | null,
    bytesIn: number,
    bytesOut: number,
  ): void {
    this.countRow(frontend.row, bytesIn, bytesOut);
    this.countRow(listenerRow, bytesIn, bytesOut);
    if (frontend.backendRow >= 0) this.countRow(frontend.backendRow, bytesIn, bytesOut);
    if (server !== null) this.countRow(server.row, bytesIn, bytesOut);
  }

  private countRow(row: number, bytesIn: number, bytesOut: number): void {
    const { totals } = this.counters.own;
    totals[row * ROW_WIDTH + BIN]! += bytesIn;
    totals[row * ROW_WIDTH + BOUT]! += bytesOut;
  }

  sessionsOf(server: Server): number {
    return this.counters.mineNow(server.row, SCUR);
  }

  /** The numbers of sessions for a log line: the others at the backend and the server, as HAProxy counts them there. */
  fillConnections(record: SessionRecord, frontend: Frontend, dispatch: Dispatch): void {
    const { counters } = this;
    const { backend } = frontend;
    record.actconn = counters.mineNow(PROCESS_ROW, SCUR);
    record.feconn = counters.mineNow(frontend.row, SCUR);
    record.beconn = backend === null ? 0 : Math.max(0, counters.mineNow(backend.row, SCUR) - 1);
    const server = dispatch.server ?? dispatch.waitedFor;
    record.srvconn = server === null ? 0 : Math.max(0, this.sessionsOf(server) - (dispatch.holdsPlace ? 1 : 0));
    record.retries = dispatch.retries;
    record.redispatched = dispatch.redispatched;
    const place = dispatch.placeInLine;
    record.serverQueue = dispatch.serverQueue + (dispatch.server === null ? 0 : place);
    record.backendQueue = dispatch.backendQueue + (dispatch.server === null ? place : 0);
  }

  /** Those at the backend that a section of both kinds is, for a session that did not come that far. */
  sessionsBeside(frontend: Frontend): number {
    const { backend } = frontend;
    return backend?.conf === frontend.conf ? this.counters.mineNow(backend.row, SCUR) : 0;
  }

  offerAllPlaces(): void {
    for (const backend of this.waitingBackends) {
      backend.offerAll();
      if (backend.idle) this.waitingBackends.delete(backend);
    }
  }
}
