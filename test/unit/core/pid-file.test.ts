import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { removePidFile, runningPid, writePidFile } from '../../../src/core/pid-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-pid-'));
const path = join(folder, 'x.pid');
afterAll(() => rmSync(folder, { recursive: true }));

describe('pid files', () => {
  it('hold the number and a line feed, and go away when still ours', () => {
    expect(writePidFile(path, 4711)).toBeNull();
    expect(readFileSync(path, 'latin1')).toBe('4711\n');
    removePidFile(path, 4712);
    expect(existsSync(path)).toBe(true);
    removePidFile(path, 4711);
    expect(existsSync(path)).toBe(false);
  });

  it('say why they cannot be written', () => {
    expect(writePidFile(join(folder, 'no', 'x.pid'), 1)).toContain('ENOENT');
  });

  it('name a process that runs, and no other', () => {
    writeFileSync(path, `${process.ppid}\n`);
    expect(runningPid(path)).toBe(process.ppid);
    writeFileSync(path, '999999999\n');
    expect(runningPid(path)).toBeNull();
    writeFileSync(path, 'nonsense');
    expect(runningPid(path)).toBeNull();
    expect(runningPid(join(folder, 'absent'))).toBeNull();
  });
});
