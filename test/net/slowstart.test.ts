/**
 * A server that comes back with `slowstart`, and those that track it, beside Debian's HAProxy: the same steps of weight and
 * throttle on the statistics page, the same log lines, few sessions at first.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askAll, type NamedOrigin, openOrigins } from './lib/named-origins.ts';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

interface Side {
  readonly proxy: RunningProxy;
  readonly log: SyslogReceiver;
  readonly statsPort: number;
  readonly port: number;
}

function configuration(statsPort: number, port: number, logPort: number, origins: readonly NamedOrigin[]): string {
  const [one, two] = origins.map((origin) => `127.0.0.1:${origin.port}`);
  return `
global
  nbthread 1
  log 127.0.0.1:${logPort} local0
defaults
  mode http
  log global
  timeout client 5s
  timeout server 5s
  timeout connect 1s
listen stats
  bind 127.0.0.1:${statsPort}
  stats uri /
listen turns
  bind 127.0.0.1:${port}
  option dontlog-normal
  server s1 ${one} check inter 100ms fall 1 rise 1 slowstart 3s weight 10
  server s2 ${two} weight 10
  server off ${two} weight 0
  server spare ${two} backup
backend fixed
  balance source
  server s1 ${one} track turns/s1 slowstart 2500ms weight 10
backend moving
  balance source
  hash-type consistent
  server s1 ${one} track turns/s1 slowstart 3s weight 10
  server s2 ${one} track fixed/s1
backend off
  server s1 ${one} track moving/s1 weight 0
`;
}

/** Weight and throttle of `s1` and the weight of its backend, as shown. */
async function readRows({ statsPort }: Side, proxy: string): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${statsPort}/;csv`)).text();
  const [head = '', ...lines] = text.split('\n');
  const names = head.replace('# ', '').split(',');
  const columns = ['status', 'weight', 'uweight', 'throttle', 'act', 'bck'].map((name) => names.indexOf(name));
  const row = (server: string) => {
    const fields = lines.find((line) => line.startsWith(`${proxy},${server},`))!.split(',');
    return columns.map((column) => fields[column]).join(' ');
  };
  return `${row('s1')} | ${row('BACKEND')}`;
}

const OFF = 'DOWN 10 10  1 0';
const FULL = 'UP 10 10  1 0';
/** What may be shown while the server warms up, in this order. */
const turnsSteps = [
  'UP 1 10 6 1 0 | UP 11 20  2 1',
  'UP 4 10 37 1 0 | UP 14 20  2 1',
  'UP 7 10 68 1 0 | UP 17 20  2 1',
];

describeNet('slowstart beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let origins: NamedOrigin[];
  let sides: Side[];

  beforeAll(async () => {
    origins = await openOrigins('http', ['s1', 's2']);
    sides = [];
    for (const which of ['original', 'ours'] as const) {
      const log = await receiveSyslog();
      const [statsPort = 0, port = 0] = await freePorts(2);
      const proxy = await startProxy(which, configuration(statsPort, port, log.port, origins), statsPort);
      sides.push({ proxy, log, statsPort, port });
    }
  });

  afterAll(async () => {
    for (const side of sides ?? []) {
      await side.proxy.stop();
      await side.log.close();
    }
    for (const origin of origins ?? []) await origin.stop();
  });

  async function watch(side: Side): Promise<{ seen: string[]; early: number }> {
    const seen: string[] = [];
    let early = -1;
    await waitUntil(
      's1 runs at full speed',
      async () => {
        const now = await readRows(side, 'turns');
        if (seen.at(-1) !== now) seen.push(now);
        if (early < 0 && now.startsWith(turnsSteps[0]!)) {
          const names = await askAll(side.port, new Array(110).fill('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
          early = names.filter((name) => name === 's1').length;
        }
        return now.startsWith(FULL);
      },
      { deadlineMs: 9000, everyMs: 100 },
    );
    return { seen, early };
  }

  it('grows in the same steps and tells the same', async () => {
    await origins[0]!.stop();
    for (const side of sides)
      await waitUntil('s1 is down', async () => (await readRows(side, 'turns')).startsWith(OFF));
    const rows = await Promise.all(
      sides.map((side) => Promise.all(['turns', 'fixed', 'moving', 'off'].map((p) => readRows(side, p)))),
    );
    expect(rows[1]).toEqual(rows[0]);
    await origins[0]!.start();
    const watched = await Promise.all(sides.map(watch));
    for (const { seen, early } of watched) {
      const steps = seen.filter((each) => !each.startsWith('DOWN'));
      expect(steps.at(-1)).toBe(`${FULL} | UP 20 20  2 1`);
      expect(steps[0]).toBe(turnsSteps[0]);
      const places = steps.slice(0, -1).map((each) => turnsSteps.indexOf(each));
      expect(places).toEqual([...places].sort());
      expect(places).not.toContain(-1);
      expect(early).toBeGreaterThanOrEqual(5);
      expect(early).toBeLessThanOrEqual(20);
    }
    const lines = sides.map(({ log }) =>
      log.lines().flatMap((line) => /\]: (.*(?:Server|backend|proxy) .*)/.exec(line)?.[1] ?? []),
    );
    const masked = lines.map((each) => each.map((line) => line.replace(/check duration: \d+ms/, 'check duration')));
    expect(masked[1]).toEqual(masked[0]);
    expect(masked[0]!.length).toBeGreaterThan(10);
  }, 90_000);
});
