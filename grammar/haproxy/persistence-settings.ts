/**
 * What lines say about keeping clients with their servers and about what is noted of their messages: cookies,
 * application sessions, captures, unique ids. Sparse, as all settings of nodes.ts are.
 */
import type { Span } from '../source.ts';
import type { Value } from './keyword.ts';

/** `passive`: the cookie is only looked at. */
export type CookieMode = 'passive' | 'rewrite' | 'insert' | 'prefix';

/** A whole `cookie` line: a later one replaces an earlier one altogether. */
export interface CookieSettings {
  readonly name: string;
  readonly mode: CookieMode;
  readonly indirect: boolean;
  readonly nocache: boolean;
  readonly postonly: boolean;
  readonly preserve: boolean;
  readonly httponly: boolean;
  readonly secure: boolean;
  readonly dynamic: boolean;
  readonly domains: readonly string[];
  readonly attributes: readonly string[];
  /** Seconds; 0: without. */
  readonly maxIdle: number;
  readonly maxLife: number;
}

/** `appsession`, which HAProxy dropped with 1.6. */
export interface AppsessionSettings {
  readonly name: string;
  readonly length: number;
  readonly timeoutMs: number;
  readonly requestLearn: boolean;
  readonly prefix: boolean;
  readonly place: 'path-parameters' | 'query-string';
}

/** Of sections with a backend side. */
export interface PersistenceSettings {
  cookie?: CookieSettings;
  dynamicCookieKey?: string;
  persist?: boolean;
  appsession?: AppsessionSettings;
  uniqueIdFormat?: Value;
  uniqueIdHeader?: string;
}

export interface CaptureSetting {
  readonly name: string;
  readonly length: number;
}

/** Captures belong to their section and are not inherited. */
export interface CaptureSettings {
  cookie?: CaptureSetting & { readonly at: Span };
  readonly request: CaptureSetting[];
  readonly response: CaptureSetting[];
}
