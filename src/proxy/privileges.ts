/** Gives up what the proxy no longer needs once its sockets exist: `chroot`, `group`, `user`, in this order. */
import type { GlobalConf } from '../config/haproxy.ts';
import { chrootTo } from '../os/chroot.ts';

/** Returns what went wrong, or null. Ids may be names. */
export function dropPrivileges(conf: GlobalConf): string | null {
  try {
    if (conf.group !== null) {
      const group = idOf(conf.group);
      process.setgroups?.([group]);
      process.setgid?.(group);
    }
    const failed = conf.chroot === null ? 0 : chrootTo(conf.chroot);
    if (failed < 0) return `cannot chroot to ${conf.chroot}: errno ${-failed}`;
    if (conf.user !== null) process.setuid?.(idOf(conf.user));
    return null;
  } catch (error) {
    return `cannot change to user ${conf.user ?? '-'}, group ${conf.group ?? '-'}: ${(error as Error).message}`;
  }
}

function idOf(name: string): number | string {
  return /^\d+$/.test(name) ? Number(name) : name;
}
