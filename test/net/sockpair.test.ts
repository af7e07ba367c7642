/** `sockpair@N` of binds and servers: connections that travel as descriptors, by HAProxy and by us. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openSocketPair, receiveDescriptor, sendDescriptor } from '../../src/os/descriptor-passing.ts';
import { closeFd } from '../../src/os/socket.ts';
import { freePorts, waitForPort } from './lib/ports.ts';
import { type TestFiles, writeFiles } from './lib/program.ts';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';
import { findRole } from './lib/roles.ts';
import { sleep, waitUntil } from './lib/wait.ts';

/** Numbers in the program. */
const BIND = 5;
const SERVER = 6;

let files: TestFiles;
let child: ChildProcess;
/** Our ends of the two channels. */
let clients = -1;
let servers = -1;
let port = 0;
let output = '';
const opened: Socket[] = [];

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  for (const fd of [clients, servers]) if (fd >= 0) closeFd(fd);
  clients = servers = -1;
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
  }
  await files.remove();
});

function pair(): readonly [number, number] {
  const made = openSocketPair();
  if (typeof made === 'number') throw new Error(`socketpair: ${made}`);
  return made;
}

async function start(which: 'original' | 'ours'): Promise<void> {
  [port = 0] = await freePorts(1);
  const [ourClients, theirClients] = pair();
  const [ourServers, theirServers] = pair();
  clients = ourClients;
  servers = ourServers;
  files = await writeFiles({
    'a.cfg': `global
 nbthread 2
defaults
 mode http
 timeout client 5s
 timeout server 5s
 timeout connect 1s
frontend f
 log stdout format raw local0
 log-format "%ci:%cp %b/%s %ST %ts"
 monitor-uri /alive
 bind sockpair@${BIND}
 bind 127.0.0.1:${port}
 default_backend b
backend b
 server s sockpair@${SERVER}
`,
  });
  const program = which === 'ours' ? distBin('haproxy') : findBinary('haproxy')!;
  const stdio = ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', theirClients, theirServers] as const;
  child = spawn(program, ['-db', '-f', files.path('a.cfg')], { stdio: [...stdio] });
  closeFd(theirClients);
  closeFd(theirServers);
  output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  }
  await waitForPort(port, '127.0.0.1', { details: () => output });
}

/** A connection that is handed to the program. */
function connectByChannel(): Socket {
  const [own, other] = pair();
  expect(sendDescriptor(clients, other)).toBe(0);
  closeFd(other);
  return take(own);
}

function take(fd: number): Socket {
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.on('error', () => {});
  opened.push(socket);
  return socket;
}

/** What comes until the other side closes. */
async function ask(path: string): Promise<string> {
  const socket = connectByChannel();
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** Answers the next connection to the server, and gives its request. */
async function serve(): Promise<string> {
  let fd = -1;
  await waitUntil('a connection', async () => {
    fd = receiveDescriptor(servers);
    return fd >= 0;
  });
  const socket = take(fd);
  let text = '';
  await new Promise<void>((resolve) => {
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.includes('\r\n\r\n')) resolve();
    });
  });
  socket.end('HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nserved');
  return text;
}

describeNet('sockpair', { binaries: ['haproxy'], build: true }, () => {
  it.each(['original', 'ours'] as const)('takes and passes on connections: %s', async (which) => {
    await start(which);
    for (let i = 0; i < 20; i++) expect(await ask('/alive')).toMatch(/^HTTP\/1\.\d 200/);
    const [answer, request] = await Promise.all([ask('/page'), serve()]);
    expect(request).toMatch(/^GET \/page HTTP\/1\.0\r\n/);
    expect(answer).toMatch(/^HTTP\/1\.0 200 OK\r\n[\s\S]*\r\n\r\nserved$/);
    await waitUntil('the log line', async () => output.includes('unix:1 b/s 200 --\n'));
  });

  it.each(['original', 'ours'] as const)('goes on when nobody is left at the other side: %s', async (which) => {
    await start(which);
    closeFd(clients);
    closeFd(servers);
    clients = servers = -1;
    const response = await fetch(`http://127.0.0.1:${port}/page`);
    expect(response.status).toBe(500);
    await waitUntil('the log line', async () => /b\/s 500 IC\n/.test(output));
    const pid = which === 'ours' ? findRole(child.pid!, 'proxy')! : child.pid!;
    const before = ticksOf(pid);
    await sleep(500);
    // In hundredths of a second. HAProxy 2.6 may look at the end of the channel again and again.
    if (which === 'ours') expect(ticksOf(pid) - before).toBeLessThan(20);
    expect((await fetch(`http://127.0.0.1:${port}/alive`)).status).toBe(200);
  });

  it('takes no harm from bytes without a descriptor, and from descriptors of files', async () => {
    await start('ours');
    const channel = take(clients);
    clients = -1;
    channel.write('nothing at all');
    await sleep(100);
    const handle = (channel as unknown as { _handle: { fd: number } })._handle.fd;
    const [own, other] = pair();
    expect(sendDescriptor(handle, 0)).toBe(0);
    expect(sendDescriptor(handle, other)).toBe(0);
    closeFd(other);
    const socket = take(own);
    const first = new Promise((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.write('GET /alive HTTP/1.0\r\n\r\n');
    expect(await first).toMatch(/^HTTP\/1\.\d 200/);
  });

  it('goes on after the proxy was killed, and after a reload', async () => {
    await start('ours');
    expect(await ask('/alive')).toMatch(/200/);
    process.kill(findRole(child.pid!, 'proxy')!, 'SIGKILL');
    const [answer] = await Promise.all([ask('/page'), serve()]);
    expect(answer).toMatch(/served$/);
    child.kill('SIGUSR2');
    await sleep(1500);
    const [again] = await Promise.all([ask('/page'), serve()]);
    expect(again).toMatch(/served$/);
  });
});

/** Processor time that a process has used. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
