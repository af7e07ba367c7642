/**
 * The listening sockets, opened by core and handed down to every generation of the proxy.
 *
 * A reload plans first: an address that was open before keeps its socket, a new one is opened, and nothing changes
 * when one cannot be. The plan is taken over when the new generation accepts; sockets that are no longer wanted are
 * closed then (the old generation holds its own copies until it has stopped). Options are those HAProxy sets:
 * SO_REUSEADDR, SO_REUSEPORT, so that a second program of the same user can take over the port. A UNIX socket is bound
 * under a temporary name and renamed, so that there is no moment without one.
 */
import { chmodSync, chownSync, renameSync, rmSync } from 'node:fs';
import type { HaproxyConfig, ListenAddress, ListenerConf, ProxyConf } from '../config/haproxy.ts';
import type { InheritedSocket } from '../ipc/messages.ts';
import { groupId, userId } from '../os/accounts.ts';
import { AF_INET, AF_INET6, AF_UNIX, type SocketAddress } from '../os/address.ts';
import { errorText } from '../os/libc.ts';
import {
  bindSocket,
  closeFd,
  IP_TRANSPARENT,
  IPV6_V6ONLY,
  listenOn,
  localAddress,
  openSocket,
  SO_BINDTODEVICE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  setOption,
  setOptionBytes,
} from '../os/socket.ts';

export interface SocketPlan {
  /** Of every listener of the configuration. */
  readonly sockets: readonly InheritedSocket[];
  /** Ready-made sentences, one for each address that cannot be listened on. */
  readonly problems: readonly string[];
}

interface OpenSocket {
  readonly fd: number;
  /** False for a descriptor that was inherited: it is never closed. */
  readonly own: boolean;
}

/** A step of opening a socket that failed: the words for it, and the error number. */
interface Failure {
  readonly what: string;
  readonly errno: number;
}

const DEFAULT_BACKLOG = 2000;

export class ListeningSockets {
  private open = new Map<string, OpenSocket>();
  private planned: Map<string, OpenSocket> | null = null;
  private readonly reusePort: boolean;

  constructor(reusePort: boolean) {
    this.reusePort = reusePort;
  }

  /** Opens what the configuration needs beyond what is open. Must be followed by `keep` or `drop`. */
  plan(config: HaproxyConfig): SocketPlan {
    const planned = new Map<string, OpenSocket>();
    const sockets: InheritedSocket[] = [];
    const problems: string[] = [];
    this.planned = planned;
    for (const { proxy, listener } of listenersOf(config)) {
      const key = uniqueKey(listener, planned);
      const opened = this.open.get(key) ?? this.openListener(proxy, listener);
      if ('errno' in opened) {
        problems.push(describeProblem(proxy, listener, opened));
        continue;
      }
      planned.set(key, opened);
      if (opened.own) listenOn(opened.fd, backlogOf(config, proxy, listener));
      sockets.push({ listenerId: listener.id, fd: opened.fd });
    }
    return { sockets, problems };
  }

  /** The plan is in force: closes what it no longer needs. */
  keep(): void {
    if (!this.planned) return;
    closeThoseNotIn(this.open, this.planned);
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

  private openListener(proxy: ProxyConf, listener: ListenerConf): OpenSocket | Failure {
    const { address } = listener;
    if (address.kind === 'fd') return inheritSocket(address.fd);
    return address.kind === 'unix'
      ? openUnixListener(address.path, listener)
      : openInetListener(address, listener, this.reusePort && proxy.kind !== 'backend');
  }
}

function listenersOf(config: HaproxyConfig): { proxy: ProxyConf; listener: ListenerConf }[] {
  return config.proxies
    .filter((proxy) => !proxy.disabled)
    .flatMap((proxy) => proxy.listeners.map((listener) => ({ proxy, listener })));
}

/** The same address may be bound twice in one file; each gets its own socket. */
function uniqueKey(listener: ListenerConf, taken: ReadonlyMap<string, OpenSocket>): string {
  const { address, v6only, transparent, mode, user, group } = listener;
  const key = JSON.stringify([address, v6only, transparent, listener.interface, mode, user, group]);
  let unique = key;
  for (let n = 2; taken.has(unique); n++) unique = `${key}#${n}`;
  return unique;
}

function backlogOf(config: HaproxyConfig, proxy: ProxyConf, listener: ListenerConf): number {
  return listener.backlog ?? proxy.backlog ?? proxy.maxconn ?? config.global.maxconn ?? DEFAULT_BACKLOG;
}

function inheritSocket(fd: number): OpenSocket | Failure {
  const address = localAddress(fd);
  return typeof address === 'number' ? { what: 'cannot use inherited socket', errno: -address } : { fd, own: false };
}

function openInetListener(
  address: Extract<ListenAddress, { kind: 'ip' }>,
  listener: ListenerConf,
  reusePort: boolean,
): OpenSocket | Failure {
  const fd = openSocket(address.family === 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK);
  if (fd < 0) return { what: 'cannot create receiving socket', errno: -fd };
  const failure = prepareInetListener(fd, address, listener, reusePort);
  if (!failure) return { fd, own: true };
  closeFd(fd);
  return failure;
}

function prepareInetListener(
  fd: number,
  address: Extract<ListenAddress, { kind: 'ip' }>,
  listener: ListenerConf,
  reusePort: boolean,
): Failure | null {
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (reusePort) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family === 6) setOption(fd, SOL_IPV6, IPV6_V6ONLY, listener.v6only ? 1 : 0);
  const steps: [string, () => number][] = [];
  if (listener.interface !== null) {
    const device = Buffer.from(`${listener.interface}\0`);
    steps.push(['cannot bind listener to device', () => setOptionBytes(fd, SOL_SOCKET, SO_BINDTODEVICE, device)]);
  }
  if (listener.transparent) {
    steps.push(['cannot make listening socket transparent', () => setTransparent(fd, address.family)]);
  }
  const { host, port, family } = address;
  steps.push(['cannot bind socket', () => bindSocket(fd, { family, host, port })]);
  steps.push(['cannot listen to socket', () => listenOn(fd, listener.backlog ?? DEFAULT_BACKLOG)]);
  return firstFailure(steps);
}

const IPV6_TRANSPARENT = 75;

function setTransparent(fd: number, family: 4 | 6): number {
  return family === 4 ? setOption(fd, SOL_IP, IP_TRANSPARENT, 1) : setOption(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
}

function firstFailure(steps: readonly [string, () => number][]): Failure | null {
  for (const [what, step] of steps) {
    const done = step();
    if (done < 0) return { what, errno: -done };
  }
  return null;
}

function openUnixListener(path: string, listener: ListenerConf): OpenSocket | Failure {
  const fd = openSocket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
  if (fd < 0) return { what: 'cannot create receiving socket', errno: -fd };
  const temporary = path.startsWith('\0') ? path : `${path}.${process.pid}.tmp`;
  const address: SocketAddress = { family: 'unix', path: temporary };
  removeFile(temporary);
  const failure = firstFailure([
    ['cannot bind UNIX socket', () => bindSocket(fd, address)],
    ['cannot listen to socket', () => listenOn(fd, listener.backlog ?? DEFAULT_BACKLOG)],
    [
      'cannot change UNIX socket ownership or name',
      () => (temporary === path ? 0 : publish(temporary, path, listener)),
    ],
  ]);
  if (!failure) return { fd, own: true };
  closeFd(fd);
  if (temporary !== path) removeFile(temporary);
  return failure;
}

/** Sets owner and mode, then gives the socket its name: a stale or older socket is replaced in one step. */
function publish(temporary: string, path: string, listener: ListenerConf): number {
  try {
    if (listener.user !== null || listener.group !== null) {
      chownSync(temporary, userId(listener.user) ?? -1, groupId(listener.group) ?? -1);
    }
    if (listener.mode !== null) chmodSync(temporary, listener.mode);
    renameSync(temporary, path);
    return 0;
  } catch (error) {
    return error instanceof Error && 'errno' in error ? Number(error.errno) : -1;
  }
}

function removeFile(path: string): void {
  if (!path.startsWith('\0')) rmSync(path, { force: true });
}

function closeThoseNotIn(sockets: ReadonlyMap<string, OpenSocket>, kept: ReadonlyMap<string, OpenSocket>): void {
  for (const [key, socket] of sockets) {
    if (socket.own && kept.get(key)?.fd !== socket.fd) closeFd(socket.fd);
  }
}

function describeProblem(proxy: ProxyConf, listener: ListenerConf, failure: Failure): string {
  const { file, line } = listener.place;
  const kind = proxy.kind === 'frontend' ? 'frontend' : 'proxy';
  const reason = errorText(failure.errno);
  return `Binding [${file}:${line}] for ${kind} ${proxy.name}: ${failure.what} (${reason}) for [${nameAddress(listener.address)}]`;
}

/** As in HAProxy's messages. */
export function nameAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return address.path.replace('\0', '@');
  if (address.kind === 'fd') return `fd@${address.fd}`;
  return `${address.host}:${address.port}`;
}
