/** Real files that an original accepts are accepted here too. `test/corpus/verdicts.test.ts` prints the figures behind it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadHaproxy } from '../../src/config/load-haproxy.ts';
import type { Profile } from '../../src/config/profile.ts';

const corpus = resolve('../shared/corpus/haproxy');
const isThere = existsSync(corpus);
if (!isThere) console.log(`skipped: verdicts on real haproxy.cfg files, ${corpus} is not there`);

/** With everything that the file names in place; a file without a listener is accepted with exit code 2. */
function isAccepted(name: string, release: string): boolean {
  const report = readFileSync(`${corpus}/${name.replace('.cfg', '')}.${release}.txt`, 'utf8');
  const [, exit] = /^with what it names present: exit (\d+)/m.exec(report) ?? [];
  return exit === '0' || (exit === '2' && report.includes('no listener'));
}

describe.skipIf(!isThere)('real files', () => {
  it.each<[Profile, string]>([
    ['default', '2.6'],
    ['default', '3.4'],
    ['haproxy-2.6', '2.6'],
    ['haproxy-3.4', '3.4'],
  ])('%s accepts what HAProxy %s accepts', (compat, release) => {
    const names = readdirSync(corpus).filter((name) => name.endsWith('.cfg') && isAccepted(name, release));
    expect(names.length).toBeGreaterThan(60);
    const readFile = (path: string) => readFileSync(path);
    const refused = names.flatMap((name) => {
      const { diagnostics } = loadHaproxy([`${corpus}/${name}`], { compat, assumeFiles: true, env: {}, readFile });
      const error = diagnostics.list.find((diagnostic) => diagnostic.severity === 'error');
      return error ? [`${name}: ${error.message}`] : [];
    });
    expect(refused).toEqual([]);
  });
});
