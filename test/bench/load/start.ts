/** Builds and starts the load generator (generator.ts), and reads what it says. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { repository } from '../../net/lib/requirements.ts';

/** Bundles the generator into `folder`, beside the repository's packages; returns the program. */
export async function buildGenerator(): Promise<string> {
  const outfile = join(repository, 'node_modules', '.cache', 'tandem-bench', 'generator.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'generator.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['koffi'],
    logLevel: 'warning',
  });
  return outfile;
}

export interface Latencies {
  readonly done: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Requests at a fixed rate; milliseconds. */
export function runPaced(
  generator: string,
  port: number,
  connections: number,
  rate: number,
  seconds: number,
): Promise<Latencies> {
  const args = ['pace', port, connections, rate, seconds].map(String);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [generator, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('close', () => {
      if (output === '') reject(new Error('the load generator said nothing'));
      else resolve(JSON.parse(output) as Latencies);
    });
  });
}

/** Connections held by a process of their own. */
export class HeldConnections {
  private readonly child: ChildProcessWithoutNullStreams;
  private output = '';
  private told: (() => void) | null = null;

  constructor(generator: string, port: number, count: number) {
    this.child = spawn(process.execPath, [generator, 'hold', String(port), String(count)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }) as unknown as ChildProcessWithoutNullStreams;
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      if (this.output.endsWith('\n')) this.told?.();
    });
    this.child.once('close', () => this.told?.());
  }

  /** How many stand, once all were opened. */
  held(): Promise<number> {
    return this.next();
  }

  /** One more request on each: how many were answered. */
  ask(): Promise<number> {
    this.output = '';
    this.child.stdin.write('\n');
    return this.next();
  }

  private async next(): Promise<number> {
    if (!this.output.endsWith('\n')) {
      await new Promise<void>((resolve) => {
        this.told = resolve;
      });
    }
    return Number(/(\d+)\n$/.exec(this.output)?.[1] ?? -1);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin.end();
    await closed;
  }
}

/** The most descriptors that a process may have here. */
export function readDescriptorLimit(): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
}
