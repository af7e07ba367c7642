/** `tandem explain CODE|KEYWORD`. A keyword may be several words. Exit codes: 0 explained, 1 unknown, 2 unusable. */
import { explain, subjects, suggest } from '../config/explain/explain.ts';
import { printError, printOut } from './program.ts';

const usage: readonly string[] = [
  'Usage: tandem explain CODE|KEYWORD',
  '       tandem explain --list',
  '',
  'Explains the code of a diagnostic, a lint rule, or a word of haproxy.cfg or keepalived.conf.',
];

export function runExplain(words: readonly string[]): number {
  if (words.includes('--help')) {
    printOut(usage);
    return 0;
  }
  if (words.length === 0) {
    printError(usage);
    return 2;
  }
  if (words[0] === '--list') {
    printOut(subjects());
    return 0;
  }
  const subject = words.join(' ');
  const lines = explain(subject);
  if (lines) {
    printOut(lines);
    return 0;
  }
  const near = suggest(subject);
  printError([`tandem explain: '${subject}' is unknown${near === undefined ? '' : `; did you mean '${near}'?`}`]);
  return 1;
}
