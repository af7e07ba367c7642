/** Unique ids of requests and sessions: in fields for servers and in log lines, the same as HAProxy's. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

const names = ['web', 'nowhere', 'bytes', 'headless'] as const;
type Name = (typeof names)[number];

interface Side {
  readonly proxy: RunningProxy;
  readonly log: SyslogReceiver;
  readonly ports: Readonly<Record<Name, number>>;
}

function configOf(ports: Side['ports'], origin: number, log: number): string {
  return `
global
  log 127.0.0.1:${log} local0
defaults
  log global
  mode http
  timeout connect 2s
  timeout client 2s
  timeout server 2s
  unique-id-header X-ID
frontend web
  bind 127.0.0.1:${ports.web}
  unique-id-format %{+X}o\\ %ci_%fi_%[req.hdr(x-a),lower]_%HM_%HU_%b_%f
  log-format "%ID %tsc %ST"
  stats enable
  stats uri /stats
  option forwardfor
  default_backend servers
backend servers
  server s 127.0.0.1:${origin}
frontend nowhere
  bind 127.0.0.1:${ports.nowhere}
  unique-id-format %HM-%[req.hdr(x-a)]-%b
  log-format "%ID %tsc %ST"
frontend bytes
  bind 127.0.0.1:${ports.bytes}
  mode tcp
  unique-id-format %ci_%fi_%b_%f_%[src]
  log-format "%ID %ts"
  default_backend bytes_servers
backend bytes_servers
  mode tcp
  server s 127.0.0.1:${origin} send-proxy-v2 proxy-v2-options unique-id
frontend headless
  bind 127.0.0.1:${ports.headless}
  log-format "%ID %tsc %ST"
  default_backend servers
`;
}

const requests: readonly (readonly [Name, string])[] = [
  ['web', 'GET /x HTTP/1.1\r\nHost: h\r\nX-A: AbC\r\nConnection: close\r\n\r\n'],
  ['web', 'POST /?"a HTTP/1.1\r\nHost: h\r\nX-A: a "b" \x7f\xe9\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'],
  ['web', 'GET /x HTTP/1.0\r\nX-ID: forged\r\n\r\n'],
  ['web', 'GET /stats HTTP/1.0\r\n\r\n'],
  ['web', 'GE T /x HTTP/1.0\r\n\r\n'],
  ['nowhere', 'GET /x HTTP/1.0\r\nX-A: a\r\n\r\n'],
  ['bytes', 'GET /x HTTP/1.0\r\nX-A: a\r\n\r\n'],
  ['headless', 'GET /x HTTP/1.0\r\nX-A: a\r\n\r\n'],
];

/** A PROXY header of version 2 over IPv4 without its ports. */
function withoutPorts(text: string): string {
  return text.startsWith('\r\n\r\n\0') ? text.slice(0, 24) + text.slice(28) : text;
}

describeNet('Unique ids beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let origin: Origin;
  let sides: readonly Side[];

  beforeAll(async () => {
    origin = await startOrigin();
    origin.closes = true;
    const open = async (which: 'original' | 'ours'): Promise<Side> => {
      const log = await receiveSyslog();
      const free = await freePorts(names.length);
      const ports = Object.fromEntries(names.map((name, i) => [name, free[i]!])) as Side['ports'];
      const proxy = await startProxy(which, configOf(ports, origin.port, log.port), ports.headless);
      await log.waitFor(/ - /, { deadlineMs: 10_000 }).catch(() => '');
      return { proxy, log, ports };
    };
    sides = [await open('original'), await open('ours')];
  });

  afterAll(async () => {
    for (const { proxy, log } of sides ?? []) {
      await proxy.stop();
      await log.close();
    }
    await origin?.close();
  });

  it.each(requests)('%s: %j', async (name, request) => {
    const tell = async ({ log, ports }: Side): Promise<string> => {
      origin.forget();
      const from = log.lines().length;
      await exchange(ports[name], request, { enough: () => false, deadlineMs: 10_000 });
      const line = await waitUntil('the log line', () => log.lines()[from], { deadlineMs: 10_000 });
      const received = origin.received().map((text) => JSON.stringify(withoutPorts(text)));
      return [...received, `${line}`.replace(/^.*haproxy\[\d+\]: /, '')].join('\n');
    };
    const theirs = await tell(sides[0]!);
    expect(await tell(sides[1]!)).toBe(theirs);
  });
});
