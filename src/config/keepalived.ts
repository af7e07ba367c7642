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
  /** `virtual_server` blocks are known to the parser; LVS itself is not carried out yet (warned about). */
  readonly virtualServerCount: number;
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
