/**
 * Makes sockets towards one server and connects them: in its network namespace, with its options, from its source, to its
 * address or to the one that the client wanted, directly or by way of a SOCKS4 proxy. One a server and worker; what the
 * configuration decides is decided when it is made.
 *
 * Not here: watching the connection (server-connection.ts), what it begins with (proxy-header.ts), trying again (dispatch.ts).
 */
import { isIP } from 'node:net';
import type { ProxyConf, ServerConf } from '../../config/haproxy.ts';
import { CLIENTS_NAMESPACE } from '../../config/server-link.ts';
import { AF_INET, AF_UNIX, encodeAddress } from '../../os/address.ts';
import { openSocketPair, sendDescriptor } from '../../os/descriptor-passing.ts';
import { EADDRINUSE, EADDRNOTAVAIL, EINPROGRESS, ENOENT } from '../../os/libc.ts';
import { makeWithin, openNamespace, openOwnNamespace } from '../../os/namespace.ts';
import {
  closeFd,
  connectEncoded,
  openSocket,
  SO_KEEPALIVE,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  SOL_TCP,
  setOption,
  TCP_FASTOPEN_CONNECT,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_QUICKACK,
  TCP_USER_TIMEOUT,
} from '../../os/socket.ts';
import { encodeSocks4 } from '../../wire/socks4.ts';
import type { ClientNamespaces } from '../listener/client-namespaces.ts';
import type { ConnectionSamples } from './connection-samples.ts';
import { encodeHeader } from './proxy-header.ts';
import { destinationOf, type SessionOrigin } from './session-origin.ts';
import { SourceBinding } from './source-binding.ts';

interface Option {
  readonly level: number;
  readonly name: number;
  readonly value: number;
}

/** How many ports of a range are tried before a connection is given up. */
const PORT_TRIES = 10;

/** Beside `-errno`: nobody listens at the far side of a `sockpair@` any more. */
export const NOT_PASSED = -4098;

export class Connector {
  /** Connections are for the session that they were made for, and nobody else's. */
  readonly isPrivate: boolean;
  /** Connections differ from session to session: only one of the same key will do. */
  readonly isKeyed: boolean;
  /** The first answer on a connection is the SOCKS4 proxy's. */
  readonly viaSocks4: boolean;
  /** Any worker may go on with a connection that another one made. */
  readonly isShareable: boolean;
  readonly isUnix: boolean;
  /** Of the connection made last: whether it is still under way, and its port of the source's range (0: none). */
  connecting = false;
  takenPort = 0;
  /** Set once the worker stands; null where no format or expression is configured. */
  samples: ConnectionSamples | null = null;
  /** Set as well; null where nobody asks where clients come from. */
  namespaces: ClientNamespaces | null = null;
  private readonly conf: ServerConf;
  /** `struct sockaddr` of the server; the port is filled in where it comes from the client. */
  private readonly server: Uint8Array;
  private readonly proxy: Uint8Array | null;
  private readonly source: SourceBinding | null;
  private readonly options: readonly Option[];
  private readonly usesClientPort: boolean;
  /** 0.0.0.0 or ::, the client's own destination. */
  private readonly isWildcard: boolean;
  /** `namespace *`. */
  private readonly followsClient: boolean;
  private readonly namespaceFd: number | null;
  private readonly homeFd: number | null;
  /** Of `sockpair@`; -1: the server has an address. */
  private readonly channel: number;

  /** `share`: this worker's place among all, from 0 up to 1. */
  constructor(conf: ServerConf, proxy: ProxyConf, address: Uint8Array, share: number) {
    const { link, address: at } = conf;
    this.conf = conf;
    this.server = address;
    this.isUnix = at.kind === 'unix';
    this.channel = at.kind === 'unix' ? (at.channel ?? -1) : -1;
    this.proxy = link.socks4 === null ? null : encodeIp(link.socks4.host, link.socks4.port);
    this.viaSocks4 = this.proxy !== null;
    this.source = link.source === null || this.isUnix ? null : new SourceBinding(link.source, share);
    this.options = this.isUnix ? [] : optionsOf(conf, proxy);
    this.usesClientPort = at.kind === 'ip' && (at.port === 0 || at.portOffset);
    this.isWildcard = at.kind === 'ip' && (at.host === '0.0.0.0' || at.host === '::');
    this.isPrivate = this.source?.isPrivate ?? false;
    const tellsSession = link.proxyHeader !== null || link.connectionName !== null;
    this.followsClient = link.namespace === CLIENTS_NAMESPACE;
    this.isKeyed = this.followsClient || tellsSession || this.usesClientPort || this.isWildcard || this.isPrivate;
    this.isShareable = !this.isKeyed && (this.source === null || this.source.ring === null);
    this.namespaceFd = link.namespace === null || this.followsClient ? null : openNamespace(link.namespace);
    this.homeFd = link.namespace === null ? null : openOwnNamespace();
  }

  /** The server has no address yet. */
  static of(conf: ServerConf, proxy: ProxyConf, share: number): Connector | null {
    const { address } = conf;
    if (address.kind === 'unix') {
      return new Connector(conf, proxy, encodeAddress({ family: 'unix', path: address.path }), share);
    }
    if (isIP(address.host) === 0) return null;
    return new Connector(conf, proxy, encodeIp(address.host, Math.max(address.port, 0)), share);
  }

  /**
   * A socket that is connected or about to be, or `-errno`. `port`: the one that the client connected to. `isFirst`: no
   * earlier attempt failed, so that data may go out with the first packet.
   */
  open(origin: SessionOrigin, port: number, isFirst: boolean): number {
    if (this.channel >= 0) return this.openPair();
    const target = this.proxy ?? this.findTarget(origin, port);
    let fd = this.openOnce(target, origin, isFirst);
    if (this.source === null || this.source.ring === null) return fd;
    for (let tries = 1; tries < PORT_TRIES && (fd === -EADDRNOTAVAIL || fd === -EADDRINUSE); tries++) {
      fd = this.openOnce(target, origin, isFirst);
    }
    return fd;
  }

  /** One end stays here; the other one goes to whoever listens at the far side of the channel. */
  private openPair(): number {
    const pair = openSocketPair();
    if (typeof pair === 'number') return pair;
    const [own, other] = pair;
    this.connecting = false;
    const sent = sendDescriptor(this.channel, other);
    closeFd(other);
    return sent < 0 ? giveUp(own, NOT_PASSED) : own;
  }

  private openOnce(target: Uint8Array, origin: SessionOrigin, isFirst: boolean): number {
    const family = target[0]!;
    const fd = this.openSocket(family, origin);
    if (fd < 0) return fd;
    for (const { level, name, value } of this.options) {
      if (name !== TCP_FASTOPEN_CONNECT || isFirst) setOption(fd, level, name, value);
    }
    if (this.source !== null) {
      const bound = this.source.bind(fd, family, origin);
      this.takenPort = bound < 0 ? 0 : this.source.takenPort;
      if (bound < 0) return giveUp(fd, bound);
    }
    const done = connectEncoded(fd, target);
    this.connecting = done < 0;
    if (done >= 0 || done === -EINPROGRESS) return fd;
    this.release(this.takenPort);
    return giveUp(fd, done);
  }

  private openSocket(family: number, origin: SessionOrigin): number {
    if (this.conf.link.namespace === null) return openSocket(family, SOCK_STREAM | SOCK_NONBLOCK);
    const namespaceFd = this.followsClient ? this.namespaces?.descriptorOf(origin.address) : this.namespaceFd;
    if (this.followsClient && namespaceFd == null) return openSocket(family, SOCK_STREAM | SOCK_NONBLOCK);
    if (namespaceFd == null || this.homeFd === null) return -ENOENT;
    return makeWithin(namespaceFd, this.homeFd, () => openSocket(family, SOCK_STREAM | SOCK_NONBLOCK));
  }

  /** The connection is closed: its port of the source's range may serve again. */
  release(port: number): void {
    this.source?.release(port);
  }

  private findTarget(origin: SessionOrigin, port: number): Uint8Array {
    const { address } = this.conf;
    let target = this.server;
    if (this.isWildcard) {
      const wanted = destinationOf(origin);
      if (wanted !== null && wanted.family !== 'unix') target = encodeIp(wanted.host, wanted.port);
      if (address.kind === 'ip' && address.port !== 0 && !address.portOffset) setPort(target, address.port);
    }
    if (this.usesClientPort && address.kind === 'ip') setPort(target, address.portOffset ? port + address.port : port);
    return target;
  }

  /** What only connections for the same kind of session have in common. */
  keyFor(origin: SessionOrigin, port: number): string {
    const { proxyHeader, connectionName } = this.conf.link;
    const target = this.usesClientPort || this.isWildcard ? hex(this.findTarget(origin, port)) : '';
    const header = proxyHeader === null ? '' : hex(this.encodeHeader(origin)!);
    const source = this.isPrivate ? `${origin.address.host} ${origin.address.port}` : '';
    const namespace = this.followsClient ? (this.namespaces?.descriptorOf(origin.address) ?? '') : '';
    const shared = `${target} ${header} ${source} ${namespace}`;
    return connectionName === null ? shared : `${shared} ${this.samples?.nameFor(origin) ?? ''}`;
  }

  /** The request to the SOCKS4 proxy; null when the server's address is none that version 4 knows. */
  encodeSocksRequest(origin: SessionOrigin, port: number): Uint8Array | null {
    const target = this.findTarget(origin, port);
    if (target[0] !== AF_INET) return null;
    return encodeSocks4(target.subarray(4, 8), (target[2]! << 8) | target[3]!);
  }

  /** What the server is told before the session's own bytes, or null. */
  encodeHeader(origin: SessionOrigin): Uint8Array | null {
    const { proxyHeader } = this.conf.link;
    if (proxyHeader === null) return null;
    const namespace = this.namespaces?.fieldOf(origin.address) ?? null;
    return encodeHeader(proxyHeader, origin, this.samples?.makeFields(origin), namespace);
  }
}

function giveUp(fd: number, error: number): number {
  closeFd(fd);
  return error;
}

function encodeIp(host: string, port: number): Uint8Array {
  return encodeAddress({ family: host.includes(':') ? 6 : 4, host, port });
}

function setPort(address: Uint8Array, port: number): void {
  if (address[0] === AF_UNIX) return;
  address[2] = (port >> 8) & 255;
  address[3] = port & 255;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Set on every socket, in this order. */
function optionsOf(conf: ServerConf, proxy: ProxyConf): Option[] {
  const { link } = conf;
  const { smartConnect, serverProbes } = proxy.link;
  const options: Option[] = [];
  const tcp = (name: number, value: number | null) => {
    if (value !== null) options.push({ level: SOL_TCP, name, value });
  };
  if (proxy.srvtcpka) {
    options.push({ level: SOL_SOCKET, name: SO_KEEPALIVE, value: 1 });
    tcp(TCP_KEEPCNT, serverProbes.count);
    tcp(TCP_KEEPIDLE, serverProbes.idleSeconds);
    tcp(TCP_KEEPINTVL, serverProbes.intervalSeconds);
  }
  tcp(TCP_USER_TIMEOUT, link.userTimeoutMs);
  if (smartConnect && proxy.mode === 'http') tcp(TCP_QUICKACK, 0);
  if (link.fastOpen) tcp(TCP_FASTOPEN_CONNECT, 1);
  return options;
}
