/**
 * A configuration file as the grammars see it.
 *
 * The text is the file's bytes read as Latin-1, one character a byte, so that an offset is a byte offset, any
 * encoding survives, and printing gives back the file byte for byte. Words that are shown to a person or matched
 * against UTF-8 are converted where they leave the grammar (`toUtf8`). A node of a tree keeps a start and an end
 * offset only; line and column are computed when something is printed.
 */
export interface Source {
  /** The name as the user wrote it on the command line or in an include. */
  readonly file: string;
  /** File content, one character a byte (Latin-1). */
  readonly text: string;
}

export interface Span {
  readonly source: Source;
  /** Byte offset of the first character. */
  readonly start: number;
  /** Byte offset after the last character. */
  readonly end: number;
}

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;
}

const lineStarts = new WeakMap<Source, Int32Array>();

/** Makes a source from the bytes of a file. */
export function sourceOf(file: string, bytes: Uint8Array): Source {
  return { file, text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') };
}

/** The text of a word in the encoding that people read: Latin-1 bytes taken as UTF-8. */
export function toUtf8(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1;
}

/** Line and column of a byte offset. */
export function positionOf(source: Source, offset: number): Position {
  const starts = startsOf(source);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - starts[low]! + 1 };
}

/** One line of the file without its line end, for code frames. `line` counts from 1. */
export function lineText(source: Source, line: number): string {
  const starts = startsOf(source);
  const start = starts[line - 1];
  if (start === undefined) return '';
  const end = starts[line] ?? source.text.length;
  return source.text.slice(start, end).replace(/[\r\n]+$/, '');
}

function startsOf(source: Source): Int32Array {
  const known = lineStarts.get(source);
  if (known) return known;
  const starts = [0];
  for (let at = source.text.indexOf('\n'); at >= 0; at = source.text.indexOf('\n', at + 1)) starts.push(at + 1);
  const table = Int32Array.from(starts);
  lineStarts.set(source, table);
  return table;
}
