import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { HaproxyConfig } from '../../../src/config/haproxy.ts';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';
import { ListeningSockets } from '../../../src/core/listening-sockets.ts';
import { localAddress } from '../../../src/os/socket.ts';

function configOf(...binds: string[]): HaproxyConfig {
  const text = [
    'defaults',
    ' mode tcp',
    ' timeout client 1s',
    ' timeout server 1s',
    ' timeout connect 1s',
    'listen web',
    ...binds.map((bind) => ` bind ${bind}`),
    ' server s 127.0.0.1:9',
    '',
  ].join('\n');
  const options = { compat: 'default', assumeFiles: false, env: {}, readFile: () => Buffer.from(text) } as const;
  const { config, diagnostics } = loadHaproxy(['test.cfg'], options);
  if (!config) throw new Error(JSON.stringify(diagnostics.list.map((d) => d.message)));
  return config;
}

function accepts(target: number | string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let sockets = new ListeningSockets(true);
afterEach(() => {
  sockets.close();
  sockets = new ListeningSockets(true);
});

describe('ListeningSockets', () => {
  it('listens on every address, and keeps a socket that the next configuration wants as well', async () => {
    const [a, b, c] = [await freePort(), await freePort(), await freePort()];
    const first = sockets.plan(configOf(`127.0.0.1:${a}`, `127.0.0.1:${b}`));
    expect(first.problems).toEqual([]);
    sockets.keep();
    const second = sockets.plan(configOf(`127.0.0.1:${c}`, `127.0.0.1:${b}`));
    expect(second.sockets[1]!.fd).toBe(first.sockets[1]!.fd);
    expect(await accepts(a)).toBe(true);
    sockets.keep();
    expect([await accepts(a), await accepts(b), await accepts(c)]).toEqual([false, true, true]);
  });

  it('changes nothing when one address cannot be had', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const taken = (holder.address() as { port: number }).port;
    const [a, b] = [await freePort(), await freePort()];
    sockets.plan(configOf(`127.0.0.1:${a}`));
    sockets.keep();
    const plan = sockets.plan(configOf(`127.0.0.1:${b}`, `127.0.0.1:${taken}`));
    expect(plan.problems).toEqual([
      `Binding [test.cfg:8] for proxy web: cannot bind socket (Address already in use) for [127.0.0.1:${taken}]`,
    ]);
    sockets.drop();
    expect([await accepts(a), await accepts(b)]).toEqual([true, false]);
    holder.close();
  });

  it('opens the same address twice when it is written twice', async () => {
    const port = await freePort();
    const plan = sockets.plan(configOf(`127.0.0.1:${port}`, `127.0.0.1:${port}`));
    expect(plan.problems).toEqual([]);
    expect(new Set(plan.sockets.map((socket) => socket.fd)).size).toBe(2);
    sockets.keep();
  });

  it('replaces a stale UNIX socket and sets its mode', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-sockets-'));
    const path = join(folder, 'web.sock');
    for (let round = 0; round < 2; round++) {
      expect(sockets.plan(configOf(`unix@${path} mode 600`)).problems).toEqual([]);
      sockets.keep();
      expect(await accepts(path)).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(existsSync(`${path}.${process.pid}.tmp`)).toBe(false);
      sockets.close();
      expect(await accepts(path)).toBe(false);
    }
    rmSync(folder, { recursive: true });
  });

  it('takes an inherited descriptor as it is, never closes it, and names one that is no socket', async () => {
    const port = await freePort();
    const owner = new ListeningSockets(true);
    const { fd } = owner.plan(configOf(`127.0.0.1:${port}`)).sockets[0]!;
    owner.keep();
    const plan = sockets.plan(configOf(`fd@${fd}`));
    expect(plan.sockets.map((socket) => socket.fd)).toEqual([fd]);
    sockets.keep();
    sockets.close();
    expect(localAddress(fd)).toMatchObject({ port });
    owner.close();
    expect(sockets.plan(configOf('fd@9999')).problems.join()).toContain('cannot use inherited socket');
  });
});
