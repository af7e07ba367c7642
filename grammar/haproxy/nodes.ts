/**
 * What keyword rows store into: one node per section, per `bind` and per `server` line.
 *
 * Settings are sparse: a property is there only when a line of this section set it. `resolve-haproxy.ts` lays them over
 * the settings of the section's defaults and over HAProxy's built-in values. `no option x` stores the built-in
 * value, so that it wins over defaults. Text is Latin-1; times are milliseconds.
 */

import type { Span } from '../source.ts';
import type { Address } from './address.ts';
import type { Tree } from './ast.ts';
import type { BalanceSettings, HashKey } from './balance-settings.ts';
import type { SampleReference } from './expr/sample.ts';
import type { ErrorPageNode, ErrorSectionNode, HeaderCaseSettings, HttpSettings } from './http-settings.ts';
import type { Value } from './keyword.ts';
import type { SectionName } from './lexer.ts';
import type { ProxyLinkSettings, ServerLinkSettings } from './link-settings.ts';
import type { LimitSettings, ListenerSettings } from './listener-settings.ts';
import type { LogProfileNode, LogProfileSettings, LogStepName } from './log-profile-settings.ts';
import type { CaptureSettings, PersistenceSettings } from './persistence-settings.ts';
import type { PipeSettings, SpliceSettings } from './splice-settings.ts';

export type ProxySectionKind = 'defaults' | 'listen' | 'frontend' | 'backend';

export interface LogNode {
  readonly kind: 'target' | 'global';
  readonly at: Span;
  readonly address?: Address | RingReference | BackendReference;
  readonly facility?: number;
  readonly level?: number;
  readonly minLevel?: number;
  readonly len?: number;
  readonly format?: LogFormatName;
  readonly sample?: LogSampleNode;
  /** Name of a `log-profile` section. */
  readonly profile?: Value;
}

/** `ring@<name>` of `log` lines. */
export interface RingReference {
  readonly kind: 'ring';
  readonly name: string;
}

/** `backend@<name>` of `log` lines. */
export interface BackendReference {
  readonly kind: 'backend';
  readonly name: string;
}

/** `sample <ranges>:<size>`, the ranges in order. */
export interface LogSampleNode {
  readonly ranges: readonly (readonly [first: number, last: number])[];
  readonly size: number;
}

/** A `ring` section. */
export interface RingNode {
  readonly name: string;
  readonly at: Span;
  readonly settings: RingSettings;
  readonly servers: readonly ServerNode[];
}

export interface RingSettings {
  backingFile?: string;
  description?: string;
  format?: LogFormatName;
  maxlen?: number;
  size?: number;
  connectMs?: number;
  serverMs?: number;
}

export type LogFormatName = 'rfc3164' | 'rfc5424' | 'raw' | 'short' | 'priority' | 'timed' | 'iso' | 'local';

/** Formats of log lines that have names: `default` is the one line of a proxy without any. */
export type NamedLogFormat = 'default' | 'tcplog' | 'tcplog clf' | 'httplog' | 'clf' | 'httpslog';

export interface GlobalSettings extends HeaderCaseSettings, LimitSettings, PipeSettings {
  maxconn?: number;
  nbthread?: number;
  daemon?: boolean;
  masterWorker?: boolean;
  quiet?: boolean;
  pidfile?: string;
  user?: string;
  group?: string;
  chroot?: string;
  ulimitN?: number;
  logTag?: string;
  logSendHostname?: string;
  node?: string;
  description?: string;
  hardStopAfterMs?: number;
  spreadChecks?: number;
  tuneBufsize?: number;
  tuneMaxrewrite?: number;
  tuneHttpMaxhdr?: number;
  tunePoolLowFdRatio?: number;
  tunePoolHighFdRatio?: number;
  tuneIdlePoolShared?: boolean;
  tuneHttpCookielen?: number;
}

export interface GlobalNode {
  readonly settings: GlobalSettings;
  logs: LogNode[];
  /** The configuration's own environment; `setenv` and its relatives change it for the lines after them. */
  readonly env: Map<string, string>;
  /** Names that `setenv` or `presetenv` gave a value. */
  readonly exported: Set<string>;
  /** There is a `stats socket` line: something listens even without any proxy. */
  declaresSocket: boolean;
  /** `ssl-server-verify none`. */
  trustsServers: boolean;
}

export interface TimeoutSettings {
  connect?: number;
  client?: number;
  server?: number;
  clientFin?: number;
  serverFin?: number;
  httpRequest?: number;
  httpKeepAlive?: number;
  queue?: number;
  check?: number;
  tunnel?: number;
}

export interface StatsSettings {
  enabled?: boolean;
  uri?: string;
  realm?: string;
  refreshSeconds?: number;
  hideVersion?: boolean;
  showLegends?: boolean;
  showNode?: string;
  showDesc?: string;
  auth?: { readonly user: string; readonly password: string }[];
  scope?: string[];
}

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

export interface HttpExpectation {
  readonly negate: boolean;
  readonly match: 'status' | 'rstatus' | 'string' | 'rstring';
  readonly pattern: string;
}

export interface HttpCheckSettings {
  method?: string;
  uri?: string;
  version?: string;
  headers?: HeaderField[];
  expect?: HttpExpectation;
}

export interface ForwardForSettings {
  readonly header: string;
  readonly except: readonly string[];
  readonly ifNone: boolean;
}

export interface ProxySettings
  extends HttpSettings,
    BalanceSettings,
    ProxyLinkSettings,
    PersistenceSettings,
    SpliceSettings {
  mode?: 'tcp' | 'http';
  /** `mode log`: its servers get log lines, and nobody is served. */
  forLogs?: boolean;
  disabled?: boolean;
  id?: number;
  description?: string;
  maxconn?: number;
  backlog?: number;
  rateLimitSessions?: number;
  tcpSmartAccept?: boolean;
  fullconn?: number;
  defaultBackend?: Value;
  retries?: number;
  redispatch?: number | null;
  abortonclose?: boolean;
  dontlognull?: boolean;
  dontlogNormal?: boolean;
  logasap?: boolean;
  socketStats?: boolean;
  logSeparateErrors?: boolean;
  logHealthChecks?: boolean;
  allbackups?: boolean;
  clitcpka?: boolean;
  srvtcpka?: boolean;
  httpServerClose?: boolean;
  httpClose?: boolean;
  forwardfor?: ForwardForSettings;
  /** By name, or as written. */
  logFormat?: NamedLogFormat | Value;
  logFormatSd?: Value;
  errorLogFormat?: Value;
  logSteps?: readonly LogStepName[];
  logTag?: string;
  monitorUri?: string;
  check?: 'tcp' | 'http' | 'foreign';
}

export interface ServerSettings extends ServerLinkSettings {
  cookie?: string;
  logProto?: 'legacy' | 'octet-count';
  logBufsize?: number;
  weight?: number;
  backup?: boolean;
  disabled?: boolean;
  maxconn?: number;
  minconn?: number;
  maxqueue?: number;
  slowstartMs?: number;
  hashKey?: HashKey;
  check?: boolean;
  checkAddr?: string;
  checkPort?: number;
  interMs?: number;
  fastinterMs?: number;
  downinterMs?: number;
  rise?: number;
  fall?: number;
  track?: Value;
  shutdownSessionsWhenDown?: boolean;
  id?: number;
  /** Name of a `resolvers` section. */
  resolvers?: Value;
  tls?: boolean;
  checkTls?: boolean;
  verify?: string;
  caFile?: boolean;
  agentCheck?: boolean;
  agentPort?: boolean;
  /** A word that asks for what is not done here (TLS): the server must not be used as if it had not been said. */
  unusable?: boolean;
}

export interface ServerNode {
  readonly name: Value;
  readonly at: Span;
  readonly address: Address;
  /** Lines are sent there as datagrams: meant for backends of mode log. */
  readonly datagram?: Address;
  /** From the `default-server` lines before it in its section. */
  readonly inherited: ServerSettings;
  readonly settings: ServerSettings;
}

export interface BindSettings extends ListenerSettings {
  name?: string;
  maxconn?: number;
  backlog?: number;
  v6only?: boolean;
  v4v6?: boolean;
  transparent?: boolean;
  interface?: string;
  mode?: number;
  user?: string;
  group?: string;
  /** "ssl" was said; `certificate` then has to be there as well. */
  ssl?: boolean;
  certificate?: boolean;
  /** TLS and the like: opening the socket without it would serve something else than asked for. */
  unusable?: boolean;
}

export interface BindNode {
  readonly at: Span;
  readonly addresses: readonly { readonly address: Address; readonly at: Span }[];
  readonly settings: BindSettings;
}

/** A section that is no proxy: read, and carried out by nobody. */
export interface SectionNode {
  readonly kind: SectionName;
  readonly name: string;
  /** Of a user list. */
  readonly users: Set<string>;
  readonly groups: Set<string>;
  /** Users and groups that its lines name, with commas between them. */
  readonly wanted: { readonly kind: 'user' | 'group'; readonly value: Value }[];
  readonly ring: RingSettings;
  readonly logProfile: LogProfileSettings;
  /** Of a section `http-errors`. */
  readonly errorPages: ErrorPageNode[];
  /** Of a section `namespace_list`. */
  readonly namespaces: string[];
}

export interface ProxyNode {
  readonly kind: ProxySectionKind;
  readonly name: string;
  /** The header line's first word, or its name when there is one. */
  readonly at: Span;
  /** `from <name>`, or null: the last defaults section before it. */
  readonly from: Value | null;
  readonly settings: ProxySettings;
  readonly timeouts: TimeoutSettings;
  readonly stats: StatsSettings;
  readonly httpCheck: HttpCheckSettings;
  defaultServer: ServerSettings;
  readonly captures: CaptureSettings;
  /** Own error pages, in the order of the lines. */
  readonly errorPages: ErrorPageNode[];
  logs: LogNode[];
  /** `no log`: forget what defaults brought. */
  logsCleared: boolean;
  readonly binds: BindNode[];
  /** There is a `bind` line, good or bad. */
  declaresBind: boolean;
  readonly servers: ServerNode[];
  /** Prefixes of `server-template` lines. */
  readonly templates: string[];
  readonly aclNames: Set<string>;
  /** Backends named by rules, to be looked up when all sections are known. */
  readonly backendReferences: Value[];
  /** Sections of other kinds named by lines: peers, http-errors, fcgi-app. */
  readonly sectionReferences: { readonly section: string; readonly name: Value }[];
  /** Servers named by `use-server`. */
  readonly serverReferences: Value[];
  /** Tables, proxies, servers and user lists that expressions name. */
  readonly sampleReferences: (SampleReference & { readonly at: Span })[];
  /** There is a `stick-table` line. */
  hasTable: boolean;
  /** Options and rules that mean something in HTTP mode only. */
  readonly httpOnly: { readonly keyword: string; readonly at: Span }[];
}

export interface HaproxyNodes {
  readonly global: GlobalNode;
  /** Proxies and defaults sections in file order. */
  readonly proxies: readonly ProxyNode[];
  readonly trees: readonly Tree[];
  /** Names of sections that are no proxies, by kind. */
  readonly declared: ReadonlyMap<string, ReadonlySet<string>>;
  /** Stick tables of `peers` sections, as "section/table". */
  readonly tables: ReadonlySet<string>;
  readonly faults: readonly SectionFault[];
  readonly rings: readonly RingNode[];
  readonly logProfiles: readonly LogProfileNode[];
  /** Sections `http-errors`. */
  readonly errorSections: readonly ErrorSectionNode[];
  /** Of all `namespace_list` sections. */
  readonly namespaces: readonly string[];
}

/** What is wrong with a section as a whole. */
export interface SectionFault {
  readonly code: string;
  readonly at: Span;
  readonly message: string;
}

export function newProxyNode(kind: ProxySectionKind, name: string, at: Span, from: Value | null): ProxyNode {
  return {
    kind,
    name,
    at,
    from,
    settings: {},
    timeouts: {},
    stats: {},
    httpCheck: {},
    defaultServer: {},
    captures: { request: [], response: [] },
    errorPages: [],
    logs: [],
    logsCleared: false,
    binds: [],
    declaresBind: false,
    servers: [],
    templates: [],
    aclNames: new Set(),
    backendReferences: [],
    sectionReferences: [],
    serverReferences: [],
    sampleReferences: [],
    hasTable: false,
    httpOnly: [],
  };
}
