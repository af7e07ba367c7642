/**
 * What a proxy gets that says nothing, by profile: against the manuals of 2.6 and 3.4 (chapters 3, 4 and 5, "default").
 * Most never changed; that they did not is held here as well.
 */
import { describe, expect, it } from 'vitest';
import type { HaproxyConfig } from '../../../src/config/haproxy.ts';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';
import { printHaproxy } from '../../../src/config/print-haproxy.ts';
import type { Profile } from '../../../src/config/profile.ts';

const common = 'listen a\n bind 127.0.0.1:80\n timeout client 1s\n timeout connect 1s\n timeout server 1s\n';

function load(compat: Profile, lines: string): HaproxyConfig {
  const text = Buffer.from(`${common}${lines} server s 127.0.0.1:81 check\n`);
  const { config, diagnostics } = loadHaproxy(['a.cfg'], { compat, assumeFiles: false, env: {}, readFile: () => text });
  if (config === null) throw new Error(JSON.stringify(diagnostics.list.map(({ message }) => message)));
  return config;
}

const turns = { algorithm: 'roundrobin' };
const chance = { algorithm: 'random', draws: 2 };

type Row = readonly [what: string, of: (config: HaproxyConfig) => unknown, old: unknown, since33: unknown];

const proxy = (config: HaproxyConfig) => config.proxies[0]!;

const changed: readonly Row[] = [
  ['balance', (config) => proxy(config).balance, turns, chance],
  ['option abortonclose', (config) => proxy(config).abortonclose, false, true],
];

const unchanged: readonly (readonly [string, (config: HaproxyConfig) => unknown, unknown])[] = [
  ['hash-type', ({ proxies }) => [proxies[0]!.hashType.method, proxies[0]!.hashType.function], ['map-based', 'sdbm']],
  ['hash-preserve-affinity', (config) => proxy(config).hashType.affinity, 'always'],
  ['hash-balance-factor', (config) => proxy(config).hashType.balanceFactor, 0],
  ['retries', (config) => proxy(config).retries, 3],
  ['option redispatch', (config) => proxy(config).redispatch, null],
  ['http-reuse', (config) => proxy(config).link.httpReuse, 'safe'],
  ['retry-on', (config) => proxy(config).link.retryOn.connFailure, true],
  ['max-session-srv-conns', (config) => proxy(config).link.maxSessionServerConns, 5],
  ['http connection mode', (config) => proxy(config).httpConnectionMode, 'keep-alive'],
  ['option http-restrict-req-hdr-names', (config) => proxy(config).http.restrictHeaderNames, null],
  ['unsafe requests', (config) => proxy(config).http.acceptUnsafeRequests, false],
  ['unsafe responses', (config) => proxy(config).http.acceptUnsafeResponses, false],
  ['maxconn', ({ global }) => global.maxconn, null],
  ['tune.bufsize', ({ global }) => global.tuneBufsize, 16384],
  ['tune.maxrewrite', ({ global }) => global.tuneMaxrewrite, 1024],
  ['tune.http.maxhdr', ({ global }) => global.tuneHttpMaxhdr, 101],
  ['tune.http.cookielen', ({ global }) => global.tuneHttpCookielen, 64],
  ['tune.http.logurilen', ({ global }) => global.tuneHttpLogurilen, 1023],
  ['tune.pool-low-fd-ratio', ({ global }) => global.tunePoolLowFdRatio, 20],
  ['tune.pool-high-fd-ratio', ({ global }) => global.tunePoolHighFdRatio, 25],
  ['tune.idle-pool.shared', ({ global }) => global.tuneIdlePoolShared, true],
  ['pool-purge-delay', (config) => proxy(config).servers[0]!.link.poolPurgeDelayMs, 5000],
  ['pool-max-conn', (config) => proxy(config).servers[0]!.link.poolMaxConn, -1],
  ['weight', (config) => proxy(config).servers[0]!.weight, 1],
  ['inter', (config) => proxy(config).servers[0]!.check!.interMs, 2000],
  ['rise', (config) => proxy(config).servers[0]!.check!.rise, 2],
  ['fall', (config) => proxy(config).servers[0]!.check!.fall, 3],
];

const rows: readonly Row[] = [...changed, ...unchanged.map(([what, of, value]): Row => [what, of, value, value])];
const profiles = [
  ['default', false],
  ['haproxy-2.6', false],
  ['haproxy-3.4', true],
] as const;

describe.each(profiles)('a proxy that says nothing under %s', (profile, isLater) => {
  it.each(rows)('has the %s of its release', (_what, of, old, since33) => {
    expect(of(load(profile, ' mode http\n'))).toEqual(isLater ? since33 : old);
  });

  it('keeps what it says', () => {
    const own = proxy(load(profile, ' mode http\n balance roundrobin\n no option abortonclose\n'));
    expect(own).toMatchObject({ balance: turns, abortonclose: false });
    const other = proxy(load(profile, ' mode http\n balance random\n option abortonclose\n'));
    expect(other).toMatchObject({ balance: chance, abortonclose: true });
  });

  it('is not given up early in mode tcp', () => {
    expect(proxy(load(profile, ' mode tcp\n'))).toMatchObject({
      balance: isLater ? chance : turns,
      abortonclose: false,
    });
  });

  it('is printed so that another release runs it alike', () => {
    const { balance, abortonclose } = proxy(load(profile, ' mode http\n'));
    const printed = Buffer.from(printHaproxy(load(profile, ' mode http\n')));
    for (const [compat] of profiles) {
      const again = loadHaproxy(['p.cfg'], { compat, assumeFiles: false, env: {}, readFile: () => printed });
      expect(again.config?.proxies[0]).toMatchObject({ balance, abortonclose });
    }
  });
});
