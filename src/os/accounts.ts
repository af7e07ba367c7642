/** Users and groups by name or number, from /etc/passwd and /etc/group: no call of libc's, which may ask the network. */
import { readFileSync } from 'node:fs';

/** Null for null and for a name that nobody has. */
export function userId(name: string | null): number | null {
  return idOf('/etc/passwd', name);
}

export function groupId(name: string | null): number | null {
  return idOf('/etc/group', name);
}

function idOf(file: string, name: string | null): number | null {
  if (name === null) return null;
  if (/^\d+$/.test(name)) return Number(name);
  try {
    const line = readFileSync(file, 'latin1')
      .split('\n')
      .find((entry) => entry.startsWith(`${name}:`));
    return line === undefined ? null : Number(line.split(':')[2]);
  } catch {
    return null;
  }
}
