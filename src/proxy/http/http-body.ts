/** Where the body of one HTTP/1 message ends, told while its bytes pass by (RFC 9112 section 6.3). */
import { CHUNK_BAD, CHUNK_DONE, ChunkDecoder, RECODED } from '../../wire/http1-chunk.ts';
import { copyBytes } from '../loop/buffers.ts';
import { BULK_SIZE } from '../worker-context.ts';

/** What tells the end of a body. Numbers, because they are compared with every piece of every message. */
const NONE = 0;
const LENGTH = 1;
const CHUNKED = 2;
const UNTIL_CLOSE = 3;

export class BodyMeter {
  private kind = NONE;
  done = true;
  /** Of a body with a length: what is still to come. */
  remaining = 0;
  /** Content of the body so far, without its framing. */
  content = 0;
  /** After `pass`: the end of what belongs to the body. */
  consumed = 0;
  /** Trailers are left out. */
  dropsTrailers = false;
  /** It is spliced at the moment (splicing.ts). */
  streams = false;
  private chunks: ChunkDecoder | null = null;

  setNone(): void {
    this.streams = false;
    this.kind = NONE;
    this.done = true;
    this.remaining = 0;
    this.content = 0;
  }

  setLength(length: number): void {
    this.streams = false;
    this.kind = LENGTH;
    this.content = 0;
    this.remaining = length;
    this.done = length === 0;
  }

  setChunked(): void {
    this.streams = false;
    this.kind = CHUNKED;
    this.content = 0;
    this.done = false;
    this.chunks ??= new ChunkDecoder();
    this.chunks.reset();
  }

  setUntilClose(): void {
    this.streams = false;
    this.kind = UNTIL_CLOSE;
    this.content = 0;
    this.done = false;
  }

  /** How much may be read at once to be passed on, without reading over the end of a body whose length is known. */
  get portion(): number {
    return this.kind === CHUNKED ? BULK_SIZE - RECODED : this.most(BULK_SIZE);
  }

  most(size: number): number {
    return this.kind === LENGTH && this.remaining < size ? this.remaining : size;
  }

  /** Chunks must be written anew on their way. */
  get isChunked(): boolean {
    return this.kind === CHUNKED;
  }

  /** Only the end of the connection tells. */
  get isUntilClose(): boolean {
    return this.kind === UNTIL_CLOSE;
  }

  /** Takes `length` bytes of content that went by unseen; not of a chunked body. */
  skip(length: number): void {
    this.content += length;
    if (this.kind !== LENGTH) return;
    this.remaining -= length;
    this.done = this.remaining === 0;
  }

  /**
   * Takes what `bytes[start..end)` has of the body and writes it to `out` from `at` on; -1 when the framing is broken or
   * the room is not enough, else the position behind it.
   */
  pass(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
    if (this.kind !== CHUNKED || this.done) {
      this.consumed = this.take(bytes, start, end);
      if (at + this.consumed - start > out.length) return -1;
      copyBytes(out, at, bytes, start, this.consumed);
      return at + this.consumed - start;
    }
    const chunks = this.chunks!;
    if (at + end - start + RECODED > out.length) return -1;
    chunks.dropsTrailers = this.dropsTrailers;
    const result = chunks.recode(bytes, start, end, out, at);
    if (result === CHUNK_BAD) return -1;
    this.done = result === CHUNK_DONE;
    this.content = chunks.contentLength;
    this.consumed = chunks.consumed;
    return chunks.written;
  }

  /** The end of what belongs to the body in `bytes[start..end)`; -1 when the framing is broken. */
  take(bytes: Uint8Array, start: number, end: number): number {
    switch (this.kind) {
      case NONE:
        return start;
      case UNTIL_CLOSE:
        this.content += end - start;
        return end;
      case LENGTH: {
        const taken = Math.min(end - start, this.remaining);
        this.remaining -= taken;
        this.content += taken;
        this.done = this.remaining === 0;
        return start + taken;
      }
      default:
        return this.takeChunks(bytes, start, end);
    }
  }

  private takeChunks(bytes: Uint8Array, start: number, end: number): number {
    const { chunks } = this;
    if (chunks === null || this.done) return start;
    const result = chunks.feed(bytes, start, end);
    if (result === CHUNK_BAD) return -1;
    this.done = result === CHUNK_DONE;
    this.content = chunks.contentLength;
    return chunks.consumed;
  }
}
