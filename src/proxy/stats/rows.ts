/**
 * Statistics lines of a proxy in HAProxy's order: FRONTEND, listeners, servers, BACKEND.
 *
 * Which column applies to which kind of line and mode is HAProxy's, compared with its own export (test/net/stats-csv).
 * Seconds and milliseconds as there; a total that the program does not count is left out rather than shown as 0.
 */
import type { ListenerConf, ProxyConf, ServerConf } from '../../config/haproxy.ts';
import { WEIGHT_SCALE } from '../balance/balancer.ts';
import * as C from '../counter-layout.ts';
import { cookieOfServer } from '../persistence/cookie-policy.ts';
import { findFullconn } from '../server/fullconn.ts';
import { describeCode } from '../server/health-text.ts';
import { BACKEND_TYPE, type Column, FRONTEND_TYPE, LISTENER_TYPE, type Row, SERVER_TYPE } from './columns.ts';
import { type ServerState, serverState } from './server-state.ts';
import type { StatsSource } from './source.ts';

/** Lines of one proxy. `legends`: addresses and algorithms may be shown (`stats show-legends`, or a trusted reader). */
export function proxyRows(source: StatsSource, proxy: ProxyConf, nowMs: number, legends: boolean): Row[] {
  const rows: Row[] = [];
  const states = proxy.servers.map((server) => serverState(source, proxy, server));
  if (proxy.kind !== 'backend') rows.push(frontendRow(source, proxy, nowMs));
  if (proxy.kind !== 'backend' && proxy.socketStats) {
    for (const listener of proxy.listeners) {
      rows.push(listenerRow(source, proxy, listener, legends));
    }
  }
  for (const state of states) rows.push(serverRow(source, proxy, state, nowMs, legends));
  if (proxy.kind !== 'frontend') rows.push(backendRow(source, proxy, states, nowMs, legends));
  return rows;
}

type Counts = readonly (readonly [Column, number])[];

const TRAFFIC: Counts = [
  ['stot', C.STOT],
  ['bin', C.BIN],
  ['bout', C.BOUT],
];

function addCounts(row: Row, source: StatsSource, at: number, counts: Counts): void {
  for (const [column, counter] of counts) row[column] = source.counters.sum(at, counter);
}

const RESPONSES: Counts = [
  ['hrsp_1xx', C.HRSP + 1],
  ['hrsp_2xx', C.HRSP + 2],
  ['hrsp_3xx', C.HRSP + 3],
  ['hrsp_4xx', C.HRSP + 4],
  ['hrsp_5xx', C.HRSP + 5],
  ['hrsp_other', C.HRSP],
];

/** What every line begins with. */
function startRow(source: StatsSource, proxy: ProxyConf, svname: string, type: number, at: number): Row {
  const row: Row = { pxname: proxy.name, svname, type, pid: 1, iid: proxy.id, sid: 0, mode: proxy.mode };
  row.scur = source.counters.gauge(at, C.SCUR);
  row.smax = source.counters.max(at, C.SMAX);
  addCounts(row, source, at, TRAFFIC);
  row.reqbin = row.bin!;
  row.resbout = row.bout!;
  row.eint = source.counters.sum(at, C.EINT);
  return row;
}

const FRONTEND_COUNTS: Counts = [
  ['dreq', C.DREQ],
  ['dresp', C.DRESP],
  ['ereq', C.EREQ],
  ['conn_tot', C.CONN_TOT],
  ['dcon', C.DCON],
  ['dses', C.DSES],
  ['req_tot', C.REQ_TOT],
];

function frontendRow(source: StatsSource, proxy: ProxyConf, nowMs: number): Row {
  const at = source.rows.frontends.get(proxy.id)!;
  const { counters } = source;
  const row = startRow(source, proxy, 'FRONTEND', FRONTEND_TYPE, at);
  addCounts(row, source, at, FRONTEND_COUNTS);
  row.slim = proxy.maxconn ?? source.maxconn;
  // Their listeners stay open, in the statistics of HAProxy.
  const isPaused = !proxy.disabled && !source.stopping && source.isPaused();
  row.status = isPaused ? 'PAUSED' : openText(source, proxy, counters.gauge(at, C.SCUR), row.slim);
  row.rate = counters.rate(at, C.SESS_RATE, nowMs);
  row.rate_lim = proxy.accept.sessionRate;
  row.rate_max = counters.rateMax(at, C.SESS_RATE);
  row.req_rate = counters.rate(at, C.REQ_RATE, nowMs);
  row.req_rate_max = counters.rateMax(at, C.REQ_RATE);
  row.conn_rate = counters.rate(at, C.CONN_RATE, nowMs);
  row.conn_rate_max = counters.rateMax(at, C.CONN_RATE);
  row.wrew = counters.sum(at, C.WREW);
  addCompression(row);
  if (proxy.mode === 'http') addFrontendHttp(row, source, at);
  return row;
}

function openText(source: StatsSource, proxy: ProxyConf, current: number, limit: number): string {
  if (proxy.disabled || source.stopping) return 'STOP';
  return limit > 0 && current >= limit ? 'FULL' : 'OPEN';
}

/** There is no compression; HAProxy shows zeros then. */
function addCompression(row: Row): void {
  row.comp_in = row.comp_out = row.comp_byp = row.comp_rsp = 0;
}

function addFrontendHttp(row: Row, source: StatsSource, at: number): void {
  addCounts(row, source, at, RESPONSES);
  row.cache_lookups = row.cache_hits = 0;
  row.intercepted = source.counters.sum(at, C.INTERCEPTED);
  row.h1sess = row.stot!;
  row.h1req = row.req_tot!;
  row.sess_other = row.h2sess = row.h3sess = row.req_other = row.h2req = row.h3req = 0;
}

const LISTENER_COUNTS: Counts = [
  ['dreq', C.DREQ],
  ['dresp', C.DRESP],
  ['ereq', C.EREQ],
  ['conn_tot', C.CONN_TOT],
  ['dcon', C.DCON],
  ['dses', C.DSES],
  ['wrew', C.WREW],
];

function listenerRow(source: StatsSource, proxy: ProxyConf, listener: ListenerConf, legends: boolean): Row {
  const at = source.rows.listeners.get(listener.id)!;
  const row = startRow(source, proxy, listener.name ?? `sock-${listener.options.socketId}`, LISTENER_TYPE, at);
  addCounts(row, source, at, LISTENER_COUNTS);
  row.slim = listener.maxconn ?? 0;
  row.status = openText(source, proxy, source.counters.gauge(at, C.SCUR), row.slim);
  row.sid = listener.options.socketId;
  if (legends) row.addr = addressText(listener.address);
  return row;
}

type Address =
  | { readonly kind: 'ip'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number }
  | { readonly kind: 'sockpair'; readonly fd: number };

export function addressText(address: Address): string {
  if (address.kind === 'unix') return 'unix';
  if (address.kind === 'fd' || address.kind === 'sockpair') return `${address.kind}@${address.fd}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

const SERVER_COUNTS: Counts = [
  ['dresp', C.DRESP],
  ['econ', C.ECON],
  ['eresp', C.ERESP],
  ['wretr', C.WRETR],
  ['wredis', C.WREDIS],
  ['lbtot', C.LBTOT],
  ['cli_abrt', C.CLI_ABRT],
  ['srv_abrt', C.SRV_ABRT],
  ['wrew', C.WREW],
  ['connect', C.CONNECT],
  ['reuse', C.REUSE],
];

function serverRow(source: StatsSource, proxy: ProxyConf, state: ServerState, nowMs: number, legends: boolean): Row {
  const { conf } = state;
  const at = source.rows.servers.get(C.serverKey(proxy.id, conf.id))!;
  const row = startRow(source, proxy, conf.name, SERVER_TYPE, at);
  row.sid = conf.id;
  addQueueAndTimes(row, source, at, nowMs);
  addCounts(row, source, at, SERVER_COUNTS);
  if (conf.maxconn > 0) row.slim = conf.maxconn;
  if (conf.maxqueue > 0) row.qlimit = conf.maxqueue;
  row.status = state.text;
  addWeight(row, source, proxy, conf);
  row.act = conf.backup ? 0 : 1;
  row.bck = conf.backup ? 1 : 0;
  if (state.tracked !== null) row.tracked = state.tracked;
  addHealth(row, source, state, nowMs);
  addPools(row, source, at);
  if (proxy.mode === 'http') addCounts(row, source, at, RESPONSES);
  if (proxy.mode === 'http') row.req_tot = source.counters.sum(at, C.REQ_TOT);
  if (legends) {
    row.addr = addressText(conf.address);
    const cookie = cookieOfServer(proxy, conf);
    if (cookie !== null) row.cookie = cookie;
  }
  return row;
}

/** A server that warms up shows how far it has come. */
function addWeight(row: Row, source: StatsSource, proxy: ProxyConf, conf: ServerConf): void {
  const warm = source.warmWeight(proxy.id, conf.id);
  row.uweight = conf.weight;
  row.weight = Math.ceil((warm ?? conf.weight * WEIGHT_SCALE) / WEIGHT_SCALE);
  if (warm !== null) row.throttle = Math.floor((100 * warm) / (conf.weight * WEIGHT_SCALE));
}

function addQueueAndTimes(row: Row, source: StatsSource, at: number, nowMs: number): void {
  const { counters } = source;
  row.qcur = counters.gauge(at, C.QCUR);
  row.qmax = counters.max(at, C.QMAX);
  row.rate = counters.rate(at, C.SESS_RATE, nowMs);
  row.rate_max = counters.rateMax(at, C.SESS_RATE);
  const last = counters.max(at, C.LAST_SESSION);
  row.lastsess = last > 0 ? Math.max(0, Math.floor((nowMs - last) / 1000)) : -1;
  row.qtime = counters.average(at, C.QTIME);
  row.ctime = counters.average(at, C.CTIME);
  row.rtime = counters.average(at, C.RTIME);
  row.ttime = counters.average(at, C.TTIME);
  row.qtime_max = Math.round(counters.max(at, C.QTIME_MAX));
  row.ctime_max = Math.round(counters.max(at, C.CTIME_MAX));
  row.rtime_max = Math.round(counters.max(at, C.RTIME_MAX));
  row.ttime_max = Math.round(counters.max(at, C.TTIME_MAX));
}

/** A tracking server shows the state it took over, not the other's checks. */
function addHealth(row: Row, source: StatsSource, state: ServerState, nowMs: number): void {
  const { check } = state.conf;
  const { health } = state;
  row.lastchg = secondsSince(health?.changedAtMs ?? source.startedAtMs, nowMs);
  if (!check) return;
  row.chkfail = health?.failedChecks ?? 0;
  row.chkdown = health?.downs ?? 0;
  row.downtime = Math.floor(downtimeMs(state, nowMs) / 1000);
  row.check_rise = check.rise;
  row.check_fall = check.fall;
  row.check_health = health?.health ?? check.rise;
  if (state.conf.disabled) return;
  row.check_status = health?.code ?? 'INI';
  row.check_desc = describeCode(health?.code ?? 'INI');
  if (!health) return;
  if (health.status > 0) row.check_code = health.status;
  if (health.durationMs >= 0) row.check_duration = health.durationMs;
  row.last_chk = health.text;
}

function downtimeMs(state: ServerState, nowMs: number): number {
  const { health } = state;
  if (!health) return 0;
  return health.downtimeMs + (health.up ? 0 : Math.max(0, nowMs - health.changedAtMs));
}

function secondsSince(thenMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - thenMs) / 1000));
}

function addPools(row: Row, source: StatsSource, at: number): void {
  const { counters } = source;
  const idle = counters.gauge(at, C.IDLE_CUR);
  const safe = counters.gauge(at, C.SAFE_CUR);
  row.srv_icur = idle;
  row.safe_conn_cur = safe;
  row.idle_conn_cur = idle - safe;
  row.used_conn_cur = counters.gauge(at, C.USED_CUR);
  row.need_conn_est = counters.gauge(at, C.NEED_CONNS);
}

const BACKEND_COUNTS: Counts = [['dreq', C.DREQ], ...SERVER_COUNTS];

function backendRow(
  source: StatsSource,
  proxy: ProxyConf,
  states: readonly ServerState[],
  nowMs: number,
  legends: boolean,
): Row {
  const at = source.rows.backends.get(proxy.id)!;
  const row = startRow(source, proxy, 'BACKEND', BACKEND_TYPE, at);
  addQueueAndTimes(row, source, at, nowMs);
  addCounts(row, source, at, BACKEND_COUNTS);
  addCompression(row);
  row.slim = findFullconn(source.slice.proxies, proxy, source.maxconn);
  addServerSums(row, source, proxy, states, nowMs);
  row.agg_server_status = row.agg_server_check_status = row.agg_check_status = 0;
  if (proxy.mode === 'http') {
    addCounts(row, source, at, RESPONSES);
    row.req_tot = source.counters.sum(at, C.REQ_TOT);
    row.cache_lookups = row.cache_hits = 0;
  }
  if (legends && proxy.persistence.cookie !== null) row.cookie = proxy.persistence.cookie.name;
  if (legends) row.algo = proxy.balance.algorithm;
  return row;
}

function addServerSums(
  row: Row,
  source: StatsSource,
  proxy: ProxyConf,
  states: readonly ServerState[],
  nowMs: number,
): void {
  const usable = states.filter((s) => s.usable && s.conf.weight > 0).map((s) => s.conf);
  const active = usable.filter((s) => !s.backup);
  const backup = usable.filter((s) => s.backup);
  const serving = active.length > 0 ? active : proxy.allbackups ? backup : backup.slice(0, 1);
  const weight = serving.reduce((sum: number, server: ServerConf) => sum + server.weight, 0);
  const inEffect = (server: ServerConf) => source.warmWeight(proxy.id, server.id) ?? server.weight * WEIGHT_SCALE;
  row.uweight = weight;
  row.weight = Math.ceil(serving.reduce((sum, server) => sum + inEffect(server), 0) / WEIGHT_SCALE);
  row.act = active.length;
  row.bck = backup.length;
  row.status = weight > 0 || proxy.servers.length === 0 ? 'UP' : 'DOWN';
  const history = source.backendHistory(proxy.id, nowMs);
  row.chkdown = history?.downs ?? 0;
  row.lastchg = secondsSince(history?.changedAtMs ?? source.startedAtMs, nowMs);
  if (proxy.servers.length > 0) row.downtime = Math.floor((history?.downtimeMs ?? 0) / 1000);
}
