#!/usr/bin/env node
// Runs the measurements of this folder: `node test/bench/run.mjs budgets`, `... config`, `... proxy` (all of proxy*.bench.ts) or
// `... proxy-latency` and the like, `... soak --minutes 30`, or all without an argument.
// Needs the built program (npm run build). Exits with 1 when a bound is missed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const given = process.argv.slice(2);
const minutesAt = given.indexOf('--minutes');
if (minutesAt >= 0) process.env.SOAK_MINUTES = given.splice(minutesAt, 2)[1];
const args = ['run', '--config', 'test/bench/vitest.config.ts', '--root', '.', ...given];
process.exit(spawnSync(process.execPath, [vitest, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1);
