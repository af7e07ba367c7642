/**
 * Requests and responses, odd and hostile, with the verdict on each: what the parser must say, what our proxy must
 * answer, and what HAProxy 2.6 answers. Used by the parser's tests, by the comparison with the real HAProxy, and end to
 * end. Text is Latin-1.
 */

export interface RequestCase {
  readonly name: string;
  readonly raw: string;
  /** 200: passed on. */
  readonly status: 200 | 400 | 413 | 422;
  /** Where HAProxy 2.6 differs, and why we do. */
  readonly haproxy?: { readonly status: 200 | 400 | 422 | 'other'; readonly why: string };
  /** What a server must see of the head, where that is the point. */
  readonly forwarded?: string;
  /** HAProxy 2.6 forwards it less normalised. */
  readonly haproxyForwards?: string;
}

const get = (fields: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (fields: string, body = ''): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
const line = (start: string): string => `${start}\r\nHost: a\r\n\r\n`;
const chunked = (body: string): string => post('Transfer-Encoding: chunked\r\n', body);
const EMPTY_CHUNKED = '0\r\n\r\n';

export const requestCases: readonly RequestCase[] = [
  { name: 'plain', raw: get(''), status: 200, forwarded: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n' },
  { name: 'empty lines before', raw: `\r\n\n\r\n${get('')}`, status: 200 },
  { name: 'bare CR before', raw: `\r\r\n${get('')}`, status: 400 },
  { name: 'space before', raw: ` ${get('')}`, status: 400 },
  { name: 'bare LF', raw: 'GET / HTTP/1.1\nHost: a\n\n', status: 200, forwarded: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n' },
  { name: 'many spaces', raw: line('GET  /x  HTTP/1.1'), status: 200, forwarded: 'GET /x HTTP/1.1\r\nhost: a\r\n\r\n' },
  { name: 'tab for space', raw: line('GET\t/x HTTP/1.1'), status: 200 },
  { name: 'space behind version', raw: line('GET /x HTTP/1.1 '), status: 400 },
  { name: 'no version', raw: 'GET /\r\n\r\n', status: 400 },
  { name: 'no version, space', raw: 'GET / \r\n\r\n', status: 400 },
  { name: 'no target', raw: 'GET HTTP/1.1\r\n\r\n', status: 400 },
  { name: 'long version', raw: line('GET / HTTP/1.10'), status: 400 },
  { name: 'small version', raw: line('GET / http/1.1'), status: 400 },
  { name: 'other protocol', raw: line('GET / RTSP/1.0'), status: 400 },
  { name: 'version 2.0', raw: line('GET / HTTP/2.0'), status: 200, forwarded: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n' },
  { name: 'version 1.9', raw: line('GET / HTTP/1.9'), status: 200, forwarded: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n' },
  { name: 'method with a parenthesis', raw: line('G(T / HTTP/1.1'), status: 400 },
  { name: 'small method', raw: line('get / HTTP/1.1'), status: 200 },
  { name: 'TLS hello', raw: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefgh\r\n\r\n', status: 400 },
  { name: 'SSH banner', raw: 'SSH-2.0-OpenSSH_9.2\r\n', status: 400 },
  { name: 'NUL only', raw: '\0', status: 400 },
  { name: 'fragment', raw: line('GET /a#b HTTP/1.1'), status: 400 },
  { name: '8-bit target', raw: line('GET /\xe9 HTTP/1.1'), status: 400 },
  { name: 'control in target', raw: line('GET /\x01 HTTP/1.1'), status: 400 },
  { name: 'DEL in target', raw: line('GET /\x7f HTTP/1.1'), status: 400 },
  { name: 'NUL in target', raw: line('GET /\0 HTTP/1.1'), status: 400 },
  { name: 'odd but printable target', raw: line('GET /"<>\\^`{|} HTTP/1.1'), status: 200 },
  {
    name: 'preface of HTTP/2',
    raw: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    status: 400,
    haproxy: { status: 'other', why: 'it speaks HTTP/2 here' },
  },
  { name: 'relative target', raw: line('GET foo HTTP/1.1'), status: 400 },
  { name: 'asterisk', raw: line('OPTIONS * HTTP/1.1'), status: 200 },
  { name: 'absolute target', raw: line('GET http://a/x HTTP/1.1'), status: 200 },
  { name: 'absolute target, default port', raw: line('GET http://A:80/x HTTP/1.1'), status: 200 },
  { name: 'absolute target, user', raw: line('GET http://u:p@a/x HTTP/1.1'), status: 200 },
  { name: 'absolute target, other host', raw: line('GET http://b/x HTTP/1.1'), status: 400 },
  { name: 'absolute target, query behind the authority', raw: line('GET http://a?x HTTP/1.1'), status: 400 },
  { name: 'CONNECT without a port', raw: 'CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n', status: 400 },
  { name: 'CONNECT with an empty port', raw: 'CONNECT a: HTTP/1.1\r\n\r\n', status: 400 },
  { name: 'CONNECT with a port of letters', raw: 'CONNECT a:x HTTP/1.1\r\n\r\n', status: 400 },
  {
    name: 'authority without CONNECT',
    raw: 'GET a:443 HTTP/1.1\r\n\r\n',
    status: 400,
    haproxy: { status: 200, why: 'RFC 9112 section 3.2.3 has it for CONNECT alone' },
  },
  { name: 'body with GET of HTTP/1.0', raw: 'GET / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab', status: 413 },
  { name: 'body with HEAD of HTTP/1.0', raw: 'HEAD / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab', status: 413 },
  { name: 'body with DELETE of HTTP/1.0', raw: 'DELETE / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab', status: 413 },
  { name: 'body with POST of HTTP/1.0', raw: 'POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab', status: 200 },
  { name: 'no body with GET of HTTP/1.0', raw: 'GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n', status: 200 },
  {
    name: 'CONNECT with a length',
    raw: 'CONNECT a:80 HTTP/1.1\r\nHost: A:80\r\nContent-Length: 8\r\n\r\n',
    status: 200,
    forwarded: 'CONNECT a:80 HTTP/1.1\r\nhost: A\r\n\r\n',
  },
  {
    name: 'CONNECT in chunks',
    raw: 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
    status: 200,
    forwarded: 'CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n',
    haproxyForwards: 'CONNECT a:80 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n',
  },
  { name: 'CONNECT without authority', raw: line('CONNECT / HTTP/1.1'), status: 400 },
  { name: 'no Host', raw: 'GET / HTTP/1.1\r\n\r\n', status: 200 },
  { name: 'Host twice, equal', raw: get('Host: A\r\n'), status: 200, forwarded: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n' },
  { name: 'Host twice, different', raw: get('Host: b\r\n'), status: 400 },
  { name: 'space before colon', raw: get('X : a\r\n'), status: 400 },
  { name: 'tab before colon', raw: get('X\t: a\r\n'), status: 400 },
  { name: 'no colon', raw: get('foo\r\n'), status: 400 },
  { name: 'empty name', raw: get(': b\r\n'), status: 400 },
  { name: 'parenthesis in name', raw: get('fo(o: b\r\n'), status: 400 },
  { name: '8-bit name', raw: get('fo\xe9: b\r\n'), status: 400 },
  { name: 'NUL in name', raw: get('fo\0o: b\r\n'), status: 400 },
  { name: 'fold first', raw: 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', status: 400 },
  {
    name: 'folds',
    raw: get('X: 1\r\n  2\r\n\t3\r\n'),
    status: 200,
    forwarded: 'GET / HTTP/1.1\r\nhost: a\r\nx: 1    2  \t3\r\n\r\n',
  },
  {
    name: 'fold to nothing',
    raw: get('X:\r\n \r\n'),
    status: 200,
    forwarded: 'GET / HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n',
  },
  { name: 'folded length', raw: post('Content-Length:\r\n 2\r\n', 'ab'), status: 200 },
  {
    name: 'NUL in value',
    raw: get('X: a\0b\r\n'),
    status: 400,
    haproxy: { status: 200, why: 'RFC 9110 section 5.5 wants it refused' },
  },
  { name: 'CR in value', raw: get('X: a\rb\r\n'), status: 400 },
  { name: 'CR CR LF', raw: get('X: a\r\r\n'), status: 400 },
  { name: '8-bit value', raw: get('X: \xff\xe9\r\n'), status: 200 },
  { name: 'length with plus', raw: post('Content-Length: +2\r\n', 'ab'), status: 400 },
  { name: 'negative length', raw: post('Content-Length: -2\r\n', 'ab'), status: 400 },
  { name: 'empty length', raw: post('Content-Length:\r\n', 'ab'), status: 400 },
  { name: 'hexadecimal length', raw: post('Content-Length: 0x2\r\n', 'ab'), status: 400 },
  { name: 'two numbers', raw: post('Content-Length: 2 2\r\n', 'ab'), status: 400 },
  { name: 'length beyond 64 bits', raw: post('Content-Length: 99999999999999999999\r\n', 'ab'), status: 400 },
  { name: 'length beyond 63 bits', raw: post('Content-Length: 9223372036854775808\r\n', 'ab'), status: 400 },
  {
    name: 'length list, equal',
    raw: post('Content-Length: 2, 2\r\n', 'ab'),
    status: 200,
    forwarded: 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n',
  },
  { name: 'length list, different', raw: post('Content-Length: 2, 3\r\n', 'ab'), status: 400 },
  { name: 'length list, trailing comma', raw: post('Content-Length: 2,\r\n', 'ab'), status: 400 },
  { name: 'length list, leading comma', raw: post('Content-Length: ,2\r\n', 'ab'), status: 400 },
  {
    name: 'length twice, equal',
    raw: post('Content-Length: 2\r\nContent-Length: 2\r\n', 'ab'),
    status: 200,
    forwarded: 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n',
  },
  { name: 'length twice, different', raw: post('Content-Length: 2\r\nContent-Length: 3\r\n', 'abc'), status: 400 },
  {
    name: 'both framings',
    raw: post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', EMPTY_CHUNKED),
    status: 200,
    forwarded: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
  },
  {
    name: 'both framings, other order',
    raw: post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', EMPTY_CHUNKED),
    status: 200,
    forwarded: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
  },
  {
    name: 'both framings, bad length',
    raw: post('Transfer-Encoding: chunked\r\nContent-Length: -5\r\n', EMPTY_CHUNKED),
    status: 400,
  },
  { name: 'chunked', raw: chunked('2\r\nab\r\n0\r\n\r\n'), status: 200 },
  { name: 'CHUNKED', raw: post('Transfer-Encoding: CHUNKED\r\n', EMPTY_CHUNKED), status: 200 },
  { name: 'gzip coding', raw: post('Transfer-Encoding: gzip\r\n', EMPTY_CHUNKED), status: 400 },
  { name: 'gzip, chunked', raw: post('Transfer-Encoding: gzip, chunked\r\n', EMPTY_CHUNKED), status: 422 },
  { name: 'chunked, gzip', raw: post('Transfer-Encoding: chunked, gzip\r\n', EMPTY_CHUNKED), status: 400 },
  { name: 'chunked, chunked', raw: post('Transfer-Encoding: chunked, chunked\r\n', EMPTY_CHUNKED), status: 400 },
  {
    name: 'chunked twice',
    raw: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', EMPTY_CHUNKED),
    status: 400,
  },
  { name: 'identity', raw: post('Transfer-Encoding: identity\r\n'), status: 400 },
  {
    name: 'identity, then chunked',
    raw: post('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n', EMPTY_CHUNKED),
    status: 422,
  },
  { name: 'empty coding', raw: post('Transfer-Encoding:\r\n', EMPTY_CHUNKED), status: 400 },
  { name: 'xchunked', raw: post('Transfer-Encoding: xchunked\r\n', EMPTY_CHUNKED), status: 400 },
  { name: 'quoted chunked', raw: post('Transfer-Encoding: "chunked"\r\n', EMPTY_CHUNKED), status: 400 },
  { name: 'chunked with parameter', raw: post('Transfer-Encoding: chunked;x=1\r\n', EMPTY_CHUNKED), status: 400 },
  { name: 'vertical tab before chunked', raw: post('Transfer-Encoding: \x0bchunked\r\n', EMPTY_CHUNKED), status: 400 },
  {
    name: 'chunked, trailing comma',
    raw: post('Transfer-Encoding: chunked,\r\n', EMPTY_CHUNKED),
    status: 200,
    forwarded: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
    haproxyForwards: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked,\r\n\r\n',
  },
  {
    name: 'chunked in HTTP/1.0',
    raw: `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${EMPTY_CHUNKED}`,
    status: 400,
    haproxy: { status: 200, why: 'RFC 9112 section 6.1 calls the framing faulty; an old server may not know chunks' },
  },
  { name: 'websocket without key', raw: get('Connection: Upgrade\r\nUpgrade: websocket\r\n'), status: 400 },
  ...['eA==', 'dGhlIHNhbXBsZSBub25jZQ==x', ''].map((key) => ({
    name: `websocket with a key of ${key.length} characters`,
    raw: get(`Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\n`),
    status: 400 as const,
  })),
  {
    name: 'websocket with a key',
    raw: get('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'),
    status: 200,
  },
  {
    name: 'upgrade to HTTP/2',
    raw: get('Connection: Upgrade\r\nUpgrade: h2c\r\n'),
    status: 200,
    forwarded: 'GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n\r\n',
    haproxyForwards: 'GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n',
  },
  {
    name: 'upgrade to one of several',
    raw: get('Connection: Upgrade\r\nUpgrade: foo, H2C\r\n'),
    status: 200,
    forwarded: 'GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n\r\n',
    haproxyForwards: 'GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: foo, H2C\r\n\r\n',
  },
  {
    name: 'upgrade with a body',
    raw: post('Connection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 2\r\n', 'ab'),
    status: 200,
    forwarded: 'POST / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\ncontent-length: 2\r\n\r\n',
  },
  {
    name: 'upgrade without a body',
    raw: post('Connection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 0\r\n'),
    status: 200,
    forwarded: 'POST / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: foo\r\ncontent-length: 0\r\n\r\n',
  },
  {
    name: 'upgrade without a token, with a body',
    raw: post('Upgrade: foo\r\nContent-Length: 2\r\n', 'ab'),
    status: 200,
    forwarded: 'POST / HTTP/1.1\r\nhost: a\r\nupgrade: foo\r\ncontent-length: 2\r\n\r\n',
  },
  {
    name: 'persistence tokens among others',
    raw: get('Connection: one , two, close, three , four\r\n'),
    status: 200,
    forwarded: 'GET / HTTP/1.1\r\nhost: a\r\nconnection: one , two,three,four\r\n\r\n',
  },
  { name: '100 fields', raw: get('X: 1\r\n'.repeat(99)), status: 200 },
  { name: '101 fields', raw: get('X: 1\r\n'.repeat(100)), status: 400 },
  { name: 'field longer than the buffer', raw: get(`X: ${'a'.repeat(17000)}\r\n`), status: 400 },
  { name: 'target longer than the buffer', raw: line(`GET /${'a'.repeat(17000)} HTTP/1.1`), status: 400 },
  {
    name: 'persistence tokens',
    raw: get('Connection: close, X-Foo, keep-alive\r\nX-Foo: 1\r\n'),
    status: 200,
    forwarded: 'GET / HTTP/1.1\r\nhost: a\r\nconnection: X-Foo\r\nx-foo: 1\r\n\r\n',
  },
];

export interface ChunkCase {
  readonly name: string;
  /** The body behind a chunked head. */
  readonly body: string;
  readonly valid: boolean;
  /** Where HAProxy 2.6, which writes chunks anew, is more patient, or its verdict hangs on when the bytes come. */
  readonly haproxy?: 'accepts' | 'unsteady';
}

export const chunkCases: readonly ChunkCase[] = [
  { name: 'empty body', body: '0\r\n\r\n', valid: true },
  { name: 'one chunk', body: '2\r\nab\r\n0\r\n\r\n', valid: true },
  { name: 'extension', body: '2;a=b\r\nab\r\n0\r\n\r\n', valid: true },
  { name: 'quoted extension', body: '2;a="x;y"\r\nab\r\n0;b\r\n\r\n', valid: true },
  { name: 'blanks behind the size', body: '2 \t\r\nab\r\n0\r\n\r\n', valid: true },
  { name: 'leading zeros', body: '0000000000000000002\r\nab\r\n0\r\n\r\n', valid: true },
  { name: 'upper and lower case digits', body: `aA\r\n${'x'.repeat(170)}\r\n00\r\n\r\n`, valid: true },
  { name: 'trailer', body: '2\r\nab\r\n0\r\nX-T: 1\r\n\r\n', valid: true },
  { name: 'no digit', body: 'xyz\r\n', valid: false },
  { name: 'negative size', body: '-1\r\n', valid: false },
  { name: 'signed size', body: '+2\r\nab\r\n0\r\n\r\n', valid: false },
  { name: 'hexadecimal prefix', body: '0x2\r\nab\r\n0\r\n\r\n', valid: false },
  { name: 'space before the size', body: ' 2\r\nab\r\n0\r\n\r\n', valid: false },
  { name: 'empty size line', body: '\r\nab', valid: false },
  { name: 'size beyond 64 bits', body: 'FFFFFFFFFFFFFFFFF\r\nab', valid: false },
  { name: 'data longer than its size', body: '2\r\nabX\r\n0\r\n\r\n', valid: false },
  { name: 'CR in the extension', body: '2;a\rb\r\nab\r\n0\r\n\r\n', valid: false },
  { name: 'bare LF', body: '2\nab\n0\n\n', valid: false, haproxy: 'accepts' },
  { name: 'LF in the extension', body: '2;a="\nb"\r\nab\r\n0\r\n\r\n', valid: false, haproxy: 'unsteady' },
  { name: 'NUL in the extension', body: '2;\0\r\nab\r\n0\r\n\r\n', valid: false, haproxy: 'accepts' },
  { name: 'space in a trailer name', body: '0\r\nX T: 1\r\n\r\n', valid: false, haproxy: 'unsteady' },
  { name: 'trailer without colon', body: '0\r\nX\r\n\r\n', valid: false, haproxy: 'unsteady' },
];

export interface ResponseCase {
  readonly name: string;
  readonly raw: string;
  /** 0: passed on with its own status. */
  readonly status: 0 | 502;
  readonly haproxy?: { readonly status: 0 | 502; readonly why: string };
  readonly forwarded?: string;
}

const ok = (fields: string, body = ''): string => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
const startsWith = (start: string): string => `${start}\r\nContent-Length: 0\r\n\r\n`;

export const responseCases: readonly ResponseCase[] = [
  {
    name: 'plain',
    raw: ok('Content-Length: 2\r\n', 'ok'),
    status: 0,
    forwarded: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n',
  },
  { name: 'empty line before', raw: `\r\n${ok('Content-Length: 2\r\n', 'ok')}`, status: 0 },
  { name: 'bare LF', raw: 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', status: 0 },
  { name: 'no reason', raw: startsWith('HTTP/1.1 200'), status: 0 },
  { name: 'blanks', raw: startsWith('HTTP/1.1\t200  OK'), status: 0 },
  { name: '8-bit reason', raw: startsWith('HTTP/1.1 200 O\xe9'), status: 0 },
  { name: 'status 999', raw: startsWith('HTTP/1.1 999 Odd'), status: 0 },
  { name: 'other protocol', raw: startsWith('ICY 200 OK'), status: 502 },
  { name: 'garbage', raw: 'garbage\r\n\r\n', status: 502 },
  { name: 'negative status', raw: startsWith('HTTP/1.1 -20 OK'), status: 502 },
  {
    name: 'two digits of status',
    raw: startsWith('HTTP/1.1 20 OK'),
    status: 502,
    haproxy: { status: 0, why: 'no status code has two digits' },
  },
  {
    name: 'four digits of status',
    raw: startsWith('HTTP/1.1 2000 OK'),
    status: 502,
    haproxy: { status: 0, why: 'no status code has four digits' },
  },
  {
    name: 'status 099',
    raw: startsWith('HTTP/1.1 099 OK'),
    status: 502,
    haproxy: { status: 0, why: 'no status class 0' },
  },
  {
    name: 'NUL in reason',
    raw: startsWith('HTTP/1.1 200 O\0'),
    status: 502,
    haproxy: { status: 0, why: 'never legal' },
  },
  { name: 'CR in reason', raw: startsWith('HTTP/1.1 200 O\rK'), status: 502 },
  { name: 'space before colon', raw: ok('Foo : a\r\nContent-Length: 0\r\n'), status: 502 },
  { name: 'parenthesis in name', raw: ok('Fo(o: a\r\nContent-Length: 0\r\n'), status: 502 },
  { name: 'no colon', raw: ok('Foo\r\nContent-Length: 0\r\n'), status: 502 },
  { name: 'fold', raw: ok('X: a\r\n b\r\nContent-Length: 0\r\n'), status: 0 },
  {
    name: 'NUL in value',
    raw: ok('X: a\0b\r\nContent-Length: 0\r\n'),
    status: 502,
    haproxy: { status: 0, why: 'RFC 9110 section 5.5 wants it refused' },
  },
  { name: 'length twice, equal', raw: ok('Content-Length: 2\r\nContent-Length: 2\r\n', 'ok'), status: 0 },
  { name: 'length twice, different', raw: ok('Content-Length: 2\r\nContent-Length: 3\r\n', 'ok'), status: 502 },
  { name: 'negative length', raw: ok('Content-Length: -2\r\n', 'ok'), status: 502 },
  { name: 'empty length', raw: ok('Content-Length:\r\n', 'ok'), status: 502 },
  { name: 'gzip coding', raw: ok('Transfer-Encoding: gzip\r\n', 'ok'), status: 502 },
  { name: 'gzip, chunked', raw: ok('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), status: 502 },
  { name: 'chunked, chunked', raw: ok('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n'), status: 502 },
  {
    name: 'both framings',
    raw: ok('Content-Length: 9\r\nTransfer-Encoding: chunked\r\n', '2\r\nok\r\n0\r\n\r\n'),
    status: 0,
    forwarded: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
  },
  {
    name: '204 with a length',
    raw: 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n',
    status: 0,
    forwarded: 'HTTP/1.1 204 No Content\r\n\r\n',
  },
  {
    name: '304 with a length',
    raw: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n',
    status: 0,
    forwarded: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 2\r\n\r\n',
  },
  { name: 'two Host fields', raw: ok('Host: a\r\nHost: b\r\nContent-Length: 0\r\n'), status: 0 },
  { name: '101 fields', raw: ok(`${'X: 1\r\n'.repeat(100)}Content-Length: 0\r\n`), status: 502 },
  { name: 'field longer than the buffer', raw: ok(`X: ${'a'.repeat(17000)}\r\nContent-Length: 0\r\n`), status: 502 },
  { name: 'nothing', raw: '', status: 502 },
  { name: 'half a status line', raw: 'HTTP/1.1 200 O', status: 502 },
  { name: 'half a field', raw: 'HTTP/1.1 200 OK\r\nContent-Le', status: 502 },
];
