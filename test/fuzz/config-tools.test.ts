/**
 * Migration and formatting on damaged files: nothing is thrown, no word is lost, and a second run finds nothing to do.
 * The files are the fixtures and, when it is there, the corpus.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { linesOf } from '../../grammar/haproxy/ast.ts';
import { parse } from '../../grammar/haproxy/parser.ts';
import { parse as parseKeepalived } from '../../grammar/keepalived/parser.ts';
import { formatHaproxy } from '../../src/config/format/haproxy.ts';
import { formatKeepalived } from '../../src/config/format/keepalived.ts';
import { migrateHaproxy } from '../../src/config/migrate/haproxy.ts';
import { migrateKeepalived } from '../../src/config/migrate/keepalived.ts';
import { migratedSource } from '../../src/config/migrate/migration.ts';
import { unifiedDiff } from '../../src/config/migrate/unified-diff.ts';

const corpus = resolve('../shared/corpus');

function textsOf(folders: readonly string[], extension: string): string[] {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(extension))
        .map((name) => `${folder}/${name}`),
    )
    .map((file) => readFileSync(file, 'latin1').replaceAll('\r', ''));
}

const pieces = [
  ' ',
  '\n',
  '\\',
  '"',
  "'",
  '#',
  '{',
  '}',
  '!',
  '@a ',
  '$A=',
  '\t',
  '\0',
  '${A}',
  '.if 1\n',
  'reqrep ',
  '(',
  ']',
  '\xff',
];

/** A part of a file with pieces put in and taken out. */
function damaged(texts: readonly string[]): fc.Arbitrary<string> {
  const cut = fc.tuple(fc.constantFrom(...texts), fc.nat(20_000), fc.nat(600));
  const change = fc.tuple(fc.nat(600), fc.nat(4), fc.constantFrom(...pieces));
  return fc.tuple(cut, fc.array(change, { maxLength: 6 })).map(([[text, from, length], changes]) => {
    const start = from % (text.length + 1);
    return changes.reduce(
      (part, [at, gone, piece]) => part.slice(0, at) + piece + part.slice(at + gone),
      text.slice(start, start + length),
    );
  });
}

const haproxyWords = (text: string): string[] =>
  [...linesOf(parse({ file: 'a', text }))].flatMap((line) => line.words.map(({ raw }) => raw));
const keepalivedWords = (text: string): string[] =>
  parseKeepalived({ file: 'a', text }).lines.flatMap(({ tokens }) =>
    tokens.map(({ image }) => image.trim()).filter((image) => image !== ''),
  );

it('haproxy.cfg', { timeout: 60_000 }, () => {
  const texts = textsOf(['fixtures/haproxy/ok', 'fixtures/haproxy/bad', `${corpus}/haproxy`], '.cfg');
  fc.assert(
    fc.property(damaged(texts), (text) => {
      const formatted = formatHaproxy({ file: 'a', text });
      expect(haproxyWords(formatted)).toEqual(haproxyWords(text));
      expect(formatHaproxy({ file: 'a', text: formatted })).toBe(formatted);
      const migration = migrateHaproxy({ file: 'a', text }, 'haproxy-3.4');
      expect(unifiedDiff(migration).length > 0).toBe(migration.edits.length > 0);
      expect(migrateHaproxy(migratedSource(migration), 'haproxy-3.4').edits).toEqual([]);
    }),
    { numRuns: 1500 },
  );
});

it('keepalived.conf', { timeout: 60_000 }, () => {
  const texts = textsOf(['fixtures/keepalived/ok', 'fixtures/keepalived/bad', `${corpus}/keepalived`], '.conf');
  fc.assert(
    fc.property(damaged(texts), (text) => {
      const formatted = formatKeepalived({ file: 'a', text });
      expect(keepalivedWords(formatted)).toEqual(keepalivedWords(text));
      expect(formatKeepalived({ file: 'a', text: formatted })).toBe(formatted);
      const migration = migrateKeepalived({ file: 'a', text });
      expect(migrateKeepalived(migratedSource(migration)).edits).toEqual([]);
    }),
    { numRuns: 1500 },
  );
});
