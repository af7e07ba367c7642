/** Prints the reference of a language, as Markdown, from the keyword rows (`docs/reference/`). */
import { allEntries, type Entry } from './catalog.ts';
import { agesOf } from './explain.ts';

const titles = { haproxy: 'haproxy.cfg', keepalived: 'keepalived.conf' } as const;

export function printReference(language: 'haproxy' | 'keepalived'): string {
  const entries = allEntries().filter((entry) => entry.language === language);
  const places = [...new Set(entries.map(placeOf))];
  const carried = entries.filter(({ carriedOut }) => carriedOut).length;
  const head = [
    `# Words of ${titles[language]}`,
    '',
    'Printed from the keyword rows by `node scripts/print-reference.mjs`; do not edit. `tandem explain WORD` says the same.',
    `${entries.length} words, ${carried} of them carried out; the others are understood and checked, and marked with *.`,
    '',
  ];
  const body = places.flatMap((place) => [
    `## ${place}`,
    '',
    ...table(entries.filter((entry) => placeOf(entry) === place)),
    '',
  ]);
  return `${[...head, ...body].join('\n').trimEnd()}\n`;
}

function placeOf({ places }: Entry): string {
  return places.join(', ');
}

function table(entries: readonly Entry[]): string[] {
  const rows = [...entries]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => {
      const usage = `\`${[entry.name, entry.takes].join(' ').trim()}\`${entry.carriedOut ? '' : ' *'}`;
      return `| ${cell(usage)} | ${cell(entry.doc)} | ${cell(agesOf(entry))} |`;
    });
  return ['| word | meaning | releases |', '|---|---|---|', ...rows];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
