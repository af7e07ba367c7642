/**
 * A worker thread: builds the running objects from its configuration and runs the loop until it is told to stop.
 *
 * It never comes back to Node's event loop before that. Messages of the main thread are fetched when the eventfd wakes
 * the loop; another worker wakes it the same way when a place at a server became free.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { ListenerConf, ProxyConf } from '../config/haproxy.ts';
import { includesThread } from '../config/listener-options.ts';
import type { ProxySlice } from '../config/slice.ts';
import { dispatch } from '../ipc/channel.ts';
import type { Handlers, InheritedSocket, ServerHealth } from '../ipc/messages.ts';
import { SyslogSender, syslogOrigin } from '../log/syslog-sender.ts';
import { wake } from '../os/epoll.ts';
import { getOption, SO_ACCEPTCONN, SOL_SOCKET } from '../os/socket.ts';
import { VERSION } from '../version.ts';
import type { SyslogOrigin } from '../wire/syslog.ts';
import { ExpressionKey } from './balance/expression-key.ts';
import { makeRequestKey } from './balance/request-key.ts';
import { planShares } from './balance/share.ts';
import { mapRows, serverKey } from './counter-layout.ts';
import { Counters } from './counters.ts';
import { Frontend } from './frontend.ts';
import { prepareForwarded } from './http/forwarded.ts';
import { prepareHeaderCases } from './http/header-cases.ts';
import { prepareUniqueId } from './http/unique-id.ts';
import { ChannelListener } from './listener/channel-listener.ts';
import { ClientNamespaces, makeNamespaceField } from './listener/client-namespaces.ts';
import { IdleEnd } from './listener/idle-end.ts';
import { Listener } from './listener/listener.ts';
import { attachLogBackends, type LogBackend } from './log/log-backend.ts';
import { NEEDS_NUMBER } from './log/needs.ts';
import { attachRings } from './log/rings.ts';
import { planCounts } from './log/shared-counts.ts';
import { Loop } from './loop/loop.ts';
import { WeighedLoop } from './loop/weighed-loop.ts';
import { ApplicationSessions } from './persistence/application-sessions.ts';
import type { SampleWorld } from './sample/sample-world.ts';
import { Backend } from './server/backend.ts';
import { ConnectionSamples } from './server/connection-samples.ts';
import { findFullconn } from './server/fullconn.ts';
import { IdleConnections, poolLimits } from './server/idle-connections.ts';
import { Server } from './server/server.ts';
import { SharedIdle } from './server/shared-idle.ts';
import { SessionLog, type SinkPlan } from './session-log.ts';
import { preparePipes } from './splicing.ts';
import { BackendHistories } from './stats/backend-history.ts';
import { WorkerContext } from './worker-context.ts';
import type { FromWorker, ServerWarmth, ToWorker, WorkerStart } from './worker-messages.ts';

class ProxyWorker {
  private readonly start: WorkerStart;
  private readonly loop: Loop;
  private readonly context: WorkerContext;
  private readonly servers = new Map<string, Server>();
  private readonly backends = new Map<number, Backend>();
  private readonly listeners: Listener[] = [];
  private namespaces: ClientNamespaces | null = null;
  private readonly world: SampleWorld;
  private readonly health = new Map<string, ServerHealth>();
  private readonly histories: BackendHistories;
  private logBackends: readonly LogBackend[] = [];
  private readonly handlers: Handlers<ToWorker> = {
    listen: () => this.listen(),
    'server-health': ({ states }) => this.takeHealth(states),
    'server-warmth': ({ servers }) => this.takeWarmth(servers),
    release: ({ listenerIds }) => this.release(listenerIds),
    'soft-stop': () => this.softStop(),
    stop: () => this.stop(),
  };

  constructor(start: WorkerStart) {
    this.start = start;
    this.histories = new BackendHistories(start.startedAtMs);
    const { slice, slots, index } = start;
    const counters = new Counters(start.counters, slots, slots[index]!);
    const rows = mapRows(slice);
    const isWeighed = slice.proxies.some(({ listeners }) => listeners.some(({ options }) => options.nice !== 0));
    this.loop = new (isWeighed ? WeighedLoop : Loop)(start.wakeFds[index]!, () => this.onWake());
    const { tuneBufsize, tuneMaxrewrite, tuneHttpMaxhdr, tuneHttpLogurilen } = slice.global;
    const tune = {
      bufsize: tuneBufsize,
      maxrewrite: tuneMaxrewrite,
      maxhdr: tuneHttpMaxhdr,
      uriLimit: tuneHttpLogurilen,
    };
    this.context = new WorkerContext(this.loop, counters, rows, tune);
    this.context.onEmpty = () => tell({ type: 'empty' });
    this.world = {
      global: slice.global,
      proxies: slice.proxies,
      counters,
      rows,
      startedAtMs: start.startedAtMs,
      thread: index,
      backends: this.backends,
      stopping: () => this.context.stopping,
    };
    this.context.statsSource = {
      slice,
      rows,
      counters,
      pid: process.pid,
      startedAtMs: start.startedAtMs,
      threads: slots.length,
      maxconn: start.processLimit,
      descriptorLimit: start.descriptorLimit,
      version: VERSION,
      health: (proxyId, serverId) => this.health.get(serverKey(proxyId, serverId)),
      warmWeight: (proxyId, serverId) => {
        const server = this.servers.get(serverKey(proxyId, serverId));
        return server?.inUse && server.warmSeconds >= 0 ? server.effectiveWeight : null;
      },
      backendHistory: (proxyId, nowMs) => this.histories.of(proxyId, nowMs),
      stopping: false,
      isPaused: () => isPaused(slice, start.sockets),
    };
  }

  build(): void {
    attachRings(this.start.rings, () => tell({ type: 'lines' }));
    this.context.pipes = preparePipes(
      this.start.slice.global,
      this.start.slice.proxies,
      this.start.processLimit,
      this.start.slots.length,
    );
    const { slice, balance, slots, processLimit, idle, index } = this.start;
    const { context } = this;
    const pool = poolLimits(slice.global, processLimit);
    const alone = slots.length === 1 || !slice.global.tuneIdlePoolShared;
    const shared = alone ? null : new SharedIdle(idle, index, this.loop.descriptor);
    const shares = planShares(balance, slice.proxies, slots.length === 1);
    for (const proxy of slice.proxies) {
      if (proxy.disabled) continue;
      const servers = proxy.servers.map((conf) => {
        const key = serverKey(proxy.id, conf.id);
        const server = new Server(conf, proxy, context.rows.servers.get(key)!, context.counters);
        const offers = proxy.mode === 'http' && server.connector?.isShareable ? shared : null;
        server.idle = new IdleConnections(context.counters, server.row, conf.link, this.loop, pool, offers);
        this.servers.set(key, server);
        return server;
      });
      const row = context.rows.backends.get(proxy.id)!;
      const fullconn = findFullconn(slice.proxies, proxy, processLimit);
      const backend = new Backend(proxy, row, servers, context.counters, shares.get(proxy.id)!, fullconn);
      const memory = this.start.sessionMemory.get(proxy.id);
      if (memory !== undefined) {
        backend.applicationSessions = new ApplicationSessions(memory, proxy.persistence.appsession!.timeoutMs);
      }
      backend.wakeWorker = (other) => wake(this.start.wakeFds[other]!);
      backend.requestKey = makeRequestKey(proxy.balance, proxy.hashType);
      this.backends.set(proxy.id, backend);
    }
    this.logBackends = attachLogBackends(slice.proxies, this.world);
    this.namespaces = ClientNamespaces.of(slice);
    this.takeHealth(this.start.health);
    this.buildExpressionKeys();
    this.buildConnectionSamples();
    this.buildFrontends();
  }

  /** Expressions may ask for any backend: all of them stand by now. */
  private buildExpressionKeys(): void {
    for (const backend of this.backends.values()) {
      const { balance, hashType } = backend.conf;
      if (balance.algorithm !== 'hash') continue;
      backend.requestKey = new ExpressionKey(balance.expression, hashType, this.world, backend.conf);
    }
  }

  private buildConnectionSamples(): void {
    for (const { connector, conf, proxy } of this.servers.values()) {
      if (connector === null) continue;
      connector.namespaces = this.namespaces;
      connector.samples = ConnectionSamples.of(conf.link, this.world, proxy);
      this.provide(connector.samples?.needs ?? 0);
    }
  }

  /** Some number is counted only where a format shows it. */
  private provide(needs: number): void {
    if (needs & NEEDS_NUMBER) this.context.requestNumbers = new Int32Array(this.start.logCounts);
  }

  private buildFrontends(): void {
    const { slice, sockets, acceptLimit, acceptIntents, index, slots } = this.start;
    const { context } = this;
    const headerCases = prepareHeaderCases(slice.global.headerCases);
    for (const proxy of slice.proxies) {
      if (proxy.disabled || proxy.kind === 'backend') continue;
      const origin = syslogOrigin(proxy.logTag ?? slice.global.logTag, slice.global.logSendHostname);
      const log = this.openLog(proxy, origin);
      const backend = proxy.backend === null ? null : (this.backends.get(proxy.backend) ?? null);
      const uniqueId = prepareUniqueId(proxy, this.world);
      const forwarded = prepareForwarded(backend?.conf.http.forwarded ?? null, this.world, backend?.conf ?? proxy);
      this.provide((uniqueId?.needs ?? 0) | (forwarded?.needs ?? 0));
      const row = context.rows.frontends.get(proxy.id)!;
      const frontend = new Frontend(proxy, row, backend, log, uniqueId, headerCases, forwarded);
      if (backend === null) frontend.backendRow = context.rows.backends.get(proxy.id) ?? -1;
      for (const conf of proxy.listeners) {
        if (!isForThread(conf, index, slots.length)) continue;
        for (const socket of sockets.filter((s) => s.listenerId === conf.id)) {
          const row = context.rows.listeners.get(conf.id)!;
          const { limits } = slice.global;
          const ListenerOf = conf.address.kind === 'sockpair' ? ChannelListener : Listener;
          const listener = new ListenerOf(
            conf,
            socket.fd,
            row,
            frontend,
            context,
            acceptLimit,
            limits,
            acceptIntents,
            index,
          );
          this.tellNamespace(listener);
          this.listeners.push(listener);
        }
      }
    }
  }

  private tellNamespace(listener: Listener): void {
    const { namespace } = listener.conf.options;
    if (this.namespaces !== null && namespace !== null) listener.namespaceField = makeNamespaceField(namespace);
  }

  private openLog(proxy: ProxyConf, origin: SyslogOrigin): SessionLog {
    const { slice, logCounts } = this.start;
    const counts = new Int32Array(logCounts);
    const at = planCounts(slice.proxies).linesAt.get(proxy.id)!;
    const log = new SessionLog(proxy, planSinks(proxy, origin, counts, at + 1), this.world, { counts, at });
    this.provide(log.needs);
    return log;
  }

  /** Not before the role is ready as a whole: nobody is answered by a process that may still fail to start. */
  private listen(): void {
    for (const listener of this.listeners) {
      const done = listener.open();
      if (done < 0) throw new Error(`listener ${listener.conf.id} (descriptor ${listener.fd}): errno ${-done}`);
    }
  }

  run(): void {
    this.loop.run();
  }

  private onWake(): void {
    for (;;) {
      const received = receiveMessageOnPort(parentPort!);
      if (received === undefined) break;
      dispatch(this.handlers, received.message);
    }
    this.context.offerAllPlaces();
  }

  private takeHealth(states: readonly ServerHealth[]): void {
    const changed = new Set<Backend>();
    for (const state of states) {
      const key = serverKey(state.proxyId, state.serverId);
      this.health.set(key, state);
      for (const backend of this.logBackends) backend.takeHealth(state);
      const server = this.servers.get(key);
      if (server === undefined) continue;
      const before = server.usable;
      server.health = state;
      if (server.usable === before) continue;
      const backend = this.backends.get(state.proxyId)!;
      changed.add(backend);
      backend.update(server);
      if (!server.usable) this.serverLost(server);
    }
    for (const backend of changed) backend.offerAll();
    if (changed.size > 0) this.histories.update(this.context.statsSource, this.loop.wallMs);
  }

  private takeWarmth(servers: readonly ServerWarmth[]): void {
    for (const { proxyId, serverId, seconds } of servers) {
      const server = this.servers.get(serverKey(proxyId, serverId));
      if (server === undefined) continue;
      server.warmSeconds = seconds;
      const backend = this.backends.get(proxyId)!;
      backend.update(server);
      backend.offerAll();
    }
  }

  private serverLost(server: Server): void {
    server.idle.closeAll();
    server.queue.scatter();
    if (!server.conf.onMarkedDownShutdownSessions) return;
    for (const stream of [...this.context.streams]) if (stream.server === server) stream.kill('down');
  }

  private release(listenerIds: readonly number[]): void {
    for (const listener of this.listeners) if (listenerIds.includes(listener.conf.id)) listener.close();
    tell({ type: 'released' });
  }

  private softStop(): void {
    const { context } = this;
    const { closeSpreadMs } = this.start.slice.global.limits;
    context.beginEnd(closeSpreadMs < 0 ? Number.POSITIVE_INFINITY : closeSpreadMs);
    for (const listener of this.listeners) listener.close();
    tell({ type: 'deaf' });
    if (closeSpreadMs > 0) new IdleEnd(context, closeSpreadMs).start();
    if (context.streams.length === 0) context.onEmpty();
  }

  private stop(): void {
    this.context.beginEnd(0);
    this.context.onEmpty = () => {};
    for (const listener of this.listeners) listener.close();
    for (const stream of [...this.context.streams]) stream.kill('stop');
    this.loop.stop();
  }
}

/** `first`: where lines offered to the proxy's targets are counted, one number each. */
function planSinks({ logs }: ProxyConf, origin: SyslogOrigin, counts: Int32Array, first: number): SinkPlan[] {
  if (logs.every(({ profile }) => profile === null)) {
    return [{ sink: new SyslogSender(logs, origin, counts, first), profile: null }];
  }
  return logs.map((target, i) => {
    const tag = target.profile?.tag ?? origin.tag;
    return { sink: new SyslogSender([target], { ...origin, tag }, counts, first + i), profile: target.profile };
  });
}

/** Threads that do not exist leave a socket to all of them: somebody has to answer. */
function isForThread({ options: { threads } }: ListenerConf, index: number, count: number): boolean {
  const isTaken = Array.from({ length: count }, (_, i) => i).some((i) => includesThread(threads, i));
  return !isTaken || includesThread(threads, index);
}

/** Core pauses all of them together, but for those of UNIX and what it did not open itself. */
function isPaused({ proxies }: ProxySlice, sockets: readonly InheritedSocket[]): boolean {
  for (const { listeners } of proxies) {
    const listener = listeners.find(({ address }) => address.kind === 'ip');
    const socket = listener && sockets.find(({ listenerId }) => listenerId === listener.id);
    if (socket) return getOption(socket.fd, SOL_SOCKET, SO_ACCEPTCONN) === 0;
  }
  return false;
}

function tell(message: FromWorker): void {
  parentPort!.postMessage(message);
}

try {
  const worker = new ProxyWorker(workerData as WorkerStart);
  worker.build();
  tell({ type: 'ready' });
  worker.run();
} catch (error) {
  tell({ type: 'failed', what: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
