/** The completion script, run by the shell it is for. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runCompletion } from '../../../src/cli/completion-entry.ts';
import * as program from '../../../src/cli/program.ts';
import { tandemCommands } from '../../../src/cli/tandem-commands.ts';

function script(shell: string): string {
  const print = vi.spyOn(program, 'printOut').mockImplementation(() => {});
  const code = runCompletion([shell]);
  const lines = print.mock.calls.flatMap(([printed]) => printed);
  print.mockRestore();
  expect(code).toBe(0);
  return lines.join('\n');
}

function complete(...words: string[]): string[] {
  const test = `tandem() { echo unknown-keyword; }
${script('bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_tandem
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', test], { encoding: 'utf8', cwd: import.meta.dirname });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  it('completes commands, options, values, subjects and files', () => {
    expect(complete('tandem', 'mi')).toEqual(['migrate']);
    expect(complete('tandem', 'migrate', '--d')).toEqual(['--diff']);
    expect(complete('tandem', 'migrate', '--to', 'haproxy-3')).toEqual(['haproxy-3.4']);
    expect(complete('tandem', 'explain', 'unk')).toEqual(['unknown-keyword']);
    expect(complete('tandem', 'fmt', 'completion.t')).toEqual(['completion.test.ts']);
    expect(complete('tandem', 'completion', 'f')).toEqual(['fish']);
  });

  it('knows every command that there is', () => {
    const offered = complete('tandem', '');
    const usual = Object.keys(tandemCommands).filter((name) => !/^-[a-z]$/.test(name));
    expect(usual.filter((name) => !offered.includes(name))).toEqual([]);
  });
});

describe.each(['zsh', 'fish'])('%s', (shell) => {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  if (!isThere) console.log(`skipped: ${shell} is not installed, its completion is not parsed`);
  it.skipIf(!isThere)('takes the script', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-completion-'));
    const file = join(folder, 'tandem');
    writeFileSync(file, script(shell));
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect([status, stderr]).toEqual([0, '']);
  });
});

it('refuses other shells', () => {
  const print = vi.spyOn(program, 'printError').mockImplementation(() => {});
  expect(runCompletion(['tcsh'])).toBe(2);
  expect(runCompletion(['constructor'])).toBe(2);
  print.mockRestore();
});
