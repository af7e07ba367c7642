/**
 * The C library through koffi, and how every call of this folder reports failure.
 *
 * Only `src/os` may import this. A wrapped call returns what the system call returns when that is >= 0 and `-errno`
 * otherwise: no exceptions, so that EAGAIN costs nothing. An address handed to a call keeps nothing alive: memory
 * that the kernel sees comes from `memory.ts`.
 */
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');

/** Declares a C function of libc by its prototype. */
// biome-ignore lint/suspicious/noExplicitAny: koffi's functions take what their prototype says
export function declare(prototype: string): (...args: any[]) => number {
  return libc.func(prototype) as never;
}

/** Declares a C function that runs on Node's thread pool: for the few calls that block (see poller.ts). */
// biome-ignore lint/suspicious/noExplicitAny: koffi's functions take what their prototype says
export function declareAsync(prototype: string): (...argsAndDone: any[]) => void {
  return libc.func(prototype).async as never;
}

/** Turns C's -1 into `-errno` of the call just made. */
export function result(value: number): number {
  return value < 0 ? -koffi.errno() : value;
}

/** errno numbers of Linux (asm-generic; the same on x86-64 and arm64). */
export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EBADF = 9;
export const EAGAIN = 11;
export const EACCES = 13;
export const EEXIST = 17;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const ENAMETOOLONG = 36;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOTCONN = 107;
export const ENOBUFS = 105;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;
export const EINPROGRESS = 115;

const strerrorCall = libc.func('const char* strerror(int)');

/** The C library's words for an errno, given as `-errno` or errno. */
export function errorText(code: number): string {
  return strerrorCall(Math.abs(code)) as string;
}
