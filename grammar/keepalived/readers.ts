/**
 * Readers: from the words of a statement to a typed value.
 *
 * Each says in `takes` what the manual would, and reports what is wrong with the word at hand. Numbers are keepalived's:
 * decimal (a leading 0x or 0 is not another base); timers are seconds with up to six decimals, kept as microseconds.
 */
import type { Arguments } from './arguments.ts';
import type { Word } from './ast.ts';
import { addressFamily, splitPrefix } from './ip.ts';
import type { Reader } from './keyword.ts';
import { valueMeant } from './meant.ts';
import type { ScriptNode, Sited } from './nodes.ts';
import { splitCommand } from './script.ts';

export function reader<T>(takes: string, read: (args: Arguments) => T | undefined): Reader<T> {
  return { takes, read };
}

/** A bare word. The value is true so that `undefined` keeps meaning "in error". */
export const flag: Reader<true> = reader('', () => true);

/** The name of a block. */
export const blockName: Reader<Word> = reader('name', (args) => args.next('a name', 'missing-name'));

/** The rest of the line, unchecked. */
export const words: Reader<readonly Word[]> = reader('...', (args) => args.rest());

/** The rest of the line, of at least one word. */
export function someWords(takes: string): Reader<readonly Word[]> {
  return reader(`${takes}..`, (args) => {
    const first = args.next(takes);
    return first && [first, ...args.rest()];
  });
}

export function text(takes: string): Reader<string> {
  return reader(takes, (args) => args.next(takes)?.text);
}

export function sited<T>(inner: Reader<T>): Reader<Sited<T>> {
  return reader(inner.takes, (args) => {
    const word = args.peek();
    const value = inner.read(args);
    return value === undefined ? undefined : { value, site: word ?? args.statement };
  });
}

/** The value, or null when the line ends. */
export function optional<T>(inner: Reader<T>): Reader<T | null> {
  return reader(`[${inner.takes}]`, (args) => (args.peek() ? inner.read(args) : null));
}

export function integer(min: number, max: number): Reader<number> {
  const takes = max >= 2 ** 31 - 1 ? `integer from ${min}` : `${min}..${max}`;
  return reader(takes, (args) => {
    const word = args.next(`a number (${takes})`);
    if (!word) return undefined;
    if (!/^\s*[+-]?\d+$/.test(word.text))
      return args.report('invalid-number', word, `invalid number '${word.text}'`, takes);
    return inRange(args, word, Number(word.text), min, max);
  });
}

/** Seconds with decimals; the value is in microseconds. */
export function seconds(min: number, max: number): Reader<number> {
  const takes = `seconds ${min}..${max}`;
  return reader(takes, (args) => {
    const word = args.next(takes);
    if (!word) return undefined;
    if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)$/.test(word.text)) {
      return args.report('invalid-number', word, `invalid number '${word.text}'`, takes);
    }
    const value = inRange(args, word, Number(word.text), min, max);
    return value === undefined ? undefined : Math.round(value * 1e6);
  });
}

/** A 0 where old releases took one for nothing said. Current ones refuse it, and go on without. */
export function aboveZero<T>(inner: Reader<T>): Reader<T> {
  return reader(inner.takes, (args) => {
    const word = args.peek();
    if (args.context.asOriginal || word?.text !== '0') return inner.read(args);
    args.next(inner.takes);
    args.context.warning('zero-ignored', word, `'${args.keyword} 0' has no effect; releases from 2.0 refuse it`, {
      expected: inner.takes,
    });
    return undefined;
  });
}

/** Seconds with decimals; the value is in milliseconds. */
export function milliseconds(min: number, max: number): Reader<number> {
  const inner = seconds(min, max);
  return reader(inner.takes, (args) => {
    const value = inner.read(args);
    return value === undefined ? undefined : value / 1000;
  });
}

function inRange(args: Arguments, word: Word, value: number, min: number, max: number): number | undefined {
  if (value >= min && value <= max) return value;
  const range = `${min} to ${max}`;
  return args.report('out-of-range', word, `number '${word.text}' outside range [${min}, ${max}]`, range);
}

const TRUE = ['on', 'true', 'yes'];
const FALSE = ['off', 'false', 'no'];

/** `on`, `off` and their synonyms; true when bare. */
export const boolean: Reader<boolean> = reader('[on|off]', (args) => {
  const word = args.peek();
  if (!word) return true;
  if (args.take(...TRUE)) return true;
  if (args.take(...FALSE)) return false;
  return args.report('invalid-value', word, `'${word.text}' is neither on nor off`, [...TRUE, ...FALSE].join(', '));
});

/** As `boolean`, for words whose nonsense keepalived takes for nothing said. */
export const looseBoolean: Reader<boolean> = reader('[on|off]', (args) => {
  const word = args.peek();
  if (!word || [...TRUE, ...FALSE].includes(word.text)) return boolean.read(args);
  return args.report('not-a-boolean', word, `'${word.text}' is neither on nor off`, [...TRUE, ...FALSE].join(', '));
});

export function oneOf<const T extends string>(...values: readonly T[]): Reader<T> {
  const takes = values.join('|');
  return reader(takes, (args) => {
    const word = args.next(takes);
    if (!word) return undefined;
    const value = values.find((candidate) => candidate === word.text);
    const meant = () => valueMeant(word.text, values);
    return value ?? args.report('invalid-value', word, `unknown value '${word.text}'`, values.join(' or '), meant());
  });
}

/** keepalived reads up to the slash where a single address belongs. */
export function withoutPrefix(word: Word, args: Pick<Arguments, 'context'>): string {
  const slash = word.text.indexOf('/');
  if (slash < 0) return word.text;
  args.context.warning('prefix-ignored', word, `'${word.text.slice(slash)}' has no effect here`);
  return word.text.slice(0, slash);
}

/** An IP address, without a prefix. */
export const address: Reader<string> = reader('address', (args) => {
  const word = args.next('an IP address');
  if (!word) return undefined;
  const bare = withoutPrefix(word, args);
  if (addressFamily(bare)) return bare;
  return args.report('invalid-address', word, `'${word.text}' is not an IP address`, 'an IPv4 or IPv6 address');
});

export function addressOfFamily(family: 4 | 6): Reader<string> {
  return reader(`IPv${family} address`, (args) => {
    const word = args.next(`an IPv${family} address`);
    if (!word) return undefined;
    if (addressFamily(word.text) === family) return word.text;
    return args.report('invalid-address', word, `'${word.text}' is not an IPv${family} address`);
  });
}

/** `address[/prefix]`. */
export const prefixed = reader('address[/prefix]', (args) => {
  const word = args.next('an IP address');
  if (!word) return undefined;
  const split = splitPrefix(word.text);
  if (!split) return args.report('invalid-address', word, `VRRP parsed invalid IP ${word.text}. skipping IP...`);
  return { ...split, word };
});

/** `user [group]`. */
export const userGroup: Reader<Sited<{ user: string; group: string | null }>> = reader('user [group]', (args) => {
  const user = args.next('a user name');
  if (!user) return undefined;
  const group = args.peek();
  if (group) args.next('a group');
  return { value: { user: user.text, group: group?.text ?? null }, site: user };
});

/** A command with optional user and group, read again with script quoting. */
export const script: Reader<ScriptNode> = reader('command [user [group]]', (args) => {
  const first = args.next('a command');
  if (!first) return undefined;
  return readCommand(args, first, (args.rest().at(-1) ?? first).end);
});

function readCommand(args: Arguments, first: Word, end: number): ScriptNode | undefined {
  const line = splitCommand(args.context.text.text.slice(first.start, end));
  if (line.unclosed) {
    const site = { start: first.start + line.unclosed.start, end };
    return args.report('unclosed-quote', site, 'this quote is never closed', 'the same quote again, on this line');
  }
  const [command, user, group] = line.words;
  const argv = splitCommand(command?.text ?? '').words.map((word) => word.text);
  if (!command || argv.length === 0) {
    return args.report('missing-argument', first, `'${args.keyword}' has an empty command`, 'a command');
  }
  return { argv, text: command.text, user: user?.text ?? null, group: group?.text ?? null, site: first };
}

/** The command of a vrrp_script: words behind it are lost, `user` is a line of its own. */
export const command: Reader<ScriptNode> = reader('command', (args) => {
  const first = args.next('a command');
  if (!first) return undefined;
  const read = readCommand(args, first, (args.rest().at(-1) ?? first).end);
  if (!read || read.user === null) return read;
  args.context.warning(
    'extra-argument',
    first,
    `only the first word is the command; quote it all to give it arguments`,
  );
  return { ...read, user: null, group: null };
});

/** `integer [reverse|noreverse]`. */
export function weight(min: number, max: number): Reader<{ weight: number; reverse: boolean }> {
  const number = integer(min, max);
  return reader(`${number.takes} [reverse]`, (args) => {
    const value = number.read(args);
    if (value === undefined) return undefined;
    return { weight: value, reverse: args.take('reverse', 'noreverse') === 'reverse' };
  });
}
