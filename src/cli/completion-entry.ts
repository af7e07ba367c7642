/**
 * `tandem completion bash|zsh|fish`: a script to source. It completes commands, their options and files. The words that
 * `explain` takes are asked of the program itself, so that they never go stale.
 */
import { HAPROXY_TARGETS } from '../config/migrate/haproxy.ts';
import { PROFILES } from '../config/profile.ts';
import { FORMATS } from '../config/report/report.ts';
import { FAIL_LEVELS, LINT_OPTIONS } from './lint-arguments.ts';
import { printError, printOut } from './program.ts';

/** What may follow each command, beside files. */
const commands: Readonly<Record<string, readonly string[]>> = {
  run: ['-f', '-D', '-p', '-i', '--log', '--detail', '-q'],
  lint: LINT_OPTIONS,
  '--config-test': LINT_OPTIONS,
  migrate: ['--diff', '--write', '--to', '--help'],
  fmt: ['--check', '--write', '--help'],
  explain: ['--list', '--help'],
  completion: ['bash', 'zsh', 'fish'],
  '--help': [],
  '--version': [],
};

/** Values of options. */
const values: Readonly<Record<string, readonly string[]>> = {
  '--to': [...HAPROXY_TARGETS, 'keepalived-2.4'],
  '--compat': PROFILES,
  '--format': FORMATS,
  '--fail-on': FAIL_LEVELS,
  '--log': ['text', 'json'],
};

const names = Object.keys(commands).join(' ');

function bashScript(): string[] {
  return [
    '# tandem completion for bash: source <(tandem completion bash)',
    '_tandem() {',
    '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words=""',
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W "${names}" -- "$word"))`,
    '    return',
    '  fi',
    '  case "$before" in',
    ...Object.entries(values).map(([option, list]) => `    ${option}) words="${list.join(' ')}" ;;`),
    '  esac',
    '  if [ -n "$words" ]; then',
    '    COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '    return',
    '  fi',
    '  case "${COMP_WORDS[1]}" in',
    '    explain) words="$(tandem explain --list 2>/dev/null)" ;;',
    ...Object.entries(commands)
      .map(([name, list]) => `    ${name}) words="${list.join(' ')}" ;;`)
      .filter((line) => !line.includes(' explain)')),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '  case "${COMP_WORDS[1]}" in',
    '    explain | completion) ;;',
    '    *) COMPREPLY+=($(compgen -f -- "$word")) ;;',
    '  esac',
    '}',
    'complete -o filenames -F _tandem tandem',
  ];
}

/** zsh runs the script for bash. */
function zshScript(): string[] {
  const [, ...script] = bashScript();
  return [
    '# tandem completion for zsh: source <(tandem completion zsh)',
    'autoload -U +X bashcompinit && bashcompinit',
    ...script,
  ];
}

function fishScript(): string[] {
  const lines = ['# tandem completion for fish: tandem completion fish | source'];
  lines.push(`complete -c tandem -n __fish_use_subcommand -f -a '${names}'`);
  for (const [name, list] of Object.entries(commands)) {
    const within = `complete -c tandem -n '__fish_seen_subcommand_from ${name}'`;
    if (name === 'explain') lines.push(`${within} -f -a '(tandem explain --list 2>/dev/null)'`);
    else if (list.length > 0) lines.push(`${within} -a '${list.join(' ')}'`);
  }
  for (const [option, list] of Object.entries(values)) {
    lines.push(`complete -c tandem -n 'string match -q -- ${option} (commandline -opc)[-1]' -f -a '${list.join(' ')}'`);
  }
  return lines;
}

const scripts: Readonly<Record<string, () => string[]>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

const usage: readonly string[] = [
  'Usage: tandem completion bash|zsh|fish',
  '',
  'Prints a script for the shell to read: `source <(tandem completion bash)`, `tandem completion fish | source`.',
];

export function runCompletion([shell = '']: readonly string[]): number {
  if (shell === '--help') {
    printOut(usage);
    return 0;
  }
  if (!Object.hasOwn(scripts, shell)) {
    printError(usage);
    return 2;
  }
  printOut(scripts[shell]!());
  return 0;
}
