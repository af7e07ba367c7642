/** The command line of `tandem lint` and `tandem --config-test`. */
import { PROFILES, type Profile, parseProfile } from '../config/profile.ts';
import { FORMATS, type Format } from '../config/report/report.ts';

export const FAIL_LEVELS = ['error', 'warning', 'never'] as const;

export type FailOn = (typeof FAIL_LEVELS)[number];

export interface LintArguments {
  paths: string[];
  /** `--node NAME=PATH`, in order; a name may come more than once. */
  nodes: { readonly name: string; readonly path: string }[];
  format: Format;
  failOn: FailOn;
  compat: Profile;
  hostFacts: string | null;
  assumeFiles: boolean;
  configId: string | null;
  quiet: boolean;
  help: boolean;
}

type Take = (args: LintArguments, value: string) => string | undefined;

const valued: Readonly<Record<string, Take>> = {
  '-f': (args, value) => void args.paths.push(value),
  '-i': (args, value) => void (args.configId = value),
  '--format': (args, value) => {
    const format = FORMATS.find((one) => one === value);
    if (!format) return `--format takes one of ${FORMATS.join(', ')}`;
    args.format = format;
    return undefined;
  },
  '--fail-on': (args, value) => {
    const level = FAIL_LEVELS.find((one) => one === value);
    if (!level) return `--fail-on takes one of ${FAIL_LEVELS.join(', ')}`;
    args.failOn = level;
    return undefined;
  },
  '--compat': (args, value) => {
    const profile = parseProfile(value);
    if (!profile) return `--compat takes one of ${PROFILES.join(', ')}`;
    args.compat = profile;
    return undefined;
  },
  '--host-facts': (args, value) => void (args.hostFacts = value),
  '--node': (args, value) => {
    const [, name, path] = /^([^=]+)=(.+)$/.exec(value) ?? [];
    if (name === undefined || path === undefined) return '--node takes NAME=FILE-OR-DIRECTORY';
    args.nodes.push({ name, path });
    return undefined;
  },
};

const flags: Readonly<Record<string, (args: LintArguments) => void>> = {
  '--assume-files': (args) => (args.assumeFiles = true),
  '-q': (args) => (args.quiet = true),
  '--help': (args) => (args.help = true),
  '-h': (args) => (args.help = true),
};

/** For completion. */
export const LINT_OPTIONS: readonly string[] = [...Object.keys(valued), ...Object.keys(flags)];

/** The arguments, or what is wrong with them. */
export function parseLintArguments(
  words: readonly string[],
  defaults: Pick<LintArguments, 'compat' | 'assumeFiles'>,
): LintArguments | string {
  const args: LintArguments = {
    ...defaults,
    paths: [],
    nodes: [],
    format: 'pretty',
    failOn: 'error',
    hostFacts: null,
    configId: null,
    quiet: false,
    help: false,
  };
  for (let i = 0; i < words.length; i++) {
    const problem = takeWord(args, words[i]!, () => words[++i]);
    if (problem !== undefined) return problem;
  }
  if (args.help) return args;
  if (args.nodes.length > 0 && args.paths.length > 0) return 'files belong to a node when there is --node';
  return args.paths.length + args.nodes.length > 0 ? args : 'no file or directory given';
}

function takeWord(args: LintArguments, word: string, next: () => string | undefined): string | undefined {
  const [, name = word, attached] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
  const take = valued[name];
  if (take) {
    const value = attached ?? next();
    return value === undefined ? `${name} needs a value` : take(args, value);
  }
  const flag = attached === undefined ? flags[word] : undefined;
  if (flag) {
    flag(args);
    return undefined;
  }
  if (word.startsWith('-') && word !== '-') return `unknown option '${word}'`;
  args.paths.push(word);
  return undefined;
}

export const lintUsage: readonly string[] = [
  'Usage: tandem lint [OPTION]... FILE-OR-DIRECTORY...',
  '       tandem lint [OPTION]... --node NAME=FILE-OR-DIRECTORY --node NAME=FILE-OR-DIRECTORY...',
  '',
  'Checks haproxy.cfg and keepalived.conf, each by itself and both together; which language a file is written in is',
  'told by its content. A directory stands for its *.cfg and *.conf, also in etc, haproxy and keepalived inside',
  'it, and - for standard input. `tandem --config-test` is the same, and tells as well what this program would not',
  'carry out.',
  '',
  `  --format FORMAT      ${FORMATS.join(', ')}`,
  '  --fail-on LEVEL      error (the default), warning or never: what makes the exit code 1',
  `  --compat PROFILE     ${PROFILES.join(', ')}`,
  '  --assume-files       take every file, user and interface that is named as present',
  '  --host-facts FILE    JSON about the machine that the files are for: interfaces, users, files, sysctls',
  '  --node NAME=PATH     the files of one machine of a cluster; all of them are compared',
  '  -f PATH              as PATH',
  "  -i CONFIG-ID         keepalived's configuration id",
  '  -q                   errors only',
  '',
  'A comment `# tandem: ignore CODE` silences a warning or a finding on its line, or on the next when it stands alone.',
  '',
  'Exit codes: 0 nothing found at or above --fail-on, 1 something found, 2 unusable (wrong arguments, a file that is',
  'not there).',
];
