/**
 * Opening one listening socket as HAProxy does: in its namespace, with SO_REUSEADDR and SO_REUSEPORT, so that a second
 * program of the same user can take over the port. A UNIX socket is bound under a temporary name and renamed, so that
 * there is no moment without one. Which sockets there are, and how long, is `listening-sockets.ts`'s business.
 */
import { chmodSync, chownSync, renameSync, rmSync } from 'node:fs';
import type { ListenAddress, ListenerConf } from '../config/haproxy.ts';
import type { KeepAliveProbes } from '../config/server-link.ts';
import { groupId, userId } from '../os/accounts.ts';
import { AF_INET, AF_INET6, AF_UNIX, type SocketAddress } from '../os/address.ts';
import { setNonBlocking } from '../os/file.ts';
import { ENAMETOOLONG, ENOENT } from '../os/libc.ts';
import { closeNamespace, enterNamespace, openNamespace, openOwnNamespace } from '../os/namespace.ts';
import {
  bindSocket,
  closeFd,
  IP_TRANSPARENT,
  IPV6_TRANSPARENT,
  IPV6_V6ONLY,
  listenOn,
  localAddress,
  openSocket,
  SO_BINDTODEVICE,
  SO_KEEPALIVE,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_TCP,
  setOption,
  setOptionBytes,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_MAXSEG,
  TCP_NODELAY,
  TCP_QUICKACK,
  TCP_USER_TIMEOUT,
} from '../os/socket.ts';

/** Bytes of a path that fit into an address. */
const LONGEST_PATH = 107;

export interface OpenSocket {
  readonly fd: number;
  /** False for a descriptor that was inherited: it is never closed. */
  readonly own: boolean;
}

/** A step of opening a socket that failed: the words for it, and the error number. */
export interface Failure {
  readonly what: string;
  readonly errno: number;
}

/** What a socket gets from beyond its `bind` line. */
export interface SocketTuning {
  readonly reusePort: boolean;
  readonly backlog: number;
  /** `option tcp-smart-accept`. */
  readonly smartAccept: boolean;
  /** Null: the kernel's. */
  readonly rcvbuf: number | null;
  readonly sndbuf: number | null;
  /** `option clitcpka`, or null. */
  readonly keepAlive: KeepAliveProbes | null;
}

export function openListener(listener: ListenerConf, tuning: SocketTuning): OpenSocket | Failure {
  const { address } = listener;
  if (address.kind === 'fd' || address.kind === 'sockpair') return inheritSocket(address.fd, listener, tuning);
  return address.kind === 'unix'
    ? openUnixListener(address.path, listener, tuning)
    : openInetListener(address, listener, tuning);
}

/** Who opened it may have left it blocking: a worker that another one is faster than would then wait in accept. */
function inheritSocket(fd: number, listener: ListenerConf, tuning: SocketTuning): OpenSocket | Failure {
  const what = 'cannot use inherited socket';
  const address = localAddress(fd);
  if (typeof address === 'number') return { what, errno: -address };
  if (address.family !== 'unix') tuneSocket(fd, listener, tuning);
  const done = setNonBlocking(fd);
  return done < 0 ? { what, errno: -done } : { fd, own: false };
}

/** Runs `act` in a network namespace and comes back, in one synchronous piece; `-errno` when that cannot be done. */
function inNamespace(name: string, act: () => number): number {
  const there = openNamespace(name);
  if (there === null) return -ENOENT;
  const home = openOwnNamespace();
  if (home === null) return -ENOENT;
  const entered = enterNamespace(there);
  const done = entered < 0 ? entered : act();
  const back = entered < 0 ? 0 : enterNamespace(home);
  closeNamespace(there);
  closeNamespace(home);
  // Everything else would be done in the wrong place.
  if (back < 0) throw new Error(`cannot return to the network namespace: errno ${-back}`);
  return done;
}

type InetAddress = Extract<ListenAddress, { kind: 'ip' }>;

function openInetListener(address: InetAddress, listener: ListenerConf, tuning: SocketTuning): OpenSocket | Failure {
  const { namespace } = listener.options;
  const open = () => openSocket(address.family === 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK);
  const fd = namespace === null ? open() : inNamespace(namespace, open);
  if (fd < 0) return { what: 'cannot create receiving socket', errno: -fd };
  const failure = prepareInetListener(fd, address, listener, tuning);
  if (!failure) return { fd, own: true };
  closeFd(fd);
  return failure;
}

function prepareInetListener(
  fd: number,
  address: InetAddress,
  listener: ListenerConf,
  tuning: SocketTuning,
): Failure | null {
  const { host, port, family } = address;
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (tuning.reusePort) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (family === 6) setOption(fd, SOL_IPV6, IPV6_V6ONLY, listener.v6only ? 1 : 0);
  const steps: [string, () => number][] = [];
  if (listener.interface !== null) {
    const device = Buffer.from(`${listener.interface}\0`);
    steps.push(['cannot bind listener to device', () => setOptionBytes(fd, SOL_SOCKET, SO_BINDTODEVICE, device)]);
  }
  if (listener.transparent) {
    steps.push(['cannot make listening socket transparent', () => setTransparent(fd, family)]);
  }
  steps.push(['cannot bind socket', () => bindSocket(fd, { family, host, port })]);
  // Before listen(2): a client's first packet could be answered without them.
  steps.push(['cannot set socket options', () => tuneSocket(fd, listener, tuning)]);
  steps.push(['cannot listen to socket', () => listenOn(fd, tuning.backlog)]);
  return firstFailure(steps);
}

function setTransparent(fd: number, family: 4 | 6): number {
  return family === 4 ? setOption(fd, SOL_IP, IP_TRANSPARENT, 1) : setOption(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
}

/**
 * Options that accepted connections inherit; may be set again on a socket that listens already, for another
 * configuration. Returns 0 or `-errno` of the first one that the kernel refuses.
 */
export function tuneSocket(fd: number, listener: ListenerConf, tuning: SocketTuning): number {
  const { mss, fastOpen, deferAccept, userTimeoutMs } = listener.options;
  const { rcvbuf, sndbuf, keepAlive } = tuning;
  const results = [
    setOption(fd, SOL_TCP, TCP_NODELAY, 1),
    setOption(fd, SOL_SOCKET, SO_KEEPALIVE, keepAlive === null ? 0 : 1),
    setOption(fd, SOL_TCP, TCP_QUICKACK, tuning.smartAccept ? 0 : 1),
    setOption(fd, SOL_TCP, TCP_USER_TIMEOUT, userTimeoutMs ?? 0),
    setOption(fd, SOL_TCP, TCP_DEFER_ACCEPT, deferAccept ? 1 : 0),
  ];
  if (mss !== null) results.push(setOption(fd, SOL_TCP, TCP_MAXSEG, mss));
  if (fastOpen) results.push(setOption(fd, SOL_TCP, TCP_FASTOPEN, tuning.backlog));
  if (rcvbuf !== null) results.push(setOption(fd, SOL_SOCKET, SO_RCVBUF, rcvbuf));
  if (sndbuf !== null) results.push(setOption(fd, SOL_SOCKET, SO_SNDBUF, sndbuf));
  if (keepAlive !== null) results.push(...setProbes(fd, keepAlive));
  return results.find((done) => done < 0) ?? 0;
}

function setProbes(fd: number, { idleSeconds, intervalSeconds, count }: KeepAliveProbes): number[] {
  const options = [
    [TCP_KEEPIDLE, idleSeconds],
    [TCP_KEEPINTVL, intervalSeconds],
    [TCP_KEEPCNT, count],
  ] as const;
  return options.map(([name, value]) => (value === null ? 0 : setOption(fd, SOL_TCP, name, value)));
}

function firstFailure(steps: readonly [string, () => number][]): Failure | null {
  for (const [what, step] of steps) {
    const done = step();
    if (done < 0) return { what, errno: -done };
  }
  return null;
}

function openUnixListener(path: string, listener: ListenerConf, tuning: SocketTuning): OpenSocket | Failure {
  const isAbstract = path.startsWith('\0');
  const temporary = isAbstract ? path : `${path}.${process.pid}.tmp`;
  if (!isAbstract && Buffer.byteLength(temporary) > LONGEST_PATH) return { what: 'name too long', errno: ENAMETOOLONG };
  const address: SocketAddress = { family: 'unix', path: temporary };
  const fd = openSocket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
  if (fd < 0) return { what: 'cannot create receiving socket', errno: -fd };
  if (!isAbstract) rmSync(temporary, { force: true });
  const failure = firstFailure([
    ['cannot bind UNIX socket', () => bindSocket(fd, address)],
    ['cannot listen to socket', () => listenOn(fd, tuning.backlog)],
    ['cannot change UNIX socket ownership or name', () => (isAbstract ? 0 : publish(temporary, path, listener))],
  ]);
  if (!failure) return { fd, own: true };
  closeFd(fd);
  if (!isAbstract) rmSync(temporary, { force: true });
  return failure;
}

/** Sets owner and mode, then gives the socket its name: a stale or older socket is replaced in one step. */
function publish(temporary: string, path: string, { user, group, mode }: ListenerConf): number {
  const [uid, gid] = [userId(user), groupId(group)];
  if ((user !== null && uid === null) || (group !== null && gid === null)) return -ENOENT;
  try {
    if (uid !== null || gid !== null) chownSync(temporary, uid ?? -1, gid ?? -1);
    if (mode !== null) chmodSync(temporary, mode);
    renameSync(temporary, path);
    return 0;
  } catch (error) {
    return error instanceof Error && 'errno' in error ? Number(error.errno) : -1;
  }
}
