/** What a migration of haproxy.cfg must know about a section before it rewrites its lines. */
import type { Line, Tree } from '../../../grammar/haproxy/ast.ts';

export interface SectionFacts {
  readonly kind: string;
  readonly name: string;
  readonly mode: string;
  readonly hasTable: boolean;
  readonly hasServers: boolean;
  readonly anonymousDefaults: boolean;
}

export interface FileFacts {
  /** Of the section that a line belongs to, headers included. */
  readonly sectionOf: ReadonlyMap<Line, SectionFacts>;
  readonly hasNbthread: boolean;
  readonly nbproc: number;
}

interface OpenSection {
  kind: string;
  name: string;
  mode: string | null;
  hasTable: boolean;
  lines: Line[];
}

export function factsOf(tree: Tree): FileFacts {
  const sectionOf = new Map<Line, SectionFacts>();
  let defaultMode = 'tcp';
  let hasNbthread = false;
  let nbproc = 1;
  for (const section of openSections(tree)) {
    if (section.kind === 'defaults') defaultMode = section.mode ?? 'tcp';
    const facts: SectionFacts = {
      kind: section.kind,
      name: section.name,
      mode: section.mode ?? defaultMode,
      hasTable: section.hasTable,
      hasServers: section.lines.some((line) => /^server/.test(line.words[0]?.raw ?? '')),
      anonymousDefaults: section.kind === 'defaults' && section.name === '',
    };
    for (const line of section.lines) {
      sectionOf.set(line, facts);
      const [first, second] = line.words;
      if (first?.raw === 'nbthread') hasNbthread = true;
      if (first?.raw === 'nbproc') nbproc = Number.parseInt(second?.raw ?? '1', 10) || 1;
    }
  }
  return { sectionOf, hasNbthread, nbproc };
}

function openSections(tree: Tree): OpenSection[] {
  const sections: OpenSection[] = [];
  for (const { header, lines } of tree.sections) {
    let current = newSection(header?.words[0]?.raw ?? '', header?.words[1]?.raw ?? '', header ? [header] : []);
    sections.push(current);
    for (const line of lines) {
      if (isMisspeltDefaults(line)) {
        current = newSection('defaults', '', []);
        sections.push(current);
      }
      current.lines.push(line);
      const [first, second] = line.words;
      if (first?.raw === 'mode' && second) current.mode = second.raw;
      if (first?.raw === 'stick-table') current.hasTable = true;
    }
  }
  return sections;
}

function newSection(kind: string, name: string, lines: Line[]): OpenSection {
  return { kind, name: name === 'from' ? '' : name, mode: null, hasTable: false, lines };
}

/** `default` alone at the beginning of a line. */
export function isMisspeltDefaults(line: Line): boolean {
  return line.words.length === 1 && line.words[0]!.raw === 'default' && line.words[0]!.start === line.start;
}
