/**
 * Text that knows where each of its characters came from.
 *
 * Expansion moves text about: a definition's value appears at its uses, `~SEQ` makes lines that stand in no file.
 * A `Piece` is a run of characters with its place in a file; `TracedText` is what all pieces in a row amount to, and
 * turns an offset of it back into a span. A piece that is a copy of file bytes (`exact`) is resolved to the byte; one
 * that was computed stands for the whole span it was computed from.
 */
import type { Note } from '../diagnostic.ts';
import type { Source, Span } from '../source.ts';

export interface Piece {
  readonly text: string;
  readonly at: Span;
  readonly exact: boolean;
  /** Where a definition was used, when the text comes from its value. */
  readonly usedAt?: Span;
}

export interface Located {
  readonly at: Span;
  readonly notes: readonly Note[];
}

export function exactPiece(source: Source, start: number, end: number): Piece {
  return { text: source.text.slice(start, end), at: { source, start, end }, exact: true };
}

export function textOf(pieces: readonly Piece[]): string {
  return pieces.length === 1 ? pieces[0]!.text : pieces.map((piece) => piece.text).join('');
}

/** The pieces of the characters from `from` to `to`. */
export function slicePieces(pieces: readonly Piece[], from: number, to = Number.POSITIVE_INFINITY): Piece[] {
  const result: Piece[] = [];
  let offset = 0;
  for (const piece of pieces) {
    const start = Math.max(from - offset, 0);
    const end = Math.min(to - offset, piece.text.length);
    if (start < end) result.push(cutPiece(piece, start, end));
    offset += piece.text.length;
    if (offset >= to) break;
  }
  return result;
}

function cutPiece(piece: Piece, start: number, end: number): Piece {
  if (start === 0 && end === piece.text.length) return piece;
  const at = piece.exact
    ? { source: piece.at.source, start: piece.at.start + start, end: piece.at.start + end }
    : piece.at;
  const text = piece.text.slice(start, end);
  return piece.usedAt ? { text, at, exact: piece.exact, usedAt: piece.usedAt } : { text, at, exact: piece.exact };
}

/** The span from the first to the last piece, as far as they stand in one file. */
export function spanOf(pieces: readonly Piece[], fallback: Span): Span {
  const first = pieces[0];
  if (!first) return fallback;
  let end = first.at.end;
  for (const piece of pieces) if (piece.at.source === first.at.source) end = Math.max(end, piece.at.end);
  return { source: first.at.source, start: first.at.start, end };
}

export class TracedText {
  private readonly chunks: string[] = [];
  private readonly pieces: Piece[] = [];
  private readonly offsets: number[] = [];
  private joined: string | undefined;
  length = 0;

  append(piece: Piece): void {
    if (piece.text.length === 0) return;
    this.chunks.push(piece.text);
    this.pieces.push(piece);
    this.offsets.push(this.length);
    this.length += piece.text.length;
    this.joined = undefined;
  }

  get text(): string {
    this.joined ??= this.chunks.join('');
    return this.joined;
  }

  /** The place in a file of the characters from `start` to `end`; undefined only when the text is empty. */
  locate(start: number, end: number): Located | undefined {
    if (this.pieces.length === 0) return undefined;
    const first = this.indexAt(start);
    const last = this.indexAt(Math.max(start, end - 1));
    const piece = this.pieces[first]!;
    const from = this.resolve(first, start);
    let to = this.resolve(last, Math.max(start, end - 1), true);
    if (this.pieces[last]!.at.source !== piece.at.source || to < from) to = piece.at.end;
    const notes = piece.usedAt ? [{ at: piece.usedAt, message: 'used here' }] : [];
    return { at: { source: piece.at.source, start: from, end: to }, notes };
  }

  private resolve(index: number, offset: number, after = false): number {
    const piece = this.pieces[index]!;
    if (!piece.exact) return after ? piece.at.end : piece.at.start;
    const inside = Math.min(offset - this.offsets[index]!, piece.text.length);
    return Math.min(piece.at.start + inside + (after ? 1 : 0), piece.at.end);
  }

  private indexAt(offset: number): number {
    let low = 0;
    let high = this.offsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.offsets[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
