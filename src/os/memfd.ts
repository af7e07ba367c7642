/**
 * memfd_create(2) and the size of a file by descriptor: memory that several processes share and that outlives any one
 * of them. Core creates one and hands it down; who uses it sizes it (`growFile`) and maps it (`mapShared`).
 */
import { declare, result } from './libc.ts';

const memfdCall = declare('int memfd_create(const char*, unsigned int)');
const ftruncateCall = declare('int ftruncate(int, int64)');
const fallocateCall = declare('int fallocate(int, int, int64, int64)');
const lseekCall = declare('int64 lseek(int, int64, int)');

const MFD_CLOEXEC = 1;
const SEEK_END = 2;
const KEEP_SIZE_PUNCH_HOLE = 3;

/** Returns a close-on-exec descriptor of an empty memory file, or `-errno`. */
export function createMemfd(name: string): number {
  return result(memfdCall(name, MFD_CLOEXEC));
}

/** Size in bytes, or `-errno`. */
export function fileSize(fd: number): number {
  return result(lseekCall(fd, 0, SEEK_END));
}

/** Grows the file to `length` bytes; new ones read as zero and cost nothing until touched. */
export function growFile(fd: number, length: number): number {
  return result(ftruncateCall(fd, length));
}

/** Gives the memory of a range back; it reads as zero afterwards. */
export function clearFile(fd: number, offset: number, length: number): number {
  return result(fallocateCall(fd, KEEP_SIZE_PUNCH_HOLE, offset, length));
}
