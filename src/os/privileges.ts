/**
 * Gives up what a role no longer needs once its sockets exist: `chroot`, `group`, `user`, as names or numbers. Core keeps
 * its rights, since it opens the sockets of every reload.
 */
import { groupId, userId } from './accounts.ts';
import { chrootTo } from './chroot.ts';
import { errorText } from './libc.ts';

export interface Rights {
  readonly user: string | null;
  readonly group: string | null;
  readonly chroot: string | null;
}

/** Returns what went wrong, or null. */
export function dropPrivileges(conf: Rights): string | null {
  // Names first: the files that know them are outside of the new root.
  const user = userId(conf.user);
  const group = groupId(conf.group);
  if (conf.user !== null && user === null) return `cannot find user id for '${conf.user}'`;
  if (conf.group !== null && group === null) return `cannot find group id for '${conf.group}'`;
  const failed = conf.chroot === null ? 0 : chrootTo(conf.chroot);
  if (failed < 0) return `cannot chroot to ${conf.chroot}: ${errorText(failed)}`;
  try {
    if (group !== null) {
      process.setgroups?.([group]);
      process.setgid?.(group);
    }
    if (user !== null) process.setuid?.(user);
    return null;
  } catch (error) {
    return `cannot change to user ${conf.user ?? '-'}, group ${conf.group ?? '-'}: ${(error as Error).message}`;
  }
}
