/**
 * `tandem fmt [--check|--write] FILE-OR-DIRECTORY...`: the layout of both languages. Without an option the new text of one file goes to
 * standard output. Exit codes: 0 done, 1 `--check` found a file that is laid out otherwise, 2 unusable.
 */
import { writeFileSync } from 'node:fs';
import { sourceOf } from '../../grammar/source.ts';
import { configFilesIn, readConfigFile, STANDARD_INPUT } from '../config/config-files.ts';
import { formatHaproxy } from '../config/format/haproxy.ts';
import { formatKeepalived } from '../config/format/keepalived.ts';
import { languageOf } from '../config/language.ts';
import { CANNOT_WRITE_INPUT, NOTHING_GIVEN, printError, printOut } from './program.ts';

const EXIT_DIFFERS = 1;
const EXIT_UNUSABLE = 2;

const usage: readonly string[] = [
  'Usage: tandem fmt [--check | --write] FILE-OR-DIRECTORY...',
  '',
  'Without an option the new text of one file goes to standard output; --check names the files that would change.',
  'A directory stands for its *.cfg and *.conf of either language, - for standard input.',
  'Exit codes: 0 done, 1 --check found a file that would change, 2 unusable.',
];

type Output = 'text' | 'check' | 'write';

export function runFmt(words: readonly string[]): number {
  if (words.includes('--help')) {
    printOut(usage);
    return 0;
  }
  const isOption = (word: string) => word.startsWith('-') && word !== STANDARD_INPUT;
  const files = words.filter((word) => !isOption(word)).flatMap(configFilesIn);
  const options = words.filter(isOption);
  const unknown = options.find((word) => word !== '--check' && word !== '--write');
  const output: Output = options.includes('--check') ? 'check' : options.includes('--write') ? 'write' : 'text';
  if (unknown) return refuse(`unknown option '${unknown}'`);
  if (files.length === 0) return refuse(NOTHING_GIVEN);
  if (output === 'write' && files.includes(STANDARD_INPUT)) return refuse(CANNOT_WRITE_INPUT);
  if (output === 'text' && files.length > 1) return refuse('several files need --check or --write');
  return Math.max(...files.map((file) => formatFile(file, output)));
}

function refuse(message: string): number {
  printError([`tandem fmt: ${message}`, ...usage]);
  return EXIT_UNUSABLE;
}

function formatFile(file: string, output: Output): number {
  try {
    const source = sourceOf(file, readConfigFile(file));
    const text = languageOf(file, source.text) === 'haproxy' ? formatHaproxy(source) : formatKeepalived(source);
    const bytes = Buffer.from(text, 'latin1');
    if (output === 'text') process.stdout.write(bytes);
    else if (text === source.text) return 0;
    else if (output === 'write') writeFileSync(file, bytes);
    else {
      printOut([file]);
      return EXIT_DIFFERS;
    }
    return 0;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    printError([`tandem fmt: ${error.message}`]);
    return EXIT_UNUSABLE;
  }
}
