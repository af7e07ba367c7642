/**
 * The package as its users import it: by its name, from a build, with its types. The examples of docs/library.md are run
 * and must print what the page says.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'tandem-library-'));
const installed = join(folder, 'node_modules/tandem');

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  await build({
    absWorkingDir: root,
    entryPoints: { library: 'src/library.ts' },
    outdir: join(installed, 'dist'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
const examples = [...page.matchAll(/```js\n([\s\S]*?)```\n\nprints\n\n```\n([\s\S]*?)```/g)].map(
  ([, code, output]) => [code!, output!] as const,
);

describe('docs/library.md', () => {
  it('has two examples', () => {
    expect(examples).toHaveLength(2);
  });

  it.each(examples)('prints what it says: %#', (code, output) => {
    const file = join(folder, 'example.mjs');
    writeFileSync(file, code);
    // The examples name files of the repository.
    expect(execFileSync(process.execPath, [file], { cwd: root, encoding: 'utf8' })).toBe(output);
  });
});

it('has types', { timeout: 60_000 }, () => {
  const tsc = join(root, 'node_modules/.bin/tsc');
  spawnSync(tsc, ['-p', join(root, 'tsconfig.types.json'), '--outDir', join(installed, 'dist/types')], { cwd: root });
  symlinkSync(join(root, 'node_modules/chevrotain'), join(folder, 'node_modules/chevrotain'));
  const source = `import { lint, linesOf, parseHaproxy, parseKeepalived, type Diagnostic } from 'tandem';
const { proxies, tree } = parseHaproxy('backend b');
export const name: string = proxies[0]!.servers[0]!.name.text;
export const raw: string[] = [...linesOf(tree)].flatMap((line) => line.words.map((word) => word.raw));
export const found: readonly Diagnostic[] = lint({ a: ['a'] }, { compat: 'haproxy-3.4' });
export const instances: string[] = parseKeepalived('').document.instances.map((one) => one.name.text);
// @ts-expect-error a name is a string
export const wrong: number = proxies[0]!.name;
`;
  writeFileSync(join(folder, 'user.mts'), source);
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', '--types', 'node', 'user.mts'];
  const types = ['--typeRoots', join(root, 'node_modules/@types')];
  const { stdout, status } = spawnSync(tsc, [...options, ...types], { cwd: folder, encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});
