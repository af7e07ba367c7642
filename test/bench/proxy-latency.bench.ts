/**
 * Latency beside the real HAProxy: small requests at a fixed rate, half of what HAProxy can do here at most, and the
 * same at a low rate while bulk transfers run beside them, which shows whether connections get their turns.
 *
 *     node test/bench/run.mjs proxy-latency
 *
 * Rounds alternate; the table shows the best of each side, as what else the machine does only adds to it. Latency counts from the moment a request was due, so that a pause
 * is seen in every request that had to wait for it. BENCH_SECONDS (5) and BENCH_ROUNDS (5).
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts, waitForPort } from '../net/lib/ports.ts';
import { type Program, startProgram, type TestFiles, writeFiles } from '../net/lib/program.ts';
import { describeNet, distBin, findBinary } from '../net/lib/requirements.ts';
import { runWrk } from '../net/lib/wrk.ts';
import { buildGenerator, type Latencies, runPaced } from './load/start.ts';
import { BIG_FILE, nginxConf, startNginx } from './origin.ts';

const seconds = Number(process.env.BENCH_SECONDS ?? 5);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const CONNECTIONS = 32;
const BESIDE_BULK = 500;
const BOUND = 1.5;

interface Side {
  readonly name: string;
  readonly program: Program;
  readonly port: number;
}

describeNet('latency beside HAProxy', { binaries: ['haproxy', 'nginx', 'wrk'], build: true }, () => {
  const sides: Side[] = [];
  const rows: string[] = [];
  let files: TestFiles;
  let origin: Program;
  let generator: string;
  beforeAll(async () => {
    generator = await buildGenerator();
    const [web, ...ports] = await freePorts(3);
    files = await writeFiles({
      'nginx.conf': nginxConf(web!),
      big: BIG_FILE,
      'ours.cfg': proxyConf(ports[0]!, web!),
      'haproxy.cfg': proxyConf(ports[1]!, web!),
    });
    origin = startNginx(files);
    await waitForPort(web!);
    for (const [name, binary, port] of [
      ['ours', distBin('haproxy'), ports[0]!],
      ['haproxy', findBinary('haproxy')!, ports[1]!],
    ] as const) {
      sides.push({ name, port, program: startProgram(binary, ['-db', '-f', files.path(`${name}.cfg`)]) });
      await waitForPort(port);
    }
  });
  afterAll(async () => {
    console.log(`\n${rows.join('\n')}\n`);
    for (const { program } of sides) await program.stop();
    await origin?.stop();
    await files?.remove();
  });

  async function compare(name: string, run: (side: Side) => Promise<Latencies>): Promise<void> {
    const found = new Map<string, Latencies[]>(sides.map((side) => [side.name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const side of sides) {
        const result = await run(side);
        expect(result.errors, side.program.output()).toBe(0);
        found.get(side.name)!.push(result);
      }
    }
    const figure = (side: string, key: 'p50' | 'p99' | 'p999') =>
      Math.min(...found.get(side)!.map((result) => result[key]));
    for (const { name: side } of sides) {
      const [p50, p99, p999] = (['p50', 'p99', 'p999'] as const).map((key) => figure(side, key).toFixed(2).padStart(7));
      rows.push(`${name.padEnd(28)} ${side.padEnd(8)} p50 ${p50} ms   p99 ${p99} ms   p99.9 ${p999} ms`);
    }
    const ratio = figure('ours', 'p99') / figure('haproxy', 'p99');
    rows.push(`${name.padEnd(28)} p99 ours/haproxy ${ratio.toFixed(2)}   bound ${BOUND}`);
    expect.soft(ratio, `${name}: p99 over HAProxy's`).toBeLessThanOrEqual(BOUND);
  }

  it('at half of the maximum load', async () => {
    const theirs = sides[1]!;
    const url = `http://127.0.0.1:${theirs.port}/`;
    await runWrk({ url: `http://127.0.0.1:${sides[0]!.port}/`, seconds: 3, connections: CONNECTIONS });
    const most = await runWrk({ url, seconds: 3, connections: CONNECTIONS });
    const rate = Math.floor(most.requestsPerSecond / 2);
    await compare(`${rate} requests a second`, ({ port }) => runPaced(generator, port, CONNECTIONS, rate, seconds));
  });

  it('beside bulk transfers', async () => {
    await compare(`${BESIDE_BULK} a second beside bulk`, async ({ port }) => {
      const bulk = runWrk({ url: `http://127.0.0.1:${port}/big`, seconds: seconds + 2, connections: 4 });
      const result = await runPaced(generator, port, CONNECTIONS, BESIDE_BULK, seconds);
      await bulk;
      return result;
    });
  });
});

function proxyConf(port: number, origin: number): string {
  return `
global
    maxconn 4000
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s
listen http
    bind 127.0.0.1:${port}
    server s 127.0.0.1:${origin}
`;
}
