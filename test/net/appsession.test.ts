/** `appsession` of old configurations: clients go where their application's session was made. HAProxy 2.6 has no such word. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, plainAnswer, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';

const variants = {
  plain: 'appsession SID len 8 timeout 1h',
  learn: 'appsession SID len 8 timeout 1h request-learn',
  prefix: 'appsession ASP len 8 timeout 1h prefix',
  query: 'appsession SID len 8 timeout 1h mode query-string',
} as const;
type Variant = keyof typeof variants;
const names = Object.keys(variants) as Variant[];

describeNet('appsession', { build: true }, () => {
  let origins: readonly Origin[];
  let proxy: RunningProxy;
  let ports: ReadonlyMap<Variant, number>;

  beforeAll(async () => {
    origins = [await startOrigin(), await startOrigin()];
    const free = await freePorts(names.length);
    ports = new Map(names.map((name, i) => [name, free[i]!]));
    const sections = names.flatMap((name) => [
      `listen ${name}`,
      `  bind 127.0.0.1:${ports.get(name)}`,
      '  balance roundrobin',
      `  ${variants[name]}`,
      ...origins.map((origin, i) => `  server ${'ab'[i]} 127.0.0.1:${origin.port}`),
    ]);
    const config = [
      'global',
      '  nbthread 2',
      'defaults',
      '  mode http',
      '  timeout connect 2s',
      '  timeout client 5s',
      '  timeout server 5s',
      ...sections,
      '',
    ].join('\n');
    proxy = await startProxy('ours', config, free[0]!);
  });

  afterAll(async () => {
    await proxy?.stop();
    for (const origin of origins ?? []) await origin.close();
  });

  /** Which origin got the request. */
  async function ask(variant: Variant, target: string, cookie = '', sets = ''): Promise<number> {
    for (const origin of origins) {
      origin.forget();
      origin.closes = true;
      origin.answer = sets === '' ? plainAnswer : plainAnswer.replace('\r\n', `\r\nSet-Cookie: ${sets}\r\n`);
    }
    const fields = cookie === '' ? '' : `Cookie: ${cookie}\r\n`;
    const { status } = await exchange(ports.get(variant)!, `GET ${target} HTTP/1.0\r\n${fields}\r\n`);
    expect(status).toBe(200);
    return origins.findIndex((origin) => origin.received().length > 0);
  }

  /** Where four requests go; balancing alone would take turns. */
  async function askOften(variant: Variant, target: string, cookie = ''): Promise<readonly number[]> {
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) seen.push(await ask(variant, target, cookie));
    return seen;
  }

  describe('learns from responses', () => {
    it('and follows cookies', async () => {
      const made = await ask('plain', '/', '', 'SID=one; path=/');
      expect(await askOften('plain', '/', 'x=y; SID=one')).toEqual([made, made, made, made]);
    });

    it('of which so many bytes count', async () => {
      const made = await ask('plain', '/', '', 'SID=12345678abc');
      expect(await askOften('plain', '/', 'SID=12345678xyz')).toEqual([made, made, made, made]);
    });

    it('and follows parameters of paths', async () => {
      const made = await ask('plain', '/', '', 'SID=path');
      expect(await askOften('plain', '/a;b=c;SID=path?SID=no')).toEqual([made, made, made, made]);
    });

    it('and follows parameters of queries', async () => {
      const made = await ask('query', '/', '', 'SID=query');
      expect(await askOften('query', '/a;SID=no?b=c&SID=query&d')).toEqual([made, made, made, made]);
    });

    it('by the beginning of a name', async () => {
      const made = await ask('prefix', '/', '', 'ASPXYZ=one');
      expect(await askOften('prefix', '/', 'ASPXYZ=one')).toEqual([made, made, made, made]);
      expect(new Set(await askOften('prefix', '/', 'ASPXYY=one')).size).toBe(2);
    });
  });

  it('learns from requests only when told so', async () => {
    expect(new Set(await askOften('plain', '/', 'SID=unknown')).size).toBe(2);
    expect(new Set(await askOften('learn', '/', 'SID=unknown')).size).toBe(1);
  });

  it('leaves other clients to balancing', async () => {
    expect(new Set(await askOften('plain', '/', 'OSID=one; SIDE=one')).size).toBe(2);
  });
});
