/**
 * What a person meant by a word that no row knows: the second half of "did you mean", behind the nearest spelling.
 *
 * Three slips are so common that they have answers of their own: a section's name that is misspelt (`fronted web`),
 * after which a hundred lines would be reported as not belonging where they stand; the first word of two left out
 * (`forwardfor`); and two words run together (`timeout-connect`, `maxconn=100`, a blank that does not break). It knows the
 * words only, not what they do, and reports nothing itself.
 */
import { editDistance } from '../spelling.ts';
import type { Value } from './keyword.ts';
import { wordsOfSection } from './keywords/sections.ts';
import { globalTable, proxyTable } from './keywords/table.ts';
import { SECTION_NAMES, type SectionName } from './lexer.ts';

/** A keyword table, as far as names go. */
export interface NameTable {
  readonly rows: { has(name: string): boolean };
  readonly families: ReadonlySet<string>;
}

const MAX_HEADER_WORDS = 4;

let knownWords: ReadonlySet<string> | undefined;

/** First words of lines, in any section: needed for broken files only. */
function firstWords(): ReadonlySet<string> {
  if (knownWords) return knownWords;
  const sections = SECTION_NAMES.flatMap((name) => wordsOfSection(name) ?? []);
  const names = [...globalTable.rows.keys(), ...proxyTable.rows.keys(), ...sections];
  knownWords = new Set([...names.map((name) => name.split(' ')[0]!), 'server', 'bind', 'default-server', 'no']);
  return knownWords;
}

/** The section that a line was to begin: its first word begins the line, is near a section's name and nothing else. */
export function sectionMeant(words: readonly Pick<Value, 'text' | 'at'>[]): SectionName | null {
  const [first] = words;
  if (!first || words.length > MAX_HEADER_WORDS) return null;
  const { source, start } = first.at;
  if (start > 0 && source.text[start - 1] !== '\n') return null;
  if (!/^[a-z_-]+:?$/i.test(first.text) || nearestSection(first.text) === undefined) return null;
  if (firstWords().has(first.text)) return null;
  // "default option httplog" takes an option back.
  if (first.text === 'default' && words.length > 1) return null;
  return nearestSection(first.text) ?? null;
}

/** In whatever case, and in a word of less than six letters with one slip at most. */
export function nearestSection(word: string): SectionName | undefined {
  const bound = word.length < 6 ? 1 : 2;
  const near = SECTION_NAMES.filter((name) => Math.abs(name.length - word.length) <= bound);
  const distances = near.map((name) => ({ name, distance: editDistance(word.toLowerCase(), name) }));
  return distances.sort((a, b) => a.distance - b.distance).find(({ distance }) => distance <= bound)?.name;
}

/** The words of a line that a single one was to be: with the blank it lacks, or the first word that it belongs behind. */
export function wordsMeant(text: string, table: NameTable): string | undefined {
  const [, first = '', separator = '', rest = ''] = /^([a-z-]+?)([=:_-]|\xc2\xa0)(.*)$/s.exec(text) ?? [];
  if (first !== '' && rest !== '') {
    const pair = `${first} ${rest}`;
    if (table.rows.has(pair) || first === 'no') return pair;
    const isKnown = table.rows.has(first) || table.families.has(first);
    if (isKnown && (!/[_-]/.test(separator) || first === 'redirect')) return pair;
  }
  // Names with hyphens are cut at the first one above.
  const [name = '', value] = text.split(/[=:]|\xc2\xa0/);
  if (value && table.rows.has(name)) return `${name} ${value}`;
  return ['option', 'timeout', 'stats'].map((family) => `${family} ${text}`).find((row) => table.rows.has(row));
}
