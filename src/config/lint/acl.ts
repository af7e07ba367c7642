/**
 * ACLs and conditions as far as rules can reason about them (manual, chapter 7).
 *
 * An ACL becomes a test: what is looked at (`subject`), how it is compared and with what. A condition becomes a list of
 * alternatives, each a list of terms. What is not fully understood is `null` or `open`, and nothing is concluded from it.
 */
import type { Span } from '../../../grammar/source.ts';
import { groupBy } from './group.ts';
import type { ProxyView, ViewLine, ViewWord } from './haproxy-view.ts';

export type MatchMethod =
  | 'str'
  | 'beg'
  | 'end'
  | 'sub'
  | 'dir'
  | 'dom'
  | 'reg'
  | 'ip'
  | 'int'
  | 'len'
  | 'found'
  | 'bool'
  | 'bin';

export interface Test {
  /** Name of the fetch without the comparison in it: `path_beg` is `path`. */
  readonly fetch: string;
  /** Fetch, arguments and converters in one spelling. */
  readonly subject: string;
  readonly converters: readonly string[];
  readonly args: string;
  readonly method: MatchMethod;
  readonly ignoreCase: boolean;
  readonly values: readonly ViewWord[];
  /** Values come from files or from the environment, or flags are not understood. */
  readonly open: boolean;
}

export interface Acl {
  readonly name: string;
  readonly at: Span;
  readonly line: ViewLine;
  readonly test: Test;
}

export interface Term {
  readonly negated: boolean;
  /** Name of an ACL, or '' for one in braces. */
  readonly name: string;
  /** All tests of the name; one of them has to hold. Null: the ACL is not known here. */
  readonly tests: readonly Test[] | null;
  readonly at: Span;
}

export interface Condition {
  readonly kind: 'if' | 'unless';
  readonly alternatives: readonly (readonly Term[])[];
  readonly at: Span;
}

const suffixes: Readonly<Record<string, MatchMethod>> = {
  _beg: 'beg',
  _end: 'end',
  _sub: 'sub',
  _dir: 'dir',
  _dom: 'dom',
  _reg: 'reg',
  _str: 'str',
  _len: 'len',
};

/** Fetches with a comparison in their name. */
const suffixed = /^(.+)(_beg|_end|_sub|_dir|_dom|_reg|_str|_len)$/;

const aliases: Readonly<Record<string, string>> = {
  'req.hdr': 'hdr',
  'req.fhdr': 'hdr',
  'req.cook': 'cook',
  'req.ssl_sni': 'req_ssl_sni',
  url_param: 'urlp',
};

/** What a fetch compares with when nothing says how. */
function naturalMethod(fetch: string): MatchMethod {
  if (/^(?:src|dst|fc_src|fc_dst|bc_src|bc_dst|hdr_ip|req\.hdr_ip|urlp_ip|url_ip)$/.test(fetch)) return 'ip';
  if (integers.test(fetch)) return 'int';
  if (booleans.test(fetch)) return 'bool';
  return 'str';
}

const integers =
  /^(?:dst_port|src_port|fc_\w*port|url_port|status|\w+_cnt|nbsrv|avail_sess|be_\w+|fe_\w+|connslots|queue|srv_\w+|req_len|req\.len|req_ssl_ver|req\.ssl_ver|ssl_fc_\w*keysize|date|rand|\w+_val|sc\d?_\w+|src_\w+|table_\w+|so_id|nbproc|hdr_val|wait_end_time|fc_rtt|bytes_\w+|http_\w+_cnt|req\.body_len|req\.body_size|res\.len|capture_\w+)$/;
const booleans =
  /^(?:ssl_fc|ssl_c_used|wait_end|always_true|always_false|srv_is_up|ssl_fc_has_\w+|http_first_req|http_auth|req_proto_http|req\.proto_http|local\w*|fc_rcvd_proxy|dst_is_local|src_is_local|req_rdp_cookie_cnt|unique-id)$/;

const methods: ReadonlySet<string> = new Set<MatchMethod>([
  'str',
  'beg',
  'end',
  'sub',
  'dir',
  'dom',
  'reg',
  'ip',
  'int',
  'len',
  'found',
  'bool',
  'bin',
]);

/** Reads `FETCH [FLAG]... [VALUE]...`. */
export function readTest(words: readonly ViewWord[]): Test | null {
  const [criterion, ...rest] = words;
  if (!criterion) return null;
  const { fetch, args, converters, method } = readCriterion(criterion.text);
  const flags = readFlags(rest);
  return {
    fetch,
    subject: [`${fetch}(${args})`, ...converters].join(','),
    converters,
    args,
    method: flags.method ?? method,
    ignoreCase: flags.ignoreCase,
    values: flags.values,
    open: flags.open || criterion.open || flags.values.some((value) => value.open),
  };
}

function readCriterion(text: string): Pick<Test, 'fetch' | 'args' | 'converters' | 'method'> {
  const match = /^([A-Za-z0-9._-]+)(?:\(([^)]*)\))?(.*)$/s.exec(text);
  if (!match) return { fetch: text, args: '', converters: ['?'], method: 'str' };
  const [, written = '', args = '', tail = ''] = match;
  const converters = tail.split(',').filter((part) => part !== '');
  const inName = converters.length === 0 ? suffixed.exec(written) : null;
  const plain = inName && !integers.test(written) ? inName[1]! : written;
  const fetch = aliases[plain] ?? plain;
  const isHeader = fetch === 'hdr';
  const method =
    inName && plain !== written ? suffixes[inName[2]!]! : converters.length > 0 ? 'str' : naturalMethod(plain);
  return { fetch, args: isHeader ? args.toLowerCase() : args, converters, method };
}

interface Flags {
  readonly method: MatchMethod | null;
  readonly ignoreCase: boolean;
  readonly values: readonly ViewWord[];
  readonly open: boolean;
}

function readFlags(words: readonly ViewWord[]): Flags {
  let method: MatchMethod | null = null;
  let ignoreCase = false;
  let open = false;
  let at = 0;
  for (; at < words.length && words[at]!.text.startsWith('-'); at++) {
    const { text } = words[at]!;
    if (text === '--') {
      at++;
      break;
    }
    if (text === '-i') ignoreCase = true;
    else if (text === '-m') {
      const name = words[++at]?.text ?? '';
      if (methods.has(name)) method = name as MatchMethod;
      else open = true;
    } else if (text === '-f' || text === '-u' || text === '-M') {
      open = true;
      if (text !== '-M') at++;
    } else if (text !== '-n') break;
  }
  return { method, ignoreCase, open, values: words.slice(at) };
}

/** The ACLs of a proxy by name, those of its defaults included. */
export function aclsOf(proxy: ProxyView): Map<string, Acl[]> {
  const acls = proxy.lines.flatMap((line): Acl[] => {
    const [keyword, name, ...words] = line.words;
    const test = keyword!.text === 'acl' && name && !line.negated ? readTest(words) : null;
    return test && name ? [{ name: name.text, at: name.at, line, test }] : [];
  });
  return groupBy(acls, (acl) => acl.name);
}

/** Words of a line before its condition, and the condition. */
export function splitCondition(line: ViewLine): {
  readonly words: readonly ViewWord[];
  readonly tokens: readonly ViewWord[] | null;
} {
  const at = line.words.findIndex(({ text }, index) => index > 0 && (text === 'if' || text === 'unless'));
  return at < 0
    ? { words: line.words, tokens: null }
    : { words: line.words.slice(0, at), tokens: line.words.slice(at) };
}

/** The condition of a rule; null when there is none or it is not understood. */
export function conditionOf(line: ViewLine, acls: ReadonlyMap<string, readonly Acl[]>): Condition | null {
  const { tokens } = splitCondition(line);
  if (!tokens || tokens.length < 2) return null;
  const alternatives = new ConditionReader(tokens.slice(1), acls).read();
  const [first] = tokens;
  const at = { source: first!.at.source, start: first!.at.start, end: tokens.at(-1)!.at.end };
  return alternatives && { kind: first!.text as 'if' | 'unless', alternatives, at };
}

class ConditionReader {
  private readonly tokens: readonly ViewWord[];
  private readonly acls: ReadonlyMap<string, readonly Acl[]>;
  private at = 0;

  constructor(tokens: readonly ViewWord[], acls: ReadonlyMap<string, readonly Acl[]>) {
    this.tokens = tokens;
    this.acls = acls;
  }

  read(): Term[][] | null {
    const alternatives: Term[][] = [[]];
    while (this.at < this.tokens.length) {
      const { text } = this.tokens[this.at]!;
      if (text === 'or' || text === '||' || text === 'OR') {
        this.at++;
        alternatives.push([]);
        continue;
      }
      const term = this.readTerm();
      if (!term) return null;
      alternatives.at(-1)!.push(term);
    }
    return alternatives.every((terms) => terms.length > 0) ? alternatives : null;
  }

  private readTerm(): Term | null {
    let negated = false;
    let token = this.tokens[this.at++]!;
    let { text } = token;
    while (text.startsWith('!')) {
      negated = !negated;
      text = text.slice(1);
      if (text !== '') continue;
      const next = this.tokens[this.at++];
      if (!next) return null;
      token = next;
      text = next.text;
    }
    if (text === '{') return this.readAnonymous(negated, token.at);
    const tests = this.acls.get(text)?.map((acl) => acl.test) ?? null;
    return { negated, name: text, tests, at: token.at };
  }

  private readAnonymous(negated: boolean, open: Span): Term | null {
    const close = this.tokens.findIndex(({ text }, index) => index >= this.at && text === '}');
    if (close < 0) return null;
    const test = readTest(this.tokens.slice(this.at, close));
    this.at = close + 1;
    const at = { source: open.source, start: open.start, end: this.tokens[close]!.at.end };
    return { negated, name: '', tests: test && [test], at };
  }
}
