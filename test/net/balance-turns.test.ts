/**
 * The same sessions through Debian's HAProxy and through ours, one after another, where the servers' load and turns
 * decide: the same sequence of servers, with weights, limits, backups and servers that come and go.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askAll, type HeldConnection, hold, type NamedOrigin, openOrigins } from './lib/named-origins.ts';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { waitUntil } from './lib/wait.ts';

interface Turns {
  readonly name: string;
  readonly lines: readonly string[];
  readonly weights: readonly number[];
  /** Words behind each server, by its place. */
  readonly words?: readonly string[];
}

const turns: readonly Turns[] = [
  { name: 'roundrobin of equals', lines: ['balance roundrobin'], weights: [1, 1, 1, 1, 1] },
  { name: 'roundrobin of heavy equals', lines: ['balance roundrobin'], weights: [100, 100, 100, 100, 100] },
  { name: 'roundrobin 1 to 5', lines: ['balance roundrobin'], weights: [1, 2, 3, 4, 5] },
  { name: 'roundrobin 5 to 1', lines: ['balance roundrobin'], weights: [5, 4, 3, 2, 1] },
  { name: 'roundrobin of primes', lines: ['balance roundrobin'], weights: [7, 13, 29, 3, 53] },
  { name: 'roundrobin with a heavy one', lines: ['balance roundrobin'], weights: [256, 1, 1, 1, 1] },
  {
    name: 'roundrobin of two, and backups',
    lines: ['balance roundrobin'],
    weights: [3, 8, 1, 1, 1],
    words: ['', '', 'backup', 'backup', 'backup'],
  },
  { name: 'roundrobin, weight 0', lines: ['balance roundrobin'], weights: [3, 0, 2, 0, 1] },
  { name: 'static-rr 1 to 5', lines: ['balance static-rr'], weights: [1, 2, 3, 4, 5] },
  { name: 'static-rr of primes', lines: ['balance static-rr'], weights: [7, 13, 29, 3, 53] },
  { name: 'static-rr of multiples', lines: ['balance static-rr'], weights: [10, 20, 40, 10, 20] },
  { name: 'static-rr of equals', lines: ['balance static-rr'], weights: [1, 1, 1, 1, 1] },
  { name: 'leastconn of idle servers', lines: ['balance leastconn'], weights: [1, 2, 3, 4, 5] },
  {
    name: 'backups only',
    lines: ['balance roundrobin'],
    weights: [1, 2, 3, 4, 5],
    words: ['disabled', 'backup', 'backup', 'backup', 'disabled'],
  },
  {
    name: 'all backups',
    lines: ['balance roundrobin', 'option allbackups'],
    weights: [1, 2, 3, 4, 5],
    words: ['disabled', 'backup', 'backup', 'backup', 'disabled'],
  },
  {
    name: 'all backups by turn',
    lines: ['balance static-rr', 'option allbackups'],
    weights: [1, 2, 3, 4, 5],
    words: ['disabled', 'backup', 'backup', 'backup', 'disabled'],
  },
];

/** Sessions that stay: + opens one, a number closes that one. */
type Step = '+' | number;

interface Play {
  readonly name: string;
  readonly lines: readonly string[];
  readonly words: readonly string[];
  readonly steps: readonly Step[];
  /** Goes before each session. */
  readonly begin?: string | ((i: number) => string);
  /** On the `bind` line. */
  readonly bind?: string;
}

/** Opens some, closes some of them in another order, opens again. */
function mixedSteps(count: number): Step[] {
  const steps: Step[] = [];
  const open: number[] = [];
  let opened = 0;
  for (let i = 0; i < count; i++) {
    if (i % 7 < 4 || open.length === 0) {
      steps.push('+');
      open.push(opened++);
    } else steps.push(open.splice((i * 5) % open.length, 1)[0]!);
  }
  return steps;
}

const opening = (count: number): Step[] => new Array<Step>(count).fill('+');
const client = 'PROXY TCP4 192.0.2.33 10.0.0.1 1234 80\r\n';

const plays: readonly Play[] = [
  { name: 'leastconn', lines: ['balance leastconn'], words: ['', '', '', ''], steps: mixedSteps(60) },
  {
    name: 'leastconn by weight',
    lines: ['balance leastconn'],
    words: ['weight 1', 'weight 3', 'weight 10', 'weight 2'],
    steps: mixedSteps(60),
  },
  {
    name: 'leastconn with limits',
    lines: ['balance leastconn'],
    words: ['maxconn 2', 'maxconn 5 weight 7', 'maxconn 3', 'maxconn 90'],
    steps: [...opening(20), 3, 5, ...opening(4)],
  },
  {
    name: 'first',
    lines: ['balance first'],
    words: ['id 40 maxconn 3', 'id 2 maxconn 4', 'id 7 maxconn 2', 'id 100 maxconn 99'],
    steps: [...opening(11), 2, 4, ...opening(3), 0, ...opening(2)],
  },
  {
    name: 'roundrobin with limits',
    lines: ['balance roundrobin'],
    words: ['maxconn 2', 'maxconn 7', 'maxconn 3 weight 5', 'maxconn 99 weight 2'],
    steps: [...opening(18), 0, 1, 2, 3, ...opening(6)],
  },
  {
    name: 'static-rr with limits',
    lines: ['balance static-rr'],
    words: ['maxconn 2', 'maxconn 7', 'maxconn 3 weight 5', 'maxconn 99 weight 2'],
    steps: [...opening(18), 0, 1, 2, 3, ...opening(6)],
  },
  {
    name: 'minconn',
    lines: ['balance roundrobin', 'fullconn 20'],
    words: ['minconn 2 maxconn 10', 'minconn 1 maxconn 5', 'minconn 3 maxconn 6', ''],
    steps: [...opening(30), 2, 5, 9, ...opening(4)],
  },
  {
    name: 'minconn, first',
    lines: ['balance first', 'fullconn 30'],
    words: ['minconn 2 maxconn 10', 'minconn 1 maxconn 5', 'minconn 3 maxconn 6', ''],
    steps: [...opening(25), 2, 5, 9, ...opening(4)],
  },
  {
    name: 'bounded load',
    lines: ['balance source', 'hash-type consistent', 'hash-balance-factor 150'],
    words: ['', 'weight 2', '', 'weight 3'],
    begin: client,
    bind: ' accept-proxy',
    steps: mixedSteps(60),
  },
  {
    name: 'tightly bounded load',
    lines: ['balance source', 'hash-type consistent', 'hash-balance-factor 101'],
    words: ['', 'weight 2', '', 'weight 3'],
    begin: client,
    bind: ' accept-proxy',
    steps: mixedSteps(60),
  },
  ...['map-based', 'consistent'].map((method) => ({
    name: `rdp-cookie, ${method}`,
    lines: ['balance rdp-cookie(mstshash)', `hash-type ${method}`],
    words: ['weight 2', '', 'weight 3', 'weight 10'],
    steps: opening(120),
    bind: ' defer-accept',
    begin: (i: number) => rdpRequest(i % 9 === 0 ? '' : i % 7 === 0 ? `other=${i}` : `msTShash=user${i * 7919}`),
  })),
];

function configuration(ports: Ports, http: readonly NamedOrigin[], tcp: readonly NamedOrigin[]): string {
  const listens = turns.map(({ lines, weights, words }, i) => [
    `listen t${i}\n  mode http\n  bind 127.0.0.1:${ports.turns[i]}`,
    ...lines,
    ...http.map(
      (o, s) => `server ${o.name} 127.0.0.1:${o.port} weight ${weights[s]} track probe/${o.name} ${words?.[s] ?? ''}`,
    ),
  ]);
  const held = plays.map(({ lines, words, bind }, i) => [
    `listen p${i}\n  mode tcp\n  bind 127.0.0.1:${ports.plays[i]}${bind ?? ''}`,
    ...lines,
    ...tcp.map((o, s) => `server ${o.name} 127.0.0.1:${o.port} ${words[s]}`),
  ]);
  return [
    'global\n  nbthread 1\n  maxconn 2000',
    'defaults\n  timeout client 20s\n  timeout server 20s\n  timeout connect 5s\n  timeout queue 300ms',
    `listen probe\n  mode http\n  bind 127.0.0.1:${ports.probe}\n  stats uri /stats\n  default-server inter 100ms rise 1 fall 1`,
    ...http.map((o) => `  server ${o.name} 127.0.0.1:${o.port} check`),
    ...[...listens, ...held].map((lines) => lines.join('\n  ')),
    '',
  ].join('\n');
}

interface Ports {
  readonly probe: number;
  readonly turns: readonly number[];
  readonly plays: readonly number[];
}

interface Side {
  readonly proxy: RunningProxy;
  readonly ports: Ports;
}

async function openSide(
  which: 'original' | 'ours',
  http: readonly NamedOrigin[],
  tcp: readonly NamedOrigin[],
): Promise<Side> {
  const [probe = 0, ...rest] = await freePorts(1 + turns.length + plays.length);
  const ports = { probe, turns: rest.slice(0, turns.length), plays: rest.slice(turns.length) };
  return { proxy: await startProxy(which, configuration(ports, http, tcp), probe), ports };
}

async function statusOf({ ports }: Side, server: string): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${ports.probe}/stats;csv`)).text();
  const row = text.split('\n').find((line) => line.startsWith(`probe,${server},`));
  return row?.split(',')[17] ?? '';
}

/** What an RDP client begins with: TPKT and X.224 headers, then its cookie. */
function rdpRequest(cookie: string): string {
  const text = cookie === '' ? '' : `Cookie: ${cookie}\r\n`;
  const length = 11 + text.length;
  const headers = [3, 0, length >> 8, length & 255, length - 5, 0xe0, 0, 0, 0, 0, 0];
  return String.fromCharCode(...headers) + text;
}

/** Who got each session; a session that waited in vain got nobody. */
async function perform(port: number, { steps, begin }: Play): Promise<string> {
  const held: HeldConnection[] = [];
  for (const step of steps) {
    if (step === '+') held.push(await hold(port, typeof begin === 'function' ? begin(held.length) : begin));
    else await held[step]!.close();
  }
  const names = held.map(({ name }) => name || '-');
  for (const each of held) await each.close();
  return names.join(' ');
}

describeNet('Turns beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let http: NamedOrigin[];
  let tcp: NamedOrigin[];
  let sides: Side[];
  const requests = Array.from({ length: 200 }, () => 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');

  beforeAll(async () => {
    http = await openOrigins('http', ['s1', 's2', 's3', 's4', 's5']);
    tcp = await openOrigins('tcp', ['s1', 's2', 's3', 's4']);
    sides = [await openSide('original', http, tcp), await openSide('ours', http, tcp)];
  });

  afterAll(async () => {
    for (const side of sides ?? []) await side.proxy.stop();
    for (const origin of [...(http ?? []), ...(tcp ?? [])]) await origin.stop();
  });

  async function compareTurns(): Promise<void> {
    for (const [i, { name }] of turns.entries()) {
      const [theirs, mine] = await Promise.all(sides.map((side) => askAll(side.ports.turns[i]!, requests)));
      expect(`${name}: ${mine!.join(' ')}`).toBe(`${name}: ${theirs!.join(' ')}`);
    }
  }

  it('takes the same 200 turns, with a server down and with it back as well', async () => {
    await compareTurns();
    await http[2]!.stop();
    for (const side of sides) await waitUntil('s3 is down', async () => (await statusOf(side, 's3')) === 'DOWN');
    await compareTurns();
    await http[2]!.start();
    for (const side of sides) await waitUntil('s3 is up', async () => (await statusOf(side, 's3')).startsWith('UP'));
    await compareTurns();
  }, 60_000);

  for (const [i, play] of plays.entries()) {
    it(play.name, async () => {
      const [theirs, mine] = await Promise.all(sides.map((side) => perform(side.ports.plays[i]!, play)));
      expect(mine).toBe(theirs);
      expect(new Set(theirs!.split(' ')).size).toBeGreaterThan(1);
    });
  }
});
