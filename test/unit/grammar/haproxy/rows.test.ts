/** The examples on keyword rows hold: what should parse parses, what should fail fails with its code. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Diagnostics } from '../../../../grammar/diagnostic.ts';
import type { KeywordRow, Language } from '../../../../grammar/haproxy/keyword.ts';
import { neededWords, sectionRows } from '../../../../grammar/haproxy/keywords/section-rows.ts';
import { bindTable, globalTable, proxyTable, serverTable } from '../../../../grammar/haproxy/keywords/table.ts';
import { lower } from '../../../../grammar/haproxy/lower.ts';
import { parse } from '../../../../grammar/haproxy/parser.ts';

const lenient: Language = { release: [3, 4], lenient: true };

function lowerText(text: string, language = lenient) {
  const diagnostics = new Diagnostics();
  const nodes = lower([parse({ file: 'x', text })], { language, env: {}, diagnostics });
  for (const { code, at, message } of nodes.faults) diagnostics.error(code, at, message);
  return { nodes, list: diagnostics.list };
}

/** A line where the row may stand. Rules in defaults need a name. */
function placed(row: KeywordRow<never>, line: string): string {
  const section = row.in.find((name) => name !== 'defaults') ?? row.in[0]!;
  if (section === 'bind') return `frontend x\n${line}\n`;
  if (section === 'server') return `backend x\n${line}\n`;
  const [needed] = Object.entries(neededWords).find(([name]) => name === section) ?? [];
  const first = needed === 'cache' ? 'total-max-size 4\n' : needed ? 'docroot /x\n' : '';
  if (sections.includes(row)) return `${section} x\n${first}${line}\n`;
  return section === 'global' ? `global\n${line}\n` : `${section} x\n${line}\n`;
}

const rows = [globalTable, proxyTable, bindTable, serverTable].flatMap((table) =>
  [...table.rows.values()].map((row) => row as unknown as KeywordRow<never>),
);
const sections = sectionRows.map((row) => row as unknown as KeywordRow<never>);
const good = [...rows, ...sections].flatMap((row) => row.ok.map((line) => [line, row] as const));
const bad = [...rows, ...sections].flatMap((row) => row.bad.map(([line, code]) => [line, code, row] as const));

/** Do its arguments take any word? */
function isUntyped(row: KeywordRow<never>): boolean {
  return row.args.every((argument) => argument.label === '<argument>');
}

describe('keyword rows', () => {
  it('are many, with examples that fail', () => {
    expect(rows.length).toBeGreaterThan(600);
    expect(good.length).toBeGreaterThan(150);
    expect(bad.length).toBeGreaterThan(150);
  });

  it.each(good)('accept: %s', (line, row) => {
    const { list } = lowerText(placed(row, line));
    expect(list.filter((diagnostic) => diagnostic.severity === 'error')).toEqual([]);
  });

  it.each(bad)('refuse: %s (%s)', (line, code, row) => {
    const errors = lowerText(placed(row, line)).list.filter((diagnostic) => diagnostic.severity === 'error');
    expect(errors.map((diagnostic) => diagnostic.code)).toEqual([code]);
  });

  it.each(
    rows.filter((row) => row.apply && !row.inert && !row.removed && row.ok.length > 0).map((row) => [row.name, row]),
  )('carry out without a warning, or say what is left out: %s', (_, row) => {
    const { list } = lowerText(placed(row as KeywordRow<never>, (row as KeywordRow<never>).ok[0]!));
    const codes = new Set(list.map((diagnostic) => diagnostic.code));
    codes.delete('not-carried-out');
    codes.delete('deprecated-keyword');
    expect([...codes]).toEqual([]);
  });

  it('warn once for a word that nobody carries out', () => {
    const untyped = rows.filter((row) => row.doc === 'Accepted, not carried out.' && !row.apply && isUntyped(row));
    expect(untyped.length).toBeGreaterThan(200);
    for (const row of untyped) {
      const address = row.in.includes('bind') ? 'bind :80 ' : row.in.includes('server') ? 'server s 127.0.0.1:80 ' : '';
      const name = /(?:un)?set-var(?:-fmt)?$/.test(row.name) ? `${row.name}(check.a)` : row.name;
      const line = `${address}${name}${' 1'.repeat(row.args.length)}`;
      const { list } = lowerText(placed(row, line));
      expect(
        list.map((diagnostic) => diagnostic.code),
        line,
      ).toEqual(['not-carried-out']);
    }
  });

  it('say in which release a removed word went and what to write instead', () => {
    const removed = rows.filter((row) => row.removed && row.ok.length > 0);
    expect(removed.length).toBeGreaterThan(40);
    for (const row of removed) {
      const text = placed(row, row.ok[0]!);
      const warnings = lowerText(text).list.map((diagnostic) => diagnostic.message);
      expect(warnings.join('\n'), row.name).toContain(`was removed in HAProxy ${row.removed!.in}`);
      const strict = lowerText(text, { release: [3, 4], lenient: false }).list;
      expect(strict.map((diagnostic) => [diagnostic.severity, diagnostic.code])).toEqual([
        ['error', 'removed-keyword'],
      ]);
    }
  });

  it('are unknown before the release that brought them', () => {
    const text = 'frontend x\n log-steps accept\n';
    expect(lowerText(text, { release: [3, 1], lenient: false }).list).toEqual([]);
    expect(lowerText(text, { release: [3, 0], lenient: false }).list[0]?.code).toBe('unknown-keyword');
  });

  const reference = resolve('../shared/reference/haproxy-keywords.json');
  if (!existsSync(reference)) console.log(`skipped: keyword reference, ${reference} is not there`);
  it.skipIf(!existsSync(reference))('cover every word of the reference', () => {
    const words = JSON.parse(readFileSync(reference, 'utf8')) as Record<string, { name: string; contexts: string[] }[]>;
    const apart = new Set([
      'bind',
      'server',
      'default-server',
      'server-template',
      'usesrc',
      'master-worker no-exit-on-failure',
    ]);
    for (const [kind, table] of Object.entries({
      global: globalTable,
      proxy: proxyTable,
      bind: bindTable,
      server: serverTable,
    })) {
      const missing = words[kind]!.map((word) => word.name).filter((name) => !table.rows.has(name) && !apart.has(name));
      expect(missing, kind).toEqual([]);
    }
  });
});

describe('lower', () => {
  const word = fc.oneof(
    fc.constantFrom(...rows.flatMap((row) => row.name.split(' '))),
    fc.constantFrom('global', 'defaults', 'listen a', 'frontend b', 'backend c', 'no', '127.0.0.1:80', '10', '5s'),
    fc.constantFrom(
      'if',
      '{',
      '}',
      '!',
      '.if',
      '.else',
      '.endif',
      '"',
      "'x",
      '"$A"',
      'from',
      'bind :80',
      'server s :80',
    ),
    fc.string({ maxLength: 5 }),
  );
  const text = fc
    .array(fc.array(word, { maxLength: 6 }), { maxLength: 25 })
    .map((lines) => lines.map((words) => words.join(' ')).join('\n'));

  it('ends with a tree and diagnostics on anything', () => {
    fc.assert(
      fc.property(text, fc.boolean(), (config, isLenient) => {
        const { list } = lowerText(config, { release: [2, 6], lenient: isLenient });
        for (const { at } of list) {
          expect(at!.start).toBeGreaterThanOrEqual(0);
          expect(at!.end).toBeGreaterThanOrEqual(at!.start);
        }
      }),
      { numRuns: 500 },
    );
  });
});
