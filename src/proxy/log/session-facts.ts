/**
 * Fills in what only formats and expressions of the user's own read of a session: numbers of the listener, addresses on
 * both sides of the proxy, the configuration of who serves it. Costs a system call where `needs` says so.
 */
import type { ProxyConf } from '../../config/haproxy.ts';
import type { SocketAddress } from '../../os/address.ts';
import type { ClientAddress } from '../client-address.ts';
import type { Frontend } from '../frontend.ts';
import type { Listener } from '../listener.ts';
import type { Server } from '../server.ts';
import type { SessionRecord } from './record.ts';

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
