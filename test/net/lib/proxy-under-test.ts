/** A proxy process for one test: the real haproxy or ours, started on a configuration and stopped by its pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitForService } from './ports.ts';
import { distBin, findBinary } from './requirements.ts';

export interface RunningProxy {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

/** `which`: Debian's haproxy, or the one that was built here. Resolves when it takes connections to `port`. */
export async function startProxy(which: 'original' | 'ours', config: string, port: number): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-proxy-'));
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, config);
  const program = which === 'ours' ? distBin('haproxy') : findBinary('haproxy')!;
  const child = spawn(program, ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitForService(port, { deadlineMs: 30_000, details: () => output });
  } catch (error) {
    child.kill('SIGKILL');
    await stop();
    throw error;
  }
  return { process: child, output: () => output, stop };
}
