/**
 * Random requests and responses: mostly well made, in odd dress, with framings of all kinds, and now and then with bytes
 * changed anywhere.
 *
 * Not drawn is what docs/deviations.md says is judged otherwise here, as far as it can be told beforehand; excuses.ts
 * knows the rest.
 */
import type { Dice } from './dice.ts';

/** `HTTP/1.1 200 OK` and so on: how an answer is made. */
export interface DrawnRequest {
  readonly head: string;
  readonly body: string;
  /** Whether all of the body that the head announces is there. */
  readonly whole: boolean;
  readonly expects: boolean;
}

const METHODS: readonly (readonly [number, string])[] = [
  [45, 'GET'],
  [22, 'POST'],
  [10, 'HEAD'],
  [7, 'PUT'],
  [4, 'DELETE'],
  [3, 'OPTIONS'],
  [2, 'PATCH'],
  [2, 'TRACE'],
  [2, 'CONNECT'],
  [2, 'X-OWN'],
  [1, 'get'],
];

const TARGETS: readonly (readonly [number, string])[] = [
  [30, '/'],
  [12, '/p?a=1&key=v2'],
  [8, '/dir/sub/file;s=1?x=y'],
  [4, '/%41%2f..//./'],
  [3, '/alive'],
  [3, 'http://a/abs'],
  [2, 'http://a:80/abs?q'],
  [2, 'HTTP://A/abs'],
  [1, 'https://a:443/s'],
  [1, 'http://b/other'],
  [1, 'http://u@a/x'],
  [1, 'http://a'],
  [1, 'http://a?x'],
  [1, 'a:443'],
  [1, '*'],
  [1, '/#f'],
  [1, '?q'],
  [1, '/"<>^`{|}'],
  [1, `/${'long/'.repeat(300)}`],
];

const VERSIONS: readonly (readonly [number, string])[] = [
  [82, 'HTTP/1.1'],
  [13, 'HTTP/1.0'],
  [1, 'HTTP/1.2'],
  [1, 'HTTP/2.0'],
  [1, 'HTTP/0.9'],
  [1, 'http/1.1'],
];

/** Names with values that something in the program looks at, or that are written in an odd way. */
const REQUEST_FIELDS: readonly string[] = [
  'Connection: close',
  'Connection: keep-alive',
  'Connection: Keep-Alive, X-Hop',
  'Connection: close, TE',
  'Connection:',
  'Connection: ,, close ,',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Proxy-Connection: close',
  'TE: trailers',
  'X-Forwarded-For: 9.8.7.6',
  'X-Original-To: 1.1.1.1',
  'Cookie: SRV=s1; a=b',
  'Cookie: a="x;y"; SRV=s2',
  'Cookie: SRV=s9',
  'Cookie: SRV=s1~a; b=c',
  'Cookie: SRV=',
  'Cookie: cap=1; cap=2',
  'Upgrade: echo',
  'Accept: */*',
  'User-Agent: fuzz/1.0 (x)',
  'X-Key: one',
  'X-Key: two',
  'X-Cap: something rather long to be cut',
  'X-Empty:',
  'X-Blank: \t ',
  'X-Tab:\tv\t',
  'X-Fold: a\r\n b',
  'X-Fold: a\r\n\tb\r\n c',
  'X-Eight: \xe4\xf6\xfc',
  'X.Dot: 1',
  'X_Under: 1',
  "X'Odd!: 1",
  'Authorization: Basic YTpi',
  'Range: bytes=0-1',
  'Cache-Control: no-cache',
  'Content-Type: application/x-www-form-urlencoded',
  'Referer: http://r/\\"x',
  'Forwarded: for=1.2.3.4',
  'X-Server: mine',
  'Unique-ID: own',
  'Trailer: X-Sum',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  `X-Long: ${'v'.repeat(1500)}`,
];

const RESPONSE_FIELDS: readonly string[] = [
  'Connection: close',
  'Connection: keep-alive',
  'Connection: X-Hop',
  'Connection:',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: close',
  'Set-Cookie: SRV=app; path=/',
  'Set-Cookie: x=y; HttpOnly',
  'Set-Cookie: cap=server value',
  'Cache-Control: private',
  'Cache-Control: no-cache="set-cookie"',
  'Server: origin',
  'Date: Mon, 01 Jan 2024 00:00:00 GMT',
  'X-Res: a response value',
  'X-Res: second',
  'X-Empty:',
  'X-Blank:  \t',
  'X-Fold: a\r\n b',
  'X-Eight: \xe4\xf6',
  'ETag: "e"',
  'Upgrade: echo',
  'WWW-Authenticate: NTLM',
  'WWW-Authenticate: Basic realm="x"',
  'Location: http://elsewhere/',
  'Content-Type: text/plain',
  'Trailer: X-Sum',
  `X-Long: ${'w'.repeat(1500)}`,
];

const STATUSES: readonly (readonly [number, string])[] = [
  [60, '200 OK'],
  [4, '201 Created'],
  [4, '204 No Content'],
  [4, '304 Not Modified'],
  [3, '206 Partial'],
  [3, '301 Moved Permanently'],
  [3, '401 Unauthorized'],
  [3, '404 Not Found'],
  [2, '408 Timeout'],
  [2, '425 Too Early'],
  [3, '500 Oops'],
  [3, '503 Busy'],
  [2, '504 Late'],
  [1, '200'],
  [1, '200 '],
  [1, '200 a reason of \xfc words'],
  [1, '599 Own'],
  [1, '205 Reset'],
];

function dress(dice: Dice, field: string): string {
  const colon = field.indexOf(':');
  const name = field.slice(0, colon);
  const rest = field.slice(colon);
  const cased = dice.weigh<(text: string) => string>([
    [6, (text) => text],
    [2, (text) => text.toLowerCase()],
    [1, (text) => text.toUpperCase()],
    [1, (text) => Array.from(text, (c) => (dice.chance(50) ? c.toUpperCase() : c.toLowerCase())).join('')],
  ]);
  return cased(name) + (dice.chance(5) ? rest.replace(': ', ':') : dice.chance(5) ? rest.replace(': ', ':  ') : rest);
}

function joinFields(dice: Dice, fields: readonly string[]): string {
  const end = dice.chance(3) ? '\n' : '\r\n';
  const twice = fields.length > 0 && dice.chance(4) ? [dice.pick(fields)] : [];
  const all = [...dice.shuffle(fields), ...twice];
  return all.map((field) => dress(dice, field) + end).join('');
}

/** A body in chunks: sizes, extensions and trailers of all sorts. */
function drawChunks(dice: Dice, content: string, isClean: boolean): string {
  let text = '';
  for (let at = 0; at < content.length; ) {
    const size = Math.min(
      content.length - at,
      dice.weigh([
        [3, content.length],
        [3, dice.between(1, 8)],
        [1, 1],
      ]),
    );
    const digits = dice.chance(20) ? size.toString(16).toUpperCase() : size.toString(16);
    const zeros = dice.chance(8) ? '000' : '';
    const extension = dice.weigh([
      [30, ''],
      [1, ';x'],
      [1, ';name=value'],
      [1, ';q="a b"'],
      [1, ' ;x'],
    ]);
    text += `${zeros}${digits}${extension}\r\n${content.slice(at, at + size)}\r\n`;
    at += size;
  }
  const trailers = dice.weigh([
    [24, ''],
    [2, 'X-Sum: 12\r\n'],
    [1, 'x-a: 1\r\nX-B:  two \r\n'],
    [1, 'X-Empty:\r\n'],
  ]);
  const last = dice.weigh([
    [16, '0'],
    [1, '00'],
    [1, '0;last'],
  ]);
  text += `${last}\r\n${trailers}\r\n`;
  if (isClean) return text;
  return dice.weigh([
    [2, text.slice(0, dice.below(text.length))],
    [1, text.replace(/^[\da-f]+/i, 'zz')],
    [1, text.replace(/\r\n0/, 'x\r\n0')],
    [1, mutate(dice, text)],
  ]);
}

function drawContent(dice: Dice): string {
  const length = dice.weigh([
    [10, dice.between(1, 12)],
    [4, dice.between(13, 200)],
    [2, dice.between(200, 3000)],
    [1, dice.between(3000, 40_000)],
  ]);
  return 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(Math.ceil(length / 36)).slice(0, length);
}

/** A few bytes changed, taken out or put in. NUL is not among them: it is judged otherwise here. */
export function mutate(dice: Dice, text: string): string {
  let mutated = text;
  for (let n = dice.between(1, 3); n > 0; n--) {
    const at = dice.below(mutated.length + 1);
    const put = dice.weigh([
      [4, ''],
      [8, dice.pick(['\r', '\n', '\r\n', ' ', '\t', ':', ',', ';', '=', '"', '0', '1', '9', '/', '?', '-', '%'])],
      [2, String.fromCharCode(dice.between(1, 255))],
      [1, mutated.slice(at, at + dice.between(1, 12))],
    ]);
    mutated =
      mutated.slice(0, at) +
      put +
      mutated.slice(
        at +
          dice.weigh([
            [3, 1],
            [2, 0],
            [1, dice.between(2, 6)],
          ]),
      );
  }
  return mutated;
}

export function drawRequest(dice: Dice): DrawnRequest {
  const method = dice.weigh(METHODS);
  const target = method === 'CONNECT' && dice.chance(85) ? dice.pick(['a:443', 'a:80', 'a']) : dice.weigh(TARGETS);
  const version = dice.weigh(VERSIONS);
  const fields = dice.some(
    REQUEST_FIELDS,
    dice.weigh([
      [30, 0],
      [25, 1],
      [20, 2],
      [10, 3],
      [5, 8],
    ]),
  );
  const host = dice.weigh([
    [40, 'Host: a'],
    [3, 'Host: A:80'],
    [2, 'Host:'],
    [1, 'Host: a\r\nHost: a'],
    [1, 'Host: a\r\nHost: b'],
    [1, 'Host: www.example.org'],
  ]);
  if (!dice.chance(4)) fields.push(...host.split('\r\n'));
  const expects = version === 'HTTP/1.1' && dice.chance(4);
  if (expects) fields.push('Expect: 100-continue');
  if (dice.chance(2)) fields.push('Connection: Upgrade', 'Upgrade: echo');
  const hasBody = dice.chance(method === 'POST' || method === 'PUT' ? 90 : 8);
  const { field, body, whole } = hasBody ? drawRequestBody(dice) : { field: '', body: '', whole: true };
  if (field !== '') fields.push(...field.split('\r\n'));
  const gap = dice.chance(2) ? dice.pick(['  ', '\t', '']) : ' ';
  const start = `${method}${gap}${target} ${version}${dice.chance(2) ? dice.pick([' ', '\n', '']) : ''}\r\n`;
  const empty = dice.chance(2) ? dice.pick(['\r\n', '\n', '\r\n\r\n']) : '';
  const head = `${empty}${start}${joinFields(dice, fields)}\r\n`;
  const isChanged = dice.chance(6);
  return { head: isChanged ? mutate(dice, head) : head, body, whole, expects };
}

function drawRequestBody(dice: Dice): { field: string; body: string; whole: boolean } {
  const content = drawContent(dice);
  const length = content.length;
  const kind = dice.weigh<string>([
    [40, 'length'],
    [5, 'empty'],
    [30, 'chunked'],
    [6, 'short'],
    [4, 'surplus'],
    [5, 'bad chunks'],
    [2, 'both'],
    [3, 'odd'],
  ]);
  switch (kind) {
    case 'length':
      return { field: `Content-Length: ${length}`, body: content, whole: true };
    case 'empty':
      return { field: 'Content-Length: 0', body: '', whole: true };
    case 'short':
      return { field: `Content-Length: ${length + dice.between(1, 20)}`, body: content, whole: false };
    case 'surplus':
      return { field: `Content-Length: ${Math.max(0, length - dice.between(1, 4))}`, body: content, whole: true };
    case 'bad chunks':
      return { field: 'Transfer-Encoding: chunked', body: drawChunks(dice, content, false), whole: false };
    case 'both':
      return {
        field: `Content-Length: ${length}\r\nTransfer-Encoding: chunked`,
        body: drawChunks(dice, content, true),
        whole: true,
      };
    case 'odd':
      return { field: dice.pick(oddFramings(length)), body: content, whole: false };
    default:
      return { field: 'Transfer-Encoding: chunked', body: drawChunks(dice, content, true), whole: true };
  }
}

function oddFramings(length: number): string[] {
  return [
    `Content-Length: +${length}`,
    `Content-Length: ${length}, ${length}`,
    `Content-Length: ${length}\r\nContent-Length: ${length}`,
    `Content-Length: ${length}\r\nContent-Length: 1${length}`,
    `Content-Length: 0${length}`,
    'Content-Length: -1',
    'Content-Length:',
    'Transfer-Encoding: gzip',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: chunked, chunked',
    'Transfer-Encoding: identity',
    'Transfer-Encoding: xchunked',
  ];
}

/** `closes`: the end of the connection is its end. */
export function drawResponse(dice: Dice): { text: string; closes: boolean } {
  const interim = dice.chance(6) ? drawInterim(dice) : '';
  const version = dice.weigh([
    [86, 'HTTP/1.1'],
    [12, 'HTTP/1.0'],
    [1, 'HTTP/1.2'],
    [1, 'HTTP/2.0'],
  ]);
  const fields = dice.some(
    RESPONSE_FIELDS,
    dice.weigh([
      [30, 0],
      [25, 1],
      [20, 2],
      [10, 4],
    ]),
  );
  const { fields: framing, body, closes } = drawResponseBody(dice, version);
  const head = `${version} ${dice.weigh(STATUSES)}\r\n${joinFields(dice, [...fields, ...framing])}\r\n`;
  const text = interim + head + body;
  return { text: dice.chance(6) ? mutate(dice, text) : text, closes };
}

function drawInterim(dice: Dice): string {
  const one = dice.pick([
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
    'HTTP/1.1 102 Processing\r\nX-A: b\r\n\r\n',
    'HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.0 100 Continue\r\n\r\n',
  ]);
  return dice.chance(20) ? one + one : one;
}

function drawResponseBody(dice: Dice, version: string): { fields: string[]; body: string; closes: boolean } {
  const content = drawContent(dice);
  const length = content.length;
  const kind = dice.weigh<string>([
    [50, 'length'],
    [4, 'empty'],
    [version === 'HTTP/1.1' ? 25 : 2, 'chunked'],
    [10, 'until close'],
    [3, 'short'],
    [3, 'surplus'],
    [4, 'bad chunks'],
    [2, 'both'],
    [2, 'odd'],
  ]);
  switch (kind) {
    case 'length':
      return { fields: [`Content-Length: ${length}`], body: content, closes: false };
    case 'empty':
      return { fields: ['Content-Length: 0'], body: '', closes: false };
    case 'until close':
      return { fields: [], body: content, closes: true };
    case 'short':
      return { fields: [`Content-Length: ${length + 5}`], body: content, closes: dice.chance(70) };
    case 'surplus':
      return { fields: [`Content-Length: ${Math.max(0, length - 2)}`], body: content, closes: false };
    case 'bad chunks':
      return {
        fields: ['Transfer-Encoding: chunked'],
        body: drawChunks(dice, content, false),
        closes: dice.chance(70),
      };
    case 'both':
      return {
        fields: [`Content-Length: ${length}`, 'Transfer-Encoding: chunked'],
        body: drawChunks(dice, content, true),
        closes: false,
      };
    case 'odd':
      return { fields: dice.pick(oddFramings(length)).split('\r\n'), body: content, closes: true };
    default:
      return { fields: ['Transfer-Encoding: chunked'], body: drawChunks(dice, content, true), closes: false };
  }
}
