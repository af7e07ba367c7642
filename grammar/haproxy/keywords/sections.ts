/** Which sections there are that are no proxies, in which releases, and which words they take. */
import { isAtLeast, type Release } from '../keyword.ts';
import type { SectionName } from '../lexer.ts';
import { borrowedWords, sectionRows } from './section-rows.ts';

const removed: Partial<Record<SectionName, string>> = { program: '3.3', ruleset: '1.6' };

/** Releases that brought a section, where it matters. */
const since: Partial<Record<SectionName, string>> = {
  peers: '1.5',
  mailers: '1.6',
  resolvers: '1.6',
  cache: '1.8',
  program: '2.0',
  'fcgi-app': '2.1',
  ring: '2.2',
  'http-errors': '2.2',
  'log-forward': '2.3',
  'crt-store': '3.0',
  'log-profile': '3.1',
  traces: '3.1',
  acme: '3.2',
  healthcheck: '3.4',
};

/** Words that a section takes, first words of longer names; null: the section is read by nobody. */
export function wordsOfSection(name: SectionName): readonly string[] | null {
  const own = sectionRows.filter((row) => row.in.includes(name)).map((row) => row.name);
  const words = [...(borrowedWords[name] ?? []), ...own];
  return words.length > 0 ? words : null;
}

/** Is this word a section header in that release? */
export function isSectionIn(release: Release, name: SectionName): boolean {
  const { [name]: gone } = removed;
  return isAtLeast(release, since[name] ?? '1.1') && !(gone && isAtLeast(release, gone));
}
