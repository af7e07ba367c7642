/**
 * ACL criteria: a sample expression, flags, and the values it is matched against (manual, chapter 7.1).
 *
 *     criterion = sample flag* value*
 *     flag      = "-i" | "-n" | "-M" | "-m" method | "-f" file | "-u" id | "--"
 *
 * A name like "path_beg" stands for a fetch and a matching method. How values are matched decides what they must look
 * like: numbers and ranges, networks, regular expressions, hexadecimal bytes.
 */
import { nearestWord } from '../../spelling.ts';
import type { Language, Value } from '../keyword.ts';
import { hexProblem, networkProblem, regexProblem } from './argument-checks.ts';
import { isCastable, readSample, type Sample, type SampleFailure } from './sample.ts';
import { type SampleType, signatures } from './sample-signature.ts';

const MATCH_METHODS = [
  'found',
  'bool',
  'int',
  'ip',
  'bin',
  'len',
  'str',
  'beg',
  'sub',
  'dir',
  'dom',
  'end',
  'reg',
  'regm',
] as const;

export type MatchMethod = (typeof MATCH_METHODS)[number];

export interface CriterionNode {
  readonly sample: Sample;
  readonly method: MatchMethod;
  readonly ignoresCase: boolean;
  readonly files: readonly Value[];
  readonly values: readonly Value[];
}

export interface CriterionFailure {
  readonly code: string;
  readonly at: Value;
  readonly problem: string;
  readonly suggestion?: string;
}

interface Flags {
  method: MatchMethod | null;
  ignoresCase: boolean;
  readonly files: Value[];
  /** Where the values start. */
  end: number;
}

/** Reads the words of a criterion. */
export function readCriterion(words: readonly Value[], language: Language): CriterionNode | CriterionFailure {
  const [first, ...rest] = words;
  const named = readNamed(first!, language);
  if ('problem' in named) return { ...named, at: first! };
  const flags = readFlags(rest, first!);
  if ('problem' in flags) return flags;
  const method = flags.method ?? named.method ?? methodFor(named.sample.output);
  if (method === null) {
    const name = named.sample.fetch.name;
    const problem = `matching method must be specified first (using '-m') when using a sample fetch of this type ('${name}').`;
    return { code: 'missing-match-method', at: first!, problem };
  }
  const values = rest.slice(flags.end);
  const bad = findBadValue(method, values);
  if (bad) return bad;
  return { sample: named.sample, method, ignoresCase: flags.ignoresCase, files: flags.files, values };
}

type Named = { readonly sample: Sample; readonly method: MatchMethod | null };

function readNamed(word: Value, language: Language): Named | SampleFailure {
  const name = /^[A-Za-z0-9_.+-]*/.exec(word.text)![0];
  const alias = signatures().criteria.get(name);
  // An alias is its fetch as far as arguments and types go.
  const text = alias ? `${alias.fetch}${word.text.slice(name.length)}` : word.text;
  const sample = readSample(text, language);
  if ('problem' in sample) return describeFailure(sample, name, word.text);
  if (sample.end < text.length) {
    return { code: 'bad-sample', problem: `missing comma after fetch keyword '${name}' in '${word.text}'.` };
  }
  return { sample, method: (alias?.method as MatchMethod | undefined) ?? null };
}

function describeFailure(failure: SampleFailure, name: string, text: string): SampleFailure {
  if (failure.code !== 'unknown-fetch') return failure;
  const { fetches, criteria } = signatures();
  const suggestion = nearestWord(name, [...fetches.keys(), ...criteria.keys()]);
  const problem = `unknown fetch method '${name}' in ACL expression '${text}'.`;
  return { code: failure.code, problem, ...(suggestion && { suggestion }) };
}

function readFlags(words: readonly Value[], first: Value): Flags | CriterionFailure {
  const flags: Flags = { method: null, ignoresCase: false, files: [], end: 0 };
  for (let at = 0; at < words.length; flags.end = ++at) {
    const { text } = words[at]!;
    if (text === '--') {
      flags.end = at + 1;
      break;
    }
    if (!/^-[A-Za-z]/.test(text)) break;
    if (text === '-i') flags.ignoresCase = true;
    else if (text === '-m') {
      const method = words[++at];
      flags.method = MATCH_METHODS.find((known) => known === method?.text) ?? null;
      if (flags.method === null) {
        const problem = `unknown matching method '${method?.text ?? ''}' when parsing ACL expression.`;
        return { code: 'bad-value', at: method ?? first, problem };
      }
    } else if (text === '-f' || text === '-u') {
      const value = words[++at];
      if (!value) return { code: 'missing-argument', at: words[at - 1]!, problem: `'${text}' expects a value.` };
      if (text === '-f') flags.files.push(value);
    } else if (text !== '-n' && text !== '-M') {
      const problem = `'${text}' is not a valid ACL option. Please use '--' before any pattern beginning with a '-'.`;
      return { code: 'bad-value', at: words[at]!, problem };
    }
  }
  return flags;
}

/** How values of a type are matched when nothing is said; null: something has to be said. */
function methodFor(type: SampleType): MatchMethod | null {
  if (type === 'bool') return 'bool';
  if (type === 'sint') return 'int';
  if (type === 'addr' || type === 'ipv4' || type === 'ipv6') return 'ip';
  return type === 'str' || type === 'meth' ? 'str' : null;
}

const operators = new Set(['eq', 'ge', 'gt', 'le', 'lt']);

function findBadValue(method: MatchMethod, values: readonly Value[]): CriterionFailure | null {
  for (const value of values) {
    const problem = valueProblem(method, value.text);
    if (problem !== null) return { code: 'bad-pattern', at: value, problem };
  }
  return null;
}

function valueProblem(method: MatchMethod, text: string): string | null {
  if (method === 'int' || method === 'len') return operators.has(text) || text === '--' ? null : rangeProblem(text);
  if (method === 'ip') return networkProblem(text);
  if (method === 'bin') return hexProblem(text);
  return method === 'reg' || method === 'regm' ? regexProblem(text) : null;
}

/** A number, "3.1" with a fraction, or a range with one end or both. */
function rangeProblem(text: string): string | null {
  const match = /^(-?\d+(?:\.\d+)?)?(:)?(-?\d+(?:\.\d+)?)?$/.exec(text);
  if (!match || (match[1] === undefined && match[3] === undefined)) return `'${text}' is not a number.`;
  const [, low, colon, high] = match;
  const isReversed = colon && low !== undefined && high !== undefined && Number(low) > Number(high);
  return isReversed ? `'${text}' is not a valid number range.` : null;
}

/** Can a value of this type be matched this way at all? */
export function canMatch(type: SampleType, method: MatchMethod): boolean {
  if (method === 'found') return true;
  if (method === 'bool') return isCastable(type, 'bool');
  if (method === 'int') return isCastable(type, 'sint');
  if (method === 'ip') return isCastable(type, 'addr');
  return isCastable(type, method === 'bin' ? 'bin' : 'str');
}
