/**
 * The command line of `keepalived`, as getopt_long(3) reads it: clusters of short options, values glued on or after,
 * long options with "=" or a space, and their unambiguous beginnings. One row an option; `inert` rows have no effect
 * here and are named in `inert`, so that the entry can say so.
 */
export interface KeepalivedArguments {
  file: string;
  test: boolean;
  /** `-t=FILE`: where the test's lines go. */
  testLog: string | null;
  onlyVrrp: boolean;
  onlyCheck: boolean;
  console: boolean;
  detail: boolean;
  facility: number;
  noSyslog: boolean;
  umask: number | null;
  foreground: boolean;
  pidFile: string;
  vrrpPidFile: string;
  checkPidFile: string;
  missingFileIsError: boolean;
  configId: string | null;
  ignoreSigint: boolean;
  inert: string[];
}

export type KeepalivedCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'signum'; readonly name: string }
  | { readonly kind: 'wrong'; readonly message: string; readonly code: number }
  | { readonly kind: 'run'; readonly args: KeepalivedArguments };

const DEFAULT_FILE = '/etc/keepalived/keepalived.conf';

/** Facility numbers of syslog(3). */
const LOG_USER = 1;
const LOG_DAEMON = 3;
const LOG_LOCAL0 = 16;

interface Option {
  readonly short: string | null;
  readonly long: string;
  readonly value: 'none' | 'needed' | 'optional';
  readonly set: ((args: KeepalivedArguments, value: string) => void) | 'inert';
}

const none = (short: string | null, long: string, set: Option['set']): Option => ({ short, long, value: 'none', set });
const needed = (short: string | null, long: string, set: Option['set']): Option => ({
  short,
  long,
  value: 'needed',
  set,
});
const optional = (short: string | null, long: string, set: Option['set']): Option => ({
  short,
  long,
  value: 'optional',
  set,
});

const options: readonly Option[] = [
  needed('f', 'use-file', (a, value) => (a.file = value)),
  none('P', 'vrrp', (a) => (a.onlyVrrp = true)),
  none('C', 'check', (a) => (a.onlyCheck = true)),
  none('B', 'no_bfd', () => {}),
  none(null, 'all', 'inert'),
  none('l', 'log-console', (a) => (a.console = true)),
  none('D', 'log-detail', (a) => (a.detail = true)),
  needed('S', 'log-facility', (a, value) => (a.facility = facilityOf(value) ?? a.facility)),
  optional('g', 'log-file', 'inert'),
  none(null, 'flush-log-file', 'inert'),
  none('G', 'no-syslog', (a) => (a.noSyslog = true)),
  needed('u', 'umask', (a, value) => (a.umask = Number(value))),
  none('X', 'release-vips', 'inert'),
  none('V', 'dont-release-vrrp', 'inert'),
  none('I', 'dont-release-ipvs', 'inert'),
  none('R', 'dont-respawn', 'inert'),
  none('n', 'dont-fork', (a) => (a.foreground = true)),
  none('d', 'dump-conf', 'inert'),
  needed('p', 'pid', (a, value) => (a.pidFile = value)),
  needed('r', 'vrrp_pid', (a, value) => (a.vrrpPidFile = value)),
  needed('c', 'checkers_pid', (a, value) => (a.checkPidFile = value)),
  needed('b', 'bfd_pid', () => {}),
  none('T', 'genhash', 'inert'),
  none('a', 'address-monitoring', 'inert'),
  none('x', 'snmp', 'inert'),
  needed('A', 'snmp-agent-socket', 'inert'),
  needed('s', 'namespace', 'inert'),
  none('m', 'core-dump', 'inert'),
  optional('M', 'core-dump-pattern', 'inert'),
  none(null, 'no-mem-check', 'inert'),
  none('L', 'mem-check-log', 'inert'),
  none('O', 'openssl-mem-check', 'inert'),
  none('e', 'all-config', (a) => (a.missingFileIsError = true)),
  needed('i', 'config-id', (a, value) => (a.configId = value)),
  none(null, 'ignore-sigint', (a) => (a.ignoreSigint = true)),
  optional('t', 'config-test', (a, value) => {
    a.test = true;
    a.testLog = value === '' ? null : value;
  }),
  needed(null, 'config-fd', 'inert'),
  needed(null, 'perf', 'inert'),
  optional(null, 'debug', 'inert'),
];

function facilityOf(text: string): number | null {
  if (text === 'user') return LOG_USER;
  if (text === 'daemon') return LOG_DAEMON;
  const local = /^(?:local)?([0-7])$/.exec(text);
  return local ? LOG_LOCAL0 + Number(local[1]) : null;
}

/** An option as found, before it is applied. */
interface Given {
  readonly option: Option;
  readonly name: string;
  readonly value: string;
}

export function parseKeepalivedArguments(words: readonly string[]): KeepalivedCommand {
  const args = emptyArguments();
  const rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') {
      rest.push(...words.slice(i + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      rest.push(word);
      continue;
    }
    if (word === '-h' || word === '--help') return { kind: 'help' };
    if (word === '-v' || word === '--version') return { kind: 'version' };
    const signum = /^--signum(?:=(.*))?$/.exec(word);
    if (signum) return { kind: 'signum', name: signum[1] ?? words[i + 1] ?? '' };
    const given = word.startsWith('--') ? readLong(word, words[i + 1]) : readShort(word, words[i + 1]);
    if ('message' in given) return { kind: 'wrong', ...given };
    for (const { option, name, value } of given.found) {
      if (option.set === 'inert') args.inert.push(name);
      else option.set(args, value);
    }
    if (given.usedNext) i++;
  }
  if (rest.length > 0) return { kind: 'wrong', message: `Unexpected argument(s): ${rest.join(' ')}`, code: 1 };
  return { kind: 'run', args };
}

type Read = { readonly found: readonly Given[]; readonly usedNext: boolean } | { message: string; code: number };

function readLong(word: string, next: string | undefined): Read {
  const [, name = '', glued] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const matches = options.filter(({ long }) => long.startsWith(name));
  const option = matches.find(({ long }) => long === name) ?? (matches.length === 1 ? matches[0] : undefined);
  if (!option || (option.value === 'none' && glued !== undefined)) return unknown(word);
  const usedNext = option.value === 'needed' && glued === undefined;
  if (usedNext && next === undefined) return { message: `Missing parameter for option --${name}`, code: 1 };
  const value = glued ?? (usedNext ? next! : '');
  return { found: [{ option, name: `--${option.long}`, value }], usedNext };
}

function readShort(word: string, next: string | undefined): Read {
  const found: Given[] = [];
  for (let at = 1; at < word.length; at++) {
    const letter = word[at]!;
    const option = options.find(({ short }) => short === letter);
    if (!option) return unknown(`-${letter}`);
    const name = `-${letter}`;
    if (option.value === 'none') {
      found.push({ option, name, value: '' });
      continue;
    }
    const glued = word.slice(at + 1).replace(/^=/, '');
    if (option.value === 'needed' && glued === '') {
      if (next === undefined) return { message: `Missing parameter for option -${letter}`, code: 1 };
      return { found: [...found, { option, name, value: next }], usedNext: true };
    }
    return { found: [...found, { option, name, value: glued }], usedNext: false };
  }
  return { found, usedNext: false };
}

function unknown(word: string) {
  return { message: `Unknown option ${word}`, code: 1 };
}

function emptyArguments(): KeepalivedArguments {
  return {
    file: DEFAULT_FILE,
    test: false,
    testLog: null,
    onlyVrrp: false,
    onlyCheck: false,
    console: false,
    detail: false,
    facility: LOG_DAEMON,
    noSyslog: false,
    umask: null,
    foreground: false,
    pidFile: '/run/keepalived.pid',
    vrrpPidFile: '/run/keepalived_vrrp.pid',
    checkPidFile: '/run/keepalived_checkers.pid',
    missingFileIsError: false,
    configId: null,
    ignoreSigint: false,
    inert: [],
  };
}

/** Numbers that `--signum` prints, by the name of what the signal does. */
export const keepalivedSignals: Readonly<Record<string, number>> = {
  RELOAD: 1,
  DATA: 10,
  STATS: 12,
  STOP: 15,
};

export const keepalivedUsage: readonly string[] = [
  'Usage: keepalived [OPTION...]',
  `  -f, --use-file=FILE          Configuration file (default ${DEFAULT_FILE})`,
  '  -P, --vrrp                   Run VRRP only',
  '  -C, --check                  Run health checks only',
  '  -l, --log-console            Log to the console',
  '  -D, --log-detail             Log more',
  '  -S, --log-facility=FACILITY  Syslog facility: 0-7, local0-local7, user or daemon (default)',
  '  -G, --no-syslog              Do not log to syslog',
  '  -u, --umask=MASK             umask of files that are written',
  '  -n, --dont-fork              Stay in the foreground',
  '  -p, --pid=FILE               Pid file of the parent',
  '  -r, --vrrp_pid=FILE          Pid file of the VRRP process',
  '  -c, --checkers_pid=FILE      Pid file of the checker process',
  '  -e, --all-config             A missing configuration file is an error',
  '  -i, --config-id=ID           Which @ID lines of the configuration apply (default: the host name)',
  '      --ignore-sigint          Do not stop at SIGINT',
  '      --signum=NAME            Print the number of the signal for STOP, RELOAD, DATA or STATS',
  '  -t, --config-test[=FILE]     Test the configuration and exit; messages go to stderr or FILE',
  '  -v, --version                Print the version',
  '  -h, --help                   Print this text',
];
