/** Every word of the inventory of keepalived 2.4 has a row in the block that it belongs to, with its release. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Row, Table } from '../../grammar/keepalived/keyword.ts';
import { root } from '../../grammar/keepalived/keywords/root.ts';

const inventory = resolve('../shared/reference/keepalived-keywords.json');
const isThere = existsSync(inventory);
if (!isThere) console.log(`skipped: no inventory at ${inventory}`);

interface Listed {
  readonly path: string;
  readonly since: string;
  readonly takes: string;
}

function rowOf(path: string): Row<never> | undefined {
  let table: Table<never> | null = root as Table<never>;
  let row: Row<never> | undefined;
  for (const name of path.split('/')) {
    row = table?.rows.get(name);
    table = row?.table ?? null;
  }
  return row;
}

const order = (version: string) => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);

/** The inventory gives the first release that has the name in any block; no word is older than its own block. */
function firstOf(path: string, since: string): string {
  const parents = path
    .split('/')
    .slice(0, -1)
    .map((_name, i, all) => rowOf(all.slice(0, i + 1).join('/'))!.since!);
  return [since, ...parents].reduce((latest, each) => (order(each) > order(latest) ? each : latest));
}

describe.skipIf(!isThere)('the inventory of keepalived', () => {
  const { keywords, removed } = JSON.parse(readFileSync(isThere ? inventory : '/dev/null', 'utf8') || '{}') as {
    keywords: Listed[];
    removed: { name: string }[];
  };

  it('has a row for every word', () => {
    expect(keywords.filter(({ path }) => !rowOf(path)).map(({ path }) => path)).toEqual([]);
    expect(keywords.length).toBeGreaterThan(500);
  });

  it('knows blocks from words', () => {
    // The inventory takes these two lists for words.
    const isList = (path: string) => path.endsWith('/track_file') && !path.includes('FILE_CHECK');
    const wrong = keywords.filter(
      ({ path, takes }) => (isList(path) || /block/.test(takes)) !== (rowOf(path)?.shape !== 'word'),
    );
    expect(wrong.map(({ path, takes }) => `${path}: ${takes}`)).toEqual([]);
  });

  it('knows which release has a word first', () => {
    const wrong = keywords.filter(
      ({ path, since }) => /^v/.test(since) && firstOf(path, rowOf(path)!.since!) !== firstOf(path, since.slice(1)),
    );
    expect(wrong.map(({ path, since }) => `${path}: ${since}, here ${rowOf(path)?.since}`)).toEqual([]);
  });

  it('knows the words that are gone', () => {
    const known = new Set<string>();
    const collect = (table: Table<never>) => {
      for (const row of table.rows.values()) {
        if (row.removed !== undefined) known.add(row.name);
        if (row.table) collect(row.table);
      }
    };
    collect(root as Table<never>);
    expect(removed.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  });
});
