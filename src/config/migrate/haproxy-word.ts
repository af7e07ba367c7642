/**
 * Words of haproxy.cfg on their way through a migration: what they mean, and how a meaning is written.
 *
 * A word whose meaning depends on the environment (`"$NAME"`) has none here: its text must be passed on as it is.
 */
import type { Word } from '../../../grammar/haproxy/ast.ts';
import { decodeWord } from '../../../grammar/haproxy/words.ts';

export interface PlainWord {
  readonly raw: string;
  /** Null: holds a variable, or cannot be read. */
  readonly text: string | null;
}

const noVariables = { get: () => undefined };

export function plainWord(word: Word): PlainWord {
  const { raw } = word;
  if (raw.includes('"') && /(?<!\\)\$/.test(raw)) return { raw, text: null };
  const decoded = decodeWord(raw, noVariables);
  if ('problem' in decoded) return { raw, text: null };
  return { raw, text: decoded.length === 1 ? decoded[0]! : null };
}

const controls: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A word that means `text`, written without quotes where that is possible. */
export function encodeWord(text: string): string {
  if (text === '') return "''";
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char in controls) result += controls[char]!;
    else if (/[\x00-\x1f\x7f]/.test(char)) result += `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
    else if (/[ #"']/.test(char)) result += `\\${char}`;
    else if (char === '\\' && (text[at - 1] === '\\' || needsEscape(text[at + 1]))) result += '\\\\';
    else result += char;
  }
  return result;
}

/** Would a single backslash before this character be taken for an escape? At the end it is doubled for the reader. */
function needsEscape(next: string | undefined): boolean {
  return next === undefined || /[ #"'\\nrtx\x00-\x1f\x7f]/.test(next);
}

/** The same for a place that takes a log format, where a percent sign must be doubled. */
export function encodeFormat(text: string): string {
  return encodeWord(text.replaceAll('%', '%%'));
}
