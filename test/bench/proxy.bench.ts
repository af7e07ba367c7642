/**
 * CPU time per request beside the real HAProxy: the same configuration, loaded in turn, the whole process tree counted.
 *
 *     node test/bench/run.mjs proxy
 *
 * Wall-clock throughput on a small shared machine is noise; CPU time per request is not. The ratio is HAProxy's time
 * over ours: above 1 ours is cheaper. BENCH_SECONDS (3) and BENCH_ROUNDS (3) set the length.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts, waitForPort } from '../net/lib/ports.ts';
import { readTreeUsage } from '../net/lib/process-tree.ts';
import { type Program, startProgram, type TestFiles, writeFiles } from '../net/lib/program.ts';
import { describeNet, distBin, findBinary } from '../net/lib/requirements.ts';
import { runWrk } from '../net/lib/wrk.ts';
import { median } from './median.ts';
import { BIG_FILE, nginxConf, startNginx } from './origin.ts';

const seconds = Number(process.env.BENCH_SECONDS ?? 3);
const WARM_UP_SECONDS = 6;
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);

interface Side {
  readonly name: string;
  readonly program: Program;
  readonly ports: readonly number[];
}

const close = ['Connection: close'];
const work = [
  { name: 'tcp keep-alive', port: 0, path: '/', headers: [], connections: 64, bound: 1 },
  { name: 'tcp connect', port: 0, path: '/', headers: close, connections: 32, bound: 1 },
  { name: 'tcp bulk', port: 0, path: '/big', headers: [], connections: 4, bound: 0.9 },
  { name: 'tcp bulk, spliced', port: 2, path: '/big', headers: [], connections: 4, bound: 0.9 },
  { name: 'http keep-alive', port: 1, path: '/', headers: [], connections: 64, bound: 1.1 },
  { name: 'http, httplog', port: 4, path: '/', headers: [], connections: 64, bound: 0.95 },
  { name: 'http close', port: 1, path: '/', headers: close, connections: 32, bound: 1 },
  { name: 'http bulk', port: 1, path: '/big', headers: [], connections: 4, bound: 0.9 },
  { name: 'http bulk, spliced', port: 3, path: '/big', headers: [], connections: 4, bound: 0.9 },
];

describeNet('beside HAProxy', { binaries: ['haproxy', 'nginx', 'wrk', 'socat'], build: true }, () => {
  const sides: Side[] = [];
  const rows: string[] = [];
  let files: TestFiles;
  let origin: Program;
  let logReader: Program;
  beforeAll(async () => {
    const [web, logs, ...ports] = await freePorts(12);
    const [ours, theirs] = [ports.slice(0, 5), ports.slice(5)];
    files = await writeFiles({
      'nginx.conf': nginxConf(web!),
      big: BIG_FILE,
      'ours.cfg': proxyConf(ours, web!, logs!),
      'haproxy.cfg': proxyConf(theirs, web!, logs!),
    });
    origin = startNginx(files);
    logReader = startProgram(findBinary('socat')!, ['-u', `UDP4-RECV:${logs},bind=127.0.0.1`, 'OPEN:/dev/null']);
    await waitForPort(web!);
    const start = (name: string, binary: string, own: readonly number[]): Side => {
      return { name, program: startProgram(binary, ['-db', '-f', files.path(`${name}.cfg`)]), ports: own };
    };
    sides.push(start('ours', distBin('haproxy'), ours), start('haproxy', findBinary('haproxy')!, theirs));
    for (const side of sides) for (const port of side.ports) await waitForPort(port);
  });
  afterAll(async () => {
    console.log(`\n${rows.join('\n')}\n`);
    for (const { program } of sides) await program.stop();
    await logReader?.stop();
    await origin?.stop();
    await files?.remove();
  });

  it.each(work)('$name', async ({ name, port, path, headers, connections, bound }) => {
    const cost = new Map<string, number[]>(sides.map((side) => [side.name, []]));
    // The first round is not counted: V8 takes some seconds under load to compile what is hot.
    for (let round = 0; round <= rounds; round++) {
      for (const side of sides) {
        const before = readTreeUsage(side.program.pid).cpuMs;
        const url = `http://127.0.0.1:${side.ports[port]}${path}`;
        const result = await runWrk({ url, seconds: round === 0 ? WARM_UP_SECONDS : seconds, connections, headers });
        expect(result.errors, result.output).toBe(0);
        const used = readTreeUsage(side.program.pid).cpuMs - before;
        if (round > 0) cost.get(side.name)!.push((used * 1000) / result.requests);
      }
    }
    const [ours, theirs] = [median(cost.get('ours')!), median(cost.get('haproxy')!)];
    const ratio = theirs / ours;
    rows.push(
      `${name.padEnd(16)} ours ${ours.toFixed(1).padStart(6)} us   haproxy ${theirs.toFixed(1).padStart(6)} us   ratio ${ratio.toFixed(2)}`,
    );
    expect.soft(ratio, `${name}: HAProxy's CPU time over ours`).toBeGreaterThanOrEqual(bound);
  });
});

function proxyConf(ports: readonly number[], origin: number, logs: number): string {
  const [tcp, http, splicedTcp, splicedHttp, loggedHttp] = ports;
  return `
global
    maxconn 4000
    nbthread 1
defaults
    timeout connect 5s
    timeout client 50s
    timeout server 50s
listen tcp
    mode tcp
    bind 127.0.0.1:${tcp}
    server s 127.0.0.1:${origin}
listen http
    mode http
    bind 127.0.0.1:${http}
    server s 127.0.0.1:${origin}
listen spliced-tcp
    mode tcp
    option splice-response
    bind 127.0.0.1:${splicedTcp}
    server s 127.0.0.1:${origin}
listen spliced-http
    mode http
    option splice-response
    bind 127.0.0.1:${splicedHttp}
    server s 127.0.0.1:${origin}
listen logged-http
    mode http
    option httplog
    log 127.0.0.1:${logs} local0
    bind 127.0.0.1:${loggedHttp}
    server s 127.0.0.1:${origin}
`;
}
