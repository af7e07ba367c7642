/**
 * One attempt at a connection to a server that was chosen: one at rest if the mode allows it, else a new one, through a
 * SOCKS4 proxy if that is asked for, with what has to be said first on it (manual: `http-reuse`, server `socks4`,
 * `send-proxy`).
 *
 *     aim -> takeResting ------------------------------------> standing
 *        `-> open -> (SOCKS4 answer ->) PROXY header --------> standing, or failed
 *
 * One a dispatch, used for one attempt after another. Not here: which server, the time that an attempt may take, and
 * what follows a failure (dispatch.ts).
 */
import type { ProxyLink, RetryOn } from '../../config/server-link.ts';
import { MSG_MORE, MSG_NOSIGNAL, SOL_TCP, sendAt, setOption, TCP_NODELAY } from '../../os/socket.ts';
import { isSocks4Granted, SOCKS4_ANSWER } from '../../wire/socks4.ts';
import { copyBytes } from '../loop/buffers.ts';
import type { EndOwner, SocketEnd } from '../loop/socket-end.ts';
import type { WorkerContext } from '../worker-context.ts';
import type { Server } from './server.ts';
import { adoptConnection, openServerConnection, type ServerConnection } from './server-connection.ts';
import type { SessionOrigin } from './session-origin.ts';
import type { TakenOver } from './shared-idle.ts';

/** Which idle connections a session may use: none, those for a client's first request, those for later ones. */
export const REUSE_NONE = 0;
export const REUSE_FIRST = 1;
export const REUSE_LATER = 2;
export type Reuse = typeof REUSE_NONE | typeof REUSE_FIRST | typeof REUSE_LATER;

/** Of a connection that was opened: its answer is awaited, or it stands at once. */
const OPENING = 0;
export const ESTABLISHED = 1;

export interface AttemptOwner {
  onStanding(connection: ServerConnection, reused: boolean): void;
  /** `atOnce`: refused rather than timed out. */
  onAttemptFailed(atOnce: boolean): void;
}

export class ServerAttempt implements EndOwner {
  private server!: Server;
  private port = 0;
  /** What connections for this session have in common with nobody else's; '' when all are alike. */
  key = '';
  /** Being made. */
  private connection: ServerConnection | null = null;
  /** A SOCKS4 proxy was asked, and so much of its answer has come. */
  private asked = false;
  private answered = 0;
  private readonly worker: WorkerContext;
  private readonly origin: SessionOrigin;
  private readonly owner: AttemptOwner;

  constructor(worker: WorkerContext, origin: SessionOrigin, owner: AttemptOwner) {
    this.worker = worker;
    this.origin = origin;
    this.owner = owner;
  }

  /** `port`: where the client connected, for servers that take theirs from it. */
  aim(server: Server, port: number): void {
    const connector = server.connector!;
    this.server = server;
    this.port = port;
    this.key = connector.isKeyed ? connector.keyFor(this.origin, port) : '';
  }

  // ---- a connection at rest ----------------------------------------------------------------------------------------

  /** A client's first request only gets a connection that the mode calls safe: it could not be repeated silently. */
  takeResting(reuse: Reuse, { httpReuse, retryOn }: ProxyLink): ServerConnection | null {
    const { key } = this;
    const { idle } = this.server;
    if (httpReuse === 'never') return null;
    if (reuse === REUSE_LATER || repeatsLost(retryOn)) {
      return idle.takeFresh(key) ?? idle.takeSafe(key) ?? this.adopt(idle.takeOver(false, true));
    }
    if (httpReuse === 'safe') return null;
    const always = httpReuse === 'always';
    const own = idle.takeSafe(key) ?? (always ? idle.takeFresh(key) : null);
    return own ?? this.adopt(idle.takeOver(true, always));
  }

  private adopt(taken: TakenOver | null): ServerConnection | null {
    return taken === null ? null : adoptConnection(this.server, taken, this.worker.loop, this.worker.buffers, this);
  }

  // ---- a new one ---------------------------------------------------------------------------------------------------

  /** OPENING, ESTABLISHED (`establish` is due then) or `-errno`. `isFirst`: not another try. */
  open(isFirst: boolean): number {
    const { server, origin, key, port } = this;
    const { loop, buffers } = this.worker;
    this.asked = false;
    const opened = openServerConnection(server, origin, key, port, isFirst, loop, buffers, this);
    if (typeof opened === 'number') return opened;
    this.connection = opened;
    return opened.connecting ? OPENING : ESTABLISHED;
  }

  onEnd(end: SocketEnd): void {
    if (end !== this.connection || end.closed) return;
    if (end.error !== 0) this.owner.onAttemptFailed(!end.timedOut);
    else if (this.asked) {
      if (end.readable) this.readAnswer(this.connection);
    } else if (!end.connecting) this.establish();
  }

  /** The way to the server, or to the proxy before it, is open. */
  establish(): void {
    const connection = this.connection!;
    const connector = connection.server.connector!;
    if (!connector.viaSocks4) {
      this.greet(connection);
      return;
    }
    const request = connector.encodeSocksRequest(this.origin, this.port);
    this.asked = true;
    this.answered = 0;
    if (request === null || !this.write(connection, request)) this.owner.onAttemptFailed(true);
  }

  /** The SOCKS4 proxy has answered, in part at least. */
  private readAnswer(connection: ServerConnection): void {
    const { scratch } = this.worker;
    const n = connection.read(scratch.address, SOCKS4_ANSWER - this.answered);
    if (n < 0) this.owner.onAttemptFailed(true);
    if (n <= 0) return;
    // The first two bytes decide; a peer that sends them apart from each other is none that we know.
    const isGranted = this.answered > 0 || (n > 1 && isSocks4Granted(scratch.bytes, 0));
    this.answered += n;
    if (!isGranted) this.owner.onAttemptFailed(true);
    else if (this.answered === SOCKS4_ANSWER) this.greet(connection);
  }

  private greet(connection: ServerConnection): void {
    const header = connection.server.connector!.encodeHeader(this.origin);
    const more = this.origin.requestBytes !== null;
    if (header !== null && !this.write(connection, header, more)) {
      this.owner.onAttemptFailed(true);
      return;
    }
    // What the client says next must not wait until the header is acknowledged.
    if (header !== null && !more) setOption(connection.fd, SOL_TCP, TCP_NODELAY, 1);
    this.connection = null;
    this.owner.onStanding(connection, false);
  }

  /** A new connection's buffer takes so little at once. `more` follows: both may go out as one packet. */
  private write(connection: ServerConnection, bytes: Uint8Array, more = false): boolean {
    const { out } = this.worker;
    copyBytes(out.bytes, 0, bytes, 0, bytes.length);
    return sendAt(connection.fd, out.address, bytes.length, MSG_NOSIGNAL | (more ? MSG_MORE : 0)) === bytes.length;
  }

  /** Gives up what is being made. */
  drop(): void {
    this.connection?.close();
    this.connection = null;
  }
}

/** A request that meets a dead connection is sent again anyway, so that the first one may run the risk as well. */
function repeatsLost({ connFailure, emptyResponse, responseTimeout }: RetryOn): boolean {
  return connFailure && emptyResponse && responseTimeout;
}
