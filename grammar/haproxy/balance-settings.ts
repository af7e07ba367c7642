/** What `balance` and `hash-type` lines leave in a section (manual, chapter 4.2). */
import type { SampleStep } from './expr/sample.ts';

export type BalanceSetting =
  | { readonly algorithm: 'roundrobin' | 'static-rr' | 'leastconn' | 'first' | 'source' }
  | { readonly algorithm: 'random'; readonly draws: number }
  | {
      readonly algorithm: 'uri';
      readonly whole: boolean;
      readonly pathOnly: boolean;
      readonly len: number;
      readonly depth: number;
    }
  | { readonly algorithm: 'url_param'; readonly name: string; readonly checkPost: boolean }
  | { readonly algorithm: 'hdr'; readonly name: string; readonly domainOnly: boolean }
  | { readonly algorithm: 'rdp-cookie'; readonly name: string }
  | { readonly algorithm: 'hash'; readonly expression: SampleSetting }
  /** Of log lines, in mode log: `converters` are applied to the line. */
  | { readonly algorithm: 'sticky' }
  | { readonly algorithm: 'log-hash'; readonly converters: SampleSetting };

/** A sample expression, and its text as written. */
export interface SampleSetting {
  readonly text: string;
  readonly fetch: SampleStep;
  readonly converters: readonly SampleStep[];
}

export interface HashTypeSetting {
  readonly method: 'map-based' | 'consistent';
  readonly function: 'sdbm' | 'djb2' | 'wt6' | 'crc32' | 'none';
  readonly avalanche: boolean;
}

/** What a server's places on a consistent hash are made of. */
export type HashKey = 'id' | 'addr' | 'addr-port';

/** Until when a consistent hash keeps to a server: for ever, up to its maxconn, until its queue is full as well. */
export type HashAffinity = 'always' | 'maxconn' | 'maxqueue';

export interface BalanceSettings {
  balance?: BalanceSetting;
  hashType?: HashTypeSetting;
  hashBalanceFactor?: number;
  hashAffinity?: HashAffinity;
}
