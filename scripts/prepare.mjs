#!/usr/bin/env node
// Before start and test: installs the dependencies when they are missing or older than the lock file, and builds when a
// source is newer than the build. On a fresh clone both happen; afterwards it costs some milliseconds.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const timeOf = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function newestSource(folders) {
  let newest = 0;
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      if (/\.(ts|mjs)$/.test(name)) newest = Math.max(newest, timeOf(join(folder, name)));
    }
  }
  return newest;
}

const installed = timeOf('node_modules/.package-lock.json');
if (installed === 0 || installed < timeOf('package-lock.json')) run('npm', ['ci', '--no-audit', '--no-fund']);
if (timeOf('dist/main.js') < newestSource(['grammar', 'src', 'scripts'])) run(process.execPath, ['scripts/build.mjs']);
