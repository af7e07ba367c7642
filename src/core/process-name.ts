/**
 * How a process shows in the process table. Scripts of old set-ups look for `haproxy` and `keepalived`
 * (`killall -0 haproxy`, `pidof keepalived`), by the short name as well as by the command line.
 */
import { writeFileSync } from 'node:fs';

export function nameProcess(comm: string, title: string): void {
  // Node's own title sets both, and cuts the short name out of the long one: the short one is put right after it.
  process.title = title;
  try {
    writeFileSync('/proc/self/comm', comm.slice(0, 15));
  } catch {
    process.title = comm;
  }
}
