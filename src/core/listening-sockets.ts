/**
 * The listening sockets, opened by core and handed down to every generation of the proxy.
 *
 * A reload plans first: an address that was open before keeps its socket, a new one is opened, and nothing changes
 * when one cannot be. The plan is taken over when the new generation accepts: sockets that stay get their new options
 * then, and those that are no longer wanted are closed (the old generation holds its own copies until it has stopped).
 * How one is opened is in `socket-opening.ts`.
 */
import type { HaproxyConfig, ListenAddress, ListenerConf, ProxyConf } from '../config/haproxy.ts';
import type { InheritedSocket } from '../ipc/messages.ts';
import { errorText } from '../os/libc.ts';
import { closeFd, listenOn, SHUT_RD, shutdownSocket } from '../os/socket.ts';
import { type Failure, type OpenSocket, openListener, type SocketTuning, tuneSocket } from './socket-opening.ts';

export interface SocketPlan {
  /** Of every listener of the configuration. */
  readonly sockets: readonly InheritedSocket[];
  /** Ready-made sentences, one for each address that cannot be listened on. */
  readonly problems: readonly string[];
}

/** A socket with what it is tuned by, once its configuration is in force. */
interface PlannedSocket extends OpenSocket {
  /** As messages name the proxy. */
  readonly proxy: string;
  readonly listener: ListenerConf;
  readonly tuning: SocketTuning;
}

const DEFAULT_BACKLOG = 2000;

export class ListeningSockets {
  private open = new Map<string, PlannedSocket>();
  private planned: Map<string, PlannedSocket> | null = null;
  private paused = false;
  private readonly reusePort: boolean;

  constructor(reusePort: boolean) {
    this.reusePort = reusePort;
  }

  /** Opens what the configuration needs beyond what is open. Must be followed by `keep` or `drop`. */
  plan(config: HaproxyConfig): SocketPlan {
    const planned = new Map<string, PlannedSocket>();
    const sockets: InheritedSocket[] = [];
    const problems: string[] = [];
    this.planned = planned;
    for (const { proxy, listener } of listenersOf(config)) {
      const key = uniqueKey(listener, planned);
      const tuning = this.tuningOf(config, proxy, listener);
      const opened = this.open.get(key) ?? openListener(listener, tuning);
      if ('errno' in opened) {
        problems.push(describeProblem(proxy, listener, opened));
        continue;
      }
      planned.set(key, { fd: opened.fd, own: opened.own, proxy: nameProxy(proxy), listener, tuning });
      sockets.push({ listenerId: listener.id, fd: opened.fd });
    }
    return { sockets, problems };
  }

  private tuningOf(config: HaproxyConfig, proxy: ProxyConf, listener: ListenerConf): SocketTuning {
    const { clientRcvbuf, clientSndbuf } = config.global.limits;
    return {
      reusePort: this.reusePort && proxy.kind !== 'backend',
      backlog: backlogOf(config, proxy, listener),
      smartAccept: proxy.accept.smartAccept ?? proxy.mode === 'http',
      rcvbuf: clientRcvbuf,
      sndbuf: clientSndbuf,
      keepAlive: proxy.clitcpka ? proxy.link.clientProbes : null,
    };
  }

  /** The plan is in force: gives the sockets that stay their new options and closes what it no longer needs. */
  keep(): void {
    if (!this.planned) return;
    for (const [key, { fd, own, listener, tuning }] of this.planned) {
      if (!own || !this.open.has(key)) continue;
      if (listener.address.kind === 'ip') tuneSocket(fd, listener, tuning);
      listenOn(fd, tuning.backlog);
    }
    closeThoseNotIn(this.open, this.planned);
    this.paused = false;
    this.open = this.planned;
    this.planned = null;
  }

  /** The plan came to nothing: closes what was opened for it. */
  drop(): void {
    if (this.planned) closeThoseNotIn(this.planned, this.open);
    this.planned = null;
  }

  /** Also of a plan that is not in force yet: the end may come while a proxy gets ready. */
  close(): void {
    this.drop();
    closeThoseNotIn(this.open, new Map());
    this.open.clear();
  }

  /**
   * Stops listening and keeps the ports: another program may take them over (SO_REUSEPORT), else connections are refused.
   * Holds for every process that has the sockets. Those of UNIX keep listening, as with HAProxy. Returns the
   * proxies; none when nothing has changed.
   */
  pause(): string[] {
    if (this.paused) return [];
    this.paused = true;
    for (const { fd, own, listener } of this.open.values()) {
      if (own && listener.address.kind === 'ip') shutdownSocket(fd, SHUT_RD);
    }
    return this.proxies();
  }

  /**
   * Closes abstract sockets, which cannot be paused and whose names only one program can have at a time. Returns the ids of
   * their listeners, for whoever else holds the sockets; the next plan opens them anew.
   */
  release(): number[] {
    const released = [...this.open].filter(([, { own, listener }]) => own && isAbstract(listener.address));
    for (const [key, { fd }] of released) {
      closeFd(fd);
      this.open.delete(key);
    }
    return released.map(([, { listener }]) => listener.id);
  }

  /** Not released since it was planned. */
  holds({ fd }: InheritedSocket): boolean {
    return [...this.open.values(), ...(this.planned?.values() ?? [])].some((socket) => socket.fd === fd);
  }

  resume(): string[] {
    if (!this.paused) return [];
    this.paused = false;
    for (const { fd, own, tuning } of this.open.values()) if (own) listenOn(fd, tuning.backlog);
    return this.proxies();
  }

  private proxies(): string[] {
    return [...new Set([...this.open.values()].map(({ proxy }) => proxy))];
  }
}

function listenersOf(config: HaproxyConfig): { proxy: ProxyConf; listener: ListenerConf }[] {
  return config.proxies
    .filter((proxy) => !proxy.disabled)
    .flatMap((proxy) => proxy.listeners.map((listener) => ({ proxy, listener })));
}

/** The same address may be bound twice in one file; each gets its own socket. */
function uniqueKey(listener: ListenerConf, taken: ReadonlyMap<string, PlannedSocket>): string {
  const { address, v6only, transparent, mode, user, group } = listener;
  const key = JSON.stringify([
    address,
    v6only,
    transparent,
    listener.interface,
    mode,
    user,
    group,
    listener.options.namespace,
  ]);
  let unique = key;
  for (let n = 2; taken.has(unique); n++) unique = `${key}#${n}`;
  return unique;
}

function isAbstract(address: ListenAddress): boolean {
  return address.kind === 'unix' && address.path.startsWith('\0');
}

function backlogOf(config: HaproxyConfig, proxy: ProxyConf, listener: ListenerConf): number {
  const asked = listener.backlog || proxy.backlog || listener.maxconn || proxy.maxconn || config.global.maxconn;
  return asked || DEFAULT_BACKLOG;
}

function closeThoseNotIn(sockets: ReadonlyMap<string, OpenSocket>, kept: ReadonlyMap<string, OpenSocket>): void {
  for (const [key, socket] of sockets) {
    if (socket.own && kept.get(key)?.fd !== socket.fd) closeFd(socket.fd);
  }
}

function describeProblem(proxy: ProxyConf, listener: ListenerConf, failure: Failure): string {
  const { file, line } = listener.place;
  const reason = errorText(failure.errno);
  return `Binding [${file}:${line}] for ${nameProxy(proxy)}: ${failure.what} (${reason}) for [${nameAddress(listener.address)}]`;
}

function nameProxy(proxy: ProxyConf): string {
  return `${proxy.kind === 'frontend' ? 'frontend' : 'proxy'} ${proxy.name}`;
}

/** As in HAProxy's messages. */
function nameAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return address.path.replace('\0', 'abns@').replace(/\0+$/, '');
  if (address.kind === 'fd' || address.kind === 'sockpair') return `${address.kind}@${address.fd}`;
  return `${address.host}:${address.port}`;
}
