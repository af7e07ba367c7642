/**
 * A soak: one proxy under mixed load for as long as is asked, with clients and servers that fail, servers that restart and
 * reloads in its first half. In the end all must be as it was: processes, descriptors, gauges; and memory must not grow in
 * the last quarter, when the process that is there has long been at work. The same can be done to the real HAProxy, for
 * comparison.
 */
import { readdirSync } from 'node:fs';
import { freePorts, waitForPort } from '../ports.ts';
import { listTree, readTreeUsage } from '../process-tree.ts';
import { type Program, startProgram, writeFiles } from '../program.ts';
import { exchange } from '../raw-http.ts';
import { distBin, findBinary } from '../requirements.ts';
import { sleep, waitUntil } from '../wait.ts';
import { runClient, type SoakPorts } from './clients.ts';
import { type SoakOrigin, startEchoOrigin, startHttpOrigin } from './origins.ts';

export interface SoakPlan {
  readonly which: 'ours' | 'original';
  readonly seconds: number;
  readonly clients: number;
}

export interface Holdings {
  readonly processes: number;
  readonly descriptors: number;
  readonly pssMiB: number;
  /** Gauges of the statistics that are not 0. */
  readonly gauges: readonly string[];
}

export interface SoakResult {
  readonly counts: ReadonlyMap<string, number>;
  readonly faults: readonly string[];
  readonly before: Holdings;
  /** After three quarters and at the end, both without load. */
  readonly middle: Holdings;
  readonly after: Holdings;
  readonly reloads: number;
  /** Memory since the last reload, in MiB. */
  readonly memory: readonly number[];
  readonly output: string;
}

const LONGEST_TIMEOUT_MS = 4000;

function configFor(ports: SoakPorts & { readonly stats: number }, steady: number, shaky: number, echo: number): string {
  return `global
    maxconn 2000
    log 127.0.0.1:9 local0
    nbthread 2
defaults
    log global
    mode http
    timeout connect 1s
    timeout client 4s
    timeout server 4s
    timeout http-request 3s
    timeout http-keep-alive 2s
    timeout queue 3s
    retries 3
listen steady
    bind 127.0.0.1:${ports.steady}
    option forwardfor
    option httplog
    option splice-auto
    http-reuse always
    unique-id-format %{+X}o%ci:%cp_%Ts:%rt
    unique-id-header X-Id
    capture request header Host len 20
    server s1 127.0.0.1:${steady} maxconn 40
listen shaky
    bind 127.0.0.1:${ports.shaky}
    option redispatch
    cookie SRV insert
    server s1 127.0.0.1:${shaky} check inter 200 cookie one
    server s2 127.0.0.1:${shaky} cookie two
listen tcp
    mode tcp
    option splice-auto
    bind 127.0.0.1:${ports.tcp}
    server echo 127.0.0.1:${echo}
listen stats
    bind 127.0.0.1:${ports.stats}
    stats uri /
`;
}

export async function runSoak(plan: SoakPlan): Promise<SoakResult> {
  const origins = await Promise.all([startHttpOrigin(), startHttpOrigin(), startEchoOrigin()]);
  const [steady = 0, shaky = 0, tcp = 0, stats = 0] = await freePorts(4);
  const ports = { steady, shaky, tcp, stats };
  const [one, two, echo] = origins.map(({ port }) => port) as [number, number, number];
  const files = await writeFiles({ 'soak.cfg': configFor(ports, one, two, echo) });
  const binary = plan.which === 'ours' ? distBin('haproxy') : findBinary('haproxy')!;
  const program = startProgram(binary, ['-W', '-db', '-f', files.path('soak.cfg')]);
  try {
    await waitForPort(stats, '127.0.0.1', { details: program.output });
    return await new Soak(plan, program, ports, origins[1]!).run();
  } finally {
    await program.stop();
    for (const origin of origins) await origin.close();
    await files.remove();
  }
}

class Soak {
  private readonly plan: SoakPlan;
  private readonly program: Program;
  private readonly ports: SoakPorts & { readonly stats: number };
  private readonly shaky: SoakOrigin;
  private readonly counts = new Map<string, number>();
  private readonly faults: string[] = [];
  private readonly memory: number[] = [];
  private reloads = 0;

  constructor(plan: SoakPlan, program: Program, ports: Soak['ports'], shaky: SoakOrigin) {
    this.plan = plan;
    this.program = program;
    this.ports = ports;
    this.shaky = shaky;
  }

  async run(): Promise<SoakResult> {
    const half = this.plan.seconds * 500;
    // A first round, so that what is made once is there.
    await this.load(Math.min(5000, half / 4), false);
    const before = await this.rest(null);
    await this.load(half, true);
    this.memory.length = 0;
    await this.load(half / 2, false);
    const middle = await this.rest(before);
    await this.load(half / 2, false);
    const after = await this.rest(before);
    const { counts, faults, reloads, memory } = this;
    return { counts, faults, before, middle, after, reloads, memory, output: this.program.output() };
  }

  private async load(ms: number, reloads: boolean): Promise<void> {
    const end = performance.now() + ms;
    const going = (): boolean => performance.now() < end;
    const tally = { count: (what: string) => void this.counts.set(what, (this.counts.get(what) ?? 0) + 1) };
    await Promise.all([
      ...Array.from({ length: this.plan.clients }, () => runClient(this.ports, tally, this.faults, going)),
      this.shake(going),
      this.watchMemory(going),
      reloads ? this.reloadNowAndThen(going) : undefined,
    ]);
  }

  private async shake(going: () => boolean): Promise<void> {
    while (going()) {
      await sleep(1000 + Math.random() * 2000);
      await this.shaky.pause();
      await sleep(300);
      await this.shaky.resume();
    }
  }

  private async watchMemory(going: () => boolean): Promise<void> {
    for (let n = 1; going(); n++) {
      await sleep(1000);
      if (n % Math.ceil(this.plan.seconds / 60) === 0) this.memory.push(this.readMemory());
    }
  }

  private readMemory(): number {
    const { pssKiB, rssKiB } = readTreeUsage(this.program.pid);
    return (pssKiB || rssKiB) / 1024;
  }

  private async reloadNowAndThen(going: () => boolean): Promise<void> {
    const pauseMs = Math.max(3000, this.plan.seconds * 25);
    while (going()) {
      await sleep(pauseMs);
      if (!going()) return;
      this.program.kill('SIGUSR2');
      this.reloads++;
    }
  }

  /** What is held once all is still: old processes have gone, timeouts have passed. */
  private async rest(like: Holdings | null): Promise<Holdings> {
    await sleep(LONGEST_TIMEOUT_MS);
    let holdings = await this.look();
    const isStill = (): boolean =>
      holdings.gauges.length === 0 &&
      (like === null || (holdings.processes <= like.processes && holdings.descriptors <= like.descriptors));
    const look = async (): Promise<boolean> => {
      if (!isStill()) holdings = await this.look();
      return isStill();
    };
    await waitUntil('rest', look, { deadlineMs: 15_000, everyMs: 500 }).catch(() => {});
    return holdings;
  }

  private async look(): Promise<Holdings> {
    const pids = listTree(this.program.pid);
    const descriptors = pids.reduce((sum, pid) => sum + countDescriptors(pid), 0);
    const gauges = await this.readGauges();
    return { processes: pids.length, descriptors, pssMiB: this.readMemory(), gauges };
  }

  private async readGauges(): Promise<string[]> {
    const request = 'GET /;csv HTTP/1.0\r\n\r\n';
    const { text } = await exchange(this.ports.stats, request, { enough: () => false });
    const [head = '', ...rows] = text.slice(text.indexOf('# ') + 2).split('\n');
    const columns = head.split(',');
    return rows.flatMap((row) => {
      const cells = row.split(',');
      // The one who asks is counted.
      const own = cells[0] === 'stats' ? 1 : 0;
      const busy = ['qcur', 'scur'].filter((name) => Number(cells[columns.indexOf(name)] ?? 0) > own);
      return busy.map((name) => `${cells[0]}/${cells[1]} ${name} ${cells[columns.indexOf(name)]}`);
    });
  }
}

function countDescriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** What was done and held, as a table. */
export function describeSoak(plan: SoakPlan, result: SoakResult): string {
  const { counts, faults, before, middle, after, reloads, memory } = result;
  const hold = (name: string, { processes, descriptors, pssMiB, gauges }: Holdings): string =>
    `${name.padEnd(8)} ${processes} processes, ${descriptors} descriptors, ${pssMiB.toFixed(1)} MiB, ${gauges.join(' ') || 'all gauges 0'}`;
  return [
    `${plan.which}: ${plan.seconds} s, ${plan.clients} clients, ${reloads} reloads`,
    ...[...counts].sort().map(([what, count]) => `  ${what.padEnd(26)} ${count}`),
    hold('before', before),
    hold('middle', middle),
    hold('after', after),
    `memory since the last reload, in MiB: ${memory.map((mib) => mib.toFixed(0)).join(' ')}`,
    `${faults.length} faults${faults.length > 0 ? `: ${faults.slice(0, 20).join('; ')}` : ''}`,
  ].join('\n');
}
