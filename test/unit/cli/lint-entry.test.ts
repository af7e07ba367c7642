/** Exit codes and outputs of `tandem lint` and `tandem --config-test`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runConfigTest, runLint } from '../../../src/cli/lint-entry.ts';

const printed = vi.hoisted(() => ({ out: [] as string[], error: [] as string[] }));

vi.mock('../../../src/cli/program.ts', () => ({
  printOut: (lines: readonly string[]) => printed.out.push(...lines),
  printError: (lines: readonly string[]) => printed.error.push(...lines),
  readProfile: () => 'default',
  assumesFiles: () => false,
}));

const folder = mkdtempSync(join(tmpdir(), 'lint-entry-'));
const path = (name: string) => join(folder, name);
const proxy = 'defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n';

beforeAll(() => {
  writeFileSync(path('clean.cfg'), `${proxy}listen a\n bind :80\n balance leastconn\n server s 192.0.2.1:80\n`);
  writeFileSync(path('warned.cfg'), `${proxy}listen a\n bind :80\n bind :80\n server s 192.0.2.1:80\n`);
  writeFileSync(path('broken.cfg'), `${proxy}listen a\n bnd :80\n`);
  writeFileSync(path('inert.cfg'), `${proxy}listen a\n bind :80\n monitor-net 192.0.2.0/24\n server s 192.0.2.1:80\n`);
  writeFileSync(path('facts.json'), '{"users":1}');
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  printed.out.length = 0;
  printed.error.length = 0;
});

describe('tandem lint', () => {
  it.each([
    ['clean.cfg', [], 0],
    ['warned.cfg', [], 0],
    ['warned.cfg', ['--fail-on', 'warning'], 1],
    ['broken.cfg', [], 1],
    ['broken.cfg', ['--fail-on=never'], 0],
    ['clean.cfg', ['--fail-on', 'warning'], 0],
  ])('%s %j ends with %i', async (file, options, code) => {
    expect(await runLint([path(file), ...options])).toBe(code);
  });

  it('ends with 2 when it is of no use', async () => {
    expect(await runLint([])).toBe(2);
    expect(await runLint([path('gone.cfg')])).toBe(2);
    expect(await runLint([path('clean.cfg'), '--host-facts', path('gone.json')])).toBe(2);
    expect(await runLint([path('clean.cfg'), '--host-facts', path('facts.json')])).toBe(2);
    mkdirSync(path('empty'), { recursive: true });
    expect(await runLint([path('empty')])).toBe(2);
    expect(printed.error).toContain(`tandem: ${path('gone.cfg')}: no such file or directory`);
    expect(printed.error).toContain(`tandem: ${path('facts.json')}: users: a list of names`);
    expect(printed.out).toEqual([]);
  });

  it('prints for programs on standard output and in the style of the originals where they print', async () => {
    await runLint([path('warned.cfg'), '--format', 'json']);
    expect(JSON.parse(printed.out.join('\n'))).toMatchObject({ counts: { warning: 1 } });
    await runLint([path('warned.cfg'), '--format', 'haproxy']);
    expect(printed.error[0]).toMatch(/^\[WARNING\] {2}\(\d+\) : config : parsing \[.*warned\.cfg:7\]/);
  });

  it('shows errors only when it is to be quiet, and counts the rest', async () => {
    await runLint([path('warned.cfg'), '-q']);
    expect(printed.out).toEqual(['1 file: 0 errors, 1 warning, 0 notices']);
  });

  it('leaves what is not carried out to the configuration test', async () => {
    await runLint([path('inert.cfg'), '--format', 'github']);
    expect(printed.out).toEqual([]);
    await runConfigTest(['-f', path('inert.cfg'), '--format', 'github']);
    expect(printed.out).toHaveLength(1);
    expect(printed.out[0]).toContain('title=not-carried-out');
  });

  it('explains itself', async () => {
    expect(await runLint(['--help'])).toBe(0);
    expect(printed.out[0]).toMatch(/^Usage: tandem lint/);
  });
});
