/**
 * Sessions that wait, beside Debian's HAProxy: places in line and counts in log lines, who leaves the queue of a server
 * that went down, what is told of it, and what the statistics show.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Servers that say nothing and end a session when told to; their checks go to a port of their own. */
interface Stage {
  readonly proxy: RunningProxy;
  readonly log: SyslogReceiver;
  readonly port: number;
  readonly statsPort: number;
  readonly held: Socket[];
  readonly checks: readonly { readonly port: number; server: Server | null }[];
  close(): Promise<void>;
}

function listen(port: number, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket);
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

async function setCheck(check: Stage['checks'][number], up: boolean): Promise<void> {
  if (up) check.server = await listen(check.port, (socket) => socket.on('error', () => {}).resume());
  else await new Promise((resolve) => check.server?.close(resolve));
  if (!up) check.server = null;
}

async function openStage(
  which: 'original' | 'ours',
  lines: readonly string[],
  ports: readonly number[],
): Promise<Stage> {
  const [port = 0, statsPort = 0, one = 0, two = 0, checkOne = 0, checkTwo = 0] = ports;
  const log = await receiveSyslog();
  const held: Socket[] = [];
  const hold = (socket: Socket): void => {
    socket.on('error', () => {}).resume();
    held.push(socket);
  };
  const servers = [await listen(one, hold), await listen(two, hold)];
  const checks = [checkOne, checkTwo].map((p) => ({ port: p, server: null as Server | null }));
  for (const check of checks) await setCheck(check, true);
  const config = `
global
  nbthread 1
  log 127.0.0.1:${log.port} local0
defaults
  mode tcp
  log global
  option tcplog
  option abortonclose
  timeout client 20s
  timeout server 20s
  timeout connect 1s
listen stats
  mode http
  bind 127.0.0.1:${statsPort}
  no log
  stats uri /
listen a
  bind 127.0.0.1:${port}
  ${lines.join('\n  ')}
  server s1 127.0.0.1:${one} check port ${checkOne} inter 100 fall 1 rise 1 maxconn 2
  server s2 127.0.0.1:${two} check port ${checkTwo} inter 100 fall 1 rise 1 maxconn 1
`;
  const proxy = await startProxy(which, config, statsPort);
  const close = async (): Promise<void> => {
    await proxy.stop();
    await log.close();
    for (const socket of held) socket.destroy();
    for (const server of servers) server.close();
    for (const check of checks) check.server?.close();
  };
  const stage = { proxy, log, port, statsPort, held, checks, close };
  // A port that is open may still wait for who serves it.
  await show(stage);
  return stage;
}

async function enter(stage: Stage, count: number): Promise<Socket[]> {
  const clients: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect({ port: stage.port, host: '127.0.0.1' });
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => {}).resume();
    socket.write('hello');
    clients.push(socket);
  }
  await waitForSessions(stage, count);
  return clients;
}

/** Queue, greatest queue, sessions and state of both servers and the backend. */
async function show(stage: Stage): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${stage.statsPort}/;csv`)).text();
  const rows = text.split('\n').filter((line) => line.startsWith('a,') && !line.startsWith('a,FRONTEND'));
  return rows.map((row) => [1, 2, 3, 4, 17].map((i) => row.split(',')[i]).join(' ')).join(' | ');
}

async function waitForSessions(stage: Stage, count: number): Promise<void> {
  const pattern = new RegExp(`BACKEND \\d+ \\d+ ${count} `);
  await waitUntil(`${count} sessions`, async () => pattern.test(await show(stage)));
}

/** Log lines without addresses, times and the number of all connections, which counts those that ask for statistics. */
function linesOf(stage: Stage): string[] {
  return stage.log.lines().flatMap((line) => {
    const found = /\]: (.*)/.exec(line)?.[1] ?? '';
    const session = /\[[^\]]*\] (a a\/\S+) \S+ (.*)/.exec(found);
    if (session) return [`${session[1]} ${session[2]!.replace(/\d+\//, '*/')}`];
    return /^(?:Server|proxy|backend) /.test(found) ? [found.replace(/, reason: .*check duration: \d+ms/, '')] : [];
  });
}

async function waitForState(stage: Stage, server: string, state: string): Promise<void> {
  await waitUntil(`${server} ${state}`, async () => new RegExp(`${server} [^|]*${state}`).test(await show(stage)));
}

/** One leaves while it waits, some are served, `places` are taken in the end, the rest waits in vain. */
async function playPlaces(stage: Stage, places: number): Promise<string[]> {
  const clients = await enter(stage, 10);
  const seen = [await show(stage)];
  clients[5]!.destroy();
  await waitForSessions(stage, 9);
  for (const i of [0, 1, 2]) {
    await waitUntil('the next one is served', () => stage.held.length > i);
    stage.held[i]!.end();
    await waitForSessions(stage, 8 - i);
  }
  seen.push(await show(stage));
  // Those that wait give up.
  await waitForSessions(stage, places);
  for (const client of clients) client.destroy();
  await waitForSessions(stage, 0);
  await waitUntil('all lines', () => linesOf(stage).length >= 10);
  return [...seen, ...linesOf(stage)];
}

/** Both servers go down and come back while sessions wait. */
async function playLoss(stage: Stage): Promise<string[]> {
  const clients = await enter(stage, 9);
  const seen = [await show(stage)];
  for (const [i, up] of [
    [1, false],
    [0, false],
    [1, true],
    [0, true],
  ] as const) {
    await setCheck(stage.checks[i]!, up);
    await waitForState(stage, `s${i + 1}`, up ? 'UP' : 'DOWN');
    await pause(50);
    seen.push(await show(stage));
  }
  for (const client of clients) client.destroy();
  await waitForSessions(stage, 0);
  return [...seen, ...linesOf(stage).filter((line) => !line.startsWith('a a/s'))];
}

const plays: readonly [name: string, lines: readonly string[], play: (stage: Stage) => Promise<string[]>][] = [
  ['places in the backend queue', ['timeout queue 1500ms'], (stage) => playPlaces(stage, 3)],
  ['places in a server queue', ['timeout queue 1500ms', 'balance source'], (stage) => playPlaces(stage, 1)],
  ['a lost server, any other will do', ['timeout queue 15s'], playLoss],
  ['a lost server, sessions bound to it', ['timeout queue 15s', 'balance source'], playLoss],
  [
    'a lost server, sessions that may be sent on',
    ['timeout queue 15s', 'balance source', 'option redispatch'],
    playLoss,
  ],
];

describeNet('Queues beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  for (const [name, lines, play] of plays) {
    it(name, async () => {
      const ports = await freePorts(12);
      const perform = async (which: 'original' | 'ours', own: readonly number[]): Promise<string[]> => {
        const stage = await openStage(which, lines, own);
        try {
          return await play(stage);
        } finally {
          await stage.close();
        }
      };
      const [theirs, mine] = await Promise.all([
        perform('original', ports.slice(0, 6)),
        perform('ours', ports.slice(6)),
      ]);
      expect(mine).toEqual(theirs);
      expect(theirs.join('\n')).toMatch(/ [1-9]\d* [1-9]\d* /);
    });
  }
});
