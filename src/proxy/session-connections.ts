/**
 * Connections to servers that belong to one client's session (manual: `http-reuse never`, `max-session-srv-conns`,
 * `option prefer-last-server`): those that carry the client's address, or that an authentication ties to it. They rest
 * here between the session's requests and end with it.
 */
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

  /** The server of the latest one that `isWanted`. */
  findServer(isWanted: (server: Server) => boolean): Server | null {
    return this.list.findLast(({ server }) => isWanted(server))?.server ?? null;
  }

  /** The session is over. */
  closeAll(): void {
    for (const connection of this.list.slice()) connection.discard();
  }
}
