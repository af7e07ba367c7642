/** `tandem lint` and `tandem --config-test`: findings out, exit code back. */
import { existsSync, readFileSync } from 'node:fs';
import type { Diagnostic } from '../../grammar/diagnostic.ts';
import { STANDARD_INPUT } from '../config/config-files.ts';
import { type HostFacts, parseHostFacts } from '../config/lint/host-facts.ts';
import { type LintTarget, lintFiles } from '../config/lint/lint-files.ts';
import { describeRule } from '../config/lint/rules.ts';
import { type Format, renderReport } from '../config/report/report.ts';
import { VERSION } from '../version.ts';
import { type FailOn, type LintArguments, lintUsage, parseLintArguments } from './lint-arguments.ts';
import { assumesFiles, printError, printOut, readProfile } from './program.ts';

const EXIT_FOUND = 1;
const EXIT_UNUSABLE = 2;

/** `tandem lint`: whoever will run the files. */
export async function runLint(words: readonly string[]): Promise<number> {
  return runWith(words, false);
}

/** `tandem --config-test`: the same, and what this program would not carry out. */
export async function runConfigTest(words: readonly string[]): Promise<number> {
  return runWith(words, true);
}

async function runWith(words: readonly string[], carriedOut: boolean): Promise<number> {
  const assumeFiles = assumesFiles();
  const args = parseLintArguments(words, { compat: readProfile(), assumeFiles });
  if (typeof args === 'string') return refuse([args, ...lintUsage]);
  if (args.help) {
    printOut(lintUsage);
    return 0;
  }
  const missing = [...args.paths, ...args.nodes.map((node) => node.path)].filter(
    (path) => path !== STANDARD_INPUT && !existsSync(path),
  );
  if (missing.length > 0) return refuse(missing.map((path) => `${path}: no such file or directory`));
  const facts = args.hostFacts === null ? null : readFacts(args.hostFacts);
  if (typeof facts === 'string') return refuse([`${args.hostFacts}: ${facts}`]);
  return lint(args, facts, carriedOut);
}

function refuse([problem, ...more]: readonly string[]): number {
  printError([`tandem: ${problem}`, ...more]);
  return EXIT_UNUSABLE;
}

function readFacts(file: string): HostFacts | string {
  try {
    return parseHostFacts(readFileSync(file, 'utf8'));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function lint(args: LintArguments, facts: HostFacts | null, carriedOut: boolean): number {
  const { compat, assumeFiles, configId, quiet, format, failOn } = args;
  const options = { compat, assumeFiles, facts, carriedOut, configId, env: process.env };
  const { diagnostics, files } = lintFiles(targetsOf(args), options);
  if (files.length === 0 && diagnostics.length === 0) return refuse(['no haproxy.cfg and no keepalived.conf there']);
  const shown = quiet ? diagnostics.filter((diagnostic) => diagnostic.severity === 'error') : diagnostics;
  const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const input = { diagnostics: shown, counted: diagnostics, files, describe: describeRule, version: VERSION };
  print(format, renderReport(format, input, color));
  return diagnostics.some((diagnostic) => isFailure(diagnostic, failOn)) ? EXIT_FOUND : 0;
}

/** The originals' line styles go where the originals write. */
function print(format: Format, lines: readonly string[]): void {
  if (format === 'haproxy' || format === 'keepalived') printError(lines);
  else printOut(lines);
}

function targetsOf({ paths, nodes }: LintArguments): LintTarget[] {
  if (nodes.length === 0) return [{ name: null, paths }];
  const byName = new Map<string, string[]>();
  for (const { name, path } of nodes) byName.set(name, [...(byName.get(name) ?? []), path]);
  return [...byName].map(([name, list]) => ({ name, paths: list }));
}

function isFailure({ severity }: Diagnostic, failOn: FailOn): boolean {
  if (failOn === 'never') return false;
  return severity === 'error' || (failOn === 'warning' && severity === 'warning');
}
