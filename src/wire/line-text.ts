/**
 * A line that is written piece by piece as bytes, into memory that its owner has: what log lines are made with, by the
 * ten thousand a second, so that nothing is allocated for one.
 *
 * Text is Latin-1, a character a byte; text with other characters is written as UTF-8. What does not fit any more is
 * left out: lines are cut somewhere in any case. A character that must not stand in a line as it is (a control) is
 * written and remembered: `isPlain` is false then. Binary formats write with `raw`.
 */
import { latin1 } from './latin1.ts';

const ZERO = 48;
const MINUS = 45;
const HASH = 35;
const HEX_DIGITS = Buffer.from('0123456789ABCDEF', 'latin1');

/** By character code: 1 for those that are to be escaped. */
export type Marks = Uint8Array;

/** The characters that an expression for one character matches. */
export function marksOf(pattern: RegExp): Marks {
  return Uint8Array.from({ length: 256 }, (_, code) => (pattern.test(String.fromCharCode(code)) ? 1 : 0));
}

export class LineText {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Where the next byte goes. */
  at: number;
  /** No controls so far. */
  isPlain = true;
  private readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.start = start;
    this.at = start;
    this.end = end;
  }

  get length(): number {
    return this.at - this.start;
  }

  clear(): void {
    this.at = this.start;
    this.isPlain = true;
  }

  toString(): string {
    return latin1(this.bytes, this.start, this.at);
  }

  /** One visible ASCII character or a blank. */
  byte(code: number): void {
    if (this.at < this.end) this.bytes[this.at++] = code;
  }

  text(text: string): void {
    const { bytes, at } = this;
    const length = Math.min(text.length, this.end - at);
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 32 || code > 126) {
        this.rareText(text);
        return;
      }
      bytes[at + i] = code;
    }
    this.at = at + length;
  }

  /** Latin-1, with `#XX` for what is marked. */
  hashed(text: string, marks: Marks): void {
    const { bytes, at } = this;
    const length = Math.min(text.length, this.end - at);
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (marks[code] !== 0) {
        this.at = at + i;
        this.hashRest(text, i, marks);
        return;
      }
      bytes[at + i] = code;
    }
    this.at = at + length;
  }

  /** Bytes as they are; whoever reads the line expects them. */
  raw(bytes: Uint8Array): void {
    const length = Math.min(bytes.length, this.end - this.at);
    this.bytes.set(bytes.subarray(0, length), this.at);
    this.at += length;
  }

  /** A whole number. */
  number(n: number): void {
    if (n >= 0 && n < 10) this.byte(ZERO + n);
    else if (n > 0x7fffffff || n < -0x7fffffff) this.text(String(n));
    else if (n < 0) {
      this.byte(MINUS);
      this.number(-n);
    } else this.digits(n, countDigits(n));
  }

  /** The last `count` digits, with zeros before them. */
  digits(n: number, count: number): void {
    const { bytes, at } = this;
    if (at + count > this.end) return;
    let rest = n | 0;
    for (let i = at + count - 1; i >= at; i--) {
      const tenth = (rest / 10) | 0;
      bytes[i] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.at = at + count;
  }

  private hashRest(text: string, from: number, marks: Marks): void {
    for (let i = from; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (marks[code] === 0) this.byte(code);
      else {
        this.byte(HASH);
        this.byte(HEX_DIGITS[(code >> 4) & 15]!);
        this.byte(HEX_DIGITS[code & 15]!);
      }
    }
  }

  private rareText(text: string): void {
    const encoded = Buffer.from(text, BEYOND_LATIN.test(text) ? 'utf8' : 'latin1');
    for (const code of encoded) {
      if (code < 32 || code === 127) this.isPlain = false;
      this.byte(code);
    }
  }
}

const BEYOND_LATIN = /[^\x00-\xff]/;

function countDigits(n: number): number {
  if (n < 100) return 2;
  if (n < 1000) return 3;
  if (n < 10_000) return 4;
  if (n < 100_000) return 5;
  return n < 1_000_000 ? 6 : n < 10_000_000 ? 7 : n < 100_000_000 ? 8 : n < 1_000_000_000 ? 9 : 10;
}
