/**
 * Rules about haproxy.cfg and keepalived.conf of one machine: addresses that one moves and the other listens on, and who
 * watches whom.
 */
import type { Span } from '../../../grammar/source.ts';
import { type BoundAddress, boundAddresses } from './bound-address.ts';
import { type HaproxyView, hasWord, linesNamed } from './haproxy-view.ts';
import type { HostFacts } from './host-facts.ts';
import { parseIp } from './ip.ts';
import { addressKey, allAddresses } from './keepalived-instances.ts';
import { type Entry, type InstanceView, type KeepalivedView, named } from './keepalived-view.ts';
import type { BothRule, Report } from './rule.ts';

function isWildcard({ host }: BoundAddress): boolean {
  const address = parseIp(host);
  return host === '' || host === '*' || address?.value === 0n;
}

/** Does a wildcard listen for the family of an address? `::` takes IPv4 as well when it is told so. */
function takes(bind: BoundAddress, host: string): boolean {
  if (addressKey(bind.host) === addressKey(host)) return true;
  if (!isWildcard(bind)) return false;
  return bind.host.includes(':') === host.includes(':') || hasWord(bind.line, 'v4v6', 2);
}

/** Addresses of listeners that a computed or unknown text may stand for anything. */
function boundIn(haproxy: HaproxyView): { readonly binds: BoundAddress[]; readonly certain: boolean } {
  const fronts = haproxy.proxies.filter((proxy) => proxy.kind !== 'backend' && !proxy.disabled);
  const binds = fronts.flatMap(boundAddresses);
  const certain = fronts.every((proxy) =>
    linesNamed(proxy.own, 'bind').every(({ words }) => !words[1]?.open && !words[1]?.text.includes('$')),
  );
  return { binds, certain };
}

function checkUnboundAddresses(haproxy: HaproxyView, keepalived: KeepalivedView, report: Report): void {
  const { binds, certain } = boundIn(haproxy);
  if (!certain || binds.length === 0) return;
  const virtual = new Set(keepalived.virtualServers.flatMap(({ host }) => (host === null ? [] : addressKey(host))));
  for (const { name, addresses } of keepalived.instances) {
    for (const { host, at } of addresses) {
      if (virtual.has(addressKey(host)) || binds.some((bind) => takes(bind, host))) continue;
      report(at, `(${name}) no 'bind' of haproxy.cfg takes connections for ${host}`);
    }
  }
}

function checkNonlocalBinds(
  haproxy: HaproxyView,
  keepalived: KeepalivedView,
  report: Report,
  facts: HostFacts | null,
): void {
  if (!facts?.sysctls) return;
  const addresses = new Map(
    keepalived.instances.flatMap((instance) =>
      allAddresses(instance).map(({ host, at }) => [addressKey(host), { instance, at }] as const),
    ),
  );
  for (const bind of boundIn(haproxy).binds) {
    const owner = addresses.get(addressKey(bind.host));
    if (!owner || hasWord(bind.line, 'transparent', 2)) continue;
    const name = bind.host.includes(':') ? 'net.ipv6.ip_nonlocal_bind' : 'net.ipv4.ip_nonlocal_bind';
    if ((facts.sysctls.get(name) ?? '0') !== '0') continue;
    report(
      bind.at,
      `${bind.host} is not here while another node is master, and ${name} is 0: the proxy cannot start then`,
      {
        notes: [{ at: owner.at, message: `instance '${owner.instance.name}' has the address` }],
        suggestion: `sysctl ${name}=1, or 'transparent' on the bind line`,
      },
    );
  }
}

/** Who a script asks about, for the few forms that say so themselves. */
const watching = [
  /^(?:\S*\/)?(?:pidof|pgrep|pkill)\s+(?:-\S+\s+)*(\S+)$/,
  /^(?:\S*\/)?killall\s+(?:-0|-s\s*0|--signal\s*0)\s+(\S+)$/,
  /^(?:\S*\/)?systemctl\s+(?:-\S+\s+)*(?:is-active|status)\s+(?:-\S+\s+)*(\S+?)(?:\.service)?$/,
  /^(?:\S*\/)?service\s+(\S+)\s+status$/,
];

function watchedProgram(command: string): string | null {
  for (const form of watching) {
    const program = form.exec(command.replace(/^["']|["']$/g, '').trim())?.[1];
    if (program !== undefined) return program;
  }
  return null;
}

function checkWatchers(haproxy: HaproxyView, keepalived: KeepalivedView, report: Report): void {
  const { binds } = boundIn(haproxy);
  for (const instance of keepalived.instances) {
    const address = instance.addresses.find(({ host }) => binds.some((bind) => takes(bind, host)));
    if (!address) continue;
    const notes = [{ at: address.at, message: 'the proxy listens on this address' }];
    const watchers = watchersOf(instance, keepalived);
    if (watchers.length === 0) {
      report(instance.at, `(${instance.name}) nothing watches the proxy: the address stays where no proxy answers`, {
        notes,
      });
      continue;
    }
    const programs = watchers.map(({ text }) => watchedProgram(text));
    if (programs.some((program) => program === null || /haproxy|tandem/.test(program))) continue;
    const message = `(${instance.name}) the scripts watch ${[...new Set(programs)].join(', ')}, not the proxy that has the address`;
    report(watchers[0]!.at, message, { notes });
  }
}

interface Watcher {
  /** The command, or what else is watched. */
  readonly text: string;
  readonly at: Span;
}

/** Everything that an instance follows, by itself and through its group. */
function watchersOf(instance: InstanceView, keepalived: KeepalivedView): Watcher[] {
  const groups = named(keepalived.entries, 'vrrp_sync_group').filter((group) =>
    named(group.entries, 'group').some((list) => list.entries.some((entry) => isNamed(entry, instance.name))),
  );
  return [instance.entry, ...groups].flatMap(({ entries }) =>
    ['track_script', 'track_process', 'track_file', 'track_bfd'].flatMap((kind) =>
      named(entries, kind).flatMap((list) =>
        list.entries.map((entry) => ({ text: watcherText(kind, entry.name, keepalived), at: entry.at })),
      ),
    ),
  );
}

function isNamed({ name, args }: Entry, wanted: string): boolean {
  return name === wanted || args.some((arg) => arg.value === wanted);
}

function watcherText(kind: string, name: string, { scripts, entries }: KeepalivedView): string {
  if (kind === 'track_script') return scripts.find((script) => script.name === name)?.command?.value ?? '';
  if (kind !== 'track_process') return '';
  const tracked = named(entries, 'vrrp_track_process').find((entry) => entry.args[0]?.value === name);
  const program = tracked && named(tracked.entries, 'process')[0]?.args[0]?.value;
  return program === undefined ? '' : `pidof ${program.replace(/^.*\//, '')}`;
}

function checkSharedPorts(haproxy: HaproxyView, keepalived: KeepalivedView, report: Report): void {
  const { binds } = boundIn(haproxy);
  for (const { host, port, at, title } of keepalived.virtualServers) {
    if (host === null || port === null) continue;
    const bind = binds.find(
      (one) => takes(one, host) && Number(port) >= one.firstPort && Number(port) <= one.lastPort && one.lastPort > 0,
    );
    if (!bind) continue;
    report(at, `IPVS takes what arrives at ${title} before the proxy sees it, which listens there as well`, {
      notes: [{ at: bind.at, message: 'the bind line is here' }],
    });
  }
}

export const bothFilesRules: readonly BothRule[] = [
  {
    code: 'address-without-bind',
    language: 'both',
    severity: 'warning',
    doc: 'A virtual address on which no bind listens.',
    check: checkUnboundAddresses,
  },
  {
    code: 'bind-needs-nonlocal',
    language: 'both',
    severity: 'error',
    doc: 'A bind on a virtual address without ip_nonlocal_bind or transparent (needs host facts).',
    check: checkNonlocalBinds,
  },
  {
    code: 'proxy-not-watched',
    language: 'both',
    severity: 'warning',
    doc: 'The instance whose address the proxy listens on does not watch the proxy.',
    check: checkWatchers,
  },
  {
    code: 'virtual-server-on-bind',
    language: 'both',
    severity: 'warning',
    doc: 'A virtual_server and a bind on the same address and port.',
    check: checkSharedPorts,
  },
];
