/**
 * What a word means: quotes taken off, escapes and environment variables replaced (manual, chapters 2.2 and 2.3).
 *
 * Outside quotes a backslash gives the next character its plain meaning or stands for n, r, t and xHH; between double
 * quotes it does the same and variables are replaced: `$NAME`, `${NAME}`, `${NAME-default}`, and `${LIST[*]}`, which
 * makes several words of one. Between single quotes everything is plain. Variables outside double quotes stay as they
 * are. Text is Latin-1 characters standing for bytes, as everywhere in the grammar.
 */

export type WordProblem = 'unmatched-quote' | 'bad-escape' | 'unmatched-brace' | 'bad-variable-name';

export interface DecodeFailure {
  readonly problem: WordProblem;
  /** Offset into the word as written. */
  readonly at: number;
}

export interface Environment {
  get(name: string): string | undefined;
}

const special = /["'\\]/;
const escapes: Readonly<Record<string, string>> = {
  ' ': ' ',
  '#': '#',
  '"': '"',
  "'": "'",
  '\\': '\\',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** The values of a word: one, or several (or none) after `${LIST[*]}`. */
export function decodeWord(raw: string, env: Environment): readonly string[] | DecodeFailure {
  if (!special.test(raw)) return [raw];
  return new Decoder(raw, env).run();
}

class Decoder {
  private readonly raw: string;
  private readonly env: Environment;
  private at = 0;
  private values: string[] = [];
  private current = '';
  private failure: DecodeFailure | null = null;

  constructor(raw: string, env: Environment) {
    this.raw = raw;
    this.env = env;
  }

  run(): readonly string[] | DecodeFailure {
    while (this.at < this.raw.length && !this.failure) this.takePiece();
    return this.failure ?? [...this.values, this.current];
  }

  private takePiece(): void {
    const char = this.raw[this.at]!;
    if (char === '\\') this.takeEscape(false);
    else if (char === '"') this.takeDoubleQuoted();
    else if (char === "'") this.takeSingleQuoted();
    else {
      this.current += char;
      this.at++;
    }
  }

  private takeSingleQuoted(): void {
    const close = this.raw.indexOf("'", this.at + 1);
    if (close < 0) {
      this.fail('unmatched-quote', this.at);
      return;
    }
    this.current += this.raw.slice(this.at + 1, close);
    this.at = close + 1;
  }

  private takeDoubleQuoted(): void {
    const open = this.at++;
    while (!this.failure) {
      const char = this.raw[this.at];
      if (char === undefined) {
        this.fail('unmatched-quote', open);
        return;
      }
      if (char === '"') {
        this.at++;
        return;
      }
      if (char === '\\') this.takeEscape(true);
      else if (char === '$') this.takeVariable();
      else {
        this.current += char;
        this.at++;
      }
    }
  }

  private takeEscape(quoted: boolean): void {
    const next = this.raw[this.at + 1] ?? '';
    if (next === 'x') {
      this.takeHex();
      return;
    }
    const plain = quoted && next === '$' ? '$' : escapes[next];
    this.current += plain ?? '\\';
    this.at += plain === undefined ? 1 : 2;
  }

  private takeHex(): void {
    const digits = this.raw.slice(this.at + 2, this.at + 4);
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
      this.fail('bad-escape', this.at);
      return;
    }
    this.current += String.fromCharCode(Number.parseInt(digits, 16));
    this.at += 4;
  }

  private takeVariable(): void {
    const rest = this.raw.slice(this.at + 1);
    if (rest.startsWith('{')) {
      this.takeBraced(rest);
      return;
    }
    const name = /^[A-Za-z_.][A-Za-z0-9_.]*/.exec(rest)?.[0];
    if (!name) {
      this.fail('bad-variable-name', this.at);
      return;
    }
    this.current += this.env.get(name) ?? '';
    this.at += 1 + name.length;
  }

  private takeBraced(rest: string): void {
    const match = /^\{([A-Za-z_.][A-Za-z0-9_.]*)(\[\*\])?(?:-([^}"]*))?/.exec(rest);
    if (!match) {
      this.fail('bad-variable-name', this.at + 1);
      return;
    }
    if (rest[match[0].length] !== '}') {
      this.fail('unmatched-brace', this.at + 1);
      return;
    }
    const value = this.env.get(match[1]!) ?? match[3] ?? '';
    if (match[2]) this.takeList(value);
    else this.current += value;
    this.at += 1 + match[0].length + 1;
  }

  private takeList(value: string): void {
    const items = value.split(/[ \t]+/).filter((item) => item !== '');
    for (const [index, item] of items.entries()) {
      if (index > 0) {
        this.values.push(this.current);
        this.current = '';
      }
      this.current += item;
    }
  }

  private fail(problem: WordProblem, at: number): void {
    this.failure = { problem, at };
  }
}
