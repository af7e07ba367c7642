/** Records of listeners and limits as `bind` lines and lines of `global` and proxies; only what is not built in. */
import type { ListenAddress, ListenerConf } from './haproxy.ts';
import type { AcceptRules, ListenerOptions, ProcessLimits, ThreadSet } from './listener-options.ts';

type Quote = (text: string) => string;

export function printListener(listener: ListenerConf, quote: Quote): string {
  const { name, maxconn, backlog, mode, user, group } = listener;
  const words = ['bind', quote(printListenAddress(listener.address))];
  const text = (word: string, value: string | null) => {
    if (value !== null) words.push(word, quote(value));
  };
  text('name', name);
  if (maxconn !== null) words.push(`maxconn ${maxconn}`);
  if (backlog !== null) words.push(`backlog ${backlog}`);
  if (listener.v6only) words.push('v6only');
  if (listener.transparent) words.push('transparent');
  text('interface', listener.interface);
  if (mode !== null) words.push(`mode ${mode.toString(8)}`);
  text('user', user);
  text('group', group);
  text('namespace', listener.options.namespace);
  return [...words, ...printOptions(listener.options)].join(' ');
}

function printOptions(options: ListenerOptions): string[] {
  const { preamble, nice, mss, userTimeoutMs, threads } = options;
  const words = [`id ${options.socketId}`];
  if (preamble !== null)
    words.push(preamble.kind === 'proxy' ? 'accept-proxy' : `accept-netscaler-cip ${preamble.magic}`);
  if (nice !== 0) words.push(`nice ${nice}`);
  if (mss !== null) words.push(`mss ${mss}`);
  if (options.fastOpen) words.push('tfo');
  if (options.deferAccept) words.push('defer-accept');
  if (userTimeoutMs !== null) words.push(`tcp-ut ${userTimeoutMs}ms`);
  if (threads !== null) words.push(`thread ${threads.map(printThreads).join(',')}`);
  return words;
}

function printThreads({ first, last, only }: ThreadSet): string {
  if (only !== 'all') return only;
  if (last === null) return first === 1 ? 'all' : `${first}-`;
  return first === last ? `${first}` : `${first}-${last}`;
}

function printListenAddress(address: ListenAddress): string {
  if (address.kind === 'fd' || address.kind === 'sockpair') return `${address.kind}@${address.fd}`;
  if (address.kind === 'ip') {
    return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
  }
  return printUnixPath(address.path);
}

/** With the prefix that tells paths, abstract names and padded ones apart. */
export function printUnixPath(path: string): string {
  if (!path.startsWith('\0')) return `unix@${path}`;
  const name = path.slice(1).replace(/\0+$/, '');
  return path.endsWith('\0') ? `abns@${name}` : `abnsz@${name}`;
}

export function printLimits(limits: ProcessLimits, quote: Quote): string[] {
  const lines = limits.statsSockets.map((words) => `stats socket ${words.map(quote).join(' ')}`);
  const number = (word: string, value: number | null) => {
    if (value !== null && value !== 0) lines.push(`${word} ${value}`);
  };
  number('maxconnrate', limits.connectionRate);
  number('maxsessrate', limits.sessionRate);
  number('fd-hard-limit', limits.fdHardLimit);
  if (limits.strict !== null) lines.push(limits.strict ? 'strict-limits' : 'no strict-limits');
  if (limits.graceMs > 0) lines.push(`grace ${limits.graceMs}ms`);
  if (limits.closeSpreadMs < 0) lines.push('close-spread-time infinite');
  if (limits.closeSpreadMs > 0) lines.push(`close-spread-time ${limits.closeSpreadMs}ms`);
  if (limits.maxAccept !== null) lines.push(`tune.maxaccept ${limits.maxAccept}`);
  number('tune.rcvbuf.client', limits.clientRcvbuf);
  number('tune.sndbuf.client', limits.clientSndbuf);
  return lines;
}

/** What a frontend inherits or says itself. */
export function printAcceptRules({ sessionRate, smartAccept }: AcceptRules): string[] {
  const lines: string[] = [];
  if (sessionRate > 0) lines.push(`rate-limit sessions ${sessionRate}`);
  if (smartAccept !== null) lines.push(smartAccept ? 'option tcp-smart-accept' : 'no option tcp-smart-accept');
  return lines;
}
