/**
 * Which configuration files a path on a command line stands for, and what they hold: a file by itself, a directory for what
 * it has of either language, and "-" for standard input. The daemons read their files themselves; this is for `tandem
 * lint`, `migrate` and `fmt`.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { tellingLanguage } from './language.ts';

export const STANDARD_INPUT = '-';

/** Where a machine keeps the files: `--node a=nodes/a` may be a copy of its root or of its /etc. */
const homes: ReadonlySet<string> = new Set(['etc', 'haproxy', 'keepalived']);

let standardInput: Buffer | undefined;

/** Standard input can be read once only, and is looked at more often. Throws what reading a file throws. */
export function readConfigFile(path: string): Buffer {
  if (path !== STANDARD_INPUT) return readFileSync(path);
  standardInput ??= readFileSync(0);
  return standardInput;
}

/** The bytes as Latin-1; nothing if the file cannot be read. */
export function readConfigText(path: string): string {
  try {
    return readConfigFile(path).toString('latin1');
  } catch {
    return '';
  }
}

/** A directory stands for what it has of either language; files of other programs have such endings as well. */
export function configFilesIn(path: string): string[] {
  try {
    if (path === STANDARD_INPUT || !statSync(path).isDirectory()) return [path];
    const entries = readdirSync(path).sort();
    const names = entries.filter((name) => /^[^.].*\.(?:cfg|conf)$/.test(name));
    const files = names
      .map((name) => join(path, name))
      .filter((file) => tellingLanguage(readConfigText(file)) !== null);
    const inner = entries.filter((name) => homes.has(name)).map((name) => join(path, name));
    return [...files, ...inner.filter((home) => statSync(home).isDirectory()).flatMap(configFilesIn)];
  } catch {
    return [path];
  }
}
