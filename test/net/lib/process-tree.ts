/** CPU time and memory of a process and all its descendants, as the kernel counts them. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface TreeUsage {
  readonly pids: readonly number[];
  /** User and system time. The clock tick (usually 10 ms) is its resolution. */
  readonly cpuMs: number;
  /** Sum of the resident sets: pages that several processes share count several times. */
  readonly rssKiB: number;
  /** Sum of the proportional sets: a shared page counts once. 0 where the kernel does not tell. */
  readonly pssKiB: number;
}

let tickMs = 0;

/** Every descendant of `root`, itself first. */
export function listTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = readStat(Number(name));
    if (fields) parents.set(Number(name), Number(fields[1]));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

export function readTreeUsage(root: number): TreeUsage {
  tickMs ||= 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const pids = listTree(root);
  let cpuMs = 0;
  let rssKiB = 0;
  let pssKiB = 0;
  for (const pid of pids) {
    const fields = readStat(pid);
    if (!fields) continue;
    cpuMs += (Number(fields[11]) + Number(fields[12])) * tickMs;
    const memory = readRollup(pid);
    rssKiB += memory.rss;
    pssKiB += memory.pss;
  }
  return { pids, cpuMs, rssKiB, pssKiB };
}

/** The fields of /proc/PID/stat from the state on, or null when the process is gone. */
function readStat(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function readRollup(pid: number): { rss: number; pss: number } {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return { rss: field('Rss'), pss: field('Pss') };
  } catch {
    return { rss: 0, pss: 0 };
  }
}
