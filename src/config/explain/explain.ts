/** Answers `tandem explain`: what a code or a word of either language means, as lines of text. */
import { nearestWord } from '../../../grammar/spelling.ts';
import { rules } from '../lint/rules.ts';
import { allEntries, type Entry } from './catalog.ts';
import { codeExplanations } from './codes.ts';

/** Null: neither a code nor a word. */
export function explain(subject: string): string[] | null {
  const rule = rules.find(({ code }) => code === subject);
  const lines: string[] = [];
  if (rule) lines.push(`${subject} (lint rule, ${rule.severity})`, `  ${rule.doc}`, '');
  else if (Object.hasOwn(codeExplanations, subject))
    lines.push(`${subject} (code of a diagnostic)`, `  ${codeExplanations[subject]}`, '');
  const entries = allEntries().filter(({ name }) => name === subject);
  lines.push(...entries.flatMap((entry) => [...describe(entry), '']));
  return lines.length === 0 ? null : lines.slice(0, -1);
}

/** The nearest thing that can be explained. */
export function suggest(subject: string): string | undefined {
  return nearestWord(subject, subjects());
}

/** All that can be explained, each once. */
export function subjects(): string[] {
  const names = [
    ...allEntries().map(({ name }) => name),
    ...Object.keys(codeExplanations),
    ...rules.map(({ code }) => code),
  ];
  return [...new Set(names)].sort();
}

function describe(entry: Entry): string[] {
  const file = entry.language === 'haproxy' ? 'haproxy.cfg' : 'keepalived.conf';
  const lines = [
    `${entry.name} ${entry.takes}`.trimEnd(),
    `  ${entry.doc}`,
    `  Stands in: ${entry.places.join(', ')} (${file})`,
  ];
  const ages = agesOf(entry);
  if (ages !== '') lines.push(`  ${ages}`);
  if (!entry.carriedOut) lines.push('  Understood and checked; this program does not act on it.');
  for (const example of entry.examples) lines.push(`  right: ${example}`);
  for (const [line, code] of entry.mistakes) lines.push(`  wrong: ${line}  (${code})`);
  return lines;
}

/** "Since 1.5, deprecated in 2.1, removed in 2.3: use X." */
export function agesOf({ since, deprecated, removed, modern }: Entry): string {
  const parts = [
    since === null ? '' : `since ${since}`,
    deprecated === null ? '' : `deprecated in ${deprecated}`,
    removed === null ? '' : `removed in ${removed}`,
  ].filter((part) => part !== '');
  if (parts.length === 0) return '';
  const text = `${parts.join(', ')}${modern === null ? '' : `: use ${modern}`}.`;
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}
