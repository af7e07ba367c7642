/** Words of the global section that are given twice: the first stays, as `haproxy -c` of 2.6 tells with the same lines. */
import { expect, it } from 'vitest';
import { positionOf } from '../../../../grammar/source.ts';
import { loadHaproxy } from '../../../../src/config/load-haproxy.ts';

function load(...lines: string[]) {
  const text = `global\n ${lines.join('\n ')}\nlisten a\n bind :80\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n`;
  const readFile = () => Buffer.from(text);
  const { config, diagnostics } = loadHaproxy(['x'], { compat: 'haproxy-2.6', assumeFiles: true, env: {}, readFile });
  const told = diagnostics.list.map(({ severity, at, message }) => {
    return `${severity} ${at && positionOf(at.source, at.start).line}: ${message}`;
  });
  return { config, global: config?.global, told };
}

it.each([
  ['maxconn', "'maxconn' already specified. Continuing."],
  ['ulimit-n', "'ulimit-n' already specified. Continuing."],
  ['fd-hard-limit', "'fd-hard-limit' already specified. Continuing."],
  ['maxconnrate', "'maxconnrate' already specified. Continuing."],
  ['maxsessrate', "'maxsessrate' already specified. Continuing."],
  ['maxpipes', "'maxpipes' already specified. Continuing."],
  ['spread-checks', 'spread-checks already specified. Continuing.'],
  ['chroot', "'chroot' already specified. Continuing."],
  ['log-send-hostname', "'log-send-hostname' already specified. Continuing."],
  ['uid', 'user/uid already specified. Continuing.'],
  ['gid', 'group/gid already specified. Continuing.'],
  ['user', 'user/uid already specified. Continuing.'],
  ['group', 'gid/group was already specified. Continuing.'],
])('%s keeps its first value', (name, message) => {
  const both = load(`${name} 10`, `${name} 20`);
  expect(both.told).toEqual([`warning 3: ${message}`]);
  expect(both.global).toEqual(load(`${name} 10`).global);
  expect(both.global).not.toEqual(load(`${name} 20`).global);
});

it('keeps the first prefix of UNIX sockets', () => {
  const socket = 'listen b\n bind unix@x\n timeout connect 1s\n timeout client 1s\n timeout server 1s';
  const { told, config } = load('unix-bind prefix /a/', 'unix-bind prefix /b/', socket);
  expect(told).toEqual(["warning 3: unix-bind 'prefix' already specified. Continuing."]);
  const addresses = config?.proxies.flatMap(({ listeners }) => listeners.map(({ address }) => address));
  expect(addresses).toContainEqual({ kind: 'unix', path: '/a/x' });
});

it('takes a user by number or by name, whichever comes first', () => {
  expect(load('uid 99', 'user nobody').global?.user).toBe('99');
  expect(load('user nobody', 'uid 99').global?.user).toBe('nobody');
});

it('takes a limit of 0 for none', () => {
  expect(load('maxconn 0', 'maxconn 20').told).toEqual([]);
  expect(load('maxconn 0', 'maxconn 20').global?.maxconn).toBe(20);
});

it('takes the last value of other words', () => {
  expect(load('node a', 'node b').global).toEqual(load('node b').global);
});
