/** Streams under stress through the built proxy with two workers: bulk both ways, limits, resets, orders, leaks. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { findRole } from './lib/roles.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const bulk = randomBytes(8_000_000);

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

describeNet('Streams through the proxy', { build: true }, () => {
  let origin: Server;
  let echo: TcpServer;
  let proxy: RunningProxy;
  let http = 0;
  let tcp = 0;
  let limited = 0;
  let narrow = 0;
  let patient = 0;
  let farewell: TcpServer;
  let stats = 0;
  let most = 0;
  let atOnce = 0;
  const echoSockets = new Set<Socket>();

  async function answer(request: IncomingMessage): Promise<{ status: number; body: Buffer }> {
    if (request.url === '/hash') return { status: 200, body: Buffer.from(digest(await collect(request))) };
    if (request.url === '/bulk') return { status: 200, body: bulk };
    if (request.url === '/slow') {
      most = Math.max(most, ++atOnce);
      await sleep(30);
      atOnce--;
    }
    return { status: 200, body: Buffer.from('ok') };
  }

  beforeAll(async () => {
    origin = createServer((request, response) => {
      const reply = answer(request).catch(() => ({ status: 500, body: Buffer.alloc(0) }));
      void reply.then(({ status, body }) => {
        response.statusCode = status;
        if (request.url === '/bulk' && request.headers['x-chunked']) response.write(body.subarray(0, 5));
        response.end(request.headers['x-chunked'] ? body.subarray(5) : body);
      });
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    echo = createTcpServer({ allowHalfOpen: true }, (socket) => {
      echoSockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => echoSockets.delete(socket));
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    farewell = createTcpServer({ allowHalfOpen: true }, (socket) => {
      echoSockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => echoSockets.delete(socket));
      socket.on('end', () => socket.write('bye')).resume();
    });
    await new Promise<void>((resolve) => farewell.listen(0, '127.0.0.1', resolve));
    const farewellPort = (farewell.address() as { port: number }).port;
    const originPort = (origin.address() as { port: number }).port;
    const echoPort = (echo.address() as { port: number }).port;
    [http = 0, tcp = 0, limited = 0, narrow = 0, stats = 0, patient = 0] = await freePorts(6);
    const config = `global
    maxconn 1000
    nbthread 2
defaults
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    timeout queue 5s
listen http
    mode http
    bind 127.0.0.1:${http}
    server s 127.0.0.1:${originPort}
listen tcp
    mode tcp
    bind 127.0.0.1:${tcp}
    server s 127.0.0.1:${echoPort}
listen limited
    mode http
    bind 127.0.0.1:${limited}
    server s 127.0.0.1:${originPort} maxconn 2
listen narrow
    mode tcp
    maxconn 3
    bind 127.0.0.1:${narrow}
    server s 127.0.0.1:${echoPort}
listen patient
    mode tcp
    timeout client 60s
    timeout server 60s
    bind 127.0.0.1:${patient}
    server s 127.0.0.1:${farewellPort}
listen stats
    mode http
    bind 127.0.0.1:${stats}
    stats enable
    stats uri /stats
`;
    proxy = await startProxy('ours', config, http);
  });

  afterAll(async () => {
    await proxy?.stop();
    origin?.closeAllConnections();
    origin?.close();
    for (const socket of echoSockets) socket.destroy();
    echo?.close();
    farewell?.close();
  });

  /** The statistics as rows by "proxy/name" of cells by column. */
  async function readStats(): Promise<Map<string, Map<string, string>>> {
    const text = await (await fetch(`http://127.0.0.1:${stats}/stats;csv`)).text();
    const [head = '', ...rows] = text.trim().split('\n');
    const columns = head.replace(/^# /, '').split(',');
    return new Map(
      rows.map((row) => {
        const cells = row.split(',');
        return [`${cells[0]}/${cells[1]}`, new Map(columns.map((column, i) => [column, cells[i] ?? '']))];
      }),
    );
  }

  function get(path: string, headers: Record<string, string> = {}): Promise<Buffer> {
    return fetch(`http://127.0.0.1:${http}${path}`, { headers }).then(async (r) => Buffer.from(await r.arrayBuffer()));
  }

  it('passes large responses on unchanged, with a length and in chunks', async () => {
    for (const headers of [{}, { 'x-chunked': '1' }]) {
      const bodies = await Promise.all(
        Array.from({ length: 4 }, () => get('/bulk', headers as Record<string, string>)),
      );
      for (const body of bodies) expect(digest(body)).toBe(digest(bulk));
    }
  });

  it('passes a large response to a client that reads slowly', async () => {
    const socket = connect(http, '127.0.0.1');
    socket.write('GET /bulk HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const hash = createHash('sha256');
    let length = -1;
    let head = Buffer.alloc(0);
    for await (const part of socket as AsyncIterable<Buffer>) {
      if (length < 0) {
        head = Buffer.concat([head, part]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) continue;
        length = head.length - end - 4;
        hash.update(head.subarray(end + 4));
      } else {
        hash.update(part);
        length += part.length;
      }
      await sleep(2);
    }
    expect(length).toBe(bulk.length);
    expect(hash.digest('hex')).toBe(digest(bulk));
  });

  it('passes large uploads on unchanged, with a length and in chunks', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bulk.length; at += 77_777) yield bulk.subarray(at, at + 77_777);
    }
    for (const body of [bulk, pieces()]) {
      const response = await fetch(`http://127.0.0.1:${http}/hash`, {
        method: 'POST',
        body,
        duplex: 'half',
      } as RequestInit);
      expect(await response.text()).toBe(digest(bulk));
    }
  });

  it('echoes large data in mode tcp with a half-closed client', async () => {
    const results = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const socket = connect({ port: tcp, host: '127.0.0.1', allowHalfOpen: true });
        socket.end(bulk);
        return digest(await collect(socket as AsyncIterable<Buffer>));
      }),
    );
    for (const result of results) expect(result).toBe(digest(bulk));
  });

  it('never lets more than maxconn requests through to a server, and serves all', async () => {
    most = 0;
    const results = await Promise.all(
      Array.from({ length: 40 }, () => fetch(`http://127.0.0.1:${limited}/slow`).then((r) => r.status)),
    );
    expect(results.every((status) => status === 200)).toBe(true);
    expect(most).toBe(2);
    const row = (await readStats()).get('limited/s')!;
    expect(Number(row.get('smax'))).toBe(2);
    expect(Number((await readStats()).get('limited/BACKEND')!.get('qmax'))).toBeGreaterThan(5);
  });

  it('leaves connections above maxconn in the backlog until a place is free', async () => {
    const sockets = Array.from({ length: 5 }, () => connect(narrow, '127.0.0.1'));
    const answered = new Set<Socket>();
    for (const socket of sockets) {
      socket.on('data', () => answered.add(socket));
      socket.write('x');
    }
    await waitUntil('three answers', () => answered.size >= 3);
    await sleep(150);
    expect(answered.size).toBe(3);
    for (const socket of [...answered]) socket.destroy();
    await waitUntil('the other two', () => answered.size === 5);
    for (const socket of sockets) socket.destroy();
  });

  it('survives resets at any moment, and counts everything back to zero', async () => {
    const request = 'POST /hash HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n';
    await Promise.all(
      Array.from({ length: 120 }, async (_, i) => {
        const socket = connect(i % 2 === 0 ? http : tcp, '127.0.0.1');
        socket.on('error', () => {});
        await new Promise((resolve) => socket.once('connect', resolve));
        socket.write(i % 3 === 0 ? 'GET /bulk HTTP/1.1\r\nHost: a\r\n\r\n' : request.slice(0, i));
        if (i % 5 > 1) socket.write(bulk.subarray(0, 1000 * i));
        await sleep(i % 7);
        if (i % 4 === 0) socket.destroy();
        else socket.resetAndDestroy();
      }),
    );
    expect((await exchange(http, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).status).toBe(200);
    await waitUntil('idle gauges', async () => {
      const rows = await readStats();
      return [...rows].every(([name, row]) => name.startsWith('stats/') || (row.get('scur') || '0') === '0');
    });
  });

  it('lets go at once of a client that resets behind its end', async () => {
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = connect({ port: patient, host: '127.0.0.1', allowHalfOpen: true });
        socket.write('x');
        await sleep(40);
        socket.end();
        await new Promise((resolve) => socket.once('data', resolve));
        socket.resetAndDestroy();
      }),
    );
    await waitUntil('no session', async () => (await readStats()).get('patient/BACKEND')!.get('scur') === '0');
  });

  it('gives every descriptor back', async () => {
    const role = findRole(proxy.process.pid!, 'proxy')!;
    const count = (): number => readdirSync(`/proc/${role}/fd`).length;
    await get('/');
    await waitUntil('idle server connections to be purged', () => count() < 90, { deadlineMs: 20_000 });
    const before = count();
    await Promise.all(Array.from({ length: 200 }, () => exchange(http, 'GET / HTTP/1.0\r\n\r\n')));
    await waitUntil('descriptors to be given back', () => count() <= before + 20, { deadlineMs: 20_000 });
  }, 60_000);
});
