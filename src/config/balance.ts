/**
 * How a backend chooses servers, as records: `balance`, `hash-type`, `hash-balance-factor` (manual, chapter 4.2).
 *
 * `resolve-balance.ts` makes them, `print-balance.ts` writes them as lines again; the algorithms themselves are in
 * `src/proxy/balance`.
 */
import type { SampleExpression } from './log-format.ts';

export type Balance =
  | { readonly algorithm: 'roundrobin' | 'static-rr' | 'leastconn' | 'first' | 'source' }
  | { readonly algorithm: 'random'; readonly draws: number }
  | {
      readonly algorithm: 'uri';
      /** The query belongs to the key. */
      readonly whole: boolean;
      /** The key begins with the path, whatever stands before it. */
      readonly pathOnly: boolean;
      /** Most bytes and most directories that count; 0: all. */
      readonly len: number;
      readonly depth: number;
    }
  /** `checkPost`: in the body of a POST as well. */
  | { readonly algorithm: 'url_param'; readonly name: string; readonly checkPost: boolean }
  | { readonly algorithm: 'hdr'; readonly name: string; readonly domainOnly: boolean }
  | { readonly algorithm: 'rdp-cookie'; readonly name: string }
  | { readonly algorithm: 'hash'; readonly expression: SampleExpression }
  /** Of log lines. `converters`: what stands behind a fetch in an expression; they are applied to the line. */
  | { readonly algorithm: 'sticky' }
  | { readonly algorithm: 'log-hash'; readonly converters: SampleExpression };

export type HashFunction = 'sdbm' | 'djb2' | 'wt6' | 'crc32' | 'none';

/** What a server's points on a consistent hash are made of: its id, its address, or that and the port. */
export type HashKey = 'id' | 'addr' | 'addr-port';

/** A consistent hash keeps to a server always, as long as it has room, or as long as its queue has. */
export type HashAffinity = 'always' | 'maxconn' | 'maxqueue';

export interface HashType {
  readonly method: 'map-based' | 'consistent';
  readonly function: HashFunction;
  readonly avalanche: boolean;
  /** Percent of the average load that a server may get by a consistent hash; 0: any. */
  readonly balanceFactor: number;
  readonly affinity: HashAffinity;
}

export const defaultHashType: HashType = {
  method: 'map-based',
  function: 'sdbm',
  avalanche: false,
  balanceFactor: 0,
  affinity: 'always',
};
