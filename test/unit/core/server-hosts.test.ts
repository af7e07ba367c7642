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
    expect(await lookUpServers(config)).toEqual({ config, problems: [], remarks: [] });
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
      "config : [test.cfg:5] : 'server web/b' : could not resolve address 'no-such-host.invalid'.",
    ]);
  });

  it('goes through the methods of init-addr', async () => {
    const name = 'no-such-host.invalid';
    const { config, problems, remarks } = await lookUpServers(
      configOf(
        `a ${name}:80 init-addr last,libc,none`,
        `b ${name}:80 init-addr libc,2001:db8::1`,
        `c ${name}:80 init-addr none,libc`,
        `d ${name}:80 init-addr last`,
      ),
    );
    const [a, b, c] = config.proxies[0]!.servers;
    expect([a!.disabled, b!.disabled, c!.disabled]).toEqual([true, false, true]);
    expect(b!.address).toMatchObject({ host: '2001:db8::1', family: 6, port: 80 });
    const failed = (line: number, server: string) =>
      `config : [test.cfg:${line}] : 'server web/${server}' : could not resolve address '${name}'`;
    expect(remarks.toSorted()).toEqual([
      `${failed(4, 'a')}, disabling server.`,
      `${failed(5, 'b')}, falling back to configured address.`,
    ]);
    expect(problems).toEqual([
      `config : [test.cfg:7] : 'server web/d' : no method found to resolve address '${name}'.`,
    ]);
  });

  it('does not look up a disabled server', async () => {
    expect((await lookUpServers(configOf('b no-such-host.invalid:80 disabled'))).problems).toEqual([]);
  });
});
