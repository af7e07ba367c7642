/**
 * Who may import whom (docs/architecture.md, "Rooms"): read from the import lines themselves, so that a forbidden
 * arrow fails here before anyone has to notice it in review.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Room -> rooms it may import besides itself. Rooms are folders; `open` files may be imported from anywhere in `src`. */
const allowed: Record<string, readonly string[]> = {
  grammar: [],
  'src/os': [],
  'src/wire': [],
  'src/config': ['grammar'],
  'src/ipc': ['src/config'],
  'src/log': ['src/os', 'src/wire', 'src/config'],
  'src/vrrp': ['src/os', 'src/wire', 'src/config', 'src/ipc', 'src/log'],
  'src/check': ['src/os', 'src/wire', 'src/config', 'src/ipc', 'src/log'],
  'src/proxy': ['src/os', 'src/wire', 'src/config', 'src/ipc', 'src/log'],
  'src/core': ['src/os', 'src/config', 'src/ipc', 'src/log', 'grammar'],
  'src/cli': ['src/core', 'src/config', 'src/log', 'src/os', 'grammar'],
};

const open = ['src/fatal.ts', 'src/version.ts'];

function roomOf(path: string): string | undefined {
  return Object.keys(allowed).find((room) => path.startsWith(`${room}/`));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found].map(([, target]) => relative(root, resolve(root, dirname(file), target!)));
}

const files = ['grammar', 'src']
  .flatMap((top) => readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((f) => `${top}/${f}`))
  .filter((file) => file.endsWith('.ts'));

describe('module boundaries', () => {
  for (const [room, others] of Object.entries(allowed)) {
    it(`${room} imports only ${others.join(', ') || 'itself'}`, () => {
      const forbidden = files
        .filter((file) => roomOf(file) === room)
        .flatMap((file) => importsOf(file).map((target) => ({ file, target, into: roomOf(target) })))
        .filter(({ target, into }) => !open.includes(target) && into !== room && !(into && others.includes(into)));
      expect(forbidden).toEqual([]);
    });
  }

  it('finds the files it watches', () => {
    expect(files.length).toBeGreaterThan(10);
  });
});
