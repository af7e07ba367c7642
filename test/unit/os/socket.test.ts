import { afterEach, describe, expect, it } from 'vitest';
import { AF_INET } from '../../../src/os/address.ts';
import {
  addEvents,
  allocateEvents,
  changeEvents,
  drainEventfd,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  FD_AT,
  openEpoll,
  openEventfd,
  removeEvents,
  wait,
  wake,
} from '../../../src/os/epoll.ts';
import { EAGAIN, EBADF, ECONNREFUSED, EINPROGRESS, errorText } from '../../../src/os/libc.ts';
import { createMemfd, fileSize, growFile } from '../../../src/os/memfd.ts';
import { allocate, mapShared, release } from '../../../src/os/memory.ts';
import {
  acceptAt,
  bindSocket,
  closeFd,
  connectSocket,
  getOption,
  listenOn,
  localAddress,
  openSocket,
  peerAddress,
  recvAt,
  SHUT_WR,
  SO_ERROR,
  SO_REUSEADDR,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  sendAt,
  setOption,
  setReset,
  shutdownSocket,
} from '../../../src/os/socket.ts';

const opened: number[] = [];
const keep = (fd: number): number => {
  expect(fd).toBeGreaterThanOrEqual(0);
  opened.push(fd);
  return fd;
};

afterEach(() => {
  for (const fd of opened.splice(0)) closeFd(fd);
});

function listen(): { fd: number; port: number } {
  const fd = keep(openSocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
  expect(setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)).toBe(0);
  expect(bindSocket(fd, { family: 4, host: '127.0.0.1', port: 0 })).toBe(0);
  expect(listenOn(fd, 8)).toBe(0);
  return { fd, port: (localAddress(fd) as { port: number }).port };
}

/** A connected pair on loopback. */
function connectPair(): { client: number; server: number } {
  const listener = listen();
  const client = keep(openSocket(AF_INET, SOCK_STREAM));
  expect(connectSocket(client, { family: 4, host: '127.0.0.1', port: listener.port })).toBe(0);
  const server = keep(acceptAt(listener.fd, 0, 0));
  return { client, server };
}

describe('sockets', () => {
  it('move bytes, say EAGAIN when there are none, and 0 at the end', () => {
    const { client, server } = connectPair();
    const memory = allocate(4096);
    memory.bytes.set([1, 2, 3]);
    expect(recvAt(server, memory.address, 10, 0)).toBe(-EAGAIN);
    expect(sendAt(client, memory.address, 3, 0)).toBe(3);
    expect(recvAt(server, memory.address + 100, 10, 0)).toBe(3);
    expect([...memory.bytes.subarray(100, 103)]).toEqual([1, 2, 3]);
    shutdownSocket(client, SHUT_WR);
    expect(recvAt(server, memory.address, 10, 0)).toBe(0);
    release(memory);
  });

  it('know both addresses', () => {
    const { client, server } = connectPair();
    expect(peerAddress(server)).toEqual(localAddress(client));
  });

  it('return what went wrong as a negative errno', () => {
    expect(closeFd(-1)).toBe(-EBADF);
    expect(errorText(-EBADF)).toBe('Bad file descriptor');
    const { fd, port } = listen();
    closeFd(opened.splice(opened.indexOf(fd), 1)[0]!);
    const client = keep(openSocket(AF_INET, SOCK_STREAM));
    expect(connectSocket(client, { family: 4, host: '127.0.0.1', port })).toBe(-ECONNREFUSED);
    const patient = keep(openSocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
    expect(connectSocket(patient, { family: 4, host: '127.0.0.1', port })).toBe(-EINPROGRESS);
    expect(getOption(patient, SOL_SOCKET, SO_ERROR)).toBe(ECONNREFUSED);
  });

  it('reset instead of FIN when told so', () => {
    const { client, server } = connectPair();
    setReset(client, true);
    closeFd(opened.splice(opened.indexOf(client), 1)[0]!);
    const memory = allocate(4096);
    expect(recvAt(server, memory.address, 10, 0)).toBeLessThan(0);
    release(memory);
  });
});

describe('epoll', () => {
  it('tells descriptor and registration with each event', () => {
    const { client, server } = connectPair();
    const epoll = keep(openEpoll());
    const events = allocateEvents(4);
    expect(addEvents(epoll, server, EPOLLIN | EPOLLRDHUP, 77)).toBe(0);
    expect(wait(epoll, events, 0)).toBe(0);
    shutdownSocket(client, SHUT_WR);
    expect(wait(epoll, events, 1000)).toBe(1);
    expect(events.ints[FD_AT]).toBe(server);
    expect(events.ints[FD_AT + 1]).toBe(77);
    expect(events.ints[0]! & EPOLLRDHUP).toBe(EPOLLRDHUP);
    expect(changeEvents(epoll, server, EPOLLOUT, 78)).toBe(0);
    expect(wait(epoll, events, 1000)).toBe(1);
    expect(events.ints[FD_AT + 1]).toBe(78);
    expect(removeEvents(epoll, server)).toBe(0);
    expect(wait(epoll, events, 0)).toBe(0);
  });

  it('is woken by an eventfd', () => {
    const epoll = keep(openEpoll());
    const events = allocateEvents(4);
    const waker = keep(openEventfd());
    addEvents(epoll, waker, EPOLLIN, 0);
    wake(waker);
    wake(waker);
    expect(wait(epoll, events, 1000)).toBe(1);
    drainEventfd(waker);
    expect(wait(epoll, events, 0)).toBe(0);
  });
});

describe('memory', () => {
  it('is zeroed and really there', () => {
    const region = allocate(10_000);
    expect(region.bytes.every((byte) => byte === 0)).toBe(true);
    expect(Number.isSafeInteger(region.address)).toBe(true);
    region.bytes[9999] = 7;
    expect(region.view.getUint8(9999)).toBe(7);
    release(region);
  });

  it('is shared through a memfd, at any page', () => {
    const fd = keep(createMemfd('test'));
    expect(fileSize(fd)).toBe(0);
    expect(growFile(fd, 3 * 4096)).toBe(0);
    expect(fileSize(fd)).toBe(3 * 4096);
    const whole = mapShared(fd, 3 * 4096);
    const page = mapShared(fd, 4096, 4096);
    page.bytes[5] = 42;
    expect(whole.bytes[4096 + 5]).toBe(42);
    release(whole);
    release(page);
  });

  it('throws rather than hand out nothing', () => {
    expect(() => mapShared(-1, 4096)).toThrow(/mmap/);
  });
});
