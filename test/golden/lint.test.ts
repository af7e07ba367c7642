/**
 * Every lint rule on files where it fires and on files where it must not: `fixtures/lint/CODE/{fires,silent}*`.
 *
 * The files of one name are one machine (`fires.cfg`, `fires.conf`, and `fires.json` with the facts about it); names
 * that end in `-a` and `-b` are two nodes. A comment `# finding` stands on each line where the code is to be reported,
 * and it must be reported nowhere else.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lineText, positionOf } from '../../grammar/source.ts';
import { parseHostFacts } from '../../src/config/lint/host-facts.ts';
import { lintFiles } from '../../src/config/lint/lint-files.ts';
import { ruleCodes, rules } from '../../src/config/lint/rules.ts';

const folder = resolve(import.meta.dirname, '../../fixtures/lint');
const documentation = readFileSync(resolve(import.meta.dirname, '../../docs/lint.md'), 'utf8');
const codes = readdirSync(folder);

interface Case {
  readonly name: string;
  readonly files: readonly string[];
}

/** The cases of a code: names without their ending and without `-a` and `-b`. */
function casesOf(code: string): Case[] {
  const files = readdirSync(join(folder, code));
  const names = new Set(files.map((file) => file.replace(/(?:-[ab])?\.\w+$/, '')));
  return [...names].map((name) => ({
    name,
    files: files.filter((file) => file.replace(/(?:-[ab])?\.\w+$/, '') === name),
  }));
}

function lintCase(code: string, { files }: Case) {
  const path = (file: string) => join(folder, code, file);
  const factsFile = files.find((file) => file.endsWith('.json'));
  const facts = factsFile === undefined ? null : parseHostFacts(readFileSync(path(factsFile), 'utf8'));
  if (typeof facts === 'string') throw new Error(`${factsFile}: ${facts}`);
  const configs = files.filter((file) => file !== factsFile);
  const isNodes = configs.every((file) => /-[ab]\.conf$/.test(file));
  const targets = isNodes
    ? configs.map((file) => ({ name: file.at(-6)!, paths: [path(file)] }))
    : [{ name: null, paths: configs.map(path) }];
  return lintFiles(targets, {
    compat: 'default',
    assumeFiles: true,
    facts,
    carriedOut: false,
    configId: 'node',
    env: {},
  });
}

/** The lines where the code is reported, as "file:line", and those that are marked. */
function compare(code: string, one: Case) {
  const { diagnostics, files } = lintCase(code, one);
  const reported = diagnostics
    .filter((diagnostic) => diagnostic.code === code)
    .map(({ at }) => `${at!.source.file}:${positionOf(at!.source, at!.start).line}`);
  const marked = files.flatMap((file) => {
    const text = readFileSync(file, 'latin1');
    const lines = text.split('\n').map((_, index) => index + 1);
    return lines
      .filter((line) => lineText({ file, text }, line).endsWith('# finding'))
      .map((line) => `${file}:${line}`);
  });
  return { reported: [...new Set(reported)].sort(), marked: marked.sort(), diagnostics };
}

describe('lint rules', () => {
  it.each(codes)('%s fires where it should and nowhere else', (code) => {
    const cases = casesOf(code);
    expect(cases.some(({ name }) => name.startsWith('fires'))).toBe(true);
    expect(cases.some(({ name }) => name.startsWith('silent'))).toBe(true);
    for (const one of cases) {
      const { reported, marked, diagnostics } = compare(code, one);
      expect(reported, one.name).toEqual(marked);
      if (one.name.startsWith('fires')) expect(reported, one.name).not.toEqual([]);
      else expect(reported, one.name).toEqual([]);
      // What a rule is shown on is a configuration that can be read.
      if (ruleCodes.has(code)) expect(diagnostics.filter((d) => d.severity === 'error' && d.code !== code)).toEqual([]);
    }
  });

  it('has fixtures for every rule', () => {
    expect(rules.map((rule) => rule.code).filter((code) => !codes.includes(code))).toEqual([]);
  });

  it('has every code once', () => {
    expect(ruleCodes.size).toBe(rules.length);
    for (const code of ruleCodes) expect(code).toMatch(/^[a-z]+(?:-[a-z]+)+$/);
  });

  it('is documented, each rule under a heading of its own', () => {
    const headings = [...documentation.matchAll(/^### (\S+)$/gm)].map((match) => match[1]!);
    expect([...headings].sort()).toEqual([...new Set([...ruleCodes, ...codes, 'useless-ignore'])].sort());
  });

  it.each(rules.map((rule) => [rule.code, rule.doc]))('%s has its line in the documentation', (code, doc) => {
    expect(documentation).toContain(`### ${code}\n\n${doc}`);
  });
});
