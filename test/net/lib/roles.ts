/** Which of the program's processes is which role, seen from outside: by name and by what they hold open. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { listTree } from './process-tree.ts';

export type Role = 'proxy' | 'check' | 'vrrp';

/** The process of a role below a core, or null. During a reload there may be two proxies: the newest counts. */
export function findRole(corePid: number, role: Role): number | null {
  const children = listTree(corePid).slice(1);
  return children.filter((pid) => roleOf(pid) === role).at(-1) ?? null;
}

function roleOf(pid: number): Role | null {
  try {
    if (openFiles(pid).some((file) => file.includes('memfd:tandem-proxy'))) return 'proxy';
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    return name === 'keepalived' ? 'vrrp' : 'check';
  } catch {
    return null; // It ended meanwhile.
  }
}

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
}
