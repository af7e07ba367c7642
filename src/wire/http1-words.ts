/**
 * Looking at the bytes of an HTTP/1 head (RFC 9112, sections 2 to 5) four at a time: most of them are values and targets in which nothing is to be
 * found, and names that are known beforehand.
 *
 * A word is a 32-bit integer as it lies in memory, least significant byte first. Borrows and carries of the arithmetic
 * on its four bytes only reach bytes behind one that was found already, so that the first one found is always right.
 * All positions are those of the bytes that the view is over.
 */

const HIGH_BITS = 0x80808080;

/** Which of the word's bytes is the first whose high bit is set in `found`. */
function firstByte(found: number): number {
  return (31 - Math.clz32(found & -found)) >> 3;
}

/** The first byte of at most 13, where a line may end, from `start` on; `end` when there is none. */
export function findLineEnd(view: DataView, start: number, end: number): number {
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true);
    const found = (word - 0x0e0e0e0e) & ~word & HIGH_BITS;
    if (found !== 0) return at + firstByte(found);
  }
  while (at < end && view.getUint8(at) > 13) at++;
  return at;
}

/** The first byte that no target may hold: a blank or control, `#`, or beyond ASCII; `end` when there is none. */
export function findTargetEnd(view: DataView, start: number, end: number): number {
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true);
    const marks = word ^ 0x23232323;
    const found =
      (((word - 0x21212121) & ~word) | word | (word + 0x01010101) | ((marks - 0x01010101) & ~marks)) & HIGH_BITS;
    if (found !== 0) return at + firstByte(found);
  }
  while (at < end && isTargetByte(view.getUint8(at))) at++;
  return at;
}

/**
 * Makes letters lower case in place, from `start` on, up to the first byte that is neither a letter nor a hyphen; there
 * it returns, or a few bytes before `end`.
 */
export function lowerLetters(view: DataView, start: number, end: number): number {
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true);
    const lower = word | 0x20202020;
    const low = lower & 0x7f7f7f7f;
    const letters = (low + 0x1f1f1f1f) & ~(low + 0x05050505) & ~word;
    const hyphens = word ^ 0x2d2d2d2d;
    const others = ~(letters | ~(((hyphens & 0x7f7f7f7f) + 0x7f7f7f7f) | hyphens)) & HIGH_BITS;
    if (others !== 0) {
      const count = firstByte(others);
      const kept = (1 << (8 * count)) - 1;
      view.setInt32(at, (lower & kept) | (word & ~kept), true);
      return at + count;
    }
    if (lower !== word) view.setInt32(at, lower, true);
  }
  return at;
}

/** Printable ASCII without the fragment mark, which never belongs into a request. */
function isTargetByte(c: number): boolean {
  return c > 32 && c < 127 && c !== 35;
}

/** Above so many bytes the engine's own way of copying is faster than a loop over words. */
const SHORT = 96;

/** Copies `bytes[start..end)` to `out[at...]`, other memory with a view of its own; returns the position behind it. */
export function copyWords(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  out: Uint8Array,
  outView: DataView,
  at: number,
): number {
  if (end - start > SHORT) {
    out.set(bytes.subarray(start, end), at);
    return at + end - start;
  }
  let from = start;
  let to = at;
  for (const last = end - 4; from <= last; from += 4, to += 4) outView.setInt32(to, view.getInt32(from, true), true);
  while (from < end) out[to++] = bytes[from++]!;
  return to;
}

/** Moves `bytes[start..end)` by `distance` towards the front, at least four bytes. */
export function moveDown(bytes: Uint8Array, view: DataView, start: number, end: number, distance: number): void {
  if (end - start > SHORT) {
    bytes.copyWithin(start - distance, start, end);
    return;
  }
  let at = start;
  for (const last = end - 4; at <= last; at += 4) view.setInt32(at - distance, view.getInt32(at, true), true);
  for (; at < end; at++) bytes[at - distance] = bytes[at]!;
}

/** Moves `bytes[start..end)` by `distance` towards the end, at least four bytes. */
export function moveUp(bytes: Uint8Array, view: DataView, start: number, end: number, distance: number): void {
  if (end - start > SHORT) {
    bytes.copyWithin(start + distance, start, end);
    return;
  }
  let at = end - 4;
  for (; at >= start; at -= 4) view.setInt32(at + distance, view.getInt32(at, true), true);
  for (at += 3; at >= start; at--) bytes[at + distance] = bytes[at]!;
}

/** A text of at least four bytes to compare with. */
export class Words {
  readonly length: number;
  private readonly first: number;
  private readonly rest: Int32Array;
  private readonly last: number;

  constructor(text: string) {
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    this.length = bytes.length;
    this.first = view.getInt32(0, true);
    this.last = view.getInt32(bytes.length - 4, true);
    this.rest = Int32Array.from({ length: Math.max(0, (bytes.length >> 2) - 1) }, (_, i) =>
      view.getInt32(4 * (i + 1), true),
    );
  }

  /** Whether the text stands at `start`, byte by byte; all of its length must lie within the view. */
  standAt(view: DataView, start: number): boolean {
    if (view.getInt32(start, true) !== this.first) return false;
    const { rest } = this;
    for (let i = 0; i < rest.length; i++) if (view.getInt32(start + 4 * (i + 1), true) !== rest[i]) return false;
    return view.getInt32(start + this.length - 4, true) === this.last;
  }
}
