/**
 * How many connections are taken: `maxconn` of process, frontend and socket, rates, and what a small descriptor limit
 * leaves, through the real HAProxy and through ours. What is not taken waits in the kernel and comes in later.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts, waitForPort } from './lib/ports.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';
import { sleep, waitUntil } from './lib/wait.ts';

type Which = 'original' | 'ours';
const both = ['original', 'ours'] as const;

const folder = mkdtempSync(join(tmpdir(), 'tandem-limits-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Under a descriptor limit, if given. Resolves when `port` accepts. */
async function start(which: Which, config: string, port: number, descriptors?: number): Promise<() => Promise<void>> {
  const file = join(folder, `${which}.cfg`);
  writeFileSync(file, config);
  const program = which === 'ours' ? distBin('haproxy') : findBinary('haproxy')!;
  const limit = descriptors === undefined ? [] : ['prlimit', `--nofile=${descriptors}:${descriptors}`];
  const [first = '', ...args] = [...limit, program, '-db', '-f', file];
  const child = spawn(first, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await waitForPort(port, '127.0.0.1', { details: () => output });
  return async () => {
    child.kill('SIGTERM');
    await exited;
  };
}

const timeouts = ' timeout client 20s\n timeout server 20s\n timeout connect 2s\n';

/** A client that asks at once, and notes whether it was answered. */
interface Client {
  readonly socket: Socket;
  answered: boolean;
}

async function open(port: number, count: number, text: string): Promise<Client[]> {
  const clients: Client[] = [];
  for (let i = 0; i < count; i++) {
    const client: Client = { socket: connect(port, '127.0.0.1'), answered: false };
    client.socket.on('error', () => {});
    client.socket.on('data', () => {
      client.answered = true;
    });
    await new Promise((resolve) => client.socket.once('connect', resolve));
    client.socket.write(text);
    clients.push(client);
  }
  return clients;
}

const answered = (clients: readonly Client[]): number => clients.filter((client) => client.answered).length;

async function close(clients: readonly Client[]): Promise<void> {
  await Promise.all(
    clients.map(({ socket }) => {
      if (socket.closed) return undefined;
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.destroy();
      return closed;
    }),
  );
}

const keepAlive = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describeNet('limits of accepting', { binaries: ['haproxy', 'prlimit'], build: true }, () => {
  let origin: Server;
  let originPort = 0;

  beforeAll(async () => {
    origin = createServer((socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', 2000, resolve));
    originPort = (origin.address() as { port: number }).port;
  });
  afterAll(() => origin.close());

  it.each([
    ['the process', 'maxconn 5', '', ''],
    ['a frontend', '', 'maxconn 5', ''],
    ['a socket', '', '', 'maxconn 5'],
  ])('leaves what is beyond maxconn of %s waiting', async (_, global, frontend, bind) => {
    for (const which of both) {
      const [port = 0] = await freePorts(1);
      const config = `global\n nbthread 4\n ${global}\ndefaults\n mode http\n${timeouts}frontend f\n monitor-uri /\n ${frontend}\n bind 127.0.0.1:${port} backlog 100 ${bind}\n`;
      const stop = await start(which, config, port);
      try {
        const clients = await open(port, 12, keepAlive);
        await waitUntil('the first five', () => answered(clients) >= 5, {
          details: () => `${which}: ${answered(clients)} answered`,
        });
        await sleep(200);
        expect([which, answered(clients)]).toEqual([which, 5]);
        await close(clients.filter((client) => client.answered).slice(0, 3));
        await waitUntil('three more', () => answered(clients) === 8);
        await close(clients);
      } finally {
        await stop();
      }
    }
  });

  it.each([
    ['rate-limit sessions', '', 'rate-limit sessions 10'],
    ['maxconnrate', 'maxconnrate 10', ''],
    ['maxsessrate', 'maxsessrate 10', ''],
  ])('spreads connections over time by %s', async (_, global, frontend) => {
    for (const which of both) {
      const [port = 0, ready = 0] = await freePorts(2);
      const config = `global\n nbthread 1\n ${global}\ndefaults\n mode http\n${timeouts}frontend f\n monitor-uri /\n ${frontend}\n bind 127.0.0.1:${port} backlog 100\nfrontend ready\n bind 127.0.0.1:${ready}\n`;
      const stop = await start(which, config, ready);
      try {
        await sleep(1100);
        const openedAt = performance.now();
        const clients = await open(port, 40, keepAlive);
        for (const [afterMs, least] of [
          [800, 9],
          [2300, 19],
        ] as const) {
          await sleep(openedAt + afterMs - performance.now());
          await waitUntil('the first', () => answered(clients) >= least);
          // Ten a second, and what the turn of the second lets in besides.
          const most = 11 + (performance.now() - openedAt) / 100;
          expect(answered(clients)).toBeLessThanOrEqual(most);
        }
        await close(clients);
      } finally {
        await stop();
      }
    }
  });

  it('computes maxconn from the descriptor limit', async () => {
    for (const descriptors of [300, 1100, 4096]) {
      const found = [];
      for (const which of both) {
        const [port = 0] = await freePorts(1);
        const config = `global\n nbthread 2\ndefaults\n mode http\n${timeouts}frontend f\n bind 127.0.0.1:${port}\n rate-limit sessions 77\n stats enable\n stats uri /\n`;
        const stop = await start(which, config, port, descriptors);
        try {
          const { text } = await exchange(port, 'GET /;csv HTTP/1.0\r\n\r\n', { enough: () => false });
          const columns = /^# (.*)$/m.exec(text)![1]!.split(',');
          const values = /^f,FRONTEND,.*$/m.exec(text)![0].split(',');
          found.push(['slim', 'rate_lim'].map((name) => Number(values[columns.indexOf(name)])));
        } finally {
          await stop();
        }
      }
      expect(found[1]).toEqual(found[0]);
      expect(found[0]![0]).toBeGreaterThan(100);
      expect(found[0]![1]).toBe(77);
    }
  });

  it('holds as many proxied connections as the descriptor limit allows, and the next one when one has gone', async () => {
    const held = [];
    for (const which of both) {
      const [port = 0] = await freePorts(1);
      const config = `global\n nbthread 2\ndefaults\n mode tcp\n${timeouts}frontend f\n bind 127.0.0.1:${port} backlog 1000\n default_backend b\nbackend b\n server s 127.0.0.1:${originPort}\n`;
      const stop = await start(which, config, port, 1100);
      try {
        const clients = await open(port, 560, 'hello');
        await waitUntil('answers', () => answered(clients) > 500);
        await sleep(500);
        held.push(answered(clients));
        expect(clients.every((client) => !client.socket.destroyed)).toBe(true);
        // Threads may exceed the limit for a moment, so more than one place has to come free.
        const before = answered(clients);
        await close(clients.filter((client) => client.answered).slice(0, 8));
        await waitUntil('those that waited', () => answered(clients) > before);
        await close(clients);
      } finally {
        await stop();
      }
    }
    expect(held[0]).toBeGreaterThan(530);
    // Where the limit cannot be raised beyond what HAProxy needs, our own descriptors take some places.
    expect(held[1]).toBeGreaterThan(held[0]! - 20);
    expect(held[1]).toBeLessThanOrEqual(held[0]! + 2);
  });
});
