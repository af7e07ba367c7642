/**
 * Migrates a haproxy.cfg of any age to the language of current releases, line by line.
 *
 * Order counts: HAProxy 1.x ran `block` before all `http-request` rules, the `reqrep` family behind them and `reqadd`
 * last, wherever they stood. A rule is rewritten where it stands; when a rule that ran before it stands below it, a
 * warning says so.
 */
import { type Line, linesOf, type Tree } from '../../../grammar/haproxy/ast.ts';
import { parse } from '../../../grammar/haproxy/parser.ts';
import type { Source } from '../../../grammar/source.ts';
import { recentRewrites, rewrites, type Use } from './haproxy-rewrites.ts';
import { type FileFacts, factsOf, isMisspeltDefaults, type SectionFacts } from './haproxy-sections.ts';
import { plainWord } from './haproxy-word.ts';
import { isHeaderRule, migrateHeaderRule } from './header-rules.ts';
import { type LineSite, lineStartsOf, type Migration, MigrationWriter, type Outcome } from './migration.ts';
import { type Renames, renameInLine, renamesOf } from './proxy-names.ts';

export const HAPROXY_TARGETS = ['haproxy-2.6', 'haproxy-3.4'] as const;
export type HaproxyTarget = (typeof HAPROXY_TARGETS)[number];

export function migrateHaproxy(source: Source, target: HaproxyTarget): Migration {
  return new HaproxyMigration(parse(source), target).run();
}

class HaproxyMigration {
  private readonly tree: Tree;
  private readonly recent: boolean;
  private readonly facts: FileFacts;
  private readonly writer: MigrationWriter;
  private readonly renames: Renames;
  private ranked: { rank: number; site: LineSite; keyword: string; section: SectionFacts }[] = [];

  constructor(tree: Tree, target: HaproxyTarget) {
    this.tree = tree;
    this.recent = target === 'haproxy-3.4';
    this.facts = factsOf(tree);
    this.writer = new MigrationWriter(tree.source);
    this.renames = renamesOf(tree, this.recent);
  }

  run(): Migration {
    let number = 0;
    let lastStart = 0;
    for (const line of linesOf(this.tree)) {
      if (line.words.length > 0) this.migrateLine(line, number);
      lastStart = line.start;
      number++;
    }
    this.warnOfOrder();
    this.writer.terminate(Math.max(0, number - 1), lastStart);
    return this.writer.finish(lineStartsOf(this.tree.source.text));
  }

  private migrateLine(line: Line, number: number): void {
    const section = this.facts.sectionOf.get(line);
    if (!section) return;
    const site = siteOf(line, number);
    const outcome = this.outcomeOf(line, section);
    if (outcome) this.writer.write(site, outcome);
    this.rank(line, site, section, outcome);
  }

  private outcomeOf(line: Line, section: SectionFacts): Outcome | null {
    const [first, ...others] = line.words;
    const name = first!.raw;
    if (isMisspeltDefaults(line)) return { kind: 'lines', lines: ['defaults'] };
    if (line === this.headerOf(line)) return this.migrateHeader(line, section);
    if (section.kind === 'program') return null;
    const server = this.renames.lines.get(line);
    if (server) return renameServer(line, server);
    const negated = name === 'no' && others.length > 0;
    const words = negated ? others : line.words;
    if (isHeaderRule(words[0]!.raw)) return migrateHeaderRule(words[0]!.raw, words.slice(1).map(plainWord));
    const renamed = renameInLine(line, this.renames, this.tree.source.text);
    if (renamed !== null) return { kind: 'lines', lines: [renamed] };
    const outcome = this.rewriteOf(words, section);
    if (!negated || outcome?.kind !== 'lines') return outcome;
    return { ...outcome, lines: outcome.lines.map((text) => `no ${text}`) };
  }

  private rewriteOf(words: Line['words'], section: SectionFacts): Outcome | null {
    const two = `${words[0]!.raw} ${words[1]?.raw ?? ''}`;
    const tables = this.recent ? [recentRewrites, rewrites] : [rewrites];
    for (const table of tables) {
      for (const [key, count] of [
        [two, 2],
        [words[0]!.raw, 1],
      ] as const) {
        const rewrite = table.get(key);
        if (!rewrite) continue;
        const written = this.tree.source.text.slice(words[count - 1]!.end, words.at(-1)!.end);
        const use: Use = { args: words.slice(count).map(plainWord), written, section, ...this.facts };
        return rewrite(use);
      }
    }
    return null;
  }

  private headerOf(line: Line): Line | undefined {
    return this.tree.sections.find((section) => section.header === line)?.header ?? undefined;
  }

  /** `listen NAME ADDRESS`, and names that only one proxy may have today. */
  private migrateHeader(line: Line, section: SectionFacts): Outcome | null {
    const [keyword, name, address, ...surplus] = line.words.map((word) => word.raw);
    if (this.recent && section.kind === 'program') {
      return { kind: 'left', why: "'program' sections are gone since 3.3: start it with a process supervisor" };
    }
    if (keyword === 'ruleset') return { kind: 'left', why: 'it never had a meaning' };
    if (keyword !== 'listen' && keyword !== 'frontend') return null;
    const renamed = this.renames.lines.get(line);
    const { text } = this.tree.source;
    const header = `${text.slice(line.words[0]!.start, line.words[1]?.start)}${renamed ?? name}`;
    const renaming = `${keyword} '${name}' has the name of another proxy; logs and statistics show '${renamed}' now`;
    if (!address || address === 'from') {
      return renamed ? { kind: 'lines', lines: [joinWords(header, line.words.slice(2))], check: renaming } : null;
    }
    if (!/[:/]|^\d+$/.test(address)) return { kind: 'left', why: `'${address}' is no address to listen on` };
    const indent = this.indentBelow(line);
    const check = [...(renamed ? [renaming] : []), ...(surplus[0] ? [`'${surplus.join(' ')}' is left out`] : [])];
    const more = check.length > 0 ? { check: check.join('; ') } : {};
    return { kind: 'lines', lines: [header, `${indent}bind ${address}`], ...more };
  }

  /** The blanks in front of the lines of the section. */
  private indentBelow(header: Line): string {
    const section = this.tree.sections.find((candidate) => candidate.header === header)!;
    const line = section.lines.find((candidate) => candidate.words.length > 0);
    const indent = line ? this.tree.source.text.slice(line.start, line.words[0]!.start) : '';
    return indent === '' ? '    ' : indent;
  }

  private rank(line: Line, site: LineSite, section: SectionFacts, outcome: Outcome | null): void {
    const keyword = line.words[0]!.raw;
    const rank = rankOf(keyword);
    if (rank === undefined || outcome?.kind === 'left' || outcome?.kind === 'drop') return;
    this.ranked.push({ rank, site, keyword, section });
  }

  /** Rules of one section and one direction are compared with those that stand below them. */
  private warnOfOrder(): void {
    for (const [index, rule] of this.ranked.entries()) {
      const later = this.ranked
        .slice(index + 1)
        .find(
          (other) =>
            other.section === rule.section && sideOf(other.keyword) === sideOf(rule.keyword) && other.rank < rule.rank,
        );
      if (!later) continue;
      const message = `'${rule.keyword}' ran after '${later.keyword}' of line ${later.site.line + 1}; now it runs before it`;
      this.writer.remark(rule.site, message);
    }
  }
}

function renameServer(line: Line, fresh: string): Outcome {
  const [keyword, name, ...rest] = line.words.map((word) => word.raw);
  const check = `the section has another server '${name}'; this one is '${fresh}' now`;
  return { kind: 'lines', lines: [[keyword, fresh, ...rest].join(' ')], check };
}

const ranks: Readonly<Record<string, number>> = {
  block: 0,
  'http-request': 1,
  'http-response': 1,
  reqadd: 3,
  rspadd: 3,
};

function rankOf(keyword: string): number | undefined {
  return ranks[keyword] ?? (isHeaderRule(keyword) ? 2 : undefined);
}

function sideOf(keyword: string): string {
  return /^(?:rsp|srvexp|http-response)/.test(keyword) ? 'response' : 'request';
}

function siteOf(line: Line, number: number): LineSite {
  const { start, end, words } = line;
  return { line: number, start, end, wordsStart: words[0]!.start, wordsEnd: words.at(-1)!.end };
}

function joinWords(head: string, words: Line['words']): string {
  return [head, ...words.map((word) => word.raw)].join(' ');
}
