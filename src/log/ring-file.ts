/**
 * The file of a ring (manual, chapter 3.9: `backing-file`): the newest lines that the ring has had, to be read when the
 * process is gone.
 *
 *     header, 64 bytes: "ring NAME SIZE POSITION" and blanks, a line feed at the end
 *     lines, in a circle of SIZE bytes behind that; the newest ends at POSITION, NULs fill what no line has
 *
 * Lines are whole and never wrap around: one that does not fit before the end stands at the beginning. A file that is there
 * already is kept as `.bak`. Written by the main thread with the lines that it takes from the threads, into the page cache.
 */
import { closeSync, ftruncateSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

const HEADER_SIZE = 64;
const LINE_FEED = 10;
const OWNER_ONLY = 0o600;

export class RingFile {
  private readonly fd: number;
  private readonly name: string;
  /** What the file holds behind its header. */
  private readonly area: Buffer;
  private position = 0;
  /** Closed, or the file system took no more. */
  private isOver = false;

  /** Throws what the file system says. `size`: of the whole file. */
  constructor(path: string, name: string, size: number) {
    keepOlder(path);
    this.name = name;
    this.area = Buffer.alloc(size - HEADER_SIZE);
    this.fd = openSync(path, 'w', OWNER_ONLY);
    ftruncateSync(this.fd, size);
    this.writeHeader();
  }

  /** A line with its line feed; what is longer than the file is left out. */
  write(line: Uint8Array): void {
    if (this.isOver || line.length > this.area.length) return;
    try {
      this.put(line);
    } catch {
      // A full disk must not end the process, nor be asked again and again.
      this.close();
    }
  }

  private put(line: Uint8Array): void {
    const { area } = this;
    if (this.position + line.length > area.length) {
      area.fill(0, this.position);
      this.writeArea(this.position, area.length);
      this.position = 0;
    }
    const end = this.position + line.length;
    const rest = this.endOfLine(end);
    area.set(line, this.position);
    area.fill(0, end, rest);
    this.writeArea(this.position, rest);
    this.position = end;
    this.writeHeader();
  }

  /** Where the older line ends that `at` lies in. */
  private endOfLine(at: number): number {
    const { area } = this;
    if (at === 0 || at >= area.length || area[at] === 0 || area[at - 1] === LINE_FEED) return at;
    const found = area.indexOf(LINE_FEED, at);
    return found < 0 ? area.length : found + 1;
  }

  private writeArea(from: number, to: number): void {
    if (to > from) writeSync(this.fd, this.area, from, to - from, HEADER_SIZE + from);
  }

  private writeHeader(): void {
    const text = `ring ${this.name} ${this.area.length} ${this.position}`;
    writeSync(this.fd, `${text.slice(0, HEADER_SIZE - 1).padEnd(HEADER_SIZE - 1)}\n`, 0, 'latin1');
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    closeSync(this.fd);
  }
}

/** What an earlier process has left; who has nothing to keep, or no right to, goes on. */
function keepOlder(path: string): void {
  try {
    if (statSync(path).size > 0) renameSync(path, `${path}.bak`);
  } catch {
    // There is none, or it stays where it is and is written anew.
  }
}
