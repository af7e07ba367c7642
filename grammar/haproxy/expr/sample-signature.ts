/** The signature tables of `signatures.ts` as maps, built when the first expression is read. */
import { availability, converterTable, criteria, fetchTable } from './signatures.ts';

export type SampleType = 'any' | 'bool' | 'sint' | 'addr' | 'ipv4' | 'ipv6' | 'str' | 'bin' | 'meth' | 'same';

export interface Signature {
  readonly name: string;
  /** Types of arguments; those from `needed` on may be left out. */
  readonly args: readonly string[];
  readonly needed: number;
  readonly since: string;
  readonly output: SampleType;
}

export interface FetchSignature extends Signature {
  /** Places where the value is there, one character each: see `availability`. */
  readonly places: string;
}

export interface ConverterSignature extends Signature {
  readonly input: SampleType;
}

/** A criterion that stands for a fetch and a matching method. */
export interface Criterion {
  readonly fetch: string;
  readonly method: string;
}

export interface Signatures {
  readonly fetches: ReadonlyMap<string, FetchSignature>;
  readonly converters: ReadonlyMap<string, ConverterSignature>;
  readonly criteria: ReadonlyMap<string, Criterion>;
}

let known: Signatures | null = null;

export function signatures(): Signatures {
  known ??= { fetches: readFetches(), converters: readConverters(), criteria: readCriteria() };
  return known;
}

function readFetches(): Map<string, FetchSignature> {
  const table = new Map<string, FetchSignature>();
  for (const { head, names } of rowsOf(fetchTable)) {
    const [place = '', output = '', args = '', since = ''] = head;
    const shared = { ...argumentsOf(args), since, output: output as SampleType, places: availability[place]! };
    for (const name of names) table.set(name, { name, ...shared });
  }
  return table;
}

function readConverters(): Map<string, ConverterSignature> {
  const table = new Map<string, ConverterSignature>();
  for (const { head, names } of rowsOf(converterTable)) {
    const [input = '', output = '', args = '', since = ''] = head;
    const shared = { ...argumentsOf(args), since, input: input as SampleType, output: output as SampleType };
    for (const name of names) table.set(name, { name, ...shared });
  }
  return table;
}

function readCriteria(): Map<string, Criterion> {
  const table = new Map<string, Criterion>();
  for (const { head, names } of rowsOf(criteria)) {
    for (const pair of names) {
      const [name = '', method = ''] = pair.split('=');
      table.set(name, { fetch: head[0]!, method });
    }
  }
  return table;
}

/** Rows of "head words: names"; a line that is indented further goes on with the names before it. */
function rowsOf(table: string): { readonly head: readonly string[]; readonly names: readonly string[] }[] {
  const lines = table.replaceAll('\n    ', ' ').trim().split('\n');
  return lines.map((line) => {
    const colon = line.indexOf(': ');
    return {
      head: line.slice(0, colon).trim().split(' '),
      names: line
        .slice(colon + 2)
        .trim()
        .split(/\s+/),
    };
  });
}

/** "string[,integer]": one needed, one that may be left out. */
function argumentsOf(text: string): Pick<Signature, 'args' | 'needed'> {
  if (text === '-') return { args: [], needed: 0 };
  const list = (part: string) => part.split(/[[\],]+/).filter((type) => type !== '');
  return { args: list(text), needed: list(text.split('[')[0]!).length };
}
