/**
 * The check role within the whole program: what it finds reaches the proxy and the log once, and survives both its own
 * death and a reload.
 */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type Program, readGreeting, startGreeter, startProgram, type TestFiles, writeFiles } from './lib/program.ts';
import { describeNet, distBin } from './lib/requirements.ts';
import { findRole } from './lib/roles.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { sleep, waitUntil } from './lib/wait.ts';

describeNet('check role', { build: true }, () => {
  let program: Program;
  let files: TestFiles;
  let syslog: SyslogReceiver;
  let good: { port: number; close: () => void };
  let bad: Server | null = null;
  let port: number;
  let badPort: number;

  beforeAll(async () => {
    syslog = await receiveSyslog();
    good = await startGreeter('good');
    [port, badPort] = (await freePorts(2)) as [number, number];
    files = await writeFiles({
      'haproxy.cfg': `
global
    log 127.0.0.1:${syslog.port} local0
defaults
    mode tcp
    log global
    option redispatch
    timeout connect 1s
    timeout client 5s
    timeout server 5s
listen greeting
    bind 127.0.0.1:${port}
    server good 127.0.0.1:${good.port} check inter 200ms
    server bad 127.0.0.1:${badPort} check inter 200ms
`,
    });
    program = startProgram(distBin('haproxy'), ['-db', '-f', files.path('haproxy.cfg')]);
  });
  afterAll(async () => {
    await program?.stop();
    await syslog?.close();
    await files?.remove();
    good?.close();
    bad?.close();
  });

  const changes = (): string[] => syslog.lines().filter((line) => / is (UP|DOWN)/.test(line));
  const refused =
    /Server greeting\/bad is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: \d+ms\. 1 active and 0 backup servers left\. 0 sessions active, 0 requeued, 0 remaining in queue\.$/;

  it('takes a dead server out, and says so once', async () => {
    await syslog.waitFor(refused, { details: program.output });
    expect(changes()).toHaveLength(1);
    for (let i = 0; i < 6; i++) expect(await readGreeting(port)).toBe('good\n');
  });

  it('goes on from what is known after a kill -9', async () => {
    const before = findRole(program.pid, 'check')!;
    process.kill(before, 'SIGKILL');
    await waitUntil(
      'the next check role',
      () => {
        const found = findRole(program.pid, 'check');
        return found !== null && found !== before;
      },
      { deadlineMs: 2000, details: program.output },
    );
    await sleep(1000);
    expect(changes()).toHaveLength(1);
    for (let i = 0; i < 6; i++) expect(await readGreeting(port)).toBe('good\n');
  });

  it('goes on over a reload', async () => {
    const before = findRole(program.pid, 'proxy');
    program.kill('SIGUSR2');
    await waitUntil('the next proxy', () => findRole(program.pid, 'proxy') !== before, { details: program.output });
    await waitUntil('the old proxy to leave', () => !alive(before!), { details: program.output });
    expect(changes()).toHaveLength(1);
    for (let i = 0; i < 6; i++) expect(await readGreeting(port)).toBe('good\n');
  });

  it('brings a server back after it has passed twice', async () => {
    bad = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('bad\n');
    });
    await new Promise<void>((resolve) => bad!.listen(badPort, '127.0.0.1', resolve));
    const up =
      /Server greeting\/bad is UP, reason: Layer4 check passed, check duration: \d+ms\. 2 active and 0 backup servers online\. 0 sessions requeued, 0 total in queue\.$/;
    await syslog.waitFor(up, { details: program.output });
    const seen = new Set<string | null>();
    for (let i = 0; i < 6; i++) seen.add(await readGreeting(port));
    expect(seen).toEqual(new Set(['good\n', 'bad\n']));
    expect(changes()).toHaveLength(2);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
