/**
 * Where lines go, beside the real HAProxy: rings and their TCP servers in every form, samples of lines, standard output.
 * Ours must also outlive receivers that go away, and a standard output that nobody reads.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { receiveSyslog } from './lib/syslog.ts';
import { sleep, waitUntil } from './lib/wait.ts';

type Which = 'original' | 'ours';

/** A TCP server that takes lines. */
class LineReceiver {
  text = '';
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();

  async listen(port: number): Promise<void> {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (data) => {
        this.text += data.toString('latin1');
      });
    });
    await new Promise<void>((resolve) => this.server!.listen(port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server!.close(() => resolve()));
  }
}

const RINGS = {
  plain: '',
  r5424: 'format rfc5424',
  r3164: 'format rfc3164\n  maxlen 60',
  short: 'format short',
  priority: 'format priority',
  counted: 'format iso',
} as const;
type RingName = keyof typeof RINGS;
const RING_NAMES = Object.keys(RINGS) as RingName[];

function configure(port: number, originPort: number, ports: readonly number[], rest: string): string {
  const rings = RING_NAMES.map((name, i) => {
    const framing = name === 'counted' ? ' log-proto octet-count' : '';
    return `ring ${name}\n  ${RINGS[name]}\n  timeout connect 1s\n  timeout server 2s\n  server s 127.0.0.1:${ports[i]}${framing}`;
  });
  const targets = RING_NAMES.map((name) => `log ring@${name} local3 info`);
  return `
global
  nbthread 1
${rest.startsWith('!') ? '' : rings.join('\n')}
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend f
  bind 127.0.0.1:${port}
  log-format "line %HP %B"
  ${rest.startsWith('!') ? rest.slice(1) : targets.join('\n  ')}
  default_backend b
backend b
  server s 127.0.0.1:${originPort}
`;
}

/** Dates and process ids, in any of the forms. */
function mask(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\S+/g, 'ISO')
    .replace(/\w{3} [ \d]\d \d\d:\d\d:\d\d/g, 'DATE')
    .replace(/haproxy(\[|\s)\d+/g, 'haproxy$1PID');
}

describeNet('targets of log lines', { build: true, binaries: ['haproxy'] }, () => {
  let origin: Origin;

  beforeAll(async () => {
    origin = await startOrigin();
  });
  afterAll(() => origin.close());

  async function ask(port: number, target: string): Promise<void> {
    const request = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    await exchange(port, request, { enough: (text) => text.endsWith('ok') });
  }

  async function ringsOf(which: Which): Promise<Record<string, string>> {
    const [port, ...ports] = await freePorts(1 + RING_NAMES.length);
    const receivers = await Promise.all(
      ports.map(async (at) => {
        const receiver = new LineReceiver();
        await receiver.listen(at);
        return receiver;
      }),
    );
    const proxy = await startProxy(which, configure(port!, origin.port, ports, ''), port!);
    for (const target of ['/one', '/two']) await ask(port!, target);
    const done = (): boolean => receivers.every(({ text }, i) => RING_NAMES[i] === 'r3164' || text.includes('/two'));
    await waitUntil('the lines', done, { details: () => receivers.map(({ text }) => text).join('\n--\n') });
    await sleep(50);
    const found = RING_NAMES.map((name, i) => [name, mask(receivers[i]!.text)] as const);
    await proxy.stop();
    for (const receiver of receivers) await receiver.close();
    return Object.fromEntries(found);
  }

  it('rings in every form', async () => {
    const theirs = await ringsOf('original');
    expect(theirs.plain).toContain('line /two');
    expect(await ringsOf('ours')).toEqual(theirs);
  });

  it('a ring waits for its server, and finds it again', async () => {
    const [port, ...ports] = await freePorts(1 + RING_NAMES.length);
    const proxy = await startProxy('ours', configure(port!, origin.port, ports, ''), port!);
    await ask(port!, '/early');
    const first = new LineReceiver();
    await first.listen(ports[0]!);
    await waitUntil('what was kept', () => first.text.includes('/early'));
    await first.close();
    await sleep(50);
    await ask(port!, '/between');
    const second = new LineReceiver();
    await second.listen(ports[0]!);
    await waitUntil('what was said meanwhile', () => second.text.includes('/between'));
    await proxy.stop();
    await second.close();
  });

  async function sampled(which: Which, ranges: string): Promise<string[]> {
    const [port] = await freePorts(1);
    const syslog = await receiveSyslog();
    const target = `!log 127.0.0.1:${syslog.port} format raw sample ${ranges} local0`;
    const proxy = await startProxy(which, configure(port!, origin.port, [], target), port!);
    await sleep(50);
    for (let i = 0; i < 24; i++) await ask(port!, `/${i}`);
    await sleep(100);
    await proxy.stop();
    const lines = syslog.lines().filter((line) => line.startsWith('line /'));
    await syslog.close();
    return lines;
  }

  it.each(['1:3', '2-3,5:7'])('samples %s', async (ranges) => {
    const theirs = await sampled('original', ranges);
    expect(theirs.length).toBeGreaterThan(6);
    expect(await sampled('ours', ranges)).toEqual(theirs);
  });

  it('writes to standard output, and does not wait for it', async () => {
    const outputs: string[] = [];
    for (const which of ['original', 'ours'] as const) {
      const [port] = await freePorts(1);
      const config = configure(port!, origin.port, [], '!log stdout format short daemon\n  log fd@2 format raw local0');
      const proxy: RunningProxy = await startProxy(which, config, port!);
      await ask(port!, '/out');
      await waitUntil('both lines', () => proxy.output().split('line /out').length === 3);
      const lines = proxy
        .output()
        .split('\n')
        .filter((line) => line.includes('line /out'));
      outputs.push(lines.sort().join('\n'));
      if (which === 'ours') await holdOutput(proxy, port!);
      await proxy.stop();
    }
    expect(outputs[1]).toBe(outputs[0]);
  });

  /** Nobody reads the pipes: the proxy goes on serving all the same. */
  async function holdOutput(proxy: RunningProxy, port: number): Promise<void> {
    proxy.process.stdout!.pause();
    proxy.process.stderr!.pause();
    const target = `/${'x'.repeat(900)}`;
    for (let i = 0; i < 250; i++) await ask(port, target);
    proxy.process.stdout!.resume();
    proxy.process.stderr!.resume();
    await ask(port, '/again');
    await waitUntil('a line after the pause', () => proxy.output().includes('line /again'));
  }
});
