/**
 * Files that match a shell pattern: `*`, `?`, `[a-z]` and `{a,b}`, as `include` lines take them.
 *
 * Names come sorted, as glob(3) gives them; a leading dot must be written. Node 20 has no `globSync` of its own.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const MAX_ALTERNATIVES = 1000;

/** Paths that match, relative patterns being relative to `directory`. */
export function matchFiles(pattern: string, directory: string): string[] {
  const found = expandBraces(pattern).flatMap((one) => matchPath(resolve(directory, one)));
  return [...new Set(found)];
}

function expandBraces(pattern: string): string[] {
  let list = [pattern];
  for (let group = findGroup(list); group && list.length < MAX_ALTERNATIVES; group = findGroup(list)) {
    list = list.flatMap((one) => {
      const match = GROUP.exec(one);
      if (!match) return [one];
      const after = one.slice(match.index + match[0].length);
      return match[1]!.split(',').map((choice) => one.slice(0, match.index) + choice + after);
    });
  }
  return list;
}

const GROUP = /\{([^{}]*)\}/;

function findGroup(list: readonly string[]): boolean {
  return list.some((one) => GROUP.test(one));
}

function matchPath(path: string): string[] {
  let paths = ['/'];
  for (const part of path.split('/').filter((segment) => segment !== '')) {
    paths = paths.flatMap((base) => matchSegment(base, part));
  }
  return paths;
}

function matchSegment(base: string, segment: string): string[] {
  if (!/[*?[]/.test(segment)) return existsSync(join(base, segment)) ? [join(base, segment)] : [];
  const regex = segmentRegex(segment);
  return listDirectory(base)
    .filter((name) => regex.test(name) && (segment.startsWith('.') || !name.startsWith('.')))
    .map((name) => join(base, name));
}

function segmentRegex(segment: string): RegExp {
  const source = segment.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 1)
      return `[${part[1] === '!' ? '^' : ''}${part.slice(part[1] === '!' ? 2 : 1, -1).replace(/\\/g, '\\\\')}]`;
    return part.replace(/[\\^$.|+()[\]{}]/, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return /^(?!)/;
  }
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}
