/** Less travelled ways through the proxy: sockets of other families, dead resting connections, early leavers, ports. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { Peer } from './lib/stage.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describeNet('Other ways through the proxy', { build: true }, () => {
  let folder: string;
  let log: SyslogReceiver;
  let proxy: RunningProxy;
  let http = 0;
  let unixServer = 0;
  let v6 = 0;
  let abort = 0;
  let stats = 0;
  const servers: Server[] = [];
  let connections: Peer[] = [];
  let onRequest: (peer: Peer, nth: number) => void = (peer) => peer.send(ok);

  async function listen(where: { port: number; host?: string } | { path: string }): Promise<number> {
    const server = createServer((socket) => {
      const peer = new Peer(socket);
      connections.push(peer);
      let nth = 0;
      socket.on('data', () => onRequest(peer, ++nth));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(where, resolve));
    return typeof server.address() === 'object' ? (server.address() as { port: number }).port : 0;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-paths-'));
    log = await receiveSyslog();
    const origin = await listen({ port: 0, host: '127.0.0.1' });
    const origin6 = await listen({ port: 0, host: '::1' });
    await listen({ path: join(folder, 'origin.sock') });
    [http = 0, unixServer = 0, abort = 0, stats = 0] = await freePorts(4);
    [v6 = 0] = await freePorts(1, '::1');
    const config = `global
    nbthread 1
    log 127.0.0.1:${log.port} local0
defaults
    mode http
    log global
    option httplog
    timeout connect 1s
    timeout client 3s
    timeout server 3s
listen http
    bind 127.0.0.1:${http}
    bind unix@${join(folder, 'front.sock')}
    option forwardfor
    server s 127.0.0.1:${origin}
listen unixserver
    bind 127.0.0.1:${unixServer}
    server s unix@${join(folder, 'origin.sock')}
listen v6
    bind [::1]:${v6}
    option forwardfor
    server s [::1]:${origin6}
listen abort
    bind 127.0.0.1:${abort}
    option abortonclose
    timeout queue 3s
    server s 127.0.0.1:${origin} maxconn 1
listen stats
    bind 127.0.0.1:${stats}
    stats enable
    stats uri /stats
`;
    proxy = await startProxy('ours', config, http);
    await log.waitFor(/BADREQ/).catch(() => '');
  });

  beforeEach(() => {
    // What rests from one test must not serve the next.
    for (const { socket } of connections) socket.destroy();
    connections = [];
    onRequest = (peer) => peer.send(ok);
  });

  afterAll(async () => {
    await proxy?.stop();
    await log?.close();
    for (const server of servers) server.close();
    for (const { socket } of connections) socket.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(where: number | string, host = '127.0.0.1'): Promise<Peer> {
    const socket: Socket = typeof where === 'string' ? connect(where) : connect(where, host);
    const peer = new Peer(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    return peer;
  }

  const seen = (peer: Peer | undefined): string => peer?.events.join(' ') ?? '';

  it('listens on a UNIX socket and names its client so', async () => {
    const from = log.lines().length;
    const client = await open(join(folder, 'front.sock'));
    client.send(get);
    await client.see(/ok"$/);
    expect(seen(connections[0])).not.toMatch(/x-forwarded-for/);
    expect(await log.waitFor(/ http http\/s /, { from })).toMatch(/: unix:\d+ \[/);
  });

  it('connects to a UNIX socket', async () => {
    expect((await exchange(unixServer, get)).status).toBe(200);
  });

  it('speaks IPv6 on both sides', async () => {
    const from = log.lines().length;
    const client = await open(v6, '::1');
    client.send(get);
    await client.see(/ok"$/);
    expect(seen(connections[0])).toMatch(/x-forwarded-for: ::1\\r/);
    expect(await log.waitFor(/ v6 v6\/s /, { from })).toMatch(/: ::1:\d+ \[/);
  });

  it('repeats a request whose resting connection died, once, on a new one', async () => {
    onRequest = (peer, nth) => (nth === 2 ? peer.socket.destroy() : peer.send(ok));
    const client = await open(http);
    client.send(get);
    await client.see(/ok"$/);
    client.send('GET /again HTTP/1.1\r\nHost: a\r\n\r\n');
    await waitUntil('two answers', () => seen(client).match(/200 OK/g)?.length === 2);
    expect(connections.map((peer) => (seen(peer).match(/GET/g) ?? []).length)).toEqual([2, 1]);
    expect(seen(connections[1])).toMatch(/\/again/);
  });

  it('does not repeat what may not be repeated: the client decides', async () => {
    onRequest = (peer, nth) => (nth === 2 ? peer.socket.destroy() : peer.send(ok));
    const client = await open(http);
    client.send(get);
    await client.see(/ok"$/);
    client.send('POST /once HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi');
    await client.see(/^end/);
    expect(seen(client).match(/HTTP\/1/g)?.length).toBe(1);
    expect(connections.length).toBe(1);
  });

  it('takes another connection when the server closed the resting one in time', async () => {
    onRequest = (peer) => peer.socket.end(ok);
    const client = await open(http);
    for (const n of [1, 2, 3]) {
      client.send(get);
      await waitUntil(`answer ${n}`, () => seen(client).match(/200 OK/g)?.length === n);
    }
    expect(connections.length).toBe(3);
  });

  it('ends the request of a client that resets while it waits', async () => {
    // The first request's client is not watched before its answer is there.
    onRequest = (peer, nth) => nth === 1 && peer.send(ok);
    const client = await open(http);
    client.send(get);
    await waitUntil('the first answer', () => /200 OK/.test(seen(client)));
    const from = log.lines().length;
    const before = seen(connections[0]);
    client.send(get);
    await waitUntil('the second request', () => seen(connections[0]) !== before);
    client.socket.resetAndDestroy();
    expect(await log.waitFor(/ -1 0 - - CH-- /, { from })).toMatch(/ http http\/s /);
    await connections[0]!.see(/(end|reset)$/);
  });

  it('takes a client that leaves out of the queue with abortonclose', async () => {
    onRequest = (peer) => setTimeout(() => peer.send(ok), 300);
    const from = log.lines().length;
    const first = await open(abort);
    first.send(get);
    await waitUntil('the first request', () => connections.length === 1);
    const second = await open(abort);
    second.send(get);
    await sleep(30);
    second.socket.end();
    expect(await log.waitFor(/ abort abort\/<NOSRV> /, { from })).toMatch(/ CQ-- /);
    await first.see(/ok"$/);
    expect(connections.length).toBe(1);
  });

  it('counts it all', async () => {
    const text = await (await fetch(`http://127.0.0.1:${stats}/stats;csv`)).text();
    const [head = '', ...rows] = text.trim().split('\n');
    const columns = head.replace(/^# /, '').split(',');
    const row = (name: string): Record<string, string> => {
      const cells = rows.find((line) => line.startsWith(`${name},`))!.split(',');
      return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']));
    };
    const server = row('http,s');
    expect(Number(server.connect)).toBeGreaterThan(5);
    expect(Number(server.reuse)).toBeGreaterThanOrEqual(2);
    expect(Number(row('http,BACKEND').cli_abrt)).toBe(1);
    expect(Number(row('abort,BACKEND').qmax)).toBe(1);
    expect(Number(row('http,FRONTEND').hrsp_2xx)).toBeGreaterThan(6);
    await waitUntil('sessions to end', async () => {
      const now = await (await fetch(`http://127.0.0.1:${stats}/stats;csv`)).text();
      return /\nabort,s,0,0,0,/.test(now);
    });
  });
});
