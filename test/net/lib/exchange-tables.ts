/**
 * What is tried between client, proxy and origin: kinds of requests, answers and framings, keep-alive in all its modes,
 * and every way in which one of the sides can be silent, leave or be cut off. Mostly products of a few parts.
 */
import { chunkCases, requestCases, responseCases } from '../../unit/wire/http1-cases.ts';
import { type Exchange, ok } from './exchange-lanes.ts';
import type { Act } from './stage.ts';

const end = /^(?:end|reset)$/;
const head = (start: string, fields = ''): string => `${start}\r\nHost: a\r\n${fields}\r\n`;
const get = head('GET /x HTTP/1.1');
const answered = (count = 1): RegExp => new RegExp(`^data (?:.*HTTP/1\\.[01] [2-5]\\d\\d){${count}}`);

/** How an answer says where it ends. */
const framings: Readonly<Record<string, string>> = {
  sized: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  empty: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
  trailers: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n',
  'no content': 'HTTP/1.1 204 No Content\r\n\r\n',
  'not modified': 'HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: "e"\r\n\r\n',
  interim: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`,
  'interim twice': `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${ok}`,
  'of 1.0': 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'of 1.0, keep-alive': 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello',
  'to be closed': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello',
};

const bodies: Readonly<Record<string, readonly [string, string]>> = {
  none: ['', ''],
  empty: ['Content-Length: 0\r\n', ''],
  sized: ['Content-Length: 4\r\n', 'body'],
  chunked: ['Transfer-Encoding: chunked\r\n', '2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n'],
};

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'X-OWN'];

/** The three ways of keeping connections. */
const modes = ['http', 'sclose', 'close'];

function methodExchanges(): Exchange[] {
  return modes.flatMap((at) =>
    methods.flatMap((method) =>
      Object.entries(bodies).map(([body, [fields, text]]) => ({
        name: `method ${method}, body ${body}, through ${at}`,
        at,
        client: [head(`${method} /m HTTP/1.1`, fields) + text, answered()],
      })),
    ),
  );
}

function framingExchanges(): Exchange[] {
  const modesAndFramings = modes.flatMap((at) => Object.entries(framings).map((entry) => [at, ...entry] as const));
  return modesAndFramings.flatMap(([at, framing, answer]) =>
    ['GET', 'HEAD', 'POST'].flatMap((method) =>
      ['HTTP/1.1', 'HTTP/1.0'].map((version) => {
        // To HEAD the head alone.
        const said = method === 'HEAD' ? answer.replace(/(\r\n\r\n)(?!.*\r\n\r\n).*$/s, '$1') : answer;
        const body = method === 'POST' ? 'Content-Length: 2\r\n' : '';
        const start = head(`${method} /f ${version}`, body) + (method === 'POST' ? 'hi' : '');
        return {
          name: `answer ${framing} to ${method} of ${version}, through ${at}`,
          at,
          client: [start, answered()],
          origin: { answers: [said, said], closes: framing === 'to be closed' },
        };
      }),
    ),
  );
}

/** Bytes that come in two pieces, cut anywhere. */
function pieceExchanges(): Exchange[] {
  const whole = `${head('POST /p HTTP/1.1', 'Transfer-Encoding: chunked\r\nX-A: value\r\n')}3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n`;
  const answer = framings.trailers!;
  const cuts = (text: string): number[] => Array.from(text, (_, i) => i).filter((i) => i > 0 && i % 4 === 0);
  return [
    ...cuts(whole).map((cut) => ({
      name: `pieces: a request cut at ${cut}`,
      client: [whole.slice(0, cut), 20, whole.slice(cut), answered()],
    })),
    ...cuts(answer).map((cut) => ({
      name: `pieces: an answer cut at ${cut}`,
      client: [get, /x-sum/],
      origin: [[/GET/, answer.slice(0, cut), 20, answer.slice(cut)]],
    })),
  ];
}

function statusExchanges(): Exchange[] {
  const codes =
    '200 201 202 203 205 206 226 300 301 302 303 307 308 400 401 403 404 405 406 408 409 410 411 418 421 425 429 451 500 501 502 503 504 511 599';
  return codes.split(' ').map((code) => ({
    name: `status ${code}`,
    client: [get, answered(), 20, get, answered(2)],
    origin: { answers: [`HTTP/1.1 ${code} Some Reason\r\nContent-Length: 4\r\n\r\nbody`, ok] },
    lines: 2,
  }));
}

function keepAliveExchanges(): Exchange[] {
  const asked: Readonly<Record<string, readonly [string, string]>> = {
    '1.1': ['HTTP/1.1', ''],
    '1.1 close': ['HTTP/1.1', 'Connection: close\r\n'],
    '1.1 keep-alive': ['HTTP/1.1', 'Connection: keep-alive\r\n'],
    '1.0': ['HTTP/1.0', ''],
    '1.0 keep-alive': ['HTTP/1.0', 'Connection: keep-alive\r\n'],
    '1.1 both': ['HTTP/1.1', 'Connection: keep-alive, close\r\n'],
  };
  return Object.entries(asked).flatMap(([name, [version, field]]) =>
    modes.flatMap((at) =>
      ['sized', 'chunked', 'to be closed'].map((framing) => {
        const again = !/close|^1\.0$|both/.test(name) && at !== 'close';
        const request = head(`GET /k ${version}`, field);
        return {
          name: `keep-alive ${name} through ${at}, answer ${framing}`,
          at,
          client: again ? [request, answered(), 30, request, answered(2)] : [request, answered()],
          origin: { answers: [framings[framing]!, framings[framing]!], closes: framing === 'to be closed' },
          lines: again ? 2 : 1,
        };
      }),
    ),
  );
}

/** The tables of verdicts once more, whole: answers, what the origin gets, ends and log lines. */
function tableExchanges(): Exchange[] {
  const post = head('POST /c HTTP/1.1', 'Transfer-Encoding: chunked\r\n');
  return [
    ...requestCases.map(({ name, raw }) => ({ name: `request: ${name}`, client: [raw, answered()] })),
    // On some HAProxy's verdict hangs on when the bytes come.
    ...chunkCases
      .filter(({ haproxy }) => haproxy !== 'unsteady')
      .map(({ name, body }) => ({ name: `chunks: ${name}`, client: [post + body, answered()] })),
    ...responseCases.map(({ name, raw }) => ({
      name: `response: ${name}`,
      client: [get, answered()],
      origin: { answers: [raw], closes: true },
    })),
  ];
}

function pipelineExchanges(): Exchange[] {
  const path = (n: number, fields = '', method = 'GET'): string => head(`${method} /${n} HTTP/1.1`, fields);
  const sized = path(1, 'Content-Length: 3\r\n', 'POST');
  const answers = { answers: ['1', '2', '3', '4'].map((n) => ok.replace('ok', `${n}.`)) };
  const rows: [string, string, number][] = [
    ['two', path(1) + path(2), 2],
    ['four', path(1) + path(2) + path(3) + path(4), 4],
    ['a body before', `${sized}abc${path(2)}`, 2],
    ['chunks before', `${path(1, 'Transfer-Encoding: chunked\r\n', 'POST')}3\r\nabc\r\n0\r\n\r\n${path(2)}`, 2],
    ['the first one closes', path(1, 'Connection: close\r\n') + path(2), 1],
    ['the second one is bad', `${path(1)}BAD\r\n\r\n`, 2],
    ['the second one is half', `${path(1)}GET /2 HT`, 2],
    ['empty lines between', `${path(1)}\r\n\r\n${path(2)}`, 2],
    ['HEAD first', path(1, '', 'HEAD') + path(2), 2],
    ['of 1.0', head('GET /1 HTTP/1.0') + path(2), 1],
  ];
  return rows.map(([name, text, lines]) => ({
    name: `pipeline: ${name}`,
    client: [text, answered(lines)],
    origin: name === 'HEAD first' ? { answers: [ok.replace('ok', ''), ok] } : answers,
    lines,
  }));
}

/** Where a client can stand when it falls silent, leaves or is cut off. */
const stagesOfClient: Readonly<Record<string, readonly Act[]>> = {
  'before a byte': [],
  'in the method': ['GE'],
  'in the target': ['GET /long'],
  'behind the request line': ['GET / HTTP/1.1\r\n'],
  'in a field': ['GET / HTTP/1.1\r\nHost: a\r\nX-'],
  'before the empty line': ['GET / HTTP/1.1\r\nHost: a\r\n'],
  'behind a request': [get],
  'in a sized body': [`${head('POST /b HTTP/1.1', 'Content-Length: 10\r\n')}abc`],
  'before a sized body': [head('POST /b HTTP/1.1', 'Content-Length: 10\r\n')],
  'in a chunk': [`${head('POST /b HTTP/1.1', 'Transfer-Encoding: chunked\r\n')}5\r\nab`],
  'between chunks': [`${head('POST /b HTTP/1.1', 'Transfer-Encoding: chunked\r\n')}5\r\nabcde\r\n`],
  'in a chunk size': [`${head('POST /b HTTP/1.1', 'Transfer-Encoding: chunked\r\n')}5`],
  'before the trailers end': [`${head('POST /b HTTP/1.1', 'Transfer-Encoding: chunked\r\n')}0\r\nX: 1\r\n`],
  'behind an answer': [get, answered()],
  'in a second request': [get, answered(), 'GET /2'],
};

/** The same of an origin. */
const stagesOfOrigin: Readonly<Record<string, string>> = {
  'before a byte': '',
  'in the status line': 'HTTP/1.1 20',
  'behind the status line': 'HTTP/1.1 200 OK\r\n',
  'in a field': 'HTTP/1.1 200 OK\r\nContent-L',
  'in a sized body': 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc',
  'in a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
  'between chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n',
  'before the trailers end': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n',
  'behind 100': 'HTTP/1.1 100 Continue\r\n\r\n',
  'in a body without length': 'HTTP/1.1 200 OK\r\n\r\nabc',
  'behind an answer': ok,
  'behind more than an answer': `${ok}surplus`,
};

const ways: readonly (readonly [string, Act | null])[] = [
  ['is silent', null],
  ['leaves', 'fin!'],
  ['resets', 'reset!'],
];

/** A response is on its way while the client is at work; then it comes, or does not. */
function clientEndExchanges(): Exchange[] {
  const modesAndStages = modes.flatMap((at) => Object.entries(stagesOfClient).map((entry) => [at, ...entry] as const));
  return modesAndStages.flatMap(([at, stage, acts]) =>
    // When HAProxy notices a reset before the answer hangs on what else goes on.
    ways
      .filter(([way]) => way !== 'resets' || stage !== 'behind a request')
      .map(([way, last]) => {
        const leaves = last === null ? [end] : [40, last, ...(last === 'fin!' ? [end] : [])];
        const isWhole = stage === 'behind a request';
        return {
          name: `client ${way} ${stage}, through ${at}`,
          at,
          client: [...acts, ...leaves],
          ...(isWhole && { origin: [[/GET/, 150, ok]] }),
          lines: stage === 'in a second request' && at !== 'close' ? 2 : 1,
          // Whether the origin sees the end of a client that resets is a matter of what it was doing.
          ...(last === 'reset!' && { ignore: 'ends' as const }),
        };
      }),
  );
}

function originEndExchanges(): Exchange[] {
  const modesAndStages = modes.flatMap((at) => Object.entries(stagesOfOrigin).map((entry) => [at, ...entry] as const));
  return modesAndStages.flatMap(([at, stage, text]) =>
    ['GET', 'POST'].flatMap((method) =>
      ways.map(([way, last]) => {
        const acts: Act[] = [new RegExp(method)];
        if (text !== '') acts.push(text);
        if (last !== null) acts.push(40, last);
        const request = method === 'GET' ? get : `${head('POST /p HTTP/1.1', 'Content-Length: 2\r\n')}hi`;
        return {
          name: `origin ${way} ${stage}, ${method}, through ${at}`,
          at,
          client: [request, 100, stage === 'behind an answer' ? answered() : end],
          origin: [acts],
          ignore: 'ends' as const,
        };
      }),
    ),
  );
}

function listenerExchanges(): Exchange[] {
  const basic = 'Authorization: Basic YTpi\r\n';
  return [
    { name: 'nobody listens', at: 'dead', client: [get, end] },
    {
      name: 'nobody listens, POST',
      at: 'dead',
      client: [`${head('POST /p HTTP/1.1', 'Content-Length: 2\r\n')}hi`, end],
    },
    { name: 'no server', at: 'none', client: [get, end] },
    { name: 'no server, HEAD', at: 'none', client: [head('HEAD / HTTP/1.1'), end] },
    { name: 'no server, of 1.0', at: 'none', client: [head('GET / HTTP/1.0'), end] },
    { name: 'redispatch', at: 'redis', client: [get, answered()] },
    {
      name: 'redispatch with a body',
      at: 'redis',
      client: [`${head('PUT / HTTP/1.1', 'Content-Length: 2\r\n')}hi`, answered()],
    },
    { name: 'no redispatch', at: 'noredis', client: [get, end] },
    { name: 'client leaves while it is retried', at: 'dead', client: [get, 60, 'fin!', end], ignore: 'ends' },
    { name: 'monitor', at: 'fwd', client: [head('GET /alive HTTP/1.1'), answered()], lines: 0 },
    { name: 'monitor with HEAD', at: 'fwd', client: [head('HEAD /alive HTTP/1.1'), answered()], lines: 0 },
    { name: 'monitor with a query', at: 'fwd', client: [head('GET /alive?x HTTP/1.1'), answered()], lines: 0 },
    { name: 'forwarded', at: 'fwd', client: [get, answered()] },
    {
      name: 'forwarded twice',
      at: 'fwd',
      client: [head('GET / HTTP/1.1', 'X-Forwarded-For: 1.2.3.4\r\n'), answered()],
    },
    { name: 'log as soon as possible', at: 'asap', client: [get, answered()] },
    {
      name: 'log as soon as possible, cut off',
      at: 'asap',
      client: [get, end],
      origin: [[/GET/, stagesOfOrigin['in a sized body']!, 40, 'fin!']],
    },
    { name: 'statistics without a name', at: 'stats', client: [head('GET /page HTTP/1.1'), answered()] },
    {
      name: 'statistics with HEAD and a wrong name',
      at: 'stats',
      client: [head('HEAD /page HTTP/1.1', 'Authorization: Basic eDp5\r\n'), answered()],
    },
    {
      name: 'statistics: a form without rights',
      at: 'stats',
      client: [`${head('POST /page HTTP/1.1', `${basic}Content-Length: 4\r\n`)}s=ab`, answered()],
    },
    { name: 'statistics: another page', at: 'stats', client: [head('GET /other HTTP/1.1'), answered()] },
    {
      name: 'queue moves on',
      at: 'max',
      before: [{ at: 'max', client: [head('GET /first HTTP/1.1'), 20] }],
      client: [get, answered()],
      origin: [
        [/GET/, 100, ok, /x HTTP/, ok],
        [/GET/, ok],
      ],
      lines: 2,
      ignore: 'ends',
    },
    {
      name: 'queue times out',
      at: 'max',
      before: [{ at: 'max', client: [head('GET /first HTTP/1.1'), 20] }],
      client: [get, answered()],
      origin: [[/GET/, 330, ok]],
      lines: 2,
    },
    {
      name: 'two in the queue',
      at: 'max',
      before: [
        { at: 'max', client: [head('GET /first HTTP/1.1'), 20] },
        { at: 'max', client: [head('GET /second HTTP/1.1'), 20] },
      ],
      client: [get, answered()],
      origin: { answers: [ok, ok, ok], closes: true },
      lines: 3,
      ignore: 'ends',
    },
  ];
}

function tcpExchanges(): Exchange[] {
  const rows: [string, string, Act[], Act[]][] = [
    ['client first', 'tcp', ['ping', /pong/, 'fin!', end], [/ping/, 'pong', /^end/, 'fin!']],
    ['origin first', 'tcp', [/hello/, 'fin!', end], ['hello', /^end/, 'fin!']],
    ['origin ends', 'tcp', [/hello/, /^end/, 'fin!'], ['hello', 'fin!']],
    ['client goes on behind the end of the origin', 'tcp', [/^end/, 'late', 30, 'fin!'], ['hello', 'fin!']],
    ['client says nothing and ends', 'tcp', [40, 'fin!', end], [/^end/, 'fin!']],
    ['client resets', 'tcp', [/hello/, 'reset!'], ['hello']],
    ['origin resets', 'tcp', ['x', end], [/x/, 'reset!']],
    ['origin resets at once', 'tcp', [end], ['reset!']],
    ['nobody says anything', 'tcp', [end], []],
    ['origin is silent', 'tcp', ['x', end], []],
    ['client is silent', 'tcp', [/hi/, end], ['hi']],
    ['slow origin', 'tcpslow', ['x', end, 'fin!'], []],
    ['nobody listens', 'tcpdead', [end], []],
    ['nobody listens, client has spoken', 'tcpdead', ['early', end], []],
    ['client leaves while it is retried', 'tcpdead', [40, 'fin!', end], []],
    ['redispatch', 'tcpredis', [/hello/, 'fin!', end], ['hello', /^end/, 'fin!']],
    ['bytes before the connection is made', 'tcp', ['early', /back/, 'fin!', end], [/early/, 'back', /^end/, 'fin!']],
    [
      'much, both ways',
      'tcp',
      ['y'.repeat(60_000), /done/, 'fin!', end],
      [/y{60000}/, 'z'.repeat(60_000), 'done', /^end/, 'fin!'],
    ],
    ['HTTP is only bytes', 'tcp', [get, answered(), 'fin!', end], [/GET/, ok, /^end/, 'fin!']],
  ];
  return [
    ...rows.map(([name, at, client, origin]) => ({
      name: `tcp: ${name}`,
      at,
      client,
      origin: [origin],
      ...(/reset|silent|anything|slow/.test(name) && { ignore: 'ends' as const }),
    })),
    {
      name: 'tcp: queue moves on',
      at: 'tcpmax',
      before: [{ at: 'tcpmax', client: [/first/, 'fin!', 60] }],
      client: [/second/, 'fin!', end],
      origin: [
        ['first', /^end/, 'fin!'],
        ['second', /^end/, 'fin!'],
      ],
      lines: 2,
    },
    {
      name: 'tcp: queue times out',
      at: 'tcpmax',
      before: [{ at: 'tcpmax', client: [/first/] }],
      client: [end],
      origin: [['first', 500, 'fin!']],
    },
  ];
}

/** Fields of one hop, what Expect and Upgrade make of a connection, and targets. */
function fieldExchanges(): Exchange[] {
  const fields: Readonly<Record<string, string>> = {
    'Connection names a field': 'Connection: X-Hop\r\nX-Hop: 1\r\n',
    'Keep-Alive': 'Keep-Alive: timeout=5\r\n',
    'Proxy-Connection': 'Proxy-Connection: keep-alive\r\n',
    'TE trailers': 'TE: trailers\r\nConnection: TE\r\n',
    'Upgrade without Connection': 'Upgrade: echo\r\n',
    'Upgrade that is not answered': 'Connection: Upgrade\r\nUpgrade: echo\r\n',
    'mixed case': 'X-MiXeD: Value\r\nACCEPT: */*\r\n',
    'twice the same': 'X-A: 1\r\nX-A: 2\r\n',
    'blanks around': 'X-A:    much   \r\nX-B:\t tab\t\r\n',
    'an empty value': 'X-A:\r\nX-B: \r\n',
    'a long value': `X-A: ${'v'.repeat(4000)}\r\n`,
    'fifty fields': Array.from({ length: 50 }, (_, i) => `X-${i}: ${i}\r\n`).join(''),
    'a hundred fields': Array.from({ length: 100 }, (_, i) => `X-${i}: ${i}\r\n`).join(''),
    'a folded value': 'X-A: one\r\n two\r\n',
    'high bytes': 'X-A: \xe9\xff\r\n',
    'X-Forwarded-For of the client': 'X-Forwarded-For: 9.9.9.9\r\n',
    cookies: 'Cookie: a=1; b=2\r\nCookie: c=3\r\n',
    'a range': 'Range: bytes=0-1\r\n',
  };
  const targets = ['/', '/?', '/a/../b', '//double', '/%2e%2e/', '/a;p=1?q=1&r=2', '/~tilde', `/${'p'.repeat(700)}`];
  const expect = head('PUT /e HTTP/1.1', 'Expect: 100-continue\r\nContent-Length: 4\r\n');
  return [
    ...Object.entries(fields).map(([name, text]) => ({
      name: `field: ${name}`,
      client: [head('GET /h HTTP/1.1', text), answered()],
    })),
    ...Object.entries(fields)
      .filter(([name]) => !/hundred|Upgrade/.test(name))
      .map(([name, text]) => ({
        name: `field of an answer: ${name}`,
        client: [get, answered()],
        origin: { answers: [`HTTP/1.1 200 OK\r\n${text}Content-Length: 2\r\n\r\nok`] },
      })),
    ...targets.map((target) => ({
      name: `target ${target.slice(0, 20)}`,
      client: [head(`GET ${target} HTTP/1.1`), answered()],
    })),
    {
      name: 'expect: continue',
      client: [expect, /100/, 'body', answered()],
      origin: [[/PUT/, 'HTTP/1.1 100 Continue\r\n\r\n', /body/, ok]],
    },
    {
      name: 'expect: refused',
      client: [expect, answered()],
      origin: [[/PUT/, 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n']],
    },
    { name: 'expect: the client does not wait', client: [`${expect}body`, answered()] },
    {
      name: 'upgrade: to a tunnel, client ends',
      client: [head('GET /u HTTP/1.1', 'Connection: Upgrade\r\nUpgrade: echo\r\n'), /101/, 'ping', /pong/, 'fin!', end],
      origin: [
        [
          /GET/,
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
          /ping/,
          'pong',
          /^end/,
          'fin!',
        ],
      ],
    },
    {
      name: 'upgrade: to a tunnel, origin ends',
      client: [head('GET /u HTTP/1.1', 'Connection: Upgrade\r\nUpgrade: echo\r\n'), /bye/, /^end/, 'fin!'],
      origin: [
        [/GET/, 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nbye', 20, 'fin!'],
      ],
    },
    {
      name: 'connect: to a tunnel',
      client: ['CONNECT a:7 HTTP/1.1\r\nHost: a:7\r\n\r\n', /200/, 'ping', /pong/, 'fin!', end],
      origin: [[/CONNECT/, 'HTTP/1.1 200 OK\r\n\r\n', /ping/, 'pong', /^end/, 'fin!']],
    },
    {
      name: 'connect: refused',
      client: ['CONNECT a:7 HTTP/1.1\r\nHost: a:7\r\n\r\n', answered()],
      origin: { answers: ['HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'] },
    },
    {
      name: 'early answer, the body follows',
      client: [`${head('POST /e HTTP/1.1', 'Content-Length: 10\r\n')}abc`, answered(), 'defghij', 30, get, answered(2)],
      origin: [[/POST/, 'HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n', /defghij/, /GET/, ok]],
      lines: 2,
    },
    {
      name: 'early answer that closes',
      client: [`${head('POST /e HTTP/1.1', 'Content-Length: 10\r\n')}abc`, end],
      origin: [[/POST/, 'HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n', 'fin!']],
      ignore: 'ends',
    },
  ];
}

export const exchanges: readonly Exchange[] = [
  ...methodExchanges(),
  ...framingExchanges(),
  ...keepAliveExchanges(),
  ...pieceExchanges(),
  ...statusExchanges(),
  ...pipelineExchanges(),
  ...fieldExchanges(),
  ...tableExchanges(),
  ...clientEndExchanges(),
  ...originEndExchanges(),
  ...listenerExchanges(),
  ...tcpExchanges(),
];
