/**
 * What a request costs in a large configuration beside the real HAProxy: CPU time per request with 10, 1,000 and 10,000
 * servers in the backend, and with 10 and 1,000 proxies; and how long a start takes with each.
 *
 *     node test/bench/run.mjs proxy-scale
 *
 * Every request goes over a new connection to its server (`option http-server-close`): with 10,000 servers none would
 * rest long enough to be used twice. BENCH_SECONDS (2) and BENCH_ROUNDS (3).
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts, waitForPort } from '../net/lib/ports.ts';
import { readTreeUsage } from '../net/lib/process-tree.ts';
import { type Program, startProgram, type TestFiles, writeFiles } from '../net/lib/program.ts';
import { describeNet, distBin, findBinary } from '../net/lib/requirements.ts';
import { runWrk } from '../net/lib/wrk.ts';
import { median } from './median.ts';
import { nginxConf, startNginx } from './origin.ts';

const seconds = Number(process.env.BENCH_SECONDS ?? 2);
const WARM_UP_SECONDS = 6;
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const BOUND = 1.2;

const work = [
  { servers: 10, proxies: 1, balance: 'roundrobin' },
  { servers: 1000, proxies: 1, balance: 'roundrobin' },
  { servers: 10_000, proxies: 1, balance: 'roundrobin' },
  { servers: 10_000, proxies: 1, balance: 'leastconn' },
  { servers: 1, proxies: 10, balance: 'roundrobin' },
  { servers: 1, proxies: 1000, balance: 'roundrobin' },
];

describeNet('large configurations beside HAProxy', { binaries: ['haproxy', 'nginx', 'wrk'], build: true }, () => {
  const rows: string[] = [];
  let files: TestFiles;
  let origin: Program;
  let web: number;
  beforeAll(async () => {
    [web] = (await freePorts(1)) as [number];
    files = await writeFiles({ 'nginx.conf': nginxConf(web) });
    origin = startNginx(files);
    await waitForPort(web);
  });
  afterAll(async () => {
    console.log(`\n${rows.join('\n')}\n`);
    await origin?.stop();
    await files?.remove();
  });

  it.each(work)('$servers servers, $proxies proxies, $balance', async (given) => {
    const ports = await freePorts(2 * given.proxies);
    const conf = await writeFiles({
      'ours.cfg': proxyConf(ports.slice(0, given.proxies), web, given),
      'haproxy.cfg': proxyConf(ports.slice(given.proxies), web, given),
    });
    const sides = [
      { name: 'ours', binary: distBin('haproxy'), port: ports[given.proxies - 1]! },
      { name: 'haproxy', binary: findBinary('haproxy')!, port: ports[2 * given.proxies - 1]! },
    ];
    const programs: Program[] = [];
    const starts: number[] = [];
    const cost = sides.map((): number[] => []);
    try {
      for (const { name, binary, port } of sides) {
        const began = performance.now();
        programs.push(startProgram(binary, ['-db', '-f', conf.path(`${name}.cfg`)]));
        await waitForPort(port, '127.0.0.1', { deadlineMs: 30_000 });
        starts.push(performance.now() - began);
      }
      // The first round is not counted: V8 takes some seconds under load to compile what is hot.
      for (let round = 0; round <= rounds; round++) {
        for (const [i, { port }] of sides.entries()) {
          const before = readTreeUsage(programs[i]!.pid).cpuMs;
          const result = await runWrk({
            url: `http://127.0.0.1:${port}/`,
            seconds: round === 0 ? WARM_UP_SECONDS : seconds,
            connections: 32,
          });
          expect(result.errors, result.output).toBe(0);
          const used = readTreeUsage(programs[i]!.pid).cpuMs - before;
          if (round > 0) cost[i]!.push((used * 1000) / result.requests);
        }
      }
    } finally {
      for (const program of programs) await program.stop();
      await conf.remove();
    }
    const [ours, theirs] = cost.map(median) as [number, number];
    const [start, theirStart] = starts.map((ms) => Math.round(ms));
    rows.push(
      `${String(given.servers).padStart(6)} servers ${String(given.proxies).padStart(5)} proxies ${given.balance.padEnd(10)}` +
        `   ours ${ours.toFixed(1).padStart(6)} us   haproxy ${theirs.toFixed(1).padStart(6)} us   ratio ${(theirs / ours).toFixed(2)}` +
        `   start ours ${start} ms, haproxy ${theirStart} ms`,
    );
    expect.soft(ours / theirs, 'our CPU time over HAProxy’s').toBeLessThanOrEqual(BOUND);
  });
});

interface Size {
  readonly servers: number;
  readonly proxies: number;
  readonly balance: string;
}

function proxyConf(ports: readonly number[], origin: number, { servers, balance }: Size): string {
  const lines = Array.from({ length: servers }, (_, i) => `    server s${i} 127.0.0.1:${origin}`).join('\n');
  const proxies = ports.map(
    (port, i) => `
listen p${i}
    bind 127.0.0.1:${port}
    balance ${balance}
${lines}`,
  );
  return `
global
    maxconn 4000
    nbthread 1
defaults
    mode http
    option http-server-close
    timeout connect 5s
    timeout client 50s
    timeout server 50s
${proxies.join('\n')}
`;
}
