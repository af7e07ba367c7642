import { afterEach, describe, expect, it } from 'vitest';
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP, openEventfd } from '../../../../src/os/epoll.ts';
import { Loop } from '../../../../src/proxy/loop/loop.ts';
import type { EndOwner } from '../../../../src/proxy/loop/socket-end.ts';
import type { Server } from '../../../../src/proxy/server/server.ts';
import { ServerConnection, type Shelf } from '../../../../src/proxy/server/server-connection.ts';

const opened: ServerConnection[] = [];
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

const nobody: EndOwner = { onEnd: () => {} };

function makeServer(): Server {
  return {
    connector: { isPrivate: false, isUnix: false, takenPort: 0, release: () => {} },
    proxy: { link: { httpReuse: 'safe' } },
    idle: { countUse: () => {}, countEnd: () => {} },
  } as unknown as Server;
}

function makeResting() {
  const loop = new Loop(openEventfd(), () => {});
  const connection = new ServerConnection(openEventfd(), makeServer(), '', loop, null as never, nobody, false);
  opened.push(connection);
  connection.open();
  let removed = 0;
  const shelf: Shelf = { remove: () => ++removed > 0 };
  connection.lieOn(shelf, 0);
  return { connection, loop, removed: () => removed };
}

describe('ServerConnection at rest', () => {
  it('is kept when it is only told that it is writable', () => {
    const { connection, removed } = makeResting();
    connection.onReady(EPOLLOUT);
    expect([connection.closed, removed()]).toEqual([false, 0]);
  });

  it.each([
    ['says something', EPOLLIN | EPOLLOUT],
    ['ends it', EPOLLIN | EPOLLRDHUP],
    ['is gone', EPOLLHUP],
    ['breaks it', EPOLLERR],
  ])('is closed when the server %s', (_what, events) => {
    const { connection, removed } = makeResting();
    connection.onReady(events);
    expect([connection.closed, removed()]).toEqual([true, 1]);
  });

  it('knows when its descriptor is that of another connection by now', () => {
    const { connection, loop } = makeResting();
    expect(connection.isWatched).toBe(true);
    loop.unwatch(connection.fd);
    const other = new ServerConnection(connection.fd, makeServer(), '', loop, null as never, nobody, false);
    other.open();
    expect([connection.isWatched, other.isWatched]).toEqual([false, true]);
    connection.lose();
    expect(other.isWatched).toBe(true);
  });
});
