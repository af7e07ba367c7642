/**
 * `shards` of a `bind` line: one address as several listeners, each with a socket of its own and a share of the threads,
 * between which the kernel divides connections (SO_REUSEPORT). As in HAProxy (manual, chapter 5.1) every one of them is a
 * listener like any other, with its own line in statistics and its own `maxconn`; threads are dealt out in order, and
 * there are never more shards than threads. There is one thread group, so `by-group` means one socket.
 */
import type { ShardRule } from '../../grammar/haproxy/listener-settings.ts';
import type { ListenAddress } from './haproxy.ts';
import { includesThread, type ThreadSet } from './listener-options.ts';

/** The threads of each listener that an address becomes; null: all of them. `count`: how many threads there are. */
export function divideThreads(
  threads: readonly ThreadSet[] | null,
  rule: ShardRule,
  count: number,
): readonly (readonly ThreadSet[] | null)[] {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const taken = numbers.filter((number) => includesThread(threads, number - 1));
  // A line whose threads do not exist is served by all of them.
  const members = taken.length > 0 ? taken : numbers;
  const shards = Math.min(members.length, countShards(rule, members.length));
  if (shards <= 1) return [threads];
  const end = (shard: number) => Math.ceil((shard * members.length) / shards);
  return Array.from({ length: shards }, (_, shard) => toRanges(members.slice(end(shard), end(shard + 1))));
}

function countShards(rule: ShardRule, threads: number): number {
  if (rule === 'by-thread') return threads;
  return rule === 'by-group' ? 1 : rule;
}

/** Only what is bound to a port can be bound several times. */
export function isDivisible({ kind }: ListenAddress): boolean {
  return kind === 'ip';
}

function toRanges(numbers: readonly number[]): ThreadSet[] {
  const ranges: { first: number; last: number; only: 'all' }[] = [];
  for (const number of numbers) {
    const latest = ranges.at(-1);
    if (latest !== undefined && latest.last === number - 1) latest.last = number;
    else ranges.push({ first: number, last: number, only: 'all' });
  }
  return ranges;
}
