/**
 * Between requests a client's connection has no exchange, and the next client may get the one that it used: nothing of
 * one client may show in another's requests, whatever the first one did.
 */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';

const plain = 'GET /plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** What the client before may leave behind. */
const before: Readonly<Record<string, string>> = {
  'a plain request': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/1.0': 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'a HEAD': 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
  'a body': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  chunks: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'half a body': 'POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\nhello',
  'a bad request': 'GET / HTTP/1.1\r\nBad Field: x\r\n\r\n',
  'an upgrade': 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n',
  'two requests at once': 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
};

describeNet('exchanges of one client after another', { build: true }, () => {
  let origin: Server;
  let proxy: RunningProxy;
  let port: number;
  beforeAll(async () => {
    origin = createServer((request, response) => {
      request.resume();
      const from = request.headers['x-forwarded-for'];
      response.end(`${request.method} ${request.url} from ${from} ${request.headers['content-length'] ?? '-'}`);
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    port = (await freePorts(1))[0]!;
    proxy = await startProxy('ours', conf(port, (origin.address() as AddressInfo).port), port);
  });
  afterAll(async () => {
    await proxy?.stop();
    origin?.closeAllConnections();
    origin?.close();
  });

  /** Sends from an address and resolves with all that came until the end, or shortly after something came. */
  function send(from: string, bytes: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: from });
      let text = '';
      const finish = (): void => {
        socket.destroy();
        resolve(text);
      };
      socket.on('data', (part: Buffer) => {
        text += part.toString('latin1');
        setTimeout(finish, 30);
      });
      socket.on('end', finish);
      socket.on('error', finish);
      socket.write(bytes, 'latin1');
    });
  }

  it.each(Object.entries(before))('after %s', async (_, bytes) => {
    const first = await send('127.0.0.1', plain);
    expect(first).toContain('GET /plain from 127.0.0.1 -');
    await send('127.0.0.7', bytes);
    for (const address of ['127.0.0.8', '127.0.0.9']) {
      const text = await send(address, plain);
      expect(text.replace(/\r\nDate: [^\r]*/i, '').replace(address, '127.0.0.1')).toBe(
        first.replace(/\r\nDate: [^\r]*/i, ''),
      );
    }
  });
});

function conf(port: number, origin: number): string {
  return `
global
    nbthread 1
defaults
    mode http
    option forwardfor
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen http
    bind 127.0.0.1:${port}
    server s 127.0.0.1:${origin}
`;
}
