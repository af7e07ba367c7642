/** Rules about `bind` lines: the same address twice, and addresses that are part of one another. */
import { type BoundAddress, boundAddresses } from './bound-address.ts';
import { groupBy } from './group.ts';
import { type HaproxyView, hasWord } from './haproxy-view.ts';
import { parseIp } from './ip.ts';
import { addressKey } from './keepalived-instances.ts';
import type { HaproxyRule, Report } from './rule.ts';

/** Words that make several sockets of one address on purpose. */
const splitting = ['process', 'thread', 'shards', 'interface', 'namespace'];

function isShared({ line }: BoundAddress): boolean {
  return splitting.some((name) => hasWord(line, name, 2)) || line.words[1]!.text.startsWith('udp@');
}

function key({ host }: BoundAddress): string {
  return host === '' || host === '*' ? addressKey('0.0.0.0') : addressKey(host);
}

function isStream({ line }: BoundAddress): boolean {
  return !/^(?:quic|udp)/.test(line.words[1]!.text);
}

function bindsOf(view: HaproxyView): BoundAddress[] {
  const fronts = view.proxies.filter((proxy) => proxy.kind !== 'backend' && !proxy.disabled);
  return fronts.flatMap(boundAddresses).filter((bind) => bind.lastPort > 0 && !isShared(bind));
}

function overlap(one: BoundAddress, other: BoundAddress): boolean {
  return one.firstPort <= other.lastPort && other.firstPort <= one.lastPort && isStream(one) === isStream(other);
}

function checkRepeated(view: HaproxyView, report: Report): void {
  for (const binds of groupBy(bindsOf(view), key).values()) {
    for (const [index, bind] of binds.entries()) {
      const first = binds.slice(0, index).find((other) => overlap(other, bind));
      if (!first) continue;
      report(bind.at, repeatedMessage(first, bind), { notes: [{ at: first.at, message: 'the first one is here' }] });
    }
  }
}

function repeatedMessage(first: BoundAddress, bind: BoundAddress): string {
  const port = Math.max(first.firstPort, bind.firstPort);
  const where = `${bind.host === '' ? '*' : bind.host}:${port}`;
  if (first.proxy === bind.proxy) return `${where} is bound twice in ${bind.proxy.kind} '${bind.proxy.name}'`;
  return `${where} is bound in ${first.proxy.kind} '${first.proxy.name}' as well: the kernel spreads connections over both`;
}

/** A single address beside every address: legal, the single one wins. Between proxies it decides who answers. */
function checkOverlaps(view: HaproxyView, report: Report): void {
  const binds = bindsOf(view);
  const wild = binds.filter((bind) => parseIp(bind.host)?.value === 0n || bind.host === '' || bind.host === '*');
  for (const bind of binds) {
    if (wild.includes(bind) || !parseIp(bind.host)) continue;
    const isV6 = bind.host.includes(':');
    const outer = wild.find((one) => one.proxy !== bind.proxy && one.host.includes(':') === isV6 && overlap(one, bind));
    if (!outer) continue;
    const message = `${outer.proxy.kind} '${outer.proxy.name}' listens on every address of port ${bind.firstPort}: connections to ${bind.host} come here, all others go there`;
    report(bind.at, message, { notes: [{ at: outer.at, message: 'the other bind is here' }] });
  }
}

export const haproxyBindRules: readonly HaproxyRule[] = [
  {
    code: 'duplicate-bind',
    language: 'haproxy',
    severity: 'warning',
    doc: 'The same address and port is bound twice.',
    check: checkRepeated,
  },
  {
    code: 'bind-overlap',
    language: 'haproxy',
    severity: 'notice',
    doc: 'An address of one proxy is part of what another one listens on.',
    check: checkOverlaps,
  },
];
