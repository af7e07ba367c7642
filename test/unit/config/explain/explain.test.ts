/** What `tandem explain` says is read off the rows; the printed reference is what the rows say now. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { proxyTable } from '../../../../grammar/haproxy/keywords/table.ts';
import { allEntries } from '../../../../src/config/explain/catalog.ts';
import { explain, subjects, suggest } from '../../../../src/config/explain/explain.ts';
import { printReference } from '../../../../src/config/explain/reference.ts';

it('explains a word of haproxy.cfg with its ages and examples', () => {
  const row = proxyTable.rows.get('timeout connect')!;
  const lines = explain('timeout connect')!;
  expect(lines).toContain(`  ${row.doc}`);
  expect(lines).toContain('  Stands in: defaults, listen, backend (haproxy.cfg)');
  expect(lines).toContain('  wrong: timeout connect 5x  (bad-time)');
  expect(explain('contimeout')!.join('\n')).toContain('removed in 2.1: use timeout connect.');
});

it('explains a word of keepalived.conf in all its blocks', () => {
  const lines = explain('virtual_router_id')!;
  expect(lines).toContain('  Stands in: vrrp_instance (keepalived.conf)');
});

it('explains samples, converters, criteria and actions', () => {
  expect(explain('src')).toContain('  Gives an address.');
  expect(explain('lower')).toContain('  Makes a string of a string.');
  expect(explain('path_beg')!.join('\n')).toContain("'path -m beg'");
  expect(explain('set-path')).toContain('  Stands in: actions (haproxy.cfg)');
});

it('has a line for every word', () => {
  expect(allEntries().filter(({ doc }) => /^Accepted, not carried out|^\.?$/.test(doc))).toEqual([]);
});

it('explains codes, and says what is near an unknown one', () => {
  expect(explain('unknown-keyword')![0]).toBe('unknown-keyword (code of a diagnostic)');
  expect(explain('unknwon-keyword')).toBeNull();
  expect(suggest('unknwon-keyword')).toBe('unknown-keyword');
  expect(explain('constructor')).toBeNull();
});

it('can explain everything it lists', () => {
  const all = subjects();
  expect(all.length).toBeGreaterThan(800);
  for (const subject of all) expect(explain(subject), subject).not.toBeNull();
});

it.each(['haproxy', 'keepalived'] as const)('docs/reference/%s.md is not stale', (language) => {
  const file = resolve(import.meta.dirname, `../../../../docs/reference/${language}.md`);
  const isCurrent = readFileSync(file, 'utf8') === printReference(language);
  expect(isCurrent, 'run node scripts/print-reference.mjs').toBe(true);
});
