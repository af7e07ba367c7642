/**
 * How sessions that end in all sorts of ways are counted: one listener a way, walked through the real HAProxy and through
 * ours; of each listener, backend and server the counters of sessions, answers, failures and bytes must be the same.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { sleep } from './lib/wait.ts';

/** What clients do; the server's answer is named by the path. */
interface Way {
  readonly lines?: string;
  /** Words behind the server, or another server. */
  readonly server?: string;
  play(port: number): Promise<void>;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

const asks = (...paths: string[]) => {
  return async (port: number) => {
    for (const path of paths) await talk(port, get(path).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  };
};

const leaves = (text: string, how: 'end' | 'resetAndDestroy' = 'end') => {
  return async (port: number) => {
    const socket = await open(port, text);
    await sleep(200);
    socket[how]();
  };
};

const ways: Readonly<Record<string, Way>> = {
  answered: { play: asks('/200', '/404', '/500') },
  interim: { play: asks('/interim') },
  cut: { play: asks('/cut') },
  reset: { play: asks('/reset') },
  stalled: { lines: 'timeout server 300ms', play: asks('/stall') },
  nothing: { play: asks('/nothing') },
  nonsense: { play: asks('/nonsense') },
  late: { lines: 'timeout server 300ms', play: asks('/silence') },
  refused: { lines: 'retries 1', server: '127.0.0.1:1', play: asks('/200') },
  'left while answering': { play: leaves(get('/silence')) },
  'left, abortonclose': { lines: 'option abortonclose', play: leaves(get('/silence')) },
  'left while sending': { play: leaves('POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc') },
  'left in the queue': {
    lines: 'option abortonclose',
    server: 'maxconn 1',
    async play(port) {
      const first = await open(port, get('/silence'));
      await sleep(50);
      await leaves(get('/200'))(port);
      await sleep(50);
      first.end();
    },
  },
  'slow body': {
    lines: 'timeout client 300ms',
    play: async (port) => void (await talk(port, 'POST /200 HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc')),
  },
  'tcp, answered': { lines: 'mode tcp', play: asks('/200') },
  'tcp, silent client': { lines: 'mode tcp\n timeout client 300ms', play: async (port) => void (await talk(port, '')) },
  'tcp, silent server': { lines: 'mode tcp\n timeout server 300ms', play: asks('/silence') },
  'tcp, reset by the client': { lines: 'mode tcp', play: leaves(get('/silence'), 'resetAndDestroy') },
  'tcp, reset by the server': { lines: 'mode tcp', play: asks('/reset') },
};

const names = Object.keys(ways);

const COLUMNS = (
  'qcur qmax scur stot bin bout dreq dresp ereq econ eresp wretr wredis lbtot hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx ' +
  'hrsp_other req_tot cli_abrt srv_abrt conn_tot intercepted wrew'
).split(' ');
/** Times are compared as "none" or "some": what was not answered has none. */
const TIMES = ['rtime_max', 'ttime_max'];

async function open(port: number, text: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(text);
  return socket;
}

/** Says something and listens until the other side ends. */
async function talk(port: number, text: string): Promise<void> {
  const socket = await open(port, text);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}

function answer(socket: Socket, path: string): void {
  if (/^\/\d+$/.test(path)) socket.write(`HTTP/1.1 ${path.slice(1)} X\r\nContent-Length: 2\r\n\r\nok`);
  else if (path === '/interim')
    socket.write(`HTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok`);
  else if (path === '/nonsense') socket.end('NONSENSE\r\n\r\n');
  else if (path === '/nothing') socket.end();
  else if (path !== '/silence') socket.write('HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\nabc');
  if (path === '/cut') setTimeout(() => socket.end(), 100);
  if (path === '/reset') setTimeout(() => socket.resetAndDestroy(), 100);
}

describeNet('counters of sessions that end', { build: true, binaries: ['haproxy'] }, () => {
  let origin: Server;
  const proxies: RunningProxy[] = [];
  const tables: Map<string, Map<string, string>>[] = [];

  beforeAll(async () => {
    origin = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const path = /^GET (\S+)/.exec(data.toString('latin1'))?.[1];
        if (path) answer(socket, path);
      });
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    const originPort = (origin.address() as { port: number }).port;
    const ports = await freePorts(2 * (names.length + 1));
    const sides = (['original', 'ours'] as const).map((which) => ({ which, own: ports.splice(0, names.length + 1) }));
    await Promise.all(
      sides.map(async ({ which, own }, side) => {
        proxies[side] = await startProxy(which, configure(own, originPort), own[0]!);
        // One after the other: a program that has just started must not come late to a client that leaves.
        for (const [i, name] of names.entries()) await ways[name]!.play(own[i + 1]!);
        await sleep(300);
        await fetchTable(own[0]!);
        await sleep(100);
        tables[side] = await fetchTable(own[0]!);
      }),
    );
  }, 30_000);

  afterAll(async () => {
    for (const proxy of proxies) await proxy?.stop();
    origin?.close();
  });

  function configure(ports: readonly number[], originPort: number): string {
    const listen = names.map((name, i) => {
      const { lines = '', server = '' } = ways[name]!;
      const to = server.includes(':') ? server : `127.0.0.1:${originPort} ${server}`;
      return `listen way${i}\n ${lines}\n bind 127.0.0.1:${ports[i + 1]}\n server s ${to}\n`;
    });
    const timeouts = ' timeout connect 1s\n timeout client 2s\n timeout server 2s\n';
    const page = `listen page\n bind 127.0.0.1:${ports[0]}\n stats uri /stats\n`;
    return `global\n maxconn 100\ndefaults\n mode http\n${timeouts}${page}${listen.join('')}`;
  }

  async function fetchTable(port: number): Promise<Map<string, Map<string, string>>> {
    const { text } = await exchange(port, 'GET /stats;csv HTTP/1.0\r\n\r\n', { enough: () => false });
    const [head = '', ...rows] = text
      .slice(text.indexOf('# ') + 2)
      .trimEnd()
      .split('\n');
    const columns = head.split(',');
    return new Map(
      rows.map((row) => {
        const cells = row.split(',');
        return [`${cells[0]}/${cells[1]}`, new Map(columns.map((column, i) => [column, cells[i] ?? '']))];
      }),
    );
  }

  it.each([...names.entries()])('%i: %s', (i) => {
    for (const row of ['FRONTEND', 's', 'BACKEND']) {
      const [original, ours] = tables.map((table) => {
        const cells = table.get(`way${i}/${row}`)!;
        const counts = COLUMNS.map((column) => [column, cells.get(column)] as const);
        const times = TIMES.map((column) => [column, Number(cells.get(column)) > 150 ? 'some' : 'none'] as const);
        return Object.fromEntries(row === 'FRONTEND' ? counts : [...counts, ...times]);
      });
      expect(ours, row).toEqual(original);
    }
  });

  it('a page is counted at its backend too, although that has no servers', () => {
    for (const table of tables) {
      const [front, back] = ['FRONTEND', 'BACKEND'].map((row) => table.get(`page/${row}`)!.get('bout'));
      expect(Number(front)).toBeGreaterThan(0);
      expect(back).toBe(front);
    }
  });

  it('the request for the page itself is one of those that it shows', () => {
    for (const table of tables) expect(table.get('page/FRONTEND')!.get('intercepted')).toBe('2');
  });
});
