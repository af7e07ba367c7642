/**
 * Command lines of scripts: `script`, `notify_*`, `quorum_up` and the like.
 *
 * keepalived reads such a line twice. First with script quoting, where `'` and `"` both quote, a backslash escapes,
 * and quoted parts that touch are one word: keyword, command, and optionally a user and a group. Then the command the
 * same way again, into the program and its arguments. keepalived.conf(5), "SCRIPTS" and "Quoted strings".
 */

export interface ScriptWord {
  readonly text: string;
  /** Offset in the text that was split. */
  readonly start: number;
  readonly end: number;
}

export interface ScriptWords {
  readonly words: readonly ScriptWord[];
  /** The quote that is never closed, or null. */
  readonly unclosed: ScriptWord | null;
}

const BLANKS = ' \t\r\v\f\n';
const SINGLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Splits a command line into words. */
export function splitCommand(text: string): ScriptWords {
  const words: ScriptWord[] = [];
  let unclosed: ScriptWord | null = null;
  let at = 0;
  while (at < text.length) {
    if (BLANKS.includes(text[at]!)) {
      at++;
      continue;
    }
    const word = readScriptWord(text, at);
    words.push({ text: word.text, start: at, end: word.end });
    if (word.unclosedAt !== null) {
      unclosed = { text: text.slice(word.unclosedAt), start: word.unclosedAt, end: text.length };
    }
    at = word.end;
  }
  return { words, unclosed };
}

function readScriptWord(text: string, start: number): { text: string; end: number; unclosedAt: number | null } {
  const parts: string[] = [];
  let at = start;
  let quote = '';
  let quoteAt = 0;
  while (at < text.length) {
    const char = text[at]!;
    if (char === '\\' && at + 1 < text.length) {
      const escaped = readEscape(text, at + 1);
      parts.push(escaped.text);
      at = escaped.end;
      continue;
    }
    if (quote === '' && BLANKS.includes(char)) break;
    if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
      quoteAt = at;
    } else if (char === quote) quote = '';
    else parts.push(char);
    at++;
  }
  return { text: parts.join(''), end: at, unclosedAt: quote === '' ? null : quoteAt };
}

/** The character behind a backslash: C's letters, `\nnn`, `\xHH`, `\cC`; any other stands for itself. */
function readEscape(text: string, at: number): { text: string; end: number } {
  const rest = text.slice(at, at + 3);
  const octal = /^[0-7]{1,3}/.exec(rest);
  if (octal) return { text: String.fromCharCode(Number.parseInt(octal[0], 8) & 0xff), end: at + octal[0].length };
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(rest);
  if (hex) return { text: String.fromCharCode(Number.parseInt(hex[1]!, 16)), end: at + hex[0].length };
  if (rest[0] === 'c' && rest.length > 1) return { text: String.fromCharCode(rest.charCodeAt(1) & 0x1f), end: at + 2 };
  const letter = rest[0]!;
  return { text: SINGLE_ESCAPES[letter] ?? letter, end: at + 1 };
}
