/**
 * Sockets towards servers, as the kernel sees them: the system calls of the real HAProxy and of ours on the same file
 * must give every socket the same options, and connections must come from where the configuration says, in which
 * namespace it says.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createNetwork, type Host, type HostProcess, type Network } from './lib/namespaces.ts';
import { accepts, freePorts } from './lib/ports.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';
import { waitUntil } from './lib/wait.ts';

type Which = 'original' | 'ours';
const programs = (which: Which): string => (which === 'ours' ? distBin('haproxy') : findBinary('haproxy')!);

const folder = mkdtempSync(join(tmpdir(), 'tandem-links-'));
afterAll(() => rmSync(folder, { recursive: true }));

const defaults = ' timeout client 3s\n timeout server 3s\n timeout connect 1s\n';
const request = 'GET / HTTP/1.0\r\n\r\n';

interface OutgoingSocket {
  readonly options: Record<string, string>;
  bound: string;
}

/** Sockets by the port that they were connected to: their options and what they were bound to. */
function outgoingSockets(trace: string): Record<string, OutgoingSocket> {
  const open = new Map<string, OutgoingSocket>();
  const connected: Record<string, OutgoingSocket> = {};
  for (const line of trace.split('\n')) {
    const [, call = '', fd = '', rest = ''] = /^\d+ +(\w+)\((\w+)(?:, )?(.*)\) += /.exec(line) ?? [];
    const made = / = (\d+)$/.exec(line)?.[1];
    if (call === 'socket' && made !== undefined) open.set(made, { options: {}, bound: '' });
    const socket = open.get(fd);
    if (!socket) continue;
    const option = /^\w+, (\w+), (.*), \d+$/.exec(rest);
    // When a packet is held back, and what happens at the end, is each program's own business. HAProxy 2.6 does not use
    // `tfo` and `tcp-smart-connect` in mode http, whatever its manual says.
    if (call === 'setsockopt' && option && !/SO_LINGER|TCP_NODELAY|TCP_QUICKACK|FASTOPEN/.test(option[1]!)) {
      socket.options[option[1]!] = option[2]!;
    }
    const [, port = '', host = ''] = /sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]*)"\)/.exec(rest) ?? [];
    if (call === 'bind') socket.bound = `${host}:${port}`;
    if (call === 'connect') connected[port] = socket;
  }
  return connected;
}

const traced = { root: true, binaries: ['haproxy', 'strace'], build: true };

describeNet('Options of sockets to servers', traced, () => {
  let servers: Server[] = [];
  const origins: number[] = [];
  const seen: Partial<Record<Which, Record<string, OutgoingSocket>>> = {};

  beforeAll(async () => {
    const words = [
      '',
      'tfo',
      'tcp-ut 5s',
      'source 127.0.0.3',
      'source 127.0.0.4:1044',
      'source 127.0.0.5 interface lo',
      'source 0.0.0.0 usesrc 127.0.0.6:1046',
      'source 0.0.0.0 usesrc clientip',
    ];
    servers = words.map(() =>
      createServer((socket) => {
        socket.on('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nok')).on('error', () => {});
      }),
    );
    for (const server of servers) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      origins.push((server.address() as { port: number }).port);
    }
    for (const which of ['original', 'ours'] as const) seen[which] = await trace(which, words);
  });

  afterAll(() => {
    for (const server of servers) server.close();
  });

  async function trace(which: Which, words: readonly string[]): Promise<Record<string, OutgoingSocket>> {
    const ports = await freePorts(words.length);
    const sections = words.map(
      (word, i) => `listen l${i}
 bind 127.0.0.1:${ports[i]}
 server s 127.0.0.1:${origins[i]} ${word}
${i % 2 === 1 ? ' option srvtcpka\n srvtcpka-idle 20s\n srvtcpka-cnt 3\n srvtcpka-intvl 7s\n' : ' option tcp-smart-connect\n'}`,
    );
    const [file, output] = [join(folder, 'options.cfg'), join(folder, `${which}.trace`)];
    writeFileSync(file, `global\n nbthread 1\ndefaults\n mode http\n${defaults}${sections.join('')}`);
    const calls = 'trace=socket,setsockopt,bind,connect';
    const child = spawn('strace', ['-f', '-qq', '-o', output, '-e', calls, programs(which), '-db', '-f', file]);
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    try {
      for (const port of ports) await waitUntil(`port ${port}`, () => accepts(port));
      for (const port of ports) expect((await exchange(port, request)).status).toBe(200);
    } finally {
      process.kill(firstChildOf(child), 'SIGTERM');
      await exited;
    }
    return outgoingSockets(readFileSync(output, 'latin1'));
  }

  /** strace does not pass a signal on. */
  function firstChildOf({ pid }: ChildProcess): number {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')[0]);
  }

  it('are those of the real HAProxy', () => {
    const mine = origins.map((port) => seen.ours![port]);
    expect(mine).toEqual(origins.map((port) => seen.original![port]));
    expect(mine[1]!.options).toMatchObject({ SO_KEEPALIVE: '[1]', TCP_KEEPCNT: '[3]' });
    expect(mine[4]!.bound).toBe('127.0.0.4:1044');
  });
});

describeNet('Servers in other networks', { root: true, binaries: ['haproxy', 'socat'], build: true }, () => {
  let network: Network;
  let proxy: Host;
  let server: Host;

  beforeAll(async () => {
    network = await createNetwork({ hosts: { proxy: '10.90.0.1', server: '10.90.0.2' } });
    proxy = network.host('proxy');
    server = network.host('server');
    // The way back to addresses that only the proxy borrows.
    await server.run('ip', ['route', 'add', '10.99.0.0/24', 'via', '10.90.0.1']);
    await proxy.run('ip', ['rule', 'add', 'to', '10.99.0.0/24', 'lookup', '100']);
    await proxy.run('ip', ['route', 'add', 'local', '10.99.0.0/24', 'dev', 'lo', 'table', '100']);
    await proxy.run('ip', ['address', 'add', '10.90.0.7/24', 'dev', proxy.device]);
    await proxy.run('ip', ['netns', 'add', 'blue']);
    await proxy.run('ip', ['netns', 'exec', 'blue', 'ip', 'link', 'set', 'lo', 'up']);
    await answer(server, []);
    await answer(proxy, ['ip', 'netns', 'exec', 'blue']);
  });

  afterAll(() => network?.destroy());

  /** Answers with the address that a connection came from. */
  async function answer(host: Host, prefix: readonly string[]): Promise<HostProcess> {
    const script = join(folder, 'answer.sh');
    const head = 'while read -r line; do [ "${#line}" -gt 1 ] || break; done';
    const reply = 'printf "HTTP/1.0 200 OK\\r\\n\\r\\n%s" "$SOCAT_PEERADDR"';
    writeFileSync(script, `#!/bin/sh\n${head}\n${reply}\n`, { mode: 0o755 });
    const [command = 'socat', ...args] = [...prefix, 'socat', 'TCP-LISTEN:8080,fork,reuseaddr', `EXEC:${script}`];
    return await host.spawn(command, args);
  }

  const sections: readonly (readonly [words: string, answer: RegExp])[] = [
    ['10.90.0.2:8080', /10\.90\.0\.1$/],
    ['10.90.0.2:8080 source 10.90.0.7', /10\.90\.0\.7$/],
    ['10.90.0.2:8080 source 10.90.0.7:2000-2010 interface eth1', /10\.90\.0\.7$/],
    ['10.90.0.2:8080 source 0.0.0.0 usesrc 10.99.0.5', /10\.99\.0\.5$/],
    ['10.90.0.2:8080 source 10.90.0.7 usesrc hdr_ip(x-client)', /10\.99\.0\.9$/],
    ['127.0.0.1:8080 namespace blue', /127\.0\.0\.1$/],
    ['127.0.0.1:8080', /503 Service/],
    ['10.90.0.2:8080 source 10.90.0.99', /503 Service/],
  ];

  it.each(['original', 'ours'] as const)('are reached from where the file says: %s', async (which) => {
    const file = join(folder, `${which}.cfg`);
    const listens = sections.map(
      ([words], i) => `listen l${i}\n bind 127.0.0.1:${3000 + i}\n server s ${words} check inter 300ms\n`,
    );
    writeFileSync(file, `global\n nbthread 2\ndefaults\n mode http\n retries 0\n${defaults}${listens.join('')}`);
    const running = await proxy.spawn(programs(which), ['-db', '-f', file]);
    try {
      const ask = (i: number) =>
        proxy.exec('curl', ['-s', '-m', '3', '-H', 'X-Client: 10.99.0.9', `http://127.0.0.1:${3000 + i}/`]);
      await waitUntil('the proxy', async () => (await ask(0)).code === 0, { details: running.output });
      // Checks go the same ways, but for `usesrc`.
      await waitUntil(
        'checks',
        () => /l6\/s is DOWN/.test(running.output()) && /l7\/s is DOWN/.test(running.output()),
        {
          details: running.output,
        },
      );
      for (const [i, [words, pattern]] of sections.entries()) expect((await ask(i)).stdout, words).toMatch(pattern);
      expect(running.output()).not.toMatch(/l[0-5]\/s is DOWN/);
    } finally {
      running.kill('SIGTERM');
      await running.exited;
    }
  });
});
