/**
 * Short plays for three: a client, the proxy, an origin. Each is a table row: which listener, what the client does step
 * by step, what the origin does with its first, second ... connection. The same play is given with the real HAProxy and
 * with ours, and what everybody saw, and what was logged, is compared as one text.
 *
 * Times, ports and addresses are masked; the chunks in which bytes arrive are joined.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { type RunningProxy, startProxy } from './proxy-under-test.ts';
import { type Act, act, maskLine, openStage, type Peer, type Stage } from './stage.ts';
import { receiveSyslog, type SyslogReceiver } from './syslog.ts';
import { waitUntil } from './wait.ts';

const WAIT_MS = 4000;

export interface Play {
  readonly name: string;
  /** Name of a listener of the configuration. */
  readonly at: string;
  readonly client: readonly Act[];
  /** By connection; the last entry holds for all further ones. Left out: no origin is reached, or it is mute. */
  readonly origin?: readonly (readonly Act[])[];
  /** Log lines to wait for, 1 unless given. */
  readonly lines?: number;
  /** Whether what reached the origin is compared, which is so unless switched off. */
  readonly compareOrigin?: boolean;
  /** How a connection ended (`end`, `reset`) is left out of the comparison: it depends on timing. */
  readonly anyEnd?: boolean;
}

/** `%NAME%` in a configuration is a listener's port, `%ORIGIN%`, `%DEAD%` and `%LOG%` those of the stage, `%FILES%` the folder
 * of `files`. */
export interface Theatre {
  readonly proxy: RunningProxy;
  readonly stop: () => Promise<void>;
  /** `mask` takes out of a log line what differs from run to run. */
  readonly give: (play: Play, mask?: (line: string) => string) => Promise<string>;
}

export async function openTheatre(
  which: 'original' | 'ours',
  listeners: readonly string[],
  config: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Theatre> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-plays-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content, 'latin1');
  const log = await receiveSyslog();
  const house = await openStage();
  const [dead = 0, ...ports] = await freePorts(listeners.length + 1);
  Object.assign(house.stage.ports, Object.fromEntries(listeners.map((name, i) => [name, ports[i]])));
  const known: Record<string, number | string> = {
    FILES: folder,
    ...house.stage.ports,
    ORIGIN: house.originPort,
    DEAD: dead,
    LOG: log.port,
  };
  const text = config.replace(/%(\w+)%/g, (whole, name: string) => String(known[name] ?? whole));
  const proxy = await startProxy(which, text, house.stage.ports[listeners[0]!]!);
  // The connection that found the port open has its own line, once a worker has started and taken it.
  await log.waitFor(new RegExp(` ${listeners[0]} ${listeners[0]}/`), { deadlineMs: 20_000, details: proxy.output });
  return {
    proxy,
    give: (play, mask = maskLine) => give(play, house.stage, house.reset, log, mask),
    stop: async () => {
      await proxy.stop();
      await log.close();
      house.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function give(
  play: Play,
  stage: Stage,
  reset: () => Promise<void>,
  log: SyslogReceiver,
  mask: (line: string) => string,
): Promise<string> {
  await reset();
  const from = log.lines().length;
  const lines = (): string[] =>
    log
      .lines()
      .slice(from)
      .filter((line) => / \[[^\]]+\] /.test(line));
  const roles = play.origin ?? [[]];
  stage.onConnection = (peer) => {
    const role = roles[Math.min(stage.origin.length, roles.length) - 1] ?? [];
    void act(peer, role, WAIT_MS);
  };
  const client = await stage.open(play.at);
  await act(client, play.client, WAIT_MS);
  const wanted = play.lines ?? 1;
  if (wanted > 0) await waitUntil('log lines', () => lines().length >= wanted, { deadlineMs: 10_000 }).catch(() => {});
  const origin = play.compareOrigin === false ? [] : stage.origin.map((peer) => showEvents(peer, play.anyEnd));
  return [
    '-- client',
    showEvents(client, play.anyEnd),
    '-- origin',
    ...origin,
    '-- log',
    ...lines().map((line) => mask(line).trimEnd()),
  ].join('\n');
}

function showEvents(peer: Peer, anyEnd = false): string {
  const hidden = anyEnd ? ['close', 'end', 'reset'] : ['close'];
  return peer.events.filter((event) => !hidden.includes(event)).join(' | ');
}
