/**
 * The same keys through Debian's HAProxy and through ours: every hash picks the same server, with all servers there, with
 * one down and with it back. 1,000 keys for each algorithm and `hash-type`, made up once from a fixed seed.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askAll, askOnce, type NamedOrigin, openOrigins } from './lib/named-origins.ts';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { waitUntil } from './lib/wait.ts';

const KEYS = 1000;
const FEWER_KEYS = 200;

/** Numbers from 0 to 2^32 - 1, always the same ones (xorshift). */
let state = 0x2545f491;
function draw(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%';
function drawWord(longest: number): string {
  return Array.from({ length: 1 + draw(longest) }, () => LETTERS[draw(LETTERS.length)]).join('');
}

function drawLabel(): string {
  return `h${draw(100_000).toString(36)}`;
}

function drawPath(): string {
  const parts = Array.from({ length: draw(5) }, () => drawWord(8));
  const query = draw(3) === 0 ? `?${drawWord(4)}=${drawWord(9)}/${drawWord(3)}` : '';
  return `/${parts.join('/')}${query}`;
}

function request(target: string, fields: readonly string[] = [], method = 'GET', body = ''): string {
  const length = method === 'POST' ? [`Content-Length: ${body.length}`] : [];
  const lines = [`${method} ${target} HTTP/1.1`, ...fields, ...length];
  if (!fields.some((field) => /^host:/i.test(field))) lines.splice(1, 0, 'Host: example.org');
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function uriRequest(): string {
  const kind = draw(20);
  if (kind === 0) return request('*', [], 'OPTIONS');
  if (kind < 4) {
    const host = `${drawLabel()}.org`;
    return request(`http://${host}${drawPath()}`, [`Host: ${host}`]);
  }
  return request(drawPath());
}

function parameterRequest(): string {
  const parameters = Array.from({ length: draw(4) }, () => `${drawWord(3)}=${drawWord(6)}`);
  if (draw(6) > 0) parameters.splice(draw(parameters.length + 1), 0, `userid=${draw(9) === 0 ? '' : drawWord(12)}`);
  return request(`/app?${parameters.join('&')}`);
}

function postRequest(): string {
  if (draw(4) === 0) return parameterRequest();
  const body = `${draw(2) === 0 ? 'a=b&' : ''}userid=${drawWord(12)}${draw(2) === 0 ? '&z=1' : ''}`;
  return request('/app', [], 'POST', body);
}

function headerRequest(): string {
  const kind = draw(8);
  const value = kind === 1 ? '' : kind === 2 ? `${drawWord(5)} , ${drawWord(5)}` : drawWord(16);
  return request('/', kind === 0 ? [] : [`x-KEY: ${value}`]);
}

function hostRequest(): string {
  const labels = Array.from({ length: 1 + draw(4) }, () => drawLabel());
  return request('/', [`Host: ${labels.join('.')}${draw(5) === 0 ? ':8080' : ''}`]);
}

/** A connection of its own for each: it begins with whose it is. */
function drawClient(): string {
  if (draw(3) > 0) {
    const host = [1 + draw(223), draw(256), draw(256), draw(256)].join('.');
    return `PROXY TCP4 ${host} 10.0.0.1 ${1024 + draw(60000)} 80\r\n`;
  }
  const words = Array.from({ length: 8 }, () => (1 + draw(65535)).toString(16));
  return `PROXY TCP6 ${words.join(':')} 2001:db8::1 ${1024 + draw(60000)} 80\r\n`;
}

interface Variation {
  readonly name: string;
  readonly lines: readonly string[];
  readonly make: () => string;
  /** Every request in a connection of its own, behind what this makes. */
  readonly begin?: () => string;
  readonly weights?: readonly number[];
}

const functions = ['sdbm', 'djb2', 'wt6', 'crc32'];
const methods = ['map-based', 'consistent'];

function bothMethods(name: string, balance: string, make: () => string, begin?: () => string): Variation[] {
  return methods.map((method) => ({
    name: `${name}, ${method}`,
    lines: [`balance ${balance}`, `hash-type ${method}`],
    make,
    ...(begin && { begin }),
  }));
}

const everyFunction: Variation[] = methods.flatMap((method) =>
  functions.flatMap((name) =>
    ['', ' avalanche'].map((modifier) => ({
      name: `uri, ${method} ${name}${modifier}`,
      lines: ['balance uri', `hash-type ${method} ${name}${modifier}`],
      make: uriRequest,
    })),
  ),
);

const variations: readonly Variation[] = [
  ...everyFunction,
  ...bothMethods('uri whole', 'uri whole', uriRequest),
  ...bothMethods('uri path-only', 'uri path-only', uriRequest),
  ...bothMethods('uri len and depth', 'uri len 9 depth 2', uriRequest),
  ...bothMethods('uri of everything', 'uri whole path-only len 20 depth 3', uriRequest),
  ...bothMethods('url_param', 'url_param userid', parameterRequest),
  ...bothMethods('url_param in a body', 'url_param userid check_post', postRequest),
  ...bothMethods('hdr', 'hdr(X-Key)', headerRequest),
  ...bothMethods('hdr of a domain', 'hdr(Host) use_domain_only', hostRequest),
  ...bothMethods('equal weights', 'uri', uriRequest).map((each) => ({ ...each, weights: [1, 1, 1, 1, 1] })),
  ...bothMethods('hash of a path', 'hash path,lower', uriRequest),
  ...bothMethods('hash of a parameter', 'hash url_param(userid)', parameterRequest),
  ...bothMethods('hash of a number', 'hash url,length', uriRequest),
  ...bothMethods('hash of a source', 'hash src', () => request('/'), drawClient),
  ...bothMethods('source', 'source', () => request('/'), drawClient),
  {
    name: 'hdr that the proxy adds itself',
    lines: ['option forwardfor', 'balance hdr(X-Forwarded-For)'],
    make: () => request('/', draw(4) === 0 ? [`X-Forwarded-For: ${drawWord(6)}, x`] : []),
    begin: drawClient,
  },
  {
    name: 'source, map-based with avalanche',
    lines: ['balance source', 'hash-type map-based sdbm avalanche'],
    make: () => request('/'),
    begin: drawClient,
  },
];

const WEIGHTS = [10, 20, 1, 7, 255];
const IDS = [4, 1, 77, 2, 9];

function configuration(ports: readonly number[], probePort: number, origins: readonly NamedOrigin[]): string {
  const line = ({ name, port }: NamedOrigin, words: string) => `  server ${name} 127.0.0.1:${port} ${words}`;
  const listens = variations.map((variation, v) => {
    const weights = variation.weights ?? WEIGHTS;
    return [
      `listen v${v}`,
      `  bind 127.0.0.1:${ports[v]}${variation.begin ? ' accept-proxy' : ''}`,
      ...variation.lines.map((each) => `  ${each}`),
      ...origins.map((origin, i) => line(origin, `id ${IDS[i]} weight ${weights[i]} track probe/${origin.name}`)),
    ].join('\n');
  });
  return [
    'global\n  nbthread 1\n  maxconn 2000',
    'defaults\n  mode http\n  timeout client 20s\n  timeout server 20s\n  timeout connect 5s\n  option http-buffer-request',
    `listen probe\n  bind 127.0.0.1:${probePort}\n  stats uri /stats\n  default-server inter 100ms rise 1 fall 1`,
    ...origins.map((origin) => line(origin, 'check')),
    ...listens,
    '',
  ].join('\n');
}

interface Side {
  readonly proxy: RunningProxy;
  readonly ports: readonly number[];
  readonly probePort: number;
}

async function openSide(which: 'original' | 'ours', origins: readonly NamedOrigin[]): Promise<Side> {
  const [probePort = 0, ...ports] = await freePorts(variations.length + 1);
  const proxy = await startProxy(which, configuration(ports, probePort, origins), probePort);
  return { proxy, ports, probePort };
}

async function statusOf({ probePort }: Side, server: string): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${probePort}/stats;csv`)).text();
  const row = text.split('\n').find((line) => line.startsWith(`probe,${server},`));
  return row?.split(',')[17] ?? '';
}

interface Asked {
  readonly begin: string;
  readonly request: string;
}

async function ask(port: number, asked: readonly Asked[]): Promise<string[]> {
  if (asked[0]!.begin === '')
    return askAll(
      port,
      asked.map((each) => each.request),
    );
  const names: string[] = [];
  for (let at = 0; at < asked.length; at += 50) {
    const some = asked.slice(at, at + 50).map((each) => askOnce(port, each.begin, each.request));
    names.push(...(await Promise.all(some)));
  }
  return names;
}

describeNet('Hashes beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let origins: NamedOrigin[];
  let sides: Side[];
  const batches = variations.map(({ make, begin }) =>
    Array.from({ length: KEYS }, () => ({ begin: begin?.() ?? '', request: make() })),
  );

  beforeAll(async () => {
    origins = await openOrigins('http', ['s1', 's2', 's3', 's4', 's5']);
    sides = [await openSide('original', origins), await openSide('ours', origins)];
  });

  afterAll(async () => {
    for (const side of sides ?? []) await side.proxy.stop();
    for (const origin of origins ?? []) await origin.stop();
  });

  async function compare(v: number, keys: number, least: number): Promise<void> {
    const asked = batches[v]!.slice(0, keys);
    const [theirs, mine] = await Promise.all(sides.map((side) => ask(side.ports[v]!, asked)));
    const wrong = asked.findIndex((_, i) => mine![i] !== theirs![i]);
    const count = asked.filter((_, i) => mine![i] !== theirs![i]).length;
    const what = wrong < 0 ? '' : `${asked[wrong]!.begin}${asked[wrong]!.request}${theirs![wrong]} / ${mine![wrong]}`;
    expect(`${count} differ ${what}`).toBe('0 differ ');
    expect(new Set(theirs).size).toBeGreaterThanOrEqual(least);
  }

  for (const [v, { name }] of variations.entries()) {
    it(name, () => compare(v, KEYS, 4));
  }

  it('with a server down, and with it back', async () => {
    await origins[1]!.stop();
    for (const side of sides) await waitUntil('s2 is down', async () => (await statusOf(side, 's2')) === 'DOWN');
    for (const v of variations.keys()) await compare(v, FEWER_KEYS, 2);
    await origins[1]!.start();
    for (const side of sides) await waitUntil('s2 is up', async () => (await statusOf(side, 's2')).startsWith('UP'));
    for (const v of variations.keys()) await compare(v, FEWER_KEYS, 3);
  }, 60_000);
});
