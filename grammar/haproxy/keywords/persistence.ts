/**
 * Words about keeping clients with their servers, and about what is noted of messages for the log: `cookie`,
 * `dynamic-cookie-key`, `option persist`, `appsession`, `capture ...`, `unique-id-...` (manual, chapter 4.2), and the
 * `cookie` of a server (chapter 5.2).
 *
 * Rules that change persistence or capture (`force-persist`, `ignore-persist`, `declare capture`) are not here.
 */
import { LineReader } from '../expr/line-reader.ts';
import { type Call, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { GlobalNode, ProxyNode, ServerSettings } from '../nodes.ts';
import type { AppsessionSettings, CookieMode, CookieSettings } from '../persistence-settings.ts';
import { integer, oneOf, parseTime, text, word } from '../units.ts';
import { anyProxy, backSide, frontSide, globalSection, serverLine } from './contexts.ts';

const proxyRow = rowsFor<ProxyNode>();
const serverRow = rowsFor<ServerSettings>();
const globalRow = rowsFor<GlobalNode>();

const MAX = 2_147_483_647;
/** Captures do not stand in defaults. */
const captureSide = frontSide.filter((section) => section !== 'defaults');

export const persistenceProxyRows: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('cookie', backSide, {
    args: [word('<cookie_name>')],
    extra: 'free',
    since: '1.1',
    doc: 'Keeps a client with its server by a cookie.',
    usage: "'cookie' expects <cookie_name> as argument.",
    ok: [
      'cookie SRV insert indirect nocache',
      'cookie SRV insert domain .example.com maxidle 30m maxlife 8h attr "A=b"',
    ],
    bad: [
      ['cookie', 'missing-argument'],
      ['cookie SRV zork', 'bad-value'],
      ['cookie SRV rewrite insert', 'bad-value'],
      ['cookie SRV rewrite indirect', 'bad-value'],
      ['cookie SRV preserve', 'bad-value'],
      ['cookie SRV insert maxidle soon', 'bad-value'],
      ['cookie SRV insert maxlife 99999999999', 'bad-value'],
      ['cookie SRV insert domain a/b.c', 'bad-value'],
      ['cookie SRV insert attr "a;b"', 'bad-value'],
      ['cookie SRV insert attr', 'missing-argument'],
    ],
    apply: setCookie,
  }),
  proxyRow('dynamic-cookie-key', backSide, {
    args: [text('<secret_key>')],
    extra: 'ignored',
    since: '1.8',
    doc: 'Secret from which cookies of servers are made.',
    ok: ['dynamic-cookie-key swordfish'],
    bad: [['dynamic-cookie-key', 'missing-argument']],
    apply(node, _call, key) {
      node.settings.dynamicCookieKey = key;
    },
  }),
  proxyRow('option persist', backSide, {
    since: '1.3',
    doc: 'Sends clients to the server of their cookie even when it is down.',
    ok: ['option persist', 'no option persist'],
    bad: [['option persist zork', 'extra-argument']],
    apply(node) {
      node.settings.persist = true;
    },
    negate(node) {
      node.settings.persist = false;
    },
  }),
  proxyRow('appsession', anyProxy, {
    args: [text('<cookie>')],
    extra: 'free',
    since: '1.2',
    removed: { in: '1.6', modern: 'stick-table' },
    doc: 'Learns which server made which application cookie, and keeps clients there.',
    ok: ['appsession SID len 64 timeout 3h request-learn', 'appsession SID len 64 timeout 3h prefix mode query-string'],
    bad: [
      ['appsession', 'missing-argument'],
      ['appsession SID len 64', 'missing-argument'],
      ['appsession SID len 0 timeout 3h', 'bad-value'],
      ['appsession SID len 64 timeout 3h mode body', 'bad-value'],
      ['appsession SID len 64 timeout 3h zork', 'bad-value'],
    ],
    apply: setAppsession,
  }),
  captureRow('cookie', 'Notes a cookie of requests and responses for the log.'),
  captureRow('request header', 'Notes a header of requests for the log.'),
  captureRow('response header', 'Notes a header of responses for the log.'),
  proxyRow('unique-id-format', anyProxy, {
    args: [word('<format>')],
    since: '1.5',
    doc: 'Makes an id for every request, for logs and servers.',
    usage: "'unique-id-format' expects an argument.",
    ok: ['unique-id-format %ci-%pid-%rt'],
    bad: [
      ['unique-id-format', 'missing-argument'],
      ['unique-id-format %ci %cp', 'extra-argument'],
      ['unique-id-format %zork', 'unknown-log-variable'],
    ],
    apply(node, call, format) {
      if (new LineReader(node, call).checkLogFormat(format)) node.settings.uniqueIdFormat = format;
    },
  }),
  proxyRow('unique-id-header', frontSide, {
    args: [text('<name>')],
    extra: 'ignored',
    since: '1.5',
    doc: 'Header that carries the unique id to the server.',
    ok: ['unique-id-header X-Unique-ID'],
    bad: [['unique-id-header', 'missing-argument']],
    apply(node, _call, name) {
      node.settings.uniqueIdHeader = name;
    },
  }),
];

export const persistenceServerRows: readonly KeywordRow<ServerSettings>[] = [
  serverRow('cookie', serverLine, {
    args: [text('<value>')],
    since: '1.3',
    doc: 'Value of the cookie that stands for this server.',
    ok: ['server s 127.0.0.1:80 cookie a'],
    bad: [['server s 127.0.0.1:80 cookie', 'missing-argument']],
    apply(settings, _call, value) {
      settings.cookie = value;
    },
  }),
];

export const persistenceGlobalRows: readonly KeywordRow<GlobalNode>[] = [
  globalRow('tune.http.cookielen', globalSection, {
    args: [integer(0, MAX, 'prefix')],
    since: '1.5',
    doc: 'Room for a captured cookie; one byte of it is not used.',
    ok: ['tune.http.cookielen 128'],
    bad: [
      ['tune.http.cookielen', 'missing-argument'],
      ['tune.http.cookielen long', 'bad-number'],
    ],
    apply(node, _call, length) {
      node.settings.tuneHttpCookielen = length;
    },
  }),
];

function captureRow(what: 'cookie' | 'request header' | 'response header', doc: string): KeywordRow<ProxyNode> {
  return proxyRow(`capture ${what}`, captureSide, {
    args: [word('<name>'), oneOf('len'), integer(0, MAX, 'unbounded')],
    extra: what === 'cookie' ? 'ignored' : 'refused',
    since: '1.3',
    doc,
    usage: `'capture ${what}' expects a name, 'len' and a length.`,
    ok: [`capture ${what} X-Name len 20`],
    bad: [
      [`capture ${what}`, 'missing-argument'],
      [`capture ${what} X-Name size 20`, 'bad-value'],
      [`capture ${what} X-Name len`, 'missing-argument'],
      [`capture ${what} X-Name len long`, 'bad-number'],
    ],
    apply(node, call, { text: name, at }, _len, length) {
      const capture = { name, length };
      if (what === 'cookie') node.captures.cookie = { ...capture, at };
      else node.captures[what === 'request header' ? 'request' : 'response'].push(capture);
      node.httpOnly.push({ keyword: 'capture', at: call.at });
    },
  });
}

type Draft = { -readonly [K in keyof CookieSettings]: CookieSettings[K] } & {
  domains: string[];
  attributes: string[];
  readonly modes: Set<CookieMode>;
};

const flags = ['indirect', 'nocache', 'postonly', 'preserve', 'httponly', 'secure', 'dynamic'] as const;
type CookieFlag = (typeof flags)[number];

function setCookie(node: ProxyNode, call: Call, name: Value): void {
  if (name.text === '') {
    call.fail('missing-argument', name, "'cookie' expects <cookie_name> as argument.");
    return;
  }
  const draft = newDraft(name.text);
  for (let at = 1; at < call.words.length; at++) {
    const taken = readCookieOption(draft, call, at);
    if (taken === 0) return;
    at += taken - 1;
  }
  const problem = clashOf(draft);
  if (problem !== null) {
    call.fail('bad-value', name, problem);
    return;
  }
  const { modes, ...cookie } = draft;
  node.settings.cookie = { ...cookie, mode: [...modes][0] ?? 'passive' };
}

function newDraft(name: string): Draft {
  const off = Object.fromEntries(flags.map((flag) => [flag, false])) as Record<CookieFlag, boolean>;
  return { ...off, name, mode: 'passive', domains: [], attributes: [], maxIdle: 0, maxLife: 0, modes: new Set() };
}

/** How many words the option at `at` takes; 0: something was reported. */
function readCookieOption(draft: Draft, call: Call, at: number): number {
  const option = call.words[at]!;
  const { text: name } = option;
  if (name === 'rewrite' || name === 'insert' || name === 'prefix') {
    draft.modes.add(name);
    return 1;
  }
  const flag = flags.find((candidate) => candidate === name);
  if (flag !== undefined) {
    draft[flag] = true;
    return 1;
  }
  if (!/^(?:domain|maxidle|maxlife|attr)$/.test(name)) {
    const known =
      "'rewrite', 'insert', 'prefix', 'indirect', 'nocache', 'postonly', 'domain', 'maxidle', 'dynamic', 'maxlife' and 'attr'";
    call.fail('bad-value', option, `'cookie' supports ${known} options.`);
    return 0;
  }
  const value = call.words[at + 1];
  if (value === undefined || value.text === '') {
    call.fail('missing-argument', option, `'cookie' : '${name}' expects a value.`);
    return 0;
  }
  return storeCookieValue(draft, call, name, value) ? 2 : 0;
}

function storeCookieValue(draft: Draft, call: Call, name: string, value: Value): boolean {
  if (name === 'domain') return addDomain(draft, call, value);
  if (name === 'attr') {
    const odd = /[\x00-\x1f\x7f;]/.exec(value.text);
    if (odd) call.fail('bad-value', value, `character '${hex(odd[0])}' is not permitted in attribute value.`);
    else draft.attributes.push(value.text);
    return odd === null;
  }
  const seconds = readSeconds(value, call, name);
  if (seconds === null) return false;
  if (name === 'maxidle') draft.maxIdle = seconds;
  else draft.maxLife = seconds;
  return true;
}

function addDomain(draft: Draft, call: Call, value: Value): boolean {
  const odd = /[^\w.-]/.exec(value.text);
  if (odd) {
    call.fail('bad-value', value, `character '${odd[0]}' is not permitted in domain name '${value.text}'.`);
    return false;
  }
  if (!value.text.slice(1).includes('.') && !value.text.startsWith('.')) {
    const message = `domain '${value.text}' contains no embedded dot, this configuration may not work properly (see RFC6265#5.2.3).`;
    call.diagnostics.warning('bad-domain', value.at, message);
  }
  draft.domains.push(value.text);
  return true;
}

/** A time in whole seconds, of which a fraction counts as one. These may be longer than other times. */
function readSeconds(value: Value, call: Call, name: string): number | null {
  const match = /^(\d+)(us|ms|s|m|h|d)?$/.exec(value.text);
  const units = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86_400 } as const;
  const seconds = match ? Math.ceil(Number(match[1]) * units[(match[2] ?? 's') as keyof typeof units]) : null;
  if (seconds === null) call.fail('bad-value', value, `unexpected character in argument of '${name}'.`);
  else if (seconds <= MAX) return seconds;
  else
    call.fail(
      'bad-value',
      value,
      `timer overflow in argument '${value.text}' of '${name}', maximum value is ${MAX} s (~68 years).`,
    );
  return null;
}

function hex(char: string): string {
  return `%x${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function clashOf({ modes, indirect, preserve }: Draft): string | null {
  if (modes.has('rewrite') && indirect) return "cookie 'rewrite' and 'indirect' modes are incompatible.";
  if (modes.size > 1) return "cookie 'rewrite', 'insert' and 'prefix' modes are incompatible.";
  if (preserve && !indirect && !modes.has('insert'))
    return "cookie 'preserve' requires at least 'insert' or 'indirect'.";
  return null;
}

/** `appsession NAME len N timeout T [request-learn] [prefix] [mode M]`, as HAProxy 1.5 had it. */
function setAppsession(node: ProxyNode, call: Call, name: string): void {
  let [length, timeoutMs] = [0, 0];
  let [requestLearn, prefix] = [false, false];
  let place: AppsessionSettings['place'] = 'path-parameters';
  for (let at = 1; at < call.words.length; at++) {
    const option = call.words[at]!;
    if (option.text === 'request-learn') requestLearn = true;
    else if (option.text === 'prefix') prefix = true;
    else {
      const value = call.words[++at];
      const number = option.text === 'len' ? Number(value?.text) : parseTime(value?.text ?? '');
      const isNumber = typeof number === 'number' && number > 0 && Number.isInteger(number);
      if (option.text === 'len' && isNumber) length = number;
      else if (option.text === 'timeout' && isNumber) timeoutMs = number;
      else if (option.text === 'mode' && /^(?:path-parameters|query-string)$/.test(value?.text ?? '')) {
        place = value!.text as AppsessionSettings['place'];
      } else {
        call.fail('bad-value', value ?? option, `'appsession' : '${option.text}' is not known, or its value is wrong.`);
        return;
      }
    }
  }
  if (length === 0 || timeoutMs === 0) {
    call.fail('missing-argument', undefined, "'appsession' expects 'len' and 'timeout'.");
    return;
  }
  node.settings.appsession = { name, length, timeoutMs, requestLearn, prefix, place };
}
