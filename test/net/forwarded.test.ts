/** `option forwarded` on the way through a running proxy; Debian's HAProxy is older than the option. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';

const plays = {
  plain: 'option forwarded',
  all: 'option forwarded proto host by by_port for for_port',
  made: 'option forwarded host-expr req.hdr(x-host) for-expr req.hdr(x-user) by-expr be_name for_port-expr int(7)',
  both: 'option forwarded for; option forwardfor',
} as const;

type Play = keyof typeof plays;
const names = Object.keys(plays) as Play[];

describeNet('option forwarded', { build: true }, () => {
  let origin: Origin;
  let proxy: RunningProxy;
  let ports: Readonly<Record<Play, number>>;

  beforeAll(async () => {
    origin = await startOrigin();
    origin.closes = true;
    const free = await freePorts(names.length);
    ports = Object.fromEntries(names.map((name, i) => [name, free[i]!])) as Record<Play, number>;
    const proxies = names.map(
      (name) => `
frontend ${name}
  bind 127.0.0.1:${ports[name]}
  default_backend to_${name}
backend to_${name}
  ${plays[name].split('; ').join('\n  ')}
  server s 127.0.0.1:${origin.port}`,
    );
    const config = `defaults\n  mode http\n  timeout connect 2s\n  timeout client 2s\n  timeout server 2s\n${proxies.join('')}\n`;
    proxy = await startProxy('ours', config, ports.plain);
  });

  afterAll(async () => {
    await proxy?.stop();
    await origin?.close();
  });

  async function fieldsSeen(name: Play, fields = ''): Promise<string[]> {
    origin.forget();
    await exchange(ports[name], `GET / HTTP/1.1\r\nHost: h.example\r\n${fields}Connection: close\r\n\r\n`);
    const seen = origin.received()[0] ?? '';
    return seen.split('\r\n').filter((line) => /^(?:x-)?forwarded/.test(line));
  }

  it('tells protocol and client', async () => {
    expect(await fieldsSeen('plain')).toEqual(['forwarded: proto=http;for=127.0.0.1']);
  });

  it('stands behind what the client sent', async () => {
    const seen = await fieldsSeen('plain', 'Forwarded: for=_x\r\n');
    expect(seen).toEqual(['forwarded: for=_x', 'forwarded: proto=http;for=127.0.0.1']);
  });

  it('tells all it knows', async () => {
    const [seen] = await fieldsSeen('all');
    const by = `by="127.0.0.1:${ports.all}"`;
    expect(seen).toMatch(new RegExp(`^forwarded: proto=http;host="h.example";${by};for="127.0.0.1:\\d+"$`));
  });

  it('tells what expressions make of the request', async () => {
    const seen = await fieldsSeen('made', 'X-Host: a.example\r\nX-User: u1\r\n');
    expect(seen).toEqual(['forwarded: host="a.example";by=_to_made;for="_u1:7"']);
    expect(await fieldsSeen('made')).toEqual(['forwarded: by=_to_made;for="unknown:7"']);
  });

  it('goes with option forwardfor', async () => {
    expect(await fieldsSeen('both')).toEqual(['forwarded: for=127.0.0.1', 'x-forwarded-for: 127.0.0.1']);
  });
});
