import { describe, expect, it } from 'vitest';
import * as C from '../../../../src/proxy/counter-layout.ts';
import { BackendHistories } from '../../../../src/proxy/stats/backend-history.ts';
import { COLUMNS, type Row } from '../../../../src/proxy/stats/columns.ts';
import { CSV_HEADER, formatCsv } from '../../../../src/proxy/stats/csv.ts';
import { formatJson } from '../../../../src/proxy/stats/json.ts';
import { proxyRows } from '../../../../src/proxy/stats/rows.ts';
import type { StatsSource } from '../../../../src/proxy/stats/source.ts';
import { makeListener, makeProxy, makeServer } from '../configuration.ts';
import { CHECK, makeHealth, makeSource, NOW } from './source.ts';

/** The first columns as HAProxy 1.8 and later write them; scripts in the field split by these positions. */
const OLD_COLUMNS =
  'pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,' +
  'chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,' +
  'check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,' +
  'req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,' +
  'rtime,ttime,';

const checked = makeServer(1, { name: 'a', check: CHECK });

function rowsOf(proxy: Parameters<typeof makeProxy>[0], ...healths: Parameters<typeof makeHealth>[0][]): Row[] {
  const conf = makeProxy(proxy);
  return proxyRows(makeSource([conf], healths.map(makeHealth)), conf, NOW, false);
}

const statusOf = (rows: readonly Row[], name: string): unknown => rows.find((row) => row.svname === name)?.status;

describe('statistics lines', () => {
  it('come in the order frontend, servers, backend, by kind of proxy', () => {
    const names = (kind: 'listen' | 'frontend' | 'backend'): unknown[] =>
      rowsOf({ kind, servers: kind === 'frontend' ? 0 : 2 }).map((row) => row.svname);
    expect(names('listen')).toEqual(['FRONTEND', 's1', 's2', 'BACKEND']);
    expect(names('frontend')).toEqual(['FRONTEND']);
    expect(names('backend')).toEqual(['s1', 's2', 'BACKEND']);
  });

  it('include listeners with option socket-stats', () => {
    const listeners = [makeListener(1), makeListener(2, { name: 'six' })];
    const rows = rowsOf({ kind: 'frontend', servers: 0, listeners, socketStats: true });
    expect(rows.map((row) => [row.svname, row.type, row.sid])).toEqual([
      ['FRONTEND', 0, 0],
      ['sock-1', 3, 1],
      ['six', 3, 2],
    ]);
  });

  it('show what was counted', () => {
    const conf = makeProxy({ mode: 'http', maxconn: 10, servers: [makeServer(1, { maxconn: 7, maxqueue: 3 })] });
    const source = makeSource([conf]);
    const { counters, rows } = source;
    const server = rows.servers.get(C.serverKey(2, 1))!;
    counters.enter(server);
    counters.enter(rows.frontends.get(2)!);
    counters.add(server, C.BIN, 5_000_000_000);
    counters.add(server, C.HRSP + 2, 4);
    counters.add(server, C.HRSP, 1);
    counters.time(server, 1.2, 2, 3, 4.4);
    const [frontend, line] = proxyRows(source, conf, NOW, true);
    expect(frontend).toMatchObject({ scur: 1, smax: 1, stot: 1, slim: 10, status: 'OPEN', hrsp_2xx: 0 });
    expect(line).toMatchObject({ scur: 1, slim: 7, qlimit: 3, bin: 5_000_000_000, hrsp_2xx: 4, hrsp_other: 1 });
    expect(line).toMatchObject({ qtime_max: 1, ctime_max: 2, rtime_max: 3, ttime_max: 4 });
    expect(line).toMatchObject({ qtime: 1, ctime: 2, rtime: 3, ttime: 4, addr: '127.0.0.1:1', lastsess: -1 });
  });

  it('leave HTTP columns empty in mode tcp', () => {
    for (const row of rowsOf({ mode: 'tcp' })) expect(row.hrsp_2xx).toBeUndefined();
  });

  it.each([
    [{ up: true, health: 4 }, 'UP', 'UP'],
    [{ up: true, health: 3 }, 'UP 2/3', 'UP'],
    [{ up: true, health: 2 }, 'UP 1/3', 'UP'],
    [{ up: false, health: 1 }, 'DOWN 1/2', 'DOWN'],
    [{ up: false, health: 0 }, 'DOWN', 'DOWN'],
  ])('word health %j as %s', (health, server, backend) => {
    const rows = rowsOf({ servers: [checked] }, health);
    expect([statusOf(rows, 'a'), statusOf(rows, 'BACKEND')]).toEqual([server, backend]);
  });

  it('take a server as up until its first check', () => {
    const [, server] = rowsOf({ servers: [checked] });
    expect(server).toMatchObject({ status: 'UP 1/3', check_status: 'INI', check_health: 2 });
    expect(server).not.toHaveProperty('check_duration');
  });

  it('word other states', () => {
    const rows = rowsOf({
      servers: [
        makeServer(1, { name: 'off', disabled: true, check: CHECK }),
        makeServer(2, { name: 'plain' }),
        makeServer(3, { name: 'same', track: { proxyId: 2, serverId: 1 } }),
      ],
    });
    expect(['off', 'plain', 'same'].map((name) => statusOf(rows, name))).toEqual([
      'MAINT',
      'no check',
      'MAINT (via test/off)',
    ]);
    expect(rows.find((row) => row.svname === 'same')).toMatchObject({ tracked: 'test/off' });
    expect(rows.find((row) => row.svname === 'off')).not.toHaveProperty('check_status');
  });

  it('count down time up to now while a server is down', () => {
    const [, server] = rowsOf({ servers: [checked] }, { up: false, health: 0, downtimeMs: 5000, downs: 2 });
    expect(server).toMatchObject({ downtime: 65, lastchg: 60, chkdown: 2 });
  });

  it('sum weights of the servers that are in use: backups only without active ones', () => {
    const backup = makeServer(2, { backup: true, weight: 5 });
    const other = makeServer(3, { backup: true, weight: 6 });
    const sums = (up: boolean, allbackups = false): unknown => {
      const servers = [{ ...checked, weight: 3 }, backup, other];
      const row = rowsOf({ servers, allbackups }, { up, health: up ? 4 : 0 }).at(-1)!;
      return [row.weight, row.act, row.bck, row.status];
    };
    expect(sums(true)).toEqual([3, 1, 2, 'UP']);
    expect(sums(false)).toEqual([5, 0, 2, 'UP']);
    expect(sums(false, true)).toEqual([11, 0, 2, 'UP']);
  });

  it('limit a backend to a tenth of what may come to it', () => {
    const backend = makeProxy({ id: 3, name: 'be', kind: 'backend' });
    const limit = (maxconn: number | null, fullconn: number | null = null): unknown => {
      const own = { ...backend, fullconn };
      const frontend = makeProxy({ kind: 'frontend', servers: 0, backend: 3, maxconn });
      return proxyRows(makeSource([frontend, own]), own, NOW, false).at(-1)!.slim;
    };
    expect([limit(77), limit(null), limit(1), limit(77, 5)]).toEqual([8, 200, 1, 5]);
  });
});

describe('exports', () => {
  it('begin with the columns that scripts rely on', () => {
    expect(CSV_HEADER.startsWith(`# ${OLD_COLUMNS}`)).toBe(true);
    expect(new Set(COLUMNS).size).toBe(COLUMNS.length);
  });

  it('write one field per column, each closed by a comma', () => {
    const csv = formatCsv(rowsOf({ servers: [checked] }));
    const lines = csv.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line.split(',')).toHaveLength(COLUMNS.length + 1);
  });

  it('quote what would break a line apart', () => {
    const csv = formatCsv([{ pxname: 'p', svname: 's', last_chk: 'said "no", twice\n' }]);
    expect(csv).toContain('"said ""no"", twice\n"');
  });

  it('type every value in JSON', () => {
    const rows = JSON.parse(formatJson(rowsOf({ servers: [checked] }))) as Record<string, unknown>[][];
    expect(rows).toHaveLength(3);
    expect(rows[1]![1]).toEqual({
      objType: 'Server',
      proxyId: 2,
      id: 1,
      field: { pos: 1, name: 'svname' },
      processNum: 1,
      tags: { origin: 'Key', nature: 'Name', scope: 'Service' },
      value: { type: 'str', value: 'a' },
    });
  });
});

describe('the history of a backend', () => {
  const [a, b] = [1, 2].map((id) => makeServer(id, { check: CHECK }));
  const conf = makeProxy({ servers: [a!, b!] });
  const at = (aUp: boolean, bUp: boolean): StatsSource =>
    makeSource([conf], [makeHealth({ up: aUp }), makeHealth({ serverId: 2, up: bUp })]);

  it('goes down with its last server and up with the first', () => {
    const histories = new BackendHistories(NOW);
    histories.update(at(false, true), NOW + 1000);
    expect(histories.of(2, NOW + 1000)).toMatchObject({ downs: 0, changedAtMs: NOW });
    histories.update(at(false, false), NOW + 2000);
    expect(histories.of(2, NOW + 5000)).toMatchObject({ downs: 1, changedAtMs: NOW + 2000, downtimeMs: 3000 });
    histories.update(at(false, true), NOW + 6000);
    expect(histories.of(2, NOW + 9000)).toMatchObject({ downs: 1, changedAtMs: NOW + 6000, downtimeMs: 4000 });
  });

  it('is unknown before the first look', () => {
    expect(new BackendHistories(NOW).of(2, NOW)).toBeUndefined();
  });
});
