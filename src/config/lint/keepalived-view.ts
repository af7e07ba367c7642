/**
 * A keepalived.conf as the lint rules see it: instances, scripts and virtual servers with the place of every value.
 *
 * Read from the block tree after expansion, not from the records: rules need words that are not carried out (IPVS), and
 * values as they were written. What a keyword may take is not checked again; a value that makes no sense is left out.
 */
import type { Block, Statement, Word } from '../../../grammar/keepalived/ast.ts';
import type { KeepalivedDocument } from '../../../grammar/keepalived/lower.ts';
import type { Span } from '../../../grammar/source.ts';

export interface Placed<T> {
  readonly value: T;
  readonly at: Span;
}

/** A line of a block: the keyword, its arguments, the block behind it. */
export interface Entry {
  readonly name: string;
  readonly args: readonly Placed<string>[];
  readonly at: Span;
  readonly entries: readonly Entry[];
  readonly hasBlock: boolean;
}

export interface InstanceView {
  readonly name: string;
  readonly at: Span;
  readonly entry: Entry;
  readonly interface: Placed<string> | null;
  readonly state: Placed<string> | null;
  readonly routerId: Placed<number> | null;
  readonly priority: Placed<number> | null;
  readonly advertInt: Placed<number> | null;
  readonly version: 2 | 3;
  readonly strict: boolean;
  readonly authType: Placed<string> | null;
  readonly authPass: Placed<string> | null;
  readonly nopreempt: Span | null;
  readonly sourceIp: Placed<string> | null;
  readonly unicastPeers: readonly Placed<string>[];
  /** `virtual_ipaddress`, as written: `address[/prefix]`. */
  readonly addresses: readonly VirtualAddressView[];
  readonly excluded: readonly VirtualAddressView[];
  readonly trackScripts: readonly TrackView[];
}

export interface VirtualAddressView {
  readonly host: string;
  readonly prefixLength: number | null;
  readonly device: string | null;
  readonly at: Span;
}

export interface TrackView {
  readonly script: string;
  /** Null: the script's own. */
  readonly weight: number | null;
  readonly at: Span;
}

export interface ScriptView {
  readonly name: string;
  readonly at: Span;
  /** The command as one line, as written. */
  readonly command: Placed<string> | null;
  readonly weight: number;
}

export interface RealServerView {
  readonly host: string;
  readonly port: string | null;
  readonly at: Span;
  readonly entry: Entry;
}

export interface VirtualServerView {
  readonly title: string;
  /** `address port`, `fwmark N` or `group NAME`. */
  readonly key: string;
  readonly host: string | null;
  readonly port: string | null;
  readonly at: Span;
  readonly entry: Entry;
  readonly realServers: readonly RealServerView[];
}

export interface KeepalivedView {
  readonly entries: readonly Entry[];
  readonly globals: readonly Entry[];
  readonly instances: readonly InstanceView[];
  readonly scripts: readonly ScriptView[];
  readonly virtualServers: readonly VirtualServerView[];
  readonly scriptSecurity: boolean;
}

export function viewKeepalived({ tree, context }: KeepalivedDocument): KeepalivedView {
  const nowhere: Span = { source: { file: '', text: '' }, start: 0, end: 0 };
  const spanOf = (site: Word | Statement): Span => context.spanOf(site) ?? nowhere;
  const entries = entriesOf(tree, spanOf);
  const globals = named(entries, 'global_defs').flatMap((entry) => entry.entries);
  return {
    entries,
    globals,
    instances: named(entries, 'vrrp_instance').map((entry) => viewInstance(entry, globals)),
    scripts: named(entries, 'vrrp_script').map(viewScript),
    virtualServers: named(entries, 'virtual_server').map(viewVirtualServer),
    scriptSecurity: named(globals, 'enable_script_security').length > 0,
  };
}

function entriesOf(block: Block | null, spanOf: (site: Word | Statement) => Span): Entry[] {
  return (block?.statements ?? []).map((statement) => {
    const [keyword, ...args] = statement.words;
    return {
      name: keyword!.text,
      args: args.map((word) => ({ value: word.text, at: spanOf(word) })),
      at: spanOf(statement),
      entries: entriesOf(statement.block, spanOf),
      hasBlock: statement.block !== null,
    };
  });
}

export function named(entries: readonly Entry[], name: string): Entry[] {
  return entries.filter((entry) => entry.name === name);
}

/** The last line of a name holds. */
export function lastNamed(entries: readonly Entry[], name: string): Entry | null {
  return entries.findLast((entry) => entry.name === name) ?? null;
}

function valueIn(entries: readonly Entry[], name: string): Placed<string> | null {
  return lastNamed(entries, name)?.args[0] ?? null;
}

function numberIn(entries: readonly Entry[], name: string): Placed<number> | null {
  const found = valueIn(entries, name);
  const value = Number(found?.value);
  return found && Number.isFinite(value) ? { value, at: found.at } : null;
}

function isOn(entries: readonly Entry[], name: string): boolean {
  const found = lastNamed(entries, name);
  return found !== null && !['off', 'no', 'false'].includes(found.args[0]?.value ?? '');
}

function listIn(entries: readonly Entry[], name: string): Entry[] {
  return named(entries, name).flatMap((entry) => entry.entries);
}

function viewInstance(entry: Entry, globals: readonly Entry[]): InstanceView {
  const { entries } = entry;
  const authentication = listIn(entries, 'authentication');
  const addresses = listIn(entries, 'virtual_ipaddress').flatMap(viewAddress);
  const isIpv6 = addresses[0]?.host.includes(':') || valueIn(entries, 'native_ipv6') !== null;
  const written = numberIn(entries, 'version') ?? numberIn(globals, 'vrrp_version');
  const strictHere = lastNamed(entries, 'strict_mode');
  return {
    name: entry.args[0]?.value ?? '',
    at: entry.args[0]?.at ?? entry.at,
    entry,
    interface: valueIn(entries, 'interface') ?? valueIn(globals, 'default_interface'),
    state: valueIn(entries, 'state'),
    routerId: numberIn(entries, 'virtual_router_id'),
    priority: numberIn(entries, 'priority'),
    advertInt: numberIn(entries, 'advert_int'),
    version: isIpv6 || written?.value === 3 ? 3 : 2,
    strict: strictHere ? isOn(entries, 'strict_mode') : isOn(globals, 'vrrp_strict'),
    authType: valueIn(authentication, 'auth_type'),
    authPass: valueIn(authentication, 'auth_pass'),
    nopreempt: lastNamed(entries, 'nopreempt')?.at ?? null,
    sourceIp: valueIn(entries, 'unicast_src_ip') ?? valueIn(entries, 'mcast_src_ip'),
    unicastPeers: listIn(entries, 'unicast_peer').map(({ name, at }) => ({ value: name, at })),
    addresses,
    excluded: listIn(entries, 'virtual_ipaddress_excluded').flatMap(viewAddress),
    trackScripts: listIn(entries, 'track_script').map(viewTrack),
  };
}

function viewAddress({ name, args, at }: Entry): VirtualAddressView[] {
  const [host = '', prefix] = name.split('/');
  if (!/^[0-9a-fA-F.:]+$/.test(host)) return [];
  const device = args.findIndex((arg) => arg.value === 'dev');
  return [
    {
      host,
      prefixLength: prefix !== undefined && /^\d+$/.test(prefix) ? Number(prefix) : null,
      device: device < 0 ? null : (args[device + 1]?.value ?? null),
      at,
    },
  ];
}

function viewTrack({ name, args, at }: Entry): TrackView {
  const weight = args.findIndex((arg) => arg.value === 'weight');
  const value = weight < 0 ? Number.NaN : Number(args[weight + 1]?.value);
  return { script: name, weight: Number.isFinite(value) ? value : null, at };
}

function viewScript(entry: Entry): ScriptView {
  const script = lastNamed(entry.entries, 'script');
  const command = script && script.args.length > 0 ? script.args.map((arg) => arg.value).join(' ') : null;
  return {
    name: entry.args[0]?.value ?? '',
    at: entry.args[0]?.at ?? entry.at,
    command: script && command !== null ? { value: command, at: script.at } : null,
    weight: numberIn(entry.entries, 'weight')?.value ?? 0,
  };
}

function viewVirtualServer(entry: Entry): VirtualServerView {
  const [first = '', second = null] = entry.args.map((arg) => arg.value);
  const isAddress = first !== 'fwmark' && first !== 'group';
  const realServers = named(entry.entries, 'real_server').map((real) => ({
    host: real.args[0]?.value ?? '',
    port: real.args[1]?.value ?? null,
    at: real.at,
    entry: real,
  }));
  return {
    title: [first, second].filter((part) => part !== null).join(' '),
    key: `${first.toLowerCase()} ${second ?? ''}`,
    host: isAddress ? first : null,
    port: isAddress ? second : null,
    at: entry.at,
    entry,
    realServers,
  };
}

/** A setting of a real or virtual server. */
export function settingOf(entry: Entry, name: string): Placed<string> | null {
  return valueIn(entry.entries, name);
}
