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
}

export interface VrrpScriptNode {
  readonly name: Word;
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
  readonly notify: NotifyNode;
  readonly repeated: Statement[];
  readonly garp: GarpNode;
  dontTrackPrimary?: boolean;
  accept?: boolean;
  strict?: boolean;
  noVirtualAddress?: boolean;
  usesVmac?: boolean;
}

/** A whole configuration. */
export interface DocumentNode {
  readonly global: GlobalNode;
  readonly scripts: VrrpScriptNode[];
  readonly syncGroups: SyncGroupNode[];
  readonly instances: InstanceNode[];
  readonly virtualServers: Statement[];
  /** Scripts of checkers and virtual servers. */
  readonly checkScripts: ScriptNode[];
}

export function emptyDocument(): DocumentNode {
  return { global: { garp: {} }, scripts: [], syncGroups: [], instances: [], virtualServers: [], checkScripts: [] };
}
