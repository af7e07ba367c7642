/**
 * Servers that talk before they are asked: what they say may reach the proxy in the same moment as the news that the
 * connection is made. Many clients at once keep the only thread busy meanwhile, so that this happens to some of them.
 */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';

const CLIENTS = 60;
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describeNet('servers that talk first', { build: true }, () => {
  let origin: Server;
  let proxy: RunningProxy;
  let port: number;

  beforeAll(async () => {
    origin = createServer((socket) => {
      socket.on('error', () => {}).resume();
      socket.write(ANSWER);
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    const { port: originPort } = origin.address() as { port: number };
    port = await freePort();
    const config = `global
  nbthread 1
defaults
  mode http
  timeout connect 10s
  timeout client 10s
  timeout server 10s
listen web
  bind 127.0.0.1:${port}
  http-reuse never
  server eager 127.0.0.1:${originPort}
`;
    proxy = await startProxy('ours', config, port);
  });
  afterAll(async () => {
    await proxy.stop();
    origin.close();
  });

  it('are heard, however early', async () => {
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, () => exchange(port, request, { deadlineMs: 15_000 })),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(CLIENTS).fill(200));
    }
  }, 90_000);
});
