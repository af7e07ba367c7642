/**
 * A connection to a server: a socket end that knows its server and what it was made for, and may rest between requests,
 * among the server's idle ones (idle-connections.ts) or with the session that it belongs to (session-connections.ts).
 */
import type { BufferPool } from '../loop/buffers.ts';
import type { Loop } from '../loop/loop.ts';
import { type EndOwner, SocketEnd } from '../loop/socket-end.ts';
import type { Server } from './server.ts';
import type { SessionOrigin } from './session-origin.ts';
import type { TakenOver } from './shared-idle.ts';

/** Keeps connections at rest, and is told when one of them is gone. */
export interface Shelf {
  /** False: another worker has taken the connection over. */
  remove(connection: ServerConnection): boolean;
}

/**
 * The owner of a connection at rest: what the server says or does then means that it cannot be used any more. An event that
 * tells only that it is writable means nothing: it comes when bytes arrived while others of the same response were read.
 */
const resting: EndOwner = {
  onEnd(end: SocketEnd): void {
    if (end.readable || end.finAnnounced || end.error !== 0) (end as ServerConnection).discard();
  },
};

export class ServerConnection extends SocketEnd {
  readonly server: Server;
  /** Only a request of a session with the same key may use it; '' where all connections to the server are alike. */
  readonly key: string;
  /** It is its session's own. */
  isPrivate: boolean;
  /** Where it rests, null while at work, and its place there. */
  shelf: Shelf | null = null;
  shelfIndex = -1;
  /** Where it is offered to other workers, -1: nowhere. */
  slot = -1;
  /** Requests that it has served. */
  requests = 0;
  private readonly port: number;

  constructor(
    fd: number,
    server: Server,
    key: string,
    loop: Loop,
    pool: BufferPool,
    owner: EndOwner,
    connecting: boolean,
  ) {
    const connector = server.connector!;
    super(fd, loop, pool, owner, connecting, connector.isUnix);
    this.server = server;
    this.key = key;
    this.isPrivate = connector.isPrivate || server.proxy.link.httpReuse === 'never';
    this.port = connector.takenPort;
    server.idle.countUse();
  }

  /** Whether another request may be sent on it. */
  get isFit(): boolean {
    const { maxReuse } = this.server.conf.link;
    return (
      this.error === 0 &&
      !this.finAnnounced &&
      !this.readable &&
      this.drained &&
      (maxReuse < 0 || this.requests <= maxReuse)
    );
  }

  /** It rests on a shelf: nobody but the shelf knows it now. */
  lieOn(shelf: Shelf, index: number): void {
    this.owner = resting;
    this.readsAhead = false;
    this.shelf = shelf;
    this.shelfIndex = index;
    this.server.idle.countEnd();
  }

  /** False: another worker has taken it over, and its descriptor's number is by now that of another connection here. */
  get isWatched(): boolean {
    return this.loop.serves(this.fd, this);
  }

  /** Back to work. */
  leaveShelf(): void {
    this.shelf = null;
    this.shelfIndex = -1;
    this.slot = -1;
    this.loop.adopt(this.fd);
    this.server.idle.countUse();
  }

  /** Closes; a reset leaves no TIME_WAIT on our side, which would use up the local ports. */
  discard(): void {
    this.close(!this.ended && !this.finAnnounced && this.error === 0);
  }

  /** Another worker has it: its descriptor is not ours any more. */
  lose(): void {
    this.closed = true;
    this.loop.release(this.fd, this);
  }

  override close(reset = false): void {
    if (this.closed) return;
    const { shelf } = this;
    if (shelf === null) this.server.idle.countEnd();
    else if (!shelf.remove(this)) {
      this.lose();
      return;
    }
    super.close(reset);
    this.server.connector!.release(this.port);
  }
}

/**
 * Starts a connection. `port`: the client's destination port, for servers that take theirs from it. Returns the
 * connection or `-errno`.
 */
export function openServerConnection(
  server: Server,
  origin: SessionOrigin,
  key: string,
  port: number,
  isFirst: boolean,
  loop: Loop,
  pool: BufferPool,
  owner: EndOwner,
): ServerConnection | number {
  const connector = server.connector!;
  const fd = connector.open(origin, port, isFirst);
  if (fd < 0) return fd;
  const connection = new ServerConnection(fd, server, key, loop, pool, owner, connector.connecting);
  const watched = connection.open();
  if (watched === 0) return connection;
  connection.close();
  return watched;
}

/** Goes on with a connection that rested with another worker; null when it cannot be watched. */
export function adoptConnection(
  server: Server,
  { fd, isSafe }: TakenOver,
  loop: Loop,
  pool: BufferPool,
  owner: EndOwner,
): ServerConnection | null {
  const connection = new ServerConnection(fd, server, '', loop, pool, owner, false);
  connection.requests = isSafe ? 2 : 1;
  if (connection.open() === 0) return connection;
  connection.close();
  return null;
}
