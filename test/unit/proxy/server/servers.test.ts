import { describe, expect, it } from 'vitest';
import type { ServerConf } from '../../../../src/config/haproxy.ts';
import type { ServerHealth } from '../../../../src/ipc/messages.ts';
import { createMemfd } from '../../../../src/os/memfd.ts';
import { makeBalanceMemory, planShares } from '../../../../src/proxy/balance/share.ts';
import { mapRows, serverKey } from '../../../../src/proxy/counter-layout.ts';
import { Counters, claimCounters } from '../../../../src/proxy/counters.ts';
import { SessionRecord } from '../../../../src/proxy/log/record.ts';
import { Backend } from '../../../../src/proxy/server/backend.ts';
import { effectiveState, Server } from '../../../../src/proxy/server/server.ts';
import { WaitEntry, WaitQueue } from '../../../../src/proxy/server/wait-queue.ts';
import { SessionLog } from '../../../../src/proxy/session-log.ts';
import { LineText } from '../../../../src/wire/line-text.ts';
import { makeProxy, makeServer, makeSlice } from '../configuration.ts';
import { makeWorld } from '../sample/evaluation.ts';

function health(up: boolean): ServerHealth {
  return {
    proxyId: 2,
    serverId: 1,
    up,
    health: up ? 2 : 0,
    rise: 2,
    fall: 3,
    code: up ? 'L4OK' : 'L4CON',
    status: 0,
    text: '',
    durationMs: 0,
    changedAtMs: 0,
    failedChecks: 0,
    downs: 0,
    downtimeMs: 0,
    event: 'transition',
  };
}

const countersOf = new Map<Backend, Counters>();

/** The same backend as two workers of one process see it. */
function build(servers: readonly ServerConf[], given: Parameters<typeof makeProxy>[0] = {}, workers = 2): Backend[] {
  const proxy = makeProxy({ ...given, servers });
  const rows = mapRows(makeSlice([proxy]));
  const { place, owned } = claimCounters(createMemfd('test'), rows, workers);
  const memory = makeBalanceMemory([proxy]);
  return owned.map((slot) => {
    const counters = new Counters(place, owned, slot);
    const made = servers.map((conf) => new Server(conf, proxy, rows.servers.get(serverKey(2, conf.id))!, counters));
    const shares = planShares(memory, [proxy], workers === 1).get(proxy.id)!;
    const backend = new Backend(proxy, rows.backends.get(2)!, made, counters, shares, proxy.fullconn ?? 1);
    countersOf.set(backend, counters);
    return backend;
  });
}

describe('effective state', () => {
  it('follows orders before health, and health before drain', () => {
    const states = [true, false, null].map((up) =>
      (['ready', 'drain', 'maint'] as const).map((admin) => effectiveState(admin, up === null ? null : health(up))),
    );
    expect(states).toEqual([
      ['up', 'drain', 'maint'],
      ['down', 'down', 'maint'],
      ['up', 'drain', 'maint'],
    ]);
  });
});

describe('Backend', () => {
  it('bounds the queue of a server over all workers', () => {
    const [a, b] = build([makeServer(1, { maxconn: 1, maxqueue: 2 }), makeServer(2, { maxconn: 1 })]);
    const full = () => [a, b].map((backend) => backend!.servers.map((server) => server.hasFullQueue));
    a!.countWaiting(a!.servers[0]!, 1);
    a!.countWaiting(a!.servers[1]!, 1);
    expect(full()).toEqual([
      [false, false],
      [false, false],
    ]);
    b!.countWaiting(b!.servers[0]!, 1);
    expect(full()).toEqual([
      [true, false],
      [true, false],
    ]);
    a!.countWaiting(a!.servers[0]!, -1);
    expect(b!.servers[0]!.hasFullQueue).toBe(false);
  });

  it('uses backups only while no other server is there', () => {
    const [backend] = build([makeServer(1), makeServer(2, { backup: true }), makeServer(3, { backup: true })]);
    expect(backend!.choose(0, null)!.id).toBe(1);
    backend!.servers[0]!.health = health(false);
    backend!.update(backend!.servers[0]!);
    expect([0, 1, 2].map(() => backend!.choose(0, null)!.id)).toEqual([2, 2, 2]);
    for (const server of backend!.servers) {
      server.health = health(false);
      backend!.update(server);
    }
    expect(backend!.usable).toBe(false);
  });

  it('leaves out disabled servers, weight 0, and addresses that nobody found', () => {
    const lost = { kind: 'ip', host: 'nowhere.invalid', port: 1, portOffset: false, family: 0 } as const;
    const [backend] = build([
      makeServer(1, { disabled: true }),
      makeServer(2, { weight: 0 }),
      makeServer(3, { address: lost }),
      makeServer(4),
    ]);
    expect([0, 1].map(() => backend!.choose(0, null)!.id)).toEqual([4, 4]);
  });

  it('bounds a server over all workers, and takes places back', () => {
    const [one, two] = build([makeServer(1, { maxconn: 2 })]);
    const [a, b] = [one!.servers[0]!, two!.servers[0]!];
    expect([a.reserve(2), b.reserve(2), a.reserve(2), b.reserve(2)]).toEqual([true, true, false, false]);
    expect(one!.choose(0, null)).toBeNull();
    a.release();
    expect(two!.choose(0, null)).toBe(b);
    expect(b.reserve(2)).toBe(true);
  });

  it('lets the limit grow between minconn and maxconn', () => {
    const [backend] = build([makeServer(1, { minconn: 10, maxconn: 100 })], { fullconn: 1000 });
    const server = backend!.servers[0]!;
    expect([0, 50, 500, 1000, 5000].map((sessions) => server.limit(sessions))).toEqual([10, 10, 50, 100, 100]);
  });
});

describe('Servers that warm up', () => {
  it('grow in weight and in room', () => {
    const [backend] = build([makeServer(1, { slowstartMs: 9500, weight: 8, maxconn: 50 })]);
    const server = backend!.servers[0]!;
    const seen = [0, 1, 5, 9, -1].map((seconds) => {
      server.warmSeconds = seconds;
      backend!.update(server);
      return [server.effectiveWeight, server.limit(0)];
    });
    // Ten seconds: what is given is rounded up.
    expect(seen).toEqual([
      [8, 1],
      [16, 5],
      [72, 25],
      [120, 45],
      [128, 50],
    ]);
  });

  it('keep their weight where the order is fixed', () => {
    const [backend] = build([makeServer(1, { slowstartMs: 9500, maxconn: 10 })], { balance: { algorithm: 'source' } });
    const server = backend!.servers[0]!;
    server.warmSeconds = 5;
    backend!.update(server);
    expect([server.effectiveWeight, server.limit(0)]).toEqual([16, 5]);
  });
});

describe('Queues of several workers', () => {
  function enqueue(
    backend: Backend,
    server: Backend['servers'][number] | null,
    since: number,
    log: string[],
    name: string,
  ) {
    const entry: WaitEntry = new WaitEntry({
      onPlace: (given) => {
        if (!given.reserve(backend.limitOf(given))) return false;
        (server?.queue ?? backend.queue).remove(entry);
        backend.countWaiting(server, -1);
        log.push(name);
        return true;
      },
      chooseAgain: () => {},
    });
    entry.since = since;
    (server?.queue ?? backend.queue).add(entry);
    backend.countWaiting(server, 1);
  }

  it('leave a free place to whoever has waited longest, in whatever worker', () => {
    const [one, two] = build([makeServer(1, { maxconn: 1 })]);
    const [a, b] = [one!.servers[0]!, two!.servers[0]!];
    const log: string[] = [];
    expect(a.reserve(1)).toBe(true);
    enqueue(one!, null, 500, log, 'one, later');
    enqueue(two!, null, 400, log, 'two, first');
    enqueue(one!, a, 450, log, 'one, bound');
    let woken = 0;
    one!.wakeWorker = (index) => {
      woken += index;
    };
    a.release();
    one!.offer(a);
    expect([log, woken]).toEqual([[], 1]);
    two!.offerAll();
    expect(log).toEqual(['two, first']);
    b.release();
    two!.offerAll();
    one!.offer(a);
    expect(log).toEqual(['two, first', 'one, bound']);
    a.release();
    one!.offer(a);
    expect(log).toEqual(['two, first', 'one, bound', 'one, later']);
    expect([one!.idle, two!.idle]).toEqual([true, true]);
  });

  it('go before sessions that come later, and get what is left', () => {
    const [one, two] = build([makeServer(1, { maxconn: 1 }), makeServer(2, { maxconn: 1 })]);
    const [a, b] = one!.servers as [Backend['servers'][number], Backend['servers'][number]];
    const log: string[] = [];
    let woken = 0;
    one!.wakeWorker = (index) => {
      woken += index;
    };
    expect([a.reserve(1), b.reserve(1)]).toEqual([true, true]);
    for (let sessions = 0; sessions < 4; sessions++) countersOf.get(one!)!.enter(one!.row);
    enqueue(two!, null, 400, log, 'two');
    a.release();
    expect(one!.choose(0, null)).toBeNull();
    one!.offer(a);
    expect(woken).toBe(1);
    two!.offerAll();
    expect(log).toEqual(['two']);
    b.release();
    one!.offer(b);
    expect(woken).toBe(1);
    expect(one!.choose(0, null)).toBe(b);
  });

  it('look once more when a place became free meanwhile', () => {
    const [one, two] = build([makeServer(1, { maxconn: 1 })]);
    const [a, b] = [one!.servers[0]!, two!.servers[0]!];
    const log: string[] = [];
    const woken: number[] = [];
    two!.wakeWorker = (index) => woken.push(index);
    expect(a.reserve(1)).toBe(true);
    enqueue(two!, null, 400, log, 'any');
    enqueue(two!, b, 400, log, 'bound');
    expect(woken).toEqual([]);
    a.release();
    enqueue(two!, null, 500, log, 'any');
    enqueue(two!, b, 500, log, 'bound');
    expect(woken).toEqual([1, 1]);
  });

  it('keep the next sessions from asking all servers in vain', () => {
    const [backend] = build([makeServer(1, { maxconn: 1 }), makeServer(2, { maxconn: 1 })], {}, 1);
    expect(backend!.choose(0, null)!.reserve(1)).toBe(true);
    expect(backend!.choose(0, null)!.reserve(1)).toBe(true);
    expect(backend!.choose(0, null)).toBeNull();
  });
});

describe('WaitQueue', () => {
  it('keeps the order and lets anybody leave', () => {
    const queue = new WaitQueue();
    const entries = [1, 2, 3].map(() => new WaitEntry({ onPlace: () => true, chooseAgain: () => {} }));
    for (const entry of entries) queue.add(entry);
    queue.remove(entries[1]!);
    queue.remove(entries[1]!);
    expect(queue.length).toBe(2);
    expect(queue.first).toBe(entries[0]);
    queue.remove(entries[0]!);
    expect(queue.first).toBe(entries[2]);
    queue.remove(entries[2]!);
    expect([queue.first, queue.length]).toEqual([null, 0]);
  });

  it('scatters those that leave and those that come back alike', () => {
    const queue = new WaitQueue();
    let moved = 0;
    for (let i = 0; i < 3; i++) {
      const entry: WaitEntry = new WaitEntry({
        onPlace: () => false,
        chooseAgain: () => {
          moved++;
          queue.remove(entry);
          queue.add(entry);
        },
      });
      queue.add(entry);
    }
    queue.scatter();
    expect([moved, queue.length]).toEqual([3, 3]);
  });
});

describe('SessionLog', () => {
  function linesOf(given: Parameters<typeof makeProxy>[0], record: Partial<SessionRecord>, empty = false): string[] {
    const target = {
      address: { kind: 'fd', fd: 1 },
      facility: 16,
      level: 7,
      minLevel: 0,
      len: 1024,
      format: 'raw',
      sample: null,
      profile: null,
    } as const;
    const conf = makeProxy({ logFormat: 'tcplog', logs: [target], ...given });
    const lines: string[] = [];
    const text = new LineText(new Uint8Array(1024));
    const send = (level: number, line = String(text)): void => void lines.push(`${level} ${line}`);
    const log = new SessionLog(
      conf,
      [{ sink: { begin: () => text, sendLine: (level) => send(level), send }, profile: null }],
      makeWorld(),
    );
    log.write(Object.assign(new SessionRecord(), record), empty);
    return lines;
  }

  it('writes unless it was told not to', () => {
    expect(linesOf({}, {}).length).toBe(1);
    expect(linesOf({ logs: [] }, {}).length).toBe(0);
    expect(linesOf({ dontlognull: true }, {}, true).length).toBe(0);
    expect(linesOf({ dontlognull: true }, {}, false).length).toBe(1);
    expect(linesOf({ dontlogNormal: true }, {}).length).toBe(0);
    expect(linesOf({ dontlogNormal: true }, { cause: 'S', phase: 'C' }).length).toBe(1);
  });

  it('raises the level of errors when asked to', () => {
    expect(linesOf({ logSeparateErrors: true }, { cause: 'S', phase: 'C' })[0]).toMatch(/^3 /);
    expect(linesOf({ logSeparateErrors: true }, {})[0]).toMatch(/^6 /);
    expect(linesOf({}, { cause: 'S', phase: 'C' })[0]).toMatch(/^6 /);
  });
});
