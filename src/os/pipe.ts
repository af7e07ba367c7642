/**
 * pipe2(2) and splice(2): bytes go from socket to socket through a pipe and are never copied to user space.
 *
 * Like everything here: results are `>= 0` or `-errno`. A splice never blocks; EAGAIN means that the socket has nothing
 * to give or takes nothing now, which of both follows from whether the pipe holds something.
 */
import { declare, result } from './libc.ts';
import { allocate } from './memory.ts';

const pipeCall = declare('int pipe2(intptr_t, int)');
// One call never moves 2 GiB: read as int.
const spliceCall = declare('int splice(int, intptr_t, int, intptr_t, size_t, unsigned int)');
const fcntlCall = declare('int fcntl(int, int, int)');

const O_NONBLOCK_CLOEXEC = 0o2004000;
const F_SETPIPE_SZ = 1031;
const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;

const ends = allocate(4096);

export interface PipeEnds {
  readonly readFd: number;
  readonly writeFd: number;
}

/** Opens a pipe; `size` 0 leaves the kernel's. The kernel may refuse a size: the pipe is good without it. */
export function openPipe(size: number): PipeEnds | number {
  const done = result(pipeCall(ends.address, O_NONBLOCK_CLOEXEC));
  if (done < 0) return done;
  const readFd = ends.view.getInt32(0, true);
  const writeFd = ends.view.getInt32(4, true);
  if (size > 0) fcntlCall(writeFd, F_SETPIPE_SZ, size);
  return { readFd, writeFd };
}

/** Moves up to `length` bytes: 0 at the end of `from`. One of both is a pipe. */
export function spliceBytes(from: number, to: number, length: number): number {
  const n = spliceCall(from, 0, to, 0, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  return n >= 0 ? n : result(n);
}
