/** Rules about `vrrp_instance`: elections that cannot go as written, addresses in the wrong place, strict mode. */
import type { Span } from '../../../grammar/source.ts';
import type { HostFacts } from './host-facts.ts';
import { containsNetwork, networkOf, parseIp, parseNetwork } from './ip.ts';
import {
  type InstanceView,
  type KeepalivedView,
  lastNamed,
  named,
  type VirtualAddressView,
} from './keepalived-view.ts';
import type { KeepalivedRule, Report } from './rule.ts';

const OWNER_PRIORITY = 255;

/** One spelling for an address, so that two of them can be compared. */
export function addressKey(host: string): string {
  const address = parseIp(host);
  return address ? `${address.family}:${address.value}` : host;
}

export function allAddresses(instance: InstanceView): VirtualAddressView[] {
  return [...instance.addresses, ...instance.excluded];
}

function checkSharedAddresses(view: KeepalivedView, report: Report): void {
  const owners = new Map<string, { readonly instance: InstanceView; readonly at: Span }>();
  for (const instance of view.instances) {
    for (const { host, at } of allAddresses(instance)) {
      const key = addressKey(host);
      const first = owners.get(key);
      if (!first) owners.set(key, { instance, at });
      else if (first.instance !== instance) {
        report(at, `instances '${first.instance.name}' and '${instance.name}' both have the address ${host}`, {
          notes: [{ at: first.at, message: 'the first one is here' }],
        });
      }
    }
  }
}

function checkNetworks(view: KeepalivedView, report: Report, facts: HostFacts | null): void {
  if (!facts?.interfaces) return;
  for (const instance of view.instances) {
    for (const { host, device, at } of allAddresses(instance)) {
      const name = device ?? instance.interface?.value;
      const networks =
        name === undefined ? undefined : facts.interfaces.get(name)?.flatMap((one) => parseNetwork(one) ?? []);
      const address = parseIp(host);
      if (!networks || !address || networks.every((network) => network.family !== address.family)) continue;
      const single = networkOf(address, address.family === 4 ? 32 : 128);
      if (networks.some((network) => containsNetwork(network, single))) continue;
      report(at, `${host} is in none of the networks of ${name} (${facts.interfaces.get(name!)!.join(', ')})`);
    }
  }
}

function checkOwner(view: KeepalivedView, report: Report): void {
  for (const { name, state, priority } of view.instances) {
    if (state?.value !== 'BACKUP' || priority?.value !== OWNER_PRIORITY) continue;
    report(state.at, `(${name}) priority 255 is that of the address owner, who starts as MASTER and never is BACKUP`, {
      notes: [{ at: priority.at, message: 'the priority is here' }],
    });
  }
}

/** RFC 5798 knows no authentication and no unicast; strict mode drops what is sent to the address. */
function checkStrict(view: KeepalivedView, report: Report): void {
  for (const instance of view.instances) {
    if (!instance.strict) continue;
    const { name, authType, authPass, priority, entry, addresses } = instance;
    const auth = authType ?? authPass;
    if (auth) report(auth.at, `(${name}) authentication is left out in strict mode`);
    const peers = lastNamed(entry.entries, 'unicast_peer');
    if (peers) report(peers.at, `(${name}) unicast is not allowed in strict mode`);
    const isOwner = priority?.value === OWNER_PRIORITY;
    const [first] = addresses;
    if (!first || isOwner || lastNamed(entry.entries, 'accept')) continue;
    const several = addresses.length > 1 ? `its ${addresses.length} addresses` : first.host;
    report(
      lastNamed(entry.entries, 'virtual_ipaddress')?.at ?? instance.at,
      `(${name}) strict mode without 'accept' drops every packet for ${several}`,
    );
  }
}

function checkOwnPeer(view: KeepalivedView, report: Report, facts: HostFacts | null): void {
  const local = new Set([...(facts?.interfaces?.values() ?? [])].flat().map((one) => addressKey(one.split('/')[0]!)));
  for (const { name, sourceIp, unicastPeers } of view.instances) {
    const source = sourceIp && addressKey(sourceIp.value);
    for (const peer of unicastPeers) {
      const key = addressKey(peer.value);
      if (key !== source && !local.has(key)) continue;
      report(peer.at, `(${name}) the unicast peer ${peer.value} is this node itself`, {
        ...(sourceIp && key === source && { notes: [{ at: sourceIp.at, message: 'its own address is here' }] }),
      });
    }
  }
}

function checkRepeatedPeers(view: KeepalivedView, report: Report): void {
  for (const { name, unicastPeers } of view.instances) {
    const seen = new Set<string>();
    for (const peer of unicastPeers) {
      if (seen.has(addressKey(peer.value))) report(peer.at, `(${name}) the unicast peer ${peer.value} is there twice`);
      seen.add(addressKey(peer.value));
    }
  }
}

/** A priority is kept between 1 and 254; beyond that a weight moves nothing. */
function checkClampedWeights(view: KeepalivedView, report: Report): void {
  const weights = new Map(view.scripts.map((script) => [script.name, script.weight]));
  for (const { name, priority, trackScripts } of view.instances) {
    if (!priority || priority.value === OWNER_PRIORITY) continue;
    for (const track of trackScripts) {
      const weight = track.weight ?? weights.get(track.script) ?? 0;
      const blocked = (weight > 0 && priority.value >= 254) || (weight < 0 && priority.value <= 1);
      if (!blocked) continue;
      const bound = weight > 0 ? 'above 254' : 'below 1';
      report(
        track.at,
        `(${name}) weight ${weight} of script '${track.script}' changes nothing: no priority gets ${bound}`,
        {
          notes: [{ at: priority.at, message: 'the priority is here' }],
        },
      );
    }
  }
}

function checkUnusedScripts(view: KeepalivedView, report: Report): void {
  const used = new Set<string>();
  const blocks = view.entries.filter((entry) => entry.name === 'vrrp_instance' || entry.name === 'vrrp_sync_group');
  for (const block of blocks) {
    for (const list of named(block.entries, 'track_script')) {
      for (const { name, args } of list.entries)
        for (const word of [name, ...args.map((arg) => arg.value)]) used.add(word);
    }
  }
  if (blocks.length === 0) return;
  for (const script of view.scripts) {
    if (!used.has(script.name)) report(script.at, `no instance or group tracks script '${script.name}'`);
  }
}

export const keepalivedInstanceRules: readonly KeepalivedRule[] = [
  {
    code: 'address-in-two-instances',
    language: 'keepalived',
    severity: 'warning',
    doc: 'Two instances have the same virtual address.',
    check: checkSharedAddresses,
  },
  {
    code: 'address-outside-networks',
    language: 'keepalived',
    severity: 'warning',
    doc: "A virtual address is in none of its interface's networks (needs host facts).",
    check: checkNetworks,
  },
  {
    code: 'owner-as-backup',
    language: 'keepalived',
    severity: 'warning',
    doc: 'state BACKUP with priority 255, which is always MASTER.',
    check: checkOwner,
  },
  {
    code: 'strict-conflict',
    language: 'keepalived',
    severity: 'warning',
    doc: 'vrrp_strict with authentication, unicast, or addresses that are to be reached.',
    coveredBy: ['auth-ignored'],
    check: checkStrict,
  },
  {
    code: 'peer-is-self',
    language: 'keepalived',
    severity: 'error',
    doc: 'A unicast peer is the node itself.',
    check: checkOwnPeer,
  },
  {
    code: 'peer-repeated',
    language: 'keepalived',
    severity: 'warning',
    doc: 'A unicast peer is there twice.',
    check: checkRepeatedPeers,
  },
  {
    code: 'weight-without-effect',
    language: 'keepalived',
    severity: 'warning',
    doc: 'A script weight that the limits of priorities (1 to 254) take away.',
    check: checkClampedWeights,
  },
  {
    code: 'unused-script',
    language: 'keepalived',
    severity: 'warning',
    doc: 'A vrrp_script that nothing tracks.',
    check: checkUnusedScripts,
  },
];
