/** What random exchanges have found, taken apart to its point: each differed from HAProxy once. */
import type { ClientStep, OriginAnswer, Play } from './play.ts';

export interface Find {
  readonly name: string;
  /** Lines of the listener besides the mode, its log and `server s1`. */
  readonly lines: readonly string[];
  readonly play: Omit<Play, 'at'>;
  /** Nobody listens where the server is. */
  readonly isDead?: boolean;
  readonly mode?: 'tcp';
  readonly isServerless?: boolean;
}

function find(
  name: string,
  lines: readonly string[],
  client: readonly ClientStep[],
  origin: readonly OriginAnswer[] = [],
  more: { isDead?: boolean; rival?: string; mode?: 'tcp' } = {},
): Find {
  const { isDead, rival, mode } = more;
  return {
    name,
    lines,
    play: { client, origin, ...(rival !== undefined && { rival }) },
    ...(isDead && { isDead }),
    ...(mode && { mode }),
  };
}

const counts = 'log-format U=%U|B=%B|ST=%ST|tsc=%tsc';
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const one: ClientStep = { answers: 1 };

export const finds: readonly Find[] = [
  find('a body with GET of HTTP/1.0', [], ['GET / HTTP/1.0\r\nContent-Length: 5\r\n\r\nabcde', one, 'fin!']),
  find('an empty body with GET of HTTP/1.0', [], ['GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n', one, 'fin!']),
  find('a body with POST of HTTP/1.0', [], ['POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab', one, 'fin!']),
  find('an authority with a query', [], ['GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n', one, 'fin!']),
  find('CONNECT without a port', [], ['CONNECT a HTTP/1.1\r\n\r\n', one, 'fin!']),
  find('CONNECT with an empty port', [], ['CONNECT a: HTTP/1.1\r\n\r\n', one, 'fin!']),
  find(
    'the path of a target without one',
    ['log-format <%HPO>|%HP|%ST|%tsc'],
    ['GET http://a HTTP/1.1\r\n\r\n', one, 'fin!'],
  ),
  find(
    'the version of a line cut off',
    ['log-format %HV|%HM|%ST|%tsc'],
    [`GET /${'long/'.repeat(300)} HTTP/1.1\r\nHost: a\r\n\r\n`, one, 'fin!'],
  ),
  find(
    'who else is at the backend of a bad request',
    ['option tcplog'],
    ['BAD\r\n\r\n', one],
    [{ on: 'request', says: [120, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'] }],
    { rival: get },
  ),
  find(
    'a body that comes while the server is tried',
    [],
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc', 12, 'def', one, 'fin!'],
    [],
    { isDead: true },
  ),
  find(
    'an end in the body while the server is tried',
    ['retries 3'],
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc', 40, 'fin!'],
    [],
    { isDead: true },
  ),
  find(
    'bytes of Connection without persistence',
    [counts],
    ['GET / HTTP/1.1\r\nHost: a\r\nX-Hop: 1\r\nConnection: close, X-Hop\r\n\r\n', one, 'fin!'],
  ),
  find(
    'Connection with a gap',
    [counts],
    ['GET / HTTP/1.1\r\nHost: a\r\nConnection: one , two, close, three , four\r\n\r\n', one, 'fin!'],
  ),
  find(
    'bytes of Connection with empty items',
    [counts],
    ['GET / HTTP/1.1\r\nHost: a\r\nConnection: ,, close ,\r\n\r\n', one, 'fin!'],
  ),
  find(
    'Upgrade beside a body, not asked for',
    [],
    ['PUT / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nContent-Length: 2\r\n\r\nab', one, 'fin!'],
  ),
  find(
    'bytes of a request whose body did not come',
    ['option http-buffer-request', counts],
    ['PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nabc', one],
  ),
  find(
    'bytes of a request with broken chunks',
    [counts],
    ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', one],
  ),
  find('a client of mode tcp that resets while the server is tried', [], [30, 'reset!'], [], {
    isDead: true,
    mode: 'tcp',
  }),
  find('names of fields on pages for what is no request', ['option h1-case-adjust-bogus-client'], ['BAD\r\n\r\n', one]),
  find(
    'junk behind the head of a response',
    ['retry-on junk-response'],
    [get, one, 'fin!'],
    [{ on: 'request', says: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'] }],
  ),
  find(
    'a client that goes on behind the end of the server in CONNECT',
    [],
    ['CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', one, 80, 'late', 40, 'fin!'],
    [{ on: 'request', says: ['HTTP/1.1 200 OK\r\n\r\nhello', 20], end: 'fin' }],
  ),
  find(
    'bytes of a response with a cookie, logged at once',
    ['option logasap', 'cookie SRV insert'],
    [get, one, 'fin!'],
  ),
  find(
    'what goes wrong behind a line that is not written',
    ['option logasap', 'option dontlog-normal'],
    [get, one],
    [{ on: 'request', says: ['HTTP/1.1 200 OK\r\n\r\n'] }],
  ),
  find(
    'what goes wrong behind a line that is not written, in mode tcp',
    ['option logasap', 'option dontlog-normal'],
    ['x'],
    [],
    { mode: 'tcp' },
  ),
  find(
    'bytes of trailers that do not end',
    [counts],
    [get, one],
    [{ on: 'request', says: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-B:  two \r\n'] }],
  ),
  find(
    'bytes of trailers',
    [counts],
    [get, one, 'fin!'],
    [
      {
        on: 'request',
        says: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-B:  t w \r\n\r\n'],
      },
    ],
  ),
  find(
    'a body of more than a buffer while the server is tried',
    [],
    [`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n${'b'.repeat(30_000)}`, one, 'fin!'],
    [],
    { isDead: true },
  ),
  find(
    'CONNECT that announces a body',
    [counts],
    ['CONNECT a:80 HTTP/1.1\r\nHost: A:80\r\nContent-Length: 8\r\n\r\n', one, 'abc', 40, 'fin!'],
  ),
  find(
    'Connection with nothing but a comma left',
    [],
    ['GET / HTTP/1.1\r\nHost: a\r\nConnection: ,, close ,\r\nConnection: X-Hop ,, \r\n\r\n', one, 'fin!'],
  ),
  find(
    'broken chunks where a cookie would go',
    ['cookie SRV insert'],
    [get, one, 'fin!'],
    [{ on: 'request', says: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'] }],
  ),
  find(
    'broken chunks for a monitor',
    ['monitor-uri /alive'],
    ['POST /alive HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', one],
  ),
  find(
    'broken chunks with names that are not allowed',
    ['option http-restrict-req-hdr-names reject'],
    ['POST / HTTP/1.1\r\nHost: a\r\nX_Y: 1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', one],
  ),
  find(
    'an end in the head of a second answer',
    [],
    [get, one, get, { answers: 2 }],
    [
      { on: 'request', says: ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'] },
      { on: 'request', says: ['HTTP/1.1 200 OK\r\nContent-'], end: 'fin' },
    ],
  ),
  find(
    'mode tcp: a server that resets behind its bytes',
    [],
    ['x', 60],
    [{ on: 'head', says: ['bytes '.repeat(2000)], end: 'reset' }],
    { mode: 'tcp' },
  ),
  find(
    'CONNECT: a server that resets behind its bytes',
    [],
    ['CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', one, 'x', 60],
    [{ on: 'request', says: ['HTTP/1.1 200 OK\r\n\r\n', 30, 'bytes '.repeat(2000)], end: 'reset' }],
  ),
  find(
    'a server that resets in its head',
    [],
    [get, one],
    [{ on: 'request', says: ['HTTP/1.1 200 OK\r\nContent-'], end: 'reset' }],
  ),
  find(
    'a server that resets in its body',
    [],
    [get, one],
    [{ on: 'request', says: ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'], end: 'reset' }],
  ),
  find(
    'another authority and a body that nobody expects',
    [],
    ['DELETE http://a HTTP/1.0\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc', one],
  ),
  {
    name: 'a body that does not come, without a server',
    lines: ['option http-buffer-request'],
    play: { client: ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n', one], origin: [] },
    isServerless: true,
  },
  {
    name: 'bytes of a request without a server',
    lines: [counts],
    play: {
      client: ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n', one, 'fin!'],
      origin: [],
    },
    isServerless: true,
  },
  find(
    'a body is waited for before names are looked at',
    ['option http-buffer-request', 'option http-restrict-req-hdr-names reject'],
    ['POST / HTTP/1.1\r\nHost: a\r\nX_Y: 1\r\nContent-Length: 9\r\n\r\n', one],
  ),
  find(
    'abortonclose: a client that leaves in a body without an end',
    ['option abortonclose'],
    [get, one, 20, 'fin!'],
    [{ on: 'request', says: ['HTTP/1.1 200 OK\r\n\r\nabc'] }],
  ),
];
