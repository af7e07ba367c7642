/**
 * Chunked bodies (RFC 9112 section 7.1): finds their end, and writes them anew for the other side.
 *
 * ```
 *   SIZE -> (EXTENSION) -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE ...
 *                             `-> (size 0) TRAILER_START -> TRAILER_NAME -> TRAILER_VALUE -> TRAILER_LF ...-> DONE
 * ```
 *
 * What goes on is content in chunks of our own, one for each piece that came, without extensions; trailers have names in
 * lower case, and those that belong into a head are left out. So no receiver ever sees framing that two readers could
 * read in two ways. The judgement of what comes is strict nevertheless: CR LF everywhere, no control characters in
 * extensions or trailers, no sign, at most 15 significant digits of size.
 */
import { TOKEN } from './http1-chars.ts';

/** Results of `feed`. */
export const CHUNK_MORE = 0;
export const CHUNK_DONE = 1;
export const CHUNK_BAD = -1;

/** What `recode` adds at most: sizes, line ends and the trailers that came before. */
export const RECODED = 2 * 8192 + 64;

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER_NAME = 7;
const TRAILER_VALUE = 8;
const TRAILER_LF = 9;
const LAST_LF = 10;
const DONE = 11;
const SIZE_BLANK = 12;

/** All extensions of one chunk, and all trailers of a body, may take this much. */
const LINE_LIMIT = 8192;
/** 15 hexadecimal digits reach 2^60; sizes above 2^53 are refused by value. */
const HEX = new Int8Array(256).fill(-1);
for (let i = 0; i < 10; i++) HEX[48 + i] = i;
for (let i = 0; i < 6; i++) HEX[65 + i] = HEX[97 + i] = 10 + i;

export class ChunkDecoder {
  /** After `feed`: the position behind the last byte that belongs to the body. */
  consumed = 0;
  /**
   * Bytes of content without the framing, since `reset`; in the way of HAProxy's counters, once it is done, with names and
   * values of trailers, and one byte for the end.
   */
  contentLength = 0;
  private state = SIZE;
  private remaining = 0;
  private digits = 0;
  private lineLength = 0;
  /** Names and values of trailers, and the blanks that a value may end with. */
  private trailerLength = 0;
  private valueBegun = false;
  private blanks = 0;

  /** After `recode`: the position behind what was written. */
  written = 0;
  /** Trailers are judged and not written. */
  dropsTrailers = false;
  private out: Uint8Array | null = null;
  private to = 0;
  private trailers: TrailerText | null = null;

  reset(): void {
    this.trailers = null;
    this.state = SIZE;
    this.remaining = this.digits = this.lineLength = this.consumed = this.contentLength = this.trailerLength = 0;
  }

  /**
   * Judges `bytes[start, end)`. CHUNK_MORE: all of it belongs to the body, which goes on. CHUNK_DONE: the body ends at
   * `consumed`. CHUNK_BAD: the byte at `consumed` breaks the framing.
   */
  feed(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.state === DATA) {
        const taken = Math.min(end - at, this.remaining);
        this.remaining -= taken;
        this.contentLength += taken;
        if (this.out !== null) this.to = copy(bytes, at, at + taken, this.out, this.to);
        at += taken;
        if (this.remaining > 0) break;
        this.state = DATA_CR;
        continue;
      }
      const next = this.step(bytes[at]!);
      if (next < 0) {
        this.consumed = at;
        return CHUNK_BAD;
      }
      if (next === TRAILER_NAME || next === TRAILER_VALUE) this.takeTrailer(bytes, at, next);
      else if (next === TRAILER_LF) this.trailers?.endLine();
      this.state = next;
      at++;
      if (next === DONE) {
        this.contentLength += this.trailerLength + 1;
        this.consumed = at;
        return CHUNK_DONE;
      }
    }
    this.consumed = at;
    return CHUNK_MORE;
  }

  /**
   * As `feed`, and writes what is there of the body anew, from `out[at]` on: its content as one chunk, and the last
   * chunk with the trailers when the body ends. Takes at most `RECODED` bytes more than it is given.
   */
  recode(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
    const room = hexLength(end - start) + 2;
    this.out = out;
    this.to = at + room;
    const result = this.feed(bytes, start, end);
    this.out = null;
    this.written = this.closeChunk(out, at, at + room);
    if (result === CHUNK_DONE) this.written = this.writeLast(out, this.written);
    return result;
  }

  /** Puts the frame of a chunk around the content at `from`. */
  private closeChunk(out: Uint8Array, at: number, from: number): number {
    const size = this.to - from;
    if (size === 0) return at;
    const digits = hexLength(size);
    const begin = at + digits + 2;
    if (begin < from) out.copyWithin(begin, from, this.to);
    for (let i = digits - 1, rest = size; i >= 0; i--, rest >>>= 4) out[at + i] = DIGITS[rest & 15]!;
    putLineEnd(out, at + digits);
    return putLineEnd(out, begin + size);
  }

  private writeLast(out: Uint8Array, at: number): number {
    out[at] = 48;
    let to = putLineEnd(out, at + 1);
    if (this.trailers !== null && !this.dropsTrailers) to = this.trailers.write(out, to);
    return putLineEnd(out, to);
  }

  private takeTrailer(bytes: Uint8Array, at: number, next: number): void {
    const c = bytes[at]!;
    if (next === TRAILER_NAME) {
      this.valueBegun = false;
      this.blanks = 0;
      this.trailerLength++;
      if (c >= 65 && c <= 90) bytes[at] = c + 32;
    } else if (this.state === TRAILER_NAME) return;
    else if (isBlank(c)) this.blanks++;
    else {
      this.trailerLength += this.valueBegun ? this.blanks + 1 : 1;
      this.blanks = 0;
      this.valueBegun = true;
    }
    if (next !== TRAILER_NAME && !this.valueBegun) return;
    if (this.out === null) return;
    this.trailers ??= new TrailerText();
    this.trailers.take(bytes[at]!, next === TRAILER_NAME);
  }

  /** The state after one byte of framing, or -1. */
  private step(c: number): number {
    switch (this.state) {
      case SIZE:
        return this.stepSize(c);
      case SIZE_BLANK:
        if (c === 32 || c === 9) return this.countLine(SIZE_BLANK);
        return c === 59 ? this.countLine(EXTENSION) : c === 13 ? SIZE_LF : -1;
      case EXTENSION:
        return c === 13 ? SIZE_LF : isText(c) ? this.countLine(EXTENSION) : -1;
      case SIZE_LF:
        return c === 10 ? this.beginChunk() : -1;
      case DATA_CR:
        return c === 13 ? DATA_LF : -1;
      case DATA_LF:
        return c === 10 ? SIZE : -1;
      case TRAILER_START:
        return c === 13 ? LAST_LF : TOKEN[c] ? this.countLine(TRAILER_NAME) : -1;
      case TRAILER_NAME:
        return c === 58 ? TRAILER_VALUE : TOKEN[c] ? this.countLine(TRAILER_NAME) : -1;
      case TRAILER_VALUE:
        return c === 13 ? TRAILER_LF : isText(c) ? this.countLine(TRAILER_VALUE) : -1;
      case TRAILER_LF:
        return c === 10 ? TRAILER_START : -1;
      case LAST_LF:
        return c === 10 ? DONE : -1;
      default:
        return -1;
    }
  }

  private stepSize(c: number): number {
    const digit = HEX[c]!;
    if (digit >= 0) {
      this.digits++;
      this.remaining = this.remaining * 16 + digit;
      return this.remaining > Number.MAX_SAFE_INTEGER || this.digits > 64 ? -1 : SIZE;
    }
    if (this.digits === 0) return -1;
    if (c === 13) return SIZE_LF;
    return c === 59 ? EXTENSION : c === 32 || c === 9 ? SIZE_BLANK : -1;
  }

  private beginChunk(): number {
    const last = this.remaining === 0;
    this.digits = this.lineLength = 0;
    return last ? TRAILER_START : DATA;
  }

  private countLine(state: number): number {
    return ++this.lineLength > LINE_LIMIT ? -1 : state;
  }
}

/** What may stand in an extension or a trailer's value. */
function isText(c: number): boolean {
  return (c >= 32 && c !== 127) || c === 9;
}

const DIGITS = Uint8Array.from('0123456789ABCDEF', (c) => c.charCodeAt(0));

/** How many hexadecimal digits a size takes. */
function hexLength(size: number): number {
  let digits = 1;
  for (let rest = size >>> 4; rest > 0; rest >>>= 4) digits++;
  return digits;
}

function putLineEnd(out: Uint8Array, at: number): number {
  out[at] = 13;
  out[at + 1] = 10;
  return at + 2;
}

/** A call of `set` costs more than a few assignments. */
function copy(from: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  if (end - start > 64) out.set(from.subarray(start, end), at);
  else for (let i = start, to = at; i < end; i++) out[to++] = from[i]!;
  return at + end - start;
}

/** Fields that must not come behind a body (RFC 9110 section 6.5.1): who merged them would read another message. */
const FORBIDDEN =
  /^(?:content-length|transfer-encoding|host|connection|keep-alive|proxy-connection|te|trailer|upgrade):/;

/** The trailers of one body as they are written: names in lower case, one space, values without blanks around them. */
class TrailerText {
  private readonly bytes = new Uint8Array(2 * LINE_LIMIT + 4);
  private length = 0;
  private lineStart = 0;
  private valueStart = 0;
  private inName = true;

  take(c: number, isName: boolean): void {
    if (!isName && this.inName) this.openValue();
    this.inName = isName;
    this.bytes[this.length++] = c;
  }

  private openValue(): void {
    this.bytes[this.length++] = 58;
    this.bytes[this.length++] = 32;
    this.valueStart = this.length;
  }

  endLine(): void {
    if (this.inName && this.length > this.lineStart) this.openValue();
    this.inName = true;
    while (this.length > this.valueStart && isBlank(this.bytes[this.length - 1]!)) this.length--;
    const line = Buffer.from(this.bytes.buffer, this.lineStart, Math.min(this.length - this.lineStart, 24));
    if (FORBIDDEN.test(line.toString('latin1'))) this.length = this.lineStart;
    else this.length = putLineEnd(this.bytes, this.length);
    this.lineStart = this.length;
  }

  write(out: Uint8Array, at: number): number {
    return copy(this.bytes, 0, this.length, out, at);
  }
}

function isBlank(c: number): boolean {
  return c === 32 || c === 9;
}
