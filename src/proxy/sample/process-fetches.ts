/** Fetches that ask nothing of the session: constants, the process, its proxies and servers (manual, 7.3.2). */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import os from 'node:os';
import { PROCESS_ROW, QCUR, REQ_RATE, SCUR, SESS_RATE, serverKey } from '../counter-layout.ts';
import type { Server } from '../server/server.ts';
import { type Evaluate, type FetchPlace, type FetchRow, type FetchTable, intArg, made, plain } from './fetch-row.ts';
import { proxyNamed, serverNamed } from './sample-world.ts';
import { clampInt, type SampleValue, textAddress, textInt, type ValueType } from './value.ts';

function constant(type: ValueType, read: (text: string) => SampleValue | null): FetchRow {
  return made(type, ({ args }) => {
    const value = read(args[0] ?? '');
    return () => value;
  });
}

/** The time now with an offset: seconds, or thousandths and millionths of one. */
function makeDate({ args }: FetchPlace): Evaluate {
  const offset = intArg(args, 0, 0);
  const factor = { ms: 1000, us: 1_000_000 }[args[1] ?? ''] ?? 1;
  return () => clampInt(Math.floor((Date.now() * factor) / 1000) + offset);
}

function makeRandom({ args }: FetchPlace): Evaluate {
  const range = intArg(args, 0, 0);
  return () => (range > 0 && range <= 2 ** 47 ? randomInt(range) : randomInt(2 ** 32));
}

function makeUuid({ args }: FetchPlace): Evaluate {
  return intArg(args, 0, 4) === 7 ? () => uuidOfTime(Date.now()) : () => randomUUID();
}

/** RFC 9562, 5.7: 48 bits of milliseconds, then chance. */
function uuidOfTime(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 15);
  bytes[8] = 0x80 | (bytes[8]! & 63);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function frontendCount(read: (place: FetchPlace, row: number) => number): FetchRow {
  return made('sint', (place) => {
    const proxy = proxyNamed(place.world, place.args[0], place.home, true);
    const row = proxy === null ? undefined : place.world.rows.frontends.get(proxy.id);
    return row === undefined ? () => null : () => read(place, row);
  });
}

function backendCount(read: (place: FetchPlace, row: number) => number): FetchRow {
  return made('sint', (place) => {
    const proxy = proxyNamed(place.world, place.args[0], place.home, false);
    const row = proxy === null ? undefined : place.world.rows.backends.get(proxy.id);
    return row === undefined ? () => null : () => read(place, row);
  });
}

function usableServers({ world, args, home }: FetchPlace): Evaluate {
  const proxy = proxyNamed(world, args[0], home, false);
  const backend = proxy === null ? undefined : world.backends.get(proxy.id);
  return () => backend?.servers.filter((server) => server.usable).length ?? null;
}

/** Those waiting for any server of a backend and for each of them. */
function queued({ world, args, home }: FetchPlace): Evaluate {
  const proxy = proxyNamed(world, args[0], home, false);
  const row = proxy === null ? undefined : world.rows.backends.get(proxy.id);
  if (proxy === null || row === undefined) return () => null;
  const rows = [row, ...proxy.servers.map((server) => world.rows.servers.get(serverKey(proxy.id, server.id))!)];
  return () => rows.reduce((sum, each) => sum + world.counters.gauge(each, QCUR), 0);
}

function ofServer(type: ValueType, read: (server: Server, place: FetchPlace) => SampleValue): FetchRow {
  return made(type, (place) => {
    const server = serverNamed(place.world, place.args[0] ?? '', place.home);
    return server === null ? () => null : () => read(server, place);
  });
}

const gauge = (which: number) => (place: FetchPlace, row: number) => place.world.counters.gauge(row, which);
const rate = (which: number) => (place: FetchPlace, row: number) => place.world.counters.rate(row, which, Date.now());

const hostname = os.hostname();

export const processFetches: FetchTable = {
  always_true: plain('bool', () => true),
  always_false: plain('bool', () => false),
  bool: constant('bool', (text) => text === 'true' || text === '1'),
  int: constant('sint', textInt),
  str: constant('str', (text) => text),
  bin: constant('bin', (text) => Buffer.from(text, 'hex').toString('latin1')),
  meth: constant('str', (text) => text),
  ipv4: constant('addr', textAddress),
  ipv6: constant('addr', textAddress),
  env: made('str', ({ args }) => {
    const value = process.env[args[0] ?? ''] ?? null;
    return () => value;
  }),
  hostname: plain('str', () => hostname),
  pid: plain('sint', () => process.pid),
  proc: plain('sint', () => 1),
  nbproc: plain('sint', () => 1),
  thread: made(
    'sint',
    ({ world }) =>
      () =>
        world.thread,
  ),
  uuid: made('str', makeUuid),
  rand: made('sint', makeRandom),
  date: made('sint', makeDate),
  date_us: plain('sint', () => Math.floor((Date.now() % 1000) * 1000)),
  uptime: made(
    'sint',
    ({ world }) =>
      () =>
        Math.floor((Date.now() - world.startedAtMs) / 1000),
  ),
  stopping: made(
    'bool',
    ({ world }) =>
      () =>
        world.stopping(),
  ),
  act_conn: made(
    'sint',
    ({ world }) =>
      () =>
        world.counters.mineNow(PROCESS_ROW, SCUR),
  ),
  fe_conn: frontendCount(gauge(SCUR)),
  fe_sess_rate: frontendCount(rate(SESS_RATE)),
  fe_req_rate: frontendCount(rate(REQ_RATE)),
  be_conn: backendCount(gauge(SCUR)),
  be_sess_rate: backendCount(rate(SESS_RATE)),
  queue: made('sint', queued),
  nbsrv: made('sint', usableServers),
  srv_conn: ofServer('sint', (server, { world }) => world.counters.gauge(server.row, SCUR)),
  srv_queue: ofServer('sint', (server, { world }) => world.counters.gauge(server.row, QCUR)),
  srv_sess_rate: ofServer('sint', (server, { world }) => world.counters.rate(server.row, SESS_RATE, Date.now())),
  srv_is_up: ofServer('bool', (server) => server.health === null || server.health.up),
  srv_iweight: ofServer('sint', (server) => server.conf.weight),
};
