/**
 * Checks of whole lines, for words of `known.ts` that nothing carries out yet: options in any order, enumerations,
 * expressions and formats. A check reports what is wrong and changes nothing but what later lines refer to.
 */
import { parseAddress } from '../address.ts';
import { hexProblem, networkProblem, regexProblem } from '../expr/argument-checks.ts';
import { isConditionStart, LineReader } from '../expr/line-reader.ts';
import { readSample } from '../expr/sample.ts';
import { type Call, isAtLeast, type Value } from '../keyword.ts';
import type { GlobalNode, ProxyNode, ServerSettings } from '../nodes.ts';
import { parseSize, parseTime } from '../units.ts';

export type WordCheck = (node: never, call: Call) => void;
type ProxyCheck = (node: ProxyNode, call: Call) => void;

/** What an option's value must look like; null: it takes none. */
type ValueKind = 'any' | 'number' | 'time' | 'size' | 'format' | 'sample' | 'address' | null;

function isOfKind(kind: ValueKind, value: Value, node: ProxyNode, call: Call): boolean {
  const { text } = value;
  if (kind === 'format') return new LineReader(node, call).checkLogFormat(value);
  if (kind === 'sample') return new LineReader(node, { ...call, words: [value] }).sample();
  const isGood =
    kind === 'any' ||
    (kind === 'number' && /^\d+$/.test(text)) ||
    (kind === 'time' && typeof parseTime(text) === 'number') ||
    (kind === 'size' && parseSize(text) !== null) ||
    (kind === 'address' && text !== '');
  if (!isGood) call.fail('bad-value', value, `'${call.keyword}' : '${text}' is not a ${kind}.`);
  return isGood;
}

/** Options in any order up to a condition. False: something was reported. */
function readOptions(
  options: Readonly<Record<string, ValueKind>>,
  node: ProxyNode,
  call: Call,
  from = 0,
): ReadonlyMap<string, Value | null> | null {
  const found = new Map<string, Value | null>();
  for (let at = from; at < call.words.length; at++) {
    const word = call.words[at]!;
    if (isConditionStart(word)) break;
    const kind = Object.hasOwn(options, word.text) ? options[word.text] : undefined;
    if (kind === undefined) {
      const names = Object.keys(options).join("', '");
      call.fail('bad-value', word, `'${call.keyword}' only supports '${names}' (got '${word.text}').`);
      return null;
    }
    const value = kind === null ? null : call.words[++at];
    if (value === undefined) {
      call.fail('missing-argument', word, `'${call.keyword}' : '${word.text}' expects a value.`);
      return null;
    }
    if (value && !isOfKind(kind, value, node, call)) return null;
    found.set(word.text, value);
  }
  return found;
}

/** Every word is one of a list. */
function eachOf(names: string, needsOne = true): ProxyCheck {
  const known = new Set(names.split(' '));
  return (_node, call) => {
    if (call.words.length === 0 && needsOne) {
      call.fail('missing-argument', undefined, `'${call.keyword}' expects one or more of ${[...known].join(', ')}.`);
      return;
    }
    const odd = call.words.find((value) => !known.has(value.text));
    if (odd) call.fail('bad-value', odd, `'${call.keyword}' : unknown word '${odd.text}'.`);
  };
}

const codes = '200 400 401 403 404 405 407 408 410 413 414 421 422 425 429 431 500 501 502 503 504';
const errorCodes: ReadonlySet<string> = new Set(codes.split(' '));

const counters = `server_id gpt0 gpc0 gpc0_rate() conn_cnt conn_rate() conn_cur sess_cnt sess_rate() http_req_cnt
  http_req_rate() http_err_cnt http_err_rate() bytes_in_cnt bytes_in_rate() bytes_out_cnt bytes_out_rate() gpc1
  gpc1_rate() server_key http_fail_cnt http_fail_rate() gpt() gpc() gpc_rate() glitch_cnt glitch_rate()`;
const stored: ReadonlySet<string> = new Set(counters.split(/\s+/));

function checkStickTable(node: ProxyNode, call: Call): void {
  node.hasTable = true;
  const { words } = call;
  const seen = new Set<string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    seen.add(word.text);
    if (word.text === 'nopurge' || word.text === 'recv-only') continue;
    const value = words[++at];
    const problem = tableProblem(word.text, value?.text);
    if (problem !== null) {
      call.fail(value ? 'bad-value' : 'missing-argument', value ?? word, `stick-table: ${problem}.`);
      return;
    }
    if (/^(?:string|binary)$/.test(value!.text) && words[at + 1]?.text === 'len') at += 2;
    if (word.text === 'peers') node.sectionReferences.push({ section: 'peers', name: value! });
  }
  const missing = ['type', 'size'].find((name) => !seen.has(name));
  if (missing) call.fail('missing-argument', words[0], `stick-table: missing ${missing}.`);
}

function tableProblem(name: string, value: string | undefined): string | null {
  if (!/^(?:type|size|expire|peers|store|srvkey|write-to|brates-factor)$/.test(name)) {
    return `unknown argument '${name}'`;
  }
  if (value === undefined) return `missing argument after '${name}'`;
  if (name === 'type' && !/^(?:ip|ipv4|ipv6|integer|string|binary)$/.test(value)) return `unknown type '${value}'`;
  if (name === 'size' && parseSize(value) === null) return `unexpected character in argument of 'size'`;
  if (name === 'expire' && typeof parseTime(value) !== 'number') return `unexpected character in argument of 'expire'`;
  if (name === 'srvkey' && value !== 'name' && value !== 'addr') return `unknown server key '${value}'`;
  if (name !== 'store') return null;
  const items = value.split(/,(?![^(]*\))/);
  const odd = items.find((item) => !stored.has(item.replace(/\([^)]+\)$/, '()')));
  return odd === undefined ? null : `unknown store option '${odd}', or its argument is missing`;
}

function checkStick(node: ProxyNode, call: Call): void {
  const reader = new LineReader(node, call);
  if (!reader.sample()) return;
  let table: Value | undefined;
  if (reader.next?.text === 'table') {
    reader.take();
    table = reader.take();
  }
  const name = { text: table?.text ?? node.name, at: table?.at ?? call.at };
  node.sampleReferences.push({ kind: 'table', name: name.text, keyword: call.keyword, at: name.at });
}

function checkDeclareCapture(_node: ProxyNode, call: Call): void {
  const [direction, len, number] = call.words;
  if (direction?.text !== 'request' && direction?.text !== 'response') {
    call.fail('bad-value', direction, "'declare capture' requires a direction ('request' or 'response').");
  } else if (len?.text !== 'len' || !number) {
    call.fail('missing-argument', len, "'declare capture' requires a capture length ('len').");
  }
}

export const FILTER_NAMES: readonly string[] =
  'trace compression cache spoe fcgi-app opentracing bwlim-in bwlim-out comp-req comp-res'.split(' ');

function checkSpoeFilter(node: ProxyNode, call: Call): void {
  const found = readOptions({ engine: 'any', config: 'any' }, node, call, 1);
  if (found && !found.has('config')) {
    call.fail('missing-argument', call.words[0], "'filter' : 'spoe' : missing config file.");
  }
}

function checkFilter(node: ProxyNode, call: Call): void {
  const [name] = call.words;
  const isKnown = FILTER_NAMES.includes(name?.text ?? '');
  const isTooYoung = !call.language.lenient && call.language.release[0] < 3 && /^(?:bwlim|comp-)/.test(name!.text);
  if (name?.text === 'cache' && call.words[1]) node.sectionReferences.push({ section: 'cache', name: call.words[1] });
  if (!isKnown || isTooYoung) call.fail('bad-value', name, `'filter' : unknown keyword '${name?.text}'.`);
  else if (name?.text === 'spoe') checkSpoeFilter(node, call);
}

const connectOptions = {
  default: null,
  port: 'any',
  addr: 'any',
  'send-proxy': null,
  'via-socks4': null,
  ssl: null,
  sni: 'any',
  alpn: 'any',
  proto: 'any',
  linger: null,
  comment: 'any',
  'pool-conn-name': 'any',
} as const;

function checkConnect(node: ProxyNode, call: Call): void {
  const found = readOptions(connectOptions, node, call);
  const port = found?.get('port');
  if (port && !/^\d+$/.test(port.text)) new LineReader(node, { ...call, words: [port] }).sample();
}

/** "set-var(check.a)" is one word with its name. */
function variableCheck(kind: 'sample' | 'format' | null): ProxyCheck {
  return (node, call) => {
    const reader = new LineReader(node, call);
    if (kind === 'sample') reader.sample();
    else if (kind === 'format') reader.logFormat();
  };
}

function checkSend(kind: 'any' | 'hex' | 'format'): ProxyCheck {
  return (node, call) => {
    const [data, ...rest] = call.words;
    if (!data) return;
    const problem = kind === 'hex' ? hexProblem(data.text) : null;
    if (problem !== null) call.fail('bad-value', data, `'${call.keyword}' : invalid binary string: ${problem}`);
    else if (kind === 'format' && !new LineReader(node, call).checkLogFormat(data)) return;
    else readOptions({ comment: 'any' }, node, { ...call, words: rest });
  };
}

const expectOptions = new Set(
  'min-recv comment ok-status error-status tout-status on-success on-error status-code'.split(' '),
);
const expectKinds = new Set('string rstring string-lf binary rbinary binary-lf custom'.split(' '));

function checkExpect(_node: ProxyNode, call: Call): void {
  const { words } = call;
  let at = 0;
  while (at < words.length && (expectOptions.has(words[at]!.text) || words[at]!.text === '!')) {
    at += words[at]!.text === '!' ? 1 : 2;
  }
  const [kind, pattern] = [words[at], words[at + 1]];
  const name = kind?.text.replace(/^!/, '') ?? '';
  if (!expectKinds.has(name) || !pattern) {
    call.fail('bad-value', kind, `'${call.keyword}' expects one of ${[...expectKinds].join(', ')} and a pattern.`);
    return;
  }
  const problem = name === 'rstring' || name === 'rbinary' ? regexProblem(pattern.text) : null;
  const hex = name === 'binary' ? hexProblem(pattern.text) : null;
  if (problem ?? hex) call.fail('bad-regex', pattern, `'${call.keyword}' : ${problem ?? hex}`);
}

function checkHttpError(node: ProxyNode, call: Call): void {
  const kinds = {
    status: 'number',
    'content-type': 'any',
    'default-errorfiles': null,
    errorfile: 'any',
    errorfiles: 'any',
    file: 'any',
    'lf-file': 'any',
    string: 'any',
    'lf-string': 'format',
  } as const;
  const words = call.words.flatMap((value, at) =>
    [call.words[at], call.words[at - 1], call.words[at - 2]].some((word) => word?.text === 'hdr') ? [] : [value],
  );
  const found = readOptions(kinds, node, { ...call, words });
  if (!found) return;
  const status = found.get('status');
  if (!status) call.fail('missing-argument', undefined, 'http-error : expects at least a <status> as arguments.');
  else if (!errorCodes.has(status.text)) {
    call.fail('out-of-range', status, `http-error : status code '${status.text}' not handled.`);
  } else if (!found.has('content-type') && (found.has('string') || found.has('lf-string'))) {
    call.fail('missing-argument', status, 'http-error : a content type must be defined with a payload.');
  }
}

function checkUser(_node: ProxyNode, call: Call): void {
  const isMysql = call.keyword.includes('mysql');
  const [user, name, version] = call.words;
  if (!user && isMysql) return;
  if (user?.text !== 'user' || !name) {
    call.fail('missing-argument', user, `'${call.keyword}' expects 'user <username>' as argument.`);
  } else if (version && !(isMysql && /^(?:post-41|pre-41)$/.test(version.text))) {
    call.fail('bad-value', version, `'${call.keyword}' cannot handle unexpected argument '${version.text}'.`);
  }
}

function checkSectionName(section: string): ProxyCheck {
  return (node, call) => {
    const [name] = call.words;
    if (name) node.sectionReferences.push({ section, name });
  };
}

const sslOptions = `no-sslv3 no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12
  force-tlsv13 no-tls-tickets tls-tickets prefer-client-ciphers strict-sni no-strict-sni no-alpn allow-0rtt ktls
  no-renegotiate renegotiate`;
const versions = /^(?:SSLv3|TLSv1\.[0-3])$/;

function checkSslOptions(_node: ProxyNode, call: Call): void {
  const known = new Set(sslOptions.split(/\s+/));
  if (call.words.length === 0) call.fail('missing-argument', undefined, `'${call.keyword}' expects an option.`);
  for (let at = 0; at < call.words.length; at++) {
    const word = call.words[at]!;
    const isVersion = word.text === 'ssl-min-ver' || word.text === 'ssl-max-ver';
    const value = isVersion ? call.words[++at] : undefined;
    if (isVersion ? versions.test(value?.text ?? '') : known.has(word.text)) continue;
    const odd = isVersion && value ? value : word;
    call.fail('bad-value', odd, `unknown option '${odd.text}' on global statement '${call.keyword}'.`);
    return;
  }
}

function checkGlobalVariable(kind: 'sample' | 'format'): ProxyCheck {
  return (node, call) => {
    const [name, value] = call.words;
    if (!name || !value) return;
    if (!/^proc\.[A-Za-z0-9_.]+$/.test(name.text)) {
      call.fail(
        'bad-variable',
        name,
        `'${call.keyword}': only variables of scope 'proc' are permitted, not '${name.text}'.`,
      );
    } else if (isOfKind(kind, value, node, call) && kind === 'sample') checkAtStart(value, call);
  };
}

/** Only what needs no connection is there while the configuration is read. */
function checkAtStart(value: Value, call: Call): void {
  const sample = readSample(value.text, call.language);
  if ('problem' in sample || sample.places === null || sample.places[20] === 'Y') return;
  call.fail('not-available', value, `'${sample.fetch.name}' takes information that is not available here.`);
}

function checkExternal(_node: ProxyNode, call: Call): void {
  const [value] = call.words;
  const isNew = call.language.lenient || isAtLeast(call.language.release, '2.9');
  if (!value || (isNew && value.text === 'preserve-env' && call.words.length === 1)) return;
  call.fail('extra-argument', value, `'external-check' cannot handle unexpected argument '${value.text}'.`);
}

function checkCpuMap(_node: ProxyNode, call: Call): void {
  const set = /^(?:\d+(?:-\d*)?|all|odd|even)$/;
  const [threads, ...cpus] = call.words;
  const odd = threads?.text
    .replace(/^auto:/, '')
    .split('/')
    .some((part) => !set.test(part));
  const bad = odd ? threads : cpus.find((value) => !/^[\d,-]+$/.test(value.text));
  if (bad) call.fail('bad-value', bad, `cpu-map : '${bad.text}' is not a valid number/range.`);
}

/** Numbers of processes: there is one. */
function checkProcess(_node: unknown, call: Call): void {
  const odd = call.words.find(
    (value) => !/^(?:1(?:-1)?|all|odd|even)(?:\/(?:\d+(?:-\d+)?|all|odd|even))?$/.test(value.text),
  );
  if (!odd || call.language.lenient) return;
  const message = `'${call.keyword}' : '${odd.text}' is not a valid number/range. It supports numbers from 1 to 1.`;
  call.fail('out-of-range', odd, message);
}

function checkErrorIds(_node: ProxyNode, call: Call): void {
  const [value] = call.words;
  if (!value || value.text === 'all') return;
  const odd = value.text.split(',').find((id) => !/^(?:\d+|X509_V_ERR_\w+)$/.test(id) || Number(id) < 1);
  if (odd !== undefined)
    call.fail('out-of-range', value, `'${call.keyword}' : '${odd}' is not the number of an error.`);
}

function checkNetworks(_node: ProxyNode, call: Call): void {
  const [value] = call.words;
  const odd = value?.text.split(',').find((item) => networkProblem(item) !== null || !/[.:]/.test(item));
  if (value && odd !== undefined) call.fail('bad-value', value, `'${call.keyword}' invalid network '${odd}'.`);
}

function checkSample(node: unknown, call: Call): void {
  void node;
  new LineReader(null, { ...call, keyword: `server ${call.keyword}` }).sample();
}

function checkDispatch(_node: ProxyNode, call: Call): void {
  const [value] = call.words;
  const parsed = value && parseAddress(value.text, call.env);
  if (!parsed) return;
  const hasPort = !('problem' in parsed) && (parsed.kind !== 'ip' || parsed.port.kind === 'range');
  if (!hasPort) call.fail('bad-address', value, `'dispatch' : missing or invalid port in '${value.text}'.`);
}

const serverChecks: Readonly<Record<string, WordCheck>> = {
  'server resolvers': noteServer('resolvers'),
  'server verify': noteServer('verify'),
  'server ca-file': noteServer('caFile'),
  'server check-ssl': noteServer('checkTls'),
  'server agent-check': noteServer('agentCheck'),
  'server agent-port': noteServer('agentPort'),
  'global ssl-server-verify': (node: GlobalNode, { words: [value] }: Call) => {
    node.trustsServers = value?.text === 'none';
  },
};

const checks: Readonly<Record<string, ProxyCheck>> = {
  'proxy stick-table': checkStickTable,
  ...sharing('proxy stick on, proxy stick match, proxy stick store-request, proxy stick store-response', checkStick),
  'proxy declare capture': checkDeclareCapture,
  'proxy filter': checkFilter,
  ...sharing('proxy tcp-check connect, proxy http-check connect', checkConnect),
  'proxy tcp-check send': checkSend('any'),
  'proxy tcp-check send-binary': checkSend('hex'),
  ...sharing('proxy tcp-check send-lf, proxy tcp-check send-binary-lf', checkSend('format')),
  'proxy tcp-check expect': checkExpect,
  ...sharing('proxy tcp-check set-var, proxy http-check set-var', variableCheck('sample')),
  ...sharing('proxy tcp-check set-var-fmt, proxy http-check set-var-fmt', variableCheck('format')),
  'proxy http-error': checkHttpError,
  'proxy use-fcgi-app': checkSectionName('fcgi-app'),
  'proxy compression algo': eachOf('identity gzip deflate raw-deflate'),
  'proxy dispatch': checkDispatch,
  ...sharing('global ssl-default-bind-options, global ssl-default-server-options', checkSslOptions),
  'global ssl-load-extra-files': eachOf('none all bundle sctl ocsp issuer key'),
  'global set-var': checkGlobalVariable('sample'),
  'global set-var-fmt': checkGlobalVariable('format'),
  'global external-check': checkExternal,
  'global cpu-map': checkCpuMap,
  ...sharing('bind ca-ignore-err, bind crt-ignore-err', checkErrorIds),
  'server resolve-net': checkNetworks,
  'server sni': checkSample,
};

/** Checks of rows that are made elsewhere. */
export { checkProcess, checkUser };

/** What is checked when all sections are known. */
function noteServer(key: 'resolvers' | 'verify' | 'caFile' | 'checkTls' | 'agentCheck' | 'agentPort'): WordCheck {
  return (settings: ServerSettings, { words: [value] }: Call) => {
    if (key === 'resolvers') settings.resolvers = value!;
    else if (key === 'verify') settings.verify = value!.text;
    else settings[key] = true;
  };
}

function sharing(names: string, check: ProxyCheck): Record<string, ProxyCheck> {
  return Object.fromEntries(names.split(', ').map((name) => [name, check]));
}

/** By the kind of line and the word: "proxy cookie" and "server cookie" are two. */
export const wordChecks: ReadonlyMap<string, WordCheck> = new Map([
  ...Object.entries<WordCheck>(checks),
  ...Object.entries(serverChecks),
]);
