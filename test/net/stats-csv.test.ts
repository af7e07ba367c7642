/**
 * Statistics of the same small configuration, after the same traffic, from the real HAProxy and from ours: every column
 * of HAProxy 2.6 must hold the same value, or be absent from both, but for times and what is not counted here.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { sleep, waitUntil } from './lib/wait.ts';

interface Side {
  readonly proxy: RunningProxy;
  readonly ports: readonly number[];
}

type Table = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Times, and what depends on them. */
const UNSTEADY = ['lastchg', 'downtime', 'check_duration', 'lastsess', 'rate', 'req_rate', 'conn_rate'];
const TIMES = ['qtime', 'ctime', 'rtime', 'ttime'].flatMap((name) => [name, `${name}_max`]);
/** Rates as the test asks for them differ by how fast it asks. */
const MAXIMA = ['rate_max', 'req_rate_max', 'conn_rate_max', 'smax'];
/**
 * Answers have other sizes; HAProxy estimates its need of connections; pools are each one's own affair.
 */
const OWN = ['bin', 'bout', 'need_conn_est', 'srv_icur', 'idle_conn_cur', 'safe_conn_cur', 'used_conn_cur'];
const LEFT_OUT = new Set([...UNSTEADY, ...TIMES, ...MAXIMA, ...OWN]);

function configure(ports: readonly number[], originPort: number, deadPort: number): string {
  return `
global
  maxconn 1000
defaults
  mode http
  timeout check 10s
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  retries 1
listen statistics
  bind 127.0.0.1:${ports[0]}
  stats uri /stats
  stats show-legends
listen pages
  bind 127.0.0.1:${ports[1]}
  server up 127.0.0.1:${originPort} check inter 3s fastinter 200 rise 1
  server dead 127.0.0.1:${deadPort} check inter 200 fall 2 backup weight 5
  server off 127.0.0.1:${originPort} disabled
  server plain 127.0.0.1:${originPort} maxconn 7
frontend fe
  bind 127.0.0.1:${ports[2]}
  maxconn 77
  default_backend be
backend be
  balance leastconn
  option httpchk GET /
  server b1 127.0.0.1:${originPort} check inter 3s fastinter 200
  server b2 127.0.0.1:${deadPort} check inter 200
  server b3 127.0.0.1:${originPort} track pages/up
backend dead-be
  server d1 127.0.0.1:${deadPort} check inter 200
listen db
  mode tcp
  balance source
  bind 127.0.0.1:${ports[3]}
  server t1 127.0.0.1:${originPort} check inter 3s fastinter 200
frontend nowhere
  bind 127.0.0.1:${ports[4]}
backend empty
`;
}

describeNet('statistics beside the real HAProxy', { build: true, binaries: ['haproxy'] }, () => {
  let origin: Origin;
  const sides: Side[] = [];
  const tables: Table[] = [];

  beforeAll(async () => {
    origin = await startOrigin();
    const [deadPort, ...ports] = await freePorts(11);
    for (const [which, own] of [
      ['original', ports.slice(0, 5)],
      ['ours', ports.slice(5)],
    ] as const) {
      const config = configure(own, origin.port, deadPort!);
      sides.push({ proxy: await startProxy(which, config, own[0]!), ports: own });
    }
    for (const side of sides) {
      await waitUntil('all checks to be settled', async () => settled(await fetchTable(side)), {
        everyMs: 100,
        details: side.proxy.output,
      });
      await makeTraffic(side);
      tables.push(await fetchTable(side));
    }
  });

  afterAll(async () => {
    for (const side of sides) await side.proxy.stop();
    await origin?.close();
  });

  function settled(table: Table): boolean {
    const is = (line: string, status: string): boolean =>
      table.get(line)?.get('status') === status && /^L[47]/.test(table.get(line)?.get('check_status') ?? '');
    return (
      is('pages/up', 'UP') &&
      is('pages/dead', 'DOWN') &&
      is('be/b1', 'UP') &&
      is('be/b2', 'DOWN') &&
      is('dead-be/d1', 'DOWN') &&
      is('db/t1', 'UP')
    );
  }

  async function makeTraffic(side: Side): Promise<void> {
    const [, pages, fe, db, nowhere] = side.ports;
    const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    for (let i = 0; i < 4; i++) await exchange(pages!, get);
    for (let i = 0; i < 3; i++) await exchange(fe!, get);
    await exchange(fe!, 'G(T / HTTP/1.1\r\n\r\n');
    await exchange(nowhere!, get);
    await exchange(db!, get, { enough: (text) => text.endsWith('ok') });
    await sleep(200);
  }

  async function fetchTable(side: Side): Promise<Table> {
    const request = 'GET /stats;csv HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const { text } = await exchange(side.ports[0]!, request, { enough: () => false });
    const lines = dechunk(text).trimEnd().split('\n');
    const names = lines[0]!.replace('# ', '').split(',');
    const table = new Map<string, Map<string, string>>();
    for (const line of lines.slice(1)) {
      const values = line.split(',');
      table.set(`${values[0]}/${values[1]}`, new Map(names.map((name, i) => [name, values[i] ?? ''])));
    }
    return table;
  }

  it('have the same lines', () => {
    expect([...tables[1]!.keys()]).toEqual([...tables[0]!.keys()]);
  });

  it('have the columns of HAProxy 2.6 at the same places', () => {
    const columns = (table: Table): string[] => [...table.get('be/BACKEND')!.keys()];
    const base = columns(tables[0]!).indexOf('agg_check_status');
    expect(columns(tables[1]!).slice(0, base + 1)).toEqual(columns(tables[0]!).slice(0, base + 1));
  });

  it('hold whole numbers', () => {
    const values = [...tables[1]!.values()].flatMap((columns) => [...columns]);
    expect(values.filter(([, value]) => /^-?\d*\.\d+$/.test(value))).toEqual([]);
  });

  it('hold the same values', () => {
    expect(compare(tables[0]!, tables[1]!)).toEqual([]);
  });
});

/** `line column: theirs / ours` for every difference. */
function compare(theirs: Table, ours: Table): string[] {
  const differences: string[] = [];
  for (const [line, columns] of theirs) {
    // How often the test asked until all was settled.
    if (line.startsWith('statistics/')) continue;
    for (const [column, value] of columns) {
      const own = ours.get(line)?.get(column);
      if (own === undefined || column === '-') continue;
      // HAProxy shows it for a frontend in mode tcp at times.
      if (column === 'wrew' && line.endsWith('/FRONTEND')) continue;
      const same = LEFT_OUT.has(column) ? column === 'need_conn_est' || (own === '') === (value === '') : own === value;
      if (!same) differences.push(`${line} ${column}: ${value} / ${own}`);
    }
  }
  return differences;
}

/** The body of an answer, chunked or not. */
function dechunk(text: string): string {
  const at = text.indexOf('\r\n\r\n') + 4;
  if (!/transfer-encoding: chunked/.test(text.slice(0, at))) return text.slice(at);
  let body = '';
  for (let from = at; ; ) {
    const end = text.indexOf('\r\n', from);
    const size = Number.parseInt(text.slice(from, end), 16);
    if (!(size > 0)) return body;
    body += text.slice(end + 2, end + 2 + size);
    from = end + 4 + size;
  }
}
