/**
 * `bind`, `server`, `default-server` and `server-template` lines: an address, then words that each have a row of their
 * own and take their arguments from what follows them (manual, chapters 4.2, 5.1 and 5.2).
 */
import type { Diagnostics } from '../diagnostic.ts';
import { nearestWord } from '../spelling.ts';
import { type Address, parseAddress } from './address.ts';
import { applyRow, type Call, isAtLeast, type KeywordRow, type Language, type Value } from './keyword.ts';
import { bindTable, type KeywordTable, serverTable } from './keywords/table.ts';
import type { LowerOptions } from './lower.ts';
import type { BindNode, ProxyNode, ServerSettings } from './nodes.ts';
import { notesOn } from './odd-words.ts';

const contexts: Readonly<Record<string, readonly string[]>> = {
  bind: ['frontend', 'listen'],
  server: ['listen', 'backend'],
  'server-template': ['listen', 'backend'],
  'default-server': ['defaults', 'listen', 'backend'],
};

type CallMaker = (keyword: string, values: readonly Value[], from: number) => Call;

export class AddressLineReader {
  readonly names = Object.keys(contexts);
  private readonly callOf: CallMaker;
  private readonly diagnostics: Diagnostics;
  private readonly language: Language;

  constructor(callOf: CallMaker, options: LowerOptions) {
    this.callOf = callOf;
    this.diagnostics = options.diagnostics;
    this.language = options.language;
  }

  accepts(keyword: string): boolean {
    return Object.hasOwn(contexts, keyword);
  }

  contexts(keyword: string): readonly string[] {
    return contexts[keyword]!;
  }

  read(node: ProxyNode, values: readonly Value[]): void {
    const keyword = values[0]!.text;
    if (keyword === 'bind') this.readBind(node, values);
    else if (keyword === 'server') this.readServer(node, values);
    else if (keyword === 'default-server') this.readDefaultServer(node, values);
    else this.readTemplate(node, values);
  }

  readBind(node: ProxyNode, values: readonly Value[]): void {
    const call = this.callOf('bind', values, 1);
    node.declaresBind = true;
    const [address, ...words] = call.words;
    if (!address || address.text === '') {
      const message = "'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.";
      call.fail('missing-argument', address, message);
      return;
    }
    const addresses: { readonly address: Address; readonly at: Value['at'] }[] = [];
    for (const part of address.text.replace(/,$/, '').split(',')) {
      const parsed = this.readListenAddress(call, address, part);
      if (!parsed) return;
      addresses.push({ address: parsed, at: address.at });
    }
    const bind: BindNode = { at: values[0]!.at, addresses, settings: {} };
    const where = `'bind ${address.text}' in section '${node.kind}'`;
    if (this.readWords(bindTable, bind, words, (word) => `${where}: unknown keyword '${word}'`)) node.binds.push(bind);
  }

  /** The words of `stats socket` are those of a `bind` line. False: something was reported. */
  checkSocket(values: readonly Value[]): boolean {
    const before = this.diagnostics.list.length;
    const call = this.callOf('stats socket', values, 2);
    const [address, ...words] = call.words;
    if (!address) return true;
    if (!this.readListenAddress(call, address, address.text)) return false;
    const bind: BindNode = { at: address.at, addresses: [], settings: {} };
    const good = this.readWords(bindTable, bind, words, (word) => `'stats socket' : unknown keyword '${word}'`);
    // One warning for the whole line is enough.
    if (good) this.diagnostics.list.length = before;
    return good;
  }

  private readListenAddress(call: Call, word: Value, text: string): Address | null {
    const parsed = parseAddress(text, call.env);
    const problem = 'problem' in parsed ? parsed.problem : portProblem(parsed, text);
    if ('problem' in parsed || problem) {
      call.fail('bad-address', word, `'${call.keyword}' : ${problem}`, {
        expected: 'an address with a port from 1 to 65535',
      });
      return null;
    }
    return parsed;
  }

  private readServer(node: ProxyNode, values: readonly Value[]): void {
    const call = this.callOf('server', values, 1);
    const [name, address, ...words] = call.words;
    if (!name || !address || name.text === '' || address.text === '') {
      call.fail('missing-argument', undefined, "'server' expects <name> and <addr>[:<port>] as arguments.");
      return;
    }
    const odd = /[^A-Za-z0-9_.:-]/.exec(name.text)?.[0];
    if (odd) {
      call.fail('bad-name', name, `character '${odd}' is not permitted in server name '${name.text}'.`);
      return;
    }
    const parsed = this.readServerAddress(call, node, name, address);
    if (!parsed) return;
    const settings: ServerSettings = {};
    const where = `'server ${node.name}/${name.text}'`;
    const good = this.readWords(serverTable, settings, words, (word) => `${where} : unknown keyword '${word}'`);
    if (!good) return;
    const datagram = readDatagram(address.text, call);
    const inherited = { ...node.defaultServer };
    node.servers.push({ name, at: values[0]!.at, address: parsed, ...datagram, inherited, settings });
  }

  private readServerAddress(call: Call, node: ProxyNode, name: Value, word: Value): Address | null {
    const parsed = parseAddress(word.text, call.env);
    const where = `'server ${node.name}/${name.text}'`;
    let problem = 'problem' in parsed ? parsed.problem : null;
    if (!('problem' in parsed)) {
      if (parsed.kind === 'fd') problem = `a file descriptor is not acceptable here in '${word.text}'`;
      const range = parsed.kind === 'ip' && parsed.port.kind === 'range' && parsed.port.first !== parsed.port.last;
      if (range) problem = `port range not permitted here in '${word.text}'`;
    }
    if ('problem' in parsed || problem) {
      call.fail('bad-address', word, `${where} : ${problem}`, { expected: 'an address with a port up to 65535' });
      return null;
    }
    return parsed;
  }

  private readDefaultServer(node: ProxyNode, values: readonly Value[]): void {
    const settings: ServerSettings = {};
    const unknown = (word: string) => `'default-server' : unknown keyword '${word}'`;
    if (!this.readWords(serverTable, settings, values.slice(1), unknown)) return;
    node.defaultServer = { ...node.defaultServer, ...settings };
  }

  private readTemplate(node: ProxyNode, values: readonly Value[]): void {
    const call = this.callOf('server-template', values, 1);
    const [prefix, count, address, ...words] = call.words;
    if (!count || !address) {
      const message = "'server-template' expects <prefix>, <nb | range> and <addr>[:<port>] as arguments.";
      call.fail('missing-argument', undefined, message);
      return;
    }
    const numbers = readNumbers(count.text);
    if (numbers === null) {
      call.fail('bad-number', count, `Wrong server-template number or range arg '${count.text}'.`);
      return;
    }
    const parsed = this.readServerAddress(call, node, prefix!, address);
    if (!parsed) return;
    const settings: ServerSettings = {};
    const unknown = (word: string) => `'server-template' : unknown keyword '${word}'`;
    if (!this.readWords(serverTable, settings, words, unknown)) return;
    node.templates.push(prefix!.text);
    const inherited = { ...node.defaultServer };
    for (let number = numbers.first; number <= numbers.last; number++) {
      const { id } = settings;
      const own = id === undefined ? settings : { ...settings, id: id + number - numbers.first };
      const name = { text: `${prefix!.text}${number}`, at: prefix!.at };
      node.servers.push({ name, at: values[0]!.at, address: parsed, inherited, settings: own });
    }
  }

  /** Walks the words, each with its arguments. False: something was reported. */
  private readWords<Node>(
    table: KeywordTable<Node>,
    node: Node,
    words: readonly Value[],
    unknown: (word: string) => string,
  ): boolean {
    for (let at = 0; at < words.length; ) {
      const word = words[at]!;
      const inner = innerOf(word);
      const found = table.rows.get(inner === null ? word.text : word.text.slice(0, word.text.indexOf('(')));
      const row = (inner === null) === (found?.inParentheses === undefined) ? found : undefined;
      const tooYoung = row && !this.language.lenient && !isAtLeast(this.language.release, row.since);
      if (!row || tooYoung) {
        const suggestion = nearestWord(word.text, table.rows.keys());
        const hint = suggestion ? `; did you mean '${suggestion}' maybe ?` : '.';
        const message = `${unknown(word.text)}${hint}`;
        const notes = this.accepts(word.text)
          ? [{ message: `'${word.text}' begins a line of its own.` }]
          : notesOn(word.text);
        this.diagnostics.error('unknown-keyword', word.at, message, {
          ...(suggestion && { suggestion }),
          ...(notes.length > 0 && { notes }),
        });
        return false;
      }
      const next = at + 1 + argumentCount(row, words, at + 1, table);
      if (!this.checkRemoval(row, word)) return false;
      const line = words.slice(at, next);
      const own = inner === null ? line : [word, inner, ...line.slice(1)];
      if (!applyRow(row, node, this.callOf(row.name, own, 1))) return false;
      if (!row.apply || row.inert) this.warn(row, word);
      at = next;
    }
    return true;
  }

  /** False: the language's release does not have the word any more. */
  private checkRemoval<Node>(row: KeywordRow<Node>, word: Value): boolean {
    const { removed } = row;
    if (!removed) return true;
    const { modern: suggestion } = removed;
    if (this.language.lenient) {
      const message = `'${row.name}' was removed in HAProxy ${removed.in}; use '${suggestion}' instead.`;
      this.diagnostics.warning('removed-keyword', word.at, message, { suggestion });
      return true;
    }
    if (!isAtLeast(this.language.release, removed.in)) return true;
    const message = removed.says ?? `'${row.name}' is not supported anymore since HAProxy ${removed.in}.`;
    this.diagnostics.error('removed-keyword', word.at, message, { suggestion });
    return false;
  }

  private warn<Node>(row: KeywordRow<Node>, word: Value): void {
    this.diagnostics.warning('not-carried-out', word.at, `'${row.name}' is accepted but not carried out.`);
  }
}

/** The address after a prefix that stands for datagrams. */
function readDatagram(text: string, call: Call): { readonly datagram?: Address } {
  if (!/^(?:dgram\+|udp[46]?@|uxdg@)/.test(text)) return {};
  const address = parseAddress(text, call.env, true);
  return 'problem' in address ? {} : { datagram: address };
}

/** More servers than this would be a slip of the finger. */
const MOST_SERVERS = 100_000;

/** "3" stands for 1 to 3. */
function readNumbers(text: string): { readonly first: number; readonly last: number } | null {
  const [, low, high] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (low === undefined) return null;
  const first = high === undefined ? 1 : Number(low);
  const last = Number(high ?? low);
  return last < first || last - first >= MOST_SERVERS ? null : { first, last };
}

/** What stands in parentheses at the end of a word: of `name(argument)` the argument; null: nothing does. */
function innerOf({ text, at }: Value): Value | null {
  const open = text.endsWith(')') ? text.indexOf('(') : -1;
  return open < 0 ? null : { text: text.slice(open + 1, -1), at };
}

/** A row of free arguments takes words up to the next one that is a keyword itself. */
function argumentCount<Node>(
  row: KeywordRow<Node>,
  words: readonly Value[],
  from: number,
  table: KeywordTable<Node>,
): number {
  const wanted = row.args.length - (row.inParentheses ? 1 : 0);
  let count = Math.min(wanted, words.length - from);
  if (row.follows) return count + row.follows(words, from + count);
  if (row.extra !== 'free') return count;
  while (from + count < words.length && !table.rows.has(words[from + count]!.text)) count++;
  return count;
}

function portProblem(address: Address, text: string): string | null {
  if (address.kind === 'foreign' && address.scheme.startsWith('udp')) {
    return `dgram-type address not acceptable in '${text}'`;
  }
  if (address.kind !== 'ip') return null;
  if (address.port.kind === 'none') return `missing port specification in '${text}'`;
  if (address.port.kind === 'offset') return `port offset not permitted here in '${text}'`;
  return address.port.first === 0 ? "invalid port '0'" : null;
}
