/**
 * A queue of lines between two threads: one writes, the other reads, neither waits.
 *
 * It lies in shared memory: four numbers, then a circle of bytes in which each line stands behind its length. Positions
 * only grow (as 32-bit numbers, so the circle's size is a power of two); a line that does not fit is refused.
 *
 *     head (written up to) | tail (read up to) | wanted (the reader was told) | - | bytes...
 */

const HEAD = 0;
const TAIL = 1;
const TOLD = 2;
const HEADER_INTS = 4;
const LENGTH_BYTES = 4;

/** At least `size` bytes of lines and their lengths. */
export function makeQueueMemory(size: number): SharedArrayBuffer {
  const room = 2 ** Math.ceil(Math.log2(Math.max(size, 1024)));
  return new SharedArrayBuffer(HEADER_INTS * 4 + room);
}

class LineQueue {
  protected readonly ints: Int32Array;
  protected readonly bytes: Uint8Array;
  protected readonly mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.ints = new Int32Array(memory, 0, HEADER_INTS);
    this.bytes = new Uint8Array(memory, HEADER_INTS * 4);
    this.mask = this.bytes.length - 1;
  }

  protected get used(): number {
    return (Atomics.load(this.ints, HEAD) - Atomics.load(this.ints, TAIL)) | 0;
  }
}

export class LineWriter extends LineQueue {
  private readonly onLine: () => void;
  private readonly prefix = new Uint8Array(LENGTH_BYTES);
  private readonly prefixView = new DataView(this.prefix.buffer);

  /** `onLine` tells the reader; it is called once until the reader has begun to read. */
  constructor(memory: SharedArrayBuffer, onLine: () => void) {
    super(memory);
    this.onLine = onLine;
  }

  /** False: no room. */
  write(line: Uint8Array, length: number): boolean {
    if (this.used + LENGTH_BYTES + length > this.bytes.length) return false;
    const head = Atomics.load(this.ints, HEAD);
    this.prefixView.setUint32(0, length);
    this.put(head, this.prefix, LENGTH_BYTES);
    this.put(head + LENGTH_BYTES, line, length);
    Atomics.store(this.ints, HEAD, (head + LENGTH_BYTES + length) | 0);
    if (Atomics.exchange(this.ints, TOLD, 1) === 0) this.onLine();
    return true;
  }

  private put(position: number, source: Uint8Array, length: number): void {
    const at = position & this.mask;
    const first = Math.min(length, this.bytes.length - at);
    this.bytes.set(source.subarray(0, first), at);
    if (first < length) this.bytes.set(source.subarray(first, length), 0);
  }
}

export class LineReader extends LineQueue {
  /** From now on the writer tells of new lines again. Call it before reading, so that none is missed. */
  listen(): void {
    Atomics.store(this.ints, TOLD, 0);
  }

  /** The next line, or null; it stays until `drop`. */
  peek(): Buffer | null {
    if (this.used === 0) return null;
    const tail = Atomics.load(this.ints, TAIL);
    const length = this.copy(tail, LENGTH_BYTES).readUInt32BE(0);
    return this.copy(tail + LENGTH_BYTES, length);
  }

  drop(line: Uint8Array): void {
    Atomics.store(this.ints, TAIL, (Atomics.load(this.ints, TAIL) + LENGTH_BYTES + line.length) | 0);
  }

  private copy(position: number, length: number): Buffer {
    const at = position & this.mask;
    const copy = Buffer.allocUnsafe(length);
    const first = Math.min(length, this.bytes.length - at);
    copy.set(this.bytes.subarray(at, at + first), 0);
    if (first < length) copy.set(this.bytes.subarray(0, length - first), first);
    return copy;
  }
}
