/** `shards`: how many sockets an address has, what statistics say of them, and that none of them is left unanswered. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { freePorts, waitForPort } from './lib/ports.ts';
import { type Program, startProgram, type TestFiles, writeFiles } from './lib/program.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';
import { waitUntil } from './lib/wait.ts';

const THREADS = 4;
const CLIENTS = 60;

let files: TestFiles;
let running: Program | null = null;

afterEach(async () => {
  await running?.stop();
  running = null;
  await files.remove();
});

function configOf(binds: readonly string[], global = ''): string {
  return `global
 nbthread ${THREADS}
${global}defaults
 mode http
 timeout client 5s
 timeout server 5s
 timeout connect 1s
frontend f
 option socket-stats
 stats uri /
${binds.map((bind) => ` bind 127.0.0.1:${bind}\n`).join('')}`;
}

async function start(which: 'original' | 'ours', config: string, port: number, ...args: string[]): Promise<Program> {
  files = await writeFiles({ 'a.cfg': config });
  const program = which === 'ours' ? distBin('haproxy') : findBinary('haproxy')!;
  running = startProgram(program, ['-db', ...args, '-f', files.path('a.cfg')]);
  await waitForPort(port, '127.0.0.1', { details: () => running!.output() });
  return running;
}

/** Sockets that listen on the port. */
function listening(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  return lines.filter((line) => new RegExp(`^ *\\d+: [0-9A-F]{8}:${hex} [0-9A-F:]+ 0A `).test(line)).length;
}

interface Seen {
  readonly sockets: readonly number[];
  readonly lines: readonly string[];
  readonly served: number;
}

/** Names and limits in the statistics, the frontend's first. */
async function linesOf(port: number): Promise<string[]> {
  const { text } = await exchange(port, 'GET /;csv HTTP/1.0\r\n\r\n', { enough: () => false });
  const rows = text.split('\n').map((line) => line.split(','));
  return rows.filter(([proxy]) => proxy === 'f').map((row) => `${row[1]} ${row[6]}`);
}

async function look(which: 'original' | 'ours', words: readonly string[]): Promise<Seen> {
  const ports = await freePorts(words.length);
  const binds = words.map((word, i) => `${ports[i]} ${word}`);
  await start(which, configOf(binds), ports[0]!);
  // Addresses are opened one by one, before anybody is answered.
  await waitUntil('an answer', async () => (await linesOf(ports[0]!)).length > 0);
  const all = Array.from({ length: CLIENTS }, (_, i) => {
    return exchange(ports[i % ports.length]!, 'GET / HTTP/1.0\r\n\r\n');
  });
  const served = (await Promise.all(all)).filter(({ status }) => status === 200).length;
  const sockets = ports.map(listening);
  const lines = await linesOf(ports[0]!);
  await running!.stop();
  running = null;
  await files.remove();
  return { sockets, lines, served };
}

describeNet('shards', { binaries: ['haproxy'], build: true }, () => {
  it('opens as many sockets, and shows as many lines, as HAProxy', async () => {
    const words = ['shards 2 id 9 maxconn 50', 'shards by-thread', 'shards 9 thread 1-2', 'shards 3 name x', ''];
    const ours = await look('ours', words);
    expect(ours.sockets).toEqual([2, 4, 2, 3, 1]);
    expect(ours.served).toBe(CLIENTS);
    const original = await look('original', words);
    // The limit of the whole frontend hangs on the number of descriptors.
    const masked = ({ lines }: Seen) => lines.map((line) => line.replace(/^(FRONTEND) \d+/, '$1'));
    expect({ ...ours, lines: masked(ours) }).toEqual({ ...original, lines: masked(original) });
  });

  it('cannot divide an address without SO_REUSEPORT', async () => {
    const [port = 0] = await freePorts(1);
    files = await writeFiles({ 'a.cfg': configOf([`${port} shards 2`]) });
    for (const program of [distBin('haproxy'), findBinary('haproxy')!]) {
      running = startProgram(program, ['-db', '-dR', '-f', files.path('a.cfg')]);
      await running.exited;
      const problem = `a.cfg:11] for frontend f: cannot bind socket (Address already in use) for [127.0.0.1:${port}]`;
      expect(running.output()).toContain(problem);
    }
  });

  it('keeps sockets over a reload, and takes others', async () => {
    const [port = 0] = await freePorts(1);
    const program = await start('ours', configOf([`${port} shards 2`]), port);
    let failed = 0;
    let going = true;
    const client = (async () => {
      while (going) if ((await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).status !== 200) failed++;
    })();
    for (const [word, limit] of [
      ['shards by-thread', 80],
      ['shards 4 maxconn 70', 70],
    ] as const) {
      writeFileSync(files.path('a.cfg'), configOf([`${port} maxconn 80 ${word}`]));
      process.kill(program.pid, 'SIGUSR2');
      const expected = Array.from({ length: THREADS }, (_, i) => `sock-${i + 1} ${limit}`);
      await waitUntil('the reload', async () => (await linesOf(port)).slice(1).join() === expected.join());
      expect(listening(port)).toBe(THREADS);
    }
    going = false;
    await client;
    expect(failed).toBe(0);
  });
});
