/**
 * `dist/bin/keepalived`: takes the place of the original. Options, messages, exit codes, pid files and signals follow
 * keepalived(8); where they cannot, a warning says so. In the background by default, as the original is.
 */
import { appendFileSync } from 'node:fs';
import type { KeepalivedConfig } from '../config/keepalived.ts';
import type { Profile } from '../config/profile.ts';
import {
  type KeepalivedArguments,
  keepalivedSignals,
  keepalivedUsage,
  parseKeepalivedArguments,
} from './keepalived-arguments.ts';
import { assumesFiles, type Program, printError, printOut, readProfile, versionOf } from './program.ts';

export async function runKeepalived(program: Program): Promise<void> {
  const profile = readProfile();
  const command = parseKeepalivedArguments(program.args);
  switch (command.kind) {
    case 'help':
      printOut(keepalivedUsage);
      return process.exit(0);
    case 'version':
      printError([`Keepalived v${versionOf('keepalived', profile)}`, '', `Running on Node.js ${process.version}`]);
      return process.exit(0);
    case 'signum':
      return process.exit(tellSignal(command.name));
    case 'wrong':
      printError([command.message]);
      return process.exit(command.code);
    case 'run':
      return run(program, command.args, profile);
  }
}

function tellSignal(name: string): number {
  const number = keepalivedSignals[name];
  if (number === undefined) {
    printError([`Unknown sigfunc ${name}`]);
    return 1;
  }
  printOut([String(number)]);
  return 0;
}

async function run(program: Program, args: KeepalivedArguments, profile: Profile): Promise<void> {
  if (args.umask !== null && Number.isInteger(args.umask)) process.umask(args.umask);
  if (args.test) process.exit(await testConfig(args, profile));
  const { serveKeepalived } = await import('./keepalived-service.ts');
  await serveKeepalived(program, args, profile);
}

export interface LoadedKeepalivedFile {
  /** Null when there is nothing to run on. */
  readonly config: KeepalivedConfig | null;
  readonly lines: readonly string[];
  /** What a configuration test makes of it. */
  readonly exitCode: number;
}

export async function loadFile(
  args: KeepalivedArguments,
  profile: Profile,
  assumeFiles = false,
): Promise<LoadedKeepalivedFile> {
  const { loadKeepalived, localOptions, assumingOptions } = await import('../config/load-keepalived.ts');
  const { renderKeepalived } = await import('../config/render-keepalived.ts');
  const { exitCodeOf } = await import('../config/keepalived-verdict.ts');
  const options = (assumeFiles ? assumingOptions : localOptions)(profile, args.configId);
  const { config, diagnostics } = loadKeepalived(args.file, options);
  return { config, lines: renderKeepalived(diagnostics), exitCode: exitCodeOf(diagnostics, profile) };
}

export function describeInert(args: KeepalivedArguments): string[] {
  return args.inert.map((option) => `warning: option ${option} is known but has no effect here (not-carried-out)`);
}

async function testConfig(args: KeepalivedArguments, profile: Profile): Promise<number> {
  const { lines, exitCode } = await loadFile(args, profile, assumesFiles());
  const all = [...describeInert(args), ...lines];
  if (args.testLog === null) printError(all);
  else if (all.length > 0) writeTestLog(args.testLog, all);
  return exitCode;
}

function writeTestLog(path: string, lines: readonly string[]): void {
  try {
    appendFileSync(path, `${lines.join('\n')}\n`);
  } catch (error) {
    printError([`Cannot write ${path}: ${error instanceof Error ? error.message : error}`, ...lines]);
  }
}
