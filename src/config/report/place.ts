/** Where a span begins and ends, as the formats write it: lines and columns from 1, columns in characters. */
import { positionOf, type Span, toUtf8 } from '../../../grammar/source.ts';

export interface PlaceRange {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** Behind the last character. */
  readonly endColumn: number;
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
}

export function rangeOf({ source, start, end }: Span): PlaceRange {
  const from = positionOf(source, start);
  const to = positionOf(source, Math.max(start, end));
  return {
    file: source.file,
    line: from.line,
    column: columnOf(source.text, start, from.column),
    endLine: to.line,
    endColumn: columnOf(source.text, end, to.column),
    offset: start,
    length: end - start,
  };
}

/** Bytes before a place on its line, counted as characters. */
function columnOf(text: string, offset: number, byteColumn: number): number {
  return toUtf8(text.slice(offset - byteColumn + 1, offset)).length + 1;
}

/**
 * A message as people read it. Those about haproxy.cfg quote it byte by byte, others are text already; control
 * characters of a file have no place in a report.
 */
export function readable(message: string): string {
  return decode(message).replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '\ufffd');
}

function decode(message: string): string {
  if (!/[\x80-\xff]/.test(message) || /[^\x00-\xff]/.test(message)) return message;
  const decoded = toUtf8(message);
  return decoded.includes('\ufffd') ? message : decoded;
}
