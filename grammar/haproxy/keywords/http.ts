/** Words about HTTP messages: leniencies, headers that are added, names and their case, error pages (manual, 3.2, 4.2). */
import type { HeaderNameRule } from '../http-settings.ts';
import { type Argument, type Call, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { GlobalNode, ProxyNode } from '../nodes.ts';
import { integer, oneOf, text } from '../units.ts';
import { anyProxy, backSide, frontSide, globalSection } from './contexts.ts';
import { flagRow } from './option-flag.ts';
import { isNetwork } from './options.ts';

const proxyRow = rowsFor<ProxyNode>();
const globalRow = rowsFor<GlobalNode>();

const flags: readonly KeywordRow<ProxyNode>[] = [
  flagRow(
    'accept-invalid-http-request',
    anyProxy,
    '1.3',
    'acceptUnsafeRequests',
    'Lets requests through that break the rules of HTTP; old name.',
  ),
  flagRow(
    'accept-invalid-http-response',
    anyProxy,
    '1.3',
    'acceptUnsafeResponses',
    'Lets responses through that break the rules of HTTP; old name.',
  ),
  flagRow(
    'accept-unsafe-violations-in-http-request',
    frontSide,
    '3.1',
    'acceptUnsafeRequests',
    'Lets requests through that break the rules of HTTP.',
  ),
  flagRow(
    'accept-unsafe-violations-in-http-response',
    backSide,
    '3.1',
    'acceptUnsafeResponses',
    'Lets responses through that break the rules of HTTP.',
  ),
  flagRow('checkcache', backSide, '1.3', 'checkcache', 'Refuses responses that caches would keep along with a cookie.'),
  flagRow('contstats', frontSide, '1.3', 'contstats', 'Counts bytes while they pass, not only at the end.'),
  flagRow(
    'h1-case-adjust-bogus-client',
    frontSide,
    '2.1',
    'caseAdjustClient',
    'Writes header names to clients with the case given by h1-case-adjust.',
  ),
  flagRow(
    'h1-case-adjust-bogus-server',
    backSide,
    '2.1',
    'caseAdjustServer',
    'Writes header names to servers with the case given by h1-case-adjust.',
  ),
  flagRow('http-buffer-request', anyProxy, '1.6', 'bufferRequest', 'Waits for the body before a server is chosen.'),
  flagRow('http-drop-request-trailers', backSide, '3.2', 'dropRequestTrailers', 'Leaves trailers of requests out.'),
  flagRow('http-drop-response-trailers', frontSide, '3.2', 'dropResponseTrailers', 'Leaves trailers of responses out.'),
  flagRow('http-ignore-probes', frontSide, '1.6', 'ignoreProbes', 'Ends connections without a request in silence.'),
  flagRow('http-no-delay', anyProxy, '1.5', 'httpNoDelay', 'Sends pieces of bodies on at once.'),
  flagRow(
    'http-pretend-keepalive',
    backSide,
    '1.5',
    'pretendKeepalive',
    'Does not tell servers that the connection ends with the response.',
  ),
  flagRow(
    'http-use-proxy-header',
    frontSide,
    '1.4',
    'useProxyHeader',
    'Reads Proxy-Connection where requests with an absolute URI have it.',
  ),
  flagRow('nolinger', anyProxy, '1.3', 'nolinger', 'Closes with a reset, leaving nothing behind.'),
];

const others: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('option http-restrict-req-hdr-names', anyProxy, {
    args: [oneOf('preserve', 'delete', 'reject')],
    since: '2.6',
    doc: 'What happens to request headers whose names hold anything but letters, digits and "-".',
    ok: ['option http-restrict-req-hdr-names delete'],
    bad: [
      ['option http-restrict-req-hdr-names zork', 'bad-value'],
      ['option http-restrict-req-hdr-names', 'missing-argument'],
    ],
    apply(node, _call, rule) {
      node.settings.restrictHeaderNames = rule as HeaderNameRule;
    },
  }),
  proxyRow('option originalto', anyProxy, {
    extra: 'free',
    since: '1.3',
    doc: 'Adds X-Original-To with the address that the client asked.',
    ok: ['option originalto', 'option originalto except 127.0.0.0/8 header X-To'],
    bad: [
      ['option originalto except', 'missing-argument'],
      ['option originalto zork', 'bad-value'],
      ['option originalto except 300.0.0.1', 'bad-address'],
    ],
    apply: setOriginalTo,
  }),
  proxyRow('http-send-name-header', backSide, {
    args: [text('<name>')],
    since: '1.5',
    doc: 'Header that tells a server its name.',
    ok: ['http-send-name-header X-Server'],
    bad: [['http-send-name-header', 'missing-argument']],
    apply(node, _call, name) {
      node.settings.sendNameHeader = name;
    },
  }),
];

function setOriginalTo(node: ProxyNode, call: Call): void {
  let header = 'X-Original-To';
  const except: string[] = [];
  for (let at = 0; at < call.words.length; at += 2) {
    const word = call.words[at]!;
    const value = call.words[at + 1];
    if (word.text !== 'except' && word.text !== 'header') {
      const message = `'option originalto' only supports optional 'except' and 'header' (got '${word.text}').`;
      call.fail('bad-value', word, message);
      return;
    }
    if (!value) {
      call.fail('missing-argument', word, `'option originalto ${word.text}' expects a value.`);
      return;
    }
    if (word.text === 'header') header = value.text;
    else if (isNetwork(value)) except.push(value.text);
    else {
      call.fail('bad-address', value, `'option originalto except' expects a network, not '${value.text}'.`);
      return;
    }
  }
  node.settings.originalto = { header, except };
  node.httpOnly.push({ keyword: call.keyword, at: call.at });
}

// ---- error pages -----------------------------------------------------------------------------------------------------

const STATUS = /^(?:200|40[0134578]|41[034]|42[1259]|431|50[0-4])$/;

export const errorStatus: Argument<number> = {
  label: '<code>',
  read(value, call) {
    if (STATUS.test(value.text)) return Number(value.text);
    call.fail('out-of-range', value, `${call.keyword} : status code '${value.text}' not handled.`);
    return undefined;
  },
};

function locationRow(name: string, since: string, redirect: 302 | 303): KeywordRow<ProxyNode> {
  return proxyRow(name, anyProxy, {
    args: [errorStatus, text('<url>')],
    extra: 'ignored',
    since,
    doc: `Answers an error with ${redirect} and another place.`,
    ok: [`${name} 503 http://sorry.example/`],
    bad: [
      [`${name} 503`, 'missing-argument'],
      [`${name} 999 /sorry`, 'out-of-range'],
    ],
    apply(node, _call, status, location) {
      node.errorPages.push({ kind: 'location', status, redirect, location });
    },
  });
}

const errorRows: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('errorfile', anyProxy, {
    args: [errorStatus, text('<file>')],
    extra: 'ignored',
    since: '1.3',
    doc: 'File that is sent instead of an error message.',
    ok: ['errorfile 503 /etc/haproxy/503.http', 'errorfile 408 /dev/null'],
    bad: [
      ['errorfile 503', 'missing-argument'],
      ['errorfile 999 /etc/haproxy/999.http', 'out-of-range'],
    ],
    apply(node, call, status, path) {
      node.errorPages.push({ kind: 'file', status, path, at: call.at });
    },
  }),
  locationRow('errorloc', '1.1', 302),
  locationRow('errorloc302', '1.2', 302),
  locationRow('errorloc303', '1.2', 303),
  proxyRow('errorfiles', anyProxy, {
    args: [text('<section>')],
    extra: 'free',
    since: '2.2',
    doc: 'Takes error messages from a section of them.',
    ok: ['errorfiles site', 'errorfiles site 500 503'],
    bad: [
      ['errorfiles', 'missing-argument'],
      ['errorfiles site 999', 'out-of-range'],
    ],
    apply: noteErrorSection,
  }),
];

function noteErrorSection(node: ProxyNode, call: Call): void {
  const [name, ...codes] = call.words as [Value, ...Value[]];
  const odd = codes.find((code) => !STATUS.test(code.text));
  if (odd) {
    call.fail('out-of-range', odd, `errorfiles : status code '${odd.text}' not handled.`);
    return;
  }
  node.sectionReferences.push({ section: 'http-errors', name });
  node.errorPages.push({ kind: 'section', name: name.text, statuses: codes.map((code) => Number(code.text)) });
}

export const httpProxyRows: readonly KeywordRow<ProxyNode>[] = [...flags, ...others, ...errorRows];

// ---- the process -----------------------------------------------------------------------------------------------------

export const httpGlobalRows: readonly KeywordRow<GlobalNode>[] = [
  globalRow('h1-case-adjust', globalSection, {
    args: [text('<from>'), text('<to>')],
    since: '2.1',
    doc: 'Writes a header name with this case for peers that need it.',
    ok: ['h1-case-adjust content-type Content-Type'],
    bad: [
      ['h1-case-adjust content-type', 'missing-argument'],
      ['h1-case-adjust content-type Content-Length', 'bad-value'],
    ],
    apply: addHeaderCase,
  }),
  globalRow('h1-case-adjust-file', globalSection, {
    args: [text('<file>')],
    since: '2.1',
    doc: 'File of header names to write with a certain case.',
    ok: ['h1-case-adjust-file /etc/haproxy/names'],
    bad: [['h1-case-adjust-file', 'missing-argument']],
    apply(node, call, path) {
      node.settings.headerCaseFile = { path, at: call.at };
    },
  }),
  globalRow('tune.http.logurilen', globalSection, {
    args: [integer(1, 2_147_483_647, 'prefix')],
    since: '1.8',
    doc: 'Longest request line in a log line.',
    ok: ['tune.http.logurilen 2048'],
    bad: [
      ['tune.http.logurilen many', 'bad-number'],
      ['tune.http.logurilen', 'missing-argument'],
    ],
    apply(node, _call, length) {
      node.settings.uriLength = length;
    },
  }),
];

function addHeaderCase(node: GlobalNode, call: Call, from: string, to: string): void {
  if (from.toLowerCase() !== to.toLowerCase()) {
    call.fail('bad-value', call.words[1], "'h1-case-adjust' : both names must be the same but for their case.");
    return;
  }
  node.settings.headerCases = [...(node.settings.headerCases ?? []), to];
}
