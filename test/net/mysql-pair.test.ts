/**
 * The main job end to end: fixtures/scenarios/mysql-pair on two nodes, while parts of it die. A client queries a
 * database through the shared address all the time, with a new connection each.
 *
 * TANDEM_NET_ORACLE=1 runs the same steps with Debian's keepalived and haproxy on both nodes, to see that the steps
 * and their bounds are right.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AddressLog, watchAddress } from './lib/address-log.ts';
import {
  createPair,
  describePair,
  type Flavour,
  type Pair,
  type PairNode,
  pairBinaries,
  sharedAddress,
  sharedPort,
  waitForMaster,
} from './lib/mysql-pair.ts';
import { type QueryLoop, startQueryLoop } from './lib/query-loop.ts';
import { describeNet } from './lib/requirements.ts';
import { measureSlowness } from './lib/slowness.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const advertMs = 1000;
/** The fixture's priorities stay near 100; the lowest has the longest skew time. */
const skewMs = (advertMs * (256 - 98)) / 256;
const slackMs = 500;
/** `notify_master` sleeps 5 s before it starts the proxy. */
const proxyStartMs = 15_000;

const oracle = process.env.TANDEM_NET_ORACLE === '1';
const combinations: [Flavour, Flavour][] = oracle
  ? [['original', 'original']]
  : [
      ['tandem', 'tandem'],
      ['drop-in', 'drop-in'],
      ['drop-in', 'peer'],
      ['peer', 'drop-in'],
    ];

for (const [a, b] of combinations) {
  const peers = [a, b].includes('peer') || oracle ? ['keepalived'] : [];
  const binaries = [...pairBinaries, ...peers, ...(oracle ? ['haproxy'] : [])];
  describeNet(`mysql pair, ${a} and ${b}`, { root: true, binaries, build: !oracle }, () => runPair(a, b));
}

function runPair(flavourA: Flavour, flavourB: Flavour): void {
  let pair: Pair;
  let addresses: AddressLog;
  let loop: QueryLoop;

  beforeAll(async () => {
    pair = await createPair({ a: flavourA, b: flavourB });
    addresses = await watchAddress([pair.a.host, pair.b.host], sharedAddress);
    await pair.a.start();
    await pair.b.start();
    loop = await startQueryLoop(pair.client, sharedAddress, sharedPort);
  }, 120_000);
  afterAll(async () => {
    addresses?.close();
    await pair?.destroy();
  });

  /** A query that began after `sinceMs` was answered. */
  async function waitForAnswer(sinceMs: number, deadlineMs: number): Promise<void> {
    await waitUntil('an answer', () => loop.since(sinceMs).some((query) => query.answeredBy !== null), {
      deadlineMs,
      details: () => `${JSON.stringify(loop.queries.slice(-5), null, 1)}\n${describePair(pair)}`,
    });
  }

  /**
   * Waits until one node has the address, the proxy behind it answers, and nothing has moved for a while: a node that
   * has just come back may have the better priority, and takes over after an election.
   */
  async function settle(deadlineMs: number): Promise<PairNode> {
    const end = performance.now() + deadlineMs + proxyStartMs;
    for (let since = performance.now(); ; ) {
      const master = await waitForMaster(pair, deadlineMs);
      await waitForAnswer(since, proxyStartMs);
      const quietSince = Math.max(since, addresses.events.at(-1)?.atMs ?? 0);
      await sleep(Math.max(0, quietSince + 5 * advertMs - performance.now()));
      const moved = (addresses.events.at(-1)?.atMs ?? 0) > quietSince;
      const holders = await pair.holders();
      if (!moved && holders.length === 1 && holders[0] === master.host.name) return master;
      expect(performance.now(), `the address keeps moving: ${JSON.stringify(addresses.events)}`).toBeLessThan(end);
      since = performance.now();
    }
  }

  async function expectTakeover(by: PairNode, sinceMs: number, dueMs: number): Promise<void> {
    const withinMs = dueMs + slackMs * (await measureSlowness());
    const event = await addresses.waitFor(by.host.name, true, sinceMs, withinMs + 5000);
    console.log(`takeover by ${by.host.name} (${by.flavour}) after ${Math.round(event.atMs - sinceMs)} ms`);
    expect(event.atMs - sinceMs).toBeLessThan(withinMs);
    await waitForAnswer(performance.now(), proxyStartMs);
    expect(await pair.holders()).toEqual([by.host.name]);
  }

  it('elects one master and answers through the shared address', { timeout: 60_000 }, async () => {
    await settle(20_000);
    const started = performance.now();
    await waitUntil('answers from both databases', () => {
      const names = new Set(loop.since(started).map((query) => query.answeredBy));
      return names.has('a') && names.has('b');
    });
  });

  it('goes on without one database, and tells that it is down', { timeout: 90_000 }, async () => {
    const master = await waitForMaster(pair, 5000);
    const seen = master.syslog.lines().length;
    await pair.b.stopDatabase();
    const stopped = performance.now();
    // Three checks, 12 s apart.
    await master.syslog.waitFor(/Server proxy\/db2 is DOWN, reason: Layer7 wrong status, code: 503, /, {
      deadlineMs: 45_000,
      from: seen,
    });
    await waitUntil('more queries', () => loop.since(stopped).length > 5);
    const queries = loop.since(stopped);
    expect(queries.filter((query) => query.answeredBy !== 'a')).toEqual([]);
    expect(await pair.holders()).toEqual([master.host.name]);
    await pair.b.startDatabase();
  });

  it.skipIf(oracle)('has its proxy back within 2 s of a kill -9', { timeout: 90_000 }, async () => {
    const master = await waitForMaster(pair, 5000);
    const before = master.proxyRole();
    const slowness = await measureSlowness();
    const killed = performance.now();
    master.killProxyRole();
    await waitForAnswer(killed + 1, 2000 * slowness);
    expect(master.proxyRole()).not.toBe(before);
    await settle(5000);
  });

  it("survives a kill -9 of the master's core, and its return", { timeout: 90_000 }, async () => {
    const master = await settle(10_000);
    const killed = performance.now();
    master.killCore();
    await expectTakeover(pair.other(master), killed, 3 * advertMs + skewMs);
    await master.start();
    await settle(20_000);
  });

  it('survives a polite stop of the master, and its return', { timeout: 90_000 }, async () => {
    const master = await settle(10_000);
    const stopping = performance.now();
    const stopped = master.stop();
    await expectTakeover(pair.other(master), stopping, skewMs);
    await stopped;
    await master.start();
    await settle(20_000);
  });

  it('ends with neither side having found fault with the other', () => {
    for (const node of [pair.a, pair.b]) {
      const lines = [...node.output().split('\n'), ...node.syslog.lines()];
      expect(lines.filter((line) => /bogus|invalid|mismatch|internal error/i.test(line))).toEqual([]);
    }
  });
}
