/** The shape of a row of the converter tables (manual, chapter 7.3.1): what it takes, what it gives, how it is made. */
import type { FetchPlace } from './fetch-row.ts';
import type { IpValue, SampleValue, ValueType } from './value.ts';

/** Never called without a value; null: the sample is gone. */
export type Convert = (value: SampleValue) => SampleValue | null;

export interface ConverterRow {
  readonly input: ValueType;
  readonly output: ValueType;
  readonly make: (place: FetchPlace) => Convert;
}

export type ConverterTable = Readonly<Record<string, ConverterRow>>;

interface Kinds {
  readonly bool: boolean;
  readonly sint: number;
  readonly addr: IpValue;
  readonly str: string;
  readonly bin: string;
}

/** A row with its types tied to those of its function. */
/** A row with its types tied to those of its function. */
export function converter<I extends ValueType, O extends ValueType>(
  input: I,
  output: O,
  make: (args: readonly string[], place: FetchPlace) => (value: Kinds[I]) => Kinds[O] | null,
): ConverterRow {
  return { input, output, make: (place) => make(place.args, place) as Convert };
}

/** One without arguments. */
export function simply<I extends ValueType, O extends ValueType>(
  input: I,
  output: O,
  convert: (value: Kinds[I]) => Kinds[O] | null,
): ConverterRow {
  return { input, output, make: () => convert as Convert };
}
