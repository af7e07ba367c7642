/**
 * Splicing: what goes through pipes in the kernel arrives unchanged in both modes and both directions, slow readers and
 * aborts included, and pipes are given back. Whether bytes were spliced at all shows in the pipes that the proxy holds.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { findRole } from './lib/roles.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const MOST_PIPES = 6;
const bulk = randomBytes(8_000_000);
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const expected = digest(bulk);

describeNet('splicing', { build: true }, () => {
  let origin: Server;
  let echo: TcpServer;
  let proxy: RunningProxy;
  let ports: number[];
  let own = 0;

  beforeAll(async () => {
    origin = createServer((request, response) => {
      if (request.method === 'POST') {
        const hash = createHash('sha256');
        request.on('data', (part: Buffer) => hash.update(part));
        request.on('end', () => response.end(hash.digest('hex')));
        return;
      }
      if (request.url === '/length') response.setHeader('content-length', bulk.length);
      else if (request.url === '/until-close') response.shouldKeepAlive = response.useChunkedEncodingByDefault = false;
      response.end(bulk);
    });
    // What comes goes back once all of it is there.
    echo = createTcpServer({ allowHalfOpen: true }, (socket) => {
      const parts: Buffer[] = [];
      socket.on('data', (part: Buffer) => parts.push(part));
      socket.on('end', () => socket.end(Buffer.concat(parts)));
      socket.on('error', () => {});
    });
    const listen = (server: Server | TcpServer): Promise<number> =>
      new Promise((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
      });
    const [web, raw] = [await listen(origin), await listen(echo)];
    ports = await freePorts(3);
    proxy = await startProxy('ours', conf(ports, web, raw), ports[0]!);
  });
  afterAll(async () => {
    await proxy?.stop();
    origin?.closeAllConnections();
    origin?.close();
    echo?.close();
  });

  function countPipes(): number {
    const pid = findRole(proxy.process.pid!, 'proxy')!;
    const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
    return new Set(targets.filter((target) => target.startsWith('pipe:'))).size;
  }

  async function get(port: number, path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return digest(Buffer.from(await response.arrayBuffer()));
  }

  it('uses no pipe where no option asks for it', async () => {
    // Node opens some of its own with the first work.
    await get(ports[2]!, '/length');
    own = countPipes();
    expect(await get(ports[2]!, '/length')).toBe(expected);
    expect(countPipes()).toBe(own);
  });

  it.each(['/length', '/until-close', '/chunked'])('passes a response on unchanged: %s', async (path) => {
    const found = await Promise.all([0, 1, 2].map(() => get(ports[0]!, path)));
    expect(found).toEqual([expected, expected, expected]);
    expect(proxy.output()).not.toContain('ALERT');
  });

  it('has spliced some of that', () => {
    expect(countPipes()).toBeGreaterThan(own);
  });

  it('passes uploads on unchanged', async () => {
    const found = await Promise.all(
      [0, 1, 2].map(async () => {
        const response = await fetch(`http://127.0.0.1:${ports[0]}/`, { method: 'POST', body: bulk });
        return response.text();
      }),
    );
    expect(found).toEqual([expected, expected, expected]);
  });

  it('passes both directions of a session in mode tcp, and their ends', async () => {
    const parts: Buffer[] = [];
    const socket = connect({ port: ports[1]!, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(bulk);
    for await (const part of socket) parts.push(part as Buffer);
    expect(digest(Buffer.concat(parts))).toBe(expected);
  });

  it('waits for a reader that is slow', async () => {
    const socket = connect(ports[0]!, '127.0.0.1');
    socket.write('GET /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const parts: Buffer[] = [];
    for await (const part of socket) {
      parts.push(part as Buffer);
      await sleep(1);
    }
    const all = Buffer.concat(parts);
    expect(digest(all.subarray(all.indexOf('\r\n\r\n') + 4))).toBe(expected);
  });

  it('gives pipes back after aborts, and goes on', async () => {
    for (let round = 0; round < 40; round++) {
      const socket = connect(ports[0]!, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('GET /length HTTP/1.1\r\nHost: a\r\n\r\n');
      socket.once('data', () => socket.pause());
      await sleep(5);
      socket.resetAndDestroy();
    }
    await waitUntil('few pipes', () => countPipes() <= own + MOST_PIPES, { details: () => `${countPipes()} pipes` });
    expect(await get(ports[0]!, '/length')).toBe(expected);
  });
});

function conf([http, tcp, plain]: readonly number[], web: number, raw: number): string {
  return `
global
    nbthread 1
    maxpipes ${MOST_PIPES}
defaults
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen http
    mode http
    option splice-auto
    bind 127.0.0.1:${http}
    server s 127.0.0.1:${web}
listen tcp
    mode tcp
    option splice-request
    option splice-response
    bind 127.0.0.1:${tcp}
    server s 127.0.0.1:${raw}
listen plain
    mode http
    bind 127.0.0.1:${plain}
    server s 127.0.0.1:${web}
`;
}
