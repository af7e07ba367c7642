/** The proxy role's orders and deaths: soft stop, stop, killed workers' counters, health and what it does to sessions. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeSlice } from '../unit/proxy/configuration.ts';
import { accepts, freePorts, waitForPort } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet, distFolder } from './lib/requirements.ts';
import { findRole } from './lib/roles.ts';
import { measureSlowness } from './lib/slowness.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describeNet('The life of the proxy role', { build: true }, () => {
  let servers: Server[] = [];
  let ports: number[] = [];
  let proxy: RunningProxy;
  let log: SyslogReceiver;
  const sockets = new Set<Socket>();

  /** A server that answers every chunk with its name; mode tcp clients get it as well. */
  async function startServer(name: string, port: number): Promise<Server> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    servers.push(server);
    return server;
  }

  function stopServer(server: Server): void {
    server.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  }

  async function open(port: number): Promise<{ socket: Socket; text: () => string; closed: () => boolean }> {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    let text = '';
    let closed = false;
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      closed = true;
    });
    await new Promise((resolve) => socket.once('connect', resolve));
    return { socket, text: () => text, closed: () => closed };
  }

  beforeEach(async () => {
    log = await receiveSyslog();
    ports = await freePorts(5);
    const [http, tcp, stats, a, b] = ports as [number, number, number, number, number];
    await startServer('a', a);
    await startServer('b', b);
    const config = `global
    nbthread 2
    log 127.0.0.1:${log.port} local0
    hard-stop-after 3s
defaults
    log global
    timeout connect 500ms
    timeout client 10s
    timeout server 10s
listen http
    mode http
    bind 127.0.0.1:${http}
    server a 127.0.0.1:${a} check inter 100ms fall 1 rise 1
    server b 127.0.0.1:${b} check inter 100ms fall 1 rise 1 backup
listen tcp
    mode tcp
    bind 127.0.0.1:${tcp}
    server a 127.0.0.1:${a} check inter 100ms fall 1 rise 1 on-marked-down shutdown-sessions
    server b 127.0.0.1:${b} check inter 100ms fall 1 rise 1 backup
listen stats
    mode http
    bind 127.0.0.1:${stats}
    stats enable
    stats uri /stats
`;
    proxy = await startProxy('ours', config, http);
    await waitUntil('the first checks', async () => /^UP/.test(await cell('http/b', 'status')));
  });

  afterEach(async () => {
    await proxy.stop();
    for (const server of servers) stopServer(server);
    servers = [];
    await log.close();
  });

  async function cell(name: string, column: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${ports[2]}/stats;csv`).catch(() => null);
    const text = (await answer?.text()) ?? '';
    const [head = '', ...rows] = text.trim().split('\n');
    const index = head.replace(/^# /, '').split(',').indexOf(column);
    return rows.map((row) => row.split(',')).find((cells) => `${cells[0]}/${cells[1]}` === name)?.[index] ?? '';
  }

  it('answers a resting client once more with "Connection: close" after a soft stop, then ends with 0', async () => {
    const client = await open(ports[0]!);
    client.socket.write(get);
    await waitUntil('the first answer', () => /\r\n\r\na/.test(client.text()));
    expect(client.text()).not.toMatch(/connection: close/);
    const exited = new Promise<number | null>((resolve) => proxy.process.once('exit', resolve));
    proxy.process.kill('SIGUSR1');
    await waitUntil('the port to be closed', async () => !(await accepts(ports[0]!)));
    expect(client.closed()).toBe(false);
    client.socket.write(get);
    await waitUntil('the last answer', () => client.closed());
    expect(client.text()).toMatch(/connection: close\r\n\r\na$/);
    expect(await exited).toBe(0);
  });

  it('lets a session in mode tcp go on after a soft stop, and ends it after hard-stop-after', async () => {
    const client = await open(ports[1]!);
    client.socket.write('x');
    await waitUntil('an answer', () => client.text() !== '');
    const started = performance.now();
    proxy.process.kill('SIGUSR1');
    await waitUntil('the port to be closed', async () => !(await accepts(ports[1]!)));
    client.socket.write('y');
    await waitUntil('a second answer', () => client.text().match(/200 OK/g)?.length === 2);
    await waitUntil('the end', () => client.closed(), { deadlineMs: 8000 });
    expect(performance.now() - started).toBeGreaterThan(2500);
    await waitUntil('the exit', () => proxy.process.exitCode !== null);
  });

  it('ends at once when told to stop, whatever is open', async () => {
    const clients = await Promise.all([open(ports[0]!), open(ports[1]!), open(ports[0]!)]);
    clients[0]!.socket.write('GET / HTTP/1.1\r\nHo');
    const slowness = await measureSlowness();
    const started = performance.now();
    proxy.process.kill('SIGTERM');
    await waitUntil('the exit', () => proxy.process.exitCode !== null || proxy.process.signalCode !== null);
    expect(performance.now() - started).toBeLessThan(2500 * slowness);
  });

  it('keeps its totals and forgets its gauges when it is killed', async () => {
    const client = await open(ports[1]!);
    client.socket.write('x');
    await waitUntil('an answer', () => client.text() !== '');
    // Who looked whether the port accepts has begun a request, as HAProxy counts.
    const begun = Number(await cell('http/FRONTEND', 'req_tot'));
    for (let i = 0; i < 3; i++) await exchange(ports[0]!, get);
    const total = String(begun + 3);
    await waitUntil('counted requests', async () => (await cell('http/FRONTEND', 'req_tot')) === total);
    expect(await cell('tcp/FRONTEND', 'scur')).toBe('1');
    process.kill(findRole(proxy.process.pid!, 'proxy')!, 'SIGKILL');
    await waitUntil('the client to be cut', () => client.closed());
    await waitForPort(ports[2]!, '127.0.0.1', { details: () => proxy.output() });
    await waitUntil('the new role', async () => (await cell('http/FRONTEND', 'req_tot')) !== '');
    expect(await cell('http/FRONTEND', 'req_tot')).toBe(total);
    expect(await cell('tcp/FRONTEND', 'scur')).toBe('0');
    expect((await exchange(ports[0]!, get)).status).toBe(200);
  });

  it('goes to the backup when a server goes down, ends its sessions if told so, and comes back', async () => {
    const session = await open(ports[1]!);
    session.socket.write('x');
    await waitUntil('an answer of a', () => session.text().endsWith('a'));
    const before = servers[0]!;
    before.close();
    await log.waitFor(/Server tcp\/a is DOWN.*0 active and 1 backup servers left\. Running on backup/);
    await log.waitFor(/Server http\/a is DOWN/);
    await waitUntil('the session to be shut down', () => session.closed());
    const text = async (): Promise<string> =>
      (await exchange(ports[0]!, get, { enough: (t) => /\r\n\r\n\w/.test(t) })).text;
    await waitUntil('an answer of b', async () => (await text()).endsWith('b'));
    await waitUntil('the statistics to say so', async () => (await cell('http/a', 'status')) === 'DOWN');
    await startServer('a', ports[3]!);
    await log.waitFor(/Server http\/a is UP.*1 active and 1 backup servers online/);
    await waitUntil('a again', async () => (await text()).endsWith('a'));
  });

  it('answers 503 while no server is up', async () => {
    for (const server of servers) stopServer(server);
    await log.waitFor(/proxy http has no server available!/);
    expect((await exchange(ports[0]!, get)).status).toBe(503);
  });
});

describeNet('The rights of the proxy role', { build: true, root: true }, () => {
  it('are given up once it listens: user, group and root directory', async () => {
    const jail = await mkdtemp(join(tmpdir(), 'tandem-jail-'));
    const [port = 0] = await freePorts(1);
    const config = `global
    user nobody
    group nogroup
    chroot ${jail}
    nbthread 2
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
listen a
    bind 127.0.0.1:${port}
    stats enable
    stats uri /stats
`;
    const proxy = await startProxy('ours', config, port);
    try {
      const role = await waitUntil('the role', () => findRole(proxy.process.pid!, 'proxy'));
      const status = (): string => readFileSync(`/proc/${role}/status`, 'latin1');
      await waitUntil('another user', () => /^Uid:\t65534\t65534/m.test(status()));
      expect(status()).toMatch(/^Gid:\t65534\t65534/m);
      expect(readlinkSync(`/proc/${role}/root`)).toBe(jail);
      for (let i = 0; i < 4; i++) expect((await exchange(port, 'GET /stats HTTP/1.0\r\n\r\n')).status).toBe(200);
    } finally {
      await proxy.stop();
      await rm(jail, { recursive: true });
    }
  });
});

describeNet('The proxy role after a bug', { build: true }, () => {
  it('ends at once although its workers wait in the kernel', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-bug-'));
    const state = openSync(join(folder, 'state'), 'w+');
    const start = { comm: 'proxy-test', title: 'proxy-test', log: 'haproxy' };
    const role = spawn(process.execPath, [join(distFolder, 'main.js'), '--role', 'proxy', JSON.stringify(start)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', state],
      serialization: 'advanced',
    });
    let output = '';
    role.stderr!.on('data', (data) => {
      output += data;
    });
    const ready = new Promise((resolve) => role.once('message', resolve));
    role.send({ type: 'config', generation: 1, conf: makeSlice([], { nbthread: 2 }), sockets: [], stateFd: 4 });
    role.send({ type: 'config-done', generation: 1 });
    expect(await ready).toEqual({ type: 'ready', generation: 1 });
    role.send({ type: 'no-such-message' });
    await waitUntil('the end', () => role.signalCode === 'SIGKILL' || role.exitCode !== null);
    expect(output).toMatch(/internal error: unknown message/);
    closeSync(state);
    await rm(folder, { recursive: true });
  });
});
