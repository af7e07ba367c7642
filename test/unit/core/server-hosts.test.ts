import { describe, expect, it } from 'vitest';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';
import { lookUpServers } from '../../../src/core/server-hosts.ts';

function configOf(...servers: string[]) {
  const text = `listen web\n mode tcp\n bind 127.0.0.1:1\n${servers.map((line) => ` server ${line}\n`).join('')}`;
  const options = { compat: 'default', assumeFiles: true, env: {}, readFile: () => Buffer.from(text) } as const;
  return loadHaproxy(['test.cfg'], options).config!;
}

describe('lookUpServers', () => {
  it('leaves addresses as they are', async () => {
    const config = configOf('a 192.0.2.1:80', 'b [2001:db8::1]:80', 'c /run/x.sock');
    expect(await lookUpServers(config)).toEqual({ config, problems: [] });
  });

  it('finds a name', async () => {
    const { config, problems } = await lookUpServers(configOf('a localhost:80'));
    expect(problems).toEqual([]);
    const { address } = config.proxies[0]!.servers[0]!;
    expect(address).toMatchObject({ kind: 'ip', port: 80 });
    expect(['127.0.0.1', '::1']).toContain((address as { host: string }).host);
  });

  it('names the line of one that it does not find', async () => {
    const { problems } = await lookUpServers(configOf('a 192.0.2.1:80', 'b no-such-host.invalid:80'));
    expect(problems).toEqual([
      "config : parsing [test.cfg:5] : 'server web/b' : could not resolve address 'no-such-host.invalid'.",
    ]);
  });

  it('does not look up a disabled server', async () => {
    expect((await lookUpServers(configOf('b no-such-host.invalid:80 disabled'))).problems).toEqual([]);
  });
});
