/** A connection to a server: a socket end that knows its server and may rest among its idle ones. */

import { AF_INET, AF_INET6, AF_UNIX } from '../os/address.ts';
import { EINPROGRESS } from '../os/libc.ts';
import {
  bindSocket,
  connectAt,
  openSocket,
  SO_KEEPALIVE,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  setOption,
} from '../os/socket.ts';
import type { BufferPool } from './buffers.ts';
import type { Loop } from './loop.ts';
import type { Server } from './server.ts';
import { type EndOwner, SocketEnd } from './socket-end.ts';

/** The owner of a connection at rest: whatever happens to it, it cannot be used any more. */
const resting: EndOwner = {
  onEnd(end: SocketEnd): void {
    (end as ServerConnection).discard();
  },
};

export class ServerConnection extends SocketEnd {
  readonly server: Server;
  /** Place among the idle ones, -1 while at work. */
  idleIndex = -1;

  constructor(fd: number, server: Server, loop: Loop, pool: BufferPool, owner: EndOwner, connecting: boolean) {
    super(fd, loop, pool, owner, connecting, server.address!.view.getUint16(0, true) === AF_UNIX);
    this.server = server;
  }

  /** After a request: keeps it for the next one, or closes it. */
  rest(): void {
    this.owner = resting;
    const { idle } = this.server;
    if (this.error !== 0 || this.finAnnounced || this.readable || idle === null || !idle.keep(this)) this.discard();
  }

  /** Closes; a reset leaves no TIME_WAIT on our side, which would use up the local ports. */
  discard(): void {
    this.server.idle?.remove(this);
    this.close(!this.ended && this.error === 0);
  }
}

/**
 * Starts a connection. `port`: the client's destination port, for servers that take theirs from it.
 * Returns the connection or `-errno`.
 */
export function openServerConnection(
  server: Server,
  port: number,
  loop: Loop,
  pool: BufferPool,
  owner: EndOwner,
): ServerConnection | number {
  const region = server.address!;
  const family = region.view.getUint16(0, true);
  const fd = openSocket(family, SOCK_STREAM | SOCK_NONBLOCK);
  if (fd < 0) return fd;
  prepareSocket(fd, server, family);
  if (family !== AF_UNIX) setPort(server, port);
  const done = connectAt(fd, region.address, server.addressLength);
  const connection = new ServerConnection(fd, server, loop, pool, owner, done < 0);
  if (done < 0 && done !== -EINPROGRESS) {
    connection.close();
    return done;
  }
  const watched = connection.open();
  if (watched === 0) return connection;
  connection.close();
  return watched;
}

function prepareSocket(fd: number, server: Server, family: number): void {
  if (server.proxy.srvtcpka) setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  const source = server.conf.link.source?.host ?? null;
  if (source === null || (family !== AF_INET && family !== AF_INET6)) return;
  bindSocket(fd, { family: family === AF_INET ? 4 : 6, host: source, port: 0 });
}

/** Port 0 or an offset: from the port that the client connected to. */
function setPort(server: Server, port: number): void {
  const { address } = server.conf;
  if (address.kind !== 'ip' || (address.port !== 0 && !address.portOffset)) return;
  server.address!.view.setUint16(2, address.portOffset ? port + address.port : port);
}
