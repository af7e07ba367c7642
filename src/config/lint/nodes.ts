/**
 * Rules about two nodes of one cluster: their keepalived.conf must agree about what they share and differ in what
 * elects one of them. Instances are taken to belong together by name, else by virtual router id.
 */
import type { Note } from '../../../grammar/diagnostic.ts';
import { addressKey } from './keepalived-instances.ts';
import { type InstanceView, type KeepalivedView, named, type Placed } from './keepalived-view.ts';
import type { NodesRule, NodeView, Report } from './rule.ts';

interface Pair {
  readonly one: InstanceView;
  readonly other: InstanceView;
}

function pairsOf(one: NodeView, other: NodeView): Pair[] {
  return one.keepalived.instances.flatMap((instance) => {
    const candidates = other.keepalived.instances;
    const match =
      candidates.find(({ name }) => name === instance.name) ??
      candidates.find(({ routerId }) => routerId && routerId.value === instance.routerId?.value);
    return match ? [{ one: instance, other: match }] : [];
  });
}

function checkMissing(one: NodeView, other: NodeView, report: Report): void {
  const pairs = pairsOf(one, other);
  for (const [node, facing, has] of [
    [one, other, (instance: InstanceView) => pairs.some((pair) => pair.one === instance)],
    [other, one, (instance: InstanceView) => pairs.some((pair) => pair.other === instance)],
  ] as const) {
    for (const instance of node.keepalived.instances) {
      if (!has(instance)) report(instance.at, `node '${facing.name}' has no instance '${instance.name}'`);
    }
  }
}

/** A value in which two instances must agree. */
function checkSame(
  read: (instance: InstanceView) => Placed<string | number> | null,
  what: string,
  why: string,
): NodesRule['check'] {
  return (one, other, report) => {
    for (const pair of pairsOf(one, other)) {
      const [left, right] = [read(pair.one), read(pair.other)];
      if (left?.value === right?.value) continue;
      const at = right?.at ?? pair.other.at;
      const note: Note = { at: left?.at ?? pair.one.at, message: `node '${one.name}': ${left?.value ?? 'not set'}` };
      const message = `(${pair.other.name}) ${what} of node '${other.name}' is ${right?.value ?? 'not set'}, of node '${one.name}' ${left?.value ?? 'not set'}: ${why}`;
      report(at, message, { notes: [note] });
    }
  };
}

function versionOf(instance: InstanceView): Placed<number> {
  return { value: instance.version, at: instance.at };
}

function authOf({ authType, authPass, version }: InstanceView): Placed<string> | null {
  if (version === 3 || !authType || !authPass) return null;
  // Eight characters go over the wire; the password itself is not shown.
  return { value: `${authType.value} ${authPass.value.slice(0, 8)}`, at: authPass.at };
}

function checkAuth(one: NodeView, other: NodeView, report: Report): void {
  for (const pair of pairsOf(one, other)) {
    const [left, right] = [authOf(pair.one), authOf(pair.other)];
    if (left?.value === right?.value) continue;
    const message = `(${pair.other.name}) nodes '${one.name}' and '${other.name}' authenticate differently: each ignores the other and both become MASTER`;
    report(right?.at ?? pair.other.at, message, {
      notes: [{ at: left?.at ?? pair.one.at, message: `node '${one.name}'` }],
    });
  }
}

function checkAddresses(one: NodeView, other: NodeView, report: Report): void {
  for (const pair of pairsOf(one, other)) {
    const [left, right] = [pair.one, pair.other].map(
      (instance) => new Set(instance.addresses.map(({ host }) => addressKey(host))),
    );
    for (const [instance, facing, known] of [
      [pair.one, other, right!],
      [pair.other, one, left!],
    ] as const) {
      for (const { host, at } of instance.addresses) {
        if (!known.has(addressKey(host)))
          report(at, `(${instance.name}) node '${facing.name}' does not have the address ${host}`);
      }
    }
  }
}

function checkPriorities(one: NodeView, other: NodeView, report: Report): void {
  for (const pair of pairsOf(one, other)) {
    const [left, right] = [pair.one.priority?.value ?? 100, pair.other.priority?.value ?? 100];
    if (left !== right || (pair.one.nopreempt && pair.other.nopreempt)) continue;
    const message = `(${pair.other.name}) nodes '${one.name}' and '${other.name}' both have priority ${right}: the higher address decides`;
    report(pair.other.priority?.at ?? pair.other.at, message, {
      notes: [{ at: pair.one.priority?.at ?? pair.one.at, message: `node '${one.name}'` }],
    });
  }
}

function checkMasters(one: NodeView, other: NodeView, report: Report): void {
  for (const pair of pairsOf(one, other)) {
    const [left, right] = [pair.one.state, pair.other.state];
    if (left?.value !== 'MASTER' || right?.value !== 'MASTER') continue;
    const message = `(${pair.other.name}) nodes '${one.name}' and '${other.name}' both start as MASTER`;
    report(right.at, message, { notes: [{ at: left.at, message: `node '${one.name}'` }] });
  }
}

/** The node that starts as MASTER gives the address away at once to one of higher priority. */
function checkStates(one: NodeView, other: NodeView, report: Report): void {
  for (const pair of pairsOf(one, other)) {
    for (const [master, backup] of [
      [pair.one, pair.other],
      [pair.other, pair.one],
    ] as const) {
      if (master.state?.value !== 'MASTER' || backup.state?.value === 'MASTER' || backup.nopreempt) continue;
      const [high, low] = [backup.priority?.value ?? 100, master.priority?.value ?? 100];
      if (high <= low) continue;
      report(
        master.state.at,
        `(${master.name}) starts as MASTER with priority ${low} and gives way to ${high} at once`,
        {
          notes: [{ at: backup.priority?.at ?? backup.at, message: 'the other node' }],
        },
      );
    }
  }
}

interface Weighted {
  readonly name: string;
  readonly weight: number;
  readonly at: InstanceView['at'];
}

/** Null: the priority depends on more than scripts. */
function scriptsOf(instance: InstanceView, view: KeepalivedView): Weighted[] | null {
  const others = ['track_interface', 'track_file', 'track_process', 'track_bfd'];
  if (others.some((name) => named(instance.entry.entries, name).length > 0)) return null;
  return instance.trackScripts.map(({ script, weight, at }) => ({
    name: script,
    weight: weight ?? view.scripts.find((one) => one.name === script)?.weight ?? 0,
    at,
  }));
}

function healthy(instance: InstanceView, scripts: readonly Weighted[]): number {
  const bonus = scripts.reduce((sum, { weight }) => sum + Math.max(0, weight), 0);
  return Math.min(254, (instance.priority?.value ?? 100) + bonus);
}

/** A failing script takes its weight off the higher node; that must bring it below the healthy other one. */
function checkWeights(one: NodeView, other: NodeView, report: Report): void {
  for (const pair of pairsOf(one, other)) {
    const [left, right] = [scriptsOf(pair.one, one.keepalived), scriptsOf(pair.other, other.keepalived)];
    if (!left || !right) continue;
    const [a, b] = [healthy(pair.one, left), healthy(pair.other, right)];
    const [high, low, scripts, node] = a >= b ? [a, b, left, other] : [b, a, right, one];
    for (const { name, weight, at } of scripts) {
      const failing = high - Math.abs(weight);
      if (weight === 0 || failing <= low) continue;
      const message = `when script '${name}' fails, the priority falls from ${high} to ${failing} and stays above the ${low} of node '${node.name}': the address does not move`;
      report(at, message);
    }
  }
}

function checkUnicast(one: NodeView, other: NodeView, report: Report): void {
  for (const pair of pairsOf(one, other)) {
    for (const [node, instance, facing] of [
      [one, pair.one, pair.other],
      [other, pair.other, pair.one],
    ] as const) {
      const source = facing.sourceIp;
      const isUnicast = instance.unicastPeers.length > 0;
      if (!source || !isUnicast || facing.unicastPeers.length === 0) continue;
      if (instance.unicastPeers.some((peer) => addressKey(peer.value) === addressKey(source.value))) continue;
      report(
        instance.unicastPeers[0]!.at,
        `(${instance.name}) node '${node.name}' sends nothing to ${source.value}, the other node`,
        {
          notes: [{ at: source.at, message: 'its address is here' }],
        },
      );
    }
  }
}

const ignored = 'each ignores the adverts of the other';

export const nodesRules: readonly NodesRule[] = [
  {
    code: 'nodes-instance-missing',
    language: 'nodes',
    severity: 'warning',
    doc: 'An instance is on one node only.',
    check: checkMissing,
  },
  {
    code: 'nodes-router-id',
    language: 'nodes',
    severity: 'error',
    doc: 'The virtual router ids of one instance differ.',
    check: checkSame((instance) => instance.routerId, 'virtual_router_id', ignored),
  },
  {
    code: 'nodes-version',
    language: 'nodes',
    severity: 'error',
    doc: 'The VRRP versions of one instance differ.',
    check: checkSame(versionOf, 'the VRRP version', ignored),
  },
  {
    code: 'nodes-auth',
    language: 'nodes',
    severity: 'error',
    doc: 'The authentication of one instance differs.',
    check: checkAuth,
  },
  {
    code: 'nodes-advert-interval',
    language: 'nodes',
    severity: 'error',
    doc: 'The advertisement intervals of one instance differ.',
    check: checkSame(
      ({ advertInt, at }) => advertInt ?? { value: 1, at },
      'advert_int',
      'under version 2 each ignores the other, under version 3 the backup follows the master',
    ),
  },
  {
    code: 'nodes-addresses',
    language: 'nodes',
    severity: 'warning',
    doc: 'The virtual addresses of one instance differ.',
    check: checkAddresses,
  },
  {
    code: 'nodes-equal-priority',
    language: 'nodes',
    severity: 'warning',
    doc: 'Both nodes have the same priority.',
    check: checkPriorities,
  },
  {
    code: 'nodes-both-master',
    language: 'nodes',
    severity: 'warning',
    doc: 'Both nodes start as MASTER.',
    check: checkMasters,
  },
  {
    code: 'nodes-state-priority',
    language: 'nodes',
    severity: 'warning',
    doc: 'The node that starts as MASTER has the lower priority.',
    check: checkStates,
  },
  {
    code: 'nodes-weight-too-small',
    language: 'nodes',
    severity: 'warning',
    doc: 'A script weight is too small to move the address to the other node.',
    check: checkWeights,
  },
  {
    code: 'nodes-unicast-peer',
    language: 'nodes',
    severity: 'error',
    doc: "A node's unicast peers do not have the other node.",
    check: checkUnicast,
  },
];
