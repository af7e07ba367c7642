/**
 * What an exchange becomes once a server has agreed to leave HTTP (RFC 9110, 7.8 and 9.3.6; manual: `timeout tunnel`):
 * bytes both ways until the server's side ends, one side breaks, or a timeout strikes.
 *
 * It ends as a response does that only the end of its connection ends: with the server's side, once the client has
 * taken all of it; behind CONNECT each side ends by itself. The exchange keeps the connections; relay.ts moves the bytes, half-timeouts.ts has the limits.
 */
import { METHOD_CONNECT } from '../../wire/http1-head.ts';
import type { Frontend } from '../frontend.ts';
import { HalfTimeouts } from '../half-timeouts.ts';
import type { Deadlines } from '../loop/deadlines.ts';
import type { SocketEnd } from '../loop/socket-end.ts';
import { Relay, type RelayOwner } from '../relay.ts';
import type { ServerConnection } from '../server/server-connection.ts';
import { spliceDirections } from '../splicing.ts';
import type { EndCause, Phase } from '../stream-end.ts';
import type { WorkerContext } from '../worker-context.ts';
import type { HttpInput } from './http-input.ts';
import type { HttpReport } from './http-report.ts';
import type { Transaction } from './http-transaction.ts';

export interface TunnelOwner {
  readonly frontend: Frontend;
  readonly client: SocketEnd;
  readonly report: HttpReport;
  readonly transaction: Transaction;
  onTunnelEnd(cause: EndCause, phase: Phase): void;
}

export class HttpTunnel implements RelayOwner {
  readonly bearsResets = false;
  private readonly owner: TunnelOwner;
  private readonly connection: ServerConnection;
  private readonly relay: Relay;
  private readonly halves: HalfTimeouts;
  /** The first timeout that struck. */
  private struck: EndCause = 'normal';
  private stopped = false;

  constructor(worker: WorkerContext, owner: TunnelOwner, connection: ServerConnection, deadlines: Deadlines) {
    const { frontend, client } = owner;
    const back = frontend.backend!.conf;
    this.owner = owner;
    this.connection = connection;
    this.relay = new Relay(worker, client, connection, this, spliceDirections(frontend.conf, back));
    this.halves = new HalfTimeouts(worker.loop, deadlines, client, connection, frontend.conf.timeouts, back.timeouts);
  }

  /** `input`: what the client sent ahead belongs to the server. */
  start(input: HttpInput): void {
    this.halves.touch();
    input.moveTo(this.connection);
    this.relay.move();
  }

  stop(): void {
    this.stopped = true;
    this.relay.stop();
  }

  onClient(): void {
    this.relay.onEnd(this.owner.client);
    this.endServed();
  }

  onServer(): void {
    this.relay.onEnd(this.connection);
  }

  onRelayed(fromClient: boolean, bytes: number): void {
    const { report, frontend } = this.owner;
    if (fromClient) report.bytesIn += bytes;
    else report.bytesOut += bytes;
    this.halves.touch();
    if (frontend.conf.http.contstats) report.countTraffic();
  }

  onRelayFin(): void {
    this.halves.touchFin();
    this.endServed();
  }

  /** The server has said all, and the client has it. Behind CONNECT the client may go on even so. */
  private endServed(): void {
    if (this.owner.transaction.method === METHOD_CONNECT) return;
    if (!this.stopped && this.connection.ended && this.owner.client.drained) this.onRelayEnd(null);
  }

  onRelayEnd(broken: SocketEnd | null): void {
    const { owner, struck } = this;
    if (struck !== 'normal') owner.onTunnelEnd(struck, 'D');
    else if (broken === null) owner.onTunnelEnd('normal', '-');
    else owner.onTunnelEnd(broken === owner.client ? 'client-abort' : 'server-abort', 'D');
  }

  /** A side's deadline has passed. */
  onSilence(which: 'client' | 'server'): void {
    if (!this.halves.isOver(which)) return;
    if (this.struck === 'normal') this.struck = which === 'client' ? 'client-timeout' : 'server-timeout';
    // A client that is silent ends the tunnel; to a server's last words it is still listening.
    if (which === 'client') this.owner.onTunnelEnd(this.struck, 'D');
    else this.relay.giveUp(this.connection);
  }
}
