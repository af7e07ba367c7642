/** Writing to a descriptor of any kind: log lines to a terminal, pipe or file that was opened elsewhere. */
import { declare, result } from './libc.ts';

const writeCall = declare('int64 write(int, intptr_t, size_t)');

/** Writes up to `length` bytes at `address` (of a Region); returns the count or `-errno`. */
export function writeAt(fd: number, address: number, length: number): number {
  return result(writeCall(fd, address, length));
}

const fcntlCall = declare('int fcntl(int, int, int)');
const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;

/** Has reads and writes fail with EAGAIN instead of waiting, for everybody who shares the description. */
export function setNonBlocking(fd: number): number {
  const flags = result(fcntlCall(fd, F_GETFL, 0));
  return flags < 0 ? flags : result(fcntlCall(fd, F_SETFL, flags | O_NONBLOCK));
}
