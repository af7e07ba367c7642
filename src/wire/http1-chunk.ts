/**
 * Finds the end of a chunked body (RFC 9112 section 7.1) in bytes that are passed on as they are.
 *
 * ```
 *   SIZE -> (EXTENSION) -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE ...
 *                             `-> (size 0) TRAILER_START -> TRAILER_NAME -> TRAILER_VALUE -> TRAILER_LF ...-> DONE
 * ```
 *
 * Because the receiver sees the very bytes that were judged here, the judgement is strict: CR LF everywhere, no control
 * characters in extensions or trailers, no sign, at most 15 significant digits of size. HAProxy 2.6 writes chunks anew
 * and can afford to read bare LF; passing such bytes on could make two readers disagree. The one change to them: names of
 * trailers are put into lower case, as HAProxy does it.
 */
import { TOKEN } from './http1-chars.ts';

/** Results of `feed`. */
export const CHUNK_MORE = 0;
export const CHUNK_DONE = 1;
export const CHUNK_BAD = -1;

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
   * Bytes of content without the framing, since `reset`; in the way of HAProxy's counters with names and values of
   * trailers, and one byte for the end.
   */
  contentLength = 0;
  private state = SIZE;
  private remaining = 0;
  private digits = 0;
  private lineLength = 0;
  private valueBegun = false;

  reset(): void {
    this.state = SIZE;
    this.remaining = this.digits = this.lineLength = this.consumed = this.contentLength = 0;
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
      this.state = next;
      at++;
      if (next === DONE) {
        this.contentLength++;
        this.consumed = at;
        return CHUNK_DONE;
      }
    }
    this.consumed = at;
    return CHUNK_MORE;
  }

  private takeTrailer(bytes: Uint8Array, at: number, next: number): void {
    const c = bytes[at]!;
    if (next === TRAILER_NAME) {
      this.valueBegun = false;
      if (c >= 65 && c <= 90) bytes[at] = c + 32;
    } else if (this.state === TRAILER_NAME) return;
    else this.valueBegun ||= c !== 32 && c !== 9;
    if (next === TRAILER_NAME || this.valueBegun) this.contentLength++;
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
