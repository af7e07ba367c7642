/**
 * Pooled memory for bytes that wait: heads being collected, requests that may have to be sent again, what a full
 * socket did not take. Every buffer lives in mapped memory, so that its address may go to the kernel; it is taken
 * when there are bytes to keep and given back as soon as they are gone. One pool belongs to one thread.
 */
import { allocate } from '../../os/memory.ts';

const REGION_SIZE = 1 << 21;

/** `bytes[start..end)` is what it holds. */
export class PooledBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly address: number;
  start = 0;
  end = 0;
  /** How often it waits to be sent (outbox.ts). */
  private pins = 0;
  private isGivenBack = false;
  private readonly pool: BufferPool;

  constructor(bytes: Uint8Array, address: number, pool: BufferPool) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.address = address;
    this.pool = pool;
  }

  get length(): number {
    return this.end - this.start;
  }

  get room(): number {
    return this.bytes.length - this.end;
  }

  /** Moves what is held to the front, so that all the room is behind it. */
  compact(): void {
    if (this.start === 0) return;
    this.bytes.copyWithin(0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
  }

  append(from: Uint8Array, start: number, end: number): void {
    copyBytes(this.bytes, this.end, from, start, end);
    this.end += end - start;
  }

  giveBack(): void {
    if (this.pins === 0) this.pool.put(this);
    else this.isGivenBack = true;
  }

  /** Nobody else gets it before it is unpinned as often, even when it is given back. */
  pin(): void {
    this.pins++;
  }

  unpin(): void {
    if (--this.pins > 0 || !this.isGivenBack) return;
    this.isGivenBack = false;
    this.pool.put(this);
  }
}

export class BufferPool {
  readonly size: number;
  private readonly free: PooledBuffer[] = [];

  constructor(size: number) {
    this.size = size;
  }

  take(): PooledBuffer {
    if (this.free.length === 0) this.grow();
    const buffer = this.free.pop()!;
    buffer.start = 0;
    buffer.end = 0;
    return buffer;
  }

  put(buffer: PooledBuffer): void {
    this.free.push(buffer);
  }

  private grow(): void {
    const count = Math.max(1, Math.floor(REGION_SIZE / this.size));
    const region = allocate(count * this.size);
    for (let i = count - 1; i >= 0; i--) {
      const bytes = new Uint8Array(region.buffer, i * this.size, this.size);
      this.free.push(new PooledBuffer(bytes, region.address + i * this.size, this));
    }
  }
}

/** Short copies by hand: a call into V8's `set` with a subarray costs more than forty assignments. */
export function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, end: number): void {
  if (end - start > 64) {
    to.set(from.subarray(start, end), at);
    return;
  }
  for (let i = start; i < end; i++) to[at++] = from[i]!;
}
