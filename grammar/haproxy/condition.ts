/**
 * Conditions of `.if` and `.elif` (manual, chapter 2.4 "Conditional blocks").
 *
 *     or    = and ("||" and)*
 *     and   = term ("&&" term)*
 *     term  = "!" term | "(" or ")" | number | predicate "(" argument, ... ")"
 *
 * Arguments are quoted and expanded as words are. What the release, the build and the library are is asked of `facts`.
 */
import { decodeWord, type Environment } from './words.ts';

export interface ConditionFacts {
  readonly env: Environment;
  /** The release spoken, as major, minor, patch. */
  readonly version: readonly number[];
  /** The OpenSSL release, as major, minor, patch. */
  readonly opensslVersion: readonly number[];
  /** Build features that are there, for `feature(...)`. */
  readonly features: ReadonlySet<string>;
  /** Run-time options that are there, for `enabled(...)`. */
  readonly enabled: ReadonlySet<string>;
}

export interface ConditionFailure {
  readonly problem: string;
  /** Offset into the condition's text. */
  readonly at: number;
}

/** Evaluates a condition as written. */
export function evaluateCondition(text: string, facts: ConditionFacts): boolean | ConditionFailure {
  return new Evaluator(text, facts).run();
}

type Predicate = (args: readonly string[], facts: ConditionFacts) => boolean;

const predicates: Readonly<Record<string, { readonly count: number; readonly test: Predicate }>> = {
  defined: { count: 1, test: ([name = ''], { env }) => env.get(name) !== undefined },
  streq: { count: 2, test: ([a, b]) => a === b },
  strneq: { count: 2, test: ([a, b]) => a !== b },
  strstr: { count: 2, test: ([a = '', b = '']) => a.includes(b) },
  version_atleast: { count: 1, test: ([v = ''], { version }) => compareVersions(version, v) >= 0 },
  version_before: { count: 1, test: ([v = ''], { version }) => compareVersions(version, v) < 0 },
  openssl_version_atleast: { count: 1, test: ([v = ''], f) => compareVersions(f.opensslVersion, v) >= 0 },
  openssl_version_before: { count: 1, test: ([v = ''], f) => compareVersions(f.opensslVersion, v) < 0 },
  ssllib_name_startswith: { count: 1, test: ([name = '']) => 'OpenSSL'.startsWith(name) },
  feature: { count: 1, test: ([name = ''], { features }) => features.has(name) },
  enabled: { count: 1, test: ([name = ''], { enabled }) => enabled.has(name) },
  awslc_api_atleast: { count: 1, test: () => false },
  awslc_api_before: { count: 1, test: () => false },
};

class Evaluator {
  private readonly text: string;
  private readonly facts: ConditionFacts;
  private at = 0;
  private failure: ConditionFailure | null = null;

  constructor(text: string, facts: ConditionFacts) {
    this.text = text;
    this.facts = facts;
  }

  run(): boolean | ConditionFailure {
    const value = this.readOr();
    this.skipBlanks();
    if (!this.failure && this.at < this.text.length) {
      const odd = this.text[this.at];
      this.fail(`unexpected character '${odd}' at the end of conditional expression '${this.text}'`, this.at);
    }
    return this.failure ?? value;
  }

  private readOr(): boolean {
    let value = this.readAnd();
    while (this.take('||')) value = this.readAnd() || value;
    return value;
  }

  private readAnd(): boolean {
    let value = this.readTerm();
    while (this.take('&&')) value = this.readTerm() && value;
    return value;
  }

  private readTerm(): boolean {
    if (this.take('!')) return !this.readTerm();
    if (this.take('(')) {
      const value = this.readOr();
      if (!this.take(')')) this.fail(`missing closing ')' in conditional expression '${this.text}'`, this.at);
      return value;
    }
    const word = /^[A-Za-z0-9_]+/.exec(this.text.slice(this.at))?.[0] ?? '';
    if (/^\d+$/.test(word)) {
      this.at += word.length;
      return Number(word) !== 0;
    }
    return this.readPredicate(word);
  }

  private readPredicate(name: string): boolean {
    const start = this.at;
    const predicate = Object.hasOwn(predicates, name) ? predicates[name] : undefined;
    if (!predicate || this.text[start + name.length] !== '(') {
      this.fail(`unparsable conditional expression '${this.text}'`, start);
      return false;
    }
    this.at += name.length + 1;
    const args = this.readArguments();
    if (this.failure) return false;
    if (args.length !== predicate.count) {
      this.fail(`'${name}' expects ${predicate.count} argument(s) in conditional expression '${this.text}'`, start);
      return false;
    }
    return predicate.test(args, this.facts);
  }

  /** Up to the closing parenthesis. An argument may hold blanks; quotes hide commas and parentheses. */
  private readArguments(): string[] {
    const args: string[] = [];
    while (!this.failure) {
      const raw = /^(?:[^"'\\,)]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')*/s.exec(this.text.slice(this.at))![0];
      const decoded = decodeWord(raw, this.facts.env);
      if ('problem' in decoded) this.fail(`${decoded.problem} in conditional expression`, this.at + decoded.at);
      else args.push(decoded.join(' '));
      this.at += raw.length;
      const next = this.text[this.at++];
      if (next === ')') break;
      if (next !== ',') this.fail(`missing closing ')' in conditional expression '${this.text}'`, this.text.length);
    }
    return args;
  }

  private take(token: string): boolean {
    this.skipBlanks();
    if (this.failure || !this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    this.skipBlanks();
    return true;
  }

  private skipBlanks(): void {
    while (/[ \t\r]/.test(this.text[this.at] ?? '')) this.at++;
  }

  private fail(problem: string, at: number): void {
    this.failure ??= { problem, at };
  }
}

/** Negative, 0 or positive. `text` is as in the manual: "2.4", "2.4-dev18", "3.0.2". */
function compareVersions(version: readonly number[], text: string): number {
  const wanted = text.split(/[.-]/).map((part) => Number.parseInt(part.replace(/^dev/, ''), 10) || 0);
  for (let index = 0; index < 3; index++) {
    const difference = (version[index] ?? 0) - (wanted[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
