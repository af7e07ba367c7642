/** chroot(2): the new root directory holds for the whole process, all threads included. */
import { declare, result } from './libc.ts';

const chrootCall = declare('int chroot(const char*)');

/** Returns 0 or `-errno`. The working directory moves along, or the old root could still be reached from it. */
export function chrootTo(path: string): number {
  const done = result(chrootCall(path));
  if (done === 0) process.chdir('/');
  return done;
}
