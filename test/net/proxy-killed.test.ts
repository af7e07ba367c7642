/**
 * The proxy role is killed under load: connections wait in the backlog and none is refused, another process serves them
 * within a second, and the statistics go on from where they were; after a reload as well.
 */
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freePorts, waitForPort } from './lib/ports.ts';
import { type Program, startProgram, type TestFiles, writeFiles } from './lib/program.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet, distBin } from './lib/requirements.ts';
import { findRole } from './lib/roles.ts';
import { measureSlowness } from './lib/slowness.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const BACK_WITHIN_MS = 1000;
const CLIENTS = 8;

interface Tally {
  served: number;
  refused: number;
  /** Cut while they were being served. */
  cut: number;
  readonly servedAt: number[];
}

let files: TestFiles;
let origin: Server;
let port = 0;
let running: Program;

beforeAll(async () => {
  origin = createServer((_request, response) => response.end('served'));
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await running?.stop();
  await files?.remove();
});
afterAll(() => {
  origin.closeAllConnections();
  origin.close();
});

async function start(): Promise<void> {
  [port = 0] = await freePorts(1);
  const originPort = (origin.address() as { port: number }).port;
  const config = `global
  nbthread 2
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
listen web
  bind 127.0.0.1:${port} backlog 1000
  stats uri /stats
  server origin 127.0.0.1:${originPort}
`;
  files = await writeFiles({ 'killed.cfg': config });
  running = startProgram(distBin('haproxy'), ['-W', '-db', '-f', files.path('killed.cfg')]);
  await waitForPort(port, '127.0.0.1', { details: running.output });
  await waitUntil('the role', () => findRole(running.pid, 'proxy'));
}

/** One request on a connection of its own. */
function ask(tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
    );
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', (error) => {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') tally.refused++;
    });
    socket.on('close', () => {
      if (text.endsWith('served')) {
        tally.served++;
        tally.servedAt.push(performance.now());
      } else tally.cut++;
      resolve();
    });
  });
}

function load(tally: Tally, going: () => boolean): Promise<unknown> {
  const client = async (): Promise<void> => {
    while (going()) {
      await ask(tally);
      await sleep(5);
    }
  };
  return Promise.all(Array.from({ length: CLIENTS }, client));
}

/** Of the frontend: sessions so far and at this time, and requests so far. */
async function readStatistics(): Promise<{ total: number; current: number; requests: number }> {
  const { text } = await exchange(port, 'GET /stats;csv HTTP/1.0\r\n\r\n', { enough: () => false });
  const [head = '', ...rows] = text.slice(text.indexOf('# ') + 2).split('\n');
  const names = head.split(',');
  const cells = rows.find((row) => row.startsWith('web,FRONTEND'))!.split(',');
  const cell = (name: string): number => Number(cells[names.indexOf(name)]);
  return { total: cell('stot'), current: cell('scur'), requests: cell('req_tot') };
}

/** Kills the role in the middle of the load; tells how long nobody was served. */
async function killUnderLoad(): Promise<{ readonly tally: Tally; readonly gapMs: number; readonly slowness: number }> {
  const tally: Tally = { served: 0, refused: 0, cut: 0, servedAt: [] };
  let going = true;
  const all = load(tally, () => going);
  await waitUntil('load', () => tally.served > 50);
  const slowness = await measureSlowness();
  const old = findRole(running.pid, 'proxy')!;
  const killedAt = performance.now();
  process.kill(old, 'SIGKILL');
  await waitUntil('an answer of another process', () => tally.servedAt.some((at) => at > killedAt + 30));
  await sleep(300);
  going = false;
  await all;
  const first = tally.servedAt.find((at) => at > killedAt + 30)!;
  expect(findRole(running.pid, 'proxy')).not.toBe(old);
  return { tally, gapMs: first - killedAt, slowness };
}

describeNet('the proxy role, killed under load', { build: true }, () => {
  it.each(['at first', 'after a reload'])('is back on its sockets with its statistics, %s', async (when) => {
    await start();
    if (when === 'after a reload') {
      const old = findRole(running.pid, 'proxy');
      running.kill('SIGUSR2');
      await waitUntil('another generation', () => ![old, null].includes(findRole(running.pid, 'proxy')));
      await waitUntil('the end of the old one', () => running.output().split('Loading success.').length > 2);
    }
    const before = await readStatistics();
    const { tally, gapMs, slowness } = await killUnderLoad();
    const details = `${JSON.stringify({ ...tally, servedAt: null, gapMs })}\n${running.output()}`;
    expect(tally.refused, details).toBe(0);
    expect(gapMs, details).toBeLessThan(BACK_WITHIN_MS * slowness);
    // Only who was being served when it died may have been cut.
    expect(tally.cut, details).toBeLessThanOrEqual(CLIENTS);
    await waitUntil('the sessions to end', async () => (await readStatistics()).current === 1);
    const now = await readStatistics();
    expect(now.requests - before.requests, details).toBeGreaterThanOrEqual(tally.served);
    expect(now.total - before.total, details).toBeGreaterThanOrEqual(tally.served);
    expect(running.output()).toMatch(/exited with code 137 \(Killed\)/);
  });

  it('is back twice in a row', async () => {
    await start();
    for (let n = 0; n < 2; n++) {
      const { tally } = await killUnderLoad();
      expect(tally.refused, running.output()).toBe(0);
    }
  });
});
