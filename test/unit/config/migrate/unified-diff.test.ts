/** The diff is one that patch(1) applies. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { migrateHaproxy } from '../../../../src/config/migrate/haproxy.ts';
import { unifiedDiff } from '../../../../src/config/migrate/unified-diff.ts';

const old = `global\n  debug\n${'  # filler\n'.repeat(10)}defaults\n  contimeout 5\n  clitimeout 5\nlisten a :80\n  server s 1.1.1.1:80`;

it('prints hunks with three lines around them', () => {
  const migration = migrateHaproxy({ file: 'a.cfg', text: old }, 'haproxy-3.4');
  const lines = unifiedDiff(migration);
  expect(lines.slice(0, 5)).toEqual(['--- a.cfg', '+++ a.cfg', '@@ -1,5 +1,5 @@', ' global', '-  debug']);
  expect(lines).toContain('\\ No newline at end of file');
  expect(unifiedDiff(migrateHaproxy({ file: 'a.cfg', text: migration.text }, 'haproxy-3.4'))).toEqual([]);
});

const hasGitApply = spawnSync('git', ['--version']).status === 0;
if (!hasGitApply) console.log('skipped: the diff is not applied, git is not installed');
it.skipIf(!hasGitApply)('applies to the old text', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-diff-'));
  const migration = migrateHaproxy({ file: 'a.cfg', text: old }, 'haproxy-3.4');
  writeFileSync(join(folder, 'a.cfg'), old);
  const input = `${unifiedDiff(migration).join('\n')}\n`;
  const { status, stderr } = spawnSync('git', ['apply', '-p0', '-'], { cwd: folder, input, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(readFileSync(join(folder, 'a.cfg'), 'latin1')).toBe(migration.text);
  rmSync(folder, { recursive: true });
});
