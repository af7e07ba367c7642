/** Writing to a descriptor of any kind: log lines to a terminal, pipe or file that was opened elsewhere. */
import { declare, result } from './libc.ts';

const writeCall = declare('int64 write(int, intptr_t, size_t)');

/** Writes up to `length` bytes at `address` (of a Region); returns the count or `-errno`. */
export function writeAt(fd: number, address: number, length: number): number {
  return result(writeCall(fd, address, length));
}
