/** `tandem migrate` and `tandem fmt` on files: what goes where, and the exit codes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runExplain } from '../../../src/cli/explain-entry.ts';
import { runFmt } from '../../../src/cli/fmt-entry.ts';
import { runMigrate } from '../../../src/cli/migrate-entry.ts';
import * as program from '../../../src/cli/program.ts';

let folder = '';
let out = '';
let errors: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-cli-'));
  out = '';
  errors = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += Buffer.from(chunk as Uint8Array).toString('latin1');
    return true;
  });
  vi.spyOn(program, 'printOut').mockImplementation((lines) => {
    out += lines.map((line) => `${line}\n`).join('');
  });
  vi.spyOn(program, 'printError').mockImplementation((lines) => void errors.push(...lines));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.from(text, 'latin1'));
  return path;
}

const old =
  'listen web 127.0.0.1:8080 # caf\xe9\n  mode http\n  clitimeout 5s\n  timeout server 5s\n  timeout connect 5s\n';

it('prints the new text of a file, byte for byte', () => {
  expect(runMigrate([file('a.cfg', old)])).toBe(0);
  expect(out).toContain('listen web # caf\xe9\n  bind 127.0.0.1:8080\n');
  expect(errors).toEqual([]);
});

it('prints a diff, and changes the file when asked', () => {
  const path = file('a.cfg', old);
  expect(runMigrate(['--diff', path])).toBe(0);
  expect(out).toContain('\n-  clitimeout 5s\n+  timeout client 5s\n');
  expect(readFileSync(path, 'latin1')).toBe(old);
  expect(runMigrate(['--write', path])).toBe(0);
  expect(readFileSync(path, 'latin1')).toContain('  timeout client 5s\n');
});

it('says what is left, and what was wrong before', () => {
  expect(runMigrate(['--diff', file('a.cfg', `${old}  reqrep a b\n  servre x 1.1.1.1:1\n`)])).toBe(1);
  expect(errors[0]).toMatch(/a\.cfg:6: not-migrated: reqrep a b: /);
  expect(errors[1]).toMatch(/a\.cfg:8: still-wrong: unknown keyword 'servre'/);
  expect(errors).toHaveLength(2);
});

it('knows keepalived.conf by its content', () => {
  expect(runMigrate([file('a', 'global_defs {\n  lvs_id A\n}\n')])).toBe(0);
  expect(out).toBe('global_defs {\n  router_id A\n}\n');
});

it('refuses what it cannot use', () => {
  expect(runMigrate([])).toBe(2);
  expect(runMigrate(['--to', 'nginx', 'a'])).toBe(2);
  expect(runMigrate([join(folder, 'absent')])).toBe(2);
  expect(runMigrate(['a', 'b'])).toBe(2);
  expect(runFmt(['--colour', 'a'])).toBe(2);
  expect(runFmt([join(folder, 'absent')])).toBe(2);
});

it('lays a file out, or tells that it would', () => {
  const path = file('a.cfg', 'global\n daemon\n');
  expect(runFmt(['--check', path])).toBe(1);
  expect(out).toBe(`${path}\n`);
  expect(runFmt(['--write', path])).toBe(0);
  expect(readFileSync(path, 'latin1')).toBe('global\n    daemon\n');
  expect(runFmt(['--check', path])).toBe(0);
});

it('explains, and suggests', () => {
  expect(runExplain(['timeout', 'connect'])).toBe(0);
  expect(out).toContain('timeout connect <time>\n');
  expect(runExplain(['timeout', 'conect'])).toBe(1);
  expect(errors).toEqual(["tandem explain: 'timeout conect' is unknown; did you mean 'timeout connect'?"]);
  expect(runExplain([])).toBe(2);
});
