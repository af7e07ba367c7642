/**
 * Header names with capitals, for peers that do not know that case means nothing (manual: `h1-case-adjust`,
 * `option h1-case-adjust-bogus-client|server`). Works on heads that are written already: a name keeps its length.
 */

/** By name in lower case. */
export type HeaderCases = ReadonlyMap<string, Uint8Array>;

export function prepareHeaderCases(names: readonly string[]): HeaderCases | null {
  if (names.length === 0) return null;
  return new Map(names.map((name) => [name.toLowerCase(), Buffer.from(name, 'latin1')]));
}

/** Writes the names of the head in `bytes[start..end)` anew; further bytes behind the head stay as they are. */
export function adjustCases(cases: HeaderCases, bytes: Uint8Array, start: number, end: number): void {
  let at = bytes.indexOf(LF, start) + 1;
  while (at > 0 && at < end && bytes[at] !== CR) {
    const colon = bytes.indexOf(COLON, at);
    if (colon < 0 || colon >= end) return;
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + at, colon - at).toString('latin1');
    const wanted = cases.get(name.toLowerCase());
    if (wanted !== undefined) bytes.set(wanted, at);
    at = bytes.indexOf(LF, colon) + 1;
  }
}

/** A copy: the bytes of a page serve many. */
export function withCases(cases: HeaderCases, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  adjustCases(cases, copy, 0, copy.length);
  return copy;
}

const LF = 10;
const CR = 13;
const COLON = 58;
