/** How threads are dealt out to the sockets of one address: the masks are those of HAProxy 2.6's `show fd`. */
import { expect, it } from 'vitest';
import type { HaproxyConfig } from '../../../src/config/haproxy.ts';
import { includesThread, type ThreadSet } from '../../../src/config/listener-options.ts';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';
import { printHaproxy } from '../../../src/config/print-haproxy.ts';
import { divideThreads } from '../../../src/config/shards.ts';

function maskOf(threads: readonly ThreadSet[] | null, count: number): number {
  return Array.from({ length: count }, (_, i) => i).reduce(
    (m, i) => (includesThread(threads, i) ? m | (1 << i) : m),
    0,
  );
}

it.each([
  [4, 2, [0x3, 0xc]],
  [4, 3, [0x3, 0x4, 0x8]],
  [7, 3, [0x7, 0x18, 0x60]],
  [5, 3, [0x3, 0xc, 0x10]],
  [8, 5, [0x3, 0xc, 0x10, 0x60, 0x80]],
  [8, 3, [0x7, 0x38, 0xc0]],
  [7, 5, [0x3, 0x4, 0x18, 0x20, 0x40]],
  [4, 'by-thread', [1, 2, 4, 8]],
  [4, 'by-group', [0xf]],
  [2, 9, [1, 2]],
] as const)('deals %i threads out to shards %s', (count, rule, masks) => {
  expect(divideThreads(null, rule, count).map((threads) => maskOf(threads, count))).toEqual(masks);
});

it('divides the threads that a line names', () => {
  const some = [{ first: 1, last: 2, only: 'all' }] as const;
  expect(divideThreads(some, 9, 4).map((threads) => maskOf(threads, 4))).toEqual([1, 2]);
  const odd = [{ first: 1, last: null, only: 'odd' }] as const;
  expect(divideThreads(odd, 2, 8).map((threads) => maskOf(threads, 8))).toEqual([0b101, 0b1010000]);
});

it('divides all threads when those of the line do not exist', () => {
  const none = [{ first: 9, last: 9, only: 'all' }] as const;
  expect(divideThreads(none, 2, 2).map((threads) => maskOf(threads, 2))).toEqual([1, 2]);
});

function load(text: string): HaproxyConfig | string {
  const readFile = () => Buffer.from(text);
  const options = { compat: 'default', assumeFiles: true, env: {}, readFile } as const;
  const { config, diagnostics } = loadHaproxy(['a.cfg'], options);
  return config ?? diagnostics.list.find(({ severity }) => severity === 'error')!.message;
}

const timeouts = ' timeout client 1s\n timeout server 1s\n timeout connect 1s\n';
const listenersOf = (config: HaproxyConfig | string) => (config as HaproxyConfig).proxies[0]!.listeners;

/** Numbers as HAProxy 2.6 gives them: those of a line count for all of its shards, the others take their turn. */
it('makes a listener of every shard', () => {
  const text = `global\n nbthread 8\nfrontend f\n${timeouts} bind :17711 shards 5 id 9 name x maxconn 2\n bind :17712,:17714 shards 2\n bind :17713\n`;
  const config = load(text);
  const listeners = listenersOf(config);
  expect(listeners.map(({ options }) => options.socketId)).toEqual([9, 9, 9, 9, 9, 6, 7, 8, 10, 11]);
  expect(new Set(listeners.map(({ id }) => id)).size).toBe(10);
  expect(listeners.slice(0, 5).every(({ name, maxconn }) => name === 'x' && maxconn === 2)).toBe(true);
  const again = load(printHaproxy(config as HaproxyConfig));
  expect(listenersOf(again).map(({ options }) => options)).toEqual(listeners.map(({ options }) => options));
});

it.each([
  ['', 'bind :80', 1],
  [' tune.listener.default-shards by-thread\n', 'bind :80', 4],
  [' tune.listener.default-shards by-thread\n', 'bind :80 shards 2', 2],
  [' tune.listener.default-shards by-process\n', 'bind :80', 1],
  [' tune.listener.default-shards by-thread\n', 'bind /run/x.sock', 1],
  ['', 'bind fd@7 shards 2', 1],
])('with %j divides %s into %i', (global, bind, count) => {
  expect(listenersOf(load(`global\n nbthread 4\n${global}frontend f\n${timeouts} ${bind}\n`))).toHaveLength(count);
});

it('refuses one number for several addresses', () => {
  const message = "'bind' : 'id' can only be used with a single socket";
  expect(load(`frontend f\n${timeouts} bind :80,:81 id 3\n`)).toContain(message);
  expect(load(`frontend f\n${timeouts} bind :80-82 id 3\n`)).toContain(message);
});
