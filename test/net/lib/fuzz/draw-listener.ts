/**
 * Random proxies: a few options each of those that both programs carry out. `%ORIGIN%` and `%DEAD%` are ports, `%LOG%` is
 * where the lane's log lines go.
 */
import type { Dice } from './dice.ts';

export interface DrawnListener {
  readonly mode: 'http' | 'tcp';
  /** Lines of the section. */
  readonly lines: readonly string[];
  /** A second client may have to wait for the first. */
  readonly allowsRival: boolean;
}

/** Either given or not, each in so many of 100. */
const HTTP_OPTIONS: readonly (readonly [number, string])[] = [
  [12, 'option forwardfor'],
  [4, 'option forwardfor except 127.0.0.1'],
  [4, 'option forwardfor header X-Client if-none'],
  [5, 'option forwardfor if-none'],
  [8, 'option originalto'],
  [10, 'option abortonclose'],
  [10, 'option http-buffer-request'],
  [10, 'option http-pretend-keepalive'],
  [8, 'option logasap'],
  [6, 'option dontlognull'],
  [4, 'option dontlog-normal'],
  [4, 'option log-separate-errors'],
  [4, 'option http-ignore-probes'],
  [4, 'option http-no-delay'],
  [5, 'option prefer-last-server'],
  [4, 'option nolinger'],
  [4, 'option contstats'],
  [4, 'option checkcache'],
  [4, 'option http-use-proxy-header'],
  [6, 'option http-restrict-req-hdr-names delete'],
  [3, 'option http-restrict-req-hdr-names reject'],
  [5, 'http-send-name-header X-Server'],
  [8, 'monitor-uri /alive'],
  [6, 'unique-id-format %ci-%rc\n unique-id-header Unique-ID'],
  [4, 'option h1-case-adjust-bogus-client'],
  [4, 'option h1-case-adjust-bogus-server'],
  [12, 'capture request header X-Cap len 12'],
  [8, 'capture request header Host len 30'],
  [12, 'capture response header X-Res len 20'],
  [8, 'capture response header Content-Length len 9'],
  [8, 'capture cookie cap len 20'],
  [5, 'errorloc 503 http://sorry/'],
  [4, 'errorloc303 502 http://sorry/502'],
  [5, 'errorfile 400 %FILES%/400.http'],
  [4, 'errorfile 502 %FILES%/empty.http'],
  [5, 'option splice-auto'],
  [4, 'option tcp-smart-accept'],
];

const COOKIES = [
  'cookie SRV insert',
  'cookie SRV insert indirect nocache',
  'cookie SRV insert indirect preserve',
  'cookie SRV insert postonly httponly secure',
  'cookie SRV rewrite',
  'cookie SRV prefix',
  'cookie SRV insert indirect domain .d maxidle 10m maxlife 1h',
];

/** Not those that take turns, nor those that do so when a request has nothing to go by. */
const BALANCES = ['balance first', 'balance source', 'balance uri', 'balance uri depth 1 whole'];

/** Items of the log whose values do not hang on time, on ports or on what else goes on. */
const LOG_ITEMS = [
  'B',
  'U',
  'CC',
  'CS',
  'b',
  's',
  'f',
  'ft',
  'rc',
  'sq',
  'bq',
  'hr',
  'hs',
  'hrl',
  'hsl',
  'HM',
  'HP',
  'HPO',
  'HQ',
  'HU',
  'HV',
  'ID',
  'ci',
  'fi',
  'r',
  '{+Q}r',
  '{+Q,+X}HP',
];

/** Of these it is compared whether there is one. */
const LOG_TIMES = ['Ta', 'Tc', 'Td', 'Th', 'Ti', 'Tq', 'TR', 'Tr', 'Tt', 'Tw', 'Tu'];

function drawLogFormat(dice: Dice): string {
  // With the status HAProxy knows that there is one line to write, not two.
  const items = dice.some(LOG_ITEMS, dice.between(4, 14)).map((item) => `${item.replace(/\W/g, '')}=%${item}`);
  const times = dice.some(LOG_TIMES, dice.between(0, 6)).map((item) => `${item}=<%${item}>`);
  return `log-format ${['ST=%ST', 'tsc=%tsc', ...items, ...times].join('|').replace(/[{},]/g, (c) => (c === ',' ? '\\,' : c))}`;
}

export function drawListener(dice: Dice): DrawnListener {
  return dice.chance(88) ? drawHttpListener(dice) : drawTcpListener(dice);
}

function drawHttpListener(dice: Dice): DrawnListener {
  const lines = ['mode http', 'log 127.0.0.1:%LOG% local0'];
  lines.push(
    ...dice.weigh([
      [5, ['option httplog']],
      [1, ['option httplog clf']],
      [1, ['option tcplog']],
      [4, [drawLogFormat(dice)]],
    ]),
  );
  lines.push(
    ...dice.weigh([
      [6, []],
      [2, ['option http-server-close']],
      [2, ['option httpclose']],
      [1, ['option http-keep-alive']],
    ]),
  );
  lines.push(
    ...dice.weigh([
      [3, []],
      [1, ['http-reuse never']],
      [1, ['http-reuse aggressive']],
      [1, ['http-reuse always']],
    ]),
  );
  for (const [percent, line] of HTTP_OPTIONS) if (dice.chance(percent)) lines.push(line);
  if (dice.chance(25)) lines.push(`retries ${dice.between(0, 3)}`);
  if (dice.chance(20))
    lines.push(
      `retry-on ${dice.pick(['all-retryable-errors', 'empty-response', 'conn-failure response-timeout', 'junk-response 503', '503 401 404', 'none'])}`,
    );
  if (dice.chance(20)) lines.push('option redispatch');
  if (dice.chance(10)) lines.push(`timeout client-fin ${dice.pick(['100ms', '250ms'])}`);
  if (dice.chance(10)) lines.push(`timeout server-fin ${dice.pick(['100ms', '250ms'])}`);
  if (dice.chance(8)) lines.push('timeout tunnel 300ms');
  const { servers, hasLimit } = drawServers(dice);
  return { mode: 'http', lines: [...lines, ...servers], allowsRival: hasLimit };
}

function drawServers(dice: Dice): { servers: string[]; hasLimit: boolean } {
  const live = 'server s1 127.0.0.1:%ORIGIN%';
  const cookie = dice.chance(25) ? [dice.pick(COOKIES)] : [];
  const hasLimit = dice.chance(15);
  const limit = hasLimit ? ' maxconn 1' : '';
  const own = (name: string): string => (cookie.length > 0 ? ` cookie ${name}` : '');
  const kind = dice.weigh<string>([
    [10, 'one'],
    [4, 'hashed'],
    [2, 'dead first'],
    [1, 'dead'],
    [1, 'none'],
  ]);
  switch (kind) {
    case 'hashed':
      return {
        servers: [
          ...cookie,
          dice.pick(BALANCES),
          ...(dice.chance(30) ? ['hash-type consistent'] : []),
          ...['s1', 's2', 's3'].map((name) => `server ${name} 127.0.0.1:%ORIGIN%${own(name)}`),
        ],
        hasLimit: false,
      };
    case 'dead first':
      return {
        servers: [
          ...cookie,
          'balance first',
          `server s1 127.0.0.1:%DEAD%${own('s1')}`,
          `server s2 127.0.0.1:%ORIGIN%${own('s2')}`,
        ],
        hasLimit: false,
      };
    case 'dead':
      return { servers: [...cookie, `server s1 127.0.0.1:%DEAD%${own('s1')}`], hasLimit: false };
    case 'none':
      return { servers: [], hasLimit: false };
    default:
      return { servers: [...cookie, `${live}${own('s1')}${limit}`], hasLimit };
  }
}

function drawTcpListener(dice: Dice): DrawnListener {
  const lines = ['mode tcp', 'log 127.0.0.1:%LOG% local0'];
  lines.push(
    dice.chance(70)
      ? 'option tcplog'
      : 'log-format b=%b|s=%s|B=%B|ts=%ts|rc=%rc|sq=%sq|bq=%bq|Tt=<%Tt>|Tc=<%Tc>|Tw=<%Tw>',
  );
  for (const line of [
    'option logasap',
    'option dontlognull',
    'option abortonclose',
    'option redispatch',
    'option splice-auto',
    'option nolinger',
    'option contstats',
  ]) {
    if (dice.chance(12)) lines.push(line);
  }
  if (dice.chance(20)) lines.push('timeout client-fin 150ms');
  if (dice.chance(20)) lines.push('timeout server-fin 150ms');
  if (dice.chance(10)) lines.push('timeout tunnel 250ms');
  lines.push(
    ...dice.weigh([
      [6, ['server s1 127.0.0.1:%ORIGIN%']],
      [1, ['balance first', 'server s1 127.0.0.1:%DEAD%', 'server s2 127.0.0.1:%ORIGIN%']],
      [1, ['server s1 127.0.0.1:%DEAD%']],
    ]),
  );
  return { mode: 'tcp', lines, allowsRival: false };
}
