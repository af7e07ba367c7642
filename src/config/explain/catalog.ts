/**
 * Everything that can be explained, read off the keyword rows: for `tandem explain`, for completion and for the printed
 * reference. Nothing is written down here a second time.
 */
import { type Signature, signatures } from '../../../grammar/haproxy/expr/sample-signature.ts';
import type { Argument, KeywordRow } from '../../../grammar/haproxy/keyword.ts';
import { ACTION_NAMES } from '../../../grammar/haproxy/keywords/samples.ts';
import { borrowedWords, sectionRows } from '../../../grammar/haproxy/keywords/section-rows.ts';
import { bindTable, globalTable, proxyTable, serverTable } from '../../../grammar/haproxy/keywords/table.ts';
import type { Row, Table } from '../../../grammar/keepalived/keyword.ts';
import { root } from '../../../grammar/keepalived/keywords/root.ts';
import { docOf } from './haproxy-docs.ts';

/** One word of either language. */
export interface Entry {
  readonly language: 'haproxy' | 'keepalived';
  readonly name: string;
  /** Sections or blocks. */
  readonly places: readonly string[];
  /** Arguments as the manual writes them; empty for none. */
  readonly takes: string;
  readonly doc: string;
  readonly since: string | null;
  readonly deprecated: string | null;
  readonly removed: string | null;
  /** What to write instead. */
  readonly modern: string | null;
  /** Does this program act on it? */
  readonly carriedOut: boolean;
  readonly examples: readonly string[];
  readonly mistakes: readonly (readonly [line: string, code: string])[];
}

/** What rows say that are made from a list of words. */
const NO_DOC = /^Accepted, not carried out\.$|^Read in '/;

let known: readonly Entry[] | undefined;

/** In the order of the languages, places and names. */
export function allEntries(): readonly Entry[] {
  known ??= [...haproxyEntries(), ...keepalivedEntries()];
  return known;
}

function haproxyEntries(): Entry[] {
  const tables = [globalTable, proxyTable, bindTable, serverTable];
  const rows = tables.flatMap(({ rows: table }) =>
    [...table.values()].map((row) => haproxyEntry(row as KeywordRow<never>)),
  );
  return [
    ...rows,
    ...sectionRows.map((row) => haproxyEntry(row as KeywordRow<never>)),
    ...borrowedEntries(),
    ...sampleEntries(),
    ...actionEntries(),
  ];
}

function haproxyEntry(row: KeywordRow<never>): Entry {
  return {
    language: 'haproxy',
    name: row.name,
    places: row.in,
    takes: argumentsOf(row),
    doc: NO_DOC.test(row.doc) ? (docOf(row.name, row.in[0] ?? '') ?? row.doc) : row.doc,
    since: row.since,
    deprecated: row.deprecated ?? null,
    removed: row.removed?.in ?? null,
    modern: row.removed?.modern ?? null,
    carriedOut: row.apply !== undefined && !row.inert,
    examples: row.ok,
    mistakes: row.bad,
  };
}

function argumentsOf(row: KeywordRow<never>): string {
  const labels = (row.args as readonly Argument<unknown>[]).map(({ label }) => label);
  const open = row.extra === 'free' || row.optional ? ['...'] : [];
  return [...labels, ...open].join(' ');
}

const nothingKnown = {
  language: 'haproxy',
  since: null,
  deprecated: null,
  removed: null,
  modern: null,
  carriedOut: false,
  examples: [],
  mistakes: [],
} as const;

/** Words that sections share with proxies and bring no rows of their own for. */
function borrowedEntries(): Entry[] {
  return Object.entries(borrowedWords).flatMap(([section, names]) =>
    names.map((name) => ({
      ...nothingKnown,
      name,
      places: [section],
      takes: '...',
      doc: `Belongs to section '${section}'; see the same word of proxies.`,
    })),
  );
}

const typeNames: Readonly<Record<string, string>> = {
  any: 'any value',
  bool: 'a boolean',
  sint: 'an integer',
  addr: 'an address',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  str: 'a string',
  bin: 'bytes',
  meth: 'a method',
  same: 'the same type',
};

function sampleEntries(): Entry[] {
  const { fetches, converters, criteria } = signatures();
  const named = (type: string): string => typeNames[type] ?? type;
  return [
    ...[...fetches.values()].map((fetch) => ({
      ...nothingKnown,
      name: fetch.name,
      places: ['sample fetches'],
      takes: signatureOf(fetch),
      doc: `Gives ${named(fetch.output)}.`,
      since: fetch.since,
    })),
    ...[...converters.values()].map((converter) => ({
      ...nothingKnown,
      name: converter.name,
      places: ['converters'],
      takes: signatureOf(converter),
      doc: `Makes ${named(converter.output)} of ${named(converter.input)}.`,
      since: converter.since,
    })),
    ...[...criteria].map(([name, { fetch, method }]) => ({
      ...nothingKnown,
      name,
      places: ['ACL criteria'],
      takes: '',
      doc: `Stands for '${fetch} -m ${method}'.`,
    })),
  ];
}

/** `(string[, integer])` */
function signatureOf({ args, needed }: Signature): string {
  if (args.length === 0) return '';
  const first = args.slice(0, needed).join(', ');
  const more = args.slice(needed).map((arg, index) => (index === 0 && needed === 0 ? arg : `, ${arg}`));
  return `(${first}${more.map((arg) => `[${arg}`).join('')}${']'.repeat(more.length)})`;
}

/** Actions by the rule sets that know them. */
function actionEntries(): Entry[] {
  const places = new Map<string, string[]>();
  for (const [ruleSet, names] of ACTION_NAMES) {
    for (const name of names) places.set(name, [...(places.get(name) ?? []), ruleSet]);
  }
  return [...places].map(([name, where]) => ({
    ...nothingKnown,
    name,
    places: ['actions'],
    takes: '...',
    doc: `An action of ${where.join(', ')}.`,
  }));
}

function keepalivedEntries(): Entry[] {
  const places = new Map<Row<never>, string[]>();
  const seen = new Set<Table<never>>();
  const visit = (table: Table<never>, path: string): void => {
    if (seen.has(table)) return;
    seen.add(table);
    for (const row of table.rows.values()) {
      places.set(row, [...(places.get(row) ?? []), path]);
      if (row.table) visit(row.table, row.name);
    }
  };
  visit(root as Table<never>, 'top level');
  return mergePlaces([...places].map(([row, where]) => keepalivedEntry(row, where)));
}

function keepalivedEntry(row: Row<never>, places: readonly string[]): Entry {
  const { name, takes, shape, doc, since, deprecated, removed, modern, carried, inert, accept, reject } = row;
  const block = shape === 'word' ? '' : '{ ... }';
  return {
    language: 'keepalived',
    name,
    places,
    takes: [takes, block].filter((part) => part !== '').join(' '),
    doc: `${doc}.`,
    since: since ?? null,
    deprecated: deprecated ?? null,
    removed: removed ?? null,
    modern: modern ?? null,
    carriedOut: carried && !inert,
    examples: accept ?? [],
    mistakes: reject ?? [],
  };
}

/** Rows that say the same of one word in several blocks become one entry. */
function mergePlaces(entries: readonly Entry[]): Entry[] {
  const merged = new Map<string, Entry>();
  for (const entry of entries) {
    const { places, examples, mistakes, ...facts } = entry;
    const key = JSON.stringify(facts);
    const before = merged.get(key);
    if (!before) merged.set(key, entry);
    else {
      merged.set(key, {
        ...before,
        places: [...new Set([...before.places, ...places])],
        examples: before.examples.length > 0 ? before.examples : examples,
        mistakes: before.mistakes.length > 0 ? before.mistakes : mistakes,
      });
    }
  }
  return [...merged.values()];
}
