/**
 * `nice` of a listener: of requests that are ready at once, those of the worthier listener are answered first, by HAProxy and
 * by us. The program is stopped while the requests arrive, so that it finds all of them when it goes on.
 */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { findRole } from './lib/roles.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const EACH = 20;
const REQUEST = 'GET /alive HTTP/1.1\r\nHost: x\r\n\r\n';

let running: RunningProxy | null = null;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await running?.stop();
  running = null;
});

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(REQUEST);
  await once(socket, 'data');
  return socket;
}

/** Every thread of it: a busy machine takes its time to tell them. */
function isStopped(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')));
}

/** Which listener's answer came when, by their places among `nices`; clients of the first have asked first. */
async function orderOf(which: 'original' | 'ours', nices: readonly number[]): Promise<number[]> {
  const ports = await freePorts(nices.length);
  const binds = nices.map((nice, i) => ` bind 127.0.0.1:${ports[i]}${nice === 0 ? '' : ` nice ${nice}`}\n`);
  const config = `global\n nbthread 1\ndefaults\n mode http\n timeout client 20s\nfrontend f\n monitor-uri /alive\n${binds.join('')}`;
  running = await startProxy(which, config, ports[0]!);
  const all: { index: number; socket: Socket }[] = [];
  for (const [index, port] of ports.entries()) {
    for (let n = 0; n < EACH; n++) all.push({ index, socket: await open(port) });
  }
  const corePid = running.process.pid!;
  const pid = which === 'ours' ? findRole(corePid, 'proxy')! : corePid;
  const order: number[] = [];
  process.kill(pid, 'SIGSTOP');
  await waitUntil('it to stop', () => isStopped(pid));
  for (const { index, socket } of all) {
    socket.on('data', () => order.push(index));
    await new Promise((resolve) => socket.write(REQUEST, resolve));
  }
  await sleep(50);
  process.kill(pid, 'SIGCONT');
  await waitUntil('all answers', async () => order.length === all.length);
  return order;
}

/** How many of the first `EACH` answers went to the listener. */
function shareOf(order: readonly number[], index: number): number {
  return order.slice(0, EACH).filter((each) => each === index).length;
}

describeNet('nice', { binaries: ['haproxy'], build: true }, () => {
  it.each(['original', 'ours'] as const)('serves the worthier listener first: %s', async (which) => {
    expect(shareOf(await orderOf(which, [1024, -1024]), 1)).toBeGreaterThan(EACH * 0.8);
  });

  it.each(['original', 'ours'] as const)('serves in the order of coming without it: %s', async (which) => {
    expect(shareOf(await orderOf(which, [0, 0]), 0)).toBeGreaterThan(EACH * 0.8);
  });

  it('puts three listeners in order', async () => {
    const order = await orderOf('ours', [100, 0, -5]);
    expect(order).toEqual([...order].sort((a, b) => b - a));
  });
});
