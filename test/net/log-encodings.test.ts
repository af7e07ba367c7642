/** Lines in JSON, and a ring that leaves a file behind; Debian's HAProxy is older than both. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

describeNet('Encoded lines and files of rings', { build: true }, () => {
  let folder: string;
  let log: SyslogReceiver;
  let proxy: RunningProxy;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-ring-'));
    log = await receiveSyslog();
    [port = 0] = await freePorts(1);
    const config = `
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  option dontlognull
ring kept
  format raw
  size 20000
  backing-file ${folder}/ring
frontend web
  bind 127.0.0.1:${port}
  capture request header X-A len 50
  log 127.0.0.1:${log.port} format raw local0
  log ring@kept local0
  log-format '%{+json}o %(front)f %(status)ST %(client)ci %(target)HU %(a)[capture.req.hdr(0)] %(server)si %(end)ts'
`;
    proxy = await startProxy('ours', config, port);
  });

  afterAll(async () => {
    await proxy?.stop();
    await log?.close();
    await rm(folder, { recursive: true });
  });

  it('can be read as JSON', async () => {
    await exchange(port, 'GET /"x" HTTP/1.0\r\nX-A: \xc3\xa4\\"\r\n\r\n');
    const line = await log.waitFor(/\{.*front.*\}/);
    expect(JSON.parse(line)).toEqual({
      front: 'web',
      status: 503,
      client: '127.0.0.1',
      target: '/"x"',
      a: 'ä\\"',
      server: null,
      end: 'SC',
    });
  });

  it('stay in the file when the process is gone', async () => {
    await exchange(port, 'GET /last HTTP/1.0\r\n\r\n');
    await log.waitFor(/\/last/);
    const contents = () => readFile(`${folder}/ring`, 'latin1');
    await waitUntil('the line in the file', async () => (await contents()).includes('/last'));
    await proxy.stop();
    const text = await contents();
    expect(text.length).toBe(20000);
    expect(text).toMatch(/^ring kept 19936 \d+ *\n/);
    const lines = text.slice(64).replaceAll('\0', '').split('\n').slice(0, -1);
    expect(lines.map((line) => (JSON.parse(line) as { target: string }).target)).toEqual(['/"x"', '/last']);
  });
});
