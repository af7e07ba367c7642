/**
 * How clients are kept with their servers, and what is noted of messages for the log: records of proxies. Filled in by
 * `resolve-persistence.ts`, printed by `print-persistence.ts`.
 */

import type { LogFormat } from './log-format.ts';

export interface CookieConf {
  readonly name: string;
  /** `passive`: looked at in requests and left alone. */
  readonly mode: 'passive' | 'rewrite' | 'insert' | 'prefix';
  readonly indirect: boolean;
  readonly nocache: boolean;
  readonly postonly: boolean;
  readonly preserve: boolean;
  readonly httponly: boolean;
  readonly secure: boolean;
  /** Servers without a cookie of their own get one made of their address and `dynamicCookieKey`. */
  readonly dynamic: boolean;
  readonly domains: readonly string[];
  readonly attributes: readonly string[];
  /** Seconds; 0: cookies never get too old. */
  readonly maxIdle: number;
  readonly maxLife: number;
}

/** `appsession`: which server made which application cookie is learnt and kept for a time. */
export interface AppsessionConf {
  readonly name: string;
  /** So many bytes of a value count. */
  readonly length: number;
  readonly timeoutMs: number;
  /** Also learnt from requests, when no server has set it yet. */
  readonly requestLearn: boolean;
  /** `name` is only how names of cookies begin; the value is what follows it. */
  readonly prefix: boolean;
  /** Where in a target it may stand: `;NAME=value` or `?NAME=value`. */
  readonly place: 'path-parameters' | 'query-string';
}

export interface PersistenceConf {
  /** Null as well for proxies that have no servers or are not in mode http. */
  readonly cookie: CookieConf | null;
  readonly dynamicCookieKey: string | null;
  /** `option persist`: a server that is down is asked all the same by clients that are bound to it. */
  readonly persist: boolean;
  readonly appsession: AppsessionConf | null;
}

export interface CaptureConf {
  readonly name: string;
  /** Bytes that are kept. */
  readonly length: number;
}

export interface CapturesConf {
  readonly cookie: CaptureConf | null;
  readonly requestHeaders: readonly CaptureConf[];
  readonly responseHeaders: readonly CaptureConf[];
}

export interface UniqueIdConf {
  readonly format: LogFormat;
  /** Field in which servers get it. */
  readonly header: string | null;
}

export const noPersistence: PersistenceConf = {
  cookie: null,
  dynamicCookieKey: null,
  persist: false,
  appsession: null,
};

export const noCaptures: CapturesConf = { cookie: null, requestHeaders: [], responseHeaders: [] };
