/**
 * What the keyword rows fill: one record per block, each value with its place, nothing merged or resolved yet.
 *
 * Undefined means: not given. Defaults and checks across keywords belong to `src/config/resolve-keepalived.ts`.
 */
import type { Site, Statement, Word } from './ast.ts';

/** A value and where it stood. */
export interface Sited<T> {
  readonly value: T;
  readonly site: Site;
}

export interface ScriptNode {
  readonly argv: readonly string[];
  readonly text: string;
  readonly user: string | null;
  readonly group: string | null;
  readonly site: Site;
}

export interface NotifyNode {
  master?: ScriptNode;
  backup?: ScriptNode;
  fault?: ScriptNode;
  stop?: ScriptNode;
  masterRxLowerPri?: ScriptNode;
  all?: ScriptNode;
}

export interface GarpNode {
  masterDelayMs?: number;
  masterRepeat?: number;
  masterRefreshMs?: number;
  masterRefreshRepeat?: number;
  lowerPrioDelayMs?: number;
  lowerPrioRepeat?: number;
  intervalUs?: number;
}

/** `lvs_sync_daemon`: an interface and whose state it follows. */
export interface SyncDaemonNode {
  readonly interface: string;
  readonly instance: string | null;
  readonly id: number | null;
  readonly maxLength: number | null;
  readonly port: number | null;
  readonly ttl: number | null;
  readonly group: string | null;
}

export interface GlobalNode {
  routerId?: string;
  scriptUser?: Sited<{ user: string; group: string | null }>;
  enableScriptSecurity?: boolean;
  vrrpVersion?: 2 | 3;
  startupDelayMs?: number;
  strict?: boolean;
  mcastGroup4?: string;
  mcastGroup6?: string;
  readonly garp: GarpNode;
  dynamicInterfaces?: boolean;
  defaultInterface?: Sited<string>;
  notifyFifo?: string;
  instanceName?: string;
  netNamespace?: Sited<string>;
  syncDaemon?: SyncDaemonNode;
  /** `startup_script`, `shutdown_script`. */
  readonly ownScripts: ScriptNode[];
}

export interface VrrpScriptNode {
  readonly name: Word;
  /** Where its block ends. */
  end?: Site;
  script?: ScriptNode;
  intervalMs?: number;
  timeoutMs?: number;
  weight?: WeightNode;
  rise?: number;
  fall?: number;
  initFail?: boolean;
  user?: Sited<{ user: string; group: string | null }>;
}

export interface WeightNode {
  readonly weight: number;
  readonly reverse: boolean;
}

export interface SyncGroupNode {
  readonly name: Word;
  readonly members: Word[];
  /** `sync_group_tracking_weight`. */
  trackingWeight?: boolean;
  readonly trackScripts: TrackNode[];
  readonly trackInterfaces: TrackNode[];
  readonly trackFiles: TrackNode[];
  readonly trackProcesses: TrackNode[];
  readonly trackBfds: TrackNode[];
  readonly notify: NotifyNode;
  readonly repeated: Statement[];
}

export interface TrackNode extends Partial<WeightNode> {
  readonly name: Word;
}

export interface AddressNode {
  readonly site: Site;
  readonly address: string;
  readonly family: 4 | 6;
  readonly prefixLength: number;
  device?: Sited<string>;
  label?: Sited<string>;
  scope?: number;
  /** '+' and '-' are the computed ones of `ip addr`. */
  broadcast?: string;
  noTrack?: boolean;
}

export interface PeerNode {
  readonly site: Site;
  readonly address: string;
  readonly family: 4 | 6;
}

export interface InstanceNode {
  readonly name: Word;
  interface?: Sited<string>;
  state?: Sited<'MASTER' | 'BACKUP'>;
  virtualRouterId?: Sited<number>;
  priority?: Sited<number>;
  version?: Sited<2 | 3>;
  /** Microseconds. */
  advertIntervalUs?: Sited<number>;
  nopreempt?: Sited<boolean>;
  preemptDelayMs?: Sited<number>;
  authType?: Sited<'PASS' | 'AH'>;
  authPass?: Sited<string>;
  sourceIp?: Sited<string>;
  multicastGroup?: string;
  unicastPeers?: PeerNode[];
  readonly addresses: AddressNode[];
  readonly excluded: AddressNode[];
  readonly trackScripts: TrackNode[];
  readonly trackInterfaces: TrackNode[];
  readonly trackFiles: TrackNode[];
  readonly trackProcesses: TrackNode[];
  readonly trackBfds: TrackNode[];
  readonly notify: NotifyNode;
  readonly repeated: Statement[];
  readonly garp: GarpNode;
  dontTrackPrimary?: boolean;
  accept?: boolean;
  strict?: boolean;
  noVirtualAddress?: boolean;
  usesVmac?: boolean;
  vmacXmitBase?: Site;
  nativeIpv6?: Site;
  unicastTtl?: Sited<number>;
  /** Name of the macvlan or ipvlan. */
  vmacName?: Word;
  /** Interfaces that routes and rules name. */
  readonly routeDevices: Word[];
  /** The `}` of its block. */
  end?: Site;
}

/** When checks run, and how often one may fail: of a checker, or defaults for the checkers of a server. */
export interface CheckTimingNode {
  retry?: number;
  delayBeforeRetryMs?: number;
  warmupMs?: number;
  delayLoopMs?: number;
  connectTimeoutMs?: number;
}

export interface UrlNode {
  path?: string;
  digest?: string;
  /** Ranges of status codes. */
  statusCodes?: readonly (readonly [first: number, last: number])[];
  virtualhost?: string;
  regex?: string;
  regexNoMatch?: boolean;
  regexOptions?: readonly string[];
  regexMinOffset?: number;
  regexMaxOffset?: number;
  regexStack?: readonly [start: number, max: number];
  tlsCompliant?: boolean;
}

const CHECKER_KINDS = [
  'TCP_CHECK',
  'PING_CHECK',
  'HTTP_GET',
  'SSL_GET',
  'SMTP_CHECK',
  'DNS_CHECK',
  'MISC_CHECK',
  'UDP_CHECK',
  'FILE_CHECK',
  'BFD_CHECK',
] as const;

export type CheckerKind = (typeof CHECKER_KINDS)[number];

/** One checker of a real server; what is not of its kind stays absent. */
export interface CheckerNode extends CheckTimingNode {
  readonly kind: CheckerKind;
  readonly site: Site;
  readonly statement: Statement;
  connectIp?: string;
  connectPort?: number;
  bindTo?: string;
  bindPort?: number;
  bindInterface?: string;
  fwmark?: number;
  alpha?: boolean;
  logAllFailures?: boolean;
  urls?: UrlNode[];
  virtualhost?: string;
  httpProtocol?: string;
  enableSni?: boolean;
  sniName?: string;
  fastRecovery?: boolean;
  tlsCompliant?: boolean;
  heloName?: string;
  hosts?: CheckerNode[];
  dnsType?: string;
  /** Of DNS_CHECK the name asked for, of FILE_CHECK the track_file, of BFD_CHECK the session. */
  name?: string;
  script?: ScriptNode;
  scriptTimeoutS?: number;
  scriptWeight?: boolean;
  user?: Sited<{ user: string; group: string | null }>;
  payload?: string;
  requireReply?: string;
  minReplyLength?: number;
  maxReplyLength?: number;
  weight?: WeightNode;
}

export interface ForwardingNode {
  readonly method: 'NAT' | 'DR' | 'TUN';
  readonly tunnel?: 'ipip' | 'gue' | 'gre';
  readonly tunnelPort?: number;
  readonly checksum?: 'nocsum' | 'csum' | 'remcsum';
}

export interface EndpointNode {
  readonly site: Site;
  readonly address: string;
  readonly family: 4 | 6;
  /** 0: none given. */
  readonly port: number;
}

export interface ServerNotifyNode {
  notifyUp?: ScriptNode;
  notifyDown?: ScriptNode;
  smtpAlert?: boolean;
}

export interface RealServerNode extends CheckTimingNode, ServerNotifyNode {
  readonly endpoint: EndpointNode;
  weight?: number;
  forwarding?: ForwardingNode;
  upperThreshold?: number;
  lowerThreshold?: number;
  inhibitOnFailure?: boolean;
  alpha?: boolean;
  virtualhost?: string;
  snmpName?: string;
  readonly checkers: CheckerNode[];
  /** Scripts given twice: the first one counts. */
  readonly repeated: Sited<string>[];
}

/** What a virtual server is about: an address, a firewall mark, or a group of both. */
export type VirtualServerHead =
  | { readonly kind: 'address'; readonly endpoint: EndpointNode }
  | { readonly kind: 'fwmark'; readonly fwmark: number }
  | { readonly kind: 'group'; readonly group: Word };

export interface VirtualServerNode extends CheckTimingNode {
  readonly head: VirtualServerHead;
  readonly statement: Statement;
  ipFamily?: Sited<'inet' | 'inet6'>;
  inhibitOnFailure?: boolean;
  scheduler?: string;
  /** With the scheduler that stood above them. */
  readonly schedulerFlags: (Sited<string> & { readonly scheduler: string | null })[];
  forwarding?: ForwardingNode;
  persistenceEngine?: string;
  persistenceTimeoutS?: number;
  persistenceGranularity?: Word;
  protocol?: Word;
  haSuspend?: boolean;
  smtpAlert?: boolean;
  virtualhost?: string;
  snmpName?: string;
  alpha?: boolean;
  omega?: boolean;
  quorumUp?: ScriptNode;
  quorumDown?: ScriptNode;
  quorum?: Sited<number>;
  hysteresis?: Sited<number>;
  weight?: number;
  sorryServer?: EndpointNode;
  sorryServerInhibit?: Word;
  sorryServerForwarding?: ForwardingNode;
  readonly realServers: RealServerNode[];
  readonly repeated: Sited<string>[];
}

export type GroupMemberNode =
  | { readonly kind: 'range'; readonly endpoint: EndpointNode; readonly last: number | null }
  | { readonly kind: 'fwmark'; readonly fwmark: number; readonly family: 4 | 6 | null };

export interface VirtualServerGroupNode {
  readonly name: Word;
  readonly members: GroupMemberNode[];
}

/** `track_file`, `vrrp_track_process`, `bfd_instance`: things with a name that instances follow. */
export interface TrackedNode {
  readonly name: Word;
  /** Where its block ends. */
  end?: Site;
  /** What it cannot do without: the file, the process, the neighbour. */
  subject?: string;
  /** A second one, which does not count. */
  repeated?: Site;
  quorum?: number;
  quorumMax?: Sited<number>;
  weight?: WeightNode;
}

/** A whole configuration. */
export interface DocumentNode {
  readonly global: GlobalNode;
  readonly scripts: VrrpScriptNode[];
  readonly syncGroups: SyncGroupNode[];
  readonly instances: InstanceNode[];
  readonly virtualServers: VirtualServerNode[];
  readonly virtualServerGroups: VirtualServerGroupNode[];
  readonly trackFiles: TrackedNode[];
  readonly trackProcesses: TrackedNode[];
  readonly bfdSessions: TrackedNode[];
  readonly trackGroups: Word[];
  /** Track groups that static addresses name. */
  readonly trackGroupUses: Word[];
  /** Interfaces that static routes and rules name. */
  readonly routeDevices: Word[];
}

export function emptyDocument(): DocumentNode {
  return {
    global: { garp: {}, ownScripts: [] },
    scripts: [],
    syncGroups: [],
    instances: [],
    virtualServers: [],
    virtualServerGroups: [],
    trackFiles: [],
    trackProcesses: [],
    bfdSessions: [],
    trackGroups: [],
    trackGroupUses: [],
    routeDevices: [],
  };
}
