/**
 * Opens sections and reads their lines by keyword rows.
 *
 * `open` recognises a header and gives back what reads the lines below it: the global section, a proxy section, or a
 * section that is only checked for its words. Unknown words are reported with the nearest known one, in the words of
 * the original.
 */
import type { Diagnostic, Diagnostics } from '../diagnostic.ts';
import { nearestWord } from '../spelling.ts';
import { AddressLineReader } from './address-line.ts';
import { ForeignSection } from './foreign-section.ts';
import type { ErrorSectionNode } from './http-settings.ts';
import { applyRow, type Call, isAtLeast, type KeywordRow, type Language, type Value } from './keyword.ts';
import { isSectionIn } from './keywords/sections.ts';
import { globalTable, type KeywordTable, proxyTable } from './keywords/table.ts';
import { SECTION_NAMES, type SectionName } from './lexer.ts';
import type { LogProfileNode } from './log-profile-settings.ts';
import type { LowerOptions } from './lower.ts';
import { type NameTable, nearestSection, sectionMeant, wordsMeant } from './meant.ts';
import {
  type GlobalNode,
  newProxyNode,
  type ProxyNode,
  type ProxySectionKind,
  type RingNode,
  type SectionFault,
} from './nodes.ts';
import { notesOn } from './odd-words.ts';
import { ProxyNames } from './proxy-names.ts';

/** Where a bad header leaves the reader when one release's language is spoken. */
const withoutSection = "'listen' or 'defaults' expected.";

/** Reads the lines of the section it belongs to. */
export interface OpenSection {
  read(values: readonly Value[]): void;
  /** Another section begins, or nothing more comes. */
  close?(): void;
}

const sectionNames: ReadonlySet<string> = new Set(SECTION_NAMES);
const proxyKinds: ReadonlySet<string> = new Set(['defaults', 'listen', 'frontend', 'backend']);
const nameSyntax = /[^A-Za-z0-9_.:-]/;
/** Sections whose header the original lets nothing follow but a name. */
const namedStrictly: ReadonlySet<string> = new Set([
  'peers',
  'cache',
  'fcgi-app',
  'log-forward',
  'userlist',
  'program',
]);
/** Options that "no" may not stand before, of those that nothing carries out. */
const fixedOptions: ReadonlySet<string> = new Set([
  'option http-restrict-req-hdr-names',
  'option httpslog',
  'option originalto',
]);
/** Sections beside proxies that something comes of. */
const carriedSections: ReadonlySet<string> = new Set(['ring', 'http-errors', 'log-profile', 'namespace_list']);
/** Sections that need no name. */
const nameless: ReadonlySet<string> = new Set(['crt-store', 'traces', 'namespace_list', 'ruleset']);
/** Words of the global section that "no" may stand before. */
const negatableGlobals = new Set([
  'log',
  'busy-polling',
  'set-dumpable',
  'strict-limits',
  'insecure-fork-wanted',
  'insecure-setuid-wanted',
  'numa-cpu-mapping',
  'h2-workaround-bogus-websocket-clients',
  'anonkey',
]);
/** Rules whose errors one release's reader does not go on after. */
const httpRules: ReadonlySet<string> = new Set(['http-request', 'http-response', 'http-after-response']);
/** Errors, not warnings, in a section without the side that they need. */
const sideErrors = new Set([
  'server',
  'server-template',
  'tcp-request connection',
  'tcp-request session',
  'retry-on',
  'use-fcgi-app',
  'declare capture',
]);

export class SectionReader {
  readonly declared = new Map<string, Set<string>>();
  readonly tables = new Set<string>();
  readonly faults: SectionFault[] = [];
  readonly rings: RingNode[] = [];
  readonly logProfiles: LogProfileNode[] = [];
  readonly errorSections: ErrorSectionNode[] = [];
  readonly namespaces: string[] = [];
  private readonly global: GlobalNode;
  private readonly proxies: ProxyNode[];
  readonly language: Language;
  readonly addressLines: AddressLineReader;
  private readonly diagnostics: Diagnostics;
  private current: OpenSection | null = null;
  private readonly namedDefaults = new Map<string, ProxyNode>();
  private readonly names: ProxyNames;
  private lastDefaults: ProxyNode | null = null;
  private allowsExperimental: boolean;
  /** A header that one release's reader gives up at: nothing after it is read. */
  aborted = false;

  constructor(global: GlobalNode, proxies: ProxyNode[], options: LowerOptions) {
    this.global = global;
    this.proxies = proxies;
    this.diagnostics = options.diagnostics;
    this.language = options.language;
    this.allowsExperimental = options.language.lenient;
    this.names = new ProxyNames(options);
    this.addressLines = new AddressLineReader((keyword, values, from) => this.callOf(keyword, values, from), options);
  }

  /** A section's lines if the line is a header, or null. */
  open(values: readonly Value[]): OpenSection | null {
    const opened = this.openSection(values);
    if (opened) this.close();
    this.current = opened ?? this.current;
    return opened;
  }

  private openSection(values: readonly Value[]): OpenSection | null {
    const [first] = values;
    if (!first) return null;
    if (!sectionNames.has(first.text)) return this.openMisspelt(values);
    const name = first.text as SectionName;
    if (!this.language.lenient && !isSectionIn(this.language.release, name)) return null;
    if (name === 'global') this.refuseSurplus(name, values, 1);
    if (name === 'global') return { read: (line) => this.readGlobal(line) };
    if (proxyKinds.has(name)) return this.openProxy(name as ProxySectionKind, values);
    return this.openForeign(name, values);
  }

  /** What stands below is read as the section that was meant, or each of its lines would be reported. */
  private openMisspelt(values: readonly Value[]): OpenSection | null {
    const meant = this.language.lenient ? sectionMeant(values) : null;
    if (!meant) return null;
    const [first, ...rest] = values;
    const message = `unknown section '${first!.text}'; did you mean '${meant}' maybe ?`;
    this.fail(first!, 'unknown-keyword', message, { suggestion: meant });
    return this.openSection([{ text: meant, at: first!.at }, ...rest]);
  }

  private openProxy(kind: ProxySectionKind, values: readonly Value[]): OpenSection {
    const [header, ...rest] = values;
    const fromAt = rest.findIndex((value) => value.text === 'from');
    const from = fromAt >= 0 ? (rest[fromAt + 1] ?? null) : null;
    const names = fromAt >= 0 ? rest.slice(0, fromAt) : rest;
    const [name, address, surplus] = names;
    if (fromAt >= 0 && !from) {
      this.fail(rest[fromAt]!, 'missing-argument', `'from' expects the name of a 'defaults' section.`);
    }
    if (!name && kind !== 'defaults') this.abort(header!, 'missing-argument', `'${kind}' expects an <id> argument`);
    if (from && !this.language.lenient && !this.namedDefaults.has(from.text)) {
      const message = `defaults section '${from.text}' not found for ${kind} '${name?.text ?? ''}'.`;
      this.abort(from, 'unknown-defaults', message);
    }
    const odd = name && nameSyntax.exec(name.text)?.[0];
    if (name && odd) {
      this.fail(name, 'bad-name', `character '${odd}' is not permitted in '${kind}' name '${name.text}'.`);
    }
    const node = newProxyNode(kind, name?.text ?? '', (name ?? header!).at, from);
    this.inheritAclNames(node);
    this.proxies.push(node);
    const before = this.diagnostics.list.length;
    if (address) this.readHeaderAddress(node, header!, address, surplus);
    const isLost = !this.language.lenient && this.diagnostics.list.length > before;
    if (!isLost) this.names.check(node, header!.at);
    this.aborted ||= this.names.isFatal;
    if (isLost) return { read: ([word]) => this.fail(word!, 'out-of-section', withoutSection) };
    return { read: (line) => this.readProxy(node, line) };
  }

  private abort(value: Value, code: string, message: string): void {
    this.fail(value, code, message);
    this.aborted = !this.language.lenient;
  }

  /** ACLs of the defaults section that a proxy starts from are its own. */
  private inheritAclNames(node: ProxyNode): void {
    const base = node.from
      ? this.namedDefaults.get(node.from.text)
      : node.kind !== 'defaults'
        ? this.lastDefaults
        : null;
    for (const name of base?.aclNames ?? []) node.aclNames.add(name);
    if (node.kind !== 'defaults') return;
    this.lastDefaults = node;
    this.namedDefaults.set(node.name, node);
  }

  /** `listen web 0.0.0.0:80`: the address stood here until release 1.6. */
  private readHeaderAddress(node: ProxyNode, header: Value, address: Value, surplus: Value | undefined): void {
    const takesAddress = node.kind === 'listen' || node.kind === 'frontend';
    if (!takesAddress || surplus) {
      const odd = takesAddress ? surplus! : address;
      this.fail(odd, 'extra-argument', `'${node.kind}' cannot handle unexpected argument '${odd.text}'.`);
    } else if (this.language.lenient) {
      const suggestion = `bind ${address.text}`;
      const message = `an address on the '${header.text}' line was removed in HAProxy 1.6; use '${suggestion}' instead.`;
      this.diagnostics.warning('removed-keyword', address.at, message, { suggestion });
      this.addressLines.readBind(node, [header, address]);
    } else {
      this.fail(address, 'removed-keyword', "please use the 'bind' keyword for listening addresses.");
    }
  }

  private openForeign(name: SectionName, values: readonly Value[]): OpenSection {
    if (namedStrictly.has(name)) this.refuseSurplus(name, values, 2);
    if (!values[1] && !nameless.has(name)) {
      this.abort(values[0]!, 'missing-argument', `missing name for ${name} section.`);
    }
    const odd = nameSyntax.exec(values[1]?.text ?? '')?.[0];
    if (odd)
      this.fail(values[1]!, 'bad-name', `character '${odd}' is not permitted in '${name}' name '${values[1]!.text}'.`);
    if (!carriedSections.has(name)) {
      const message = `section '${name}' is accepted but not carried out.`;
      this.diagnostics.warning('not-carried-out', values[0]!.at, message);
    }
    this.declare(name, values[1]?.text ?? '');
    return new ForeignSection(name, values, this);
  }

  /** The last section ends with the last file. */
  close(): void {
    this.current?.close?.();
    this.current = null;
  }

  private declare(kind: string, name: string): void {
    const names = this.declared.get(kind) ?? new Set();
    this.declared.set(kind, names.add(name));
  }

  private refuseSurplus(name: SectionName, values: readonly Value[], count: number): void {
    const surplus = values[count];
    if (!surplus) return;
    this.fail(surplus, 'extra-argument', `'${name}' cannot handle unexpected argument '${surplus.text}'.`);
  }

  private readGlobal(values: readonly Value[]): void {
    const [first] = values;
    const negated = (first!.text === 'no' || first!.text === 'default') && values.length > 1;
    const words = negated ? values.slice(1) : values;
    const row = this.findRow(globalTable, words, 'global');
    if (!row) return;
    if (negated) {
      if (negatableGlobals.has(row.name)) this.negate(row, this.global, words);
      else this.fail(words[0]!, 'bad-negation', `negation or default is not supported for '${row.name}'.`);
      return;
    }
    if (row.name === 'stats socket' && !this.addressLines.checkSocket(words)) return;
    this.applyChecked(row, this.global, words);
  }

  readProxy(node: ProxyNode, values: readonly Value[]): void {
    const [first] = values;
    const negated = (first!.text === 'no' || first!.text === 'default') && values.length > 1;
    const words = negated ? values.slice(1) : values;
    if (!negated && this.addressLines.accepts(first!.text)) {
      if (this.isAllowed(node, first!, first!.text, this.addressLines.contexts(first!.text))) {
        this.addressLines.read(node, values);
      }
      return;
    }
    const row = this.findRow(proxyTable, words, node.kind);
    if (!row) return;
    if (!this.isAllowed(node, words[0]!, row.name, row.in)) {
      if (!negated && node.kind !== 'defaults') this.checkIgnored(row, node, words);
      return;
    }
    if (negated) this.negate(row, node, words);
    else this.applyChecked(row, node, words);
  }

  private isAllowed(node: ProxyNode, word: Value, keyword: string, contexts: readonly string[]): boolean {
    if (contexts.includes(node.kind)) return true;
    if (node.kind === 'defaults') {
      this.fail(word, 'wrong-section', `'${keyword}' not allowed in 'defaults' section.`);
      return false;
    }
    const side = node.kind === 'frontend' ? 'backend' : 'frontend';
    const why = `because ${node.kind} '${node.name}' has no ${side} capability.`;
    const isUnknown = keyword.startsWith('option ') && !this.language.lenient && this.language.release[0] >= 3;
    if (isUnknown) this.fail(word, 'wrong-section', `unknown option '${keyword.slice(7)}' in a ${node.kind}.`);
    else if (sideErrors.has(keyword)) this.fail(word, 'wrong-section', `'${keyword}' not allowed ${why}`);
    else this.diagnostics.warning('ignored-here', word.at, `'${keyword}' ignored ${why}`);
    return false;
  }

  /** A word of the other side is ignored, but its arguments are looked at all the same. */
  private checkIgnored(row: KeywordRow<ProxyNode>, node: ProxyNode, words: readonly Value[]): void {
    if (sideErrors.has(row.name)) return;
    const { list } = this.diagnostics;
    const before = list.length;
    const scratch = newProxyNode('listen', node.name, node.at, null);
    for (const name of node.aclNames) scratch.aclNames.add(name);
    const hasRow = this.language.lenient || !row.removed || !isAtLeast(this.language.release, row.removed.in);
    if (hasRow) applyRow(row, scratch, this.callOf(row.name, words, row.name.split(' ').length));
    else this.checkRelease(row, words[0]!);
    const errors = list.slice(before).filter((diagnostic) => diagnostic.severity === 'error');
    list.splice(before, list.length - before, ...errors);
  }

  private negate<Node>(row: KeywordRow<Node>, node: Node, words: readonly Value[]): void {
    if (row.negate) row.negate(node);
    else if (
      row.apply ||
      fixedOptions.has(row.name) ||
      !(row.name.startsWith('option ') || negatableGlobals.has(row.name))
    ) {
      const message = `negation or default is not supported for '${row.name}'.`;
      this.fail(words[0]!, 'bad-negation', message);
      return;
    }
    this.checkRelease(row, words[0]!);
    // An option that is off is carried out by doing nothing.
    if (!row.removed && !row.name.startsWith('option ')) this.warnInert(row, words[0]!);
  }

  /** The row of a line's keyword, or undefined when it was reported as unknown. */
  private findRow<Node>(
    table: KeywordTable<Node>,
    words: readonly Value[],
    section: string,
  ): KeywordRow<Node> | undefined {
    const [first, second] = words;
    const row = lookUp(table, words);
    const tooYoung = row && !this.language.lenient && !isAtLeast(this.language.release, row.since);
    if (row && !tooYoung) return row;
    const names = [...table.rows.keys()];
    if (second && table.families.has(first!.text)) this.reportUnknownMember(first!, second, names);
    else if (table.families.has(first!.text)) this.reportLoneFamily(first!, names);
    else this.reportUnknown(first!, section, new Set(names.map((name) => name.split(' ')[0]!)));
    return undefined;
  }

  private reportLoneFamily(first: Value, names: readonly string[]): void {
    const members = names.filter((name) => name.startsWith(`${first.text} `)).map((name) => name.split(' ')[1]!);
    const expected = `one of ${[...new Set(members)].join(', ')}`;
    this.fail(first, 'missing-argument', `'${first.text}' expects another word behind it.`, { expected });
  }

  private reportUnknownMember(first: Value, second: Value, names: readonly string[]): void {
    const prefix = `${first.text} `;
    const members = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    const [glued = '', value] = second.text.split('=');
    const meant = value && members.includes(glued) ? `${glued} ${value}` : undefined;
    const suggestion = meant ?? nearestWord(second.text, members);
    const hint = suggestion ? `; did you mean '${suggestion}' maybe ?` : '.';
    const more = { ...(suggestion && { suggestion }), ...notesFor(second.text) };
    if (first.text === 'option') this.fail(second, 'unknown-keyword', `unknown option '${second.text}'${hint}`, more);
    else {
      const all = members.map((member) => `'${member}'`).join(', ');
      const message = `'${first.text}' supports ${all} (got '${second.text}')`;
      this.fail(second, 'unknown-keyword', message, more);
    }
  }

  reportUnknown(word: Value, section: string, names: Iterable<string>): void {
    const isGlobal = section === 'global';
    const elsewhere =
      isKnownIn(isGlobal ? proxyTable : globalTable, word.text) || this.isAddressLine(word.text, section);
    const suggestion = this.suggest(word.text, section, names, elsewhere);
    const hint = suggestion ? `; did you mean '${suggestion}' maybe ?` : '';
    const message = `unknown keyword '${word.text}' in '${section}' section${hint}`;
    const code = elsewhere ? 'wrong-section' : 'unknown-keyword';
    const note = { message: `'${word.text}' belongs in ${isGlobal ? 'a proxy' : "the 'global'"} section.` };
    const notes = elsewhere ? { notes: [note] } : notesFor(word.text);
    this.fail(word, code, message, { ...(suggestion && { suggestion }), ...notes });
  }

  private isAddressLine(word: string, section: string): boolean {
    return section === 'global' && this.addressLines.accepts(word);
  }

  /** A word that is right elsewhere is not misspelt, but for the originals. */
  private suggest(word: string, section: string, names: Iterable<string>, elsewhere: boolean): string | undefined {
    const { lenient } = this.language;
    if (elsewhere && lenient) return undefined;
    const nearest = nearestWord(word, [...names, ...this.addressLines.names]);
    const table = section === 'global' ? globalTable : proxyTable;
    const isProxy = section === 'global' || proxyKinds.has(section);
    const meant = lenient && isProxy ? wordsMeant(word, table) : undefined;
    // "no-option" is near "option".
    return meant?.startsWith('no ') ? meant : (nearest ?? meant ?? (lenient ? nearestSection(word) : undefined));
  }

  private applyChecked<Node>(row: KeywordRow<Node>, node: Node, words: readonly Value[]): void {
    const name = words[0]!;
    if (!this.checkRelease(row, name)) return;
    if (row.name === 'expose-experimental-directives') this.allowsExperimental = true;
    const call = this.callOf(row.name, words, row.name.split(' ').length);
    if (!applyRow(row, node, call)) this.aborted ||= !this.language.lenient && httpRules.has(row.name);
    else if (!row.removed) this.warnInert(row, name);
  }

  /** False: the language's release does not have the word any more, and that was reported. */
  checkRelease<Node>(row: KeywordRow<Node>, word: Value): boolean {
    const { removed, deprecated } = row;
    if (!removed && deprecated && isAtLeast(this.language.release, deprecated)) {
      const message = `'${row.name}' is deprecated since HAProxy ${deprecated}.`;
      this.diagnostics.warning('deprecated-keyword', word.at, message);
    }
    if (!removed) return true;
    const { modern } = removed;
    if (!this.language.lenient) {
      if (!isAtLeast(this.language.release, removed.in)) return true;
      const general = `The '${row.name}' directive is not supported anymore since HAProxy ${removed.in}. Use '${modern}' instead.`;
      this.fail(word, 'removed-keyword', removed.says ?? general, { suggestion: modern });
      return false;
    }
    const outcome = row.inert ? ' and is not carried out' : '';
    const message = `'${row.name}' was removed in HAProxy ${removed.in}${outcome}; use '${modern}' instead.`;
    this.diagnostics.warning(row.inert ? 'not-carried-out' : 'removed-keyword', word.at, message, {
      suggestion: modern,
    });
    return true;
  }

  private warnInert<Node>(row: KeywordRow<Node>, word: Value): void {
    if (row.apply && !row.inert) return;
    this.diagnostics.warning('not-carried-out', word.at, `'${row.name}' is accepted but not carried out.`);
  }

  callOf(keyword: string, values: readonly Value[], from: number): Call {
    const { diagnostics, language, global } = this;
    const { at } = values[0]!;
    return {
      keyword,
      at,
      words: values.slice(from),
      diagnostics,
      language,
      env: global.env,
      allowsExperimental: this.allowsExperimental,
      fail(code, value, message, more) {
        diagnostics.error(code, value?.at ?? at, message, more);
      },
    };
  }

  private fail(value: Value, code: string, message: string, more?: Partial<Diagnostic>): void {
    this.diagnostics.error(code, value.at, message, more);
  }
}

/** The row of the longest name that the words start with: names have up to three words. */
function lookUp<Node>(table: KeywordTable<Node>, words: readonly Value[]): KeywordRow<Node> | undefined {
  const [first, second, third] = words;
  if (!second || !table.families.has(first!.text)) return table.rows.get(first!.text);
  const isVariable = /^(?:un)?set-var(?:-fmt)?(?:\(|$)/.test(second.text) && first!.text.endsWith('-check');
  if (isVariable && !second.text.includes('(')) return undefined;
  const pair = `${first!.text} ${second.text.replace(/\(.*$/s, '')}`;
  return (third && table.rows.get(`${pair} ${third.text}`)) ?? table.rows.get(pair) ?? table.rows.get(first!.text);
}

function isKnownIn(table: NameTable, word: string): boolean {
  return table.rows.has(word) || table.families.has(word);
}

function notesFor(text: string): Pick<Diagnostic, 'notes'> {
  const notes = notesOn(text);
  return notes.length > 0 ? { notes } : {};
}
