/**
 * The commands that README.md and docs/ show are run as they stand there, on files of the scenarios, and must be understood:
 * exit code 0, or 1 when something was found. Daemons are only asked to test their configuration.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distBin } from '../net/lib/requirements.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'tandem-docs-'));
const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))].map((name) =>
  readFileSync(join(root, name === 'README.md' ? name : `docs/${name}`), 'utf8'),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  const haproxy = join(root, 'fixtures/scenarios/web-farm/haproxy.cfg');
  const keepalived = join(root, 'fixtures/scenarios/mysql-pair/node-a/keepalived/keepalived.conf');
  for (const place of ['.', 'deploy', 'nodes/a', 'nodes/b']) {
    mkdirSync(join(folder, place), { recursive: true });
    cpSync(haproxy, join(folder, place, 'haproxy.cfg'));
    cpSync(keepalived, join(folder, place, 'keepalived.conf'));
  }
  symlinkSync(dirname(dirname(distBin('tandem'))), join(folder, 'dist'));
});

/** Lines of code blocks that begin with one of our commands. */
function commandsOf(page: string): string[] {
  const fenced = [...page.matchAll(/^```[a-z]*\n([\s\S]*?)^```$/gm)].flatMap((match) => match[1]!.split('\n'));
  const indented = page.split('\n').flatMap((line) => (line.startsWith('    ') ? [line.slice(4)] : []));
  const lines = [...fenced, ...indented].filter((line) =>
    /^(?:cat \S+ \| )?(?:dist\/bin\/)?(?:tandem|haproxy|keepalived) /.test(line),
  );
  return lines.filter((line) => !/^tandem \(core\)/.test(line));
}

/** Daemons are not started: their configuration is tested instead. */
function harmless(command: string): string {
  return command
    .replace(/tandem run /, 'tandem --config-test ')
    .replace(/haproxy (?=-)/, 'haproxy -c ')
    .replace(/keepalived (?=-)/, 'keepalived -t ')
    .replaceAll('/etc/haproxy/', '')
    .replaceAll('/etc/keepalived/', '');
}

function run(command: string) {
  const PATH = `${join(folder, 'dist/bin')}:${process.env.PATH}`;
  return spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8', env: { ...process.env, PATH } });
}

describe('commands of the documentation', () => {
  const commands = [...new Set(pages.flatMap(commandsOf))];

  it('are found', () => {
    expect(commands.length).toBeGreaterThan(12);
  });

  it.each(commands)('%s', (command) => {
    const { status, stderr } = run(harmless(command));
    expect(stderr).not.toMatch(/Usage:|unknown|no such file/);
    expect([0, 1, ...(command.includes('keepalived -n') ? [5, 6] : [])]).toContain(status);
  });

  it('name sub-commands that there are', () => {
    const named = pages.flatMap((page) => [...page.matchAll(/`tandem (\S+?)[ `]/g)].map((match) => match[1]!));
    const known = ['run', 'lint', 'migrate', 'fmt', 'explain', 'completion', '--config-test'];
    expect([...new Set(named)].filter((name) => !known.includes(name))).toEqual([]);
    for (const name of known) {
      const { status, stdout } = run(`dist/bin/tandem ${name} --help`);
      expect(stdout, name).toContain('Usage: tandem');
      expect(status, name).toBe(0);
    }
  });

  it('list the options of lint as its help does', () => {
    const page = pages.find((text) => text.startsWith('# Lint'))!;
    const listed = [...page.matchAll(/^\| `(--[a-z-]+)/gm)].map((match) => match[1]!);
    const help = run('dist/bin/tandem lint --help').stdout;
    expect(listed.filter((option) => !help.includes(`  ${option} `))).toEqual([]);
    expect([...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1]!).sort()).toEqual([...listed].sort());
  });
});

describe('standard input', () => {
  const lines = 'listen web 127.0.0.1:8080\n  mode htp\n';
  const pipe = (words: string) =>
    spawnSync(join(folder, 'dist/bin/tandem'), words.split(' '), { input: lines, encoding: 'utf8' });

  it('is a file like another', () => {
    const lint = JSON.parse(pipe('lint --format json -').stdout);
    expect(lint.files).toEqual(['-']);
    expect(lint.diagnostics).toContainEqual(expect.objectContaining({ code: 'bad-value', file: '-', line: 2 }));
    expect(pipe('migrate -').stdout).toContain('listen web\n  bind 127.0.0.1:8080\n');
    expect(pipe('fmt -').stdout).toBe('listen web 127.0.0.1:8080\n    mode htp\n');
  });

  it('is not written to', () => {
    for (const command of ['migrate --write -', 'fmt --write -']) {
      expect(pipe(command)).toMatchObject({ status: 2, stdout: '' });
    }
  });
});

it('formats and migrates the files of a directory', () => {
  expect(run('dist/bin/tandem fmt --write deploy').status).toBe(0);
  expect(run('dist/bin/tandem fmt --check deploy').status).toBe(0);
  expect(run('dist/bin/tandem fmt deploy')).toMatchObject({ status: 2, stdout: '' });
  expect(run('dist/bin/tandem fmt nodes').status).toBe(2);
});

it('says which command may have been meant', () => {
  expect(run('dist/bin/tandem lnit x.cfg').stderr).toContain("unknown command 'lnit'; did you mean 'lint'?");
});
