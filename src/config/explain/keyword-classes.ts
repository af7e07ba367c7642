/**
 * The words of haproxy.cfg by class, as `haproxy -dK` prints them (management guide, chapter 3) for programs that follow the
 * language: read off the keyword rows and signatures, for the release whose language is spoken. Other than the original,
 * which leaves out what is older than its tables, all words are listed.
 */
import { type Signature, signatures } from '../../../grammar/haproxy/expr/sample-signature.ts';
import { isAtLeast, type KeywordRow, type Language } from '../../../grammar/haproxy/keyword.ts';
import { ACTION_NAMES } from '../../../grammar/haproxy/keywords/samples.ts';
import { sectionRows } from '../../../grammar/haproxy/keywords/section-rows.ts';
import { bindTable, globalTable, proxyTable, serverTable } from '../../../grammar/haproxy/keywords/table.ts';
import { FILTER_NAMES } from '../../../grammar/haproxy/keywords/word-checks.ts';

type AnyRow = KeywordRow<never>;

interface KeywordClass {
  readonly doc: string;
  readonly title: string;
  readonly list: (language: Language) => readonly string[];
}

const classes: Readonly<Record<string, KeywordClass>> = {
  acl: { doc: 'ACL keywords', title: 'registered ACL keywords', list: listCriteria },
  cfg: { doc: 'configuration keywords', title: 'registered configuration keywords', list: listWords },
  cli: { doc: 'CLI keywords', title: 'registered CLI keywords', list: () => [] },
  cnv: { doc: 'sample converter keywords', title: 'registered sample converter functions', list: listConverters },
  flt: { doc: 'filter names', title: 'registered filter names', list: () => [...FILTER_NAMES].sort() },
  smp: { doc: 'sample fetch functions', title: 'registered sample fetch functions', list: listFetches },
  svc: { doc: 'service names', title: 'registered service names', list: () => ['prometheus-exporter'] },
};

/** `asked`: what stands behind `-dK`; names that are no class are left out, as by the original. */
export function printKeywordClasses(asked: readonly string[], language: Language): string[] {
  const names = Object.keys(classes);
  const help = ['# List of supported keyword classes:', 'all: list all keywords'];
  return asked.flatMap((name) => {
    if (name === 'help') return [...help, ...names.map((each) => `${each}: ${classes[each]!.doc}`)];
    const chosen = name === 'all' ? names : names.filter((each) => each === name);
    return chosen.flatMap((each) => [`# List of ${classes[each]!.title}:`, ...classes[each]!.list(language)]);
  });
}

function isSpoken({ since, removed }: Pick<AnyRow, 'since' | 'removed'>, { release, lenient }: Language): boolean {
  return isAtLeast(release, since) && (lenient || removed === undefined || !isAtLeast(release, removed.in));
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function listCriteria(language: Language): string[] {
  const { criteria, fetches } = signatures();
  const known = [...criteria].filter(([, { fetch }]) =>
    isAtLeast(language.release, fetches.get(fetch)?.since ?? '1.0'),
  );
  return known.map(([name, { fetch, method }]) => `${name} = ${fetch} -m ${method}`).sort(byName);
}

function listConverters({ release }: Language): string[] {
  const known = [...signatures().converters.values()].filter(({ since }) => isAtLeast(release, since));
  // What it gives stands first: so it is in the lists of the original.
  return known.map((row) => `${row.name}${printArguments(row)}: ${row.output} => ${row.input}`).sort(byName);
}

/** Which rules and places a column of the matrix stands for, the last one first. */
const columns = [
  'CLI parser',
  'configuration parser',
  'backend tcp-check rule',
  'logs',
  'frontend http-response body rule',
  'frontend http-response header rule',
  'frontend tcp-response content rule',
  'backend stick-store rule',
  'backend http-response body rule',
  'backend http-response header rule',
  'backend tcp-response content rule',
  'server source selection',
  'backend use-server, balance or stick-match rule',
  'backend http-request body rule',
  'backend http-request header rule',
  'backend tcp-request content rule',
  'frontend use-backend rule',
  'frontend http-request body rule',
  'frontend http-request header rule',
  'frontend tcp-request content rule',
  'frontend tcp-request session rule',
  'frontend tcp-request connection rule',
].reverse();

function listFetches({ release }: Language): string[] {
  const known = [...signatures().fetches.values()].filter(({ since }) => isAtLeast(release, since));
  const legend = columns.map((column, index) => `# column ${index + 1}: ${column}`);
  const lines = known.map((row) => ({
    name: row.name,
    line: `[ ${[...row.places].join(' ')} ] ${row.name}${printArguments(row)}: ${row.output}`,
  }));
  return [...legend, ...lines.sort((a, b) => byName(a.name, b.name)).map(({ line }) => line)];
}

/** "(string[,integer])", or nothing. */
function printArguments({ args, needed }: Signature): string {
  if (args.length === 0) return '';
  const first = args.slice(0, needed).join(',');
  const more = args.slice(needed).join(',');
  if (more === '') return `(${first})`;
  return first === '' ? `([${more}])` : `(${first}[,${more}])`;
}

function listWords(language: Language): string[] {
  const rowsOf = (table: { readonly rows: ReadonlyMap<string, unknown> }) =>
    ([...table.rows.values()] as AnyRow[])
      .filter((row) => isSpoken(row, language))
      .sort((a, b) => byName(a.name, b.name));
  const proxy = rowsOf(proxyTable);
  const isOption = ({ name }: AnyRow) => name.startsWith('option ');
  const plain = [...new Set(proxy.filter((row) => !isOption(row)).map(({ name }) => name))];
  const lines = [
    ...plain,
    ...rowsOf(bindTable).map((row) => `bind <addr> ${printRow(row)}`),
    ...rowsOf(serverTable).map((row) => `server <name> <addr> ${printRow(row)}`),
    ...proxy.filter(isOption).map((row) => `${row.name} ${sidesOf(row)}`),
    ...[...ACTION_NAMES].flatMap(([ruleSet, names]) => [...names].sort().map((name) => `${ruleSet} ${name}`)),
  ];
  return [
    'global',
    ...rowsOf(globalTable).map(({ name }) => `\t${name}`),
    'listen',
    ...lines.map((line) => `\t${line}`),
  ].concat(listSections(language));
}

function printRow({ name, args }: AnyRow): string {
  return args.length === 0 ? name : `${name} +${args.length}`;
}

function sidesOf({ in: places }: AnyRow): string {
  const sides = [places.includes('frontend') ? 'FE ' : '', places.includes('backend') ? 'BE ' : ''];
  return `[ ${sides.join('')}]`;
}

function listSections(language: Language): string[] {
  const rows = (sectionRows as readonly AnyRow[]).filter((row) => isSpoken(row, language));
  const sections = [...new Set(rows.flatMap((row) => row.in))].sort();
  return sections.flatMap((section) => {
    const words = rows.filter((row) => row.in.includes(section)).map(({ name }) => name);
    return [section, ...[...new Set(words)].sort().map((word) => `\t${word}`)];
  });
}
