/** The proxy's own pages, byte for byte beside those of the real HAProxy. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ErrorStatus, errorPage, unreadPage } from '../../src/proxy/http/errors.ts';
import { freePort } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';

const denied: readonly ErrorStatus[] = [401, 403, 404, 405, 407, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504];

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const whole = (got: string): boolean => got.endsWith('</html>\n');

describeNet('error pages beside the real HAProxy', { binaries: ['haproxy'] }, () => {
  let proxy: RunningProxy;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    const rules = [400, 408, ...denied].map((s) => `  http-request deny deny_status ${s} if { path /${s} }`).join('\n');
    const config = `
defaults
  mode http
  timeout client 2s
  timeout http-request 300ms
listen pages
  bind 127.0.0.1:${port}
  monitor-uri /monitor
${rules}
`;
    proxy = await startProxy('original', config, port);
  });

  afterAll(() => proxy?.stop());

  async function fetch(target: string, fields = ''): Promise<string> {
    return (await exchange(port, `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, { enough: whole })).text;
  }

  it.each([400, 408, ...denied] as const)('%i', async (status) => {
    expect(text(errorPage(status).write(11, true, false))).toBe(await fetch(`/${status}`));
    expect(text(errorPage(status).write(11, false, false))).toBe(await fetch(`/${status}`, 'Connection: close\r\n'));
  });

  it('the monitor', async () => expect(text(errorPage(200).write(11, true, false))).toBe(await fetch('/monitor')));

  it.each([
    [400, 'garbage\r\n\r\n'],
    [422, 'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
    [408, 'GET / HTT'],
  ] as const)('%i for what is no request', async (status, sent) => {
    const { text: got } = await exchange(port, sent, { enough: whole });
    expect(text(unreadPage(status))).toBe(got);
  });
});
