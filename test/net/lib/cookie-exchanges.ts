/**
 * Requests and responses with cookies that the real HAProxy and ours must treat alike: sections of a configuration by
 * name, and what a client sends to one of them and a server answers there. Every section has its servers `a` and `b` on
 * two origins, `bare` without a cookie and `off` in maintenance, and takes the first that is free.
 */

export interface CookieExchange {
  readonly name: string;
  readonly section: string;
  /** Start line and fields; `@now-60` and the like become dates. */
  readonly request: string;
  /** Fields of the answer, or a whole answer when it begins with "HTTP/". */
  readonly answer?: string;
}

const twoServers = ['server a 127.0.0.1:@A cookie one', 'server b 127.0.0.1:@B cookie two'];
const manyServers = [...twoServers, 'server off 127.0.0.1:@A cookie gone disabled', 'server bare 127.0.0.1:@A'];

/** Lines of every section. */
export const cookieSections: Readonly<Record<string, readonly string[]>> = {
  insert: ['cookie SRV insert', ...manyServers],
  indirect: ['cookie SRV insert indirect', ...manyServers],
  nocache: ['cookie SRV insert nocache', ...twoServers],
  postonly: ['cookie SRV insert postonly', ...twoServers],
  preserve: ['cookie SRV insert preserve', ...twoServers],
  preserveindirect: ['cookie SRV indirect preserve', ...twoServers],
  dressed: [
    'cookie SRV insert indirect nocache httponly secure domain .example.com domain .example.org attr "SameSite=Lax" attr Foo',
    ...twoServers,
  ],
  idle: ['cookie SRV insert maxidle 1h', ...twoServers],
  life: ['cookie SRV insert maxlife 2h', ...twoServers],
  dated: ['cookie SRV insert indirect maxidle 1h maxlife 2h', ...twoServers],
  rewrite: ['cookie SRV rewrite', ...twoServers],
  rewritebare: ['cookie SRV rewrite', 'server bare 127.0.0.1:@A'],
  prefix: ['cookie SRV prefix', ...manyServers],
  passive: ['cookie SRV', ...twoServers],
  indirectonly: ['cookie SRV indirect', ...twoServers],
  bare: ['cookie SRV insert', 'server bare 127.0.0.1:@A', 'server b 127.0.0.1:@B cookie two'],
  dynamic: [
    'cookie SRV insert dynamic',
    'dynamic-cookie-key swordfish',
    'server a 127.0.0.1:@A',
    'server b 127.0.0.1:@B cookie two',
  ],
  shared: [
    'cookie SRV insert indirect',
    'server off 127.0.0.1:@A cookie one disabled',
    'server a 127.0.0.1:@A cookie two',
    'server b 127.0.0.1:@B backup cookie one',
  ],
  persist: [
    'cookie SRV insert indirect',
    'option persist',
    'retries 0',
    ...twoServers,
    'server off 127.0.0.1:@DEAD cookie gone disabled',
  ],
  redispatch: [
    'cookie SRV insert indirect',
    'option redispatch 1',
    'retries 2',
    ...twoServers,
    'server dead 127.0.0.1:@DEAD cookie dead',
  ],
  stay: ['cookie SRV insert indirect', 'retries 0', ...twoServers, 'server dead 127.0.0.1:@DEAD cookie dead'],
  heavy: ['cookie SRV insert indirect', ...twoServers, 'server zero 127.0.0.1:@B weight 0 cookie zero'],
  captures: [
    'capture cookie SID len 12',
    'capture request header User-Agent len 8',
    'capture request header X-None len 8',
    'capture response header Server len 20',
    'capture response header X-Odd len 30',
    'cookie SRV insert indirect',
    ...twoServers,
  ],
  kept: [
    'option http-keep-alive',
    'capture cookie SID len 20',
    'capture response header X-A len 5',
    'cookie SRV insert indirect',
    ...manyServers,
  ],
  commonformat: [
    'option httplog clf',
    'capture cookie SID len 12',
    'capture request header User-Agent len 8',
    'capture request header X-None len 8',
    'capture response header Server len 20',
    'cookie SRV insert indirect',
    ...twoServers,
  ],
  nolength: ['capture cookie SID len 0', 'capture request header Host len 0', ...twoServers],
  withstats: [
    'stats enable',
    'stats uri /stats',
    'cookie SRV insert',
    'capture request header User-Agent len 8',
    'capture response header Content-Type len 9',
    'capture cookie SRV len 9',
    ...twoServers,
  ],
  guarded: ['option checkcache', 'cookie SRV insert indirect nocache', ...twoServers],
  guardedonly: ['option checkcache', ...twoServers],
  alloff: [
    'cookie SRV insert indirect',
    'capture cookie SID len 9',
    'capture request header Host len 8',
    'capture response header Content-Type len 9',
    'server off 127.0.0.1:@A cookie gone disabled',
  ],
  alldead: [
    'cookie SRV insert indirect',
    'capture cookie SID len 9',
    'capture response header Content-Type len 9',
    'retries 0',
    'server dead 127.0.0.1:@DEAD cookie dead',
  ],
  capturesonly: ['capture cookie SID= len 30', 'capture request header Host len 8', ...twoServers],
};

const get = (...fields: string[]): string => ['GET /x HTTP/1.1', 'Host: h', ...fields].join('\r\n');
const post = (...fields: string[]): string =>
  ['POST /x HTTP/1.1', 'Host: h', 'Content-Length: 0', ...fields].join('\r\n');

/** `@now-60` in cookies becomes the date of a minute ago. */
const requests: readonly CookieExchange[] = [
  { name: 'no cookie', section: 'insert', request: get() },
  { name: 'a valid one', section: 'insert', request: get('Cookie: SRV=two') },
  { name: 'an unknown one', section: 'insert', request: get('Cookie: SRV=three') },
  { name: 'an empty one', section: 'insert', request: get('Cookie: SRV=') },
  { name: 'that of a server in maintenance', section: 'insert', request: get('Cookie: SRV=gone') },
  { name: 'another name', section: 'insert', request: get('Cookie: XSRV=two; SRVX=two; srv=two') },
  { name: 'unknown, then valid', section: 'insert', request: get('Cookie: SRV=three; SRV=two') },
  { name: 'valid, then unknown', section: 'insert', request: get('Cookie: SRV=two; SRV=three') },
  { name: 'down, then unknown', section: 'insert', request: get('Cookie: SRV=gone; SRV=three') },
  { name: 'two fields', section: 'insert', request: get('Cookie: a=1', 'Cookie: SRV=two') },
  { name: 'with a date behind it', section: 'insert', request: get('Cookie: SRV=two|@now-60') },
  { name: 'with two dates behind it', section: 'insert', request: get('Cookie: SRV=two|@now-60|@now-600') },
  { name: 'with a broken date behind it', section: 'insert', request: get('Cookie: SRV=two|ab|cdefgh') },
  { name: 'with tilde', section: 'insert', request: get('Cookie: SRV=two~x') },
  { name: 'quoted', section: 'insert', request: get('Cookie: SRV="two"') },
  { name: 'blanks', section: 'insert', request: get('Cookie: a = 1 ; SRV  =  two ;b= 2') },
  { name: 'commas', section: 'insert', request: get('Cookie: a=1,SRV=two,b=2') },
  { name: 'a semicolon first', section: 'insert', request: get('Cookie: ;SRV=two;') },
  { name: 'names without values', section: 'insert', request: get('Cookie: a; SRV; SRV=two; b') },

  { name: 'hidden, alone', section: 'indirect', request: get('Cookie: SRV=two') },
  { name: 'hidden, first', section: 'indirect', request: get('Cookie: SRV=two; a=1') },
  { name: 'hidden, last', section: 'indirect', request: get('Cookie: a=1; SRV=two') },
  { name: 'hidden, in the middle', section: 'indirect', request: get('Cookie: a=1;SRV=two ;  b=2') },
  { name: 'hidden, twice', section: 'indirect', request: get('Cookie: SRV=one; a=1; SRV=two; b=2; SRV=x') },
  { name: 'hidden, twice in a row', section: 'indirect', request: get('Cookie: a=1; SRV=one; SRV=two; b=2') },
  { name: 'hidden with attributes', section: 'indirect', request: get('Cookie: $Version=1; SRV=two; $Path=/; b=2') },
  { name: 'hidden, with attributes only', section: 'indirect', request: get('Cookie: $Version=1; SRV=two; $Path=/') },
  { name: 'hidden, before a bare name', section: 'indirect', request: get('Cookie: SRV=two; b') },
  { name: 'hidden, before nothing', section: 'indirect', request: get('Cookie: SRV=two;') },
  { name: 'hidden, after nothing', section: 'indirect', request: get('Cookie: ; SRV=two') },
  { name: 'hidden, invalid', section: 'indirect', request: get('Cookie: SRV=nobody; a=1') },
  { name: 'hidden, quoted neighbour', section: 'indirect', request: get('Cookie: a="x;SRV=two"; SRV=one') },
  { name: 'hidden, escaped quote', section: 'indirect', request: get('Cookie: a="x\\";SRV=two"; SRV=one; c') },
  { name: 'hidden, blanks', section: 'indirect', request: get('Cookie: a = 1  ;  SRV = two  ;  c =3') },
  {
    name: 'hidden, one field of three',
    section: 'indirect',
    request: get('Cookie: a=1', 'Cookie: SRV=two', 'Cookie: b=2'),
  },
  { name: 'a field without anything', section: 'indirect', request: get('Cookie:', 'X: y') },
  { name: 'no equal sign at all', section: 'indirect', request: get('Cookie: SRV') },

  { name: 'prefix, valid', section: 'prefix', request: get('Cookie: SRV=two~abc') },
  { name: 'prefix, among others', section: 'prefix', request: get('Cookie: a=1; SRV=two~abc; b=2') },
  { name: 'prefix, unknown', section: 'prefix', request: get('Cookie: SRV=nobody~abc') },
  { name: 'prefix, none', section: 'prefix', request: get('Cookie: SRV=abc') },
  { name: 'prefix, bare', section: 'prefix', request: get('Cookie: SRV=two') },
  { name: 'prefix, two tildes', section: 'prefix', request: get('Cookie: SRV=two~a~b') },
  { name: 'prefix, nothing behind', section: 'prefix', request: get('Cookie: SRV=two~') },
  { name: 'prefix, in maintenance', section: 'prefix', request: get('Cookie: SRV=gone~x') },
];
const expires = 'Set-Cookie: SRV=x; path=/; expires=Wed, 01 Jan 2031 00:00:00 GMT';

const responses: readonly CookieExchange[] = [
  { name: 'server sets it', section: 'insert', request: get(), answer: 'Set-Cookie: SRV=x; path=/app' },
  { name: 'server sets it for a bound client', section: 'insert', request: get('Cookie: SRV=two'), answer: expires },
  {
    name: 'server sets it twice',
    section: 'insert',
    request: get(),
    answer: 'Set-Cookie: SRV=x\r\nA: b\r\nset-cookie: SRV=y',
  },
  { name: 'server sets another', section: 'insert', request: get(), answer: 'Set-Cookie: sid=x, y; SRV=z\r\nB: c' },
  { name: 'blanks in what it sets', section: 'insert', request: get(), answer: 'Set-Cookie: sid = x ; path = /' },
  { name: 'nameless', section: 'insert', request: get(), answer: 'Set-Cookie: SRV; path=/' },
  { name: 'hidden, bound', section: 'indirect', request: get('Cookie: SRV=two'), answer: expires },
  { name: 'hidden, not bound', section: 'indirect', request: get(), answer: expires },
  { name: 'preserved', section: 'preserve', request: get(), answer: expires },
  { name: 'preserved, none set', section: 'preserve', request: get() },
  { name: 'preserved, bound', section: 'preserve', request: get('Cookie: SRV=two'), answer: expires },
  { name: 'indirect and preserved', section: 'preserveindirect', request: get('Cookie: SRV=two'), answer: expires },
  { name: 'postonly, GET', section: 'postonly', request: get() },
  { name: 'postonly, GET, set by the server', section: 'postonly', request: get(), answer: expires },
  { name: 'postonly, POST', section: 'postonly', request: post() },
  { name: 'everything', section: 'dressed', request: get() },
  { name: 'everything, bound', section: 'dressed', request: get('Cookie: SRV=two') },
  { name: 'rewritten', section: 'rewrite', request: get(), answer: expires },
  { name: 'rewritten, empty', section: 'rewrite', request: get(), answer: 'Set-Cookie: SRV=' },
  { name: 'rewritten, blanks', section: 'rewrite', request: get(), answer: 'Set-Cookie: SRV = x ; path=/' },
  { name: 'rewritten, bound', section: 'rewrite', request: get('Cookie: SRV=two'), answer: expires },
  { name: 'nothing to rewrite', section: 'rewrite', request: get('Cookie: SRV=two') },
  { name: 'nothing to rewrite with', section: 'rewritebare', request: get(), answer: expires },
  { name: 'prefixed', section: 'prefix', request: get(), answer: expires },
  { name: 'prefixed, empty', section: 'prefix', request: get('Cookie: SRV=two~x'), answer: 'Set-Cookie: SRV=; path=/' },
  { name: 'passive, bound', section: 'passive', request: get('Cookie: SRV=two; a=1'), answer: expires },
  { name: 'passive', section: 'passive', request: get() },
  { name: 'indirect alone, bound', section: 'indirectonly', request: get('Cookie: SRV=two'), answer: expires },
  { name: 'indirect alone', section: 'indirectonly', request: get(), answer: expires },
  { name: 'a server without a cookie', section: 'bare', request: get() },
  { name: 'a server without a cookie, unknown', section: 'bare', request: get('Cookie: SRV=x') },
  { name: 'made of the address', section: 'dynamic', request: get() },
  { name: 'made of the address, bound elsewhere', section: 'dynamic', request: get('Cookie: SRV=two') },
  { name: 'one for two servers', section: 'shared', request: get('Cookie: SRV=one') },
  { name: 'persist: asked although down', section: 'persist', request: get('Cookie: SRV=gone') },
  { name: 'redispatched', section: 'redispatch', request: get('Cookie: SRV=dead; a=1') },
  { name: 'not redispatched', section: 'stay', request: get('Cookie: SRV=dead') },
  { name: 'no weight, bound', section: 'heavy', request: get('Cookie: SRV=zero') },
  { name: '404', section: 'insert', request: get(), answer: 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n' },
  { name: 'HTTP/1.0', section: 'insert', request: 'GET /x HTTP/1.0' },
  {
    name: 'interim first',
    section: 'insert',
    request: get(),
    answer: 'HTTP/1.1 103 Early\r\nSet-Cookie: SRV=q\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  },
  ...['insert', 'captures', 'nocache'].map((section) => ({
    name: 'leaving HTTP',
    section,
    request: get('Connection: Upgrade', 'Upgrade: custom', 'Cookie: SID=1'),
    answer: [
      'HTTP/1.1 101 Switching',
      'Connection: Upgrade',
      'Upgrade: custom',
      'Set-Cookie: SID=2',
      'Server: s',
      'ETag: "a"',
      '',
      '',
    ].join('\r\n'),
  })),
  {
    name: 'a body in chunks',
    section: 'dressed',
    request: 'POST /x HTTP/1.1\r\nHost: h\r\nCookie: SRV=two; a=1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "a"\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  },
  { name: 'a broken answer', section: 'insert', request: get('Cookie: SRV=two'), answer: 'HTTP/1.1 boo\r\n\r\n' },
  { name: 'a broken request', section: 'insert', request: 'GET /x HTTP/1.1\r\nHo st: h' },
];

const dates: readonly CookieExchange[] = ['idle', 'life', 'dated'].flatMap((section) =>
  [
    '',
    'SRV=two',
    'SRV=two|@now-60',
    'SRV=two|@now+60',
    'SRV=two|@now-4000',
    'SRV=two|@now+90000',
    'SRV=two|@now-60|@now-600',
    'SRV=two|@now+60|@now-600',
    'SRV=two|@now+60|@now-8000',
    'SRV=two|@now-4000|@now-600',
    'SRV=two|@now+60|@now+90000',
    'SRV=nobody|@now-60|@now-600',
    'SRV=two|abcd',
    'SRV=two|@now-4000; SRV=one',
  ].map((cookie) => ({
    name: `${section}: ${cookie}`,
    section,
    request: cookie === '' ? get() : get(`Cookie: ${cookie}`),
  })),
);

/** What makes a response worth keeping; without any of it HAProxy leaves the response alone. */
const answersForCaches = [
  '',
  'ETag: "a"',
  'Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT',
  'Expires: Wed, 01 Jan 2031 00:00:00 GMT',
  'Expires: 0',
  'Cache-Control: public',
  'Cache-Control: max-age=60',
  'Cache-Control: s-maxage=60',
  'Cache-Control: max-age=0',
  'Cache-Control: s-maxage=0',
  'Cache-Control: max-age=0, s-maxage=60',
  'Cache-Control: s-maxage=60, max-age=0',
  'Cache-Control: s-maxage=0, max-age=60',
  'Cache-Control: max-age=00',
  'Cache-Control: max-age="60"',
  'Cache-Control: max-agent',
  ...['public', 'private', 'no-cache', 'no-store', 'max-age=0', 'no-cache="set-cookie"', 'no-cache="x"', 'PRIVATE'].map(
    (word) => `Cache-Control: ${word}\r\nETag: "a"`,
  ),
  'Cache-Control: public, max-age=60',
  'Cache-Control: private, max-age=60',
  'Cache-Control: private, public, max-age=60',
  'Cache-Control: public, private, max-age=60',
  'Cache-Control: max-age=60\r\nCache-Control: private',
  'Cache-Control: must-revalidate\r\nETag: "a"',
  'Pragma: no-cache\r\nETag: "a"',
  'Pragma: no-cache\r\nCache-Control: public, max-age=60',
  'Pragma: x, no-cache\r\nETag: "a"',
];
const statuses = [
  200, 203, 204, 206, 207, 300, 301, 302, 303, 304, 307, 308, 400, 403, 404, 405, 410, 414, 500, 501, 503,
];

const caches: readonly CookieExchange[] = [
  ...answersForCaches.map((answer) => ({ name: `nocache: ${answer}`, section: 'nocache', request: get(), answer })),
  ...statuses.map((status) => ({
    name: `nocache: ${status}`,
    section: 'nocache',
    request: get(),
    answer: `HTTP/1.1 ${status} Word\r\nETag: "a"\r\n${status === 204 ? '' : 'Content-Length: 0\r\n'}\r\n`,
  })),
  ...[302, 500].map((status) => ({
    name: `nocache: ${status}, public`,
    section: 'nocache',
    request: get(),
    answer: `HTTP/1.1 ${status} Word\r\nCache-Control: public\r\nETag: "a"\r\nContent-Length: 0\r\n\r\n`,
  })),
  { name: 'nocache: POST', section: 'nocache', request: post(), answer: 'ETag: "a"' },
  { name: 'nocache: POST, public', section: 'nocache', request: post(), answer: 'Cache-Control: public, max-age=60' },
  {
    name: 'nocache: PUT, public',
    section: 'nocache',
    request: get().replace('GET', 'PUT'),
    answer: 'Cache-Control: public, max-age=60',
  },
  { name: 'nocache: TRACE', section: 'nocache', request: get().replace('GET', 'TRACE'), answer: 'ETag: "a"' },
  { name: 'nocache: bound', section: 'nocache', request: get('Cookie: SRV=two'), answer: 'ETag: "a"' },
  ...['PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH'].map((method) => ({
    name: `nocache: ${method}`,
    section: 'nocache',
    request: `${method} /x HTTP/1.1\r\nHost: h`,
    answer: 'ETag: "a"',
  })),
  ...['Cache-Control: no-cache', 'Cache-Control: no-store', 'Cache-Control: max-age=0', 'Pragma: no-cache'].map(
    (field) => ({
      name: `nocache: asked with ${field}`,
      section: 'nocache',
      request: get(field),
      answer: 'ETag: "a"',
    }),
  ),
  {
    name: 'nocache: authorised',
    section: 'nocache',
    request: get('Authorization: Basic QQ=='),
    answer: 'ETag: "a"',
  },
];

const guards: readonly CookieExchange[] = ['guarded', 'guardedonly'].flatMap((section) =>
  [
    'ETag: "a"',
    'Set-Cookie: a=b',
    'Set-Cookie: SRV=b\r\nETag: "a"',
    'Set-Cookie: a=b\r\nETag: "a"',
    'Set-Cookie: a=b\r\nCache-Control: max-age=60',
    'Set-Cookie: a=b\r\nCache-Control: max-age=60, private',
    'Set-Cookie: a=b\r\nCache-Control: max-age=60, no-cache="set-cookie"',
    'Set-Cookie: a=b\r\nCache-Control: no-cache="set-cookie", public\r\nETag: "a"',
    'Set-Cookie: a=b\r\nPragma: no-cache\r\nETag: "a"',
    'HTTP/1.1 302 Found\r\nSet-Cookie: a=b\r\nETag: "a"\r\nContent-Length: 0\r\n\r\n',
  ].flatMap((answer) =>
    ['', 'SRV=two'].map((cookie) => ({
      name: `checkcache: ${answer} [${cookie}]`,
      section,
      request: cookie === '' ? get() : get(`Cookie: ${cookie}`),
      answer,
    })),
  ),
);

const captures: readonly CookieExchange[] = [
  { name: 'captures: nothing there', section: 'captures', request: get() },
  {
    name: 'captures: everything there',
    section: 'captures',
    request: get('User-Agent: curl/7.88.1-long', 'Cookie: SIDE=1; SID=abcdefghijkl; SRV=two'),
    answer: 'Server: origin|{x}"\x7f\xe9\r\nX-Odd: a b\r\nSet-Cookie: SID=fresh; path=/',
  },
  {
    name: 'captures: twice',
    section: 'captures',
    request: get('user-agent: one', 'User-Agent: two', 'Cookie: a=1', 'Cookie: SID=q', 'Cookie: SID=r'),
    answer: 'Server: one\r\nServer: two\r\nSet-Cookie: SID=1\r\nSet-Cookie: SID=2',
  },
  ...['', 'SID=abcdefghijklmnop; SRV=two'].map((cookie) => ({
    name: `captures in the common format: ${cookie}`,
    section: 'commonformat',
    request: cookie === '' ? get() : get('User-Agent: curl "x"', `Cookie: ${cookie}`),
    answer: cookie === '' ? '' : 'Server: a"b\r\nSet-Cookie: SID=fresh; path=/',
  })),
  ...['', 'SRV=gone; SID=1', 'SRV=dead; SID=1', 'SRV=x'].flatMap((cookie) =>
    ['alloff', 'alldead'].map((section) => ({
      name: `nobody there: ${cookie}`,
      section,
      request: cookie === '' ? get() : get(`Cookie: ${cookie}`),
    })),
  ),
  { name: 'captures of no length', section: 'nolength', request: get('Cookie: SID=1') },
  { name: 'captures: blanks', section: 'captures', request: get('Cookie: SID = "a b" ; c=d', 'X-None:') },
  {
    name: 'captures: a broken answer',
    section: 'captures',
    request: get('User-Agent: u'),
    answer: 'HTTP/1.1 boo\r\n\r\n',
  },
  { name: 'captures: a broken request', section: 'captures', request: 'GET /x HTTP/1.1\r\nUser-Agent: u\r\nHo st: h' },
  { name: 'captures without persistence', section: 'capturesonly', request: get('Cookie: SIDE=1; SID=7 ; b = 2') },
  {
    name: 'captures: interim first',
    section: 'captures',
    request: get(),
    answer: 'HTTP/1.1 103 Early\r\nServer: early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  },
];

export const cookieExchanges: readonly CookieExchange[] = [
  ...requests,
  ...responses,
  ...dates,
  ...caches,
  ...guards,
  ...captures,
];
