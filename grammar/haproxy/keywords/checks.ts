/** Health check methods and `http-check` (manual, chapter 4.2 "option httpchk", "http-check"). */
import { regexProblem } from '../expr/argument-checks.ts';
import { type Call, isAtLeast, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { HeaderField, HttpExpectation, ProxyNode } from '../nodes.ts';
import { backSide } from './contexts.ts';
import { checkUser } from './word-checks.ts';

const proxyRow = rowsFor<ProxyNode>();

export const checkRows: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('option httpchk', backSide, {
    extra: 'free',
    since: '1.3',
    doc: 'Checks servers with an HTTP request.',
    ok: ['option httpchk', 'option httpchk /up', 'option httpchk HEAD / HTTP/1.1'],
    apply: setHttpCheck,
  }),
  ...['tcp-check', 'redis-check', 'ldap-check', 'ssl-hello-chk', 'external-check', 'spop-check'].map((name) =>
    foreign(name, 'refused'),
  ),
  ...['mysql-check', 'pgsql-check', 'smtpchk'].map((name) => foreign(name, 'free')),
  proxyRow('http-check send', backSide, {
    extra: 'free',
    since: '2.2',
    doc: 'Method, URI, version and header fields of the check request.',
    ok: ['http-check send meth GET uri /up ver HTTP/1.1 hdr Host example.com'],
    bad: [
      ['http-check send meth', 'missing-argument'],
      ['http-check send zork 1', 'bad-value'],
    ],
    apply: setSend,
  }),
  proxyRow('http-check expect', backSide, {
    extra: 'free',
    since: '1.3',
    doc: 'What a good answer to a check looks like.',
    ok: ['http-check expect status 200', 'http-check expect ! string error', 'http-check expect rstatus ^2'],
    bad: [
      ['http-check expect', 'missing-argument'],
      ['http-check expect zork 1', 'bad-value'],
      ['http-check expect rstring ([a', 'bad-value'],
    ],
    apply: setExpect,
  }),
];

/** A check protocol nobody here speaks: a plain connect check takes its place, and the warning says so. */
function foreign(name: string, extra: 'refused' | 'free'): KeywordRow<ProxyNode> {
  return proxyRow(`option ${name}`, backSide, {
    extra,
    since: '1.3',
    doc: `Checks servers with ${name}; carried out as a TCP connect check.`,
    ok: [name === 'pgsql-check' ? 'option pgsql-check user health' : `option ${name}`],
    apply(node, call) {
      checkArguments(node, call);
      node.settings.check = 'foreign';
      const message = `'option ${name}' is accepted but not carried out: servers are checked by connecting.`;
      call.diagnostics.warning('not-carried-out', call.at, message);
    },
  });
}

/** Arguments of the check protocols, where they take any. */
function checkArguments(node: ProxyNode, call: Call): void {
  if (/mysql|pgsql/.test(call.keyword)) checkUser(node, call);
  const surplus = call.keyword.includes('smtpchk') ? call.words[2] : undefined;
  if (surplus)
    call.fail('extra-argument', surplus, `'${call.keyword}' cannot handle unexpected argument '${surplus.text}'.`);
}

function setHttpCheck(node: ProxyNode, call: Call): void {
  const [first, second, third, surplus] = call.words;
  if (surplus && !call.language.lenient) {
    call.fail('extra-argument', surplus, `'option httpchk' cannot handle unexpected argument '${surplus.text}'.`);
    return;
  }
  const request = { method: 'OPTIONS', uri: '/', version: 'HTTP/1.0', headers: [] as HeaderField[] };
  if (first && second) {
    request.method = first.text;
    request.uri = second.text;
    if (third && !readVersion(call, third, request)) return;
  } else if (first) {
    request.uri = first.text;
  }
  node.settings.check = 'http';
  Object.assign(node.httpCheck, request);
}

/** The version word, and the header fields that files before 2.2 hide after it ("HTTP/1.0\r\nHost:\ x"). */
function readVersion(call: Call, word: Value, request: { version: string; headers: HeaderField[] }): boolean {
  const [version = '', ...fields] = [word, ...call.words.slice(3)]
    .map((value) => value.text)
    .join(' ')
    .split('\r\n');
  if (!/^HTTP\/\d\.\d$/.test(version.trim())) {
    const message = `'option httpchk' : 'HTTP/<major>.<minor>' expected as version, not '${version}'; it is sent as written.`;
    call.diagnostics.warning('bad-value', word.at, message);
  }
  request.version = version.trim();
  for (const field of fields) {
    const colon = field.indexOf(':');
    if (colon > 0) request.headers.push({ name: field.slice(0, colon).trim(), value: field.slice(colon + 1).trim() });
  }
  return fields.length === 0 || acceptHiddenFields(call, word);
}

/** Allowed with a warning up to 2.6. */
function acceptHiddenFields(call: Call, word: Value): boolean {
  const suggestion = 'http-check send';
  const what = "'option httpchk' : hiding headers or body at the end of the version string is";
  if (!call.language.lenient && isAtLeast(call.language.release, '2.7')) {
    call.fail('removed-keyword', word, `${what} unsupported. Use '${suggestion}' directive instead.`, { suggestion });
    return false;
  }
  const message = `${what} deprecated. Please, consider to use '${suggestion}' directive instead.`;
  call.diagnostics.warning('removed-keyword', word.at, message, { suggestion });
  return true;
}

/** Parameters of `http-check send` that take one value. */
const sendValues: Readonly<Record<string, 'method' | 'uri' | 'version'>> = {
  meth: 'method',
  uri: 'uri',
  ver: 'version',
};

function setSend(node: ProxyNode, call: Call): void {
  const { words } = call;
  const headers: HeaderField[] = [];
  for (let at = 0; at < words.length; ) {
    const name = words[at]!;
    const needed = name.text === 'hdr' ? 2 : 1;
    const values = words.slice(at + 1, at + 1 + needed).map((value) => value.text);
    if (values.length < needed) {
      call.fail('missing-argument', name, `'http-check send' : '${name.text}' expects a value.`);
      return;
    }
    const key = sendValues[name.text];
    if (key) node.httpCheck[key] = values[0]!;
    else if (name.text === 'hdr') headers.push({ name: values[0]!, value: values[1]! });
    else if (/^(?:uri-lf|body|body-lf|comment)$/.test(name.text)) warn(call, name);
    else {
      call.fail('bad-value', name, `'http-check send' : unknown parameter '${name.text}'.`);
      return;
    }
    at += 1 + needed;
  }
  node.httpCheck.headers = headers;
}

const matches: Readonly<Record<string, HttpExpectation['match']>> = {
  status: 'status',
  rstatus: 'rstatus',
  string: 'string',
  rstring: 'rstring',
};
/** Parameters of `http-check expect` that stand before the match. */
const expectParameters = /^(?:min-recv|comment|ok-status|error-status|tout-status|on-success|on-error|status-code)$/;

function setExpect(node: ProxyNode, call: Call): void {
  const { words } = call;
  let at = 0;
  let negate = false;
  for (; at < words.length; at++) {
    if (words[at]!.text === '!') negate = !negate;
    else if (expectParameters.test(words[at]!.text)) warn(call, words[at++]!);
    else break;
  }
  const kind = words[at];
  const pattern = words[at + 1];
  if (!kind || !pattern) {
    call.fail('missing-argument', kind, "'http-check expect' expects a match and a pattern.");
    return;
  }
  const match = matches[kind.text];
  if ((match === 'rstatus' || match === 'rstring') && !isPattern(pattern.text)) {
    call.fail('bad-value', pattern, `'http-check expect' : regex '${pattern.text}' is invalid.`);
    return;
  }
  if (match === 'status' && !/^[\d,-]+$/.test(pattern.text)) {
    call.fail('bad-value', pattern, `'http-check expect' : '${pattern.text}' is no list of status codes.`);
    return;
  }
  if (match) node.httpCheck.expect = { negate, match, pattern: pattern.text };
  else if (/^(?:hdr|fhdr|string-lf)$/.test(kind.text)) warn(call, kind);
  else call.fail('bad-value', kind, `'http-check expect' : unknown match '${kind.text}'.`);
}

function isPattern(text: string): boolean {
  return regexProblem(text) === null;
}

function warn(call: Call, word: Value): void {
  const message = `'${call.keyword} ... ${word.text}' is accepted but not carried out.`;
  call.diagnostics.warning('not-carried-out', word.at, message);
}
