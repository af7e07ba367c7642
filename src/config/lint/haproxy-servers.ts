/** Rules about servers: checks and cookies that do nothing, ports that are not served, limits that are never reached. */
import { type BoundAddress, boundAddresses } from './bound-address.ts';
import { groupBy } from './group.ts';
import {
  effectiveLine,
  type HaproxyView,
  hasWord,
  isFrontSide,
  type ProxyView,
  startsWith,
  type ViewLine,
} from './haproxy-view.ts';
import { parseIp } from './ip.ts';
import type { HaproxyRule, Report } from './rule.ts';
import { ownValue, placeOf, type ServerView, serverHas, serversOf, serverValue } from './server-view.ts';

const checkOptions = [
  'httpchk',
  'mysql-check',
  'pgsql-check',
  'redis-check',
  'smtpchk',
  'ldap-check',
  'ssl-hello-chk',
  'tcp-check',
  'spop-check',
  'external-check',
];

function checkUselessChecks(view: HaproxyView, report: Report): void {
  const unchecked = new Map<ViewLine, ProxyView>();
  const checked = new Set<ViewLine>();
  for (const proxy of view.proxies) {
    if (serversOf(proxy).length === 0) continue;
    for (const name of checkOptions) {
      const line = effectiveLine(proxy.lines, 'option', name);
      if (!line) continue;
      if (hasChecks(proxy)) checked.add(line);
      else unchecked.set(line, proxy);
    }
  }
  for (const [line, proxy] of unchecked) {
    if (checked.has(line)) continue;
    const name = line.words[1]!.text;
    report(line.at, `'option ${name}' has no effect in ${proxy.kind} '${proxy.name}': no server has 'check'`);
  }
}

function hasChecks(proxy: ProxyView): boolean {
  return serversOf(proxy).some((server) => {
    const isOpen = [server.line, ...server.defaults].some((line) => line.words.some((word) => word.open));
    return isOpen || serverHas(server, 'check') || ownValue(server, 'track') !== null;
  });
}

function checkCookies(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    const servers = serversOf(proxy);
    if (servers.length === 0) continue;
    const cookie = effectiveLine(proxy.own, 'cookie');
    const withCookie = servers.filter((server) => serverValue(server, 'cookie') !== null);
    const hasTemplate = servers.some((server) => server.isTemplate);
    if (cookie && !hasTemplate && withCookie.length === 0 && !hasWord(cookie, 'dynamic', 2)) {
      report(cookie.at, `no server of ${proxy.kind} '${proxy.name}' has a 'cookie' value: nothing sticks`);
    }
    const value = withCookie.map((server) => ownValue(server, 'cookie')).find((word) => word !== null);
    if (!value || effectiveLine(proxy.lines, 'cookie') || effectiveLine(proxy.lines, 'appsession')) continue;
    if (proxy.own.some((line) => startsWith(line, 'stick-table'))) continue;
    report(value.at, `${proxy.kind} '${proxy.name}' has no 'cookie' line: the servers' cookies have no effect`);
  }
}

interface CheckedServer {
  readonly server: ServerView;
  readonly host: string;
  readonly port: string;
  readonly checkPort: string;
}

function checkedServers(proxy: ProxyView): CheckedServer[] {
  return serversOf(proxy).flatMap((server) => {
    const match = /^(.*):(\d+)$/.exec(server.address.text);
    if (!match || server.isTemplate || server.address.open || !serverHas(server, 'check')) return [];
    if (serverValue(server, 'addr') !== null) return [];
    const [, host = '', port = ''] = match;
    return [{ server, host, port, checkPort: serverValue(server, 'port') ?? port }];
  });
}

/** One server of several that is checked on a port of its own although it serves on the same one as the others. */
function checkCheckPorts(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    const servers = checkedServers(proxy);
    if (servers.length < 3 || new Set(servers.map((server) => server.port)).size > 1) continue;
    if (new Set(servers.map((server) => server.host)).size < servers.length) continue;
    const counts = groupBy(servers, (server) => server.checkPort);
    const odd = [...counts.values()].find((group) => group.length === 1)?.[0];
    if (counts.size !== 2 || !odd) continue;
    const usual = servers.find((server) => server !== odd)!.checkPort;
    const { name } = odd.server;
    const message = `server '${name}' is checked on port ${odd.checkPort}, the other ${servers.length - 1} of ${proxy.kind} '${proxy.name}' on ${usual}`;
    report(placeOf(odd.server, 'port'), message);
  }
}

/** Servers on this machine itself, beside a frontend of the same file, that are checked where the file has no frontend. */
function checkOwnCheckPorts(view: HaproxyView, report: Report): void {
  const binds = view.proxies.filter((proxy) => !proxy.disabled).flatMap(boundAddresses);
  for (const proxy of view.proxies) {
    for (const { server, host, port, checkPort } of checkedServers(proxy)) {
      const own = binds.some((bind) => bind.host === host && listensOn(bind, port));
      if (!own || checkPort === port || !parseIp(host)) continue;
      if (binds.some((bind) => listensOn(bind, checkPort))) continue;
      const message = `server '${server.name}' is ${host}:${port} of this file, and nothing in it listens on the check port ${checkPort}`;
      report(placeOf(server, 'port'), message);
    }
  }
}

function listensOn({ firstPort, lastPort }: BoundAddress, port: string): boolean {
  return firstPort <= Number(port) && Number(port) <= lastPort;
}

function limitOf(lines: readonly ViewLine[]): { readonly value: number; readonly line: ViewLine } | null {
  const line = effectiveLine(lines, 'maxconn');
  const word = line?.words[1];
  return line && word && !word.open && /^[1-9]\d*$/.test(word.text) ? { value: Number(word.text), line } : null;
}

function checkLimits(view: HaproxyView, report: Report): void {
  const total = limitOf(view.global);
  if (!total) return;
  const note = { at: total.line.at, message: 'the limit of the whole process' };
  for (const proxy of view.proxies) {
    const own = limitOf(proxy.own);
    if (!isFrontSide(proxy) || proxy.disabled || !own || own.value <= total.value) continue;
    const message = `${proxy.kind} '${proxy.name}' may have ${own.value} connections, the whole process only ${total.value}`;
    report(own.line.at, message, { notes: [note] });
  }
}

/** Servers that could take more than the process may ever have: their queues never fill. */
function checkLimitSums(view: HaproxyView, report: Report): void {
  const total = limitOf(view.global);
  if (!total) return;
  for (const proxy of view.proxies) {
    const servers = serversOf(proxy);
    const limits = servers.map((server) => Number(serverValue(server, 'maxconn') ?? 'NaN'));
    const [first] = servers;
    if (!first || limits.some((limit) => !(limit > total.value))) continue;
    const message = `every server of ${proxy.kind} '${proxy.name}' may have more connections than the whole process (${total.value}): no request ever waits in a queue`;
    report(placeOf(first, 'maxconn'), message, {
      notes: [{ at: total.line.at, message: 'the limit of the whole process' }],
    });
  }
}

export const haproxyServerRules: readonly HaproxyRule[] = [
  {
    code: 'check-option-unused',
    language: 'haproxy',
    severity: 'warning',
    doc: "A check is configured (option httpchk and relatives) and no server has 'check'.",
    check: checkUselessChecks,
  },
  {
    code: 'cookie-without-values',
    language: 'haproxy',
    severity: 'warning',
    doc: 'Cookie persistence without server cookies, or server cookies without cookie persistence.',
    check: checkCookies,
  },
  {
    code: 'check-port-differs',
    language: 'haproxy',
    severity: 'warning',
    doc: 'One server of several is checked on another port than its neighbours.',
    check: checkCheckPorts,
  },
  {
    code: 'check-port-unserved',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A server is a frontend of the same file, and its check port is none of the file.',
    check: checkOwnCheckPorts,
  },
  {
    code: 'maxconn-above-global',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A frontend may have more connections than the whole process.',
    check: checkLimits,
  },
  {
    code: 'server-maxconn-unreachable',
    language: 'haproxy',
    severity: 'notice',
    doc: 'The connection limits of the servers are above that of the process.',
    check: checkLimitSums,
  },
];
