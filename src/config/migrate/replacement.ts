/**
 * Replacement strings of the `reqrep` family. What the pattern matched was replaced by this text as a whole line; the
 * part for the header's value or for the path is cut out here, and the numbers of its references are moved.
 */
import type { HeaderPattern, RequestPattern } from './message-pattern.ts';

export interface UriReplacement {
  readonly uri: string;
  readonly changesMethod: boolean;
  /** The new line had a version of its own. */
  readonly version: boolean;
}

/** References `\N` moved down by `dropped`; null when one points into what was dropped. */
function moveReferences(text: string, dropped: number): string | null {
  let broken = false;
  const moved = text.replace(/\\([0-9])/g, (_, digit: string) => {
    const number = Number(digit);
    if (number <= dropped) broken = broken || number > 0 || dropped > 0;
    return `\\${number === 0 ? 0 : number - dropped}`;
  });
  return broken ? null : moved;
}

/** The value out of `Name: value`, with the header's new name. */
export function headerReplacement(text: string, pattern: HeaderPattern): { name: string; value: string } | null {
  if (/\\0|\n/.test(text)) return null;
  // The first reference was the line from its name on; now it is the value from its beginning on.
  if (pattern.crossing) return text.startsWith('\\1') ? { name: pattern.name, value: text } : null;
  const written = pattern.dropped === 1 ? text.replace(/^\\1/, `${pattern.name}:`) : text;
  const match = /^([A-Za-z0-9_-]+): *(.*)$/.exec(written);
  const value = match && moveReferences(match[2]!, pattern.dropped);
  return match && value !== null ? { name: match[1]!, value: value! } : null;
}

/** The path out of `\1 /path\2`. */
export function uriReplacement(text: string, pattern: RequestPattern): UriReplacement | null {
  if (/\\0/.test(text)) return null;
  if (pattern.crossing) {
    const uri = withoutVersion(text);
    const moved = pattern.dropped === 1 ? moveReferences(uri.slice(2), 1) : uri;
    if (!text.startsWith('\\1') || /\s/.test(uri) || !moved) return null;
    return { uri: moved, changesMethod: false, version: uri !== text };
  }
  const blank = text.indexOf(' ');
  if (blank < 0) return null;
  const head = text.slice(0, blank);
  const tail = text.slice(blank + 1);
  const method = newMethod(head, pattern);
  const uri = withoutVersion(tail);
  const moved = moveReferences(uri, pattern.dropped);
  if (method === undefined || moved === null || uri === '' || /\s/.test(uri)) return null;
  return { uri: moved, changesMethod: method !== null, version: uri !== tail };
}

function withoutVersion(text: string): string {
  return text.replace(/ (?:HTTP\S*|\\[0-9])$/i, '');
}

/** Null: the method stays. Undefined: cannot be told. */
function newMethod(head: string, pattern: RequestPattern): string | null | undefined {
  if (head === '\\1' && pattern.dropped > 0) return null;
  if (!/^[A-Za-z]+$/.test(head)) return undefined;
  return pattern.methods?.length === 1 && pattern.methods[0] === head.toUpperCase() ? null : head;
}

/** Does the path alone do, without the query? Then no wildcard but the last may reach it, and that one is kept. */
export function sparesQuery(pattern: string, replacement: string): boolean {
  const match = /^(.*)\(\.[*]\)\$?$/.exec(pattern);
  if (!match) return false;
  const before = match[1]!.replace(/\[\^[^\]]*\?[^\]]*\]/g, '');
  if (/\.[*+]|\[\^|\\\?|\\[SWD]|\|/.test(before)) return false;
  const last = [...pattern.replace(/\\./g, '').matchAll(/\((?!\?)/g)].length;
  return replacement.endsWith(`\\${last}`);
}
