import { describe, expect, it } from 'vitest';
import { defaultServerLink, type ProxyLink, type ServerLink } from '../../../../src/config/server-link.ts';
import { createMemfd } from '../../../../src/os/memfd.ts';
import { IDLE_CUR, mapRows, SAFE_CUR, USED_CUR } from '../../../../src/proxy/counter-layout.ts';
import { Counters, claimCounters } from '../../../../src/proxy/counters.ts';
import type { Loop } from '../../../../src/proxy/loop/loop.ts';
import { TimerWheel } from '../../../../src/proxy/loop/timers.ts';
import type { Backend } from '../../../../src/proxy/server/backend.ts';
import { IdleConnections } from '../../../../src/proxy/server/idle-connections.ts';
import type { Server } from '../../../../src/proxy/server/server.ts';
import type { ServerConnection, Shelf } from '../../../../src/proxy/server/server-connection.ts';
import { SessionConnections } from '../../../../src/proxy/server/session-connections.ts';
import { makeIdleMemory, SharedIdle } from '../../../../src/proxy/server/shared-idle.ts';
import { makeProxy, makeSlice } from '../configuration.ts';

const ROW = 1;

/** What shelves need of a connection. */
class FakeConnection {
  requests = 1;
  shelf: Shelf | null = null;
  shelfIndex = -1;
  closed = false;
  /** As of a worker that other workers take connections from. */
  fd = 7;
  slot = -1;
  isWatched = true;
  lost = false;
  readonly key: string;
  readonly server: unknown;
  private readonly idle: IdleConnections;

  constructor(idle: IdleConnections, key = '', server: unknown = null) {
    this.idle = idle;
    this.key = key;
    this.server = server;
    idle.countUse();
  }

  lieOn(shelf: Shelf, index: number): void {
    this.shelf = shelf;
    this.shelfIndex = index;
    this.idle.countEnd();
  }

  leaveShelf(): void {
    this.shelf = null;
    this.idle.countUse();
  }

  discard(): void {
    this.closed = true;
    if (this.shelf === null) this.idle.countEnd();
    else this.shelf.remove(this.real);
  }

  lose(): void {
    this.lost = true;
  }

  get real(): ServerConnection {
    return this as unknown as ServerConnection;
  }
}

function makeIdle(link: Partial<ServerLink> = {}, limits = { low: 100, high: 100 }, shared: SharedIdle | null = null) {
  const rows = mapRows(makeSlice([makeProxy()]));
  const { place, owned } = claimCounters(createMemfd('test'), rows, 1);
  const counters = new Counters(place, owned, owned[0]!);
  const timers = new TimerWheel(0);
  const loop = { now: 0, timers } as unknown as Loop;
  const idle = new IdleConnections(counters, ROW, { ...defaultServerLink, ...link }, loop, limits, shared);
  const make = (count: number, key?: string) => Array.from({ length: count }, () => new FakeConnection(idle, key));
  const gauges = () => [IDLE_CUR, SAFE_CUR, USED_CUR].map((gauge) => counters.gauge(ROW, gauge));
  /** Puts away; what finds no place is closed. */
  const keep = (connections: readonly FakeConnection[]) => {
    for (const connection of connections) if (!idle.keep(connection.real)) connection.discard();
  };
  return { idle, make, keep, gauges, purge: () => idle.onTimer() };
}

describe('IdleConnections', () => {
  it('keeps as many as were in use at once', () => {
    const { make, keep, idle } = makeIdle();
    keep(make(3));
    expect(idle.length).toBe(3);
    const [more] = make(1);
    keep([more!]);
    expect([more!.closed, idle.length]).toEqual([true, 3]);
  });

  it('keeps one in any case', () => {
    const { make, keep, idle } = makeIdle({}, { low: 0, high: 100 });
    const [fresh, other, safe] = make(3);
    safe!.requests = 2;
    keep([fresh!, other!, safe!]);
    expect([fresh!.closed, other!.closed, safe!.closed]).toEqual([false, true, false]);
    expect(idle.length).toBe(2);
  });

  it('tells those that have served more than one request from the others', () => {
    const { idle, make, keep, gauges } = makeIdle();
    const [fresh, safe] = make(2);
    safe!.requests = 2;
    keep([safe!, fresh!]);
    expect(gauges()).toEqual([2, 1, 0]);
    expect(idle.takeFresh('')).toBe(fresh);
    expect(idle.takeFresh('')).toBeNull();
    expect(idle.takeSafe('')).toBe(safe);
    expect(idle.takeSafe('')).toBeNull();
    expect(gauges()).toEqual([0, 0, 2]);
  });

  it('finds one of the same key only', () => {
    const { idle, make, keep } = makeIdle();
    const [a] = make(1, 'a');
    const [b] = make(1, 'b');
    keep([a!, b!]);
    expect(idle.takeFresh('c')).toBeNull();
    expect(idle.takeFresh('a')).toBe(a);
    expect(idle.takeFresh('a')).toBeNull();
    b!.discard();
    expect(idle.takeFresh('b')).toBeNull();
  });

  it('forgets one that the server closed, wherever it lies', () => {
    const { idle, make, keep, gauges, purge } = makeIdle();
    keep(make(3));
    purge();
    idle.closeAll();
    const [a, b, c] = make(3);
    keep([a!, b!, c!]);
    a!.discard();
    expect([idle.takeFresh(''), idle.takeFresh('')].map((each) => each as unknown).sort()).toEqual([b, c].sort());
    expect(gauges()).toEqual([0, 0, 2]);
  });

  it('holds pool-max-conn, and keeps nothing without a purge delay', () => {
    const bounded = makeIdle({ poolMaxConn: 1, poolLowConn: 10 });
    bounded.keep(bounded.make(3));
    expect(bounded.idle.length).toBe(1);
    const none = makeIdle({ poolPurgeDelayMs: 0 });
    none.keep(none.make(1));
    expect(none.idle.length).toBe(0);
  });

  it('keeps more with pool-low-conn, unless descriptors run short', () => {
    const more = makeIdle({ poolLowConn: 10 });
    more.keep(more.make(8));
    expect(more.idle.length).toBe(8);
    const short = makeIdle({ poolLowConn: 10 }, { low: 2, high: 4 });
    short.keep(short.make(8));
    expect(short.idle.length).toBe(2);
    const out = makeIdle({ poolLowConn: 10 }, { low: 0, high: 1 });
    out.keep(out.make(2));
    expect(out.idle.length).toBe(1);
    out.idle.makeRoom();
    expect(out.idle.length).toBe(0);
  });

  it('closes half of those that nobody needed lately at every purge', () => {
    const { idle, make, keep, purge } = makeIdle({ poolLowConn: 10 });
    keep(make(8));
    const lengths = [1, 2, 3, 4, 5, 6].map(() => {
      purge();
      return idle.length;
    });
    expect(lengths).toEqual([8, 8, 6, 4, 2, 1]);
  });
});

describe('IdleConnections of several workers', () => {
  it('do not take for theirs a connection that another worker took over, when its descriptor came back', () => {
    const memory = makeIdleMemory(10);
    const [mine, other] = [new SharedIdle(memory, 0, -1), new SharedIdle(memory, 1, -1)];
    const { make, keep, idle } = makeIdle({ poolLowConn: 10 }, { low: 100, high: 100 }, mine);
    const [old, fresh] = make(2);
    keep([old!]);
    expect(other.takeOver(ROW, false)?.fd).toBe(old!.fd);
    // The other worker has closed it, and the kernel gives its number to the next connection here.
    old!.isWatched = false;
    keep([fresh!]);
    expect(fresh!.slot).toBe(old!.slot);
    old!.discard();
    expect(idle.takeFresh('')).toBe(fresh);
    expect(idle.takeFresh('')).toBeNull();
  });
});

describe('SessionConnections', () => {
  function makeOwn(names: readonly string[], most: number, link: Partial<ProxyLink>) {
    const { idle } = makeIdle();
    const proxy = makeProxy();
    const backend = { conf: { ...proxy, link: { ...proxy.link, ...link } } } as Backend;
    const servers = names.map(() => ({
      proxy: backend.conf,
      usable: true,
      queue: { length: 3 },
      hasRoom: () => false,
    }));
    const own = new SessionConnections(most);
    const connections = servers.map((server) => new FakeConnection(idle, '', server));
    const kept = connections.map((connection) => own.keep(connection.real));
    return { own, servers, connections, kept, backend };
  }

  it("keeps a session's own, up to a number, by server and key", () => {
    const { own, servers, connections, kept } = makeOwn(['a', 'b', 'c'], 2, {});
    const [a, , c] = servers as unknown as Server[];
    expect(kept).toEqual([true, true, false]);
    expect(own.take(c!, '')).toBeNull();
    expect(own.take(a!, 'key')).toBeNull();
    expect(own.take(a!, '')).toBe(connections[0]);
    own.closeAll();
    expect(connections.map(({ closed }) => closed)).toEqual([false, true, false]);
  });

  it('find the server of the latest, if the session is to stay there', () => {
    const { own, servers, backend } = makeOwn(['a', 'b'], 9, { preferLastServer: true });
    expect(own.findServer(backend, false)).toBe(servers[1]);
    servers[1]!.usable = false;
    expect(own.findServer(backend, false)).toBe(servers[0]);
    expect(own.findServer({ conf: makeProxy() } as Backend, true)).toBeNull();
    own.closeAll();
    expect(own.findServer(backend, false)).toBeNull();
  });

  it('find one with a full queue only for a session that is tied to it', () => {
    const { own, servers, backend } = makeOwn(['a'], 9, { preferLastServer: true, maxKeepAliveQueue: 3 });
    expect(own.findServer(backend, false)).toBeNull();
    expect(own.findServer(backend, true)).toBe(servers[0]);
    servers[0]!.queue.length = 1;
    expect(own.findServer(backend, false)).toBe(servers[0]);
  });

  it('find none where nothing asks for the last server', () => {
    const { own, servers, backend } = makeOwn(['a'], 9, { preferLastServer: false });
    expect(own.findServer(backend, false)).toBeNull();
    expect(own.findServer(backend, true)).toBe(servers[0]);
  });
});
