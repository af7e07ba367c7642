/**
 * Two proxies in a row, one of them the real HAProxy: what the first one tells in a PROXY header the second one must
 * take for its client, session by session, whoever writes and whoever reads.
 */
import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { Peer } from './lib/stage.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';

type Which = 'original' | 'ours';

const HEADERS = [
  'send-proxy',
  'send-proxy-v2',
  'send-proxy-v2 proxy-v2-options crc32c',
  'send-proxy-v2-ssl proxy-v2-options crc32c,unique-id,authority',
];

describeNet('Proxies in a row', { binaries: ['haproxy'], build: true }, () => {
  let origin: Server;
  let originPort = 0;
  let log: SyslogReceiver;

  beforeAll(async () => {
    log = await receiveSyslog();
    origin = createServer((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')).on('error', () => {});
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    originPort = (origin.address() as { port: number }).port;
  });

  afterAll(async () => {
    origin?.close();
    await log?.close();
  });

  const timeouts = ' timeout client 3s\n timeout server 3s\n timeout connect 1s\n';

  async function open(first: Which, second: Which): Promise<{ ports: number[]; proxies: RunningProxy[] }> {
    const ports = await freePorts(HEADERS.length * 4);
    const inner = HEADERS.flatMap((_, i) =>
      ['tcp', 'http'].map((mode, m) => {
        const name = `${mode}${i}`;
        const format = `log-format "${name} %ci:%cp %fi:%fp"`;
        return `listen ${name}\n mode ${mode}\n ${format}\n bind 127.0.0.1:${ports[4 * i + 2 + m]} accept-proxy\n server s 127.0.0.1:${originPort}\n`;
      }),
    );
    const outer = HEADERS.flatMap((words, i) =>
      ['tcp', 'http'].map(
        (mode, m) =>
          `listen ${mode}${i}\n mode ${mode}\n unique-id-format %{+X}o%ci\n bind 127.0.0.1:${ports[4 * i + m]}\n server s 127.0.0.1:${ports[4 * i + 2 + m]} ${words}\n`,
      ),
    );
    const head = `defaults\n${timeouts}`;
    const reader = await startProxy(
      second,
      `global\n log 127.0.0.1:${log.port} local0\ndefaults\n log global\n${timeouts}${inner.join('')}`,
      ports[2]!,
    );
    const writer = await startProxy(first, head + outer.join(''), ports[0]!);
    return { ports, proxies: [writer, reader] };
  }

  it.each([
    ['ours', 'original'],
    ['original', 'ours'],
    ['ours', 'ours'],
  ] as const)('%s tells, %s believes', async (first, second) => {
    const { ports, proxies } = await open(first, second);
    try {
      for (const [i, words] of HEADERS.entries()) {
        for (const [m, mode] of ['tcp', 'http'].entries()) {
          const port = ports[4 * i + m]!;
          const from = log.lines().length;
          const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${30 + i}` });
          const client = new Peer(socket);
          for (let nth = 1; nth <= 2; nth++) {
            client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
            await client.see(new RegExp(`(?:200 OK.*){${nth}}ok"$`));
          }
          const told = `${mode}${i} 127.0.0.${30 + i}:${socket.localPort} 127.0.0.1:${port}`;
          socket.end();
          // The connection that found the port open has a line as well, in its own time.
          const line = await log.waitFor(new RegExp(` ${told.replaceAll('.', '\\.')}$`), {
            from,
            details: () => words,
          });
          expect(line).toContain(told);
        }
      }
    } finally {
      for (const proxy of proxies) await proxy.stop();
    }
  });
});
