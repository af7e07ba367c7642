/**
 * From records back to a haproxy.cfg: canonical, current syntax, only what differs from HAProxy's built-in values.
 *
 * What every proxy has in common goes into one `defaults` section. A proxy may have settings of the side that it has
 * not (a frontend inherits `retries`): those go into a `defaults` section of its own that builds on the common one. What records
 * do not express (rules, TLS, words that are not carried out) is not there to be printed. Loading the text gives the
 * same records, but for the places that they name.
 */
import type {
  CheckMethod,
  GlobalConf,
  HaproxyConfig,
  ProxyConf,
  ServerAddress,
  ServerConf,
  StatsConf,
  Timeouts,
} from './haproxy.ts';
import { printLogProfile } from './log-profiles.ts';
import { printBalance, printHashBounds, printHashType, printServerBalance } from './print-balance.ts';
import { printHeaderCases, printHttp } from './print-http.ts';
import { printAcceptRules, printLimits, printListener, printUnixPath } from './print-listeners.ts';
import { printLog, printLogging, printLogServer, printRing } from './print-logging.ts';
import { printCaptures, printPersistence } from './print-persistence.ts';
import { printProxyLink, printServerLink } from './print-server-link.ts';
import { printPipes, printSplice } from './print-splicing.ts';

/** One setting of a proxy: the lines that make it, and on which sides they may stand. */
interface Setting {
  readonly side: 'any' | 'front' | 'back';
  readonly lines: readonly string[];
}

type Settings = ReadonlyMap<string, Setting>;

export function printHaproxy(config: HaproxyConfig): string {
  const settings = new Map(config.proxies.map((proxy) => [proxy, settingsOf(proxy)]));
  const common = commonOf([...settings.values()]);
  const names = new Map(config.proxies.map((proxy) => [proxy.id, proxy]));
  const sections = [
    ['global', ...printGlobal(config.global)],
    ...printNamespaces(config.global),
    ...config.rings.map((ring) => printRing(ring, quote)),
    ...config.logProfiles.map((profile) => printLogProfile(profile, quote)),
    [`defaults ${COMMON}`, ...linesOf(common)],
    ...config.proxies.flatMap((proxy) => printProxy(proxy, settings.get(proxy)!, common, names)),
  ];
  return sections.map(([head, ...lines]) => [head, ...lines.map((line) => `    ${line}`), ''].join('\n')).join('\n');
}

function printNamespaces({ namespaces }: GlobalConf): string[][] {
  return namespaces.length === 0 ? [] : [['namespace_list', ...namespaces.map((name) => `namespace ${quote(name)}`)]];
}

const COMMON = 'common';

/** The settings that all proxies have, and have alike. */
function commonOf(all: readonly Settings[]): Settings {
  const [first, ...others] = all;
  const isShared = ([key, { lines }]: [string, Setting]) =>
    others.every((other) => other.get(key)?.lines.join('\n') === lines.join('\n'));
  return new Map([...(first ?? [])].filter(isShared));
}

function linesOf(settings: Settings): string[] {
  return [...settings.values()].flatMap(({ lines }) => lines);
}

function printProxy(
  proxy: ProxyConf,
  settings: Settings,
  common: Settings,
  names: ReadonlyMap<number, ProxyConf>,
): string[][] {
  const own = [...settings].filter(([key]) => !common.has(key));
  const isForeign = ([, { side }]: [string, Setting]) =>
    (proxy.kind === 'frontend' && side === 'back') || (proxy.kind === 'backend' && side === 'front');
  const foreign = linesOf(new Map(own.filter(isForeign)));
  const home = linesOf(new Map(own.filter((setting) => !isForeign(setting))));
  const base = foreign.length > 0 ? `${proxy.kind}-${proxy.id}` : COMMON;
  const target = proxy.backend === null || proxy.backend === proxy.id ? undefined : names.get(proxy.backend);
  const section = [
    `${proxy.kind} ${quote(proxy.name)} from ${base}`,
    `id ${proxy.id}`,
    ...optional('description', proxy.description),
    ...proxy.listeners.map((listener) => printListener(listener, quote)),
    ...home,
    ...printCaptures(proxy.captures, quote),
    ...(target ? [`default_backend ${quote(target.name)}`] : []),
    ...proxy.servers.map((server) => printServer(server, names)),
  ];
  return foreign.length > 0 ? [[`defaults ${base} from ${COMMON}`, ...foreign], section] : [section];
}

/** Words of a line; those that are null or false are left out. */
type Words = readonly (string | number | null | false)[];

function line(...words: Words): string {
  return words.filter((word) => word !== null && word !== false).join(' ');
}

/** `keyword value`, or nothing when the value is absent. */
function optional(keyword: string, value: string | number | null): string[] {
  if (value === null) return [];
  return [`${keyword} ${typeof value === 'number' ? value : quote(value)}`];
}

function when(condition: boolean, ...lines: string[]): string[] {
  return condition ? lines : [];
}

const PLAIN = /^[\w.,:;/@%+=*?&<>|(){}[\]!^~-]+$/;

/** A word as the language reads it: plain, in single quotes, or with what is special escaped. */
function quote(text: string): string {
  if (PLAIN.test(text)) return text;
  if (text !== '' && !/[\x00-\x1f'\x7f]/.test(text)) return `'${text}'`;
  const escaped = text
    .replace(/[\\"$]/g, '\\$&')
    .replace(/[\x00-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}

function printGlobal(global: GlobalConf): string[] {
  const { logSendHostname } = global;
  return [
    ...Object.entries(global.environment).map(([name, value]) => `setenv ${quote(name)} ${quote(value)}`),
    ...optional('maxconn', global.maxconn),
    ...optional('nbthread', global.nbthread),
    ...when(global.daemon, 'daemon'),
    ...when(global.masterWorker, 'master-worker'),
    ...when(global.quiet, 'quiet'),
    ...optional('pidfile', global.pidfile),
    ...optional('user', global.user),
    ...optional('group', global.group),
    ...optional('chroot', global.chroot),
    ...optional('ulimit-n', global.ulimitN),
    ...global.logs.map((log) => printLog(log, quote)),
    ...optional('log-tag', global.logTag),
    ...(logSendHostname === '' ? ['log-send-hostname'] : optional('log-send-hostname', logSendHostname)),
    ...optional('node', global.node),
    ...optional('description', global.description),
    ...optional('hard-stop-after', milliseconds(global.hardStopAfterMs)),
    ...when(global.spreadChecks !== 0, `spread-checks ${global.spreadChecks}`),
    ...when(global.tuneBufsize !== 16384, `tune.bufsize ${global.tuneBufsize}`),
    ...when(global.tuneMaxrewrite !== 1024, `tune.maxrewrite ${global.tuneMaxrewrite}`),
    ...when(global.tuneHttpMaxhdr !== 101, `tune.http.maxhdr ${global.tuneHttpMaxhdr}`),
    ...printHeaderCases(global, quote),
    ...when(global.tunePoolLowFdRatio !== 20, `tune.pool-low-fd-ratio ${global.tunePoolLowFdRatio}`),
    ...when(global.tunePoolHighFdRatio !== 25, `tune.pool-high-fd-ratio ${global.tunePoolHighFdRatio}`),
    ...when(!global.tuneIdlePoolShared, 'tune.idle-pool.shared off'),
    ...printLimits(global.limits, quote),
    ...printPipes(global.pipes),
    ...when(global.tuneHttpCookielen !== 64, `tune.http.cookielen ${global.tuneHttpCookielen}`),
  ];
}

function milliseconds(ms: number | null): string | null {
  return ms === null ? null : `${ms}ms`;
}

function printIp(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Everything that a `defaults` section could say of a proxy, in a fixed order. */
function settingsOf(proxy: ProxyConf): Settings {
  const settings = new Map<string, Setting>();
  const add = (side: Setting['side'], key: string, lines: readonly string[]) => {
    if (lines.length > 0) settings.set(key, { side, lines });
  };
  const flag = (side: Setting['side'], isSet: boolean | undefined, words: string) =>
    add(side, words, when(!!isSet, words));
  add('any', 'mode', [`mode ${proxy.forLogs ? 'log' : proxy.mode}`]);
  flag('any', proxy.disabled, 'disabled');
  add('front', 'maxconn', optional('maxconn', proxy.maxconn));
  add('front', 'backlog', optional('backlog', proxy.backlog));
  add('back', 'fullconn', optional('fullconn', proxy.fullconn));
  add('back', 'balance', printBalance(proxy.balance, quote));
  add('back', 'hash-type', printHashType(proxy.hashType));
  add('back', 'hash bounds', printHashBounds(proxy));
  addTimeouts(add, proxy.timeouts);
  add('back', 'retries', when(proxy.retries !== 3, `retries ${proxy.retries}`));
  add('back', 'redispatch', printRedispatch(proxy.redispatch));
  add('back', 'abortonclose', printAbortOnClose(proxy));
  flag('front', proxy.dontlognull, 'option dontlognull');
  flag('front', proxy.dontlogNormal, 'option dontlog-normal');
  flag('front', proxy.logasap, 'option logasap');
  flag('front', proxy.logSeparateErrors, 'option log-separate-errors');
  flag('back', proxy.logHealthChecks, 'option log-health-checks');
  add('any', 'http mode', CONNECTION_MODES[proxy.httpConnectionMode]);
  add('any', 'forwardfor', printForwardFor(proxy.forwardfor));
  flag('front', proxy.clitcpka, 'option clitcpka');
  flag('back', proxy.srvtcpka, 'option srvtcpka');
  flag('back', proxy.allbackups, 'option allbackups');
  flag('front', proxy.socketStats, 'option socket-stats');
  add(
    'any',
    'log',
    proxy.logs.map((log) => printLog(log, quote)),
  );
  add('front', 'accept', printAcceptRules(proxy.accept));
  add('any', 'splice', printSplice(proxy.splice));
  for (const { key, line: text } of printLogging(proxy, quote)) add('front', key, [text]);
  add('any', 'log-tag', optional('log-tag', proxy.logTag));
  add('front', 'monitor-uri', optional('monitor-uri', proxy.monitorUri));
  add('any', 'stats', printStats(proxy.stats));
  add('back', 'check', printCheck(proxy.check));
  const kept = printPersistence(proxy.persistence, proxy.uniqueId, quote);
  for (const { side, key, line: text } of kept) add(side, key, [text]);
  for (const { side, key, line: text } of printHttp(proxy.http, quote)) add(side, key, [text]);
  for (const { side, line: text } of printProxyLink(proxy.link)) add(side, text, [text]);
  return settings;
}

const CONNECTION_MODES: Readonly<Record<ProxyConf['httpConnectionMode'], readonly string[]>> = {
  'keep-alive': [],
  'server-close': ['option http-server-close'],
  close: ['option httpclose'],
};

/** Without it, releases differ for proxies in mode http. */
function printAbortOnClose({ abortonclose, mode }: ProxyConf): string[] {
  if (abortonclose) return ['option abortonclose'];
  return when(mode === 'http', 'no option abortonclose');
}

type Add = (side: Setting['side'], key: string, lines: readonly string[]) => void;

function addTimeouts(add: Add, timeouts: Timeouts): void {
  const all = [
    ['back', 'connect', timeouts.connectMs],
    ['front', 'client', timeouts.clientMs],
    ['back', 'server', timeouts.serverMs],
    ['front', 'client-fin', timeouts.clientFinMs],
    ['back', 'server-fin', timeouts.serverFinMs],
    ['any', 'http-request', timeouts.httpRequestMs],
    ['any', 'http-keep-alive', timeouts.httpKeepAliveMs],
    ['back', 'queue', timeouts.queueMs],
    ['back', 'check', timeouts.checkMs],
    ['back', 'tunnel', timeouts.tunnelMs],
  ] as const;
  for (const [side, name, ms] of all) add(side, `timeout ${name}`, optional(`timeout ${name}`, milliseconds(ms)));
}

function printRedispatch(interval: number | null): string[] {
  if (interval === null) return [];
  return [interval === -1 ? 'option redispatch' : `option redispatch ${interval}`];
}

function printForwardFor(forwardfor: ProxyConf['forwardfor']): string[] {
  if (!forwardfor) return [];
  const { except, header, ifNone } = forwardfor;
  const networks = except.map((network) => `except ${network}`);
  return [
    line(
      'option forwardfor',
      ...networks,
      header !== 'X-Forwarded-For' && `header ${quote(header)}`,
      ifNone && 'if-none',
    ),
  ];
}

function printStats(stats: StatsConf | null): string[] {
  if (!stats) return [];
  return [
    'stats enable',
    ...when(stats.uri !== '/haproxy?stats', `stats uri ${quote(stats.uri)}`),
    ...optional('stats realm', stats.realm),
    ...stats.auth.map(({ user, password }) => `stats auth ${quote(`${user}:${password}`)}`),
    ...optional('stats refresh', stats.refreshSeconds === null ? null : `${stats.refreshSeconds}s`),
    ...when(stats.hideVersion, 'stats hide-version'),
    ...when(stats.showLegends, 'stats show-legends'),
    ...(stats.showNode === '' ? ['stats show-node'] : optional('stats show-node', stats.showNode)),
    ...(stats.showDesc === '' ? ['stats show-desc'] : optional('stats show-desc', stats.showDesc)),
    ...stats.scope.map((name) => `stats scope ${quote(name)}`),
  ];
}

function printCheck(check: CheckMethod): string[] {
  if (check.kind === 'tcp') return [];
  const fields = check.headers.map(({ name, value }) => `hdr ${quote(name)} ${quote(value)}`);
  const { expect } = check;
  return [
    `option httpchk ${quote(check.method)} ${quote(check.uri)} ${quote(check.version)}`,
    ...when(fields.length > 0, line('http-check send', ...fields)),
    ...(expect ? [line('http-check expect', expect.negate && '!', expect.match, quote(expect.pattern))] : []),
  ];
}

function printServer(server: ServerConf, names: ReadonlyMap<number, ProxyConf>): string {
  const { check } = server;
  return line(
    'server',
    quote(server.name),
    quote(printServerAddress(server.address, server.log?.transport === 'datagram')),
    `id ${server.id}`,
    server.weight !== 1 && `weight ${server.weight}`,
    server.backup && 'backup',
    ...optional('cookie', server.cookie),
    server.disabled && 'disabled',
    server.maxconn !== 0 && `maxconn ${server.maxconn}`,
    server.minconn !== 0 && `minconn ${server.minconn}`,
    server.maxqueue !== 0 && `maxqueue ${server.maxqueue}`,
    ...printServerBalance(server),
    ...printServerLink(server.link, quote),
    ...printLogServer(server.log),
    server.onMarkedDownShutdownSessions && 'on-marked-down shutdown-sessions',
    ...(check ? printServerCheck(check) : []),
    ...printTrack(server.track, names),
  );
}

/** `isDatagram`: what is sent there are datagrams. */
function printServerAddress(address: ServerAddress, isDatagram: boolean): string {
  if (isDatagram)
    return address.kind === 'unix' ? `uxdg@${address.path}` : `udp@${printIp(address.host, address.port)}`;
  if (address.kind === 'unix') {
    return address.channel === undefined ? printUnixPath(address.path) : `sockpair@${address.channel}`;
  }
  const { host, family, port, portOffset } = address;
  const isLiteral = /^[\d.]+$|:/.test(host);
  const scheme = family === 0 || isLiteral ? '' : `ipv${family}@`;
  if (portOffset) return scheme + printIp(host, port < 0 ? port : `+${port}`);
  if (port !== 0) return scheme + printIp(host, port);
  return scheme + (host.includes(':') ? `[${host}]` : host);
}

function printServerCheck(check: NonNullable<ServerConf['check']>): Words {
  return [
    'check',
    ...optional('addr', check.addr),
    ...optional('port', check.port),
    check.interMs !== 2000 && `inter ${check.interMs}ms`,
    ...optional('fastinter', milliseconds(check.fastinterMs)),
    ...optional('downinter', milliseconds(check.downinterMs)),
    check.rise !== 2 && `rise ${check.rise}`,
    check.fall !== 3 && `fall ${check.fall}`,
  ];
}

function printTrack(track: ServerConf['track'], names: ReadonlyMap<number, ProxyConf>): string[] {
  const proxy = track && names.get(track.proxyId);
  const server = proxy?.servers.find((candidate) => candidate.id === track!.serverId);
  return proxy && server ? [`track ${quote(`${proxy.name}/${server.name}`)}`] : [];
}
