/** Fetches of the connection, of who serves it, and of its times (manual, 7.3.3 to 7.3.5). Read from the record. */

import {
  TLV_ALPN,
  TLV_AUTHORITY,
  TLV_CRC32C,
  TLV_NETNS,
  TLV_NOOP,
  TLV_SSL,
  TLV_UNIQUE_ID,
} from '../../wire/proxy-protocol.ts';
import { findTlv } from '../../wire/proxy-protocol-parse.ts';
import { SCUR } from '../counter-layout.ts';
import { NEEDS_LOCAL, NEEDS_NUMBER, NEEDS_SOURCE } from '../log/needs.ts';
import type { SessionRecord } from '../log/record.ts';
import { arrivalMs, dataMs, sessionMs, userMs } from '../log/times.ts';
import { type FetchTable, made, plain } from './fetch-row.ts';
import { type IpValue, textAddress } from './value.ts';

function clientAddress(r: SessionRecord): IpValue | null {
  return r.clientFamily === 'unix' ? null : textAddress(r.clientHost);
}

function clientPort(r: SessionRecord): number | null {
  return r.clientFamily === 'unix' ? null : r.clientPort;
}

function localAddress(r: SessionRecord): IpValue | null {
  return r.localHost === 'unix' ? null : textAddress(r.localHost);
}

function localPort(r: SessionRecord): number | null {
  return r.localHost === 'unix' ? null : r.localPort;
}

/** What the kernel says, whatever a header before the connection told. */
function connectionAddress(r: SessionRecord): IpValue | null {
  const own = r.preamble?.own;
  if (own === undefined) return clientAddress(r);
  return own.family === 'unix' ? null : textAddress(own.host);
}

function connectionPort(r: SessionRecord): number | null {
  const own = r.preamble?.own;
  if (own === undefined) return clientPort(r);
  return own.family === 'unix' ? null : own.port;
}

function socketOf(r: SessionRecord): { readonly host: string; readonly port: number } | null {
  if (r.preamble === null) return r.localHost === 'unix' ? null : { host: r.localHost, port: r.localPort };
  const { socketAddress } = r;
  return typeof socketAddress === 'object' && socketAddress.family !== 'unix' ? socketAddress : null;
}

function textAddressOr(host: string | undefined): IpValue | null {
  return host === undefined ? null : textAddress(host);
}

/** Of the PROXY protocol's header, as Latin-1. */
function fieldOf({ preamble }: SessionRecord, type: number): string | null {
  const value = preamble === null ? null : findTlv(preamble.tlvs, type);
  return value === null ? null : Buffer.from(value).toString('latin1');
}

/** A number, decimal or with 0x, or one of the names that HAProxy has for them; -1 for others. */
function tlvType(text: string): number {
  const named = TLV_NAMES.get(text.toUpperCase());
  if (named !== undefined) return named;
  const number = Number(text);
  return text !== '' && Number.isInteger(number) ? number : -1;
}

const TLV_NAMES: ReadonlyMap<string, number> = new Map([
  ['ALPN', TLV_ALPN],
  ['AUTHORITY', TLV_AUTHORITY],
  ['CRC32C', TLV_CRC32C],
  ['NOOP', TLV_NOOP],
  ['UNIQUE_ID', TLV_UNIQUE_ID],
  ['SSL', TLV_SSL],
  ['NETNS', TLV_NETNS],
]);

function addressOr(host: string | null): IpValue | null {
  return host === null ? null : textAddress(host);
}

/** A time that was reached; HAProxy has no sample where a log line has -1. */
function reached(ms: number): number | null {
  return ms < 0 ? null : ms;
}

/** No timeout is 0; what never came to a backend has none. */
function ofBackend({ backendConf }: SessionRecord, key: 'serverMs' | 'tunnelMs'): number | null {
  return backendConf === null ? null : (backendConf.timeouts[key] ?? 0);
}

const nothing = plain('str', () => null);
/** What can go wrong before a session, in the order of HAProxy's numbers. */
const failures = [
  'Connection closed while waiting for PROXY protocol header',
  'Connection error while waiting for PROXY protocol header',
  'Timeout while waiting for PROXY protocol header',
  'Truncated PROXY protocol header received',
  'Received something which does not look like a PROXY protocol header',
  'Received an invalid PROXY protocol header',
  'Received an unhandled protocol in the PROXY protocol header',
  'Connection closed while waiting for NetScaler Client IP header',
  'Connection error while waiting for NetScaler Client IP header',
  'Timeout while waiting for a NetScaler Client IP header',
  'Truncated NetScaler Client IP header received',
  'Received an invalid NetScaler Client IP magic number',
  'Received an unhandled protocol in the NetScaler Client IP header',
];
const FIRST_FAILURE = 11;
const no = plain('bool', () => false);

export const sessionFetches: FetchTable = {
  src: plain('addr', clientAddress),
  src_port: plain('sint', clientPort),
  fc_src: plain('addr', connectionAddress),
  fc_src_port: plain('sint', connectionPort),
  dst: plain('addr', localAddress, NEEDS_LOCAL),
  dst_port: plain('sint', localPort, NEEDS_LOCAL),
  fc_dst: plain('addr', (r) => textAddressOr(socketOf(r)?.host), NEEDS_LOCAL),
  fc_dst_port: plain('sint', (r) => socketOf(r)?.port ?? null, NEEDS_LOCAL),
  fc_rcvd_proxy: plain('bool', (r) => r.preamble?.isProxy ?? false),
  fc_pp_authority: plain('str', (r) => fieldOf(r, TLV_AUTHORITY)),
  fc_pp_unique_id: plain('str', (r) => fieldOf(r, TLV_UNIQUE_ID)),
  fc_pp_tlv: made('str', ({ args }) => {
    const type = tlvType(args[0] ?? '');
    return (r) => fieldOf(r, type);
  }),
  fc_http_major: plain('sint', (r) => (r.mode === 'http' ? 1 : null)),
  fc_err: plain('sint', (r) => (r.failure === null ? 0 : FIRST_FAILURE + failures.indexOf(r.failure))),
  fc_err_str: plain('str', (r) => r.failure ?? 'Success'),
  dst_conn: made('sint', ({ world }) => (r) => {
    const row = r.frontendConf === null ? undefined : world.rows.frontends.get(r.frontendConf.id);
    return row === undefined ? null : world.counters.mineNow(row, SCUR);
  }),
  // TLS is not spoken here, so that these are known.
  ssl_fc: no,
  ssl_fc_is_resumed: no,
  ssl_fc_has_sni: no,
  ssl_c_used: plain('bool', () => null),
  ssl_bc: no,
  ssl_fc_err: plain('sint', () => null),
  ssl_c_err: plain('sint', () => null),
  ssl_c_ca_err: plain('sint', () => null),
  ssl_c_verify: plain('sint', () => null),
  ssl_fc_sni: nothing,
  ssl_fc_protocol: nothing,
  ssl_fc_cipher: nothing,
  ssl_fc_alpn: nothing,
  fe_name: plain('str', (r) => r.frontend),
  fe_id: plain('sint', (r) => r.frontendConf?.id ?? null),
  so_name: plain('str', (r) => r.listenerName),
  so_id: plain('sint', (r) => r.listenerId),
  fe_client_timeout: plain('sint', (r) => r.frontendConf?.timeouts.clientMs ?? 0),
  be_name: plain('str', (r) => r.backendConf?.name ?? null),
  be_id: plain('sint', (r) => r.backendConf?.id ?? null),
  be_server_timeout: plain('sint', (r) => ofBackend(r, 'serverMs')),
  be_tunnel_timeout: plain('sint', (r) => ofBackend(r, 'tunnelMs')),
  srv_name: plain('str', (r) => r.serverConf?.name ?? null),
  srv_id: plain('sint', (r) => r.serverConf?.id ?? null),
  bc_dst: plain('addr', (r) => addressOr(r.serverHost)),
  bc_dst_port: plain('sint', (r) => (r.serverHost === null ? null : r.serverPort)),
  bc_src: plain('addr', (r) => addressOr(r.sourceHost), NEEDS_SOURCE),
  bc_src_port: plain('sint', (r) => (r.sourceHost === null ? null : r.sourcePort), NEEDS_SOURCE),
  bc_http_major: plain('sint', (r) => (r.serverConf !== null && r.mode === 'http' ? 1 : null)),
  bytes_in: plain('sint', (r) => r.bytesIn),
  bytes_out: plain('sint', (r) => r.bytes),
  'unique-id': plain('str', (r) => r.uniqueId),
  'txn.id32': plain('sint', (r) => r.requestNumber, NEEDS_NUMBER),
  'txn.conn_retries': plain('sint', (r) => r.retries),
  'txn.redispatched': plain('bool', (r) => r.redispatched),
  'txn.sess_term_state': plain('str', (r) => r.cause + r.phase),
  'txn.timer.total': plain('sint', (r) => sessionMs(r)),
  'txn.timer.user': plain('sint', (r) => userMs(r)),
  'fc.timer.handshake': plain('sint', (r) => r.handshakeMs),
  'fc.timer.total': plain('sint', (r) => sessionMs(r)),
  'req.timer.idle': plain('sint', (r) => reached(r.idleMs)),
  'req.timer.tq': plain('sint', (r) => reached(arrivalMs(r))),
  'req.timer.hdr': plain('sint', (r) => reached(r.requestMs)),
  'req.timer.queue': plain('sint', (r) => reached(r.waitMs)),
  'bc.timer.connect': plain('sint', (r) => reached(r.connectMs)),
  'res.timer.hdr': plain('sint', (r) => reached(r.responseMs)),
  'res.timer.data': plain('sint', (r) => reached(dataMs(r))),
  bc_be_queue: plain('sint', (r) => r.backendQueue),
  bc_srv_queue: plain('sint', (r) => r.serverQueue),
};
