/**
 * What a test needs of the machine it runs on. A test whose needs are not met is skipped, and says why.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { describe } from 'vitest';

export const repository = resolve(import.meta.dirname, '../../..');

/** The folder of the built program: `dist`, or what TANDEM_DIST names. */
export const distFolder = join(repository, process.env.TANDEM_DIST ?? 'dist');

/** A built executable: `tandem`, `haproxy` or `keepalived`. */
export function distBin(name: 'tandem' | 'haproxy' | 'keepalived'): string {
  return join(distFolder, 'bin', name);
}

export interface Requirements {
  /** Root, for namespaces and raw sockets. */
  readonly root?: boolean;
  /** Programs that must be on the PATH (or in sbin). */
  readonly binaries?: readonly string[];
  /** The built program (`npm run build`). */
  readonly build?: boolean;
  /** Files or folders beside the repository, for example `../shared`. */
  readonly files?: readonly string[];
}

/** The full path of a program, or null. */
export function findBinary(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {}
  }
  return null;
}

/** Why the needs are not met; null when they are. */
function findMissing(needs: Requirements): string | null {
  if (needs.root && process.getuid?.() !== 0) return 'it needs root';
  const binaries = [...(needs.binaries ?? []), ...(needs.root ? ['ip', 'unshare', 'nsenter', 'bash'] : [])];
  const absent = binaries.filter((name) => !findBinary(name));
  if (absent.length > 0) return `not installed: ${absent.join(', ')}`;
  if (needs.build && !existsSync(distBin('tandem'))) return `${distBin('tandem')} is missing: run npm run build`;
  const files = (needs.files ?? []).filter((file) => !existsSync(resolve(repository, file)));
  if (files.length > 0) return `absent: ${files.join(', ')}`;
  return null;
}

/** `describe`, skipped with a printed reason when the machine lacks something. */
export function describeNet(name: string, needs: Requirements, body: () => void): void {
  const missing = findMissing(needs);
  if (missing) console.warn(`SKIPPED ${name}: ${missing}`);
  describe.skipIf(missing !== null)(name, body);
}
