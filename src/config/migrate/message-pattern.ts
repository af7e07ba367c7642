/**
 * Regular expressions of the `reqrep` family, taken apart.
 *
 * HAProxy 1.x matched them against the request line ("GET /path HTTP/1.1") and against each header line ("Host: x") as
 * text. Rules of today look at parts of a message, so a pattern must tell which part it means: `^Host: www` is about the
 * value of one header, `^[^ ]* /img` about the path of any request. What can match both, or cannot be cut at the blank
 * behind the method, has no translation.
 */

/** A pattern for the value of one header. */
export interface HeaderPattern {
  readonly name: string;
  /** For the value without leading blanks; null: any value. */
  readonly value: string | null;
  /** Capturing groups in front of the value. */
  readonly dropped: number;
  /** The first group holds the name and the beginning of the value: `^(Set-Cookie:.*)`. */
  readonly crossing: boolean;
}

/** A pattern for the request line. */
export interface RequestPattern {
  /** Null: any method. */
  readonly methods: readonly string[] | null;
  /** For path and query, anchored. */
  readonly uri: string;
  /** Capturing groups in the method's part. */
  readonly dropped: number;
  /** The first group holds the method and the beginning of the path: `^([^ ]* /)old`. */
  readonly crossing: boolean;
  /** A part of the path's pattern may match the blank behind the path: only the whole line will do. */
  readonly reachesVersion: boolean;
}

interface Atom {
  /** With its quantifier. */
  readonly text: string;
  readonly body: string;
  readonly quantifier: string;
  /** The character that it stands for, if it stands for one only. */
  readonly literal: string | null;
  readonly groups: number;
}

const atomSyntax = /(\\.|\[\^?\]?[^\]]*\]|[^\\[\]()|*+?{}])((?:[*+?]|\{\d*,?\d*\})[?+]?)?/y;
const quantifierSyntax = /((?:[*+?]|\{\d*,?\d*\})[?+]?)?/y;

/** The atoms of a pattern without alternatives at its top; null when it has some or is broken. */
function atomsOf(pattern: string): Atom[] | null {
  const atoms: Atom[] = [];
  for (let at = 0; at < pattern.length; ) {
    const atom = pattern[at] === '(' ? groupAt(pattern, at) : simpleAt(pattern, at);
    if (!atom) return null;
    atoms.push(atom);
    at += atom.text.length;
  }
  return atoms;
}

function simpleAt(pattern: string, at: number): Atom | null {
  atomSyntax.lastIndex = at;
  const match = atomSyntax.exec(pattern);
  if (!match) return null;
  const [text, body = '', quantifier = ''] = match;
  return { text, body, quantifier, literal: quantifier === '' ? literalOf(body) : null, groups: 0 };
}

function literalOf(body: string): string | null {
  if (body.length === 1) return /[.^$]/.test(body) ? null : body;
  if (body.startsWith('\\')) return /[a-zA-Z0-9]/.test(body[1]!) ? null : body[1]!;
  return /^\[[^^\\]\]$/.test(body) ? body[1]! : null;
}

function groupAt(pattern: string, at: number): Atom | null {
  const end = closingParenthesis(pattern, at);
  if (end < 0) return null;
  const body = pattern.slice(at, end + 1);
  quantifierSyntax.lastIndex = end + 1;
  const quantifier = quantifierSyntax.exec(pattern)?.[0] ?? '';
  return { text: body + quantifier, body, quantifier, literal: null, groups: countGroups(body) };
}

function closingParenthesis(pattern: string, from: number): number {
  let depth = 0;
  for (let at = from; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === '\\') at++;
    else if (char === '[') at = Math.max(at, pattern.indexOf(']', pattern[at + 1] === '^' ? at + 3 : at + 2));
    else if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return at;
  }
  return -1;
}

function countGroups(pattern: string): number {
  const plain = pattern.replace(/\\./g, '').replace(/\[\^?\]?[^\]]*\]/g, '');
  return [...plain.matchAll(/\((?!\?)/g)].length;
}

const textOf = (atoms: readonly Atom[]): string => atoms.map((atom) => atom.text).join('');
const isBlank = (atom: Atom): boolean => /^(?: |\[ (?:\\t|\t)?\]|\\s)[*+?]?$/.test(atom.text);

/** `^Name: value`, also `^(Name:)(.*)` and `^(Name:.*)`. */
export function parseHeaderPattern(pattern: string): HeaderPattern | null {
  if (!pattern.startsWith('^')) return null;
  const atoms = atomsOf(pattern.slice(1));
  const [first, ...rest] = atoms ?? [];
  if (!atoms || !first) return null;
  if (!first.body.startsWith('(') || first.quantifier !== '') return namedHeader(atoms);
  const inside = namedHeader(atomsOf(first.body.slice(1, -1)) ?? []);
  if (!inside) return null;
  const { name, written } = inside;
  if (written === '') return { name, ...valuePart(rest), dropped: 1, crossing: false };
  const value = `^(${written})${textOf(rest)}`;
  return { name, value, dropped: 0, crossing: true };
}

/** `written` is the value's pattern without blanks before it. */
function namedHeader(atoms: readonly Atom[]): (HeaderPattern & { readonly written: string }) | null {
  let name = '';
  for (const [index, atom] of atoms.entries()) {
    if (atom.literal === ':' && name !== '') {
      const { value, written } = valuePart(atoms.slice(index + 1));
      return { name, value, written, dropped: 0, crossing: false };
    }
    if (atom.literal === null || !/[A-Za-z0-9_-]/.test(atom.literal)) return null;
    name += atom.literal;
  }
  return null;
}

function valuePart(atoms: readonly Atom[]): { value: string | null; written: string } {
  let skipped = 0;
  while (atoms[skipped] && isBlank(atoms[skipped]!)) skipped++;
  const rest = textOf(atoms.slice(skipped));
  const value = rest === '' || rest === '.*' ? null : rest.startsWith('.*') ? rest : `^${rest}`;
  return { value, written: rest };
}

/** Words that start messages: a pattern that can begin one of these may mean the first line. */
const firstWords = ['HTTP', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH', 'PROPFIND'];

/** The beginning of header names that a pattern takes, whatever their value: `^X-.*:`, `^Server.*`. */
export function headerNamePrefix(pattern: string): string | null {
  const prefix = /^\^([A-Za-z0-9_-]+)(?:(?:\.|\[\^:? ?:?\])\*)?(?::(?:\.\*)?)?$/.exec(pattern)?.[1];
  if (!prefix) return null;
  const isFirstWord = firstWords.some((word) => word.startsWith(prefix.toUpperCase()) || prefix.toUpperCase() === word);
  return isFirstWord ? null : prefix;
}

/** Does the pattern take the first word of a header line of any name: `^[^: ]*:`? */
export function isAnyHeader(pattern: string): boolean {
  return /^\^\[\^: ?\][*+]:(?:\.\*)?$/.test(pattern);
}

/** `^METHOD URI`, with or without the version behind it. */
export function parseRequestPattern(pattern: string): RequestPattern | null {
  if (!pattern.startsWith('^')) return null;
  const atoms = atomsOf(pattern.slice(1));
  if (!atoms) return null;
  const blankAt = atoms.findIndex(isBlank);
  const crossingAt = atoms.findIndex((atom) => atom.body.startsWith('(') && crossedGroup(atom) !== null);
  if (crossingAt === 0 && (blankAt < 0 || blankAt > 0)) return crossingPattern(atoms);
  if (blankAt <= 0) return null;
  const methods = methodsOf(atoms.slice(0, blankAt));
  if (methods === undefined) return null;
  const dropped = atoms.slice(0, blankAt).reduce((sum, atom) => sum + atom.groups, 0);
  return { methods, dropped, crossing: false, ...uriOf(atoms.slice(blankAt + 1)) };
}

function crossingPattern(atoms: readonly Atom[]): RequestPattern | null {
  const inside = crossedGroup(atoms[0]!);
  if (!inside || atoms[0]!.quantifier !== '') return null;
  const rest = uriOf(atoms.slice(1));
  // `([^ ]* )`: the blank ends the group, nothing of the path is in it.
  if (inside.length === 0) return { methods: null, dropped: 1, crossing: true, ...rest };
  return { methods: null, dropped: 0, crossing: true, ...rest, uri: `^(${textOf(inside)})${rest.uri.slice(1)}` };
}

/** The atoms behind the blank of a group such as `([^ ]* /)`; null: it is no such group. */
function crossedGroup(atom: Atom): Atom[] | null {
  const inside = atomsOf(atom.body.slice(1, -1));
  const blankAt = inside?.findIndex(isBlank) ?? -1;
  if (!inside || blankAt <= 0 || methodsOf(inside.slice(0, blankAt)) !== null) return null;
  return inside.slice(blankAt + 1);
}

const anyMethod = /^\(?(?:\[\^[^\]]*\]|\.|\\S|\\w|\[A-Z\]|\[A-Za-z\]|\[a-zA-Z\])[*+]\??\)?$/;

/** Null: any method. Undefined: no method at all. */
function methodsOf(atoms: readonly Atom[]): readonly string[] | null | undefined {
  const text = textOf(atoms);
  if (anyMethod.test(text)) return null;
  const names = /^\(?([A-Za-z]+(?:\|[A-Za-z]+)*)\)?$/.exec(text)?.[1];
  return names?.split('|').map((name) => name.toUpperCase());
}

function uriOf(atoms: readonly Atom[]): { uri: string; reachesVersion: boolean } {
  const versionAt = atoms.findIndex((atom, index) => isBlank(atom) && isVersion(textOf(atoms.slice(index + 1))));
  if (versionAt >= 0) {
    const uri = atoms.slice(0, versionAt);
    return { uri: `^${textOf(uri)}$`, reachesVersion: uri.some(mayBeBlank) };
  }
  // `.*HTTP/1.0$` without a blank before it: the wildcard ends at the version.
  const wild = /^(.*\.\*)HTTP[^()]*$/i.exec(textOf(atoms));
  return { uri: `^${wild ? wild[1]! : textOf(atoms)}`, reachesVersion: !wild && atoms.some(mayBeBlank) };
}

/** `HTTP/1.[01]`, or whatever stands behind a second blank. */
function isVersion(pattern: string): boolean {
  return /^\(?HTTP/i.test(pattern) || /^\(?(?:\.|\[\^ ?\]|\\S)[*+]\)?\$?$/.test(pattern);
}

/** A blank, or a class with a blank in it. Wildcards reach the version as well, which changes nothing. */
function mayBeBlank(atom: Atom): boolean {
  return / /.test(atom.text.replace(/\[\^[^\]]*\]/g, ''));
}
