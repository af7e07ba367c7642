/**
 * One-line variations of valid files, made from the keyword rows: our exit code under the profile keepalived-2.2
 * against Debian's keepalived 2.2.7. `keepalived -t` starts nothing. The lines that differ are printed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Row } from '../../grammar/keepalived/keyword.ts';
import { exitCodeOf } from '../../src/config/keepalived-verdict.ts';
import { loadKeepalived, localOptions } from '../../src/config/load-keepalived.ts';
import { device, findHindrance } from './keepalived-oracle.ts';
import { variations } from './keepalived-variations.ts';

const BOUND_MS = 60_000;
/** One in so many, unless VARIATIONS=all. */
const STRIDE = process.env.VARIATIONS === 'all' ? 1 : 3;

const why = findHindrance({ namesDevice: true });

/** Does 2.2.7 have the word? */
function isInRelease({ since = '0', removed }: Row<never>): boolean {
  const [major = 0, minor = 0, patch = 0] = since.split('.').map(Number);
  return removed === undefined && major * 1e6 + minor * 1e3 + patch <= 2_002_007;
}

describe.skipIf(why !== null)('keepalived 2.2.7 on variations of one line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keepalived-variations-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it(
    'agrees on at least 97 %',
    () => {
      const file = join(folder, 'keepalived.conf');
      const end = performance.now() + BOUND_MS;
      const different: string[] = [];
      let compared = 0;
      for (const { what, text } of variations(device!, isInRelease).filter((_each, i) => i % STRIDE === 0)) {
        if (performance.now() > end) break;
        writeFileSync(file, text);
        const original = spawnSync('keepalived', ['-t', '-f', file], { timeout: 60_000, stdio: 'ignore' });
        const { diagnostics } = loadKeepalived(file, localOptions('keepalived-2.2', null));
        const ours = exitCodeOf(diagnostics, 'keepalived-2.2');
        compared++;
        // By a signal: the original crashed, and has no verdict to agree with.
        if (original.status !== null && original.status !== ours)
          different.push(`exit ${original.status}, here ${ours}: ${what}`);
        else if (original.status === null) different.push(`dies, here ${ours}: ${what}`);
      }
      for (const line of different) console.log(line);
      const agreeing = (100 * (compared - different.length)) / compared;
      console.log(`${compared} variations, ${different.length} differ: ${agreeing.toFixed(1)} % agree`);
      expect(compared).toBeGreaterThanOrEqual(500);
      expect(agreeing).toBeGreaterThanOrEqual(97);
    },
    BOUND_MS + 15_000,
  );
});
