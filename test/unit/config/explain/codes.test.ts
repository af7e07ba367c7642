/** Every code that the languages and the migration can report is explained, and nothing else is. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { allEntries } from '../../../../src/config/explain/catalog.ts';
import { codeExplanations } from '../../../../src/config/explain/codes.ts';

const root = resolve(import.meta.dirname, '../../../..');
const files = ['grammar', 'src/config']
  .flatMap((top) =>
    readdirSync(resolve(root, top), { recursive: true, encoding: 'utf8' }).map((name) => `${top}/${name}`),
  )
  .filter((file) => /\.ts$/.test(file) && !/config\/(?:lint|explain|report)\//.test(file));
const text = files.map((file) => readFileSync(resolve(root, file), 'utf8')).join('\n');

/** Codes as first or second argument of a reporting function, and as a property. */
const used = /(?:\.(?:fail|error|warning|report|refuse)\(\s*(?:[\w.!]+,\s*)?|\bcode: )'([a-z]+(?:-[a-z0-9]+)+)'/g;

it('explains every code in use', () => {
  const codes = new Set([...text.matchAll(used)].map(([, code]) => code!));
  expect(codes.size).toBeGreaterThan(80);
  for (const { mistakes } of allEntries()) for (const [, code] of mistakes) codes.add(code);
  expect([...codes].filter((code) => !Object.hasOwn(codeExplanations, code))).toEqual([]);
});

it('explains no code that is gone', () => {
  expect(Object.keys(codeExplanations).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});

it('explains in one sentence', () => {
  for (const [code, line] of Object.entries(codeExplanations)) expect(line, code).toMatch(/^\S.*\.$/);
});
