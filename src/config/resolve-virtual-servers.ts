/**
 * From the nodes of `virtual_server` to their frozen records, and the checks across their keywords.
 *
 * Defaults run downwards, from the virtual server to its real servers; their checkers are `resolve-checkers.ts`.
 * What keepalived changes with a message is changed here with a warning. Nobody carries the records out yet.
 * keepalived.conf(5), "LVS CONFIGURATION".
 */
import type { Context } from '../../grammar/keepalived/context.ts';
import type {
  DocumentNode,
  EndpointNode,
  ForwardingNode,
  GroupMemberNode,
  RealServerNode,
  ScriptNode,
  VirtualServerGroupNode,
  VirtualServerNode,
} from '../../grammar/keepalived/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import type {
  ForwardingConf,
  GroupMemberConf,
  RealServerConf,
  ScriptConf,
  VirtualServerConf,
  VirtualServerGroupConf,
  VirtualServerTarget,
} from './keepalived.ts';
import type { Surroundings } from './keepalived-surroundings.ts';
import { CheckerResolver, textOf } from './resolve-checkers.ts';

const DEFAULT_PERSISTENCE_S = 360;

export function resolveVirtualServerGroups(document: DocumentNode, around: Surroundings): VirtualServerGroupConf[] {
  return document.virtualServerGroups.map((node) => ({
    name: toUtf8(node.name.text),
    members: node.members.map(memberConf),
    place: around.place(node.name),
  }));
}

function memberConf(member: VirtualServerGroupNode['members'][number]): GroupMemberConf {
  if (member.kind === 'fwmark') return member;
  const { address, family, port } = member.endpoint;
  return { kind: 'range', address, family, last: member.last, port };
}

export class VirtualServerResolver {
  private readonly document: DocumentNode;
  private readonly around: Surroundings;
  private readonly context: Context;
  private readonly checkers: CheckerResolver;

  constructor(document: DocumentNode, around: Surroundings) {
    this.document = document;
    this.around = around;
    this.context = around.context;
    this.checkers = new CheckerResolver(document, around);
  }

  resolveAll(): VirtualServerConf[] {
    for (const node of this.document.virtualServers) this.checkBlock(node);
    return this.document.virtualServers.flatMap((node) => this.resolveOne(node) ?? []);
  }

  /** What is said however the virtual server ends. */
  private checkBlock(node: VirtualServerNode): void {
    for (const { value, site } of [node, ...node.realServers].flatMap((each) => each.repeated)) {
      this.context.warning('repeated-keyword', site, `${value} script already specified - ignoring this one`);
    }
    this.dropOtherFamilies(node);
  }

  /** Only tunnels lead from one family to the other. */
  private dropOtherFamilies(node: VirtualServerNode): void {
    const family = this.familyOf(node);
    const leads = (server: RealServerNode) => (server.forwarding ?? node.forwarding)?.method === 'TUN';
    for (const server of [...node.realServers]) {
      const { endpoint } = server;
      if (family === null || endpoint.family === family || leads(server)) continue;
      const message = `Address family of virtual server and real server ${endpoint.address} don't match - skipping real server.`;
      this.context.error('family-mismatch', endpoint.site, message);
      node.realServers.splice(node.realServers.indexOf(server), 1);
    }
    const sorry = node.sorryServer;
    if (!sorry || family === null || sorry.family === family) return;
    const message = `Address family of virtual server and sorry server ${sorry.address} don't match - skipping sorry server.`;
    this.context.error('family-mismatch', sorry.site, message);
    delete node.sorryServer;
  }

  private familyOf({ head, ipFamily, realServers }: VirtualServerNode): 4 | 6 | null {
    if (head.kind === 'address') return head.endpoint.family;
    if (ipFamily) return ipFamily.value === 'inet6' ? 6 : 4;
    if (head.kind === 'fwmark') return realServers[0]?.endpoint.family ?? null;
    const members = this.membersOf(head.group.text);
    const range = members.find((member) => member.kind === 'range');
    return range?.kind === 'range' ? range.endpoint.family : (realServers[0]?.endpoint.family ?? null);
  }

  private membersOf(group: string): readonly GroupMemberNode[] {
    return this.document.virtualServerGroups.find((each) => each.name.text === group)?.members ?? [];
  }

  /** Services without a port serve every port, which only clients that stay make sense of. */
  private persistenceOf(node: VirtualServerNode, name: string): number {
    const { head } = node;
    const members = head.kind === 'group' ? this.membersOf(head.group.text) : [];
    const hasNoPort =
      head.kind === 'address'
        ? head.endpoint.port === 0
        : members.some((member) => member.kind === 'range' && member.endpoint.port === 0);
    if (node.persistenceTimeoutS !== undefined || !hasNoPort) return node.persistenceTimeoutS ?? 0;
    const message = `Virtual server ${name}: zero port only valid for persistent services - setting`;
    this.context.warning('persistence-needed', node.statement, message, { expected: "'persistence_timeout'" });
    return DEFAULT_PERSISTENCE_S;
  }

  /** The ports and marks of a group against those of its servers. */
  private checkGroup(node: VirtualServerNode, forwarding: ForwardingConf, name: string): void {
    if (node.head.kind !== 'group') return;
    const members = this.membersOf(node.head.group.text);
    if (members.some((member) => member.kind === 'fwmark') && node.protocol) {
      const message = `Warning: Virtual server ${name}: protocol specified for fwmark - protocol will be ignored`;
      this.context.warning('protocol-ignored', node.protocol, message);
    }
    for (const { endpoint, forwarding: own } of node.realServers) {
      const rewrites = (own?.method ?? forwarding.method) === 'NAT';
      const other = members.find((member) => member.kind === 'range' && member.endpoint.port !== endpoint.port);
      if (rewrites || other?.kind !== 'range') continue;
      const message = `virtual server ${name}:[${other.endpoint.address},${other.endpoint.port}] and real server ${describeEndpoint(endpoint)} ports don't match`;
      this.context.warning('port-mismatch', endpoint.site, message);
    }
  }

  private resolveOne(node: VirtualServerNode): VirtualServerConf | null {
    const name = describeTarget(node);
    if (node.realServers.length === 0) {
      const end = this.context.endOf(node.statement);
      this.context.warning('no-real-servers', end, `Virtual server ${name} has no real servers - ignoring`);
      return null;
    }
    const target = this.targetOf(node);
    if (!target) return null;
    const forwarding = forwardingOf(node.forwarding);
    this.reportDefaults(node, name);
    this.checkGroup(node, forwarding, name);
    const realServers = this.realServersOf(node, forwarding, name);
    const quorum = this.quorumOf(node, realServers, name);
    return {
      target,
      protocol: target.kind === 'fwmark' ? null : protocolOf(node),
      scheduler: node.scheduler ?? 'wlc',
      schedulerFlags: this.schedulerFlagsOf(node, name),
      forwarding,
      persistenceTimeoutS: this.persistenceOf(node, name),
      persistenceGranularity: node.persistenceGranularity?.text ?? null,
      persistenceEngine: textOf(node.persistenceEngine),
      haSuspend: node.haSuspend ?? false,
      alpha: node.alpha ?? false,
      omega: node.omega ?? false,
      quorum,
      hysteresis: this.hysteresisOf(node, quorum, name),
      quorumUp: this.scriptConf(node.quorumUp),
      quorumDown: this.scriptConf(node.quorumDown),
      smtpAlert: node.smtpAlert ?? null,
      virtualhost: textOf(node.virtualhost),
      snmpName: textOf(node.snmpName),
      sorryServer: node.sorryServer
        ? {
            address: node.sorryServer.address,
            port: node.sorryServer.port,
            inhibit: node.sorryServerInhibit !== undefined,
            forwarding: forwardingOf(node.sorryServerForwarding ?? node.forwarding),
          }
        : null,
      realServers,
      place: this.around.place(node.statement),
    };
  }

  private targetOf(node: VirtualServerNode): VirtualServerTarget | null {
    const { head } = node;
    if (head.kind === 'group') return this.groupOf(head.group.text, node);
    if (head.kind === 'address') {
      const { address, family, port } = head.endpoint;
      if (node.ipFamily && (node.ipFamily.value === 'inet6' ? 6 : 4) !== family) {
        const message = `Virtual server specified family ${node.ipFamily.value} conflicts with server family`;
        this.context.error('family-mismatch', node.ipFamily.site, message);
      }
      return { kind: 'address', address, family, port };
    }
    if (node.protocol) {
      const message = `Warning: Virtual server FWM ${head.fwmark}: protocol specified for fwmark - protocol will be ignored`;
      this.context.warning('protocol-ignored', node.protocol, message);
    }
    const family =
      node.ipFamily === undefined ? node.realServers[0]!.endpoint.family : node.ipFamily.value === 'inet6' ? 6 : 4;
    return { kind: 'fwmark', fwmark: head.fwmark, family };
  }

  private groupOf(group: string, node: VirtualServerNode): VirtualServerTarget | null {
    const known = this.document.virtualServerGroups.map((each) => each.name.text);
    if (known.includes(group)) return { kind: 'group', group: toUtf8(group) };
    const suggestion = nearestWord(group, known);
    const message = `Virtual server group ${group} specified but not configured - ignoring virtual server`;
    this.context.error('unknown-group', node.statement, message, suggestion ? { suggestion } : {});
    return null;
  }

  private reportDefaults(node: VirtualServerNode, name: string): void {
    if (!node.protocol && node.head.kind !== 'fwmark') {
      const message = `Virtual server ${name}: no protocol set - defaulting to UDP`;
      this.context.warning('no-protocol', node.statement, message, { expected: "'protocol TCP' or UDP or SCTP" });
    }
    if (!node.scheduler) {
      const message = `Virtual server ${name}: no scheduler set, setting default 'wlc'`;
      this.context.warning('no-scheduler', node.statement, message);
    }
    if (!node.forwarding && node.realServers.some((server) => !server.forwarding)) {
      const message = `Virtual server ${name}: no forwarding method set, setting default NAT`;
      this.context.warning('no-forwarding-method', node.statement, message);
    }
  }

  /** Flags of one scheduler mean nothing to another; one packet scheduling is for UDP. */
  private schedulerFlagsOf(node: VirtualServerNode, name: string): string[] {
    if (node.sorryServerInhibit && !node.sorryServer) {
      const message = 'Ignoring sorry_server inhibit used before or without sorry_server';
      this.context.warning('no-sorry-server', node.sorryServerInhibit, message);
    }
    return node.schedulerFlags.flatMap(({ value, site, scheduler }) => {
      const owner = value === 'hashed' ? 'sh' : /^(sh|mh)-/.exec(value)?.[1];
      if (owner !== undefined && owner !== scheduler) {
        this.context.warning('flag-ignored', site, `${value} only applies to ${owner} scheduler - ignoring`);
        return [];
      }
      if (value === 'ops' && node.head.kind !== 'fwmark' && protocolOf(node) !== 'UDP') {
        const message = `Virtual server ${name}: one packet scheduling requires UDP - resetting`;
        this.context.warning('flag-ignored', site, message);
        return [];
      }
      return [value];
    });
  }

  private realServersOf(node: VirtualServerNode, forwarding: ForwardingConf, name: string): RealServerConf[] {
    const seen = new Set<string>();
    return node.realServers.flatMap((server) => {
      const port = this.portOf(server, node, forwarding, name);
      const key = `${server.endpoint.address} ${port}`;
      if (seen.has(key)) {
        const message = `VS ${name}: real server ${describeEndpoint(server.endpoint)} is duplicated - removing second rs`;
        this.context.warning('duplicate-real-server', server.endpoint.site, message);
        return [];
      }
      seen.add(key);
      return [this.realServerConf(server, port, node, forwarding)];
    });
  }

  /** Direct routing and tunnels leave the port as it is; a firewall mark has none. */
  private portOf(server: RealServerNode, node: VirtualServerNode, inherited: ForwardingConf, name: string): number {
    const { port, site } = server.endpoint;
    const real = describeEndpoint(server.endpoint);
    if (node.head.kind === 'fwmark' && port !== 0) {
      const message = `WARNING - fwmark virtual server ${name}, real server ${real} has port specified - clearing`;
      this.context.warning('port-ignored', site, message);
      return 0;
    }
    if (node.head.kind !== 'address') return port;
    const rewrites = (server.forwarding?.method ?? inherited.method) === 'NAT';
    const own = node.head.endpoint.port;
    if (rewrites || port === own) return port === 0 ? own : port;
    if (port !== 0 || rewrites) {
      const message = `WARNING - virtual server ${name} and real server ${real} ports don't match - resetting`;
      this.context.warning('port-mismatch', site, message);
    }
    return own;
  }

  private realServerConf(
    server: RealServerNode,
    port: number,
    node: VirtualServerNode,
    forwarding: ForwardingConf,
  ): RealServerConf {
    return {
      address: server.endpoint.address,
      family: server.endpoint.family,
      port,
      weight: server.weight ?? node.weight ?? 1,
      forwarding: server.forwarding ? forwardingOf(server.forwarding) : forwarding,
      upperThreshold: server.upperThreshold ?? 0,
      lowerThreshold: server.lowerThreshold ?? 0,
      inhibitOnFailure: server.inhibitOnFailure ?? node.inhibitOnFailure ?? false,
      alpha: server.alpha ?? node.alpha ?? false,
      virtualhost: textOf(server.virtualhost ?? node.virtualhost),
      snmpName: textOf(server.snmpName),
      notifyUp: this.scriptConf(server.notifyUp),
      notifyDown: this.scriptConf(server.notifyDown),
      smtpAlert: server.smtpAlert ?? null,
      checkers: server.checkers.flatMap((checker) => this.checkers.resolve(checker, server, node) ?? []),
      place: this.around.place(server.endpoint.site),
    };
  }

  private quorumOf(node: VirtualServerNode, servers: readonly RealServerConf[], name: string): number {
    const quorum = node.quorum?.value ?? 1;
    const total = servers.reduce((sum, server) => sum + server.weight, 0);
    if (!node.quorum || quorum <= total) return quorum;
    const message = `Warning - quorum ${quorum} for ${name} exceeds total weight of real servers ${total}, reducing quorum to ${total}`;
    this.context.warning('quorum-too-high', node.quorum.site, message);
    return total;
  }

  private hysteresisOf(node: VirtualServerNode, quorum: number, name: string): number {
    const hysteresis = node.hysteresis?.value ?? 0;
    if (hysteresis === 0 || hysteresis < quorum) return hysteresis;
    const lower = Math.max(quorum - 1, 0);
    const message = `Virtual server ${name}: hysteresis ${hysteresis} >= quorum ${quorum}; setting hysteresis to ${lower}`;
    this.context.warning('hysteresis-too-high', node.hysteresis!.site, message);
    return lower;
  }

  private scriptConf(script: ScriptNode | undefined): ScriptConf | null {
    if (!script) return null;
    this.around.checkScript(script);
    return this.around.scriptConf(script);
  }
}

function describeEndpoint({ address, port }: EndpointNode): string {
  return `[${address}]:${port}`;
}

function describeTarget({ head, protocol }: VirtualServerNode): string {
  if (head.kind === 'fwmark') return `FWM ${head.fwmark}`;
  if (head.kind === 'group') return `[${head.group.text}]:0`;
  return `[${head.endpoint.address}]:${protocol?.text.toLowerCase() ?? 'none'}:${head.endpoint.port}`;
}

function protocolOf(node: VirtualServerNode): 'TCP' | 'UDP' | 'SCTP' {
  const written = node.protocol?.text.toUpperCase();
  return written === 'TCP' || written === 'SCTP' ? written : 'UDP';
}

function forwardingOf(node: ForwardingNode | undefined): ForwardingConf {
  return {
    method: node?.method ?? 'NAT',
    tunnel: node?.tunnel ?? (node?.method === 'TUN' ? 'ipip' : null),
    tunnelPort: node?.tunnelPort ?? null,
    checksum: node?.checksum ?? null,
  };
}
