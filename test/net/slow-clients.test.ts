/**
 * Many clients that are slow on purpose: heads that come byte by byte, PROXY headers that do not come, answers that are
 * not read, bodies that dribble in. Each of them costs bounded memory, others are served meanwhile, and all is counted
 * down to zero when they have gone.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts, waitForPort } from './lib/ports.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet, distBin } from './lib/requirements.ts';
import { findRole } from './lib/roles.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const CLIENTS = 400;
/** A buffer of the data plane; a connection that cannot get rid of its bytes holds one a side at the most. */
const BUFFER_KIB = 64;
const LARGE = 4 * 1024 * 1024;
const large = Buffer.alloc(LARGE, 'x');

const folder = mkdtempSync(join(tmpdir(), 'tandem-slow-'));
afterAll(() => rmSync(folder, { recursive: true }));

function residentKiB(pid: string): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]);
}

describeNet('slow clients', { build: true }, () => {
  let origin: Server;
  let ports: number[] = [];
  let proxyPid = '';
  let stop: () => Promise<void> = async () => {};

  beforeAll(async () => {
    origin = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n`);
        socket.write(large);
      });
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', 1000, resolve));
    const originPort = (origin.address() as { port: number }).port;
    ports = await freePorts(4);
    const [http, proxied, raw, stats] = ports;
    const file = join(folder, 'slow.cfg');
    const timeouts = ' timeout client 30s\n timeout server 30s\n timeout connect 5s\n';
    writeFileSync(
      file,
      `global\n nbthread 1\n tune.sndbuf.client 16384\ndefaults\n mode http\n${timeouts}` +
        `frontend http\n bind 127.0.0.1:${http} backlog 1000\n monitor-uri /monitor\n default_backend web\n` +
        `frontend proxied\n bind 127.0.0.1:${proxied} backlog 1000 accept-proxy\n default_backend web\n` +
        `frontend raw\n mode tcp\n bind 127.0.0.1:${raw} backlog 1000\n default_backend tcp\n` +
        `frontend stats\n bind 127.0.0.1:${stats}\n stats enable\n stats uri /\n` +
        `backend web\n server s 127.0.0.1:${originPort}\nbackend tcp\n mode tcp\n server s 127.0.0.1:${originPort}\n`,
    );
    const child = spawn(distBin('haproxy'), ['-db', '-f', file], { stdio: 'ignore' });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    stop = async () => {
      child.kill('SIGTERM');
      await exited;
    };
    await waitForPort(http!);
    // Core has opened the port before there is a proxy.
    proxyPid = String(await waitUntil('the proxy process', () => findRole(child.pid!, 'proxy')));
    // What the runtime takes for itself with the first connections is not theirs.
    for (let round = 0; round < 3; round++) {
      const sockets = await open(http!, (socket) => socket.write('GET /monitor HTTP/1.1\r\nHost: a\r\n\r\n'));
      await waitUntil('all sessions', async () => (await sessionsOf('http')) === CLIENTS);
      for (const socket of sockets) socket.destroy();
      await waitUntil('their end', async () => (await sessionsOf('http')) === 0);
    }
  });

  afterAll(async () => {
    await stop();
    origin.close();
  });

  /** Sessions of a frontend now. */
  async function sessionsOf(name: string): Promise<number> {
    const { text } = await exchange(ports[3]!, 'GET /;csv HTTP/1.0\r\n\r\n', { enough: () => false });
    return Number(new RegExp(`^${name},FRONTEND,(?:[^,]*,){2}(\\d+),`, 'm').exec(text)![1]);
  }

  async function open(port: number, begin: (socket: Socket) => void): Promise<Socket[]> {
    const sockets: Socket[] = [];
    for (let i = 0; i < CLIENTS; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('connect', resolve));
      begin(socket);
      sockets.push(socket);
    }
    return sockets;
  }

  /** Runs slow clients, and gives what each of them costs at the most. */
  async function cost(name: string, port: number, begin: (socket: Socket) => void, dribble: string): Promise<number> {
    const before = residentKiB(proxyPid);
    const sockets = await open(port, begin);
    await waitUntil('all sessions', async () => (await sessionsOf(name)) === CLIENTS);
    let most = 0;
    for (let round = 0; round < 10; round++) {
      for (const socket of sockets) if (dribble !== '') socket.write(dribble);
      await sleep(50);
      most = Math.max(most, residentKiB(proxyPid) - before);
    }
    const { status } = await exchange(ports[0]!, 'GET /monitor HTTP/1.0\r\n\r\n');
    expect(status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await waitUntil('the end of all sessions', async () => (await sessionsOf(name)) === 0);
    return most / CLIENTS;
  }

  it('that send a head byte by byte', async () => {
    const each = await cost('http', ports[0]!, (socket) => socket.write('GET / HTTP/1.1\r\nX: '), 'xy');
    expect(each).toBeLessThan(BUFFER_KIB);
  });

  it('that send no PROXY header', async () => {
    const each = await cost('proxied', ports[1]!, () => {}, '');
    expect(each).toBeLessThan(16);
  });

  it('that send a body byte by byte', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n';
    const each = await cost('http', ports[0]!, (socket) => socket.pause().write(head), 'xy');
    expect(each).toBeLessThan(2 * BUFFER_KIB);
  });

  it('that do not read their answer', async () => {
    const each = await cost(
      'http',
      ports[0]!,
      (socket) => socket.pause().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
      '',
    );
    expect(each).toBeLessThan(2 * BUFFER_KIB);
  });

  it('that do not read in mode tcp', async () => {
    const each = await cost('raw', ports[2]!, (socket) => socket.pause().write('go'), '');
    expect(each).toBeLessThan(2 * BUFFER_KIB);
  });
});
