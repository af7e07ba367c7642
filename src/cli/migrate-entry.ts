/**
 * `tandem migrate [--diff|--write] [--to TARGET] FILE-OR-DIRECTORY...`: old configuration files in the syntax of today.
 *
 * The new text of one file goes to standard output, or a diff of all, or the files are written. What a person has to
 * look at goes to standard error. When the new text still has errors in the language of the target, they are told as
 * well, so that nothing is left unsaid. Exit codes: 0 all is current now, 1 something is left to do, 2 unusable.
 */
import { writeFileSync } from 'node:fs';
import type { Diagnostic } from '../../grammar/diagnostic.ts';
import { positionOf, type Source, sourceOf, toUtf8 } from '../../grammar/source.ts';
import { configFilesIn, readConfigFile, STANDARD_INPUT } from '../config/config-files.ts';
import { languageOf } from '../config/language.ts';
import { loadHaproxy } from '../config/load-haproxy.ts';
import { loadKeepalived, localOptions } from '../config/load-keepalived.ts';
import { HAPROXY_TARGETS, type HaproxyTarget, migrateHaproxy } from '../config/migrate/haproxy.ts';
import { migrateKeepalived } from '../config/migrate/keepalived.ts';
import { type Migration, migratedSource } from '../config/migrate/migration.ts';
import { unifiedDiff } from '../config/migrate/unified-diff.ts';
import { CANNOT_WRITE_INPUT, NOTHING_GIVEN, printError, printOut } from './program.ts';

const KEEPALIVED_TARGETS = ['keepalived-2.4'] as const;
const EXIT_LEFT = 1;
const EXIT_UNUSABLE = 2;

const usage: readonly string[] = [
  `Usage: tandem migrate [--diff | --write] [--to ${[...HAPROXY_TARGETS, ...KEEPALIVED_TARGETS].join('|')}] FILE-OR-DIRECTORY...`,
  '',
  'Without --diff and --write the new text of one file goes to standard output. Remarks go to standard error.',
  'A directory stands for its *.cfg and *.conf of either language, - for standard input.',
  'Exit codes: 0 all is current now, 1 something is left to do, 2 unusable.',
];

interface MigrateArguments {
  readonly files: string[];
  output: 'text' | 'diff' | 'write';
  target: HaproxyTarget;
}

export function runMigrate(words: readonly string[]): number {
  if (words.includes('--help')) {
    printOut(usage);
    return 0;
  }
  const args = parseArguments(words);
  if (typeof args === 'string') {
    printError([`tandem migrate: ${args}`, ...usage]);
    return EXIT_UNUSABLE;
  }
  return Math.max(...args.files.map((file) => migrateFile(file, args)));
}

function parseArguments(words: readonly string[]): MigrateArguments | string {
  const args: MigrateArguments = { files: [], output: 'text', target: 'haproxy-3.4' };
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--diff' || word === '--write') args.output = word === '--diff' ? 'diff' : 'write';
    else if (word === '--to') {
      const target = words[++at];
      const known = HAPROXY_TARGETS.find((name) => name === target);
      if (known) args.target = known;
      else if (!KEEPALIVED_TARGETS.some((name) => name === target)) return `--to does not take '${target ?? ''}'`;
    } else if (word.startsWith('-') && word !== STANDARD_INPUT) return `unknown option '${word}'`;
    else args.files.push(...configFilesIn(word));
  }
  if (args.files.length === 0) return NOTHING_GIVEN;
  if (args.output === 'write' && args.files.includes(STANDARD_INPUT)) return CANNOT_WRITE_INPUT;
  if (args.output === 'text' && args.files.length > 1) return 'several files need --diff or --write';
  return args;
}

function migrateFile(file: string, args: MigrateArguments): number {
  let source: Source;
  try {
    source = sourceOf(file, readConfigFile(file));
  } catch (error) {
    printError([`tandem migrate: ${error instanceof Error ? error.message : String(error)}`]);
    return EXIT_UNUSABLE;
  }
  const isHaproxy = languageOf(file, source.text) === 'haproxy';
  const migration = isHaproxy ? migrateHaproxy(source, args.target) : migrateKeepalived(source);
  const left = remainingErrors(migration, isHaproxy ? args.target : 'keepalived-2.4');
  try {
    show(migration, args);
  } catch (error) {
    printError([`tandem migrate: ${error instanceof Error ? error.message : String(error)}`]);
    return EXIT_UNUSABLE;
  }
  printError([...migration.findings.map(findingLine), ...left.map(remainingLine)]);
  const unfinished = migration.findings.some(({ severity }) => severity === 'error') || left.length > 0;
  return unfinished ? EXIT_LEFT : 0;
}

function show(migration: Migration, { output }: MigrateArguments): void {
  // Bytes as they are: a diff of a text in another encoding must apply as well.
  if (output === 'diff')
    process.stdout.write(
      Buffer.from(
        unifiedDiff(migration)
          .map((line) => `${line}\n`)
          .join(''),
        'latin1',
      ),
    );
  else if (output === 'text') process.stdout.write(Buffer.from(migration.text, 'latin1'));
  else if (migration.edits.length > 0) writeFileSync(migration.source.file, Buffer.from(migration.text, 'latin1'));
}

/** Errors of the new text that the findings do not speak of: they were there before, and no migration mends them. */
function remainingErrors(migration: Migration, target: HaproxyTarget | 'keepalived-2.4'): Diagnostic[] {
  const source = migratedSource(migration);
  const bytes = Buffer.from(migration.text, 'latin1');
  const readFile = (path: string) => (path === source.file ? bytes : readConfigFile(path));
  const found =
    target === 'keepalived-2.4'
      ? loadKeepalived(source.file, { ...localOptions(target, null), assumeFiles: true, readFile }).diagnostics
      : loadHaproxy([source.file], { compat: target, assumeFiles: true, env: process.env, readFile }).diagnostics.list;
  const told = new Set(migration.findings.filter(({ code }) => code === 'not-migrated').map(wordsAt));
  return found.filter((one) => one.severity === 'error' && !told.has(lineWords(one)));
}

function wordsAt({ at }: Diagnostic): string {
  return at ? at.source.text.slice(at.start, at.end) : '';
}

/** The words of the line that a diagnostic stands on, without comment. */
function lineWords({ at }: Diagnostic): string {
  if (!at) return '';
  const { text } = at.source;
  const start = text.lastIndexOf('\n', at.start - 1) + 1;
  const end = text.indexOf('\n', at.start);
  return text
    .slice(start, end < 0 ? text.length : end)
    .replace(/(?<!\\)#.*$/, '')
    .trim();
}

function findingLine(finding: Diagnostic): string {
  return `${placeOf(finding)}${finding.code}: ${toUtf8(wordsAt(finding))}: ${finding.message}`;
}

function remainingLine(diagnostic: Diagnostic): string {
  return `${placeOf(diagnostic)}still-wrong: ${toUtf8(diagnostic.message)} (line of the new text)`;
}

function placeOf({ at }: Diagnostic): string {
  return at ? `${at.source.file}:${positionOf(at.source, at.start).line}: ` : '';
}
