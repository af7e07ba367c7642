/**
 * The same sessions through the real HAProxy and through ours: their log lines must be the same once ports, dates and
 * measured times are masked. A time that was not reached (-1) must not be reached in either.
 *
 * Known difference, left out here: a 401 of the statistics, which HAProxy 2.6 logs as 400.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LogSide, type LogSides, openLogSides, readLines, type Surroundings } from './lib/log-sides.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { sleep } from './lib/wait.ts';

const FRONTENDS = [
  'http',
  'clf',
  'plain',
  'asap',
  'separate',
  'nowhere',
  'stats',
  'tcp',
  'tcp-plain',
  'tcp-dead',
  'tcp-asap',
  'null',
] as const;
type FrontendName = (typeof FRONTENDS)[number];

function configure({ ports, originPort, deadPort, logPort }: Surroundings<FrontendName>): string {
  return `
global
  log 127.0.0.1:${logPort} local0
defaults
  mode http
  log global
  retries 1
  timeout connect 1s
  timeout client 500ms
  timeout server 500ms
  timeout http-request 300ms
frontend http
  bind 127.0.0.1:${ports.http}
  option httplog
  monitor-uri /monitor
  default_backend web
frontend clf
  bind 127.0.0.1:${ports.clf}
  option httplog clf
  default_backend web
frontend plain
  bind 127.0.0.1:${ports.plain}
  default_backend web
frontend asap
  bind 127.0.0.1:${ports.asap}
  option httplog
  option logasap
  default_backend web
frontend separate
  bind 127.0.0.1:${ports.separate}
  option httplog
  option log-separate-errors
  option dontlog-normal
  default_backend dead
frontend nowhere
  bind 127.0.0.1:${ports.nowhere}
  option httplog
frontend stats
  bind 127.0.0.1:${ports.stats}
  option httplog
  stats uri /stats
  stats auth u:p
frontend tcp
  mode tcp
  bind 127.0.0.1:${ports.tcp}
  option tcplog
  default_backend tcp-web
frontend tcp-plain
  mode tcp
  bind 127.0.0.1:${ports['tcp-plain']}
  default_backend tcp-web
frontend tcp-dead
  mode tcp
  bind 127.0.0.1:${ports['tcp-dead']}
  option tcplog
  default_backend tcp-closed
frontend tcp-asap
  mode tcp
  bind 127.0.0.1:${ports['tcp-asap']}
  option tcplog
  option logasap
  default_backend tcp-web
frontend null
  bind 127.0.0.1:${ports.null}
  option httplog
  option dontlognull
  default_backend web
backend web
  server s1 127.0.0.1:${originPort}
backend dead
  server d1 127.0.0.1:${deadPort}
backend tcp-web
  mode tcp
  server t1 127.0.0.1:${originPort}
backend tcp-closed
  mode tcp
  server c1 127.0.0.1:${deadPort}
`;
}

const get = (target: string, fields = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const finished = (text: string): boolean => text.endsWith('\r\n\r\nok') || text.includes('</html>');
const tcpFinished = (text: string): boolean => text.endsWith('ok');
const never = (): boolean => false;

interface Session {
  readonly name: string;
  readonly to: FrontendName;
  readonly sent: string;
  readonly enough?: (text: string) => boolean;
  /** Text that the server answers with instead of a small page. */
  readonly answer?: string;
  /** The client leaves after this long, whatever happens. */
  readonly leaveMs?: number;
  /** How many lines it must leave in the log. */
  readonly lines?: number;
}

const stuck = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart';

const sessions: readonly Session[] = [
  { name: 'a request', to: 'http', sent: get('/x?y=1'), enough: finished },
  { name: 'HTTP/1.0', to: 'http', sent: 'GET /old HTTP/1.0\r\n\r\n', enough: finished },
  { name: 'odd characters', to: 'http', sent: get('/"a\\b|{}`~'), enough: finished },
  { name: 'a long target', to: 'http', sent: get(`/${'a'.repeat(2000)}`), enough: finished },
  { name: 'a closing client', to: 'http', sent: get('/', 'Connection: close\r\n'), enough: finished },
  {
    name: 'two requests on a connection',
    to: 'http',
    sent: get('/1') + get('/2'),
    enough: (text) => text.split('\r\n\r\nok').length === 3,
    lines: 2,
  },
  { name: 'garbage', to: 'http', sent: 'G(T / HTTP/1.1\r\n\r\n', enough: finished },
  { name: 'an unknown coding', to: 'http', sent: get('/', 'Transfer-Encoding: gzip, chunked\r\n'), enough: finished },
  { name: 'a slow head', to: 'http', sent: 'GET / HTT', enough: never },
  { name: 'a client that leaves in its head', to: 'http', sent: 'GET / HTT', enough: never, leaveMs: 50 },
  { name: 'a server that says nothing', to: 'http', sent: get('/mute'), answer: ' ', enough: finished },
  {
    name: 'a server that breaks the rules',
    to: 'http',
    sent: get('/bad'),
    answer: 'nonsense\r\n\r\n',
    enough: finished,
  },
  { name: 'a server that stops in its body', to: 'http', sent: get('/stuck'), answer: stuck, enough: never },
  {
    name: 'a client that leaves before the answer',
    to: 'http',
    sent: get('/left'),
    answer: ' ',
    leaveMs: 60,
    enough: never,
  },
  { name: 'the monitor', to: 'http', sent: get('/monitor'), enough: finished, lines: 0 },
  { name: 'CLF', to: 'clf', sent: get('/x?y=1'), enough: finished },
  { name: 'CLF of garbage', to: 'clf', sent: 'bad\r\n', enough: finished },
  { name: 'the default format', to: 'plain', sent: get('/'), enough: finished },
  { name: 'logasap', to: 'asap', sent: get('/'), enough: finished },
  { name: 'a dead server, errors apart', to: 'separate', sent: get('/'), enough: finished },
  { name: 'no backend', to: 'nowhere', sent: get('/'), enough: finished },
  {
    name: 'statistics',
    to: 'stats',
    sent: get('/stats;csv', `Authorization: Basic ${btoa('u:p')}\r\nConnection: close\r\n`),
    enough: never,
  },
  { name: 'nothing, with dontlognull', to: 'null', sent: '', leaveMs: 30, enough: never, lines: 0 },
  { name: 'tcp', to: 'tcp', sent: get('/'), enough: tcpFinished },
  { name: 'tcp, idle', to: 'tcp', sent: get('/'), enough: never },
  { name: 'tcp, a mute server', to: 'tcp', sent: get('/'), answer: ' ', enough: never },
  { name: 'tcp, the default format', to: 'tcp-plain', sent: get('/'), enough: tcpFinished },
  { name: 'tcp, a dead server', to: 'tcp-dead', sent: 'x', enough: never },
  { name: 'tcp, logasap', to: 'tcp-asap', sent: get('/'), enough: tcpFinished },
];

describeNet('log lines beside the real HAProxy', { build: true, binaries: ['haproxy'] }, () => {
  let sides: LogSides<FrontendName>;

  beforeAll(async () => {
    sides = await openLogSides(FRONTENDS, 'http', configure);
  });

  afterAll(() => sides?.close());

  async function linesOf(side: LogSide<FrontendName>, session: Session): Promise<string[]> {
    const from = side.syslog.lines().length;
    sides.origin.forget();
    sides.origin.answer = session.answer ?? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const port = side.ports[session.to];
    const options = { deadlineMs: session.leaveMs ?? 3000, enough: session.enough ?? finished };
    const { text } = await exchange(port, session.sent === '' ? [] : session.sent, options);
    const lines = await readLines(side.syslog, from, session.lines ?? 1);
    return [`answered ${/^HTTP\/1\.\d \d+/.exec(text)?.[0] ?? 'nothing'}`, ...lines.map((line) => mask(line, port))];
  }

  for (const session of sessions) {
    it(session.name, async () => {
      const theirs = await linesOf(sides.original, session);
      expect(theirs).toHaveLength(1 + (session.lines ?? 1));
      expect(await linesOf(sides.ours, session)).toEqual(theirs);
    });
  }

  it('lines of health and stop aside, nothing else was logged', async () => {
    const odd = sides.ours.syslog.lines().filter((line) => !/127\.0\.0\.1|Proxy .* st(arted|opped)/.test(line));
    expect(odd).toEqual([]);
  });

  /** Opens and closes a connection: both sides must agree on what a client that says nothing leaves in the log. */
  it('a client that says nothing', async () => {
    const seen: string[][] = [];
    for (const side of [sides.original, sides.ours]) {
      const from = side.syslog.lines().length;
      const socket = connect(side.ports.http, '127.0.0.1');
      await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
      socket.destroy();
      await sleep(200);
      seen.push(
        side.syslog
          .lines()
          .slice(from)
          .map((line) => mask(line, side.ports.http)),
      );
    }
    expect(seen[1]).toEqual(seen[0]);
  });

  it('a soft stop', async () => {
    const seen: string[][] = [];
    for (const side of [sides.original, sides.ours]) {
      const from = side.syslog.lines().length;
      side.proxy.process.kill('SIGUSR1');
      await side.syslog.waitFor(/Proxy tcp-closed stopped/, { from });
      await sleep(100);
      const stopped = side.syslog.lines().slice(from);
      // HAProxy counts a session without backend, and one with statistics, for a backend of the frontend's name.
      const lines = stopped.map((line) => mask(line, 0).replace(/BE: \d+/, 'BE: N'));
      seen.push(lines.filter((line) => !line.includes('<HTTPCLIENT>')).sort());
    }
    expect(seen[0]!.length).toBeGreaterThan(FRONTENDS.length);
    expect(seen[1]).toEqual(seen[0]);
  });
});

/** Hides what differs from run to run; keeps -1, signs, counters and everything else. */
function mask(line: string, port: number): string {
  return line
    .replace(/^(<\d+>)\w{3} [ \d]\d \d\d:\d\d:\d\d haproxy\[\d+\]: /, '$1DATE haproxy[PID]: ')
    .replace(/\[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d\.\d{3}\]/, '[DATE]')
    .replace(/\[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]/, '[DATE]')
    .replace(`:${port} `, ':LISTEN ')
    .replace(/127\.0\.0\.1:\d+/, 'CLIENT')
    .replace(/a{100,}$/, () => `a... cut at ${line.length}`)
    .replace(/(<STATS> \S+ 200) \d+/, '$1 SIZE')
    .replace(/"" "" \d+ \d+ "/, '"" "" PORT MS "')
    .replace(/("clf" "\S+" "\S+") (-?\d+) (-?\d+) (-?\d+) (-?\d+) (\+?\d+)/, (_, names, ...times) =>
      [names, ...times.slice(0, 5).map(maskTime)].join(' '),
    )
    .replace(/(\/\S+) ((?:-?\d+\/)+\+?-?\d+) /, (_, name: string, times: string) => {
      return `${name} ${times.split('/').map(maskTime).join('/')} `;
    });
}

function maskTime(time: string): string {
  return time === '-1' ? time : time.startsWith('+') ? '+T' : 'T';
}
