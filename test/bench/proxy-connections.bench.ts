/**
 * What an open connection costs beside the real HAProxy: as many idle keep-alive connections as one process can hold,
 * and half as many sessions in mode tcp that each have a connection to the server. All of them are asked once more at the
 * end: each must still be served.
 *
 *     node test/bench/run.mjs proxy-connections
 *
 * Counted is how much the whole process tree grows after it has once held 500 connections. BENCH_CONNECTIONS sets the
 * number of idle ones (18,000, or what the limit of descriptors allows).
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts, waitForPort } from '../net/lib/ports.ts';
import { readTreeUsage } from '../net/lib/process-tree.ts';
import { type Program, startProgram, type TestFiles, writeFiles } from '../net/lib/program.ts';
import { describeNet, distBin, findBinary } from '../net/lib/requirements.ts';
import { sleep } from '../net/lib/wait.ts';
import { buildGenerator, HeldConnections, readDescriptorLimit } from './load/start.ts';
import { nginxConf, startNginx } from './origin.ts';

const WARM_UP = 500;
const SPARE = 2000;
/** Seconds within which V8 gives back what only the start needed. */
const SETTLING = 15;
const BOUND = 1.5;
const most = Math.min(readDescriptorLimit(), 20_000) - SPARE;
const idleCount = Number(process.env.BENCH_CONNECTIONS ?? most);

const work = [
  { name: 'idle keep-alive connection', port: 1, count: idleCount },
  { name: 'session in mode tcp', port: 0, count: Math.floor(idleCount / 2) },
];

describeNet('connections beside HAProxy', { binaries: ['haproxy', 'nginx'], build: true }, () => {
  const rows: string[] = [];
  let files: TestFiles;
  let origin: Program;
  let generator: string;
  let web: number;
  beforeAll(async () => {
    generator = await buildGenerator();
    [web] = (await freePorts(1)) as [number];
    files = await writeFiles({ 'nginx.conf': nginxConf(web, 16_000) });
    origin = startNginx(files);
    await waitForPort(web);
  });
  afterAll(async () => {
    console.log(`\n${rows.join('\n')}\n`);
    await origin?.stop();
    await files?.remove();
  });

  it.each(work)('$name', async ({ name, port, count }) => {
    const growth: number[] = [];
    for (const [side, binary] of [
      ['ours', distBin('haproxy')],
      ['haproxy', findBinary('haproxy')!],
    ] as const) {
      growth.push(await measure(side, binary, port, count));
    }
    const [ours, theirs] = growth as [number, number];
    rows.push(
      `${name.padEnd(28)} ${count}   ours ${ours.toFixed(2)} KiB   haproxy ${theirs.toFixed(2)} KiB   ratio ${(ours / theirs).toFixed(2)}   bound ${BOUND}`,
    );
    expect.soft(ours / theirs, `memory of one ${name}`).toBeLessThanOrEqual(BOUND);
  });

  async function measure(side: string, binary: string, port: number, count: number): Promise<number> {
    const ports = await freePorts(2);
    const conf = await writeFiles({ 'haproxy.cfg': proxyConf(ports, web, count) });
    const program = startProgram(binary, ['-db', '-f', conf.path('haproxy.cfg')]);
    try {
      for (const each of ports) await waitForPort(each);
      const warm = new HeldConnections(generator, ports[port]!, WARM_UP);
      expect(await warm.held(), program.output()).toBe(WARM_UP);
      await warm.close();
      const before = await readSettled(program.pid);
      const held = new HeldConnections(generator, ports[port]!, count);
      expect(await held.held(), `${side}: ${program.output()}`).toBe(count);
      await sleep(3000);
      const after = readTreeUsage(program.pid).rssKiB;
      expect(await held.ask(), `${side} serves all once more`).toBe(count);
      await held.close();
      return (after - before) / count;
    } finally {
      await program.stop();
      await conf.remove();
    }
  }
});

/** Resident memory once it has stopped changing: after a start V8 takes some seconds to give back what it does not need. */
async function readSettled(pid: number): Promise<number> {
  let last = 0;
  let now = readTreeUsage(pid).rssKiB;
  for (let quiet = 0, seconds = 0; (quiet < 5 || seconds < SETTLING) && seconds < 2 * SETTLING; seconds++) {
    last = now;
    await sleep(1000);
    now = readTreeUsage(pid).rssKiB;
    quiet = Math.abs(now - last) < 64 ? quiet + 1 : 0;
  }
  return now;
}

function proxyConf([tcp, http]: readonly number[], origin: number, count: number): string {
  return `
global
    maxconn ${count + 100}
    nbthread 1
    no strict-limits
defaults
    timeout connect 5s
    timeout client 300s
    timeout server 300s
listen tcp
    mode tcp
    maxconn ${count + 100}
    bind 127.0.0.1:${tcp} backlog 4096
    server s 127.0.0.1:${origin}
listen http
    mode http
    maxconn ${count + 100}
    bind 127.0.0.1:${http} backlog 4096
    server s 127.0.0.1:${origin}
`;
}
