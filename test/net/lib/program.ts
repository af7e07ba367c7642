/** Programs run on this machine's loopback, with their output, and small servers and clients for them to work with. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait.ts';

export interface Program {
  readonly pid: number;
  readonly output: () => string;
  readonly running: () => boolean;
  readonly exited: Promise<number | null>;
  readonly kill: (signal?: NodeJS.Signals) => void;
  /** SIGTERM, and SIGKILL to its whole group after five seconds. */
  readonly stop: () => Promise<void>;
}

/** Starts a program as the leader of a process group of its own. */
export function startProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  let running = true;
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
    });
    child.once('close', (code) => {
      running = false;
      resolve(code);
    });
  });
  const kill = (signal: NodeJS.Signals = 'SIGTERM'): void => {
    if (running) child.kill(signal);
  };
  return {
    pid: child.pid ?? -1,
    output: () => output,
    running: () => running,
    exited,
    kill,
    stop: async () => {
      kill('SIGTERM');
      const timer = setTimeout(() => running && process.kill(-child.pid!, 'SIGKILL'), 5000);
      await exited;
      clearTimeout(timer);
    },
  };
}

export interface TestFiles {
  readonly path: (name: string) => string;
  readonly remove: () => Promise<void>;
}

/** Writes files into a folder of their own; `remove` takes it away again. */
export async function writeFiles(files: Readonly<Record<string, string>>): Promise<TestFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-test-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return {
    path: (name) => join(folder, name),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A server that greets every connection with a line and closes it. */
export async function startGreeter(line: string): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${line}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as { port: number }).port, close: () => server.close() };
}

/** What a connection receives until it ends; null when it could not be made or was cut. */
export function readGreeting(port: number, timeoutMs = 1000): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const finish = (value: string | null): void => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(timeoutMs, () => finish(null));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.once('end', () => finish(text === '' ? null : text));
    socket.once('error', () => finish(null));
  });
}

export async function waitForGreeting(port: number, deadlineMs: number, details: () => string): Promise<void> {
  const probe = async (): Promise<boolean> => (await readGreeting(port)) !== null;
  await waitUntil(`a greeting on port ${port}`, probe, { deadlineMs, everyMs: 2, details });
}
