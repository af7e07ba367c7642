/** Options about HTTP messages, connections and error pages as short plays (manual, chapter 4.2). */
import type { Play } from './plays.ts';

const proxies: [string, string][] = [];

function listen(name: string, lines: string, server = 'server live 127.0.0.1:%ORIGIN%'): void {
  proxies.push([
    name,
    `listen ${name}\n  bind 127.0.0.1:%${name}%\n${lines
      .split(/;\s*/)
      .map((line) => `  ${line}\n`)
      .join('')}  ${server}\n`,
  ]);
}

const dead = 'server dead 127.0.0.1:%DEAD%';

listen('plain', '');
listen('errlen', 'errorfile 503 %FILES%/len.http; errorfile 504 %FILES%/nolen.http; timeout server 200ms', dead);
listen('errnolen', 'errorfile 503 %FILES%/nolen.http', dead);
listen('errlf', 'errorfile 503 %FILES%/lf.http', dead);
listen(
  'errempty',
  'errorfile 503 /dev/null; errorfile 400 /dev/null; errorfile 408 /dev/null; timeout client 300ms',
  dead,
);
listen('errloc', 'errorloc 503 http://sorry.example/a', dead);
listen('errloc303', 'errorloc303 503 http://sorry.example/a', dead);
listen('errsection', 'errorfiles site 503', dead);
listen('probes', 'option http-ignore-probes; timeout client 300ms');
listen('lognull', 'option dontlognull; timeout client 300ms');
listen('originalto', 'option originalto');
listen('originaltoname', 'option originalto header X-Dst except 10.0.0.0/8');
listen('originaltoexcept', 'option originalto except 127.0.0.0/8; option forwardfor');
listen('sendname', 'http-send-name-header X-Server; option httpclose');
listen('sendnamekeep', 'http-send-name-header X-Server; option forwardfor');
listen('namesdelete', 'option http-restrict-req-hdr-names delete');
listen('namesreject', 'option http-restrict-req-hdr-names reject');
listen('namespreserve', 'option http-restrict-req-hdr-names preserve');
listen('casesclient', 'option h1-case-adjust-bogus-client; option httpclose; option forwardfor');
listen('casesserver', 'option h1-case-adjust-bogus-server; option httpclose; option forwardfor');
listen('pretend', 'option http-server-close; option http-pretend-keepalive');
listen('pretendclose', 'option httpclose; option http-pretend-keepalive');
listen('sclose', 'option http-server-close');
listen('close', 'option httpclose');
listen('proxyheader', 'option http-use-proxy-header');
listen('checkcache', 'option checkcache');
listen('buffer', 'option http-buffer-request; timeout http-request 400ms');
listen('abort', 'option abortonclose');
listen('unsafe', 'option accept-invalid-http-request; option accept-invalid-http-response');
listen('nolinger', 'option nolinger');
listen('nodelay', 'option http-no-delay');
listen('monitor', 'monitor-uri /alive');
listen('noserver', '', '');

/** A frontend in mode tcp whose backend is in mode http: what its clients say is read as HTTP. */
proxies.push([
  'mixed',
  `frontend mixed
  bind 127.0.0.1:%mixed%
  mode tcp
  option tcplog
  timeout client 400ms
  default_backend mixedback
backend mixedback
  option forwardfor
  server live 127.0.0.1:%ORIGIN%
`,
]);

export const listeners = proxies.map(([name]) => name);

export const files: Readonly<Record<string, string>> = {
  'len.http': 'HTTP/1.1 502 Bad\r\nContent-Length: 5\r\nX-Foo: Bar\r\n\r\nhello',
  'nolen.http':
    'HTTP/1.0 503 Service Unavailable\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n<html>sorry</html>\n',
  'lf.http': 'HTTP/1.1 400 Bad\nContent-Type: text/plain\n\nLF only\n',
};

export const config = `global
  maxconn 500
  nbthread 1
  log 127.0.0.1:%LOG% local0
  h1-case-adjust content-length Content-Length
  h1-case-adjust host HOST
  h1-case-adjust connection Connection
  h1-case-adjust x-forwarded-for X-Forwarded-For
http-errors site
  errorfile 503 %FILES%/len.http
defaults
  log global
  mode http
  option httplog
  retries 1
  timeout connect 300ms
  timeout client 3s
  timeout server 3s
  default-server pool-purge-delay 1m
${proxies.map(([, text]) => text).join('')}
`;

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const over = /^(end|reset)/;
const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const one = [[/\\r\\n\\r\\n/, ok]] as const;
const simple = (name: string, at: string, request = get, wait: RegExp = /200 OK.*ok/, lines = 1): Play => ({
  name,
  at,
  client: [request, wait, 40],
  origin: [[/HTTP/, ok]],
  lines,
});

export const plays: readonly Play[] = [
  { name: 'errorfile with a length', at: 'errlen', client: [get, /hello/, 50] },
  { name: 'errorfile, HEAD', at: 'errlen', client: ['HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', /502/, 50] },
  { name: 'errorfile, HTTP/1.0', at: 'errlen', client: ['GET / HTTP/1.0\r\n\r\n', over] },
  {
    name: 'errorfile, HTTP/1.0 with keep-alive',
    at: 'errlen',
    client: ['GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', /hello/, 50],
  },
  { name: 'errorfile without a length', at: 'errnolen', client: [get, over] },
  { name: 'errorfile with bare LF', at: 'errlf', client: [get, over] },
  { name: 'errorfile that is empty', at: 'errempty', client: [get, over] },
  { name: 'errorfile that is empty, bad request', at: 'errempty', client: ['bad\r\n\r\n', over] },
  { name: 'errorfile that is empty, silence', at: 'errempty', client: [over] },
  { name: 'errorfile that is empty, half a head', at: 'errempty', client: ['GET', over] },
  { name: 'errorloc', at: 'errloc', client: [get, /302/, 50] },
  { name: 'errorloc303', at: 'errloc303', client: [get, /303/, 50] },
  { name: 'errorfiles', at: 'errsection', client: [get, /hello/, 50] },
  {
    name: 'own page, HTTP/1.0 with keep-alive',
    at: 'noserver',
    client: ['GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', /503/, 50],
  },
  {
    name: 'monitor, HTTP/1.0 with keep-alive',
    at: 'monitor',
    lines: 0,
    client: ['GET /alive HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', /200/, 50],
  },
  { name: 'ignored probe: silence', at: 'probes', lines: 0, client: [over, 100] },
  { name: 'ignored probe: closes at once', at: 'probes', lines: 0, client: ['fin!', over, 100] },
  { name: 'ignored probe: half a head', at: 'probes', client: ['GET', over] },
  { name: 'ignored probe: half a head, then the end', at: 'probes', client: ['GET', 50, 'fin!', over] },
  { name: 'dontlognull: closes at once', at: 'lognull', lines: 0, client: ['fin!', over, 100] },
  { name: 'dontlognull: silence', at: 'lognull', lines: 0, client: [over, 100] },
  { name: 'dontlognull: half a head', at: 'lognull', client: ['GET', 50, 'fin!', over] },
  simple('originalto', 'originalto'),
  simple('originalto with a name', 'originaltoname'),
  simple('originalto, excepted', 'originaltoexcept'),
  simple('server name', 'sendname'),
  simple('server name, sent by the client too', 'sendname', 'GET / HTTP/1.1\r\nX-Server: mine\r\nHost: a\r\n\r\n'),
  simple('server name, connection kept', 'sendnamekeep'),
  simple('server name, with a body', 'sendname', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc'),
  simple('odd names deleted', 'namesdelete', 'GET / HTTP/1.1\r\nHost: a\r\nx_y: 1\r\nx.z: 2\r\nx-a: 3\r\n\r\n'),
  simple('odd names rejected', 'namesreject', 'GET / HTTP/1.1\r\nHost: a\r\nx_y: 1\r\n\r\n', /403/),
  simple('no odd names to reject', 'namesreject', 'GET / HTTP/1.1\r\nHost: a\r\nx-y: 1\r\n\r\n'),
  simple('odd names preserved', 'namespreserve', 'GET / HTTP/1.1\r\nHost: a\r\nx_y: 1\r\n\r\n'),
  simple('case for clients', 'casesclient'),
  simple('case for servers', 'casesserver'),
  simple('pretended keep-alive', 'pretend'),
  simple('pretended keep-alive with httpclose', 'pretendclose'),
  simple('server close', 'sclose'),
  simple('close', 'close'),
  simple('close, HTTP/1.0', 'close', 'GET / HTTP/1.0\r\n\r\n'),
  simple('proxy header', 'proxyheader', 'GET http://a/ HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n'),
  simple(
    'proxy header, both',
    'proxyheader',
    'GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nProxy-Connection: close\r\n\r\n',
  ),
  simple('proxy header, plain path', 'proxyheader', 'GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n'),
  simple('no proxy header', 'plain', 'GET http://a/ HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n'),
  {
    name: 'checkcache: cookie in a cacheable response',
    at: 'checkcache',
    client: [get, /HTTP/, 50],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok']],
  },
  {
    name: 'checkcache: cookie in a response not to be cached',
    at: 'checkcache',
    client: [get, /HTTP/, 50],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nCache-Control: no-cache\r\nContent-Length: 2\r\n\r\nok']],
  },
  {
    name: 'checkcache: the cookie alone is not to be cached',
    at: 'checkcache',
    client: [get, /HTTP/, 50],
    origin: [
      [
        /GET/,
        'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nCache-Control: no-cache="Set-Cookie"\r\nContent-Length: 2\r\n\r\nok',
      ],
    ],
  },
  {
    name: 'checkcache: private',
    at: 'checkcache',
    client: [get, /HTTP/, 50],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nCache-Control: private\r\nContent-Length: 2\r\n\r\nok']],
  },
  {
    name: 'checkcache: public',
    at: 'checkcache',
    client: [get, /HTTP/, 50],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nCache-Control: public\r\nContent-Length: 2\r\n\r\nok']],
  },
  {
    name: 'checkcache: pragma',
    at: 'checkcache',
    client: [get, /HTTP/, 50],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nPragma: no-cache\r\nContent-Length: 2\r\n\r\nok']],
  },
  { name: 'checkcache: no cookie', at: 'checkcache', client: [get, /HTTP/, 50], origin: [[/GET/, ok]] },
  {
    name: 'checkcache: answer to POST',
    at: 'checkcache',
    client: ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', /HTTP/, 50],
    origin: [[/POST/, 'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok']],
  },
  {
    name: 'checkcache: status that is not cached',
    at: 'checkcache',
    client: [get, /HTTP/, 50],
    origin: [[/GET/, 'HTTP/1.1 302 Found\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok']],
  },
  {
    name: 'buffered: length',
    at: 'buffer',
    client: ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n', 60, 'abc', 60, 'def', /ok/, 40],
    origin: [[/def/, ok]],
  },
  {
    name: 'buffered: chunks',
    at: 'buffer',
    client: [chunked, 60, '3\r\nabc\r\n', 60, '3\r\ndef\r\n0\r\n\r\n', /ok/, 40],
    origin: [[/def/, ok]],
  },
  {
    name: 'buffered: larger than a buffer',
    at: 'buffer',
    client: [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n',
      60,
      'a'.repeat(17000),
      100,
      'b'.repeat(3000),
      /ok/,
      40,
    ],
    origin: [[/bbb/, ok]],
  },
  { name: 'buffered: broken chunks', at: 'buffer', client: [chunked, 60, '3\r\nabc\r\nzz\r\n', over], origin: [[]] },
  {
    name: 'buffered: the client goes',
    at: 'buffer',
    client: [chunked, 60, '3\r\nabc\r\n', 'fin!', over],
    origin: [[]],
  },
  {
    name: 'buffered: expects to be told',
    at: 'buffer',
    client: ['POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n', /100/, 'abc', /ok/, 40],
    origin: [[/abc/, ok]],
  },
  {
    name: 'abortonclose: the client ends while it waits for the answer',
    at: 'abort',
    client: [get, 60, 'fin!', over],
    origin: [[/GET/, 300, ok]],
  },
  {
    name: 'no abortonclose: the client ends while it waits for the answer',
    at: 'plain',
    client: [get, 60, 'fin!', over],
    origin: [[/GET/, 300, ok]],
  },
  simple('unsafe: odd name', 'unsafe', 'GET / HTTP/1.1\r\nHost: a\r\nx y: 1\r\n\r\n'),
  simple('unsafe: fragment', 'unsafe', 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n'),
  simple('unsafe: eight bits in the target', 'unsafe', 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n'),
  simple('unsafe: quotes and braces in the target', 'unsafe', 'GET /{"a"}|^ HTTP/1.1\r\nHost: a\r\n\r\n'),
  simple('unsafe: blank before the colon', 'unsafe', 'GET / HTTP/1.1\r\nHost: a\r\nx : 1\r\n\r\n', /HTTP/),
  simple('unsafe: another authority in Host', 'unsafe', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', /HTTP/),
  simple('unsafe: two Hosts', 'unsafe', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', /HTTP/),
  simple(
    'unsafe: two lengths',
    'unsafe',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    /HTTP/,
  ),
  {
    name: 'unsafe: odd name in the response',
    at: 'unsafe',
    client: [get, /HTTP/, 40],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nx y: 1\r\nContent-Length: 2\r\n\r\nok']],
  },
  simple('strict: odd name', 'plain', 'GET / HTTP/1.1\r\nHost: a\r\nx y: 1\r\n\r\n', /HTTP/),
  { name: 'nolinger', at: 'nolinger', client: ['GET / HTTP/1.0\r\n\r\n', over], origin: [[/GET/, ok]], anyEnd: true },
  { name: 'no delay', at: 'nodelay', client: [get, /ok/, 40], origin: one },
  // ---- mode tcp before mode http -----------------------------------------------------------------------------------
  simple('mixed modes', 'mixed'),
  {
    name: 'mixed modes: two requests',
    at: 'mixed',
    lines: 2,
    client: [get, /ok/, get, /ok.*ok/, 'fin!', over],
    origin: [[/GET/, ok, /GET.*GET/, ok]],
  },
  {
    name: 'mixed modes: with the end',
    at: 'mixed',
    client: ['GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', over],
    origin: [[/GET/, ok]],
  },
  { name: 'mixed modes: no request', at: 'mixed', client: ['bad\r\n\r\n', over] },
  { name: 'mixed modes: silence', at: 'mixed', client: [over] },
  // ---- chunks are written anew --------------------------------------------------------------------------------------
  {
    name: 'chunks of a request in one piece',
    at: 'plain',
    client: [`${chunked}3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`, /ok/, 40],
    origin: [[/\\n0\\r/, ok]],
  },
  {
    name: 'chunks of a request, one by one',
    at: 'plain',
    client: [chunked, 50, '3\r\nabc\r\n', 50, '3\r\ndef\r\n', 50, '0\r\n\r\n', /ok/, 40],
    origin: [[/n0\\r/, ok]],
  },
  {
    name: 'a chunk in pieces',
    at: 'plain',
    client: [`${chunked}6\r\nab`, 50, 'cd', 50, 'ef\r\n', 50, '0\r\n\r\n', /ok/, 40],
    origin: [[/n0\\r/, ok]],
  },
  {
    name: 'chunks with zeros, capitals and extensions',
    at: 'plain',
    client: [`${chunked}000A;name=value\r\n0123456789\r\n0;last\r\n\r\n`, /ok/, 40],
    origin: [[/n0\\r/, ok]],
  },
  {
    name: 'trailers of a request',
    at: 'plain',
    client: [`${chunked}1\r\na\r\n0\r\nX-Sum: 12\r\nOther:  b \r\n\r\n`, /ok/, 40],
    origin: [[/n0\\r/, 50, ok]],
  },
  {
    name: 'trailers in pieces',
    at: 'plain',
    client: [`${chunked}1\r\na\r\n0\r\nX-S`, 50, 'um: 12\r\n', 50, '\r\n', /ok/, 40],
    origin: [[/n0\\r/, 150, ok]],
  },
  {
    name: 'chunks of a response',
    at: 'plain',
    client: [get, /n0\\r/, 40],
    origin: [
      [/GET/, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n02\r\nok\r\n3;x\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n'],
    ],
  },
  {
    name: 'chunks of a response, one by one',
    at: 'plain',
    client: [get, /n0\\r/, 40],
    origin: [
      [
        /GET/,
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
        50,
        '2\r\nok\r\n',
        50,
        '3\r\nabc\r\n',
        50,
        '0\r\n\r\n',
      ],
    ],
  },
  {
    name: 'chunks for HTTP/1.0',
    at: 'plain',
    client: ['GET / HTTP/1.0\r\n\r\n', over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n']],
  },
  {
    name: 'chunks for HTTP/1.0 with keep-alive',
    at: 'plain',
    client: ['GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', /ok/, 200],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n']],
  },
  {
    name: 'chunks in an HTTP/1.0 response',
    at: 'plain',
    client: [get, /ok/, 200],
    origin: [[/GET/, 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n']],
  },
  {
    name: 'a response of unknown length',
    at: 'plain',
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\n\r\nok', 50, 'ok', 'fin!']],
  },
  {
    name: 'chunks in answer to HEAD',
    at: 'plain',
    client: ['HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', /200/, 40],
    origin: [[/HEAD/, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n']],
  },
  {
    name: 'broken chunks in a response',
    at: 'plain',
    anyEnd: true,
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n', 50, 'zz\r\n']],
  },
  {
    name: 'broken chunks with the head of a response',
    at: 'plain',
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']],
  },
  {
    name: 'broken chunks with a chunk before',
    at: 'plain',
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n']],
  },
  {
    name: 'broken chunks in a request',
    at: 'plain',
    anyEnd: true,
    client: [`${chunked}2\r\nok\r\n`, 50, 'zz\r\n', over],
    origin: [[]],
  },
  { name: 'broken chunks with the head of a request', at: 'plain', client: [`${chunked}zz\r\n`, over], origin: [[]] },
  {
    name: 'a response that ends in its chunks',
    at: 'plain',
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n', 50, 'fin!']],
  },
  {
    name: 'a response that ends in its length',
    at: 'plain',
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok', 50, 'fin!']],
  },
  {
    name: 'a client that ends in its chunks',
    at: 'plain',
    client: [`${chunked}2\r\nok\r\n`, 50, 'fin!', over],
    origin: [[]],
  },
  {
    name: 'a client that ends in its length',
    at: 'plain',
    client: ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc', 50, 'fin!', over],
    origin: [[]],
  },
  {
    name: 'a client that resets in its length',
    at: 'plain',
    compareOrigin: false,
    client: ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc', 50, 'reset!'],
    origin: [[]],
  },
  {
    name: 'bytes behind a response',
    at: 'plain',
    client: [get, /ok/, 80, get, /ok.*ok/, 40],
    lines: 2,
    origin: [
      [/GET/, `${ok}more`],
      [/GET/, ok],
    ],
  },
  {
    name: 'an early response, then the body',
    at: 'plain',
    client: ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc', /ok/, 'defghi', 60, get, /ok.*ok/, 40],
    lines: 2,
    origin: [[/abc/, ok, /ghi/, 30, /GET/, ok]],
  },
  {
    name: 'an early response and the end, then the body',
    at: 'plain',
    client: ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc', /ok/, 60, 'defghi', 60],
    origin: [[/abc/, ok, 'fin!']],
  },
  { name: 'a server that resets at once', at: 'plain', client: [get, /502/, 40], origin: [[/GET/, 'reset!']] },
  { name: 'a server that closes without an answer', at: 'plain', client: [get, /502/, 40], origin: [[/GET/, 'fin!']] },
  {
    name: 'a server that closes in the head',
    at: 'plain',
    client: [get, /502/, 40],
    origin: [[/GET/, 'HTTP/1.1 200', 30, 'fin!']],
  },
  { name: 'a server that talks first', at: 'plain', client: [get, /HTTP/, 40], origin: [[ok, /GET/]] },
  {
    name: 'interim answers',
    at: 'plain',
    client: [get, /ok"$/, 40],
    origin: [[/GET/, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n', 40, ok]],
  },
  {
    name: 'interim answers for HTTP/1.0',
    at: 'plain',
    client: ['GET / HTTP/1.0\r\n\r\n', over],
    origin: [[/GET/, 'HTTP/1.1 100 Continue\r\n\r\n', 40, ok]],
  },
  {
    name: 'an upgrade nobody asked for',
    at: 'plain',
    client: [get, /HTTP/, 40],
    origin: [[/GET/, 'HTTP/1.1 101 Switching\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n']],
  },
  { name: '204 with a body', at: 'plain', client: [get, /204/, 60], origin: [[/GET/, 'HTTP/1.1 204 No\r\n\r\nok']] },
  {
    name: '304 with a length',
    at: 'plain',
    client: [get, /304/, 60],
    origin: [[/GET/, 'HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\n']],
  },
  {
    name: 'websocket',
    at: 'plain',
    client: [
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      /101/,
      'hello',
      /hello/,
      'fin!',
      over,
    ],
    origin: [
      [
        /GET/,
        'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
        /hello/,
        'hello',
        'fin!',
      ],
    ],
  },
  {
    name: 'CONNECT on another port',
    at: 'plain',
    client: ['CONNECT a:8443 HTTP/1.1\r\nHost: a:8443\r\n\r\n', /200/, 'x', /y/, 'fin!', over],
    origin: [[/CONNECT/, 'HTTP/1.1 200 OK\r\n\r\n', /x/, 'y', 'fin!']],
  },
  { name: 'OPTIONS *', at: 'plain', client: ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', /ok/, 40], origin: one },
  {
    name: 'absolute URI without Host',
    at: 'plain',
    client: ['GET http://b/x HTTP/1.1\r\n\r\n', /ok/, 40],
    origin: one,
  },
  {
    name: 'GET with a body',
    at: 'plain',
    client: ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', /ok/, 40],
    origin: one,
  },
];
