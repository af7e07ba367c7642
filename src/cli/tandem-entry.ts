/** `dist/bin/tandem`: both languages under one core. */
import { readFileSync, statSync } from 'node:fs';
import type { Diagnostic } from '../../grammar/diagnostic.ts';
import type { HaproxyConfig } from '../config/haproxy.ts';
import type { KeepalivedConfig } from '../config/keepalived.ts';
import { type ConfigLanguage, languageOf } from '../config/language.ts';
import type { Profile } from '../config/profile.ts';
import { startedByParent } from '../core/daemon-mark.ts';
import { VERSION } from '../version.ts';
import { type Program, printError, printOut, readProfile } from './program.ts';
import { parseTandemArguments, type TandemArguments, tandemUsage } from './tandem-arguments.ts';
import { tandemCommands } from './tandem-commands.ts';

const EXIT_ERRORS = 1;
const EXIT_UNUSABLE = 2;

export async function runTandem(program: Program): Promise<void> {
  const [name = '', ...words] = program.args;
  const load = tandemCommands[name];
  if (load) return process.exit(await (await load())(words));
  const profile = readProfile();
  const command = parseTandemArguments(program.args);
  switch (command.kind) {
    case 'help':
      printOut(tandemUsage);
      return process.exit(0);
    case 'version':
      printOut([`tandem ${VERSION}`]);
      return process.exit(0);
    case 'wrong':
      printError([`tandem: ${command.message}`, ...tandemUsage]);
      return process.exit(EXIT_UNUSABLE);
    case 'run':
      return run(program, command.args, profile);
  }
}

interface SortedFiles {
  readonly haproxy: readonly string[];
  readonly keepalived: readonly string[];
}

/** A file that cannot be read is left to the language that its name suggests, which then says so. */
export function sortFiles(files: readonly string[]): SortedFiles {
  const sorted: Record<ConfigLanguage, string[]> = { haproxy: [], keepalived: [] };
  for (const file of files) sorted[languageOf(file, readText(file))].push(file);
  return sorted;
}

function readText(file: string): string {
  try {
    return statSync(file).isDirectory() ? 'global\n' : readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

async function run(program: Program, args: TandemArguments, profile: Profile): Promise<void> {
  const { keepalived } = sortFiles(args.files);
  if (keepalived.length > 1) {
    printError([`tandem: one keepalived.conf at most, not ${keepalived.join(', ')}`]);
    process.exit(EXIT_UNUSABLE);
  }
  const config = await readFiles(args, profile, startedByParent);
  if (!config) process.exit(EXIT_ERRORS);
  const { serveTandem } = await import('./tandem-service.ts');
  await serveTandem(program, args, profile, config, () => readFiles(args, profile, false));
}

export interface BothConfigs {
  readonly haproxy: HaproxyConfig | null;
  readonly keepalived: KeepalivedConfig | null;
}

/** Null when a file cannot be run on. keepalived runs on what it understood, as the original does. */
async function readFiles(args: TandemArguments, profile: Profile, silent: boolean): Promise<BothConfigs | null> {
  const sorted = sortFiles(args.files);
  const haproxy = sorted.haproxy.length > 0 ? await loadHaproxyFiles(sorted.haproxy, profile, false) : null;
  const [file] = sorted.keepalived;
  const keepalived = file === undefined ? null : await loadKeepalivedFile(file, args, profile);
  if (!silent) await report([...(haproxy?.diagnostics ?? []), ...(keepalived?.diagnostics ?? [])], args);
  if (haproxy?.config === null || keepalived?.config === null) return null;
  return { haproxy: haproxy?.config ?? null, keepalived: keepalived?.config ?? null };
}

async function loadHaproxyFiles(files: readonly string[], profile: Profile, assumeFiles: boolean) {
  const { loadHaproxy } = await import('../config/load-haproxy.ts');
  const readFile = (path: string) => readFileSync(path);
  const { config, diagnostics } = loadHaproxy(files, { compat: profile, assumeFiles, env: process.env, readFile });
  return { config, diagnostics: diagnostics.list };
}

async function loadKeepalivedFile(file: string, args: TandemArguments, profile: Profile) {
  const { loadKeepalived, localOptions } = await import('../config/load-keepalived.ts');
  return loadKeepalived(file, localOptions(profile, args.configId));
}

async function report(found: readonly Diagnostic[], args: TandemArguments): Promise<void> {
  const { renderPretty } = await import('../config/render.ts');
  const shown = args.quiet ? found.filter((diagnostic) => diagnostic.severity === 'error') : found;
  printError(renderPretty(shown, { color: process.stderr.isTTY === true && !process.env.NO_COLOR }));
}
