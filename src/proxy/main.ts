/**
 * The proxy role's main thread: takes the configuration from core, runs the workers, passes health and orders on.
 *
 *     core --ToProxy--> main --eventfd + message--> worker 0..n
 *          <-FromProxy-      <------ ready, empty --
 *
 * It stays on Node's own event loop and handles no connection. A worker that fails is our bug: the role ends and core
 * starts it again; counters are in core's memory and survive that.
 */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { ProxySlice } from '../config/slice.ts';
import { fatal } from '../fatal.ts';
import { serveParent } from '../ipc/channel.ts';
import type { FromProxy, Handlers, ServerHealth, ToProxy } from '../ipc/messages.ts';
import { lookUpLogTargets } from '../log/log-lookup.ts';
import { openEventfd, wake } from '../os/epoll.ts';
import { dropPrivileges } from '../os/privileges.ts';
import { readFdLimit } from '../os/process.ts';
import { closeFd } from '../os/socket.ts';
import { makeBalanceMemory } from './balance/share.ts';
import { mapRows } from './counter-layout.ts';
import { Counters, claimCounters } from './counters.ts';
import { attachLogBackends, type LogBackend, ringsOfBackends } from './log/log-backend.ts';
import { Rings } from './log/rings.ts';
import { makeCountMemory } from './log/shared-counts.ts';
import { makeSessionMemories } from './persistence/application-sessions.ts';
import { HealthBoard } from './server/health-board.ts';
import { makeIdleMemory } from './server/shared-idle.ts';
import { SlowStarts } from './server/slow-starts.ts';
import { tellHardStop, tellStopped } from './stop-notice.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

/** Dead processes' gauges are looked for this often. */
const SWEEP_MS = 10_000;
/** What a worker opens that is no connection: Node's own, its epoll, its log sockets; and what is open for a moment. */
const DESCRIPTORS_PER_WORKER = 7;
const DESCRIPTORS_IN_PASSING = 4;

/**
 * Streams live either for an instant or for long: a small nursery finds them as cheaply as a large one, and spares tens
 * of megabytes once thousands of connections have come.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

type Config = Extract<ToProxy, { type: 'config' }>;

export function runProxy(): void {
  // The nursery is small, so waking other threads to help with it costs more than the work itself: some percent.
  setFlagsFromString('--no-parallel-scavenge');
  // What happens to a request is spread over many small functions. V8's budget for inlining ends in the midst of them,
  // and then each costs a call: some 5 to 10 percent of a request.
  setFlagsFromString('--max-inlined-bytecode-size=1000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=5000');
  const role = new ProxyRole();
  process.on('uncaughtException', (error) => fatal(error.stack ?? error.message));
  // After a bug of ours: leaving would wait for workers that sit in a system call. Only a signal ends them for certain.
  process.on('exit', () => {
    if (role.hasWorkers) process.kill(process.pid, 'SIGKILL');
  });
  const send = serveParent<ToProxy, FromProxy>(role.handlers, () => role.stop());
  role.send = send;
}

class ProxyRole {
  send: (message: FromProxy) => void = () => {};
  readonly handlers: Handlers<ToProxy> = {
    config: (message) => {
      this.config = message;
    },
    'config-done': ({ generation }) => {
      if (this.config?.generation === generation) void this.start(this.config);
    },
    'server-health': ({ generation, states }) => {
      if (generation >= (this.config?.generation ?? 0)) this.takeHealth(states);
    },
    release: ({ listenerIds }) => this.release(listenerIds),
    'soft-stop': () => this.softStop(),
    stop: () => this.stop(),
  };
  private config: Config | null = null;
  private board: HealthBoard | null = null;
  private slowStarts: SlowStarts | null = null;
  private counters: Counters | null = null;
  private rings = new Rings([], 0);
  private logBackends: readonly LogBackend[] = [];
  /** Health that came before the workers. */
  private early: ServerHealth[] = [];
  private workers: RunningWorker[] = [];
  private running = 0;
  private ready = 0;
  private deaf = 0;
  /** Listeners whose sockets are to be closed, and how many workers have let go of them. */
  private releasing: readonly number[] = [];
  private released = 0;
  private empty = 0;
  private softly = false;
  /** Of `grace`: the soft stop has begun in earnest. */
  private graceOver = false;
  private stopping = false;

  get hasWorkers(): boolean {
    return this.running > 0;
  }

  private async start({ conf, sockets, stateFd, generation }: Config): Promise<void> {
    const slice = await lookUpNames(conf);
    if (this.stopping) return;
    const count = conf.global.nbthread ?? availableParallelism();
    const rows = mapRows(slice);
    const claimed = claimCounters(stateFd, rows, count);
    if (claimed.fresh !== null && claimed.fresh !== 'first start') {
      process.stderr.write(`[NOTICE]   (${process.pid}) : Counters start from zero: ${claimed.fresh}.\n`);
    }
    this.counters = new Counters(claimed.place, claimed.owned, claimed.owned[0]!);
    this.rings = new Rings([...slice.rings, ...ringsOfBackends(slice.proxies)], count);
    this.logBackends = attachLogBackends(slice.proxies, {
      ...slice,
      counters: this.counters,
      rows,
      startedAtMs: Date.now(),
      thread: count,
      backends: new Map(),
      stopping: () => this.stopping,
    });
    this.board = new HealthBoard(slice, this.counters, rows);
    this.tellLogBackends(this.board.take(this.early));
    this.slowStarts = new SlowStarts(
      slice,
      (servers) => this.tellWorkers({ type: 'server-warmth', servers }),
      (proxyId, serverId) => this.board!.endSlowStart(proxyId, serverId),
    );
    const limits = readLimits(slice, count);
    const shared = {
      slice,
      sockets,
      counters: claimed.place,
      balance: makeBalanceMemory(slice.proxies),
      idle: makeIdleMemory(rows.rows),
      slots: claimed.owned,
      wakeFds: Array.from({ length: count }, openWakeFd),
      health: this.board.known,
      processLimit: limits.connections,
      acceptLimit: limits.accepted,
      acceptIntents: new Int32Array(new SharedArrayBuffer(4 * count)),
      descriptorLimit: limits.descriptors,
      startedAtMs: Date.now(),
      sessionMemory: makeSessionMemories(slice),
      logCounts: makeCountMemory(slice.proxies),
    };
    this.workers = shared.wakeFds.map((_, index) => {
      return this.startWorker({ ...shared, index, rings: this.rings.memoryOf(index) }, generation);
    });
    setInterval(() => this.counters?.sweep(), SWEEP_MS).unref();
  }

  private startWorker(start: WorkerStart, generation: number): RunningWorker {
    const thread = new Worker(new URL('./proxy-worker.js', import.meta.url), { workerData: start, resourceLimits });
    thread.on('message', (message: FromWorker) => this.onWorker(message, generation));
    thread.on('error', (error) => fatal(`worker ${start.index}: ${error.stack ?? error.message}`));
    const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    this.running++;
    void exited.then(() => {
      this.running--;
      if (!this.stopping) fatal(`worker ${start.index} ended by itself`);
    });
    return { thread, wakeFd: start.wakeFds[start.index]!, exited };
  }

  private onWorker(message: FromWorker, generation: number): void {
    switch (message.type) {
      case 'ready':
        if (++this.ready === this.workers.length) this.onReady(generation);
        return;
      case 'released':
        if (++this.released === this.workers.length) this.closeReleased();
        return;
      case 'deaf':
        if (++this.deaf === this.workers.length) this.closeListeners();
        return;
      case 'empty':
        if (++this.empty === this.workers.length) this.stop();
        return;
      case 'lines':
        this.rings.drain();
        return;
      case 'failed':
        fatal(message.what);
    }
  }

  private onReady(generation: number): void {
    const failure = dropPrivileges(this.config!.conf.global);
    if (failure !== null) {
      this.send({ type: 'fatal', what: failure });
      this.stop();
      return;
    }
    this.send({ type: 'ready', generation });
    this.tellWorkers({ type: 'listen' });
    if (this.graceOver) this.tellWorkers({ type: 'soft-stop' });
  }

  /** Nobody watches them any more: from now on connections are refused, unless another process listens as well. */
  private closeListeners(): void {
    const { conf, sockets } = this.config!;
    for (const { fd, listenerId } of sockets) if (!this.releasing.includes(listenerId)) closeFd(fd);
    tellStopped(conf, this.counters!, mapRows(conf));
  }

  /** Asked for once: what was released stays so for as long as this process lives. */
  private release(listenerIds: readonly number[]): void {
    if (this.workers.length === 0 || this.releasing.length > 0 || this.softly) return;
    this.releasing = listenerIds;
    this.tellWorkers({ type: 'release', listenerIds });
  }

  private closeReleased(): void {
    for (const { fd, listenerId } of this.config!.sockets) if (this.releasing.includes(listenerId)) closeFd(fd);
  }

  private takeHealth(states: readonly ServerHealth[]): void {
    if (this.board === null) {
      this.early.push(...states);
      return;
    }
    const all = this.board.take(states);
    this.tellLogBackends(all);
    this.slowStarts!.take(all);
    this.tellWorkers({ type: 'server-health', states: all });
  }

  private tellLogBackends(states: readonly ServerHealth[]): void {
    for (const backend of this.logBackends) for (const state of states) backend.takeHealth(state);
  }

  private tellWorkers(message: ToWorker): void {
    for (const { thread, wakeFd } of this.workers) {
      thread.postMessage(message);
      wake(wakeFd);
    }
  }

  private softStop(): void {
    if (this.softly) return;
    this.softly = true;
    const graceMs = this.config?.conf.global.limits.graceMs ?? 0;
    if (graceMs === 0) this.beginSoftStop();
    else setTimeout(() => this.beginSoftStop(), graceMs);
  }

  private beginSoftStop(): void {
    if (this.stopping) return;
    this.graceOver = true;
    const limit = this.config?.conf.global.hardStopAfterMs ?? null;
    if (limit !== null) setTimeout(() => this.hardStop(), limit);
    if (this.config === null) this.stop();
    else if (this.ready === this.workers.length && this.workers.length > 0) this.tellWorkers({ type: 'soft-stop' });
  }

  private hardStop(): void {
    if (this.stopping) return;
    const { conf } = this.config!;
    tellHardStop(conf, this.counters, mapRows(conf));
    this.stop();
  }

  /** Workers first: a process whose thread sits in a system call cannot end. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    this.tellWorkers({ type: 'stop' });
    void Promise.all(this.workers.map((w) => w.exited)).then(() => {
      this.counters?.leave();
      void this.rings.close().then(() => process.exit(0));
    });
  }
}

interface RunningWorker {
  readonly thread: Worker;
  readonly wakeFd: number;
  readonly exited: Promise<void>;
}

function openWakeFd(): number {
  const fd = openEventfd();
  if (fd < 0) fatal(`eventfd: errno ${-fd}`);
  return fd;
}

/** Host names of log targets become addresses, once. Those of servers are core's business. */
async function lookUpNames(slice: ProxySlice): Promise<ProxySlice> {
  const proxies = await Promise.all(slice.proxies.map(async (p) => ({ ...p, logs: await lookUpLogTargets(p.logs) })));
  return { ...slice, proxies };
}

interface Limits {
  /** `maxconn`, as core computed it where the configuration does not say. */
  readonly connections: number;
  /** What is accepted at a time: less only where the descriptors are too few for `maxconn`, two a session. */
  readonly accepted: number;
  readonly descriptors: number;
}

function readLimits(slice: ProxySlice, workers: number): Limits {
  const { soft } = readFdLimit();
  const taken = readdirSync('/proc/self/fd').length + DESCRIPTORS_PER_WORKER * workers + DESCRIPTORS_IN_PASSING;
  const room = Math.max(1, Math.floor((soft - taken) / 2));
  const connections = slice.global.maxconn ?? room;
  const { strict } = slice.global.limits;
  const accepted = strict === false ? connections : Math.min(connections, room);
  return { connections, accepted, descriptors: slice.global.ulimitN ?? soft };
}
