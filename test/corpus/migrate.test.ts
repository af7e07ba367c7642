/**
 * Migrating every legacy file of the corpus of real configurations: what comes out is accepted by Debian's haproxy 2.6,
 * or every line that it refuses was reported. Prints the figures.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { positionOf, sourceOf } from '../../grammar/source.ts';
import { loadHaproxy } from '../../src/config/load-haproxy.ts';
import { loadKeepalived, localOptions } from '../../src/config/load-keepalived.ts';
import { migrateHaproxy } from '../../src/config/migrate/haproxy.ts';
import { migrateKeepalived } from '../../src/config/migrate/keepalived.ts';
import { type Migration, migratedSource } from '../../src/config/migrate/migration.ts';
import { oldForms } from '../unit/config/migrate/old-forms.ts';
import { hasHaproxy, Surroundings, type Verdict } from './surroundings.ts';

const corpus = resolve('../shared/corpus');
const runnable = existsSync(`${corpus}/index.tsv`) && hasHaproxy();
if (!runnable) console.log('skipped: migration of the corpus needs ../shared/corpus and haproxy');

/** Files by the class of a verdict: column 9 is that of haproxy 2.6, column 10 that of 3.4. */
function filesWith(column: 9 | 10, verdict: RegExp): string[] {
  const rows = readFileSync(`${corpus}/index.tsv`, 'utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  return rows.filter((row) => row[0] === 'haproxy' && verdict.test(row[column] ?? '')).map((row) => row[1]!);
}

/** Files that are refused because of their age. */
function legacyFiles(column: 9 | 10 = 9): string[] {
  return filesWith(column, /legacy|no-final/);
}

/** Lines of the new text that were reported: by the migration, or by our own check of the new text. */
function reportedLines(migration: Migration): Set<number> {
  const source = migratedSource(migration);
  const lines = source.text.split('\n').map((line) => line.trim());
  const reported = new Set<number>();
  for (const { code, at } of migration.findings) {
    if (code !== 'not-migrated' || !at) continue;
    const words = at.source.text.slice(at.start, at.end);
    for (const [index, line] of lines.entries()) if (line.startsWith(words)) reported.add(index + 1);
  }
  const bytes = Buffer.from(migration.text, 'latin1');
  const options = { compat: 'haproxy-2.6', assumeFiles: true, env: {}, readFile: () => bytes } as const;
  for (const { severity, at } of loadHaproxy([source.file], options).diagnostics.list) {
    if (severity === 'error' && at) reported.add(positionOf(at.source, at.start).line);
  }
  return reported;
}

function unreported({ alerts }: Verdict, migration: Migration): string[] {
  const reported = reportedLines(migration);
  // What haproxy says without a line needs a reported line; a filter's own configuration cannot be made up here.
  return alerts
    .filter(
      ({ line, message }) =>
        !reported.has(line) &&
        !(line === 0 && reported.size > 0) &&
        !/no such ACL|SPOE|Could not open configuration file/.test(message),
    )
    .map(({ message }) => message);
}

describe.skipIf(!hasHaproxy())('forms of today', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-forms-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are accepted by haproxy 2.6', { timeout: 180_000 }, () => {
    const surroundings = new Surroundings(folder);
    const declared = ['a', 'b', 'x', 'y', 'old', 'inside'].map((name) => `  acl ${name} always_true\n`).join('');
    const refused = oldForms.flatMap(([header, , ...modern]) => {
      // Younger than 2.6.
      if (modern[0]!.startsWith('tune.quic.')) return [];
      const body =
        header === 'global' || header === 'defaults'
          ? ''
          : declared.replace(modern[0]!.includes('acl old') ? '  acl old always_true\n' : '', '');
      const mode = header === 'global' || modern[0]!.startsWith('tcp-') ? '' : '  mode http\n';
      const text = `${header}\n${mode}${body}${modern.map((line) => `  ${line}\n`).join('')}backend images\n  mode http\nbackend static\n  mode http\n`;
      return surroundings.check('form.cfg', text).alerts.map(({ message }) => `${modern.join(' / ')}: ${message}`);
    });
    expect(refused).toEqual([]);
  });
});

describe.skipIf(!runnable)('migration of the corpus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-migrate-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ends in what haproxy 2.6 accepts, or in a report of what is left', { timeout: 180_000 }, () => {
    const surroundings = new Surroundings(folder);
    const names = legacyFiles();
    const accepted: string[] = [];
    const withReport: string[] = [];
    const silent: string[] = [];
    for (const name of names) {
      const source = sourceOf(`${name}.cfg`, readFileSync(`${corpus}/haproxy/${name}.cfg`));
      const migration = migrateHaproxy(source, 'haproxy-3.4');
      const verdict = surroundings.check(`${name}.cfg`, migration.text);
      const left = unreported(verdict, migration);
      if (verdict.accepted) accepted.push(name);
      else if (left.length === 0 && verdict.alerts.length > 0) withReport.push(name);
      else silent.push(`${name}: ${left.join('; ')}`);
    }
    console.log(
      `legacy files: ${names.length}, accepted after migration: ${accepted.length}, ` +
        `left with a report: ${withReport.length} (${withReport.join(' ')}), refused silently: ${silent.length}`,
    );
    expect(silent).toEqual([]);
    expect(accepted.length).toBeGreaterThanOrEqual(names.length * 0.9);
  });

  it('leaves few errors for release 3.4, by our own check', () => {
    const names = legacyFiles(10);
    const clean = names.filter((name) => {
      const source = sourceOf(`${name}.cfg`, readFileSync(`${corpus}/haproxy/${name}.cfg`));
      const bytes = Buffer.from(migrateHaproxy(source, 'haproxy-3.4').text, 'latin1');
      const options = { compat: 'haproxy-3.4', assumeFiles: true, env: {}, readFile: () => bytes } as const;
      return !loadHaproxy([name], options).diagnostics.hasErrors;
    });
    console.log(`legacy for 3.4: ${names.length}, without errors after migration: ${clean.length}`);
    expect(clean.length).toBeGreaterThanOrEqual(names.length * 0.93);
  });

  it('finds nothing to do in files that 3.4 accepts without a warning', () => {
    const names = filesWith(10, /^(?:valid$|env-only)/);
    expect(names.length).toBeGreaterThan(40);
    for (const name of names) {
      const source = sourceOf(`${name}.cfg`, readFileSync(`${corpus}/haproxy/${name}.cfg`));
      expect(migrateHaproxy(source, 'haproxy-3.4').findings, name).toEqual([]);
    }
  });

  it('changes nothing the second time, and no line that it does not name', () => {
    for (const name of legacyFiles()) {
      const source = sourceOf(`${name}.cfg`, readFileSync(`${corpus}/haproxy/${name}.cfg`));
      const migration = migrateHaproxy(source, 'haproxy-3.4');
      expect(migrateHaproxy(migratedSource(migration), 'haproxy-3.4').edits, name).toEqual([]);
      const touched = new Set(migration.edits.map(({ line }) => line));
      const kept = source.text.split(/(?<=\n)/).filter((_, line) => !touched.has(line));
      let at = 0;
      for (const line of kept) {
        const found = migration.text.indexOf(line, at);
        expect(found, `${name}: ${line}`).toBeGreaterThanOrEqual(0);
        at = found + line.length;
      }
    }
  });
});

describe.skipIf(!existsSync(corpus))('migration of keepalived.conf', () => {
  it('leaves no old word that it does not name', () => {
    const folder = `${corpus}/keepalived`;
    let migrated = 0;
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.conf'))) {
      const source = sourceOf(name, readFileSync(`${folder}/${name}`));
      const migration = migrateKeepalived(source);
      if (migration.edits.length > 0) migrated++;
      expect(migrateKeepalived(migratedSource(migration)).edits, name).toEqual([]);
      const named = migration.findings.flatMap(({ code, at }) =>
        code === 'not-migrated' ? [source.text.slice(at!.start, at!.end)] : [],
      );
      const old = oldWords(name, migration.text).filter((line) => !named.includes(line));
      expect(old, name).toEqual([]);
    }
    console.log(`keepalived.conf with old words: ${migrated}`);
    expect(migrated).toBeGreaterThan(10);
  });
});

/** The words of lines with a keyword that is gone or going. */
function oldWords(name: string, text: string): string[] {
  const readFile = (path: string) => {
    if (path === name) return Buffer.from(text, 'latin1');
    throw Object.assign(new Error(path), { code: 'ENOENT' });
  };
  const options = { ...localOptions('default', 'a'), assumeFiles: true, env: {}, readFile };
  return loadKeepalived(name, options)
    .diagnostics.filter(({ code, at }) => /^(?:removed|deprecated)-keyword$/.test(code) && at?.source.file === name)
    .map(({ at }) =>
      at!.source.text
        .slice(at!.start)
        .split('\n')[0]!
        .replace(/[#!].*/, '')
        .trim(),
    );
}
