/**
 * The statistics page: HAProxy's structure (process information, legend, one table per proxy with the same columns),
 * our own look. No scripts, no outside resources; every text that comes from the configuration or a server is escaped.
 */
import { hostname } from 'node:os';
import type { ProxyConf, StatsConf } from '../../config/haproxy.ts';
import { BACKEND_TYPE, FRONTEND_TYPE, type Row, SERVER_TYPE } from './columns.ts';
import type { StatsRequest } from './request.ts';
import type { StatsSource } from './source.ts';
import { STYLE } from './style.ts';

export interface PageTable {
  readonly proxy: ProxyConf;
  readonly rows: readonly Row[];
}

export interface Page {
  readonly stats: StatsConf;
  readonly request: StatsRequest;
  readonly source: StatsSource;
  readonly tables: readonly PageTable[];
  readonly nowMs: number;
}

export function formatHtml(page: Page): string {
  const { stats } = page;
  const version = stats.hideVersion ? '' : ` version ${page.source.version}`;
  const node = nodeOf(page) === '' ? '' : ` on ${escapeHtml(nodeOf(page))}`;
  const description = descriptionOf(page) === '' ? '' : `: ${escapeHtml(descriptionOf(page))}`;
  return (
    `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Statistics Report for HAProxy${node}</title>\n` +
    '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">\n' +
    `<style>${STYLE}</style></head>\n<body>\n<header><h1>Tandem${escapeHtml(version)}</h1>\n` +
    `<h2>Statistics Report for pid ${page.source.pid}${node}${description}</h2></header>\n` +
    `${formatOverview(page)}${page.tables.map((table) => formatTable(table, page)).join('')}</body></html>\n`
  );
}

/** Of `stats show-node`; without a name of its own the global one, else the machine's. */
function nodeOf({ stats, source }: Page): string {
  return stats.showNode === '' ? (source.slice.global.node ?? hostname()) : (stats.showNode ?? '');
}

function descriptionOf({ stats, source }: Page): string {
  return stats.showDesc === '' ? (source.slice.global.description ?? '') : (stats.showDesc ?? '');
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function formatOverview(page: Page): string {
  return `<section class="overview">${formatProcess(page)}${LEGEND}${formatOptions(page)}</section>\n`;
}

function formatProcess(page: Page): string {
  const { source, nowMs } = page;
  const totals = processTotals(page);
  const limit = source.descriptorLimit > 0 ? String(source.descriptorLimit) : 'unknown';
  return (
    '<div><h3>General process information</h3>' +
    `<p><b>pid</b> ${source.pid} (nbthread ${source.threads})<br>` +
    `<b>uptime</b> ${formatUptime(nowMs - source.startedAtMs)}<br>` +
    `<b>ulimit-n</b> ${limit}; <b>maxconn</b> ${source.maxconn}<br>` +
    `current sessions ${totals.sessions}; session rate ${totals.rate}/s; total ${totals.total}` +
    `${source.stopping ? '<br><b>stopping</b>' : ''}</p></div>`
  );
}

function processTotals(page: Page): { sessions: number; rate: number; total: number } {
  const totals = { sessions: 0, rate: 0, total: 0 };
  for (const { rows } of page.tables) {
    for (const row of rows) {
      if (row.type !== FRONTEND_TYPE) continue;
      totals.sessions += Number(row.scur);
      totals.rate += Number(row.rate);
      totals.total += Number(row.stot);
    }
  }
  return totals;
}

const LEGEND_ITEMS: readonly (readonly [string, string])[] = [
  ['active-up', 'active UP'],
  ['backup-up', 'backup UP'],
  ['going-down', 'UP, going down'],
  ['going-up', 'DOWN, going up'],
  ['down', 'DOWN'],
  ['no-check', 'not checked'],
  ['maint', 'MAINT'],
];

const LEGEND = `<div><h3>Legend</h3><ul class="legend">${LEGEND_ITEMS.map(
  ([colour, text]) => `<li><span class="${colour}"></span>${text}</li>`,
).join('')}</ul></div>`;

function formatOptions(page: Page): string {
  const uri = escapeHtml(page.stats.uri);
  const kept = `${page.request.onlyUp ? ';up' : ''}${page.request.refresh ? '' : ';norefresh'}`;
  const items = [
    page.request.onlyUp
      ? `<a href="${uri}${page.request.refresh ? '' : ';norefresh'}">Show all servers</a>`
      : `<a href="${uri};up${page.request.refresh ? '' : ';norefresh'}">Hide 'DOWN' servers</a>`,
    `<a href="${uri}${kept}">Refresh now</a>`,
    `<a href="${uri};csv;norefresh">CSV export</a>`,
    `<a href="${uri};json;norefresh">JSON export</a>`,
  ];
  if (page.stats.refreshSeconds !== null) items.splice(1, 0, refreshLink(page, uri));
  return `<div><h3>Display</h3><ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul></div>`;
}

function refreshLink(page: Page, uri: string): string {
  const up = page.request.onlyUp ? ';up' : '';
  return page.request.refresh
    ? `<a href="${uri}${up};norefresh">Disable refresh</a>`
    : `<a href="${uri}${up}">Enable refresh (${page.stats.refreshSeconds} s)</a>`;
}

const TABLE_HEAD =
  '<thead><tr><th rowspan="2" class="name"></th><th colspan="3">Queue</th><th colspan="3">Session rate</th>' +
  '<th colspan="6">Sessions</th><th colspan="2">Bytes</th><th colspan="2">Denied</th><th colspan="3">Errors</th>' +
  '<th colspan="2">Warnings</th><th colspan="9">Server</th></tr>\n<tr>' +
  [
    ...['Cur', 'Max', 'Limit', 'Cur', 'Max', 'Limit', 'Cur', 'Max', 'Limit', 'Total', 'LbTot', 'Last', 'In', 'Out'],
    ...['Req', 'Resp', 'Req', 'Conn', 'Resp', 'Retr', 'Redis'],
    ...['Status', 'LastChk', 'Wght', 'Act', 'Bck', 'Chk', 'Dwn', 'Dwntme', 'Thrtle'],
  ]
    .map((name) => `<th>${name}</th>`)
    .join('') +
  '</tr></thead>\n';

function formatTable(table: PageTable, page: Page): string {
  const { proxy } = table;
  const name = escapeHtml(proxy.name);
  const description = proxy.description !== null ? ` <small>${escapeHtml(proxy.description)}</small>` : '';
  const legend = page.stats.showLegends ? ` <small>${proxy.kind}, mode ${proxy.mode}, id ${proxy.id}</small>` : '';
  const rows = table.rows.map((row) => formatRow(row, proxy)).join('');
  return (
    `<section class="proxy"><h3 id="${name}"><a href="#${name}">${name}</a>${description}${legend}</h3>\n` +
    `<table>${TABLE_HEAD}<tbody>\n${rows}</tbody></table></section>\n`
  );
}

function formatRow(row: Row, proxy: ProxyConf): string {
  const label = row.type === FRONTEND_TYPE ? 'Frontend' : row.type === BACKEND_TYPE ? 'Backend' : String(row.svname);
  const id = escapeHtml(`${proxy.name}/${label}`);
  const legend = rowLegend(row);
  const title = legend === '' ? '' : ` title="${escapeHtml(legend)}"`;
  const name = `<th class="name" id="${id}"${title}><a href="#${id}">${escapeHtml(label)}</a></th>`;
  return `<tr class="${rowClass(row)}">${name}${trafficCells(row)}${serverCells(row)}</tr>\n`;
}

/** What `stats show-legends` tells of a line: address, balancing, cookie; empty without. */
function rowLegend({ addr, algo, cookie }: Row): string {
  const parts = [
    addr === undefined ? '' : `${addr}`,
    algo === undefined ? '' : `balancing: ${algo}`,
    cookie === undefined ? '' : `cookie: '${cookie}'`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** The colour of a line. */
export function rowClass(row: Row): string {
  if (row.type === FRONTEND_TYPE) return 'frontend';
  if (row.type === BACKEND_TYPE) return row.status === 'UP' ? 'backend' : 'backend down';
  if (row.type !== SERVER_TYPE) return 'socket';
  const status = String(row.status);
  if (status.startsWith('MAINT')) return 'maint';
  if (status === 'no check') return 'no-check';
  if (status.startsWith('UP ')) return 'going-down';
  if (status.startsWith('DOWN ')) return 'going-up';
  if (status === 'DOWN') return 'down';
  return row.bck === 1 ? 'backup-up' : 'active-up';
}

function trafficCells(row: Row): string {
  const limit = row.type === FRONTEND_TYPE ? '-' : '';
  return [
    cell(row.qcur),
    cell(row.qmax),
    cell(row.qlimit ?? (row.type === SERVER_TYPE ? '-' : undefined)),
    cell(row.rate),
    cell(row.rate_max),
    cell(limit),
    cell(row.scur, row.type === SERVER_TYPE ? `${row.srv_icur} idle, ${row.used_conn_cur} used` : undefined),
    cell(row.smax),
    cell(row.slim ?? '-'),
    cell(row.stot, sessionDetails(row)),
    cell(row.lbtot),
    cell(row.lastsess === undefined ? undefined : row.lastsess === -1 ? '?' : formatAge(Number(row.lastsess))),
    cell(row.bin),
    cell(row.bout),
    cell(row.dreq),
    cell(row.dresp),
    cell(row.ereq),
    cell(row.econ),
    cell(row.eresp, row.cli_abrt === undefined ? undefined : `aborts: ${row.cli_abrt} client, ${row.srv_abrt} server`),
    cell(row.wretr),
    cell(row.wredis),
  ].join('');
}

function sessionDetails(row: Row): string | undefined {
  const parts: string[] = [];
  if (row.req_tot !== undefined) parts.push(`HTTP requests ${row.req_tot}`);
  if (row.hrsp_2xx !== undefined) {
    parts.push(`1xx ${row.hrsp_1xx}, 2xx ${row.hrsp_2xx}, 3xx ${row.hrsp_3xx}, 4xx ${row.hrsp_4xx}`);
    parts.push(`5xx ${row.hrsp_5xx}, other ${row.hrsp_other}`);
  }
  if (row.connect !== undefined) parts.push(`connections: ${row.connect} new, ${row.reuse} reused`);
  if (row.qtime !== undefined) {
    parts.push(`average times: queue ${row.qtime}, connect ${row.ctime}, response ${row.rtime}, total ${row.ttime} ms`);
  }
  return parts.length > 0 ? parts.join('\n') : undefined;
}

function serverCells(row: Row): string {
  const status = `${row.lastchg === undefined ? '' : `${formatAge(Number(row.lastchg))} `}${row.status}`;
  const weight = row.weight === undefined ? undefined : `${row.weight}/${row.uweight}`;
  const server = row.type === SERVER_TYPE;
  return [
    cell(status),
    cell(checkText(row), row.check_desc === undefined ? undefined : `${row.check_desc}: ${row.last_chk ?? ''}`),
    cell(weight),
    cell(server ? (row.act === 1 ? 'Y' : '-') : row.act),
    cell(server ? (row.bck === 1 ? 'Y' : '-') : row.bck),
    cell(row.chkfail),
    cell(row.chkdown),
    cell(row.downtime === undefined ? undefined : formatAge(Number(row.downtime))),
    cell(server ? '-' : undefined),
  ].join('');
}

function checkText(row: Row): string | undefined {
  if (row.check_status === undefined) return undefined;
  const code = row.check_code === undefined ? '' : `/${row.check_code}`;
  const duration = row.check_duration === undefined ? '' : ` in ${row.check_duration}ms`;
  return `${row.check_status}${code}${duration}`;
}

function cell(value: string | number | undefined, title?: string): string {
  const tip = title === undefined ? '' : ` title="${escapeHtml(title)}"`;
  if (value === undefined) return '<td></td>';
  const text = typeof value === 'number' ? groupDigits(value) : escapeHtml(value);
  return `<td${tip}>${text}</td>`;
}

/** Thin gaps between groups of three digits. */
function groupDigits(value: number): string {
  const digits = String(value);
  return digits.length < 5 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, '&#8239;');
}

/** The two greatest units, as HAProxy shows ages: `1m13s`, `3d4h`. */
export function formatAge(seconds: number): string {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days > 0) return `${days}d${hours}h`;
  if (hours > 0) return `${hours}h${minutes}m`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

function formatUptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  return `${days}d ${Math.floor((seconds % 86400) / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m${two(seconds % 60)}s`;
}
