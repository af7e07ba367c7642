/** Lint rules on damaged files: whatever the words are, no rule throws and none runs away. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { NO_FACTS } from '../../src/config/lint/host-facts.ts';
import { lintFiles } from '../../src/config/lint/lint-files.ts';
import { renderReport } from '../../src/config/report/report.ts';
import { measureMs } from '../elapsed.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/lint');
const folder = mkdtempSync(join(tmpdir(), 'lint-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const texts = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .map((name) => join(fixtures, name))
  .filter((file) => statSync(file).isFile() && !file.endsWith('.json'))
  .map((file) => ({ text: readFileSync(file, 'latin1'), ending: file.replace(/.*\./, '') }));

type Edit = readonly [kind: 'drop' | 'double' | 'swap' | 'cut' | 'odd', at: number];

const odd = ['!', '{', '}', '"', "'", '\\', '\0', '${X}', '%[', '-m', '-i', ':', '0:', '*', '\xff', '[::', 'if', 'or'];

/** Changes words, blanks being words as well. */
function damage(text: string, edits: readonly Edit[]): string {
  let words = text.split(/(\s+)/);
  for (const [kind, at] of edits) {
    const index = at % words.length;
    if (kind === 'drop') words.splice(index, 1);
    else if (kind === 'double') words.splice(index, 0, words[index]!);
    else if (kind === 'odd') words.splice(index, 1, odd[at % odd.length]!);
    else if (kind === 'cut') words = words.slice(0, Math.max(1, index));
    else words.splice(index, 1, words[(at * 7) % words.length]!);
  }
  return words.join('');
}

describe('lint on damaged files', () => {
  const edit = fc.tuple(fc.constantFrom('drop', 'double', 'swap', 'odd', 'odd', 'cut'), fc.nat(10_000));
  const edits = fc.array(edit as fc.Arbitrary<Edit>, { minLength: 1, maxLength: 8 });
  const one = fc.nat(texts.length - 1);

  it('ends, and what it says can be reported', () => {
    fc.assert(
      fc.property(one, one, edits, (first, second, changes) => {
        const paths = [first, second].map((index, at) => {
          const { text, ending } = texts[index]!;
          const path = join(folder, `${at}.${ending}`);
          writeFileSync(path, damage(text, changes), 'latin1');
          return path;
        });
        const options = { compat: 'default', assumeFiles: true, carriedOut: true, configId: 'a', env: {} } as const;
        const targets = paths.map((path) => ({ name: path.at(-5)!, paths: [path] }));
        const ms = measureMs(() => {
          for (const set of [targets, [{ name: null, paths }]]) {
            const { diagnostics, files } = lintFiles(set, { ...options, facts: NO_FACTS });
            const input = { diagnostics, counted: diagnostics, files, describe: () => undefined, version: '' };
            for (const format of ['pretty', 'json', 'sarif', 'github', 'junit'] as const)
              renderReport(format, input, false);
          }
        });
        expect(ms).toBeLessThan(3000);
      }),
      { numRuns: 400 },
    );
  });
});
