/**
 * Sample expressions: a fetch and a chain of converters (manual, chapter 7.3, "Sample conversion").
 *
 *     sample    = fetch ("," converter)*
 *     fetch     = name arguments?
 *     arguments = "(" (argument ("," argument)*)? ")"
 *
 * Arguments may be quoted. Types are followed along the chain: a converter takes what the step before it gives, or what
 * that can be cast to. Names of proxies, tables and user lists are collected, to be looked up when all sections are
 * known. Nothing is evaluated here.
 */
import { nearestWord } from '../../spelling.ts';
import { isAtLeast, type Language } from '../keyword.ts';
import { argumentProblem } from './argument-checks.ts';
import { type FetchSignature, type SampleType, type Signature, signatures } from './sample-signature.ts';

/** A name in an expression that another section must declare. */
export interface SampleReference {
  readonly kind: 'table' | 'frontend' | 'backend' | 'server' | 'userlist';
  /** Empty: the proxy of the expression itself. */
  readonly name: string;
  /** The fetch or converter that asks. */
  readonly keyword: string;
}

export interface SampleStep {
  readonly name: string;
  readonly args: readonly string[];
}

export interface Sample {
  readonly fetch: SampleStep;
  readonly converters: readonly SampleStep[];
  /** What comes out of the chain. */
  readonly output: SampleType;
  /** Where the fetch may be used; null for those that only a running program knows (Lua). */
  readonly places: string | null;
  readonly references: readonly SampleReference[];
  /** Offset after the expression. */
  readonly end: number;
}

export interface SampleFailure {
  readonly code: 'unknown-fetch' | 'unknown-converter' | 'bad-sample';
  readonly problem: string;
  readonly suggestion?: string;
}

/** Types that a value of the key's type can be cast to, without its own and "any". */
const casts: Readonly<Record<SampleType, string>> = {
  any: 'bool sint addr ipv4 ipv6 str bin meth',
  same: 'bool sint addr ipv4 ipv6 str bin meth',
  bool: 'sint str bin',
  sint: 'bool addr ipv4 ipv6 str bin',
  addr: 'sint bool ipv4 ipv6 str bin',
  ipv4: 'sint bool addr ipv6 str bin',
  ipv6: 'addr ipv4 str bin',
  str: 'bool sint addr ipv4 ipv6 bin meth',
  bin: 'str',
  meth: 'str bin',
};

export function isCastable(from: SampleType, to: SampleType): boolean {
  return from === to || to === 'any' || to === 'same' || casts[from].split(' ').includes(to);
}

/** Reads the expression that starts at `start`; it ends where no further converter follows. */
export function readSample(text: string, language: Language, start = 0): Sample | SampleFailure {
  return new SampleReader(text, language, start).read();
}

class SampleReader {
  private readonly text: string;
  private readonly language: Language;
  private at: number;
  private readonly references: SampleReference[] = [];

  constructor(text: string, language: Language, start: number) {
    this.text = text;
    this.language = language;
    this.at = start;
  }

  read(): Sample | SampleFailure {
    const name = this.readName();
    if (name === '') return { code: 'bad-sample', problem: 'missing fetch method' };
    const signature = this.findFetch(name);
    if (!signature && !name.startsWith('lua.')) return this.unknownFetch(name);
    const fetch = this.readStep(name, signature, 'fetch method');
    if ('problem' in fetch) return fetch;
    const places = signature?.places ?? null;
    return this.readConverters(fetch, signature?.output ?? 'any', places);
  }

  private readConverters(fetch: SampleStep, fetched: SampleType, places: string | null): Sample | SampleFailure {
    const converters: SampleStep[] = [];
    let output = fetched;
    while (this.text[this.at] === ',') {
      while (this.text[this.at] === ',') this.at++;
      const name = this.readName();
      if (name === '') break;
      const signature = signatures().converters.get(name);
      if (!name.startsWith('lua.') && (!signature || !this.isSpoken(signature))) return this.unknownConverter(name);
      if (signature && !isCastable(output, signature.input)) {
        return { code: 'bad-sample', problem: `converter '${name}' cannot be applied.` };
      }
      const step = this.readStep(name, signature, 'converter');
      if ('problem' in step) return step;
      converters.push(step);
      if (signature?.output !== 'same') output = signature?.output ?? 'any';
    }
    return { fetch, converters, output, places, references: this.references, end: this.at };
  }

  private readName(): string {
    const name = /^[A-Za-z0-9_.+-]*/.exec(this.text.slice(this.at))![0];
    this.at += name.length;
    return name;
  }

  private findFetch(name: string): FetchSignature | undefined {
    const { fetches, criteria } = signatures();
    const found = fetches.get(name);
    // A criterion such as "path_beg" is no fetch, even though it stands in the fetch table.
    const isAlias = criteria.get(name) !== undefined && /_(?:beg|dir|dom|end|len|reg|sub)$/.test(name);
    return found && !isAlias && this.isSpoken(found) ? found : undefined;
  }

  private isSpoken(signature: Signature): boolean {
    return this.language.lenient || isAtLeast(this.language.release, signature.since);
  }

  private unknownFetch(name: string): SampleFailure {
    const suggestion = nearestWord(name, signatures().fetches.keys());
    return { code: 'unknown-fetch', problem: `unknown fetch method '${name}'.`, ...(suggestion && { suggestion }) };
  }

  private unknownConverter(name: string): SampleFailure {
    const suggestion = nearestWord(name, signatures().converters.keys());
    return { code: 'unknown-converter', problem: `unknown converter '${name}'.`, ...(suggestion && { suggestion }) };
  }

  private readStep(
    name: string,
    signature: Signature | undefined,
    what: 'fetch method' | 'converter',
  ): SampleStep | SampleFailure {
    const hasParentheses = this.text[this.at] === '(';
    const args = hasParentheses ? readArguments(this.text, this.at + 1) : { args: [], end: this.at };
    if ('problem' in args) return { code: 'bad-sample', problem: `${what} '${name}' : ${args.problem}` };
    this.at = args.end;
    const next = this.text[this.at];
    if (hasParentheses && next !== undefined && !/[,\]\s]/.test(next)) {
      return { code: 'bad-sample', problem: `missing comma after ${what} '${name}'.` };
    }
    if (!signature) return { name, args: args.args };
    const problem = this.checkArguments(signature, args.args, hasParentheses, what);
    if (problem !== null) return { code: 'bad-sample', problem: `${what} '${name}' : ${problem}` };
    return { name, args: args.args };
  }

  private checkArguments(
    signature: Signature,
    args: readonly string[],
    hasParentheses: boolean,
    what: 'fetch method' | 'converter',
  ): string | null {
    if (args.length > signature.args.length) return `expected ')' before ',${args[signature.args.length]}'.`;
    const { needed } = signature;
    const needsMore = args.length < needed && (args.length > 0 || (what === 'fetch method' && !isNamed(signature)));
    if (needsMore && !isString(signature, args.length)) {
      return `missing arguments (got ${args.length}/${needed}), type '${signature.args[args.length]}' expected.`;
    }
    if (needsMore && args.length > 0) return `missing arguments (got ${args.length}/${needed}).`;
    this.collectReferences(signature, args, hasParentheses);
    return argumentProblem(signature, args, this.language, what);
  }

  private collectReferences(signature: Signature, args: readonly string[], hasParentheses: boolean): void {
    for (const [index, kind] of signature.args.entries()) {
      if (!isReference(kind)) continue;
      const name = args[index] ?? '';
      const isAsked = index < args.length || index < signature.needed || (index === 0 && hasParentheses);
      const usesOwn = index >= signature.needed && signature.name.startsWith('src_');
      if (isAsked || usesOwn) this.references.push({ kind, name, keyword: signature.name });
    }
  }
}

function isReference(kind: string): kind is SampleReference['kind'] {
  return /^(?:table|frontend|backend|server|userlist)$/.test(kind);
}

/** Does its first argument name a section, so that it may be left out or is looked at later? */
function isNamed(signature: Signature): boolean {
  return isReference(signature.args[0] ?? '');
}

/** An argument of strings that is left out counts as an empty string. */
function isString(signature: Signature, index: number): boolean {
  return index === 0 && signature.args[0] === 'string';
}

/**
 * Arguments up to the closing parenthesis. Quotes hide commas and parentheses. Outside single quotes a backslash stands
 * for what follows it only before blanks, quotes and backslashes, and with `n`, `r` and `t`; else it stays.
 */
function readArguments(text: string, start: number): { args: string[]; end: number } | { problem: string } {
  const args: string[] = [''];
  let quote = '';
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    const escaped = char === '\\' && quote !== "'" ? escapes[text[at + 1] ?? ''] : undefined;
    if (escaped !== undefined) {
      args[args.length - 1] += escaped;
      at++;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else args[args.length - 1] += char;
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ',') args.push('');
    else if (char === ')') return { args: args.length === 1 && args[0] === '' ? [] : args, end: at + 1 };
    else args[args.length - 1] += char;
  }
  return { problem: "expected ')'." };
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  '"': '"',
  "'": "'",
  ' ': ' ',
  n: '\n',
  r: '\r',
  t: '\t',
};
