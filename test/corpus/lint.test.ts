/**
 * Lint rules on real files: none of their findings of level error stands on a file that its original accepts, unless a
 * reviewer would agree. Those are listed in `agreed`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { positionOf } from '../../grammar/source.ts';
import { type LintTarget, lintFiles } from '../../src/config/lint/lint-files.ts';
import { ruleCodes } from '../../src/config/lint/rules.ts';

const corpus = resolve('../shared/corpus');
const isThere = existsSync(corpus);
if (!isThere) console.log(`skipped: lint rules on real files, ${corpus} is not there`);

const agreed: readonly string[] = [
  // Servers at 10.264.0.87 and the like, which HAProxy refuses as well where it may look names up.
  '085.cfg:106 impossible-address',
  '085.cfg:107 impossible-address',
  '085.cfg:108 impossible-address',
];

function lint(targets: readonly LintTarget[]) {
  return lintFiles(targets, {
    compat: 'default',
    assumeFiles: true,
    facts: null,
    carriedOut: false,
    configId: 'node',
    env: {},
  }).diagnostics;
}

describe.skipIf(!isThere)('lint rules on real files', () => {
  it.each([
    ['haproxy', '.cfg'],
    ['keepalived', '.conf'],
  ])('report no error in %s', (language, ending) => {
    const folder = `${corpus}/${language}`;
    const names = readdirSync(folder).filter((name) => name.endsWith(ending));
    expect(names.length).toBeGreaterThan(100);
    let findings = 0;
    const errors = names.flatMap((name) => {
      const found = lint([{ name: null, paths: [`${folder}/${name}`] }]).filter(({ code }) => ruleCodes.has(code));
      findings += found.length;
      return found
        .filter(({ severity }) => severity === 'error')
        .map(({ code, at }) => `${name}:${positionOf(at!.source, at!.start).line} ${code}`);
    });
    expect(errors.filter((error) => !agreed.includes(error))).toEqual([]);
    // The rules are not asleep.
    expect(findings).toBeGreaterThan(50);
  });

  it('compare pairs of nodes', () => {
    const folder = `${corpus}/pairs`;
    const pairs = readdirSync(folder).filter((name) => name.endsWith('-a.conf'));
    expect(pairs.length).toBeGreaterThan(10);
    const found = pairs.flatMap((name) => {
      const targets = ['a', 'b'].map((node) => ({
        name: node,
        paths: [`${folder}/${name.replace('-a.conf', `-${node}.conf`)}`],
      }));
      return lint(targets).filter(({ code }) => code.startsWith('nodes-'));
    });
    expect(new Set(found.map(({ code }) => code)).size).toBeGreaterThan(2);
  });
});
