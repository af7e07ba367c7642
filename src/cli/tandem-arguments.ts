/** The command line of `tandem run`; the other commands read their own (`tandem-commands.ts`). */
import { nearestWord } from '../../grammar/spelling.ts';

export interface TandemArguments {
  files: string[];
  daemon: boolean;
  quiet: boolean;
  json: boolean;
  detail: boolean;
  pidFile: string | null;
  configId: string | null;
}

export type TandemCommand =
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'run'; readonly args: TandemArguments }
  | { readonly kind: 'wrong'; readonly message: string };

export function parseTandemArguments(words: readonly string[]): TandemCommand {
  const [first = '', ...others] = words;
  if (first === '--help' || first === '-h' || first === 'help') return { kind: 'help' };
  if (first === '--version' || first === '-v' || first === 'version') return { kind: 'version' };
  if (first === 'run') return others.includes('--help') ? { kind: 'help' } : parseFiles(others);
  return { kind: 'wrong', message: first === '' ? 'nothing to do' : unknownCommand(first) };
}

function unknownCommand(word: string): string {
  const near = nearestWord(word, ['run', 'lint', 'migrate', 'fmt', 'explain', 'completion', '--config-test']);
  return `unknown command '${word}'${near === undefined ? '' : `; did you mean '${near}'?`}`;
}

const flags: Readonly<Record<string, (args: TandemArguments) => void>> = {
  '-D': (a) => (a.daemon = true),
  '-q': (a) => (a.quiet = true),
  '--detail': (a) => (a.detail = true),
};

const valued: Readonly<Record<string, (args: TandemArguments, value: string) => string | undefined>> = {
  '-f': (a, value) => void a.files.push(value),
  '-p': (a, value) => void (a.pidFile = value),
  '-i': (a, value) => void (a.configId = value),
  '--log': (a, value) => {
    a.json = value === 'json';
    return value === 'json' || value === 'text' ? undefined : '--log takes text or json';
  },
};

function parseFiles(words: readonly string[]): TandemCommand {
  const args: TandemArguments = {
    files: [],
    daemon: false,
    quiet: false,
    json: process.env.TANDEM_LOG === 'json',
    detail: false,
    pidFile: null,
    configId: null,
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const flag = flags[word];
    const take = valued[word];
    if (flag) flag(args);
    else if (take) {
      const value = words[++i];
      if (value === undefined) return { kind: 'wrong', message: `${word} needs a value` };
      const problem = take(args, value);
      if (problem !== undefined) return { kind: 'wrong', message: problem };
    } else if (word.startsWith('-')) return { kind: 'wrong', message: `unknown option '${word}'` };
    else args.files.push(word);
  }
  if (args.files.length === 0) return { kind: 'wrong', message: 'no configuration file given (-f FILE)' };
  return { kind: 'run', args };
}

export const tandemUsage: readonly string[] = [
  'Usage: tandem run -f FILE [-f FILE]... [-D] [-p PIDFILE] [-i CONFIG-ID] [--log text|json] [--detail] [-q]',
  '       tandem lint | --config-test [OPTION]... FILE-OR-DIRECTORY... (tandem lint --help)',
  '       tandem migrate [--diff | --write] [--to TARGET] FILE-OR-DIRECTORY... (tandem migrate --help)',
  '       tandem fmt [--check | --write] FILE-OR-DIRECTORY...',
  '       tandem explain CODE|KEYWORD',
  '       tandem completion bash|zsh|fish',
  '       tandem --version | --help',
  '',
  'FILE is a haproxy.cfg or a keepalived.conf: which one is told by its content. Several haproxy.cfg are read as one',
  'configuration; `run` takes at most one keepalived.conf, which may include others.',
];
