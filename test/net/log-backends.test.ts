/** Backends in mode log: who gets which line, over datagrams and streams. Debian's HAProxy is older than they are. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

/** A server that keeps what comes over streams, and may go away and come back. */
class StreamReceiver {
  text = '';
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor() {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('data', (data) => {
        this.text += data.toString('latin1');
      });
      socket.on('error', () => {});
    });
  }

  async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }
}

const kinds = ['turns', 'sticky', 'hashed', 'streams', 'nowhere'] as const;
type Kind = (typeof kinds)[number];

describeNet('Log backends', { build: true }, () => {
  let receivers: SyslogReceiver[];
  let streams: readonly StreamReceiver[];
  let proxy: RunningProxy;
  let ports: Readonly<Record<Kind, number>>;
  let streamPorts: readonly number[];

  beforeAll(async () => {
    receivers = [await receiveSyslog(), await receiveSyslog()];
    const free = await freePorts(kinds.length + 2);
    ports = Object.fromEntries(kinds.map((kind, i) => [kind, free[i]!])) as Record<Kind, number>;
    streamPorts = free.slice(kinds.length);
    streams = [new StreamReceiver(), new StreamReceiver()];
    for (const [i, stream] of streams.entries()) await stream.listen(streamPorts[i]!);
    const [a, b] = receivers.map(({ port }) => `udp@127.0.0.1:${port}`);
    const frontends = kinds.map(
      (kind) => `
frontend ${kind}
  bind 127.0.0.1:${ports[kind]}
  log-format "%HU %ST"
  log backend@to_${kind} format raw local0
  errorfile 503 /dev/null`,
    );
    const config = `
global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  option dontlognull
${frontends.join('')}
backend to_turns
  mode log
  server a ${a}
  server b ${b}
backend to_sticky
  mode log
  balance sticky
  server a 127.0.0.1:${streamPorts[0]} check inter 50ms fall 1 rise 1
  server b 127.0.0.1:${streamPorts[1]} log-proto octet-count
backend to_hashed
  mode log
  balance log-hash field(2,/),field(1,\\ )
  hash-type map-based none
  server a ${a}
  server b ${b}
backend to_streams
  mode log
  balance random
  server a 127.0.0.1:${streamPorts[0]} disabled
  server b 127.0.0.1:${streamPorts[1]}
backend to_nowhere
  mode log
  server a ${a} disabled
`;
    proxy = await startProxy('ours', config, ports.turns);
  });

  afterAll(async () => {
    await proxy?.stop();
    for (const receiver of receivers ?? []) await receiver.close();
    for (const stream of streams ?? []) await stream.close();
  });

  async function ask(kind: Kind, path: string): Promise<void> {
    await exchange(ports[kind], `GET ${path} HTTP/1.0\r\n\r\n`);
  }

  async function linesOf(kind: Kind, paths: readonly string[]): Promise<string[][]> {
    const seen = receivers.map(({ lines }) => lines().length);
    for (const path of paths) await ask(kind, path);
    const fresh = () => receivers.map(({ lines }, i) => lines().slice(seen[i]));
    await waitUntil('the lines', () => fresh().flat().length >= paths.length, { details: () => String(fresh()) });
    return fresh().map((lines) => lines.map((line) => line.split(' ')[0]!));
  }

  it('take turns', async () => {
    const lines = await linesOf('turns', ['/1', '/2', '/3', '/4']);
    // The connection that waited for the port may have had one.
    expect([...lines].sort()).toEqual([
      ['/1', '/3'],
      ['/2', '/4'],
    ]);
  });

  it('go by what converters make of a line', async () => {
    const [a, b] = await linesOf('hashed', ['/2/x', '/3/x', '/4/y', '/7/z']);
    expect([a, b]).toEqual([
      ['/2/x', '/4/y'],
      ['/3/x', '/7/z'],
    ]);
  });

  it('send over streams, framed as the server wants it', async () => {
    await ask('streams', '/s');
    await waitUntil('the line', () => streams[1]!.text.includes('/s 503\n'), { details: () => streams[1]!.text });
    expect(streams[0]!.text).not.toContain('/s 503');
  });

  it('stay with a server until it is down, and do not come back', async () => {
    await ask('sticky', '/one');
    await waitUntil('the first line', () => streams[0]!.text.includes('/one 503\n'));
    await streams[0]!.close();
    await waitUntil('the next server', async () => {
      await ask('sticky', '/two');
      return streams[1]!.text.includes('8 /two 503');
    });
    const again = new StreamReceiver();
    await again.listen(streamPorts[0]!);
    try {
      await waitUntil('it to be up', () => /to_sticky\/a is UP/.test(proxy.output()), { details: proxy.output });
      await ask('sticky', '/three');
      await waitUntil('the last line', () => streams[1]!.text.includes('10 /three 503'));
      expect(again.text).not.toContain('/three');
    } finally {
      await again.close();
    }
  });

  it('drop lines when there is no server for them', async () => {
    const lines = await linesOf('turns', ['/a']);
    await ask('nowhere', '/b');
    expect(lines.flat()).toEqual(['/a']);
    expect(receivers.flatMap((receiver) => receiver.lines()).join('\n')).not.toContain('/b ');
  });
});
