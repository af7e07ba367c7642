#!/usr/bin/env node
// Before start and test: installs the dependencies when they are missing or older than the lock file, and builds when a
// source is newer than the build. On a fresh clone both happen; afterwards it costs some milliseconds.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const timeOf = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env });
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

/** A user without a home to write to gets a cache of its own for this once. */
function withCache(use) {
  const cache = process.env.npm_config_cache ?? join(homedir(), '.npm');
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK);
    use(process.env);
  } catch (error) {
    if (!['EACCES', 'EROFS', 'ENOENT', 'EPERM'].includes(error.code)) throw error;
    const temporary = mkdtempSync(join(tmpdir(), 'tandem-npm-'));
    use({ ...process.env, npm_config_cache: temporary });
    rmSync(temporary, { recursive: true, force: true });
  }
}

const installed = timeOf('node_modules/.package-lock.json');
if (installed === 0 || installed < timeOf('package-lock.json')) {
  withCache((env) => run('npm', ['ci', '--no-audit', '--no-fund'], env));
}
if (timeOf('dist/main.js') < newestSource(['grammar', 'src', 'scripts'])) run(process.execPath, ['scripts/build.mjs']);
