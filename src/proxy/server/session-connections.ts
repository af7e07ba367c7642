/**
 * Connections to servers that belong to one client's session (manual: `http-reuse never`, `max-session-srv-conns`,
 * `option prefer-last-server`): those that carry the client's address, or that an authentication ties to it. They rest
 * here between the session's requests and end with it.
 */
import type { Backend } from './backend.ts';
import type { Server } from './server.ts';
import type { ServerConnection, Shelf } from './server-connection.ts';

export class SessionConnections implements Shelf {
  private readonly list: ServerConnection[] = [];
  private readonly most: number;

  /** `most`: how many may rest. */
  constructor(most: number) {
    this.most = most;
  }

  /** One to this server, the latest first, or null. */
  take(server: Server, key: string): ServerConnection | null {
    for (let i = this.list.length - 1; i >= 0; i--) {
      const connection = this.list[i]!;
      if (connection.server !== server || connection.key !== key) continue;
      this.remove(connection);
      connection.leaveShelf();
      return connection;
    }
    return null;
  }

  /** False: there are enough. */
  keep(connection: ServerConnection): boolean {
    if (this.list.length >= this.most) return false;
    connection.lieOn(this, this.list.length);
    this.list.push(connection);
    return true;
  }

  /** Nobody else knows of them: they are always there. */
  remove(connection: ServerConnection): boolean {
    const at = connection.shelfIndex;
    const last = this.list.pop()!;
    if (last !== connection) {
      this.list[at] = last;
      last.shelfIndex = at;
    }
    return true;
  }

  /** The server that the session is to stay at: that of its latest connection that has room; `isTied`: room or not. */
  findServer(backend: Backend, isTied: boolean): Server | null {
    if (!isTied && !backend.conf.link.preferLastServer) return null;
    const { maxKeepAliveQueue } = backend.conf.link;
    const found = this.list.findLast(
      ({ server }) => server.proxy === backend.conf && server.usable && (isTied || hasRoom(server, maxKeepAliveQueue)),
    );
    return found?.server ?? null;
  }

  /** The session is over. */
  closeAll(): void {
    for (const connection of this.list.slice()) connection.discard();
  }
}

function hasRoom(server: Server, maxKeepAliveQueue: number): boolean {
  return maxKeepAliveQueue === 0 || server.hasRoom() || server.queue.length + 1 < maxKeepAliveQueue;
}
