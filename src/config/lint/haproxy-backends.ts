/**
 * Rules about backends and servers: what nobody sends anything to, what cannot answer, checks and cookies that do
 * nothing.
 */

import {
  effectiveLine,
  type HaproxyView,
  hasWord,
  isBackSide,
  isFrontSide,
  linesNamed,
  optionOf,
  type ProxyView,
  startsWith,
  type ViewLine,
} from './haproxy-view.ts';
import { parseIp } from './ip.ts';
import type { HaproxyRule, Report } from './rule.ts';

/** Server lines start with "server NAME ADDRESS"; their options begin here. */
const SERVER_OPTIONS = 3;

export function serversOf(proxy: ProxyView): ViewLine[] {
  if (!isBackSide(proxy)) return [];
  return proxy.own.filter((line) => startsWith(line, 'server') && line.words.length >= SERVER_OPTIONS);
}

function hasServers(proxy: ProxyView): boolean {
  return proxy.own.some((line) => startsWith(line, 'server') || startsWith(line, 'server-template'));
}

/** Lines of `default-server` that a server starts from: those before it, defaults first. */
function defaultServerLines(proxy: ProxyView, server: ViewLine): ViewLine[] {
  const until = proxy.lines.indexOf(server);
  return proxy.lines.slice(0, until).filter((line) => startsWith(line, 'default-server'));
}

/** Does an option word hold for a server, `no-` forms and defaults included? */
export function serverHas(proxy: ProxyView, server: ViewLine, name: string): boolean {
  const own = lastState(server, SERVER_OPTIONS, name);
  if (own !== null) return own;
  for (const line of defaultServerLines(proxy, server).reverse()) {
    const state = lastState(line, 1, name);
    if (state !== null) return state;
  }
  return false;
}

function lastState(line: ViewLine, from: number, name: string): boolean | null {
  const found = line.words.findLast(({ text }, index) => index >= from && (text === name || text === `no-${name}`));
  return found ? found.text === name : null;
}

export function serverValue(proxy: ProxyView, server: ViewLine, name: string): string | null {
  const own = optionOf(server, name, SERVER_OPTIONS);
  if (own) return own.text;
  for (const line of defaultServerLines(proxy, server).reverse()) {
    const inherited = optionOf(line, name, 1);
    if (inherited) return inherited.text;
  }
  return null;
}

/** A backend's name as it stands in words of other lines: as a whole word or between punctuation. */
function namesIn(text: string): string[] {
  return text.split(/[^A-Za-z0-9_.:-]+/).flatMap((part) => [part, ...part.split(/[,:]/)]);
}

const backendKeywords = ['use_backend', 'default_backend'];

/** Constant text before and behind the `%[...]` of a computed backend name. */
function computedNames(view: HaproxyView): { readonly head: string; readonly tail: string; readonly line: ViewLine }[] {
  return view.proxies.flatMap((proxy) =>
    proxy.lines.flatMap((line) => {
      const name = line.words[1];
      if (line.negated || !name || !backendKeywords.includes(line.words[0]!.text)) return [];
      const first = name.text.search(/%[[{A-Za-z]/);
      if (first < 0) return name.open ? [{ head: '', tail: '', line }] : [];
      const last = name.text.lastIndexOf(']');
      const tail = last < 0 ? '' : name.text.slice(last + 1);
      return [{ head: name.text.slice(0, first), tail: tail.includes('%') ? '' : tail, line }];
    }),
  );
}

function checkUnusedBackends(view: HaproxyView, report: Report): void {
  const hasFronts = view.proxies.some((proxy) => isFrontSide(proxy));
  if (!hasFronts) return;
  // An agent's own file may choose the backend.
  if (view.proxies.some((proxy) => proxy.lines.some((line) => startsWith(line, 'filter', 'spoe')))) return;
  const computed = computedNames(view);
  const mentioned = new Map<string, Set<unknown>>();
  for (const section of view.sections) {
    for (const line of section.lines) {
      for (const word of line.words.slice(1)) {
        if (word.open) return;
        for (const name of namesIn(word.text)) {
          const places = mentioned.get(name) ?? new Set();
          mentioned.set(name, places.add(section));
        }
      }
    }
  }
  for (const proxy of view.proxies) {
    if (proxy.kind !== 'backend' || proxy.disabled) continue;
    const others = [...(mentioned.get(proxy.name) ?? [])].filter((section) => section !== proxy.section);
    const maybe = computed.some(({ head, tail }) => proxy.name.startsWith(head) && proxy.name.endsWith(tail));
    if (others.length === 0 && !maybe) {
      report(proxy.at, `nothing sends anything to backend '${proxy.name}'`);
    }
  }
}

const answering =
  /^(?:redirect|stats|errorfile|errorfiles|errorloc\w*|http-error|dispatch|transparent|stick-table|monitor-uri|use-server|use_backend|filter)$/;
const answeringActions = /^(?:deny|return|redirect|reject|tarpit|silent-drop|use-service|auth|lua\..*)$/;

/** Can the backend say anything although it has no servers? */
function answersItself(proxy: ProxyView): boolean {
  return proxy.lines.some(({ words, negated }) => {
    const [first, second, third] = words.map((word) => word.text);
    if (negated) return false;
    if (first === 'option') return second === 'transparent' || second === 'http_proxy';
    if (first === 'http-request') return answeringActions.test(second ?? '');
    if (first === 'tcp-request') return second !== 'inspect-delay' && third !== 'accept';
    return answering.test(first!);
  });
}

function checkEmptyBackends(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    if (proxy.kind !== 'backend' || proxy.disabled || proxy.mode === 'other') continue;
    if (hasServers(proxy) || answersItself(proxy)) continue;
    const answer = proxy.mode === 'http' ? 'every request gets a 503' : 'every connection is closed';
    report(proxy.at, `backend '${proxy.name}' has no servers: ${answer}`);
  }
}

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
    if (!isBackSide(proxy) || !hasServers(proxy)) continue;
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
  const isChecked = (line: ViewLine) => serverHas(proxy, line, 'check') || optionOf(line, 'track', 1) !== null;
  return proxy.own
    .filter((line) => startsWith(line, 'server') || startsWith(line, 'server-template'))
    .some((line) => line.words.some((word) => word.open) || isChecked(line));
}

function checkCookies(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    if (!isBackSide(proxy) || !hasServers(proxy)) continue;
    const cookie = effectiveLine(proxy.own, 'cookie');
    const servers = serversOf(proxy);
    const withCookie = servers.filter((line) => serverValue(proxy, line, 'cookie') !== null);
    const hasTemplate = proxy.own.some((line) => startsWith(line, 'server-template'));
    if (cookie && !hasTemplate && withCookie.length === 0 && !hasWord(cookie, 'dynamic', 2)) {
      report(cookie.at, `no server of ${proxy.kind} '${proxy.name}' has a 'cookie' value: nothing sticks`);
    }
    const [first] = withCookie;
    if (!first || effectiveLine(proxy.lines, 'cookie') || effectiveLine(proxy.lines, 'appsession')) continue;
    if (proxy.own.some((line) => startsWith(line, 'stick-table'))) continue;
    const value = first.words.find((word, index) => index >= SERVER_OPTIONS && word.text === 'cookie');
    if (value)
      report(value.at, `${proxy.kind} '${proxy.name}' has no 'cookie' line: the servers' cookies have no effect`);
  }
}

function checkComputedNames(view: HaproxyView, report: Report): void {
  const names = view.proxies.filter(isBackSide).map((proxy) => proxy.name);
  const seen = new Set<ViewLine>();
  for (const { head, tail, line } of computedNames(view)) {
    if (seen.has(line) || (head === '' && tail === '') || line.words[1]!.open) continue;
    seen.add(line);
    const fits = names.some((name) => name.length > head.length + tail.length - 1 && fitsName(name, head, tail));
    if (fits) continue;
    const shape = `${head}...${tail}`;
    report(line.words[1]!.at, `there is no backend of the form '${shape}', so this never chooses one`);
  }
}

function fitsName(name: string, head: string, tail: string): boolean {
  return name.startsWith(head) && name.endsWith(tail);
}

interface CheckedServer {
  readonly line: ViewLine;
  readonly host: string;
  readonly port: string;
  readonly checkPort: string;
}

function checkedServers(proxy: ProxyView): CheckedServer[] {
  return serversOf(proxy).flatMap((line) => {
    const match = /^(.*):(\d+)$/.exec(line.words[2]!.text);
    if (!match || line.words[2]!.open || !serverHas(proxy, line, 'check')) return [];
    if (optionOf(line, 'addr', SERVER_OPTIONS)) return [];
    const [, host = '', port = ''] = match;
    return [{ line, host, port, checkPort: serverValue(proxy, line, 'port') ?? port }];
  });
}

/** One server of several that is checked on a port of its own although it serves on the same one as the others. */
function checkCheckPorts(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    const servers = checkedServers(proxy);
    if (servers.length < 3 || new Set(servers.map((server) => server.port)).size > 1) continue;
    if (new Set(servers.map((server) => server.host)).size < servers.length) continue;
    const counts = new Map<string, CheckedServer[]>();
    for (const server of servers) counts.set(server.checkPort, [...(counts.get(server.checkPort) ?? []), server]);
    const odd = [...counts.values()].find((group) => group.length === 1)?.[0];
    if (counts.size !== 2 || !odd) continue;
    const usual = servers.find((server) => server !== odd)!.checkPort;
    const name = odd.line.words[1]!.text;
    const message = `server '${name}' is checked on port ${odd.checkPort}, the other ${servers.length - 1} of ${proxy.kind} '${proxy.name}' on ${usual}`;
    report((optionOf(odd.line, 'port', SERVER_OPTIONS) ?? odd.line.words[1]!).at, message);
  }
}

/** Servers on this machine itself, beside a frontend of the same file, that are checked where the file has no frontend. */
function checkOwnCheckPorts(view: HaproxyView, report: Report): void {
  const binds = view.proxies.flatMap((proxy) => (proxy.disabled ? [] : bindAddresses(proxy)));
  for (const proxy of view.proxies) {
    for (const { line, host, port, checkPort } of checkedServers(proxy)) {
      const own = binds.some((bind) => bind.host === host && bind.port === port);
      if (!own || checkPort === port || !parseIp(host)) continue;
      if (binds.some((bind) => bind.port === checkPort || /\D/.test(bind.port))) continue;
      const message = `server '${line.words[1]!.text}' is ${host}:${port} of this file, and nothing in it listens on the check port ${checkPort}`;
      report((optionOf(line, 'port', SERVER_OPTIONS) ?? line.words[1]!).at, message);
    }
  }
}

function bindAddresses(proxy: ProxyView): { host: string; port: string }[] {
  return linesNamed(proxy.own, 'bind').flatMap(({ words }) =>
    (words[1]?.text ?? '').split(',').flatMap((part) => {
      const match = /^(?:ipv[46]@)?(.*):([\d-]+)$/.exec(part);
      return match ? [{ host: match[1]!.replace(/^\[|\]$/g, ''), port: match[2]! }] : [];
    }),
  );
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
    const limits = servers.map((line) => Number(serverValue(proxy, line, 'maxconn') ?? 'NaN'));
    const [first] = servers;
    if (!first || limits.some((limit) => !(limit > total.value))) continue;
    const message = `every server of ${proxy.kind} '${proxy.name}' may have more connections than the whole process (${total.value}): no request ever waits in a queue`;
    report((optionOf(first, 'maxconn', SERVER_OPTIONS) ?? first.words[1]!).at, message, {
      notes: [{ at: total.line.at, message: 'the limit of the whole process' }],
    });
  }
}

function checkModes(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    if (!isFrontSide(proxy) || proxy.mode !== 'tcp') continue;
    for (const line of proxy.own) {
      const name = line.words[1]?.text;
      if (line.negated || !backendKeywords.includes(line.words[0]!.text)) continue;
      const target = view.proxies.find((other) => isBackSide(other) && other.name === name);
      if (target?.mode !== 'http') continue;
      const message = `${proxy.kind} '${proxy.name}' is in mode tcp and sends to ${target.kind} '${target.name}' in mode http: rules, logs and headers of the frontend do not see HTTP`;
      report(line.words[1]!.at, message, { notes: [{ at: target.at, message: 'the backend is here' }] });
    }
  }
}

export const haproxyBackendRules: readonly HaproxyRule[] = [
  {
    code: 'unused-backend',
    language: 'haproxy',
    severity: 'warning',
    doc: 'No rule, table or server names the backend.',
    check: checkUnusedBackends,
  },
  {
    code: 'empty-backend',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A backend has no servers and nothing else that could answer.',
    check: checkEmptyBackends,
  },
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
    code: 'impossible-backend-name',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A computed backend name has constant parts that no backend has.',
    check: checkComputedNames,
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
  {
    code: 'tcp-front-http-back',
    language: 'haproxy',
    severity: 'notice',
    doc: 'A frontend in mode tcp sends to a backend in mode http.',
    check: checkModes,
  },
];
