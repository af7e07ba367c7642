/**
 * What is counted for each frontend, backend, server and listener, and where it lies in a row.
 *
 * A row is `ROW_WIDTH` doubles (totals, maxima, rates, times) and `GAUGE_WIDTH` 32-bit integers (what is going on
 * now). Names follow HAProxy's statistics columns where there is one. Changing anything here needs a new
 * `LAYOUT_VERSION`: another version's memory is not read.
 */
import { createHash } from 'node:crypto';
import type { ProxyConf } from '../config/haproxy.ts';
import type { ProxySlice } from '../config/slice.ts';

export const LAYOUT_VERSION = 3;

/** Totals and maxima: index of a double in a row. */
export const STOT = 0;
export const BIN = 1;
export const BOUT = 2;
export const DREQ = 3;
export const DRESP = 4;
export const EREQ = 5;
export const ECON = 6;
export const ERESP = 7;
export const WRETR = 8;
export const WREDIS = 9;
export const LBTOT = 10;
/** Responses by class: `HRSP + 1` for 1xx ... `HRSP + 5` for 5xx, `HRSP` for others. */
export const HRSP = 11;
export const REQ_TOT = 17;
export const CLI_ABRT = 18;
export const SRV_ABRT = 19;
export const CONN_TOT = 20;
export const INTERCEPTED = 21;
export const DCON = 22;
export const DSES = 23;
export const WREW = 24;
export const CONNECT = 25;
export const REUSE = 26;
export const EINT = 27;
/** Milliseconds since the epoch of the last session, 0 for none. */
export const LAST_SESSION = 28;
/** Maxima: a reader takes the greatest over the slots. */
export const SMAX = 29;
export const QMAX = 30;
export const QTIME_MAX = 31;
export const CTIME_MAX = 32;
export const RTIME_MAX = 33;
export const TTIME_MAX = 34;
/** Sliding sums over the last `TIME_WINDOW` sessions, and how many sessions went in. */
export const QTIME = 35;
export const CTIME = 36;
export const RTIME = 37;
export const TTIME = 38;
export const TIMED = 39;
/** Rates: four doubles each (second, events in it, events in the one before, greatest seen). */
export const SESS_RATE = 40;
export const CONN_RATE = 44;
export const REQ_RATE = 48;

export const ROW_WIDTH = 64;
export const TIME_WINDOW = 512;

/** Gauges: index of an i32 in a row. */
export const SCUR = 0;
export const QCUR = 1;
/** Idle connections to a server; SAFE: of these, fit for a client's first request. */
export const IDLE_CUR = 2;
export const SAFE_CUR = 3;
/** Sessions handed to a server, which its `maxconn` bounds (SCUR also counts those still waiting for it). */
export const SERVED = 4;
/** Connections to a server at work, and how many were needed at once lately. */
export const USED_CUR = 5;
export const NEED_CONNS = 6;
/** Since when the first in line waits: milliseconds of a clock that wraps around; 0: nobody does. */
export const WAITING_SINCE = 7;
export const GAUGE_WIDTH = 8;

/** Which row belongs to what. Row 0 is the process. */
export interface RowMap {
  readonly rows: number;
  /** Tells configurations apart: rows keep their meaning only within one shape. */
  readonly shape: string;
  readonly frontends: ReadonlyMap<number, number>;
  readonly backends: ReadonlyMap<number, number>;
  readonly listeners: ReadonlyMap<number, number>;
  /** By `serverKey`. */
  readonly servers: ReadonlyMap<string, number>;
}

export const PROCESS_ROW = 0;

export function serverKey(proxyId: number, serverId: number): string {
  return `${proxyId}/${serverId}`;
}

export function mapRows(slice: ProxySlice): RowMap {
  const frontends = new Map<number, number>();
  const backends = new Map<number, number>();
  const listeners = new Map<number, number>();
  const servers = new Map<string, number>();
  const names: string[] = [];
  let rows = PROCESS_ROW + 1;
  const take = (name: string): number => {
    names.push(name);
    return rows++;
  };
  for (const proxy of slice.proxies) {
    frontends.set(proxy.id, take(`f ${proxy.id} ${proxy.name}`));
    for (const listener of proxy.listeners) listeners.set(listener.id, take(`l ${JSON.stringify(listener.address)}`));
    for (const server of proxy.servers) servers.set(serverKey(proxy.id, server.id), take(nameServer(proxy, server.id)));
    backends.set(proxy.id, take(`b ${proxy.id} ${proxy.name}`));
  }
  const shape = createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 16);
  return { rows, shape, frontends, backends, listeners, servers };
}

function nameServer(proxy: ProxyConf, serverId: number): string {
  const server = proxy.servers.find((s) => s.id === serverId);
  return `s ${serverId} ${server?.name} ${JSON.stringify(server?.address)}`;
}
