/**
 * Cookies in the value of a `Cookie` or `Set-Cookie` field, in place (RFC 6265, section 4; RFC 2965 for quotes and `$`
 * attributes, which old clients still send).
 *
 *     NAME = value ; OTHER = "a;b" ; $Path = /
 *     |  | |       |
 *     |  | |       `- `end`: the delimiter, or the line's end; the next pair begins there
 *     |  | `- `equal`, when `hasValue`
 *     nameStart, nameEnd; then valueStart, valueEnd, without the blanks around them
 *
 * Reading is lenient, as HAProxy's: a comma ends a pair as a semicolon does, a quoted value may hold both, blanks
 * may stand around the equal sign. What is changed is changed in place and only ever gets shorter; every change returns
 * how many bytes went away. Values that grow are a matter of the caller.
 */

const SPACE = 32;
const TAB = 9;
const QUOTE = 34;
const COMMA = 44;
const SEMICOLON = 59;
const EQUALS = 61;
const BACKSLASH = 92;
const DOLLAR = 36;

export class CookiePair {
  /** The delimiter before it, or the line's first byte. */
  from = 0;
  nameStart = 0;
  nameEnd = 0;
  equal = 0;
  valueStart = 0;
  valueEnd = 0;
  end = 0;
  /** There is an equal sign. */
  hasValue = false;
  /** `$Path=/` belongs to the cookie before it. */
  isAttribute = false;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function isDelimiter(byte: number): boolean {
  return byte === SEMICOLON || byte === COMMA;
}

/** Reads the pair that begins at `from`: at a delimiter, or, when `isFirst`, at the line's first byte. */
export function readCookie(bytes: Uint8Array, from: number, lineEnd: number, isFirst: boolean, pair: CookiePair): void {
  pair.from = from;
  readPair(bytes, isFirst ? from : from + 1, lineEnd, COMMA, pair);
}

/** Reads the one cookie of a `Set-Cookie` line; what follows it says more about it. A comma is a part of a name here. */
export function readSetCookie(bytes: Uint8Array, start: number, lineEnd: number, pair: CookiePair): void {
  pair.from = start;
  readPair(bytes, start, lineEnd, SEMICOLON, pair);
}

/** `delimiter`: what ends a name besides the semicolon. */
function readPair(bytes: Uint8Array, start: number, lineEnd: number, delimiter: number, pair: CookiePair): void {
  let at = start;
  while (at < lineEnd && isBlank(bytes[at]!)) at++;
  pair.nameStart = pair.nameEnd = at;
  while (at < lineEnd && bytes[at] !== EQUALS && bytes[at] !== SEMICOLON && bytes[at] !== delimiter) {
    if (!isBlank(bytes[at++]!)) pair.nameEnd = at;
  }
  pair.equal = at;
  pair.isAttribute = pair.nameStart < lineEnd && bytes[pair.nameStart] === DOLLAR;
  pair.hasValue = at < lineEnd && bytes[at] === EQUALS;
  pair.valueStart = pair.valueEnd = pair.end = at;
  if (!pair.hasValue) return;
  at++;
  while (at < lineEnd && isBlank(bytes[at]!)) at++;
  pair.valueStart = at;
  pair.end = endOfValue(bytes, at, lineEnd);
  pair.valueEnd = pair.end;
  while (pair.valueEnd > at && isBlank(bytes[pair.valueEnd - 1]!)) pair.valueEnd--;
}

/** The delimiter that ends a value; none counts between quotes. */
function endOfValue(bytes: Uint8Array, start: number, lineEnd: number): number {
  let quoted = false;
  for (let at = start; at < lineEnd; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted && byte === BACKSLASH) at++;
    else if (!quoted && isDelimiter(byte)) return at;
  }
  return lineEnd;
}

/** Takes the blanks around the equal sign away, as HAProxy does with every cookie that it looks at. */
export function closeGaps(bytes: Uint8Array, lineEnd: number, pair: CookiePair): number {
  const before = pair.equal - pair.nameEnd;
  const after = pair.valueStart - pair.equal - 1;
  if (before === 0 && after === 0) return 0;
  bytes[pair.nameEnd] = EQUALS;
  bytes.copyWithin(pair.nameEnd + 1, pair.valueStart, lineEnd);
  const gone = before + after;
  pair.equal = pair.nameEnd;
  pair.valueStart = pair.nameEnd + 1;
  pair.valueEnd -= gone;
  pair.end -= gone;
  return gone;
}

/**
 * Cuts the pairs from `from` to the one at the delimiter `next` out of a line, together with one of the two delimiters
 * around them. What follows stands a blank behind the delimiter that is left.
 */
export function cutCookies(bytes: Uint8Array, lineStart: number, lineEnd: number, from: number, next: number): number {
  let rest = Math.min(next + 1, lineEnd);
  while (rest < lineEnd && isBlank(bytes[rest]!)) rest++;
  let to = from;
  if (from > lineStart) {
    while (to > lineStart && isBlank(bytes[to - 1]!)) to--;
    bytes[to++] = bytes[next]!;
    if (to < rest) bytes[to++] = SPACE;
  }
  bytes.copyWithin(to, rest, lineEnd);
  return rest - to;
}

/** Cuts bytes out of a value, which is shorter then. */
export function cutValue(bytes: Uint8Array, lineEnd: number, pair: CookiePair, from: number, to: number): number {
  bytes.copyWithin(from, to, lineEnd);
  pair.valueEnd -= to - from;
  pair.end -= to - from;
  return to - from;
}

/** Is this the name? Names of cookies are taken as they are, upper and lower case. */
export function isCookieName(bytes: Uint8Array, pair: CookiePair, name: Uint8Array): boolean {
  return pair.nameEnd - pair.nameStart === name.length && startsWith(bytes, pair.nameStart, name);
}

export function startsWith(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}
