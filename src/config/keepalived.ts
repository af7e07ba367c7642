/**
 * The resolved keepalived.conf: what the vrrp (and later the check) role runs on.
 *
 * `resolve-keepalived.ts` makes these frozen, plain records from the tree. Times are milliseconds unless the name
 * says centiseconds (`Cs`, the unit of the VRRP wire).
 */
import type { Place } from './haproxy.ts';

export interface KeepalivedConfig {
  readonly globalDefs: GlobalDefs;
  readonly scripts: readonly VrrpScriptConf[];
  readonly syncGroups: readonly SyncGroupConf[];
  readonly instances: readonly VrrpInstanceConf[];
  /** `virtual_server` blocks are typed and checked; LVS itself is not carried out yet (warned about). */
  readonly virtualServerCount: number;
  readonly virtualServers: readonly VirtualServerConf[];
  readonly virtualServerGroups: readonly VirtualServerGroupConf[];
  /** Files and BFD sessions that checkers follow; instances do not yet. */
  readonly trackFiles: readonly TrackFileConf[];
  readonly bfdSessions: readonly BfdSessionConf[];
  readonly files: readonly string[];
}

export interface GlobalDefs {
  readonly routerId: string;
  readonly scriptUser: { readonly user: string; readonly group: string | null } | null;
  readonly enableScriptSecurity: boolean;
  readonly vrrpVersion: 2 | 3;
  /** Seconds between start and the first advert (`vrrp_startup_delay`), as ms. */
  readonly startupDelayMs: number;
  readonly strict: boolean;
  readonly mcastGroup4: string;
  readonly mcastGroup6: string;
  readonly garp: GarpConf;
  readonly dynamicInterfaces: boolean;
  readonly instanceName: string | null;
  readonly notifyFifo: string | null;
}

/** Gratuitous ARP pacing (keepalived.conf: `garp_*`). */
export interface GarpConf {
  /** Delay of the second set after becoming master, 0: no second set. Default 5000. */
  readonly masterDelayMs: number;
  /** Packets in a set. Default 5. */
  readonly masterRepeat: number;
  /** Period of refresh while master, 0: none. */
  readonly masterRefreshMs: number;
  readonly masterRefreshRepeat: number;
  /** After a lower-priority advert while master. */
  readonly lowerPrioDelayMs: number;
  readonly lowerPrioRepeat: number;
  /** Microseconds between two packets on an interface. */
  readonly intervalUs: number;
}

export interface ScriptConf {
  /** The words, quoting resolved; [0] is the program. */
  readonly argv: readonly string[];
  /** The text as keepalived prints it. */
  readonly text: string;
  readonly user: string | null;
  readonly group: string | null;
  readonly place: Place;
}

export interface VrrpScriptConf {
  readonly name: string;
  readonly script: ScriptConf;
  readonly intervalMs: number;
  /** 0: the interval. */
  readonly timeoutMs: number;
  readonly weight: number;
  readonly weightReverse: boolean;
  readonly rise: number;
  readonly fall: number;
  readonly initFail: boolean;
  readonly place: Place;
}

export interface SyncGroupConf {
  readonly name: string;
  readonly members: readonly string[];
  readonly notify: NotifyConf;
  readonly place: Place;
}

export interface NotifyConf {
  readonly master: ScriptConf | null;
  readonly backup: ScriptConf | null;
  readonly fault: ScriptConf | null;
  readonly stop: ScriptConf | null;
  readonly masterRxLowerPri: ScriptConf | null;
  /** `notify`: called with type, name, state, priority. */
  readonly all: ScriptConf | null;
}

export interface VrrpInstanceConf {
  readonly name: string;
  readonly place: Place;
  readonly interface: string;
  readonly initialState: 'MASTER' | 'BACKUP';
  /** 1 to 255. */
  readonly virtualRouterId: number;
  /** 1 to 255; 255: address owner. Default 100. */
  readonly priority: number;
  readonly version: 2 | 3;
  readonly family: 4 | 6;
  /** Centiseconds; whole seconds under version 2. Default 100. */
  readonly advertIntervalCs: number;
  readonly nopreempt: boolean;
  readonly preemptDelayMs: number;
  readonly auth: AuthConf | null;
  readonly mcastSrcIp: string | null;
  readonly unicastPeers: readonly string[];
  readonly virtualAddresses: readonly VirtualAddressConf[];
  readonly excludedAddresses: readonly VirtualAddressConf[];
  readonly trackScripts: readonly TrackScriptConf[];
  readonly trackInterfaces: readonly { readonly name: string; readonly weight: number }[];
  readonly notify: NotifyConf;
  readonly garp: GarpConf;
  readonly dontTrackPrimary: boolean;
  readonly accept: boolean;
  readonly strict: boolean;
}

export type AuthConf = { readonly type: 'PASS' | 'AH'; readonly password: string };

export interface TrackScriptConf {
  readonly script: string;
  /** The script's own weight unless overridden. */
  readonly weight: number;
  readonly weightReverse: boolean;
}

export interface VirtualAddressConf {
  readonly address: string;
  readonly family: 4 | 6;
  /** Default 32 or 128. */
  readonly prefixLength: number;
  /** The instance's interface unless `dev` is given. */
  readonly device: string;
  readonly label: string | null;
  /** rtnetlink scope number; 0 is global. */
  readonly scope: number;
  readonly broadcast: string | null;
  readonly noTrack: boolean;
}

/** What a virtual server is about. Port 0: every port. */
export type VirtualServerTarget =
  | { readonly kind: 'address'; readonly address: string; readonly family: 4 | 6; readonly port: number }
  | { readonly kind: 'fwmark'; readonly fwmark: number; readonly family: 4 | 6 }
  | { readonly kind: 'group'; readonly group: string };

export interface ForwardingConf {
  readonly method: 'NAT' | 'DR' | 'TUN';
  readonly tunnel: 'ipip' | 'gue' | 'gre' | null;
  readonly tunnelPort: number | null;
  readonly checksum: 'nocsum' | 'csum' | 'remcsum' | null;
}

export interface VirtualServerConf {
  readonly target: VirtualServerTarget;
  /** Null for firewall marks. */
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | null;
  readonly scheduler: string;
  readonly schedulerFlags: readonly string[];
  readonly forwarding: ForwardingConf;
  /** 0: clients do not stay. */
  readonly persistenceTimeoutS: number;
  /** A netmask, or for IPv6 a prefix length. */
  readonly persistenceGranularity: string | null;
  readonly persistenceEngine: string | null;
  readonly haSuspend: boolean;
  readonly alpha: boolean;
  readonly omega: boolean;
  readonly quorum: number;
  readonly hysteresis: number;
  readonly quorumUp: ScriptConf | null;
  readonly quorumDown: ScriptConf | null;
  readonly smtpAlert: boolean | null;
  readonly virtualhost: string | null;
  readonly snmpName: string | null;
  readonly sorryServer: SorryServerConf | null;
  readonly realServers: readonly RealServerConf[];
  readonly place: Place;
}

export interface SorryServerConf {
  readonly address: string;
  readonly port: number;
  readonly inhibit: boolean;
  readonly forwarding: ForwardingConf;
}

export interface RealServerConf {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly weight: number;
  readonly forwarding: ForwardingConf;
  /** 0: no limit. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  readonly inhibitOnFailure: boolean;
  /** Down until a check succeeds: the default of its checkers. */
  readonly alpha: boolean;
  readonly virtualhost: string | null;
  readonly snmpName: string | null;
  readonly notifyUp: ScriptConf | null;
  readonly notifyDown: ScriptConf | null;
  readonly smtpAlert: boolean | null;
  readonly checkers: readonly CheckerConf[];
  readonly place: Place;
}

export interface TrackFileConf {
  readonly name: string;
  readonly path: string;
  readonly weight: number;
  readonly weightReverse: boolean;
  readonly place: Place;
}

export interface BfdSessionConf {
  readonly name: string;
  readonly neighbor: string;
  readonly place: Place;
}

export interface UrlConf {
  readonly path: string;
  readonly digest: string | null;
  /** Empty: the code of success is 200 to 299. */
  readonly statusCodes: readonly (readonly [first: number, last: number])[];
  readonly virtualhost: string | null;
  readonly regex: string | null;
  readonly regexNoMatch: boolean;
  readonly regexOptions: readonly string[];
  readonly regexMinOffset: number;
  readonly regexMaxOffset: number | null;
}

interface CheckerCommon {
  readonly retry: number;
  readonly delayBeforeRetryMs: number;
  readonly warmupMs: number;
  readonly delayLoopMs: number;
  readonly alpha: boolean;
  readonly logAllFailures: boolean;
  readonly place: Place;
}

/** Where a checker connects to; null means the real server's own. */
export interface CheckerConnection {
  readonly address: string | null;
  readonly port: number | null;
  readonly bindTo: string | null;
  readonly bindPort: number | null;
  readonly bindInterface: string | null;
  readonly timeoutMs: number;
  readonly fwmark: number;
}

export type CheckerConf = CheckerCommon &
  (
    | { readonly kind: 'TCP_CHECK' | 'PING_CHECK'; readonly connection: CheckerConnection }
    | {
        readonly kind: 'HTTP_GET' | 'SSL_GET';
        readonly connection: CheckerConnection;
        readonly urls: readonly UrlConf[];
        readonly virtualhost: string | null;
        readonly httpProtocol: string;
        readonly enableSni: boolean;
        readonly sniName: string | null;
        readonly fastRecovery: boolean;
        readonly tlsCompliant: boolean;
      }
    | {
        readonly kind: 'SMTP_CHECK';
        readonly connection: CheckerConnection;
        readonly heloName: string | null;
        readonly hosts: readonly CheckerConnection[];
      }
    | {
        readonly kind: 'DNS_CHECK';
        readonly connection: CheckerConnection;
        readonly type: string;
        readonly name: string;
      }
    | {
        readonly kind: 'MISC_CHECK';
        readonly script: ScriptConf;
        /** 0: the time between checks. */
        readonly timeoutMs: number;
        readonly dynamicWeight: boolean;
      }
    | {
        readonly kind: 'UDP_CHECK';
        readonly connection: CheckerConnection;
        /** Hexadecimal; null: an empty datagram. */
        readonly payload: string | null;
        /** Bytes and masks as written; null: no answer is fine. */
        readonly requireReply: string | null;
        readonly minReplyLength: number;
        readonly maxReplyLength: number;
      }
    | {
        readonly kind: 'FILE_CHECK';
        readonly trackFile: string;
        readonly weight: number | null;
        readonly weightReverse: boolean;
      }
    | { readonly kind: 'BFD_CHECK'; readonly session: string }
  );

/** Members of a `virtual_server_group`. `last` is the last part of the range's last address. */
export type GroupMemberConf =
  | {
      readonly kind: 'range';
      readonly address: string;
      readonly family: 4 | 6;
      readonly last: number | null;
      readonly port: number;
    }
  | { readonly kind: 'fwmark'; readonly fwmark: number; readonly family: 4 | 6 | null };

export interface VirtualServerGroupConf {
  readonly name: string;
  readonly members: readonly GroupMemberConf[];
  readonly place: Place;
}
