/**
 * `set-proxy-v2-tlv-fmt` and `pool-conn-name`: what servers are told of a session, and which sessions share connections.
 * Debian's HAProxy is older than both, but reads fields that it knows: it is the server here.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';

const defaults =
  'global\n  nbthread 1\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 2s\n  timeout server 2s\n';
const answered = (text: string): boolean => text.includes('\r\n\r\n') && !text.endsWith('\r\n\r\n');

describeNet('Formats of servers', { binaries: ['haproxy'], build: true }, () => {
  let origin: Origin;
  let reader: RunningProxy;
  let proxy: RunningProxy;
  let ports: readonly number[];

  beforeAll(async () => {
    origin = await startOrigin();
    ports = await freePorts(5);
    const [told, named, plain, bytes, reads] = ports;
    const page =
      'http-request return status 200 content-type text/plain lf-string "%[fc_pp_authority]|%[fc_pp_unique_id]|"';
    reader = await startProxy(
      'original',
      `${defaults}frontend f\n  bind 127.0.0.1:${reads} accept-proxy\n  ${page}\n`,
      reads!,
    );
    const config = `${defaults}
listen told
  bind 127.0.0.1:${told}
  server s 127.0.0.1:${reads} send-proxy-v2 set-proxy-v2-tlv-fmt(2) %[req.hdr(host)] set-proxy-v2-tlv-fmt(0x05) "a  %HM %f"
listen named
  bind 127.0.0.1:${named}
  http-reuse always
  server s 127.0.0.1:${origin.port} pool-low-conn 4 pool-conn-name req.hdr(host)
listen plain
  bind 127.0.0.1:${plain}
  http-reuse always
  server s 127.0.0.1:${origin.port} pool-low-conn 4
listen bytes
  bind 127.0.0.1:${bytes}
  mode tcp
  default-server set-proxy-v2-tlv-fmt(0xE0) %ci
  server s 127.0.0.1:${origin.port} send-proxy-v2 set-proxy-v2-tlv-fmt(0xE1) "%[req.hdr(x)]%f:%[str()]"
`;
    proxy = await startProxy('ours', config, told!);
  });

  afterAll(async () => {
    await proxy?.stop();
    await reader?.stop();
    await origin?.close();
  });

  it('tell in PROXY headers what HAProxy reads there', async () => {
    const { text } = await exchange(ports[0]!, 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n', { enough: answered });
    expect(text.split('\r\n\r\n')[1]).toBe('a.example|a  GET told|');
    const other = await exchange(ports[0]!, 'POST / HTTP/1.1\r\nHost: b.example\r\nContent-Length: 0\r\n\r\n', {
      enough: answered,
    });
    expect(other.text.split('\r\n\r\n')[1]).toBe('b.example|a  POST told|');
  });

  it('tell of sessions in mode tcp, those of default-server lines first', async () => {
    origin.forget();
    await exchange(ports[3]!, 'GET / HTTP/1.0\r\nX: a\r\n\r\n');
    const [seen = ''] = origin.received();
    expect(seen.slice(28, seen.indexOf('GET'))).toBe('\xe0\x00\x09127.0.0.1\xe1\x00\x06bytes:');
  });

  async function hostsByConnection(port: number): Promise<string[]> {
    origin.forget();
    for (const host of ['a', 'b', 'a', 'b', 'b']) {
      await exchange(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, { enough: (text) => text.endsWith('ok') });
    }
    return origin.received().map((text) => [...text.matchAll(/host: (\w+)/g)].map((found) => found[1]).join(''));
  }

  it('share connections among requests of one name only', async () => {
    expect(await hostsByConnection(ports[1]!)).toEqual(['aa', 'bbb']);
    expect(await hostsByConnection(ports[2]!)).toEqual(['ababb']);
  });
});
