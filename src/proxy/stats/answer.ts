/**
 * Answers a request for the statistics: the whole response as bytes, ready to be sent.
 *
 * The page is built at once and sent with its length; HAProxy streams it in chunks. Administration (`stats admin`) is
 * not part of this program yet, so that a posted form is denied as HAProxy denies it.
 */
import type { ProxyConf } from '../../config/haproxy.ts';
import type { Head } from '../../wire/http1-head.ts';
import { buildUnauthorized } from '../http/errors.ts';
import type { Row } from './columns.ts';
import { formatCsv } from './csv.ts';
import { formatHtml } from './html.ts';
import { formatJson } from './json.ts';
import { isAuthorized, type PreparedStats, readStatsRequest, type StatsRequest } from './request.ts';
import { proxyRows } from './rows.ts';
import type { StatsSource } from './source.ts';

/** HAProxy's realm when none is configured. */
const DEFAULT_REALM = 'HAProxy Statistics';

export interface StatsAnswer {
  readonly status: 200 | 303 | 401;
  readonly bytes: Uint8Array;
}

/** Call after `isStatsTarget`. `close`: the connection ends behind this answer. `proxy` is where the request came in. */
export function answerStats(
  stats: PreparedStats,
  proxy: ProxyConf,
  bytes: Uint8Array,
  head: Head,
  source: StatsSource,
  nowMs: number,
  close: boolean,
): StatsAnswer {
  if (!isAuthorized(stats, bytes, head)) {
    return { status: 401, bytes: buildUnauthorized(stats.conf.realm ?? DEFAULT_REALM, close) };
  }
  const request = readStatsRequest(stats, bytes, head);
  if (request.post) return denyPost(stats, close);
  const body = Buffer.from(formatBody(stats, proxy, request, source, nowMs), 'utf8');
  const refresh =
    request.refresh && stats.conf.refreshSeconds !== null ? `refresh: ${stats.conf.refreshSeconds}\r\n` : '';
  const head200 =
    `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\ncache-control: no-cache\r\n` +
    `content-type: ${CONTENT_TYPES[request.format]}\r\n${refresh}${closeLine(close)}\r\n`;
  const start = Buffer.from(head200, 'latin1');
  return { status: 200, bytes: request.headOnly ? start : Buffer.concat([start, body]) };
}

const CONTENT_TYPES = { html: 'text/html; charset=utf-8', csv: 'text/plain', json: 'application/json' } as const;

function closeLine(close: boolean): string {
  return close ? 'connection: close\r\n' : '';
}

function denyPost(stats: PreparedStats, close: boolean): StatsAnswer {
  const head =
    'HTTP/1.1 303 See Other\r\ncache-control: no-cache\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n' +
    `location: ${stats.conf.uri};st=DENY\r\n${closeLine(close)}\r\n`;
  return { status: 303, bytes: Buffer.from(head, 'latin1') };
}

function formatBody(
  stats: PreparedStats,
  proxy: ProxyConf,
  request: StatsRequest,
  source: StatsSource,
  nowMs: number,
): string {
  const shown = source.slice.proxies.filter((p) => isShown(stats, proxy, p, request.nameFilter));
  const tables = shown.map((p) => ({
    proxy: p,
    rows: proxyRows(source, p, nowMs, stats.conf.showLegends).filter((row) => !request.onlyUp || isUp(row)),
  }));
  if (request.format === 'html') return formatHtml({ stats: stats.conf, request, source, tables, nowMs });
  const rows = tables.flatMap((table) => table.rows);
  return request.format === 'csv' ? formatCsv(rows) : formatJson(rows);
}

/** `stats scope`: the named proxies, "." being the page's own; none named: all of them. */
function isShown(stats: PreparedStats, own: ProxyConf, proxy: ProxyConf, filter: string): boolean {
  if (proxy.disabled || !proxy.name.includes(filter)) return false;
  const { scope } = stats.conf;
  return scope.length === 0 || scope.includes(proxy.name) || (scope.includes('.') && proxy.id === own.id);
}

function isUp(row: Row): boolean {
  return !/^(DOWN|MAINT)/.test(String(row.status));
}

/** For a reader on the same machine, such as the statistics socket: all rows, with addresses. */
export function exportCsv(source: StatsSource, nowMs: number): string {
  return formatCsv(source.slice.proxies.filter((p) => !p.disabled).flatMap((p) => proxyRows(source, p, nowMs, true)));
}
