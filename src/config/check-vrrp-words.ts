/**
 * Words of a `vrrp_instance` or a `vrrp_sync_group` against each other, and against what they name: nothing here
 * changes a record. What keepalived itself sets right with a message is a warning.
 */
import type { Word } from '../../grammar/keepalived/ast.ts';
import type { DocumentNode, InstanceNode, SyncGroupNode, TrackNode } from '../../grammar/keepalived/nodes.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import type { Surroundings } from './keepalived-surroundings.ts';

export function checkInstanceWords(
  node: InstanceNode,
  family: 4 | 6,
  document: DocumentNode,
  around: Surroundings,
): void {
  checkNames(node, node.name.text, document, around);
  for (const device of node.routeDevices) {
    around.checkInterface(device.text, device, `interface ${device.text} for a route or rule doesn't exist`);
  }
  checkVmac(node, document, around);
  checkUnicast(node, around);
  if (node.nativeIpv6 && family === 4) {
    const message = `(${node.name.text}) Cannot specify native_ipv6 with IPv4 addresses`;
    around.context.warning('family-mismatch', node.nativeIpv6, message);
  }
  if (node.strict ?? document.global.strict) checkStrict(node, family, around);
}

export function checkGroupWords(node: SyncGroupNode, document: DocumentNode, around: Surroundings): void {
  const name = node.name.text;
  checkNames(node, name, document, around);
  checkKnown(
    'script',
    node.trackScripts,
    document.scripts.map((script) => script.name),
    name,
    around,
  );
  for (const { name: device } of node.trackInterfaces) {
    around.checkInterface(device.text, device, `(${name}) tracked interface ${device.text} doesn't exist`);
  }
}

type Tracking = Pick<InstanceNode, 'trackFiles' | 'trackProcesses' | 'trackBfds'>;

/** Files, processes and sessions are not followed yet; that they exist is checked all the same. */
function checkNames(node: Tracking, name: string, document: DocumentNode, around: Surroundings): void {
  const names = (nodes: readonly { readonly name: Word }[]) => nodes.map((each) => each.name);
  checkKnown('file', node.trackFiles, names(document.trackFiles), name, around);
  checkKnown('process', node.trackProcesses, names(document.trackProcesses), name, around);
  checkKnown('bfd', node.trackBfds, names(document.bfdSessions), name, around);
}

function checkKnown(
  what: string,
  tracks: readonly TrackNode[],
  defined: readonly Word[],
  name: string,
  { context }: Surroundings,
): void {
  const known = defined.map((word) => word.text);
  const seen = new Set<string>();
  for (const { name: track } of tracks) {
    if (!known.includes(track.text)) {
      const suggestion = nearestWord(track.text, known);
      const message = `(${name}) track ${what} ${track.text} not found, ignoring...`;
      context.error('unknown-track', track, message, suggestion ? { suggestion } : {});
    } else if (seen.has(track.text)) {
      context.error('duplicate-track', track, `(${name}) duplicate track_${what} ${track.text} - ignoring`);
    }
    seen.add(track.text);
  }
}

/** IFNAMSIZ without its final NUL. */
const LONGEST_INTERFACE = 15;

function checkVmac(node: InstanceNode, document: DocumentNode, { context }: Surroundings): void {
  const name = node.name.text;
  if (node.vmacXmitBase && !node.usesVmac) {
    context.warning('vmac-missing', node.vmacXmitBase, `(${name}) vmac_xmit_base is only valid with a vmac`);
  }
  const { vmacName } = node;
  if (!vmacName) return;
  if (vmacName.text.length > LONGEST_INTERFACE || vmacName.text.includes('/')) {
    const message = `VMAC interface name '${vmacName.text}' too long or invalid characters - ignoring`;
    context.error('interface-name', vmacName, message);
  }
  const other = document.instances.find((each) => each.vmacName?.text === vmacName.text);
  if (other && other !== node) {
    const message = `(${name}) VRRP instance ${other.name.text} is already using ${vmacName.text} - ignoring name`;
    context.error('interface-name', vmacName, message);
  }
}

function checkUnicast(node: InstanceNode, { context }: Surroundings): void {
  const name = node.name.text;
  const isUnicast = (node.unicastPeers?.length ?? 0) > 0;
  if (node.unicastTtl && !isUnicast) {
    const message = `(${name}): Cannot use unicast_ttl without unicast peers - resetting`;
    context.warning('ttl-ignored', (context.asOriginal && node.end) || node.unicastTtl.site, message);
  }
  if (node.multicastGroup !== undefined && isUnicast) {
    const message = `(${name}) multicast destination specified with unicast - ignoring`;
    context.warning('multicast-ignored', node.name, message);
  }
}

/** Where the RFCs leave no choice. */
function checkStrict(node: InstanceNode, family: 4 | 6, { context }: Surroundings): void {
  const name = node.name.text;
  const warn = (message: string, site: { readonly start: number; readonly end: number } = node.name) =>
    context.warning('strict-mode', site, `(${name}) ${message}`);
  const isOwner = node.priority?.value === 255;
  const version = node.version?.value ?? (family === 6 ? 3 : 2);
  if (node.accept && version === 2) {
    warn('warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting');
  }
  if (node.authType) warn('Strict mode does not support authentication. Ignoring.', node.authType.site);
  if (node.preemptDelayMs?.value)
    warn('preempt_delay is incompatible with strict mode - resetting', node.preemptDelayMs.site);
  if (node.state && (node.state.value === 'MASTER') !== isOwner) {
    warn('State MASTER must match being address owner', node.state.site);
  }
  const first = node.addresses[0];
  if (family === 6 && first && !/^fe[89ab]/i.test(first.address)) {
    warn('the first IPv6 VIP address must be link local', first.site);
  }
}
