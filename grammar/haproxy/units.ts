/** Numbers with units (manual, chapters 2.5 "Time format" and 2.6 "Size format") as readers of one word. */
import type { Argument, Call, Value } from './keyword.ts';

const unitMs: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The longest time a 32-bit millisecond tick can hold, about 24.8 days. */
const MAX_TIME_MS = 2_147_483_647;

export type TimeProblem = 'not-a-time' | 'overflow';

/** A time in milliseconds, rounded up. A bare number counts in `unit`. What follows a unit is not looked at ("15min"). */
export function parseTime(text: string, unit = 'ms'): number | TimeProblem {
  const match = /^(\d+)(?:(us|ms|s|m|h|d).*)?$/s.exec(text);
  if (!match) return 'not-a-time';
  const ms = Math.ceil(Number(match[1]) * unitMs[match[2] ?? unit]!);
  return ms > MAX_TIME_MS ? 'overflow' : ms;
}

/** A size in bytes: a number with an optional k, m or g. */
export function parseSize(text: string): number | null {
  const match = /^(\d+)([kmg])?$/i.exec(text);
  if (!match) return null;
  const shift = { k: 10, m: 20, g: 30 }[match[2]?.toLowerCase() as 'k' | 'm' | 'g'] ?? 0;
  return Number(match[1]) * 2 ** shift;
}

/** A time argument in milliseconds; a bare number counts in `unit`. */
export function time(unit: 'ms' | 's' = 'ms', minMs = 0, maxMs = MAX_TIME_MS): Argument<number> {
  return {
    label: '<time>',
    read(value, call) {
      const ms = readTime(value, call, unit);
      if (ms === undefined || (ms >= minMs && ms <= maxMs)) return ms;
      const message = `'${call.keyword}' expects a time from ${minMs} to ${maxMs} ms (was '${value.text}').`;
      call.fail('out-of-range', value, message);
      return undefined;
    },
  };
}

function readTime(value: Value, call: Call, unit: string): number | undefined {
  const parsed = parseTime(value.text, unit);
  if (typeof parsed === 'number') {
    warnOfTail(value, call);
    return parsed;
  }
  const expected = 'a number with an optional unit us, ms, s, m, h or d';
  if (parsed === 'overflow') {
    const limit = `maximum value is ${MAX_TIME_MS} ms or ~24.8 days`;
    call.fail('time-overflow', value, `timer overflow in argument '${value.text}' to '${call.keyword}' (${limit})`);
    return undefined;
  }
  const odd = value.text.replace(/^\d+(?:us|ms|[smhd])?/, '').charAt(0) || value.text.charAt(0);
  call.fail('bad-time', value, `unexpected character '${odd}' in '${call.keyword}'`, { expected });
  return undefined;
}

/** HAProxy warns of it from 2.4 on. */
function warnOfTail(value: Value, call: Call): void {
  const [, taken = '', tail = ''] = /^(\d+(?:us|ms|[smhd])?)(.*)$/s.exec(value.text) ?? [];
  if (tail === '' || !call.language.lenient) return;
  const message = `'${call.keyword}' : '${value.text}' is taken as ${taken}, and '${tail}' is left out.`;
  call.diagnostics.warning('bad-time', value.at, message, { suggestion: taken });
}

export function size(): Argument<number> {
  return {
    label: '<size>',
    read(value, call) {
      const bytes = parseSize(value.text);
      if (bytes !== null) return bytes;
      const expected = 'a number of bytes with an optional unit k, m or g';
      call.fail('bad-number', value, `'${call.keyword}' expects a size, not '${value.text}'.`, { expected });
      return undefined;
    },
  };
}

/**
 * What the original makes of a word that is not all digits: an error; the number it starts with, or 0, within bounds;
 * the same without any bounds.
 */
export type NumberManner = 'exact' | 'prefix' | 'unbounded';

/** A whole number within bounds. */
export function integer(min = 0, max = 2_147_483_647, manner: NumberManner = 'exact'): Argument<number> {
  return {
    label: '<number>',
    read(value, call) {
      const number =
        manner !== 'exact' && !call.language.lenient ? readPrefix(value.text) : readDigits(value, call, min, max);
      if (number === undefined || (number >= min && number <= max)) return number;
      if (manner === 'unbounded' && !call.language.lenient) return Math.min(Math.max(number, min), max);
      const range = `must be between ${min} and ${max} (was ${value.text})`;
      call.fail('out-of-range', value, `'${call.keyword}' value ${range}`, { expected: expectInteger(min, max) });
      return undefined;
    },
  };
}

/** As C's atol does it, kept in 32 bits. */
function readPrefix(text: string): number {
  return Number(BigInt.asIntN(32, BigInt(/^[+-]?\d+/.exec(text)?.[0] ?? '0')));
}

/** "10x" counts as 10, with a warning, as the original takes it in most places; a word without digits is an error. */
function readDigits(value: Value, call: Call, min: number, max: number): number | undefined {
  const match = /^([+-]?\d+)(.*)$/s.exec(value.text);
  const expected = expectInteger(min, max);
  if (!match || (match[2] !== '' && !call.language.lenient)) {
    call.fail('bad-number', value, `'${call.keyword}' expects an integer argument, not '${value.text}'.`, { expected });
    return undefined;
  }
  if (match[2] !== '') {
    const message = `'${call.keyword}' expects an integer argument: '${value.text}' is taken as ${match[1]}.`;
    call.diagnostics.warning('bad-number', value.at, message, { expected });
  }
  return Number(match[1]);
}

function expectInteger(min: number, max: number): string {
  return `an integer from ${min} to ${max}`;
}

/** Any word. */
export function text(label: string): Argument<string> {
  return { label, read: (value) => value.text };
}

/** Any word, with its place. */
export function word(label: string): Argument<Value> {
  return { label, read: (value) => value };
}

/** Words of a list separated by commas, each one of a few. */
export function listOf(...words: readonly string[]): Argument<readonly string[]> {
  const item = oneOf(...words);
  return {
    label: `${words.join('|')},...`,
    read(value, call) {
      const items = value.text.split(',').map((text) => item.read({ text, at: value.at }, call));
      return items.every((text) => text !== undefined) ? items : undefined;
    },
  };
}

/** One of a few fixed words. */
export function oneOf<const T extends string>(...words: readonly T[]): Argument<T> {
  return {
    label: words.join('|'),
    read(value, call) {
      const found = words.find((candidate) => candidate === value.text);
      if (found !== undefined) return found;
      const quoted = words.map((candidate) => `'${candidate}'`).join(', ');
      call.fail('bad-value', value, `'${call.keyword}' only supports ${quoted} (got '${value.text}').`);
      return undefined;
    },
  };
}
