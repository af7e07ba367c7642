import { describe, expect, it } from 'vitest';
import type { Row, Table } from '../../../../grammar/keepalived/keyword.ts';
import { root } from '../../../../grammar/keepalived/keywords/root.ts';
import { readText } from './reading.ts';

/** A head that every block takes. */
const HEADS: Readonly<Record<string, string>> = {
  virtual_server: 'virtual_server 192.0.2.1 80',
  real_server: 'real_server 192.0.2.2 80',
};

interface Home {
  readonly row: Row<never>;
  readonly path: readonly string[];
}

function collect(table: Table<never>, path: readonly string[]): Home[] {
  return [...table.rows.values()].flatMap((row) => [
    { row, path },
    ...(row.table ? collect(row.table, [...path, row.name]) : []),
  ]);
}

const homes = collect(root as Table<never>, []);
const NAMED = /^(vrrp_|bfd_|track_)/;

function wrap(path: readonly string[], line: string): string {
  const opens = path.map((name) => `${HEADS[name] ?? (NAMED.test(name) ? `${name} X` : name)} {`);
  return [...opens, line, ...path.map(() => '}'), ''].join('\n');
}

/** Codes of what was said about the line itself. */
function codesOf(home: Home, line: string): string[] {
  const at = `${home.path.length + 1}:`;
  return readText(wrap(home.path, line))
    .codes.filter((each) => each.split(' ')[1]!.startsWith(at))
    .map((each) => each.split(' ')[0]!);
}

const QUIET = [
  'not-carried-out',
  'script-security',
  'script-not-here',
  'notify-not-here',
  'user-not-here',
  'interface-not-here',
];
const accepted = homes.flatMap((home) => (home.row.accept ?? []).map((line) => ({ home, line })));
const rejected = homes.flatMap((home) => (home.row.reject ?? []).map(([line, code]) => ({ home, line, code })));

describe('keyword rows', () => {
  it.each(accepted)('takes: $line', ({ home, line }) => {
    expect(codesOf(home, line).filter((code) => !QUIET.includes(code))).toEqual([]);
  });

  it.each(rejected)('refuses: $line ($code)', ({ home, line, code }) => {
    expect(codesOf(home, line)).toContain(code);
  });

  it('says of every word that is not carried out that it is not', () => {
    const silent = homes.filter(({ row, path }) => {
      if (row.carried || row.shape !== 'word' || path.includes('virtual_server') || path.includes('auth_hmac'))
        return false;
      if (
        path.some((name) => ['SSL', 'garp_group', 'track_group'].includes(name) || /^(track|vrrp_track|bfd)/.test(name))
      )
        return false;
      const codes = codesOf({ row, path }, row.name);
      return !codes.includes('not-carried-out') && !codes.includes('removed-keyword');
    });
    expect(silent.map(({ row, path }) => [...path, row.name].join('/'))).toEqual([]);
  });

  it('has a sentence and a version for every word', () => {
    const bare = homes.filter(
      ({ row }) => !row.doc || row.doc.endsWith('.') || !/^\d+\.\d+\.\d+$/.test(row.since ?? ''),
    );
    expect(bare.map(({ row }) => row.name)).toEqual([]);
  });

  it('gives an example for every word that is carried out', () => {
    const bare = homes.filter(({ row }) => row.carried && row.shape === 'word' && (row.accept ?? []).length === 0);
    expect(bare.map(({ row }) => row.name)).toEqual([]);
  });
});
