/**
 * What an operator does with the drop-in `haproxy` besides serving: rights that are given up, pid files, what the service
 * manager is told of a reload that fails, a receiver of log lines that comes later. Held against the original where it
 * is installed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { accepts, freePort, waitForPort } from './lib/ports.ts';
import { type Program, startProgram, type TestFiles, writeFiles } from './lib/program.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';
import { findRole, type Role } from './lib/roles.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const timeouts = ' timeout connect 1s\n timeout client 5s\n timeout server 5s\n';

let files: TestFiles;
let origin: Server;
let port = 0;
let originPort = 0;
let running: Program | null = null;
let receiver: ChildProcess | null = null;

beforeEach(async () => {
  files = await writeFiles({});
  port = await freePort();
  origin = createServer((socket) => void socket.on('error', () => {}).end());
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  originPort = (origin.address() as { port: number }).port;
});

afterEach(async () => {
  await running?.stop();
  running = null;
  receiver?.kill('SIGKILL');
  receiver = null;
  origin.close();
  await files.remove();
});

/** Writes the configuration that all of these run; `global` lines first, `server` words behind its server. */
function write(global = '', server = 'check inter 100ms'): string {
  const file = files.path('haproxy.cfg');
  const web = `listen web\n mode http\n${timeouts} bind 127.0.0.1:${port}\n stats uri /stats\n`;
  writeFileSync(file, `global\n${global}\n${web} server s 127.0.0.1:${originPort} ${server}\n`);
  return file;
}

async function start(file: string, env: NodeJS.ProcessEnv = {}): Promise<Program> {
  running = startProgram(distBin('haproxy'), ['-W', '-f', file], { ...process.env, ...env });
  await waitForPort(port, '127.0.0.1', { details: running.output });
  return running;
}

async function reload(program: Program): Promise<void> {
  const times = () => program.output().split('Loading ').length;
  const before = times();
  program.kill('SIGUSR2');
  await waitUntil('the end of the reload', () => times() > before, { details: program.output });
}

async function serverStatus(): Promise<string> {
  const { text } = await exchange(port, 'GET /stats;csv HTTP/1.0\r\n\r\n');
  return /^web,s,(?:[^,]*,){15}([^,]*),/m.exec(text)?.[1] ?? text;
}

describeNet('user, group and chroot', { build: true, root: true }, () => {
  const roleOf = async (role: Role) => (await waitUntil(role, () => findRole(running!.pid, role)))!;

  function rightsOf(pid: number): string[] {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const field = (name: string) => new RegExp(`^${name}:\\t(\\d*)`, 'm').exec(status)![1]!;
    return [field('Uid'), field('Gid'), field('Groups'), readlinkSync(`/proc/${pid}/root`)];
  }

  it('hold for the proxy and for health checks, which go on by them', async () => {
    const jail = files.path('jail');
    mkdirSync(jail);
    const program = await start(
      write(` user nobody\n group nogroup\n chroot ${jail}`, 'check inter 100ms addr localhost'),
    );
    await waitUntil('the first check', async () => (await serverStatus()) === 'UP');
    for (const role of ['proxy', 'check'] as const) {
      const pid = await roleOf(role);
      await waitUntil(`the rights of ${role}`, () => rightsOf(pid)[0] === '65534');
      expect(rightsOf(pid)).toEqual(['65534', '65534', '65534', jail]);
    }
    expect(rightsOf(program.pid)[0]).toBe('0');
    origin.close();
    await waitUntil('a failed check', async () => (await serverStatus()).startsWith('DOWN'));
  });

  it('change with a reload', async () => {
    const program = await start(write());
    const before = await roleOf('check');
    expect(rightsOf(before)[0]).toBe('0');
    await waitUntil('the first check', async () => (await serverStatus()) === 'UP');
    write(' user nobody');
    await reload(program);
    await waitUntil('another process', () => ![null, before].includes(findRole(program.pid, 'check')));
    const after = await roleOf('check');
    await waitUntil('its rights', () => rightsOf(after)[0] === '65534');
    expect(await serverStatus()).toBe('UP');
    await reload(program);
    expect(await roleOf('check'), 'the same rights: the same process').toBe(after);
  });
});

describeNet('a pid file that cannot be made', { build: true }, () => {
  const original = findBinary('haproxy');

  it.each([
    ['-D', 'in a folder that is not there', () => files.path('nowhere/x.pid')],
    ['-D', 'where a folder is', () => files.path('')],
    ['-W', 'in a folder that is not there', () => files.path('nowhere/x.pid')],
  ])('with %s, %s, stops the start as it does the original', async (mode, _where, path) => {
    const file = write();
    for (const program of [distBin('haproxy'), ...(original ? [original] : [])]) {
      const options = { encoding: 'utf8', timeout: 20_000 } as const;
      const { status, stderr } = spawnSync(program, [mode, '-f', file, '-p', path()], options);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^\[ALERT\] {4}\(\d+\) : \[\S*haproxy\.main\(\)\] Cannot create pidfile /m);
      expect(await accepts(port)).toBe(false);
    }
  });

  it('leaves no file behind when the start fails otherwise', () => {
    const file = write(' user nobody-of-this-name');
    spawnSync(distBin('haproxy'), ['-D', '-f', file, '-p', files.path('x.pid')], { timeout: 20_000 });
    expect(existsSync(files.path('x.pid'))).toBe(false);
  });
});

describeNet('an interface of a network namespace', { build: true, root: true, binaries: ['unshare', 'ip'] }, () => {
  it('is there for keepalived although sysfs was mounted outside', () => {
    const instance = (name: string) => `vrrp_instance ${name} {\n interface ${name}\n virtual_router_id 5\n}\n`;
    const file = files.path('keepalived.conf');
    writeFileSync(file, `${instance('inside0')}${instance('nowhere0')}`);
    const script = `ip link add inside0 type veth peer name inside1 && exec ${distBin('keepalived')} -t -f ${file}`;
    const { stderr } = spawnSync('unshare', ['-n', 'sh', '-c', script], { encoding: 'utf8', timeout: 20_000 });
    expect(stderr).toContain('interface nowhere0');
    expect(stderr).not.toContain('interface inside0');
  });
});

describeNet('a stop in the midst of a reload', { build: true }, () => {
  it('starts no role any more', async () => {
    for (const delayMs of [0, 50, 150]) {
      const program = await start(write());
      program.kill('SIGUSR2');
      await waitUntil('another worker', () => program.output().split('New worker').length > 2, { everyMs: 1 });
      await sleep(delayMs);
      program.kill('SIGTERM');
      expect(await program.exited).toBe(0);
      expect(program.output().split('Exiting Master process...')[1]).not.toContain('forked');
    }
  });
});

describeNet('the service manager', { build: true, binaries: ['socat'] }, () => {
  it('is told of a reload that failed, and of the next one that did not', async () => {
    const socket = files.path('notify.sock');
    let told = '';
    receiver = spawn('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT'], { stdio: ['ignore', 'pipe', 'inherit'] });
    receiver.stdout!.setEncoding('utf8').on('data', (text: string) => {
      told += `${text}\n`;
    });
    await waitUntil('socat', () => existsSync(socket));
    const program = await start(write(), { NOTIFY_SOCKET: socket });
    await waitUntil('READY', () => told.includes('STATUS=Ready'));
    write(' bogus');
    await reload(program);
    await waitUntil('the failure', () => /READY=1\nMAINPID=\d+\nSTATUS=Reload failed; [^\n]+\n$/.test(told));
    write();
    await reload(program);
    await waitUntil('the success', () =>
      /STATUS=Reloading configuration\nREADY=1\nMAINPID=\d+\nSTATUS=Ready\n$/.test(told),
    );
  });
});
