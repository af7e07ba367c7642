/**
 * Names that were given twice. A frontend and a backend could share one until HAProxy 3.2, proxies of one kind and servers
 * of one section until 2.x. The later of two, or the frontend, gets a new name: few places name a frontend, and
 * whatever named two servers could mean only the first. Two backends of one name stay: rules name them.
 */
import type { Line, Tree } from '../../../grammar/haproxy/ast.ts';

export interface Renames {
  /** New names by the header line of a section or the line of a server. */
  readonly lines: ReadonlyMap<Line, string>;
  /** New names of frontends by old ones, for references. */
  readonly names: ReadonlyMap<string, string>;
}

/** `recent`: frontends and backends share one space of names. */
export function renamesOf(tree: Tree, recent: boolean): Renames {
  const headers = tree.sections.flatMap(({ header }) => (header ? [header] : []));
  const backends = new Set(headers.filter((line) => line.words[0]!.raw === 'backend').map(nameOf));
  const taken = new Set(headers.map(nameOf));
  const seen = new Set<string>();
  const renames = new Map<Line, string>();
  const names = new Map<string, string>();
  for (const header of headers) {
    const name = nameOf(header);
    const kind = header.words[0]!.raw;
    if (name === '' || (kind !== 'frontend' && kind !== 'listen')) continue;
    const clashes = recent && kind === 'frontend' && backends.has(name);
    if (clashes || seen.has(name)) renames.set(header, freshName(name, clashes ? '_fe' : '_2', taken));
    if (clashes && !seen.has(name)) names.set(name, renames.get(header)!);
    seen.add(name);
  }
  for (const { lines } of tree.sections) renameServers(lines, renames);
  return { lines: renames, names };
}

function nameOf(line: Line): string {
  return line.words[1]?.raw ?? '';
}

function freshName(name: string, suffix: string, taken: Set<string>): string {
  let fresh = `${name}${suffix}`;
  while (taken.has(fresh))
    fresh = /_\d+$/.test(fresh) ? fresh.replace(/\d+$/, (digits) => `${Number(digits) + 1}`) : `${fresh}_`;
  taken.add(fresh);
  return fresh;
}

function renameServers(lines: readonly Line[], renames: Map<Line, string>): void {
  const servers = lines.filter((line) => line.words[0]?.raw === 'server' && line.words.length > 2);
  const taken = new Set(servers.map(nameOf));
  const seen = new Set<string>();
  for (const line of servers) {
    const name = nameOf(line);
    if (seen.has(name)) renames.set(line, freshName(name, '_2', taken));
    seen.add(name);
  }
}

/** Fetches that take the name of a frontend. */
const frontendFetch = /\b(fe_(?:conn|req_rate|sess_rate))\(([^),]+)\)/g;

/** The line's words with references to renamed frontends; null: there is none. */
export function renameInLine(line: Line, renames: Renames, text: string): string | null {
  const { names } = renames;
  if (names.size === 0) return null;
  const written = text.slice(line.words[0]!.start, line.words.at(-1)!.end);
  const next = written.replace(frontendFetch, (whole, fetch: string, name: string) =>
    names.has(name) ? `${fetch}(${names.get(name)})` : whole,
  );
  return next === written ? null : next;
}
