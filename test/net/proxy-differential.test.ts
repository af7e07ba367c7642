/** The same exchanges through Debian's HAProxy and through ours: clients, servers and logs must see the same. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { names, type Scenario, scenarioConfig, scenarios } from './lib/proxy-scenarios.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { maskLine, openStage } from './lib/stage.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

interface Side {
  readonly proxy: RunningProxy;
  readonly log: SyslogReceiver;
  readonly theatre: Awaited<ReturnType<typeof openStage>>;
}

async function openSide(which: 'original' | 'ours'): Promise<Side> {
  const log = await receiveSyslog();
  const theatre = await openStage();
  const [dead = 0, ...ports] = await freePorts(names.length + 1);
  Object.assign(theatre.stage.ports, Object.fromEntries(names.map((name, i) => [name, ports[i]])));
  const config = scenarioConfig(theatre.stage.ports, theatre.originPort, dead, log.port);
  const proxy = await startProxy(which, config, theatre.stage.ports[names[0]]!);
  // The connection that found the port open has its own log line.
  await log.waitFor(/ rr rr\//, { deadlineMs: 20_000, details: proxy.output });
  return { proxy, log, theatre };
}

/** What one side showed. */
async function perform(side: Side, scenario: Scenario): Promise<string> {
  const { log, theatre } = side;
  await theatre.reset();
  const from = log.lines().length;
  const peers = await scenario.run(theatre.stage);
  const seen = peers.map((peer) => peer.events.filter((e) => e !== 'close').join(' | '));
  const lines = (): string[] =>
    log
      .lines()
      .slice(from)
      .filter((line) => / \[[^\]]+\] /.test(line));
  if (scenario.lines > 0) {
    await waitUntil('log lines', () => lines().length >= scenario.lines, {
      deadlineMs: 10_000,
      details: () => seen.join('\n'),
    }).catch(() => {});
  }
  const origin = scenario.origin
    ? theatre.stage.origin.map((p) => p.events.filter((e) => e.startsWith('data')).join(' | '))
    : [];
  return [...seen, '-- origin', ...origin, '-- log', ...ordered(scenario, lines().map(maskLine))].join('\n');
}

function ordered(scenario: Scenario, lines: readonly string[]): readonly string[] {
  return scenario.ordered ? lines : [...lines].sort();
}

describeNet('Sessions beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let original: Side;
  let ours: Side;

  beforeAll(async () => {
    original = await openSide('original');
    ours = await openSide('ours');
  });

  afterAll(async () => {
    for (const side of [original, ours]) {
      await side?.proxy.stop();
      await side?.log.close();
      side?.theatre.close();
    }
  });

  for (const scenario of scenarios) {
    it(scenario.name, async () => {
      const [theirs, mine] = await Promise.all([perform(original, scenario), perform(ours, scenario)]);
      expect(mine).toBe(theirs);
    });
  }
});
