/**
 * Prints what a configuration test costs, as whole processes: a file of about 100 lines, and one of 20,000 servers
 * beside the real HAProxy.
 *
 *     node test/bench/run.mjs config
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { distBin, findBinary } from '../net/lib/requirements.ts';
import { median } from './median.ts';

const SMALL_BOUND_MS = 200;
const LARGE_RATIO_BOUND = 6;
const LARGE_MEMORY_BOUND_MIB = 400;

const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-config-'));
const rows: string[] = [];

afterAll(() => {
  rmSync(folder, { recursive: true });
  console.log(`\n${rows.join('\n')}\nload of this machine: ${loadavg()[0]!.toFixed(1)}\n`);
});

const head = `global
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s
    option httplog
frontend www
    bind 127.0.0.1:8080
    default_backend pool1
`;

function backends(count: number, servers: number): string {
  return Array.from({ length: count }, (_, n) => {
    const lines = Array.from(
      { length: servers },
      (_unused, i) => `    server s${i} 10.${n % 250}.${i >> 8}.${i & 255}:80 check weight ${(i % 10) + 1}\n`,
    );
    return `backend pool${n + 1}\n    balance leastconn\n    option httpchk GET /health\n${lines.join('')}`;
  }).join('');
}

interface Run {
  readonly ms: number;
  readonly peakMiB: number;
}

/** Runs a program to its end; the peak is read while it runs, so that a very short one may show less. */
function measure(program: string, file: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(program, ['-c', '-q', '-f', file], { stdio: 'ignore' });
    let peakKiB = 0;
    const sample = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
        peakKiB = Math.max(peakKiB, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0));
      } catch {}
    }, 5);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearInterval(sample);
      if (code === 0) resolve({ ms: performance.now() - startedAt, peakMiB: peakKiB / 1024 });
      else reject(new Error(`${program} ended with ${code}`));
    });
  });
}

async function measureBoth(ours: string, theirs: string | null, file: string, times: number) {
  const own: Run[] = [];
  const others: Run[] = [];
  for (let n = 0; n < times; n++) {
    own.push(await measure(ours, file));
    if (theirs) others.push(await measure(theirs, file));
  }
  return { own, others };
}

describe('haproxy -c', () => {
  it('reads 100 lines', async () => {
    const file = join(folder, 'small.cfg');
    writeFileSync(file, head + backends(8, 8));
    const { own } = await measureBoth(distBin('haproxy'), null, file, 9);
    const times = own.map((run) => run.ms);
    rows.push(`100 lines: ${Math.min(...times).toFixed(0)} ms (median ${median(times).toFixed(0)}), bound 200 ms`);
    expect(Math.min(...times)).toBeLessThanOrEqual(SMALL_BOUND_MS);
  });

  it('reads 20,000 servers', async () => {
    const file = join(folder, 'large.cfg');
    writeFileSync(file, head + backends(20, 1000));
    const { own, others } = await measureBoth(distBin('haproxy'), findBinary('haproxy'), file, 3);
    const ms = median(own.map((run) => run.ms));
    const peak = Math.max(...own.map((run) => run.peakMiB));
    rows.push(`20,000 servers: ${ms.toFixed(0)} ms, ${peak.toFixed(0)} MiB, bound ${LARGE_MEMORY_BOUND_MIB} MiB`);
    expect(peak).toBeLessThanOrEqual(LARGE_MEMORY_BOUND_MIB);
    if (others.length === 0) return;
    const theirs = median(others.map((run) => run.ms));
    rows.push(
      `the real HAProxy: ${theirs.toFixed(0)} ms, ratio ${(ms / theirs).toFixed(1)}, bound ${LARGE_RATIO_BOUND}`,
    );
    expect(ms / theirs).toBeLessThanOrEqual(LARGE_RATIO_BOUND);
  });
});
