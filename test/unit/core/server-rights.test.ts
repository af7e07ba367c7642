import { describe, expect, it } from 'vitest';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';
import { findMissingNamespaces } from '../../../src/core/server-namespaces.ts';
import { findLostRights } from '../../../src/core/server-rights.ts';

function configOf(user: string, ...servers: string[]) {
  const lines = servers.map((line) => ` server ${line}\n`).join('');
  const text = `global\n${user}listen web\n mode tcp\n bind 127.0.0.1:1\n${lines}`;
  const options = { compat: 'default', assumeFiles: true, env: {}, readFile: () => Buffer.from(text) } as const;
  return loadHaproxy(['test.cfg'], options).config!;
}

describe('findLostRights', () => {
  it.each([
    [' user nobody\n', 'a 192.0.2.1:80 source 0.0.0.0 usesrc clientip', true],
    [' user nobody\n', 'a 192.0.2.1:80 source 192.0.2.2 interface lo', true],
    [' user nobody\n', 'a 192.0.2.1:80 source 192.0.2.2', false],
    [' user root\n', 'a 192.0.2.1:80 source 0.0.0.0 usesrc client', false],
    ['', 'a 192.0.2.1:80 source 0.0.0.0 usesrc client', false],
  ])('%j with server %s', (user, server, isLost) => {
    expect(findLostRights(configOf(user, server)) !== null).toBe(isLost);
  });
});

describe('findMissingNamespaces', () => {
  it('names each server', () => {
    const name = `no-such-namespace-${process.pid}`;
    const config = configOf(
      '',
      `a 192.0.2.1:80 namespace ${name}`,
      'b 192.0.2.1:80',
      `c 192.0.2.1:80 namespace ${name}`,
    );
    expect(findMissingNamespaces(config)).toEqual(
      [5, 7].map(
        (line) =>
          `config : [test.cfg:${line}] : 'server web/${line === 5 ? 'a' : 'c'}' : Cannot open namespace '${name}'.`,
      ),
    );
  });
});
