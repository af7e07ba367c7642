/** The shape of a row of the fetch tables: what it gives, and how its evaluation is made from its arguments. */
import type { ProxyConf } from '../../config/haproxy.ts';
import type { SessionRecord } from '../log/record.ts';
import type { SampleWorld } from './sample-world.ts';
import type { SampleValue, ValueType } from './value.ts';

/** Null: not there. */
export type Evaluate<T extends SampleValue = SampleValue> = (r: SessionRecord) => T | null;

export interface FetchPlace {
  readonly args: readonly string[];
  readonly world: SampleWorld;
  /** The proxy that the expression stands in. */
  readonly home: ProxyConf;
}

export interface FetchRow {
  readonly type: ValueType;
  /** Bits of src/proxy/log/needs.ts. */
  readonly needs: number;
  readonly make: (place: FetchPlace) => Evaluate;
}

export type FetchTable = Readonly<Record<string, FetchRow>>;

/** A fetch without arguments. */
export function plain(type: ValueType, evaluate: Evaluate, needs = 0): FetchRow {
  return { type, needs, make: () => evaluate };
}

export function made(type: ValueType, make: (place: FetchPlace) => Evaluate, needs = 0): FetchRow {
  return { type, needs, make };
}

/** An argument that is a whole number, else what it is when left out. */
export function intArg(args: readonly string[], index: number, otherwise: number): number {
  const text = args[index];
  return text === undefined || text === '' ? otherwise : Number.parseInt(text, 10) || 0;
}
