/**
 * Sample expressions as functions: `compileSample` makes of a record of the configuration one function that reads a
 * session's record and gives a value, or null when there is none (manual, chapter 7.3).
 *
 *     { fetch: 'src', converters: [ipmask(24)] }  --compile-->  (record) => value | null
 *
 * Types and casts are settled when it is compiled; a constant costs nothing after that. The caller fills the record:
 * with the heads of request or response where the expression's place has them (`requestHead`, `responseHead`), and
 * with what `needs` says.
 *
 * One row per fetch and per converter: process-fetches.ts, session-fetches.ts, http-fetches.ts, number-, text- and
 * binary-converters.ts. A name without a row is not carried out: it was warned about when the configuration was read
 * (src/config/carried-samples.ts lists the names and a test holds both lists together), and has no value here.
 */
import type { ProxyConf } from '../../config/haproxy.ts';
import type { SampleExpression } from '../../config/log-format.ts';
import { binaryConverters } from './binary-converters.ts';
import type { Convert, ConverterTable } from './converter-row.ts';
import type { Evaluate, FetchTable } from './fetch-row.ts';
import { httpFetches } from './http-fetches.ts';
import { numberConverters } from './number-converters.ts';
import { processFetches } from './process-fetches.ts';
import type { SampleWorld } from './sample-world.ts';
import { sessionFetches } from './session-fetches.ts';
import { textConverters } from './text-converters.ts';
import { castBetween, type SampleValue, type ValueType } from './value.ts';

export const fetchTable: FetchTable = { ...processFetches, ...sessionFetches, ...httpFetches };
export const converterTable: ConverterTable = { ...numberConverters, ...textConverters, ...binaryConverters };

export interface CompiledSample {
  readonly type: ValueType;
  readonly evaluate: Evaluate;
  /** Bits of src/proxy/log/needs.ts. */
  readonly needs: number;
}

const nothing: CompiledSample = { type: 'str', evaluate: () => null, needs: 0 };

export function compileSample(sample: SampleExpression, world: SampleWorld, home: ProxyConf): CompiledSample {
  const fetch = fetchTable[sample.fetch.name];
  const chained = fetch && convertersFrom(fetch.type, sample.converters, world, home);
  if (fetch === undefined || !chained) return nothing;
  const evaluate = fetch.make({ args: sample.fetch.args, world, home });
  return { type: chained.type, evaluate: chain(evaluate, chained.steps), needs: fetch.needs };
}

/** Null: types that do not fit, or a converter that nobody here has. */
function convertersFrom(
  from: ValueType,
  converters: SampleExpression['converters'],
  world: SampleWorld,
  home: ProxyConf,
): { readonly type: ValueType; readonly steps: readonly Convert[] } | null {
  const steps: Convert[] = [];
  let type = from;
  for (const { name, args } of converters) {
    const row = converterTable[name];
    const cast = row && castBetween(type, row.input);
    if (row === undefined || cast === null) return null;
    if (cast !== undefined) steps.push(cast);
    steps.push(row.make({ args, world, home }));
    type = row.output;
  }
  return { type, steps };
}

/** Converters without a fetch, from text to text; null: they give none. */
export function compileConverters(
  converters: SampleExpression['converters'],
  world: SampleWorld,
  home: ProxyConf,
): ((text: string) => string | null) | null {
  const chained = convertersFrom('str', converters, world, home);
  const cast = chained && castBetween(chained.type, 'str');
  if (chained === null || cast === null) return null;
  const steps = cast === undefined ? chained.steps : [...chained.steps, cast];
  let input = '';
  const evaluate = chain(() => input, steps) as () => string | null;
  return (text) => {
    input = text;
    return evaluate();
  };
}

/** A compiled expression whose values are of another type; null when there is no such cast. */
export function castSample(sample: CompiledSample, type: ValueType): CompiledSample | null {
  const cast = castBetween(sample.type, type);
  if (cast === null) return null;
  return cast === undefined ? sample : { ...sample, type, evaluate: chain(sample.evaluate, [cast]) };
}

/** As text, as log lines and most keys have it. */
export function compileText(
  sample: SampleExpression,
  world: SampleWorld,
  home: ProxyConf,
): { readonly evaluate: Evaluate<string>; readonly needs: number } {
  const { evaluate, needs } = castSample(compileSample(sample, world, home), 'str')!;
  return { evaluate: evaluate as Evaluate<string>, needs };
}

function chain(evaluate: Evaluate, steps: readonly Convert[]): Evaluate {
  if (steps.length === 0) return evaluate;
  const [only] = steps;
  if (steps.length === 1) {
    return (r) => {
      const value = evaluate(r);
      return value === null ? null : only!(value);
    };
  }
  return (r) => {
    let value: SampleValue | null = evaluate(r);
    for (let i = 0; i < steps.length && value !== null; i++) value = steps[i]!(value);
    return value;
  };
}
