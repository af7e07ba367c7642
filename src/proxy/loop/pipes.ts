/**
 * Pipes of one worker for splicing (manual: `maxpipes`, `tune.pipesize`): taken when bytes are on their way, given back
 * when they have gone, so that only connections whose other side is slow hold one. No more than `most` exist at a time;
 * a connection that gets none copies.
 *
 * A pipe that still holds bytes when its connection ends is closed: nobody else may see them.
 */
import { openPipe } from '../../os/pipe.ts';
import { closeFd } from '../../os/socket.ts';

export class Pipe {
  readonly readFd: number;
  readonly writeFd: number;
  /** Bytes in it. */
  held = 0;
  private readonly pool: PipePool;

  constructor(readFd: number, writeFd: number, pool: PipePool) {
    this.readFd = readFd;
    this.writeFd = writeFd;
    this.pool = pool;
  }

  giveBack(): void {
    this.pool.put(this);
  }
}

export class PipePool {
  private readonly most: number;
  private readonly size: number;
  private readonly free: Pipe[] = [];
  private count = 0;

  /** `size` in bytes, 0: as the kernel likes. */
  constructor(most: number, size: number) {
    this.most = most;
    this.size = size;
  }

  take(): Pipe | null {
    return this.free.pop() ?? this.open();
  }

  put(pipe: Pipe): void {
    if (pipe.held === 0) {
      this.free.push(pipe);
      return;
    }
    closeFd(pipe.readFd);
    closeFd(pipe.writeFd);
    this.count--;
  }

  private open(): Pipe | null {
    if (this.count >= this.most) return null;
    const ends = openPipe(this.size);
    if (typeof ends === 'number') return null;
    this.count++;
    return new Pipe(ends.readFd, ends.writeFd, this);
  }
}
