/**
 * What words of `bind` lines do to sockets: the system calls of the real HAProxy and of ours on the same file must leave
 * every socket with the same options, and clients must find the same doors open.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AF_UNIX } from '../../src/os/address.ts';
import { closeFd, connectSocket, openSocket, SOCK_STREAM } from '../../src/os/socket.ts';
import { createNetwork, type Network } from './lib/namespaces.ts';
import { accepts, freePorts } from './lib/ports.ts';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';
import { waitUntil } from './lib/wait.ts';

type Which = 'original' | 'ours';
const programs = (which: Which): string => (which === 'ours' ? distBin('haproxy') : findBinary('haproxy')!);

const folder = mkdtempSync(join(tmpdir(), 'tandem-bind-'));
afterAll(() => rmSync(folder, { recursive: true }));

const defaults = ' timeout client 2s\n timeout server 2s\n timeout connect 1s\n';

/** Runs a program until `ready`, and gives what `look` saw meanwhile. */
async function during<T>(
  command: readonly string[],
  ready: () => Promise<boolean>,
  look: () => Promise<T>,
): Promise<{ seen: T; output: string }> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await waitUntil('the program', ready, { details: () => output });
    return { seen: await look(), output };
  } finally {
    // strace does not pass a signal on.
    const traced = program === 'strace' ? firstChildOf(child.pid!) : null;
    process.kill(traced ?? child.pid!, 'SIGTERM');
    await exited;
  }
}

function firstChildOf(pid: number): number | null {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')[0]) || null;
}

/** Last value of every option, by the address that the socket was bound to. */
function socketsOf(trace: string): Record<string, Record<string, string>> {
  const open = new Map<string, Record<string, string>>();
  const done: Record<string, Record<string, string>> = {};
  for (const line of trace.split('\n')) {
    const [, call = '', fd = '', rest = ''] = /^\d+ +(\w+)\((\w+)(?:, )?(.*)\) += /.exec(line) ?? [];
    const made = / = (\d+)$/.exec(line)?.[1];
    if (call === 'socket' && made !== undefined) open.set(made, {});
    const socket = open.get(fd);
    if (!socket) continue;
    const option = /^\w+, (\w+), (.*), \d+$/.exec(rest);
    if (call === 'setsockopt' && option && option[1] !== 'SO_LINGER') socket[option[1]!] = option[2]!;
    const address = /sin6?_port=htons\((\d+)\)/.exec(rest)?.[1] ?? /sun_path=(@?"[^"\\]*)/.exec(rest)?.[1];
    if (call === 'bind' && address !== undefined) done[address.replace(/\.\d+\.tmp$/, '')] = socket;
    if (call === 'listen') socket.backlog = rest;
  }
  return done;
}

const needs = { root: true, binaries: ['haproxy', 'strace'], build: true };

describeNet('bind options', needs, () => {
  it('sets the same options on every socket', async () => {
    const ports = await freePorts(12);
    const [a, b, c, d, e, f, g, h, i, j, k, l] = ports;
    const config = `
global
 maxconn 100
 tune.rcvbuf.client 50000
 tune.sndbuf.client 60000
defaults
 mode tcp
${defaults}
frontend tcp
 bind 127.0.0.1:${a}
 bind 127.0.0.1:${b} mss 1000 tfo defer-accept tcp-ut 5s interface lo backlog 77
 bind :::${c} v6only
 bind :::${d} v4v6
 bind ipv6@::1:${e} transparent mss 1200
 bind 127.0.0.1:${f} transparent maxconn 7
 bind 127.0.0.1:${g},127.0.0.1:${h}
frontend smart
 mode http
 bind 127.0.0.1:${i} tfo
frontend blunt
 mode http
 no option tcp-smart-accept
 bind 127.0.0.1:${j}
 backlog 33
frontend eager
 option tcp-smart-accept
 bind 127.0.0.1:${k}
 maxconn 55
 bind 127.0.0.1:${l} mss -900 maxconn 5
`;
    const seen: Partial<Record<Which, object>> = {};
    for (const which of ['original', 'ours'] as const) {
      const [file, trace] = [join(folder, 'options.cfg'), join(folder, `${which}.trace`)];
      writeFileSync(file, config);
      const calls = 'trace=socket,setsockopt,bind,listen,accept4';
      const command = ['strace', '-f', '-qq', '-o', trace, '-e', calls, programs(which), '-db', '-f', file];
      await during(
        command,
        () => acceptOn(a!, c!, e!, k!, l!),
        async () => {},
      );
      const sockets = socketsOf(readFileSync(trace, 'latin1'));
      seen[which] = Object.fromEntries(ports.map((port) => [port, sockets[port]]));
    }
    // HAProxy sets these on each connection; here connections inherit them.
    for (const socket of Object.values(seen.ours as Record<string, Record<string, string>>)) {
      expect(socket).toMatchObject({
        SO_RCVBUF: '[50000]',
        SO_SNDBUF: '[60000]',
        TCP_NODELAY: '[1]',
        SO_KEEPALIVE: '[0]',
      });
      for (const name of ['SO_RCVBUF', 'SO_SNDBUF', 'TCP_NODELAY', 'SO_KEEPALIVE']) delete socket[name];
    }
    expect(seen.ours).toEqual(seen.original);
    expect((seen.ours as Record<string, object>)[b!]).toMatchObject({ TCP_MAXSEG: '[1000]', TCP_FASTOPEN: '[77]' });
  });

  it.each(['original', 'ours'] as const)('opens UNIX sockets as asked: %s', async (which) => {
    const [port] = await freePorts(1);
    const home = mkdtempSync(join(folder, 'unix-'));
    const file = join(home, 'unix.cfg');
    const name = `tandem-${process.pid}-${which}`;
    writeFileSync(
      file,
      `global\n unix-bind prefix ${home} mode 600 user nobody\ndefaults\n mode tcp\n${defaults}frontend f\n bind 127.0.0.1:${port}\n bind /one\n bind unix@/two mode 666 user root group daemon\n bind abns@${name}\n`,
    );
    const { seen } = await during(
      [programs(which), '-db', '-f', file],
      async () => (await accepts(port!)) && connectAbstract(`\0${name}`.padEnd(108, '\0')) === 0,
      async () => {
        const facts = (path: string) => {
          const { mode, uid, gid } = statSync(join(home, path));
          return [(mode & 0o777).toString(8), uid, gid];
        };
        return { one: facts('one'), two: facts('two'), abstract: connectAbstract(`\0${name}`.padEnd(108, '\0')) };
      },
    );
    expect(seen).toEqual({ one: ['600', 65534, 0], two: ['666', 0, 1], abstract: 0 });
  });

  it('takes an abstract name as it is with abnsz@', async () => {
    const [port] = await freePorts(1);
    const file = join(folder, 'abnsz.cfg');
    const name = `tandem-${process.pid}-z`;
    writeFileSync(file, `defaults\n mode tcp\n${defaults}frontend f\n bind 127.0.0.1:${port}\n bind abnsz@${name}\n`);
    const { seen } = await during(
      [programs('ours'), '-db', '-f', file],
      () => accepts(port!),
      () => waitUntil('the socket', () => connectAbstract(`\0${name}`) === 0),
    );
    expect(seen).toBe(true);
  });

  it.each(['original', 'ours'] as const)('keeps IPv4 out where told: %s', async (which) => {
    const [ready, only, both] = await freePorts(3);
    const file = join(folder, 'families.cfg');
    writeFileSync(
      file,
      `defaults\n mode tcp\n${defaults}frontend f\n bind 127.0.0.1:${ready}\n bind :::${only} v6only\n bind :::${both} v4v6\n`,
    );
    const { seen } = await during(
      [programs(which), '-db', '-f', file],
      async () => (await accepts(ready!)) && (await acceptOn(only!, both!)),
      async () => [
        await accepts(only!),
        await accepts(only!, '::1'),
        await accepts(both!),
        await accepts(both!, '::1'),
      ],
    );
    expect(seen).toEqual([false, true, true, true]);
  });

  it.each(['original', 'ours'] as const)('probes silent clients: %s', async (which) => {
    const [port] = await freePorts(1);
    const sink = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
    const sinkPort = (sink.address() as { port: number }).port;
    const file = join(folder, 'keepalive.cfg');
    writeFileSync(
      file,
      `defaults\n mode tcp\n${defaults}listen f\n option clitcpka\n clitcpka-idle 33s\n clitcpka-cnt 5\n clitcpka-intvl 7s\n bind 127.0.0.1:${port} defer-accept\n server s 127.0.0.1:${sinkPort}\n`,
    );
    const { seen } = await during(
      [programs(which), '-db', '-f', file],
      () => accepts(port!),
      async () => {
        const client = connect(port!, '127.0.0.1');
        client.on('error', () => {});
        // Not before data has come is there anything to accept.
        const before = socketTimers(port!);
        client.write('x');
        const timers = await waitUntil('the timer', () => socketTimers(port!));
        client.destroy();
        return { before, timers };
      },
    );
    sink.close();
    expect(seen.before).toBe('');
    expect(seen.timers).toMatch(/keepalive,3[0-3]/);
  });

  it('lets a socket be used by its threads only', async () => {
    const [first, second, all] = await freePorts(3);
    const file = join(folder, 'threads.cfg');
    writeFileSync(
      file,
      `global\n nbthread 2\ndefaults\n mode http\n${defaults}frontend f\n monitor-uri /\n bind 127.0.0.1:${first} thread 1\n bind 127.0.0.1:${second} thread even\n bind 127.0.0.1:${all} thread 7\n`,
    );
    const child = spawn(programs('ours'), ['-db', '-f', file], { stdio: 'ignore' });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    try {
      await waitUntil('the ports', async () => (await accepts(first!)) && (await accepts(second!)));
      const watchers = await waitUntil('the watchers', async () => {
        const counts = [first!, second!, all!].map((port) => watchersOf(child.pid!, port));
        return counts.every((count) => count > 0) ? counts : null;
      });
      expect(watchers).toEqual([1, 1, 2]);
    } finally {
      child.kill('SIGTERM');
      await exited;
    }
  });
});

/** Whether every port accepts, IPv4 or IPv6. */
async function acceptOn(...ports: number[]): Promise<boolean> {
  for (const port of ports) if (!(await accepts(port)) && !(await accepts(port, '::1'))) return false;
  return true;
}

/** Timers of the accepted connections of a port. */
function socketTimers(port: number): string {
  const { stdout } = spawnSync('ss', ['-Htno', 'state', 'established', `sport = :${port}`], { encoding: 'latin1' });
  return [...stdout.matchAll(/timer:\(([^)]*)\)/g)].map(([, timer]) => timer!).join(' ');
}

/** 0 or an error number. */
function connectAbstract(path: string): number {
  const fd = openSocket(AF_UNIX, SOCK_STREAM);
  const done = connectSocket(fd, { family: 'unix', path });
  closeFd(fd);
  return done;
}

/** How many epoll instances of the program's processes watch the socket that listens on a port. */
function watchersOf(corePid: number, port: number): number {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return '';
    }
  };
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inode = new RegExp(`^ *\\d+: \\w+:${hex} 0+:0000 0A .* (\\d+) \\d+ [0-9a-f]+`, 'm').exec(read('/proc/net/tcp'));
  const ino = inode?.[0].trim().split(/\s+/)[9] ?? '';
  const children = read(`/proc/${corePid}/task/${corePid}/children`).trim().split(' ');
  let count = 0;
  for (const pid of children) {
    const links = fdsOf(pid);
    const sockets = links.filter(([, target]) => target === `socket:[${ino}]`).map(([fd]) => fd);
    for (const [fd, target] of links) {
      if (!target.includes('eventpoll')) continue;
      const info = read(`/proc/${pid}/fdinfo/${fd}`);
      if (sockets.some((socket) => new RegExp(`^tfd: +${socket} `, 'm').test(info))) count++;
    }
  }
  return count;
}

function fdsOf(pid: string): [fd: string, target: string][] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => [fd, readlinkSync(`/proc/${pid}/fd/${fd}`)]);
  } catch {
    return [];
  }
}

describeNet('bind in a network namespace', { root: true, binaries: ['haproxy'], build: true }, () => {
  let network: Network;
  beforeAll(async () => {
    network = await createNetwork({ hosts: ['one'] });
  });
  afterAll(() => network.destroy());

  it.each(['original', 'ours'] as const)('listens there and not here: %s', async (which) => {
    const host = network.host('one');
    await host.run('ip', ['netns', 'add', which]);
    await host.run('ip', ['netns', 'exec', which, 'ip', 'link', 'set', 'lo', 'up']);
    const file = join(folder, 'namespace.cfg');
    writeFileSync(
      file,
      `defaults\n mode http\n${defaults}frontend f\n monitor-uri /\n bind 127.0.0.1:8000\n bind 127.0.0.1:8001 namespace ${which}\n`,
    );
    const proxy = await host.spawn(programs(which), ['-db', '-f', file]);
    const listening = async (inside: boolean): Promise<string[]> => {
      const ss = ['ss', '-Hltn'];
      const text = await (inside ? host.run('ip', ['netns', 'exec', which, ...ss]) : host.run(ss[0]!, ss.slice(1)));
      return [...text.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port!);
    };
    try {
      await waitUntil('the port inside', async () => (await listening(true)).includes('8001'), {
        details: () => proxy.output(),
      });
      expect(await listening(true)).toEqual(['8001']);
      expect(await listening(false)).toEqual(['8000']);
      const curl = ['ip', 'netns', 'exec', which, 'curl', '-s', '-o', '/dev/null', '-w', '%{http_code}'];
      expect(await host.run(curl[0]!, [...curl.slice(1), 'http://127.0.0.1:8001/'])).toBe('200');
    } finally {
      proxy.kill('SIGTERM');
      await proxy.exited;
    }
  });

  it('does not start when the namespace is not there', async () => {
    const host = network.host('one');
    const file = join(folder, 'absent.cfg');
    writeFileSync(file, `defaults\n mode http\n${defaults}frontend f\n bind 127.0.0.1:8002 namespace absent\n`);
    const { code, stderr } = await host.exec(programs('ours'), ['-db', '-f', file]);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot create receiving socket (No such file or directory)');
  });
});
