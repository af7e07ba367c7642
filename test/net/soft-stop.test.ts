/**
 * The end of a process in its stages: `grace`, `close-spread-time`, `hard-stop-after`, and listeners that pause
 * (SIGTTOU) and resume (SIGTTIN), as HAProxy does them.
 *
 * Other than HAProxy, idle connections get one more answer when no `close-spread-time` is set (docs/deviations.md).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { accepts, freePorts, waitForPort } from './lib/ports.ts';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';
import { measureSlowness } from './lib/slowness.ts';
import { sleep, waitUntil } from './lib/wait.ts';

type Which = 'original' | 'ours';

const folder = mkdtempSync(join(tmpdir(), 'tandem-stop-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly path: string;
  readonly output: () => string;
  /** Milliseconds since the signal at which it ended, null: it runs. */
  readonly endedAfterMs: (sentAt: number) => number | null;
}

let running: Running | null = null;
afterEach(() => {
  if (running?.child.exitCode === null) running.child.kill('SIGTERM');
  running = null;
});

async function start(which: Which, global: string): Promise<Running> {
  const [port = 0] = await freePorts(1);
  const home = mkdtempSync(join(folder, 'run-'));
  const path = join(home, 'socket');
  const file = join(home, 'stop.cfg');
  const timeouts = ' timeout client 20s\n timeout server 20s\n timeout connect 1s\n';
  writeFileSync(
    file,
    `global\n nbthread 1\n ${global}\ndefaults\n mode http\n${timeouts}frontend front\n monitor-uri /\n stats uri /stats\n option socket-stats\n bind 127.0.0.1:${port}\n bind ${path}\n`,
  );
  const program = which === 'ours' ? distBin('haproxy') : findBinary('haproxy')!;
  const child = spawn(program, ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let endedAt: number | null = null;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  }
  child.once('exit', () => {
    endedAt = performance.now();
  });
  await waitForPort(port, '127.0.0.1', { details: () => output });
  const endedAfterMs = (sentAt: number) => (endedAt === null ? null : endedAt - sentAt);
  running = { child, port, path, output: () => output, endedAfterMs };
  return running;
}

interface Idle {
  readonly socket: Socket;
  text: string;
  ended: boolean;
}

/** Keep-alive connections that have had one answer. */
async function openIdle(port: number, count: number): Promise<Idle[]> {
  const all: Idle[] = [];
  for (let i = 0; i < count; i++) {
    const idle: Idle = { socket: connect(port, '127.0.0.1'), text: '', ended: false };
    idle.socket.on('data', (data) => {
      idle.text += data.toString('latin1');
    });
    idle.socket.on('error', () => {});
    idle.socket.on('end', () => {
      idle.ended = true;
    });
    await ask(idle);
    all.push(idle);
  }
  return all;
}

async function ask(idle: Idle): Promise<string> {
  idle.text = '';
  idle.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await waitUntil('an answer', () => idle.text.includes('\r\n\r\n') || idle.ended);
  return idle.text;
}

/** What the statistics say of the frontend and its listeners, asked for by way of the UNIX socket. */
async function statusesBy(path: string): Promise<string[]> {
  const socket = connect(path);
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  const ended = new Promise((resolve) => socket.once('end', resolve));
  socket.write('GET /stats;csv HTTP/1.0\r\n\r\n');
  await ended;
  socket.destroy();
  const rows = text.split('\n').map((line) => line.split(','));
  return rows.filter(([name]) => name === 'front').map((row) => `${row[1]} ${row[17]}`);
}

const ended = (all: readonly Idle[]): number => all.filter((idle) => idle.ended).length;

describeNet('a soft stop', { binaries: ['haproxy'], build: true }, () => {
  it.each(['original', 'ours'] as const)('waits for grace: %s', async (which) => {
    const { child, port } = await start(which, 'grace 1s');
    const [idle] = await openIdle(port, 1);
    child.kill('SIGUSR1');
    await sleep(300);
    expect(await accepts(port)).toBe(true);
    expect(await ask(idle!)).toMatch(/^HTTP\/1\.1 200(?![\s\S]*connection: close)/i);
    await waitUntil('the end of listening', async () => !(await accepts(port)));
    idle!.socket.destroy();
  });

  it('answers an idle connection once more, and closes it with that', async () => {
    const { child, port } = await start('ours', '');
    const [idle] = await openIdle(port, 1);
    child.kill('SIGUSR1');
    await waitUntil('the end of listening', async () => !(await accepts(port)));
    expect(await ask(idle!)).toMatch(/connection: close/i);
    await waitUntil('the end', () => child.exitCode !== null);
    expect(child.exitCode).toBe(0);
  });

  it.each(['original', 'ours'] as const)('closes idle connections over close-spread-time: %s', async (which) => {
    const { child, port, endedAfterMs } = await start(which, 'close-spread-time 2s');
    const idle = await openIdle(port, 30);
    const slowness = await measureSlowness();
    const sentAt = performance.now();
    child.kill('SIGUSR1');
    await waitUntil('the first of them', () => ended(idle) > 0);
    const early = ended(idle);
    expect(early).toBeLessThan(30);
    await waitUntil('all of them', () => ended(idle) === 30);
    await waitUntil('the end', () => child.exitCode !== null);
    expect(endedAfterMs(sentAt)).toBeGreaterThan(900);
    expect(endedAfterMs(sentAt)).toBeLessThan(2000 + 2000 * slowness);
  });

  it.each([
    ['original', 3000],
    ['ours', 2000],
  ] as const)('ends by hard-stop-after, counted from the end of grace: %s', async (which, most) => {
    const { child, port, output, endedAfterMs } = await start(
      which,
      'grace 500ms\n hard-stop-after 1s\n close-spread-time infinite',
    );
    const idle = await openIdle(port, 3);
    const slowness = await measureSlowness();
    const sentAt = performance.now();
    child.kill('SIGUSR1');
    await waitUntil('the end', () => child.exitCode !== null || child.signalCode !== null);
    expect(endedAfterMs(sentAt)).toBeGreaterThan(1400);
    // HAProxy gives its tasks one second more.
    expect(endedAfterMs(sentAt)).toBeLessThan(most + 500 * slowness);
    expect(output()).toMatch(/\[WARNING\] .* soft-stop running for too long, performing a hard-stop\./);
    expect(output()).toMatch(/\[WARNING\] .* Proxy front hard-stopped \(3 remaining conns will be closed\)\./);
    await waitUntil('the ends', () => ended(idle) === 3 || idle.every(({ socket }) => socket.destroyed));
  });

  it.each(['original', 'ours'] as const)('pauses and resumes listeners: %s', async (which) => {
    const { child, port, path, output } = await start(which, '');
    const [idle] = await openIdle(port, 1);
    child.kill('SIGTTOU');
    await waitUntil('the pause', async () => !(await accepts(port)));
    expect(await statusesBy(path)).toEqual(['FRONTEND PAUSED', 'sock-1 OPEN', 'sock-2 OPEN']);
    expect(await ask(idle!)).toMatch(/^HTTP\/1\.1 200/);
    child.kill('SIGTTIN');
    await waitUntil('the resumption', async () => accepts(port));
    expect(await statusesBy(path)).toEqual(['FRONTEND OPEN', 'sock-1 OPEN', 'sock-2 OPEN']);
    const [again] = await openIdle(port, 1);
    expect(again!.text).toMatch(/^HTTP\/1\.1 200/);
    expect(output()).toMatch(/\[WARNING\] .* Paused frontend front\.\n.*\[WARNING\] .* Resumed frontend front\./);
    idle!.socket.destroy();
    again!.socket.destroy();
  });
});

describeNet('a start beside an old process', { build: true }, () => {
  it('pauses the old one for its ports, and lets it go on when the start fails', async () => {
    const old = await start('ours', '');
    const [taken = 0] = await freePorts(1);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(taken, '127.0.0.1', resolve));
    const file = join(folder, 'second.cfg');
    const timeouts = ' timeout client 20s\n timeout server 20s\n timeout connect 1s\n';
    writeFileSync(
      file,
      `defaults\n mode http\n${timeouts}frontend f\n bind 127.0.0.1:${old.port},127.0.0.1:${taken}\n`,
    );
    const next = spawn(distBin('haproxy'), ['-db', '-f', file, '-sf', String(old.child.pid)], { stdio: 'ignore' });
    const code = await new Promise((resolve) => next.once('exit', resolve));
    expect(code).toBe(1);
    await waitUntil('the resumption', async () => accepts(old.port));
    const [idle] = await openIdle(old.port, 1);
    expect(idle!.text).toMatch(/^HTTP\/1\.1 200/);
    // Asked again and again, and told once.
    expect(old.output().match(/Paused frontend front\./g)).toHaveLength(1);
    expect(old.output().match(/Resumed frontend front\./g)).toHaveLength(1);
    idle!.socket.destroy();
    holder.close();
  });
});
