/**
 * Reloads: of a proxy under load no request may be lost, a configuration with errors changes nothing, and the service
 * manager is told.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { accepts, freePorts, waitForPort } from './lib/ports.ts';
import { listTree } from './lib/process-tree.ts';
import { type Program, startProgram, writeFiles } from './lib/program.ts';
import { describeNet, distBin } from './lib/requirements.ts';
import { waitUntil } from './lib/wait.ts';
import { runWrk, type WrkOptions } from './lib/wrk.ts';

const RELOADS = 20;

let files: Awaited<ReturnType<typeof writeFiles>>;
let origin: Server;
let echo: ReturnType<typeof createTcpServer>;
let originPort = 0;
let echoPort = 0;
let httpPort = 0;
let tcpPort = 0;
let plainPort = 0;
let otherPort = 0;
let running: Program | null = null;

const portOf = (server: { address(): unknown }) => (server.address() as { port: number }).port;

beforeAll(async () => {
  origin = createServer((_request, response) => response.end('origin\n'));
  origin.keepAliveTimeout = 60_000;
  echo = createTcpServer((socket) => void socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  originPort = portOf(origin);
  echoPort = portOf(echo);
  [httpPort, tcpPort, plainPort, otherPort] = (await freePorts(4)) as [number, number, number, number];
  files = await writeFiles({});
});
afterEach(async () => {
  await running?.stop();
  running = null;
});
afterAll(async () => {
  origin.closeAllConnections();
  origin.close();
  echo.close();
  await files.remove();
});

function config(more = ''): string {
  return `global
  nbthread 2
defaults
  timeout connect 2s
  timeout client 20s
  timeout server 20s
listen web
  mode http
  bind 127.0.0.1:${httpPort}
  server origin 127.0.0.1:${originPort} check inter 200
listen pipe
  mode tcp
  bind 127.0.0.1:${tcpPort}
  server echo 127.0.0.1:${echoPort}
listen plain
  mode tcp
  bind 127.0.0.1:${plainPort}
  server origin 127.0.0.1:${originPort}
${more}`;
}

async function start(bin: 'haproxy' | 'tandem' = 'haproxy', env?: NodeJS.ProcessEnv): Promise<Program> {
  const file = files.path('haproxy.cfg');
  writeFileSync(file, config());
  const args = bin === 'haproxy' ? ['-W', '-db', '-f', file] : ['run', '-f', file];
  running = startProgram(distBin(bin), args, { ...process.env, ...env });
  await waitForPort(httpPort, '127.0.0.1', { details: running.output });
  await waitFor('Loading success.', 1);
  return running;
}

function count(text: string): number {
  return running!.output().split(text).length - 1;
}

async function waitFor(text: string, times: number): Promise<void> {
  await waitUntil(`"${text}" ${times} times`, () => count(text) >= times, { details: running!.output });
}

async function reload(signal: NodeJS.Signals = 'SIGUSR2'): Promise<void> {
  const before = count('Loading success.');
  running!.kill(signal);
  await waitFor('Loading success.', before + 1);
}

function talk(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.write(text);
  });
}

describeNet('reload under load', { build: true, binaries: ['wrk'] }, () => {
  it(`${RELOADS} times in a row loses no request of keep-alive, closing and TCP clients`, {
    timeout: 120_000,
  }, async () => {
    await start();
    const url = `http://127.0.0.1:${httpPort}/`;
    let reloads = 0;
    const loadUntilDone = async (options: Omit<WrkOptions, 'seconds'>) => {
      while (reloads < RELOADS) {
        const result = await runWrk({ ...options, seconds: 4 });
        expect(result.errors, result.output).toBe(0);
      }
    };
    const load = Promise.all([
      loadUntilDone({ url, connections: 24 }),
      loadUntilDone({ url, connections: 8, headers: ['Connection: close'] }),
      loadUntilDone({ url: `http://127.0.0.1:${plainPort}/`, connections: 4 }),
    ]);
    for (; reloads < RELOADS; reloads++) await reload();
    await load;
    await waitUntil('the old generations to leave', () => listTree(running!.pid).length === 3, {
      details: running!.output,
    });
  });
});

describeNet('reload', { build: true }, () => {
  it.each<NodeJS.Signals>(['SIGHUP', 'SIGUSR2'])(
    '%s opens new addresses and closes those that are gone',
    async (signal) => {
      await start();
      writeFileSync(files.path('haproxy.cfg'), config(`listen more\n  mode tcp\n  bind 127.0.0.1:${otherPort}\n`));
      await reload(signal);
      expect(await accepts(otherPort)).toBe(true);
      writeFileSync(files.path('haproxy.cfg'), config());
      await reload(signal);
      await waitUntil('the port to close', async () => !(await accepts(otherPort)));
      expect(await accepts(httpPort)).toBe(true);
    },
  );

  it('leaves an open connection with the generation that took it', async () => {
    await start();
    const socket = connect(tcpPort, '127.0.0.1');
    expect(await talk(socket, 'before')).toBe('before');
    const [, ...before] = listTree(running!.pid);
    await reload();
    expect(await talk(socket, 'after')).toBe('after');
    expect(listTree(running!.pid).length).toBe(before.length + 2);
    socket.end();
    await waitUntil('the old generation to leave', () => listTree(running!.pid).length === before.length + 1);
  });

  it('answers an idle keep-alive connection once more and closes it', async () => {
    await start();
    const socket = connect(httpPort, '127.0.0.1');
    const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
    expect(await talk(socket, request)).not.toMatch(/connection: close/i);
    await reload();
    const ended = new Promise((resolve) => socket.once('end', resolve));
    const answer = await talk(socket, request);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/connection: close/i);
    await ended;
    socket.destroy();
  });

  it.each([
    ['an unknown word', 'listen more\n  bond 127.0.0.1:1\n', 'unknown keyword'],
    ['an address that is not ours', 'listen more\n  mode tcp\n  bind 192.0.2.1:1\n', 'cannot bind socket'],
  ])('with %s keeps everything as it was, and says so', async (_what, wrong, said) => {
    await start();
    const before = listTree(running!.pid);
    writeFileSync(files.path('haproxy.cfg'), config(wrong));
    running!.kill('SIGUSR2');
    await waitFor('Loading failure!', 1);
    expect(running!.output()).toContain(said);
    expect(listTree(running!.pid)).toEqual(before);
    expect(await accepts(httpPort)).toBe(true);
    writeFileSync(files.path('haproxy.cfg'), config());
    await reload();
  });

  it('asked for many times at once happens a few times, the last one with the last file', async () => {
    await start();
    for (let n = 0; n < 20; n++) running!.kill('SIGUSR2');
    writeFileSync(files.path('haproxy.cfg'), config(`listen more\n  mode tcp\n  bind 127.0.0.1:${otherPort}\n`));
    running!.kill('SIGUSR2');
    await waitForPort(otherPort, '127.0.0.1', { details: running!.output });
    await waitUntil('the old generations to leave', () => listTree(running!.pid).length === 3);
    expect(count('Reloading')).toBeLessThan(6);
  });
});

describeNet('a reload asked for while it starts', { build: true }, () => {
  it('does not end it, and is answered', async () => {
    const file = files.path('haproxy.cfg');
    writeFileSync(file, config());
    running = startProgram(distBin('haproxy'), ['-W', '-db', '-f', file]);
    const commandLine = () => readFileSync(`/proc/${running!.pid}/cmdline`, 'utf8');
    await waitUntil('its name', () => commandLine().startsWith('haproxy -W'), { everyMs: 1 });
    running.kill('SIGUSR2');
    await waitFor('Reloading HAProxy', 1);
    await waitFor('Loading success.', 2);
    expect(await accepts(httpPort)).toBe(true);
  });
});

describeNet('sd_notify', { build: true, binaries: ['socat'] }, () => {
  let receiver: ChildProcess | null = null;
  afterEach(() => {
    receiver?.kill('SIGKILL');
  });

  it.each(['a path', 'an abstract name'])('tells systemd of start, reload and stop on %s', async (where) => {
    const abstract = where !== 'a path';
    const name = abstract ? `tandem-notify-${process.pid}` : files.path('notify.sock');
    let told = '';
    const address = abstract ? `ABSTRACT-RECV:${name}` : `UNIX-RECV:${name}`;
    receiver = spawn('socat', ['-u', address, 'STDOUT'], { stdio: ['ignore', 'pipe', 'inherit'] });
    receiver.stdout!.setEncoding('utf8').on('data', (text: string) => {
      told += `${text}\n`;
    });
    await waitUntil('socat', () => readFileSync('/proc/net/unix', 'utf8').includes(name));
    const program = await start('haproxy', { NOTIFY_SOCKET: abstract ? `@${name}` : name });
    await waitUntil('READY', () => told.includes('READY=1'));
    expect(told).toContain(`MAINPID=${program.pid}`);
    await reload();
    await waitUntil('RELOADING', () => /RELOADING=1\nMONOTONIC_USEC=\d+\n/.test(told));
    await waitUntil('READY again', () => told.lastIndexOf('READY=1') > told.indexOf('RELOADING=1'));
    program.kill('SIGTERM');
    await program.exited;
    await waitUntil('STOPPING', () => told.includes('STOPPING=1'));
  });
});

describeNet('tandem run', { build: true }, () => {
  it('reloads as the haproxy entry does', async () => {
    await start('tandem');
    await reload('SIGHUP');
    expect(await accepts(httpPort)).toBe(true);
  });
});
