/**
 * Migration and formatting on damaged files: nothing is thrown, no word is lost, and a second run finds nothing to do.
 * The files are the fixtures and, when it is there, the corpus.
 */
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
import { damaged, haproxyTexts, keepalivedTexts } from './damaged.ts';

const haproxyWords = (text: string): string[] =>
  [...linesOf(parse({ file: 'a', text }))].flatMap((line) => line.words.map(({ raw }) => raw));
const keepalivedWords = (text: string): string[] =>
  parseKeepalived({ file: 'a', text }).lines.flatMap(({ tokens }) =>
    tokens.map(({ image }) => image.trim()).filter((image) => image !== ''),
  );

it('haproxy.cfg', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(damaged(haproxyTexts()), (text) => {
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
  fc.assert(
    fc.property(damaged(keepalivedTexts()), (text) => {
      const formatted = formatKeepalived({ file: 'a', text });
      expect(keepalivedWords(formatted)).toEqual(keepalivedWords(text));
      expect(formatKeepalived({ file: 'a', text: formatted })).toBe(formatted);
      const migration = migrateKeepalived({ file: 'a', text });
      expect(migrateKeepalived(migratedSource(migration)).edits).toEqual([]);
    }),
    { numRuns: 1500 },
  );
});
