/**
 * Several threads of one process choose as one: turns are taken, loads are counted and queues are served by the process,
 * beside Debian's HAProxy with as many threads. Every session is a connection of its own, so that all threads take part.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askOnce, type HeldConnection, hold, type NamedOrigin, openOrigins } from './lib/named-origins.ts';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';

const algorithms = ['roundrobin', 'static-rr', 'leastconn', 'first'];
const NAMES = ['s1', 's2', 's3', 's4'];

interface Side {
  readonly proxy: RunningProxy;
  readonly turnPorts: readonly number[];
  readonly heldPorts: readonly number[];
  readonly queuePort: number;
}

async function openSide(
  which: 'original' | 'ours',
  http: readonly NamedOrigin[],
  tcp: readonly NamedOrigin[],
): Promise<Side> {
  const [queuePort = 0, ...ports] = await freePorts(1 + 2 * algorithms.length);
  const turnPorts = ports.slice(0, algorithms.length);
  const heldPorts = ports.slice(algorithms.length);
  const servers = (origins: readonly NamedOrigin[], words: string) =>
    origins.map((o, i) => `  server ${o.name} 127.0.0.1:${o.port} weight ${i + 1} ${words}`);
  const config = [
    'global\n  nbthread 4\n  maxconn 2000',
    'defaults\n  timeout client 20s\n  timeout server 20s\n  timeout connect 5s\n  timeout queue 10s',
    ...algorithms.flatMap((name, i) => [
      `listen t${i}\n  mode http\n  bind 127.0.0.1:${turnPorts[i]}\n  balance ${name}`,
      ...servers(http, ''),
      `listen h${i}\n  mode tcp\n  bind 127.0.0.1:${heldPorts[i]}\n  balance ${name}`,
      ...servers(tcp, 'maxconn 8'),
    ]),
    `listen queue\n  mode tcp\n  bind 127.0.0.1:${queuePort}`,
    ...servers(tcp.slice(0, 1), 'maxconn 1'),
    '',
  ].join('\n');
  return { proxy: await startProxy(which, config, turnPorts[0]!), turnPorts, heldPorts, queuePort };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeNet('Several threads beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let http: NamedOrigin[];
  let tcp: NamedOrigin[];
  let sides: Side[];

  beforeAll(async () => {
    http = await openOrigins('http', NAMES);
    tcp = await openOrigins('tcp', NAMES);
    sides = [await openSide('original', http, tcp), await openSide('ours', http, tcp)];
  });

  afterAll(async () => {
    for (const side of sides ?? []) await side.proxy.stop();
    for (const origin of [...(http ?? []), ...(tcp ?? [])]) await origin.stop();
  });

  for (const [i, name] of algorithms.entries()) {
    it(`${name} takes one sequence of turns`, async () => {
      const perform = async ({ turnPorts }: Side): Promise<string> => {
        const names: string[] = [];
        for (let n = 0; n < 60; n++) {
          names.push(await askOnce(turnPorts[i]!, '', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'));
          // The server's place is given back a moment after the answer.
          if (name === 'leastconn') await pause(3);
        }
        return names.join(' ');
      };
      const [theirs, mine] = await Promise.all(sides.map(perform));
      expect(mine).toBe(theirs);
    });

    it(`${name} counts the sessions of all threads`, async () => {
      const perform = async ({ heldPorts }: Side): Promise<string> => {
        const held: HeldConnection[] = [];
        for (let n = 0; n < 30; n++) held.push(await hold(heldPorts[i]!));
        for (const n of [3, 4, 11, 20]) await held[n]!.close();
        await pause(20);
        for (let n = 0; n < 6; n++) held.push(await hold(heldPorts[i]!));
        for (const each of held) await each.close();
        return held.map((each) => each.name).join(' ');
      };
      const [theirs, mine] = await Promise.all(sides.map(perform));
      expect(mine).toBe(theirs);
    });
  }

  it('serves those that wait in the order in which they came', async () => {
    const perform = async ({ queuePort }: Side): Promise<number[]> => {
      const first = await hold(queuePort);
      const served: number[] = [];
      const waiting = [];
      for (let n = 0; n < 12; n++) {
        waiting.push(
          hold(queuePort).then(async (held) => {
            served.push(n);
            await pause(15);
            await held.close();
          }),
        );
        await pause(10);
      }
      await first.close();
      await Promise.all(waiting);
      return served;
    };
    for (const side of sides) expect(await perform(side)).toEqual([...Array(12).keys()]);
  });
});
