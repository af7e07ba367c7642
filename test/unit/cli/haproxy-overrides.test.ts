import { expect, it } from 'vitest';
import { overrideConfig } from '../../../src/cli/haproxy-overrides.ts';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';

const text = `global
 maxconn 100
listen a
 bind 127.0.0.1:80
 maxconn 7
 timeout client 1s
 timeout server 1s
 timeout connect 1s
 server name example.com:80
 server four 127.0.0.1:80
 server six [::1]:80
 server path /run/x.sock
frontend f
 bind 127.0.0.1:81
 timeout client 1s
`;
const nothing = { maxconn: null, proxyMaxconn: null, noSplice: false, onlyIpv4: false };

function load() {
  const readFile = () => Buffer.from(text);
  return loadHaproxy(['a'], { compat: 'default', assumeFiles: true, env: {}, readFile }).config!;
}

it('leaves a configuration alone when nothing is said', () => {
  expect(overrideConfig(load(), nothing)).toEqual(load());
});

it('sets limits, of the process against the file and of proxies that have none', () => {
  const { global, proxies } = overrideConfig(load(), { ...nothing, maxconn: 50, proxyMaxconn: 20 });
  expect(global.maxconn).toBe(50);
  expect(proxies.map(({ maxconn }) => maxconn)).toEqual([7, 20]);
});

it('forbids splicing', () => {
  expect(load().global.pipes.noSplice).toBe(false);
  expect(overrideConfig(load(), { ...nothing, noSplice: true }).global.pipes.noSplice).toBe(true);
});

it('asks for the IPv4 addresses of names', () => {
  const families = (config: ReturnType<typeof load>) =>
    config.proxies[0]!.servers.map(({ address }) => (address.kind === 'ip' ? address.family : address.kind));
  expect(families(load())).toEqual([0, 4, 6, 'unix']);
  expect(families(overrideConfig(load(), { ...nothing, onlyIpv4: true }))).toEqual([4, 4, 6, 'unix']);
});
