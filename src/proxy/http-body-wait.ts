/**
 * `option http-buffer-request`: a request goes to a server once all of its body is here, or as much as fits a buffer
 * (manual, chapter 4.2). This only looks for the end; the bytes wait with their head (http-input.ts).
 */
import type { Head } from '../wire/http1-head.ts';
import { BodyMeter } from './http-body.ts';

export const BODY_WAITS = 0;
export const BODY_HERE = 1;
export const BODY_BROKEN = -1;

export class BodyWait {
  private readonly meter = new BodyMeter();
  /** How many bytes behind the head were looked at. */
  private looked = 0;

  begin(head: Head): void {
    this.looked = 0;
    if (head.chunked) this.meter.setChunked();
    else if (head.contentLength > 0) this.meter.setLength(head.contentLength);
    else this.meter.setNone();
  }

  /** `bytes[..end)` holds the head and what has come of the body. */
  look(head: Head, bytes: Uint8Array, end: number): number {
    const { meter } = this;
    const bodyEnd = meter.take(bytes, head.end + this.looked, end);
    this.looked = end - head.end;
    return bodyEnd < 0 ? BODY_BROKEN : meter.done ? BODY_HERE : BODY_WAITS;
  }
}
