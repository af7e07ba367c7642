/**
 * Formats of the user's own beside the real HAProxy: every alias, flag and expression that a log line can show, over
 * sessions that end in different ways. Ports, dates, process ids and times that were reached are masked; a time that
 * was not reached must not be in either.
 *
 * Known differences, left out here: the length of the statistics page; of a server that was never reached, HAProxy
 * knows the address that it would have been connected from (%bi, %bp), and has read from the client meanwhile (%U).
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LogSide, type LogSides, openLogSides, readLines, type Surroundings } from './lib/log-sides.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';

const parties = 'ci=%ci cp=%cp fi=%fi fp=%fp bi=%bi bp=%bp si=%si sp=%sp f=%f ft=%ft b=%b s=%s';
const counts = 'B=%B U=%U ac=%ac fc=%fc bc=%bc sc=%sc rc=%rc sq=%sq bq=%bq lc=%lc rt=%rt';
const others = 'ST=%ST ts=%ts H=%H ID=%ID pid=%pid sslv=%sslv sslc=%sslc hr=%hr hs=%hs hrl=%hrl hsl=%hsl';
const request = 'CC=%CC CS=%CS tsc=%tsc HM=%HM HP=%HP HPO=%HPO HQ=%HQ HU=%HU HV=%HV r=%r';
const times = 'Th=%Th Tw=%Tw Tc=%Tc Td=%Td Tt=%Tt Tu=%Tu t=%t T=%T Tl=%Tl Ts=%Ts ms=%ms';
const httpTimes = 'Ti=%Ti TR=%TR Tq=%Tq Tr=%Tr Ta=%Ta tr=%tr trg=%trg trl=%trl';
const everything = `${parties} ${counts} ${others} ${request} ${times} ${httpTimes}`;
const samples = [
  'src',
  'src,ipmask(16)',
  'src_port,mul(0)',
  'dst',
  'dst_port,mul(0)',
  'fe_name',
  'fe_id',
  'be_name',
  'srv_name',
  'srv_id',
  'so_id',
  'method',
  'method,lower',
  'capture.req.method',
  'capture.req.uri',
  'capture.req.uri,field(2,/?)',
  'capture.req.ver',
  'capture.req.hdr(0)',
  'capture.req.hdr(0),upper,hex',
  'capture.res.hdr(0)',
  'unique-id',
  'http_first_req',
  'fc_http_major',
  'bc_http_major',
  'bc_dst',
  'bc_src',
  'bc_dst_port,mul(0)',
  'fe_conn',
  'be_conn(web)',
  'nbsrv(web)',
  'srv_conn(web/s1)',
  'srv_is_up(web/s1)',
  'fe_client_timeout',
  'be_server_timeout',
  'ssl_fc',
  'ssl_fc_sni',
  'fc_err',
  'str(a b),url_enc',
];
const sampled = samples.map((sample) => `[%[${sample}]]`).join(' ');

const FRONTENDS = {
  all: `log-format '${everything}'`,
  asap: `log-format '${everything}'\n  option logasap`,
  quoted: `log-format '%{+Q}o ${everything}'`,
  hex: `log-format '%{+X}o ${parties} pid=%pid lc=%lc rt=%rt'`,
  escaped: `log-format '%{+E}o ${parties} ${request} hr=%hr hrl=%hrl'`,
  early: "log-format 'early %ci %ST %r %tsc'",
  first: "log-format 'first  %b  %r  %f '",
  samples: `log-format '${sampled}'`,
  https: 'option httpslog',
  data: 'log-format \'text %r\'\n  log-format-sd \'[x@1 m="%HM" h="%{+E}[capture.req.hdr(0)]" %{+Q,+E}r]\'',
  nowhere: `log-format '${everything}'`,
  stats: `log-format '${everything}'\n  stats uri /x`,
  dead: `log-format '${everything}'`,
  failed: `error-log-format '${parties} ts=%ts r=%r lc=%lc ac=%ac fc=%fc %[fc_err]/%[fc_err_str] [%[fe_name]] [%[be_name]]'`,
} as const;
const TCP_FRONTENDS = {
  tcp: `log-format '${parties} ${counts} ${others} ${times} tsc=%tsc'`,
  'tcp-early': "log-format 'early %ci %b %s %si'",
  'tcp-samples':
    "log-format '[%[src]] [%[dst]] [%[fe_name]] [%[be_name]] [%[srv_name]] [%[bc_dst]] [%[method]] [%[status]]'",
  'tcp-dead': `log-format '${parties} ${counts} ${times}'`,
} as const;
type Name = keyof typeof FRONTENDS | keyof typeof TCP_FRONTENDS;
const NAMES = [...Object.keys(FRONTENDS), ...Object.keys(TCP_FRONTENDS)] as Name[];
const BACKENDS: Partial<Record<Name, string>> = { nowhere: '', dead: 'gone', 'tcp-dead': 'tcp-gone' };

function configure({ ports, originPort, deadPort, logPort }: Surroundings<Name>): string {
  const sections = NAMES.map((name) => {
    const isTcp = name in TCP_FRONTENDS;
    const format = isTcp ? TCP_FRONTENDS[name as 'tcp'] : FRONTENDS[name as 'all'];
    const backend = BACKENDS[name] ?? (isTcp ? 'tcp-web' : 'web');
    const captures = 'capture request header A len 20\n  capture response header B len 20\n  capture cookie k len 20';
    return `frontend ${name}
  id ${70 + NAMES.indexOf(name)}
  mode ${isTcp ? 'tcp' : 'http'}
  bind 127.0.0.1:${ports[name]} ${name === 'failed' ? 'accept-proxy' : ''}
  log 127.0.0.1:${logPort} len 8192 ${name === 'data' ? 'format rfc5424' : ''} local0
  ${format}
  ${isTcp ? '' : captures}
  ${backend === '' ? '' : `default_backend ${backend}`}`;
  });
  return `
defaults
  retries 1
  timeout connect 1s
  timeout client 500ms
  timeout server 500ms
  timeout http-request 300ms
${sections.join('\n')}
backend web
  mode http
  server s1 127.0.0.1:${originPort}
backend gone
  mode http
  server d1 127.0.0.1:${deadPort}
backend tcp-web
  server t1 127.0.0.1:${originPort}
backend tcp-gone
  server c1 127.0.0.1:${deadPort}
`;
}

const get = (target: string, fields = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const finished = (text: string): boolean => text.endsWith('\r\n\r\nok') || text.includes('</html>');
const never = (): boolean => false;

interface Session {
  readonly name: string;
  readonly sent: string;
  readonly enough?: (text: string) => boolean;
  readonly answer?: string;
  readonly leaveMs?: number;
  readonly lines?: number;
}

const plain: Session = { name: 'a request', sent: get('/x/y?z=1', 'A: v"1]|{\\}\r\nCookie: j=1; k=value\r\n') };
const sessions: readonly (Session & { readonly to: Name })[] = [
  ...NAMES.filter((name) => !(name in TCP_FRONTENDS) && name !== 'failed').map((to) => ({ ...plain, to })),
  { to: 'all', name: 'HTTP/1.0', sent: 'GET /old HTTP/1.0\r\n\r\n' },
  { to: 'all', name: 'an absolute target', sent: get('http://a/p?q') },
  { to: 'all', name: 'OPTIONS *', sent: 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n' },
  { to: 'all', name: 'a body', sent: `POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello` },
  {
    to: 'all',
    name: 'captures of the answer',
    sent: get('/c'),
    answer: 'HTTP/1.1 201 Yes\r\nB: b1\r\nSet-Cookie: k=new; Path=/\r\nContent-Length: 2\r\n\r\nok',
  },
  {
    to: 'all',
    name: 'two requests',
    sent: get('/1') + get('/2'),
    enough: (text) => text.split('\r\n\r\nok').length === 3,
    lines: 2,
  },
  { to: 'all', name: 'odd characters', sent: get('/"a|{}`~?q="#x') },
  { to: 'quoted', name: 'odd characters', sent: get('/"a\\b]|{}`~?q="]\\') },
  { to: 'escaped', name: 'odd characters', sent: get('/"a\\b]|{}`~?q="]\\', 'A: "]\\\r\n') },
  { to: 'all', name: 'garbage', sent: 'G(T / HTTP/1.1\r\n\r\n' },
  { to: 'quoted', name: 'garbage', sent: 'bad\r\n' },
  { to: 'first', name: 'garbage', sent: 'bad\r\n' },
  { to: 'early', name: 'garbage', sent: 'bad\r\n' },
  { to: 'samples', name: 'garbage', sent: 'bad\r\n' },
  { to: 'all', name: 'a slow head', sent: 'GET / HTT', enough: never },
  { to: 'all', name: 'a mute server', sent: get('/mute'), answer: ' ' },
  { to: 'asap', name: 'a mute server', sent: get('/mute'), answer: ' ' },
  { to: 'early', name: 'a mute server', sent: get('/mute'), answer: ' ' },
  { to: 'all', name: 'a server that breaks the rules', sent: get('/bad'), answer: 'nonsense\r\n\r\n' },
  {
    to: 'all',
    name: 'a server that stops in its body',
    sent: get('/stuck'),
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart',
    enough: never,
  },
  { to: 'all', name: 'a client that leaves', sent: get('/left'), answer: ' ', leaveMs: 60, enough: never },
  {
    to: 'samples',
    name: 'a second request',
    sent: get('/1') + get('/2'),
    enough: (t) => t.split('ok').length > 2,
    lines: 2,
  },
  { to: 'failed', name: 'a bad PROXY header', sent: 'PROXY TCP4 nonsense\r\n', enough: never },
  { to: 'failed', name: 'no PROXY header', sent: get('/'), enough: never },
  { to: 'tcp', name: 'a session', sent: get('/'), enough: (text) => text.endsWith('ok') },
  { to: 'tcp', name: 'an idle end', sent: get('/'), enough: never },
  { to: 'tcp-early', name: 'a session', sent: get('/'), enough: (text) => text.endsWith('ok') },
  { to: 'tcp-samples', name: 'a session', sent: get('/'), enough: (text) => text.endsWith('ok') },
  { to: 'tcp-dead', name: 'a dead server', sent: 'x', enough: never },
];

describeNet('log formats beside the real HAProxy', { build: true, binaries: ['haproxy'] }, () => {
  let sides: LogSides<Name>;

  beforeAll(async () => {
    sides = await openLogSides(NAMES, 'https', configure);
  });

  afterAll(() => sides?.close());

  async function linesOf(side: LogSide<Name>, to: Name, session: Session): Promise<string[]> {
    const from = side.syslog.lines().length;
    sides.origin.forget();
    sides.origin.answer = session.answer ?? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const port = side.ports[to];
    await exchange(port, session.sent, {
      deadlineMs: session.leaveMs ?? 3000,
      enough: session.enough ?? finished,
    });
    const lines = await readLines(side.syslog, from, session.lines ?? 1);
    return lines
      .map((line) => mask(line, port))
      .map((line) => (/s=(?:<STATS>|d1|c1) /.test(line) ? line.replace(/\b(bi|bp|U|B)=\S+/g, '$1=?') : line));
  }

  for (const { to, ...session } of sessions) {
    it(`${to}: ${session.name}`, async () => {
      const theirs = await linesOf(sides.original, to, session);
      expect(theirs).toHaveLength(session.lines ?? 1);
      expect(await linesOf(sides.ours, to, session)).toEqual(theirs);
    });
  }
});

/** Hides what differs from run to run: dates, process ids, ports of clients and listeners, times that were reached. */
function mask(line: string, port: number): string {
  return line
    .replace(/^(<\d+>)\w{3} [ \d]\d \d\d:\d\d:\d\d haproxy\[\d+\]: /, '$1DATE haproxy[PID]: ')
    .replace(/^(<\d+>1) \S+ \S+ haproxy \d+ /, '$1 DATE HOST haproxy PID ')
    .replace(/\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d(?:\.\d{3}| [+-]\d{4})/g, 'DATE')
    .replace(/\b(cp|fp|bp|pid|Ts|ms)=("?)[0-9A-F]+/g, '$1=$2N')
    .replace(/\b(T[a-zA-Z])=("?)(\+?)\d+/g, '$1=$2$3T')
    .replace(/ \d+\/\d+\/\d+\/\d+\/\d+ (?=\d{3} )/, ' TIMES ')
    .replace(/^(\S+ haproxy\[PID\]: 127\.0\.0\.1):\d+ /, '$1:CLIENT ')
    .replaceAll(`:${port}`, ':LISTEN');
}
