/**
 * The timeouts of two ends that pass bytes to each other (manual: `timeout client|server|client-fin|server-fin|tunnel`).
 *
 * An end is waited for while it may still send, or while it does not take what is there. Every byte either way begins
 * both ends' time anew. Once an end was told FIN its `-fin` timeout holds; while both talk `timeout tunnel` does. An end
 * that has said FIN itself and takes what it gets has no limit: the other end's decides.
 */
import type { Timeouts } from '../config/haproxy.ts';
import type { Deadlines } from './loop/deadlines.ts';
import type { Loop } from './loop/loop.ts';
import type { SocketEnd } from './loop/socket-end.ts';

export class HalfTimeouts {
  private readonly loop: Loop;
  private readonly deadlines: Deadlines;
  private readonly client: SocketEnd;
  private readonly server: SocketEnd;
  /** Of the frontend and of the backend. */
  private readonly own: Timeouts;
  private readonly back: Timeouts;

  constructor(loop: Loop, deadlines: Deadlines, client: SocketEnd, server: SocketEnd, own: Timeouts, back: Timeouts) {
    this.loop = loop;
    this.deadlines = deadlines;
    this.client = client;
    this.server = server;
    this.own = own;
    this.back = back;
  }

  /** Something moved. */
  touch(): void {
    this.deadlines.setClient(isAwaited(this.client) ? this.clientLimit : null);
    this.deadlines.setServer(isAwaited(this.server) ? this.serverLimit : null);
  }

  /** An end has said FIN or was told so. */
  touchFin(): void {
    const { client, server, own, back } = this;
    if (!isAwaited(client)) this.deadlines.setClient(null);
    else if (client.finSent && own.clientFinMs !== null) this.deadlines.setClient(own.clientFinMs);
    if (!isAwaited(server)) this.deadlines.setServer(null);
    else if (server.finSent && back.serverFinMs !== null) this.deadlines.setServer(back.serverFinMs);
  }

  private get clientLimit(): number | null {
    const fin = this.client.finSent ? this.own.clientFinMs : null;
    return fin ?? this.back.tunnelMs ?? this.own.clientMs;
  }

  private get serverLimit(): number | null {
    const fin = this.server.finSent ? this.back.serverFinMs : null;
    return fin ?? this.back.tunnelMs ?? this.back.serverMs;
  }

  /** Whether a deadline that has passed is a true one; else its time begins anew. */
  isOver(which: 'client' | 'server'): boolean {
    const end = which === 'client' ? this.client : this.server;
    if (!isAwaited(end)) return false;
    const limit = which === 'client' ? this.clientLimit : this.serverLimit;
    if (end.drained || limit === null) return true;
    const left = end.flushedAt + limit - this.loop.now;
    if (left <= 0) return true;
    this.deadlines.set(which, left);
    return false;
  }
}

/** More may come from it, or it has to take what is there. */
function isAwaited(end: SocketEnd): boolean {
  return !end.ended || !end.drained;
}
