/**
 * Mistakes that people make, and what `tandem lint` says about them: `fixtures/mistakes`, a configuration, a line of
 * dashes, and every message in order (`severity code line:column message`, the suggestion behind an arrow, notes below).
 *
 * The first message has to be the one to act on, and one mistake has one message. `UPDATE=1` writes the second half.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../grammar/diagnostic.ts';
import { positionOf, toUtf8 } from '../../grammar/source.ts';
import { lintFiles } from '../../src/config/lint/lint-files.ts';

const folder = resolve(import.meta.dirname, '../../fixtures/mistakes');
const scratch = mkdtempSync(join(tmpdir(), 'tandem-mistakes-'));
const DASHES = '----\n';
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function describeDiagnostic({ severity, code, at, message, suggestion, notes = [] }: Diagnostic): string[] {
  const { line, column } = at ? positionOf(at.source, at.start) : { line: 0, column: 0 };
  const hint = suggestion === undefined ? '' : ` -> ${suggestion}`;
  return [`${severity} ${code} ${line}:${column} ${message}${hint}`, ...notes.map((note) => `    ${note.message}`)];
}

function lintText(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  const options = { compat: 'default', assumeFiles: true, facts: null, carriedOut: false, configId: null } as const;
  const { diagnostics } = lintFiles([{ name: null, paths: [path] }], { ...options, env: {} });
  const lines = diagnostics.flatMap(describeDiagnostic).map((line) => `${toUtf8(line)}\n`);
  return lines.join('').replaceAll(scratch, '.');
}

describe('fixtures/mistakes', () => {
  it.each(readdirSync(folder))('%s', (name) => {
    const path = join(folder, name);
    const [text = '', expected] = readFileSync(path, 'utf8').split(DASHES);
    const found = lintText(name, text);
    if (process.env.UPDATE) writeFileSync(path, `${text}${DASHES}${found}`);
    else expect(found).toBe(expected);
  });
});
