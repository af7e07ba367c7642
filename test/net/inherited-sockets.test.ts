/** `bind fd@N` and `bind fd@${NAME}`: a listening socket that the caller opened, also into the background and over a reload. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { accepts } from './lib/ports.ts';
import { describeNet, distBin } from './lib/requirements.ts';
import { waitUntil } from './lib/wait.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-inherited-'));
const file = join(folder, 'haproxy.cfg');
const pidFile = join(folder, 'pid');
let holder: Server;
let port = 0;
let fd = -1;
let corePid = 0;

beforeEach(async () => {
  holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  port = (holder.address() as { port: number }).port;
  fd = (holder as unknown as { _handle: { fd: number } })._handle.fd;
});
afterEach(async () => {
  holder.close();
  if (corePid) process.kill(corePid, 'SIGTERM');
  await waitUntil('the port to close', async () => !(await accepts(port)));
  corePid = 0;
});
afterAll(() => rmSync(folder, { recursive: true }));

function configure(bind: string): void {
  const timeouts = ' timeout connect 1s\n timeout client 5s\n timeout server 5s\n';
  const page = ' mode http\n stats enable\n stats uri /\n';
  writeFileSync(file, `listen web\n${page}${timeouts} bind ${bind}\n`);
}

/** Starts the entry with the socket as descriptor 7; this process then lets go of its own copy. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const stdio = ['ignore', 'ignore', 'inherit', 'ignore', 'ignore', 'ignore', 'ignore', fd] as const;
  const child = spawn(distBin('haproxy'), [...args, '-f', file], {
    stdio: [...stdio],
    env: { ...process.env, ...env },
  });
  return { child, exited: new Promise<number | null>((resolve) => child.once('exit', resolve)) };
}

const answers = async () => {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
  return response?.status === 200;
};

describeNet('inherited sockets', { build: true }, () => {
  it.each([
    ['fd@7', {}],
    ['"fd@${LISTENER}"', { LISTENER: '7' }],
  ])('bind %s serves on it', async (bind, env) => {
    configure(bind);
    const { child } = start(['-db'], env);
    corePid = child.pid!;
    await new Promise((resolve) => holder.close(resolve));
    await waitUntil('an answer', answers);
  });

  it('keeps it in the background and over a reload', async () => {
    configure('fd@7');
    const { exited } = start(['-D', '-p', pidFile]);
    await new Promise((resolve) => holder.close(resolve));
    expect(await exited).toBe(0);
    corePid = Number(readFileSync(pidFile, 'utf8'));
    expect(await answers()).toBe(true);
    process.kill(corePid, 'SIGHUP');
    for (let n = 0; n < 20; n++) expect(await answers()).toBe(true);
  });
});
