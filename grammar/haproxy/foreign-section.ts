/**
 * One section that is no proxy, while its lines are read: by rows of its own, or as a proxy reads them, on a proxy that is
 * thrown away. What is carried out (rings, log profiles, pages of
 * errors) is handed on when the section ends, and what must not be missing is told then.
 */
import type { AddressLineReader } from './address-line.ts';
import type { ErrorSectionNode } from './http-settings.ts';
import { applyRow, type Call, isAtLeast, type KeywordRow, type Language, type Value } from './keyword.ts';
import { borrowedWords, neededWords, sectionRows } from './keywords/section-rows.ts';
import { wordsOfSection } from './keywords/sections.ts';
import { proxyTable } from './keywords/table.ts';
import type { SectionName } from './lexer.ts';
import type { LogProfileNode } from './log-profile-settings.ts';
import { newProxyNode, type ProxyNode, type RingNode, type SectionFault, type SectionNode } from './nodes.ts';

/** What the reader of all sections lends. */
export interface SectionTools {
  readonly language: Language;
  readonly addressLines: AddressLineReader;
  readonly tables: Set<string>;
  /** What is wrong with a section as a whole: told when everything has been read. */
  readonly faults: SectionFault[];
  readonly rings: RingNode[];
  readonly logProfiles: LogProfileNode[];
  readonly errorSections: ErrorSectionNode[];
  readonly namespaces: string[];
  callOf(keyword: string, values: readonly Value[], from: number): Call;
  readProxy(node: ProxyNode, values: readonly Value[]): void;
  reportUnknown(word: Value, section: string, names: Iterable<string>): void;
}

export class ForeignSection {
  readonly node: SectionNode;
  private readonly header: readonly Value[];
  private readonly tools: SectionTools;
  private readonly proxy: ProxyNode;
  private readonly seen = new Set<string>();

  constructor(kind: SectionName, header: readonly Value[], tools: SectionTools) {
    const name = header[1]?.text ?? '';
    this.header = header;
    this.tools = tools;
    const members = { users: new Set<string>(), groups: new Set<string>(), wanted: [] };
    this.node = { kind, name, ...members, ring: {}, logProfile: { steps: new Map() }, errorPages: [], namespaces: [] };
    this.proxy = newProxyNode('listen', name, header[0]!.at, null);
  }

  read(values: readonly Value[]): void {
    const { kind } = this.node;
    const negated = values[0]!.text === 'no' && values.length > 1;
    const words = negated ? values.slice(1) : values;
    const word = words[0]!;
    this.seen.add(word.text);
    if (borrowedWords[kind]?.includes(word.text)) {
      this.readBorrowed(values);
      return;
    }
    const row = this.findRow(word.text);
    if (!row) this.tools.reportUnknown(word, kind, wordsOfSection(kind) ?? []);
    else if (!negated) applyRow(row, this.node, this.tools.callOf(row.name, words, 1));
    else if (!row.negate) this.fail('bad-negation', word, `negation is not supported for '${row.name}'.`);
  }

  /** The section ends: nothing that it needs may be missing. */
  close(): void {
    const { kind, name } = this.node;
    this.checkMembers();
    if (kind === 'ring') {
      const { servers } = this.proxy;
      this.tools.rings.push({ name, at: this.header[0]!.at, settings: this.node.ring, servers });
    }
    if (kind === 'log-profile') {
      this.tools.logProfiles.push({ name, at: this.header[0]!.at, settings: this.node.logProfile });
    }
    this.tools.namespaces.push(...this.node.namespaces);
    if (kind === 'http-errors') this.tools.errorSections.push({ name, pages: this.node.errorPages });
    const { [kind]: needed } = neededWords;
    if (!needed || this.seen.has(needed)) return;
    this.note('missing-keyword', this.header[0]!, `${kind} '${name}': no '${needed}' specified.`);
  }

  private checkMembers(): void {
    const { users, groups, wanted, name } = this.node;
    for (const { kind, value } of wanted) {
      const known = kind === 'user' ? users : groups;
      const odd = value.text.split(',').find((member) => !known.has(member));
      if (odd !== undefined) this.note(`unknown-${kind}`, value, `userlist '${name}': no such ${kind} '${odd}'.`);
    }
  }

  private findRow(name: string): KeywordRow<SectionNode> | undefined {
    const { language } = this.tools;
    const row = sectionRows.find((known) => known.name === name && known.in.includes(this.node.kind));
    return row && (language.lenient || isAtLeast(language.release, row.since)) ? row : undefined;
  }

  private readBorrowed(values: readonly Value[]): void {
    const { addressLines } = this.tools;
    const [word, ...rest] = values;
    if (word!.text === 'table') this.readTable(values);
    else if (word!.text === 'peer' || word!.text === 'server') this.readServer(word!, rest);
    else if (word!.text === 'bind') addressLines.read(this.proxy, values);
    else if (word!.text === 'default-server') addressLines.read(this.proxy, values);
    else if (word!.text !== 'default-bind') this.tools.readProxy(this.proxy, values);
  }

  /** The machine's own entry of a `peers` section may leave its address to `bind`. */
  private readServer(word: Value, rest: readonly Value[]): void {
    if (rest.length < 2) return;
    this.tools.addressLines.read(this.proxy, [{ text: 'server', at: word.at }, ...rest]);
  }

  private readTable(values: readonly Value[]): void {
    this.tools.tables.add(`${this.node.name}/${values[1]?.text}`);
    const row = proxyTable.rows.get('stick-table')!;
    applyRow(row, this.proxy, this.tools.callOf('table', values, 2));
  }

  private fail(code: string, value: Value, message: string): void {
    this.tools.callOf(value.text, [value], 1).fail(code, value, message);
  }

  private note(code: string, value: Value, message: string): void {
    this.tools.faults.push({ code, at: value.at, message });
  }
}
