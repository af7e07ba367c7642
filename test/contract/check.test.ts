/**
 * What every probe must keep, whatever it checks: one verdict, in time, whatever the other side does; nothing left
 * open; nothing heard after a cancellation.
 */
import { spawn } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpProbe } from '../../src/check/http-probe.ts';
import { createTcpProbe } from '../../src/check/tcp-probe.ts';
import type { Destination, Limits, Probe, Verdict } from '../../src/check/verdict.ts';
import { defaultServerLink } from '../../src/config/server-link.ts';
import { waitUntil } from '../net/lib/wait.ts';

const http = { kind: 'http', method: 'GET', uri: '/', version: 'HTTP/1.0', headers: [], expect: null } as const;
const content = { negate: false, match: 'string', pattern: 'never there' } as const;
const probes: Record<string, { probe: Probe; asks: boolean }> = {
  tcp: { probe: createTcpProbe(null), asks: false },
  'tcp with a PROXY line': { probe: createTcpProbe({ version: 1, options: [] }), asks: false },
  httpchk: { probe: createHttpProbe(http, null), asks: true },
  'httpchk with a PROXY line': { probe: createHttpProbe(http, { version: 2, options: ['crc32c'] }), asks: true },
  'httpchk expecting content': { probe: createHttpProbe({ ...http, expect: content }, null), asks: true },
};

/** What the other side does with a connection. The code is that of a probe that wants an answer. */
const behaviours: Record<string, { act: (socket: Socket) => void; codes: readonly string[] }> = {
  'answers 200 and closes': { act: (s) => s.end('HTTP/1.0 200 OK\r\n\r\n'), codes: ['L7OK', 'L7RSP'] },
  'says nothing': { act: () => {}, codes: ['L7TOUT'] },
  'closes at once': { act: (s) => s.end(), codes: ['L7RSP'] },
  'resets at once': { act: (s) => s.resetAndDestroy(), codes: ['SOCKERR', 'L4CON'] },
  'resets after the question': { act: (s) => s.once('data', () => s.resetAndDestroy()), codes: ['SOCKERR'] },
  'sends half a head': { act: (s) => s.write('HTTP/1.0 200 OK\r\nFoo'), codes: ['L7TOUT'] },
  'speaks another protocol': { act: (s) => s.write('\x4a\0\0\0\x0a5.5.22\0'), codes: ['L7RSP'] },
  'floods with headers': { act: (s) => flood(s, 'HTTP/1.0 200 OK\r\n', 'X: y\r\n'.repeat(999)), codes: ['L7RSP'] },
  'floods with body': { act: (s) => flood(s, 'HTTP/1.0 200 OK\r\n\r\n', 'x'.repeat(9999)), codes: ['L7OK', 'L7RSP'] },
  'floods with garbage': { act: (s) => flood(s, '', '\0'.repeat(65_536)), codes: ['L7RSP'] },
  'drips an endless head': { act: drip, codes: ['L7TOUT'] },
};

function flood(socket: Socket, first: string, more: string): void {
  socket.write(first);
  const push = (): void => {
    while (!socket.destroyed && socket.write(more));
  };
  socket.on('drain', push);
  push();
}

function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write('H'), 5);
  socket.write('HTTP/1.0 200 OK\r\nX: ');
  socket.once('close', () => clearInterval(timer));
}

const limits: Limits = { connectMs: 250, readMs: null };

/** Runs a probe, counts its verdicts, and gives it time for a second one. */
async function run(probe: Probe, to: Destination, within: Limits = limits): Promise<{ verdict: Verdict; ms: number }> {
  const verdicts: Verdict[] = [];
  const started = performance.now();
  let returned = false;
  const ms = await new Promise<number>((resolve) => {
    probe(to, within, (verdict) => {
      expect(returned).toBe(true);
      verdicts.push(verdict);
      resolve(performance.now() - started);
    });
    returned = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(verdicts).toHaveLength(1);
  return { verdict: verdicts[0]!, ms };
}

describe.each(Object.entries(probes))('%s', (_, { probe, asks }) => {
  let server: Server;
  let open = new Set<Socket>();
  let act: (socket: Socket) => void = () => {};
  let to: Destination;
  const path = join(tmpdir(), `tandem-check-${process.pid}.sock`);
  beforeAll(async () => {
    server = createServer((socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => {});
      socket.resume();
      act(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    to = { kind: 'ip', host: '127.0.0.1', port: (server.address() as { port: number }).port, link: null };
  });
  afterAll(() => server.close());

  it.each(Object.entries(behaviours))('gives one verdict when the other side %s', async (_name, behaviour) => {
    open = new Set();
    act = behaviour.act;
    const { verdict, ms } = await run(probe, to);
    if (asks) expect(behaviour.codes).toContain(verdict.code);
    else expect(['L4OK', 'SOCKERR', 'L4CON']).toContain(verdict.code);
    expect(ms).toBeLessThan(limits.connectMs + 1000);
    await waitUntil('the connection to be closed', () => open.size === 0, { deadlineMs: 2000 });
  });

  it('gives one over a UNIX socket', async () => {
    const local = createServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
      socket.end('HTTP/1.0 200 OK\r\n\r\n');
    });
    const own = `${path}.2`;
    await new Promise<void>((resolve) => local.listen(own, () => resolve()));
    try {
      const { verdict } = await run(probe, { kind: 'unix', path: own });
      expect(verdict.code).toMatch(asks ? /^L7/ : /^L4OK$/);
    } finally {
      local.close();
    }
  });

  it('finds a closed port', async () => {
    const { verdict } = await run(probe, { kind: 'ip', host: '127.0.0.1', port: 1, link: null });
    expect(verdict).toEqual({ code: 'L4CON', status: 0, text: 'Connection refused' });
  });

  it('finds a missing socket file', async () => {
    const { verdict } = await run(probe, { kind: 'unix', path });
    const text = 'General socket error (No such file or directory)';
    expect(verdict).toEqual({ code: 'SOCKERR', status: 0, text });
  });

  it('reports an unusable source address', async () => {
    const source = { host: '192.0.2.1', firstPort: 0, lastPort: 0, interface: null, useSource: null };
    const { verdict } = await run(probe, { ...to, link: { ...defaultServerLink, source } } as Destination);
    expect(verdict.text).toBe('General socket error (Cannot assign requested address)');
  });

  it('gives up connecting in time', async () => {
    const full = await listenDeaf();
    try {
      const { verdict, ms } = await run(probe, { kind: 'ip', host: '127.0.0.1', port: full.port, link: null });
      expect(verdict).toEqual({ code: 'L4TOUT', status: 0, text: '' });
      expect(ms).toBeGreaterThan(limits.connectMs - 20);
    } finally {
      full.close();
    }
  });

  it('is silent once cancelled', async () => {
    open = new Set();
    act = () => {};
    let verdicts = 0;
    const cancel = probe(to, limits, () => verdicts++);
    cancel();
    cancel();
    await new Promise((resolve) => setTimeout(resolve, limits.connectMs + 50));
    expect(verdicts).toBe(0);
    await waitUntil('the connection to be closed', () => open.size === 0, { deadlineMs: 2000 });
  });

  it('gives the response its own time where it has one', async () => {
    act = () => {};
    const { verdict, ms } = await run(probe, to, { connectMs: 100, readMs: 300 });
    if (!asks) return;
    expect(verdict.code).toBe('L7TOUT');
    expect(ms).toBeGreaterThan(290);
  });
});

/** A listener that never accepts, with its queue full: the kernel answers no further connection. */
async function listenDeaf(): Promise<{ port: number; close: () => void }> {
  const script =
    "const s = require('net').createServer().listen(0, '127.0.0.1', 1, () => console.log(s.address().port))";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
  child.kill('SIGSTOP');
  const fillers: Socket[] = [];
  for (let i = 0; i < 4; i++) fillers.push(connect(port, '127.0.0.1').on('error', () => {}));
  await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    port,
    close: () => {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
    },
  };
}
