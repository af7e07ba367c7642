/**
 * The end of connections: last bytes that go out with the FIN arrive, are followed by an orderly end and by nothing else,
 * also where the client has sent something that nobody was waiting for.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { sleep } from './lib/wait.ts';

const DELAY_MS = 100;

describeNet('the end of a connection', { build: true }, () => {
  let origin: Server;
  let proxy: RunningProxy;
  let ports: number[];
  const heard: string[] = [];
  beforeAll(async () => {
    // Answers after a moment, with as many bytes as the path says, and ends.
    origin = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', async (data: Buffer) => {
        const text = data.toString('latin1');
        heard.push(text);
        const size = Number(/^GET \/(\d+)/.exec(text)?.[1] ?? -1);
        if (size < 0) return;
        await sleep(DELAY_MS);
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`);
      });
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    ports = await freePorts(2);
    proxy = await startProxy('ours', conf(ports, (origin.address() as AddressInfo).port), ports[0]!);
  });
  afterAll(async () => {
    await proxy?.stop();
    origin?.close();
  });

  /** All that comes until the end; `late` is sent in between. */
  function converse(port: number, request: string, late = ''): Promise<{ bytes: number; end: string; socket: Socket }> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      let bytes = 0;
      socket.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      socket.once('end', () => resolve({ bytes, end: 'orderly', socket }));
      socket.once('error', (error) => resolve({ bytes, end: error.message, socket }));
      socket.write(request, 'latin1');
      if (late !== '') setTimeout(() => socket.write(late, 'latin1'), DELAY_MS / 2);
    });
  }

  const sizes = [0, 5, 1000, 16_300, 70_000, 300_000];

  it.each(sizes)('mode tcp: %i bytes with the FIN', async (size) => {
    const { bytes, end, socket } = await converse(ports[0]!, `GET /${size} HTTP/1.0\r\n\r\n`);
    expect(end).toBe('orderly');
    expect(bytes).toBe(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`.length + size);
    socket.destroy();
  });

  it('mode tcp: the other direction stays open', async () => {
    const { end, socket } = await converse(ports[0]!, 'GET /5 HTTP/1.0\r\n\r\n');
    expect(end).toBe('orderly');
    heard.length = 0;
    socket.end('and more');
    await sleep(200);
    expect(heard).toEqual(['and more']);
  });

  it.each(sizes)('mode http: %i bytes before the end', async (size) => {
    const request = `GET /${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const { bytes, end, socket } = await converse(ports[1]!, request);
    expect(end).toBe('orderly');
    expect(bytes).toBe(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\nconnection: close\r\n\r\n`.length + size);
    socket.destroy();
  });

  it.each(sizes)('mode http: %i bytes to a client that has sent more than its request', async (size) => {
    const request = `GET /${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const { bytes, end, socket } = await converse(ports[1]!, request, '\r\nrubbish');
    expect(end).toBe('orderly');
    expect(bytes).toBeGreaterThan(size);
    socket.destroy();
  });
});

function conf([tcp, http]: readonly number[], origin: number): string {
  return `
global
    nbthread 1
defaults
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen tcp
    mode tcp
    bind 127.0.0.1:${tcp}
    server s 127.0.0.1:${origin}
listen http
    mode http
    bind 127.0.0.1:${http}
    server s 127.0.0.1:${origin}
`;
}
