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

/** Imports that are there when the program runs, by the names of their files: those of types alone are not. */
function runtimeImportsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export) ([^;']*?)(?:from )?'(\.[^']+)'/gm);
  return [...statements].flatMap(([, names, target]) => {
    const list = /^\{(.*)\} $/s.exec(names!)?.[1]?.split(',') ?? [];
    const isOfTypes =
      names!.startsWith('type ') || (list.length > 0 && list.every((name) => /^\s*(type |$)/.test(name)));
    return isOfTypes ? [] : [relative(root, resolve(root, dirname(file), target!))];
  });
}

/** A circle of imports, or null: files are searched in depth, `path` leads to the one at hand. */
function findCircle(file: string, path: string[], done: Set<string>): string[] | null {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
  if (done.has(file) || !file.endsWith('.ts')) return null;
  for (const target of runtimeImportsOf(file)) {
    const circle = findCircle(target, [...path, file], done);
    if (circle !== null) return circle;
  }
  done.add(file);
  return null;
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

  it("has the proxy's loop stand by itself", () => {
    const inLoop = files.filter((file) => file.startsWith('src/proxy/loop/'));
    const others = inLoop.flatMap(importsOf).filter((target) => /^src\/proxy\/(?!loop\/)/.test(target));
    expect(inLoop.length).toBeGreaterThan(5);
    expect(others).toEqual([]);
  });

  it('has no files that need each other to start', () => {
    const done = new Set<string>();
    expect(files.flatMap((file) => findCircle(file, [], done) ?? [])).toEqual([]);
  });

  it('finds the files it watches', () => {
    expect(files.length).toBeGreaterThan(10);
    expect(runtimeImportsOf('src/config/resolve-haproxy.ts')).toContain('src/config/resolve-servers.ts');
    expect(runtimeImportsOf('src/config/resolve-haproxy.ts')).not.toContain('src/config/haproxy.ts');
  });
});
