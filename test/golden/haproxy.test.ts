/**
 * Fixtures of the haproxy.cfg language: a configuration that makes one point, a line of dashes, and what comes of it.
 *
 * Below the dashes: one line per diagnostic (`severity code line:column message`, and the suggestion after an arrow),
 * then, for configurations that load, the part of the resolved records that the fixture is about.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../grammar/diagnostic.ts';
import { positionOf } from '../../grammar/source.ts';
import { loadHaproxy } from '../../src/config/load-haproxy.ts';

const env = { COLOR: 'green', FD: '6', FLAGS: 'check inter 5s', HOME: '/root' };

function describeDiagnostic({ severity, code, at, message, suggestion }: Diagnostic): string {
  const { line, column } = at ? positionOf(at.source, at.start) : { line: 0, column: 0 };
  const hint = suggestion ? ` -> ${suggestion}` : '';
  return `${severity} ${code} ${line}:${column} ${message}${hint}`;
}

function runFixture(path: string) {
  const [text = '', expected = ''] = readFileSync(path, 'utf8').split('\n----\n');
  const readFile = () => Buffer.from(`${text}\n`);
  const loaded = loadHaproxy([path], { compat: 'default', assumeFiles: true, env, readFile });
  const lines = expected.split('\n').filter((line) => line !== '');
  const json = lines.at(-1)?.startsWith('{') ? JSON.parse(lines.pop()!) : null;
  return { loaded, diagnostics: loaded.diagnostics.list.map(describeDiagnostic), lines, json };
}

describe('haproxy.cfg that loads', () => {
  const folder = 'fixtures/haproxy/ok';
  it.each(readdirSync(folder))('%s', (name) => {
    const { loaded, diagnostics, lines, json } = runFixture(`${folder}/${name}`);
    expect(diagnostics).toEqual(lines);
    expect(json).not.toBeNull();
    expect(loaded.config).toMatchObject(json);
  });
});

describe('haproxy.cfg that is refused', () => {
  const folder = 'fixtures/haproxy/bad';
  it.each(readdirSync(folder))('%s', (name) => {
    const { loaded, diagnostics, lines } = runFixture(`${folder}/${name}`);
    expect(diagnostics).toEqual(lines);
    expect(lines.some((line) => line.startsWith('error '))).toBe(true);
    expect(loaded.config).toBeNull();
  });
});
