/**
 * A load generator for measurements, a process of its own: system calls on epoll as in the proxy, so that it costs less
 * than what it measures. Keep-alive connections to 127.0.0.1:PORT from the addresses 127.0.0.2, .3 and so on (one
 * source address has 28,000 ports), each with GET requests of one kind.
 *
 *     generator.js hold PORT COUNT            opens COUNT connections, one request each, and keeps them; prints "held N".
 *                                             Then for each line of input: one more request on each; prints "answered N".
 *     generator.js pace PORT CONNECTIONS RATE SECONDS
 *                                             RATE requests a second, due at fixed moments whatever the answers do; prints
 *                                             JSON. Latency counts from the moment a request was due.
 */
import { readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { encodeAddress } from '../../../src/os/address.ts';
import {
  addEvents,
  allocateEvents,
  changeEvents,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  FD_AT,
  openEpoll,
  STRIDE,
  wait,
} from '../../../src/os/epoll.ts';
import { declare } from '../../../src/os/libc.ts';
import { allocate } from '../../../src/os/memory.ts';
import {
  bindSocket,
  connectAt,
  IP_BIND_ADDRESS_NO_PORT,
  MSG_NOSIGNAL,
  openSocket,
  recvAt,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_IP,
  sendAt,
  setOption,
} from '../../../src/os/socket.ts';

const PER_ADDRESS = 5000;
const OPEN_AT_ONCE = 200;
const AF_INET = 2;

const [mode, port, ...numbers] = process.argv.slice(2);
const epoll = openEpoll();
const events = allocateEvents(512);
const memory = allocate(1 << 17);
const requestAt = memory.address + 65536;
const request = Buffer.from(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, 'latin1');
memory.bytes.set(request, 65536);
const target = allocate(4096);
const address = encodeAddress({ family: 4, host: '127.0.0.1', port: Number(port) });
target.bytes.set(address);

/** By descriptor: when the outstanding request was due, 0 while there is none. */
const dueAt: number[] = [];
let errors = 0;

function open(index: number): number {
  const fd = openSocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
  if (fd < 0) throw new Error(`socket: errno ${-fd}`);
  setOption(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  bindSocket(fd, { family: 4, host: `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}`, port: 0 });
  connectAt(fd, target.address, address.length);
  addEvents(epoll, fd, (EPOLLIN | EPOLLOUT | EPOLLET) >>> 0, 0);
  dueAt[fd] = 0;
  return fd;
}

function ask(fd: number, due: number): void {
  dueAt[fd] = due;
  if (sendAt(fd, requestAt, request.length, MSG_NOSIGNAL) !== request.length) fail(fd);
}

function fail(fd: number): void {
  errors++;
  dueAt[fd] = 0;
}

/** Whether the descriptor has brought the answer to its request; answers are small and come in one piece. */
function takeAnswer(fd: number): boolean {
  const n = recvAt(fd, memory.address, 65536, 0);
  if (n <= 0) {
    if (n === 0 || n !== -11) fail(fd);
    return false;
  }
  if (memory.bytes[9] !== 50) errors++;
  return dueAt[fd] !== 0;
}

function eachEvent(timeoutMs: number, act: (fd: number, what: number) => void): void {
  const count = wait(epoll, events, timeoutMs);
  for (let i = 0; i < count; i++) act(events.ints[i * STRIDE + FD_AT]!, events.ints[i * STRIDE]!);
}

// ---- hold ------------------------------------------------------------------------------------------------------------

function hold(count: number): void {
  const fds: number[] = [];
  let answered = 0;
  const act = (fd: number, what: number): void => {
    if (what & (EPOLLERR | EPOLLHUP)) fail(fd);
    else if (what & EPOLLIN && takeAnswer(fd)) {
      dueAt[fd] = 0;
      answered++;
    } else if (what & EPOLLOUT && dueAt[fd] === 0) {
      changeEvents(epoll, fd, (EPOLLIN | EPOLLET) >>> 0, 0);
      ask(fd, 1);
    }
  };
  const settle = (wanted: number): void => {
    const limit = performance.now() + 10_000;
    while (answered + errors < wanted && performance.now() < limit) eachEvent(100, act);
  };
  while (fds.length < count) {
    for (let i = 0; i < OPEN_AT_ONCE && fds.length < count; i++) fds.push(open(fds.length));
    settle(fds.length);
  }
  process.stdout.write(`held ${answered}\n`);
  while (readLine()) {
    answered = 0;
    errors = 0;
    for (let from = 0; from < count; from += OPEN_AT_ONCE) {
      for (const fd of fds.slice(from, from + OPEN_AT_ONCE)) ask(fd, 1);
      settle(Math.min(count, from + OPEN_AT_ONCE));
    }
    process.stdout.write(`answered ${answered}\n`);
  }
}

/** Waits for a line of input; false at its end. */
function readLine(): boolean {
  const byte = Buffer.alloc(1);
  while (readSync(0, byte) > 0) if (byte[0] === 10) return true;
  return false;
}

// ---- pace ------------------------------------------------------------------------------------------------------------

const pwait2 = declare('int epoll_pwait2(int, intptr_t, int, intptr_t, intptr_t)');
const timespec = allocate(4096);

/** Waits for events with microseconds' resolution. */
function waitFor(ms: number): number {
  timespec.view.setBigInt64(0, 0n, true);
  timespec.view.setBigInt64(8, BigInt(Math.max(0, Math.floor(ms * 1e6))), true);
  return pwait2(epoll, events.region.address, events.capacity, timespec.address, 0);
}

function pace(connections: number, rate: number, seconds: number): void {
  const idle = Array.from({ length: connections }, (_, i) => open(i));
  eachEvent(500, () => {});
  const latencies = new Float64Array(Math.ceil(rate * seconds));
  const step = 1000 / rate;
  // The first second warms up.
  const start = performance.now() + 5;
  const counted = start + 1000;
  const end = counted + seconds * 1000;
  let due = start;
  let done = 0;
  for (let now = performance.now(); now < end; now = performance.now()) {
    for (; due <= now && idle.length > 0; due += step) ask(idle.pop()!, due);
    const count = waitFor(idle.length > 0 ? due - performance.now() : 1);
    const came = performance.now();
    for (let i = 0; i < count; i++) {
      const fd = events.ints[i * STRIDE + FD_AT]!;
      if (!(events.ints[i * STRIDE]! & EPOLLIN) || !takeAnswer(fd)) continue;
      if (dueAt[fd]! >= counted && done < latencies.length) latencies[done++] = came - dueAt[fd]!;
      dueAt[fd] = 0;
      idle.push(fd);
    }
  }
  const sorted = latencies.subarray(0, done).sort();
  const at = (share: number): number => sorted[Math.min(done - 1, Math.floor(done * share))]!;
  process.stdout.write(`${JSON.stringify({ done, errors, p50: at(0.5), p99: at(0.99), p999: at(0.999) })}\n`);
}

if (mode === 'hold') hold(Number(numbers[0]));
else pace(Number(numbers[0]), Number(numbers[1]), Number(numbers[2]));
