/** Debian's keepalived as the judge of a file: `keepalived -t` reads and starts nothing. It needs root. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

/** A network interface of this machine that files can name. */
export const device = readdirSync('/sys/class/net').find((name) => name !== 'lo');

/** Why it cannot judge here, or null; it is printed. `namesDevice`: the files name an interface. */
export function findHindrance({ namesDevice }: { readonly namesDevice: boolean }): string | null {
  const why = nameHindrance(namesDevice);
  if (why !== null) console.log(`skipped: ${why}`);
  return why;
}

function nameHindrance(namesDevice: boolean): string | null {
  if (spawnSync('keepalived', ['--version']).error !== undefined) return 'no keepalived on this machine';
  if (process.getuid?.() !== 0) return 'keepalived -t needs root';
  return namesDevice && device === undefined ? 'no network interface but lo' : null;
}
