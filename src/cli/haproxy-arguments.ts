/**
 * The command line of `haproxy`: every option of 2.6 to 3.4 is known. One that would do something and does not here is named
 * in `inert`, so that the entry can say so. Follows the management guide, chapter 3.
 */
import type { DumpOptions } from '../config/dump-haproxy.ts';

export interface HaproxyArguments {
  files: string[];
  directory: string | null;
  check: boolean;
  condition: string | null;
  daemon: boolean;
  masterWorker: boolean;
  tellsServiceManager: boolean;
  foreground: boolean;
  verbose: boolean;
  quiet: boolean;
  maxconn: number | null;
  proxyMaxconn: number | null;
  pidFile: string | null;
  oldPids: number[];
  oldSignal: 'SIGUSR1' | 'SIGTERM' | null;
  warningsAreErrors: boolean;
  ignoreUnresolved: boolean;
  reusePort: boolean;
  /** `-L`: what this machine is called among peers. */
  localPeer: string | null;
  /** `-dS`, and `-dF`, which would also forbid other short ways. */
  noSplice: boolean;
  /** `-4`, and `-dG`: the older way to look names up finds IPv4 addresses only. */
  onlyIpv4: boolean;
  /** `-dC`. */
  dump: DumpOptions | null;
  /** `-dK`. */
  keywordClasses: string[];
  /** `-dL`. */
  listsFiles: boolean;
  /** `-dD`. */
  diagnoses: boolean;
  inert: string[];
}

export type HaproxyCommand =
  | { readonly kind: 'usage' }
  /** What stands where process numbers belong. */
  | { readonly kind: 'bad-pids'; readonly option: string; readonly rest: string }
  | { readonly kind: 'version'; readonly form: '-v' | '-vv' | '-vq' | '-vqs' | '-vqb' }
  | { readonly kind: 'run'; readonly args: HaproxyArguments };

type Take = (args: HaproxyArguments, value: string) => void;

const flags: Readonly<Record<string, (args: HaproxyArguments) => void>> = {
  '-c': (a) => (a.check = true),
  '-D': (a) => (a.daemon = true),
  '-W': (a) => (a.masterWorker = true),
  '-Ws': (a) => (a.masterWorker = a.tellsServiceManager = true),
  '-V': (a) => (a.verbose = true),
  '-q': (a) => (a.quiet = true),
  '-db': (a) => (a.foreground = true),
  '-d': (a) => {
    a.foreground = true;
    a.inert.push('-d');
  },
  '-dW': (a) => (a.warningsAreErrors = true),
  '-dr': (a) => (a.ignoreUnresolved = true),
  '-dR': (a) => (a.reusePort = false),
  '-dS': (a) => (a.noSplice = true),
  '-dF': (a) => (a.noSplice = true),
  '-4': (a) => (a.onlyIpv4 = true),
  '-dG': (a) => (a.onlyIpv4 = true),
  '-dL': (a) => (a.listsFiles = true),
  '-dD': (a) => (a.diagnoses = true),
};

const valued: Readonly<Record<string, Take>> = {
  '-f': (a, value) => a.files.push(value),
  '-C': (a, value) => (a.directory = value),
  '-cc': (a, value) => (a.condition = value),
  '-n': (a, value) => (a.maxconn = numberOf(value)),
  '-N': (a, value) => (a.proxyMaxconn = numberOf(value)),
  '-p': (a, value) => (a.pidFile = value),
  '-m': (a) => a.inert.push('-m'),
  '-L': (a, value) => (a.localPeer = value),
  '-x': (a) => a.inert.push('-x'),
  '-S': (a) => a.inert.push('-S'),
};

/**
 * Granted without doing anything: pollers of other systems, forks that are not forbidden here, TLS in the kernel, and
 * ways to pass data on that are not taken.
 */
const granted = new Set(['-dk', '-dv', '-dI', '-dT', '-dZ']);
/** Without an effect here: pollers, debugging and memory of the original, and what belongs to TLS. */
const inertFlags = new Set(['-de', '-dp', '-dV', '-dc']);
/** The same, with the value glued on: -dM0x20, -dt... */
const inertPrefixes = ['-dM', '-dt', '-dA'];
/** These are carried out. */
const glued: Readonly<Record<string, Take>> = {
  '-dK': (a, value) => a.keywordClasses.push(...value.split(',').filter((name) => name !== '')),
  '-dC': (a, value) => (a.dump = readDump(value)),
};

/** `[key][,line]`: the key of a disguise, and whether lines are numbered. */
function readDump(value: string): DumpOptions {
  const parts = value.split(',');
  return { key: numberOf(parts[0]!), numbers: parts.includes('line') };
}

const versions = new Set<string>(['-v', '-vv', '-vq', '-vqs', '-vqb']);

/** As atol(3) reads it; a limit of 0 is no limit given. */
function numberOf(value: string): number | null {
  const number = Number.parseInt(value, 10);
  return Number.isFinite(number) && number > 0 ? number : null;
}

export function parseHaproxyArguments(words: readonly string[]): HaproxyCommand {
  const args = emptyArguments();
  const usage = { kind: 'usage' } as const;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') {
      args.files.push(...words.slice(i + 1));
      break;
    }
    if (versions.has(word)) return { kind: 'version', form: word as '-v' };
    if (word === '-sf' || word === '-st') {
      const at = i + 1;
      i = takePids(args, words, i);
      const rest = /\D.*/.exec(words.slice(at, i + 1).find((pid) => /\D/.test(pid)) ?? '');
      if (rest) return { kind: 'bad-pids', option: word, rest: rest[0] };
      continue;
    }
    const take = valued[word];
    if (take) {
      const value = words[++i];
      if (value === undefined) return usage;
      take(args, value);
    } else if (flags[word]) flags[word](args);
    else if (glued[word.slice(0, 3)]) glued[word.slice(0, 3)]!(args, word.slice(3));
    else if (granted.has(word)) continue;
    else if (inertFlags.has(word) || inertPrefixes.some((prefix) => word.startsWith(prefix))) args.inert.push(word);
    else return usage;
  }
  if (args.files.length === 0 && args.condition === null) return usage;
  return { kind: 'run', args };
}

/** Takes the numbers after -sf or -st; returns the index of the last one. */
function takePids(args: HaproxyArguments, words: readonly string[], at: number): number {
  args.oldSignal = words[at] === '-sf' ? 'SIGUSR1' : 'SIGTERM';
  let i = at;
  while (i + 1 < words.length && !words[i + 1]!.startsWith('-')) {
    const pid = numberOf(words[++i]!);
    if (pid !== null && pid > 1) args.oldPids.push(pid);
  }
  return i;
}

function emptyArguments(): HaproxyArguments {
  return {
    files: [],
    directory: null,
    check: false,
    condition: null,
    daemon: false,
    masterWorker: false,
    tellsServiceManager: false,
    foreground: false,
    verbose: false,
    quiet: false,
    maxconn: null,
    proxyMaxconn: null,
    pidFile: null,
    oldPids: [],
    oldSignal: null,
    warningsAreErrors: false,
    ignoreUnresolved: false,
    reusePort: true,
    localPeer: null,
    noSplice: false,
    onlyIpv4: false,
    dump: null,
    keywordClasses: [],
    listsFiles: false,
    diagnoses: false,
    inert: [],
  };
}

export const haproxyUsage: readonly string[] = [
  'Usage : haproxy [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n <maxconn> ] [ -N <maxpconn> ]',
  '        [ -p <pidfile> ] [ -C <dir> ] [-- <cfgfile>*]',
  '        -v      prints the version ; -vv what this build can do',
  '        -c      tests the configuration and exits (0: valid, 1: errors, 2: nothing to listen on)',
  '        -cc <condition>  evaluates a condition of the configuration language (0: true, 1: false)',
  '        -f <file|dir>    reads a configuration file, or all *.cfg of a directory',
  '        -C <dir>         changes to a directory before reading',
  '        -D      goes to the background once everything listens',
  '        -db     stays in the foreground, whatever the configuration says',
  '        -W, -Ws master-worker mode, without and with notification of systemd',
  '        -V, -q  says more, says nothing',
  '        -n, -N  number of connections, of the process and of a proxy',
  '        -p <file>        writes the process number to a file',
  '        -dW     takes warnings for errors',
  '        -dr     starts even if a server name does not resolve',
  '        -dR     does not set SO_REUSEPORT',
  '        -dS, -dF         does not splice',
  '        -4, -dG          looks names up as IPv4 addresses only',
  '        -L <name>        name of this machine among peers (HAPROXY_LOCALPEER)',
  '        -dC[<key>][,line]  shows the configuration as read; with a key: disguised',
  '        -dK<class[,...]> shows the words of the language (-dKhelp: the classes)',
  '        -dL     shows the files that the program is made of',
  '        -dD     tells of what looks suspicious in the configuration',
  '        -sf, -st [pid]*  asks old processes to finish, or to stop, once the new one listens',
];
