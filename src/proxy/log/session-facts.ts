/**
 * Fills in what only formats and expressions of the user's own read of a session: numbers of the listener, addresses on
 * both sides of the proxy, the configuration of who serves it. Costs a system call where `needs` says so.
 */
import type { ProxyConf } from '../../config/haproxy.ts';
import type { SocketAddress } from '../../os/address.ts';
import { PROCESS_ROW, SCUR } from '../counter-layout.ts';
import type { Frontend } from '../frontend.ts';
import type { ClientAddress } from '../listener/client-address.ts';
import type { Listener } from '../listener/listener.ts';
import type { Server } from '../server/server.ts';
import type { WorkerContext } from '../worker-context.ts';
import { BAD_REQUEST, type SessionRecord } from './record.ts';

export interface SessionParties {
  readonly frontend: Frontend;
  readonly listener: Listener;
  readonly address: ClientAddress;
  /** Where the session came to. */
  readonly backend: ProxyConf | null;
  readonly server: Server | null;
  /** Where the server's connection was made from: null when nobody asks, or there was none. */
  readonly source: SocketAddress | null;
}

export function fillFacts(r: SessionRecord, parties: SessionParties): void {
  const { frontend, listener, address, backend, server, source } = parties;
  r.clientFamily = address.family;
  r.listenerName = listener.conf.name;
  r.listenerId = listener.conf.options.socketId;
  r.frontendConf = frontend.conf;
  r.backendConf = backend;
  r.serverConf = server?.conf ?? null;
  r.sourceHost = source === null ? null : source.family === 'unix' ? 'unix' : source.host;
  r.sourcePort = source === null || source.family === 'unix' ? 0 : source.port;
  fillServerAddress(r, server);
}

/** What there is to tell of a connection that did not become a session: it never came to a backend. */
export function fillFailure(
  r: SessionRecord,
  listener: Listener,
  worker: WorkerContext,
  address: ClientAddress,
  message: string,
): void {
  const { frontend } = listener;
  fillFacts(r, { frontend, listener, address, backend: null, server: null, source: null });
  r.mode = frontend.conf.mode;
  r.backend = frontend.conf.name;
  r.requestAtMs = r.acceptedAtMs;
  r.cause = 'P';
  r.phase = 'R';
  r.status = 0;
  r.idleMs = 0;
  r.request = BAD_REQUEST;
  r.failure = message;
  r.requestNumber = worker.numberRequest();
  r.actconn = worker.counters.mineNow(PROCESS_ROW, SCUR);
  r.feconn = worker.counters.mineNow(frontend.row, SCUR);
}

/** As configured; a port of 0, or one that is added to, follows the client's. */
function fillServerAddress(r: SessionRecord, server: Server | null): void {
  if (server === null) {
    r.serverHost = null;
    return;
  }
  const { address } = server.conf;
  if (address.kind === 'unix') {
    r.serverHost = 'unix';
    r.serverPort = 0;
    return;
  }
  r.serverHost = address.host;
  r.serverPort = address.portOffset || address.port === 0 ? r.localPort + address.port : address.port;
}
