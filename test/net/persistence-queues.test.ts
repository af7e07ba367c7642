/**
 * Clients that are bound to a server which is full, or which has died: who waits, who goes elsewhere, and what is logged
 * of it, the same with Debian's HAProxy and with ours.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet } from './lib/requirements.ts';
import { maskLine, openStage, type Peer, type Stage } from './lib/stage.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const servers = (options: string): readonly string[] => [
  `server a 127.0.0.1:@ORIGIN cookie one ${options}`,
  `server b 127.0.0.1:@ORIGIN cookie two ${options}`,
];

/** Alone, so that it does not matter which of two servers dies first. */
const mortal = 'server b 127.0.0.1:@ORIGIN cookie two maxconn 1 check port @CHECK inter 100 rise 1 fall 1';

const sections: Readonly<Record<string, readonly string[]>> = {
  full: servers('maxconn 1'),
  fullqueue: ['option redispatch', ...servers('maxconn 1 maxqueue 1')],
  fullqueuestay: servers('maxconn 1 maxqueue 1'),
  shortqueue: ['timeout queue 300', ...servers('maxconn 1')],
  weightless: ['server a 127.0.0.1:@ORIGIN cookie one', 'server b 127.0.0.1:@ORIGIN cookie two weight 0 maxconn 1'],
  dying: ['option redispatch', mortal],
  dyingstay: [mortal],
  dyingpersist: ['option redispatch', 'option persist', mortal],
};
const names = [...Object.keys(sections), 'stats'];

interface Side {
  readonly proxy: RunningProxy;
  readonly log: SyslogReceiver;
  readonly theatre: Awaited<ReturnType<typeof openStage>>;
}

function configOf(known: Readonly<Record<string, number>>): string {
  const bodies = Object.keys(sections).flatMap((name) => [
    `listen ${name}`,
    `  bind 127.0.0.1:${known[name]}`,
    '  balance first',
    '  cookie SRV insert indirect',
    ...sections[name]!.map((line) => `  ${line.replace(/@([A-Z]+)/g, (_, key: string) => `${known[key]}`)}`),
  ]);
  return [
    'global',
    `  log 127.0.0.1:${known.LOG} local0`,
    'defaults',
    '  mode http',
    '  log global',
    '  option httplog',
    '  option httpclose',
    '  timeout connect 2s',
    '  timeout client 5s',
    '  timeout server 5s',
    ...bodies,
    'listen stats',
    `  bind 127.0.0.1:${known.stats}`,
    '  stats enable',
    '  stats uri /',
    '',
  ].join('\n');
}

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

/** What comes of a request: so many are at the origin then, it waits in a queue, or it is answered at once. */
type Outcome = number | 'waits' | 'answered';

async function ask(stage: Stage, section: string, cookie: string, outcome: Outcome): Promise<Peer> {
  const waiting = await countWaiting(stage, section);
  const client = await stage.open(section);
  client.send(`GET /x HTTP/1.1\r\nHost: h\r\n${cookie === '' ? '' : `Cookie: SRV=${cookie}\r\n`}\r\n`);
  await waitUntil(
    `'${outcome}' at ${section}`,
    async () => {
      if (outcome === 'answered') return client.events.some((event) => event.startsWith('data'));
      if (outcome === 'waits') return (await countWaiting(stage, section)) > waiting;
      return requestsOf(stage).length >= outcome;
    },
    { deadlineMs: 10_000 },
  );
  return client;
}

/** How many wait for a section's servers or for any of them, as the statistics tell. */
async function countWaiting(stage: Stage, section: string): Promise<number> {
  const lines = await linesOf(stage, section);
  return lines.reduce((sum, line) => sum + Number(line.split(',')[2]), 0);
}

async function linesOf(stage: Stage, section: string): Promise<readonly string[]> {
  const page = await fetch(`http://127.0.0.1:${stage.ports.stats}/;csv`);
  return (await page.text()).split('\n').filter((text) => text.startsWith(`${section},`));
}

/** Connections of requests; those of checks are closed without a byte. */
function requestsOf(stage: Stage): readonly Peer[] {
  return stage.origin.filter((peer) => peer.events.some((event) => event.startsWith('data')));
}

function answerAt(stage: Stage, index: number): void {
  requestsOf(stage)[index]?.socket.end(answer);
}

type Play = readonly [name: string, lines: number, run: (stage: Stage, checks: Checks) => Promise<readonly Peer[]>];

/** The port that the checks of servers ask: their state, for all of them. */
interface Checks {
  fail(): void;
}

const plays: readonly Play[] = [
  [
    'a bound client waits for its server, another does not',
    3,
    async (stage) => {
      const first = await ask(stage, 'full', 'two', 1);
      const second = await ask(stage, 'full', 'two', 'waits');
      const other = await ask(stage, 'full', '', 2);
      answerAt(stage, 0);
      await waitUntil('the second one at the origin', () => requestsOf(stage).length >= 3, { deadlineMs: 10_000 });
      answerAt(stage, 1);
      answerAt(stage, 2);
      return [first, second, other];
    },
  ],
  [
    'everybody waits when all are full',
    4,
    async (stage) => {
      const clients = [await ask(stage, 'full', 'two', 1), await ask(stage, 'full', 'one', 2)];
      for (const cookie of ['two', '']) clients.push(await ask(stage, 'full', cookie, 'waits'));
      for (let i = 0; i < 4; i++) {
        await waitUntil('a request', () => requestsOf(stage).length > i, { deadlineMs: 10_000 });
        answerAt(stage, i);
        await sleep(40);
      }
      return clients;
    },
  ],
  ...(['fullqueue', 'fullqueuestay'] as const).map(
    (section): Play => [
      `${section}: too many wait`,
      3,
      async (stage) => {
        const first = await ask(stage, section, 'two', 1);
        const second = await ask(stage, section, 'two', 'waits');
        const third = await ask(stage, section, 'two', section === 'fullqueue' ? 2 : 'answered');
        if (section === 'fullqueue') answerAt(stage, 1);
        await sleep(40);
        answerAt(stage, 0);
        const all = section === 'fullqueue' ? 3 : 2;
        await waitUntil('the second one at the origin', () => requestsOf(stage).length >= all, { deadlineMs: 10_000 });
        answerAt(stage, all - 1);
        return [first, second, third];
      },
    ],
  ),
  [
    'the wait takes too long',
    2,
    async (stage) => {
      const first = await ask(stage, 'shortqueue', 'two', 1);
      const second = await ask(stage, 'shortqueue', 'two', 'waits');
      await second.see(/503/);
      answerAt(stage, 0);
      return [first, second];
    },
  ],
  [
    'a server without weight has a queue as well',
    2,
    async (stage) => {
      const first = await ask(stage, 'weightless', 'two', 1);
      const second = await ask(stage, 'weightless', 'two', 'waits');
      answerAt(stage, 0);
      await waitUntil('the second one at the origin', () => requestsOf(stage).length >= 2, { deadlineMs: 10_000 });
      answerAt(stage, 1);
      return [first, second];
    },
  ],
  ...(['dying', 'dyingstay', 'dyingpersist'] as const).map(
    (section): Play => [
      `${section}: the server dies under those that wait, and one asks anew`,
      3,
      async (stage, checks) => {
        const first = await ask(stage, section, 'two', 1);
        const second = await ask(stage, section, 'two', 'waits');
        checks.fail();
        await waitUntil(`${section} without servers`, async () =>
          (await linesOf(stage, section)).some((line) => /,BACKEND,.*,DOWN,/.test(line)),
        );
        const third = await ask(stage, section, 'two', section === 'dyingpersist' ? 'waits' : 'answered');
        answerAt(stage, 0);
        const others = { dying: 0, dyingstay: 1, dyingpersist: 2 }[section];
        for (let i = 1; i <= others; i++) {
          await waitUntil('the next one at the origin', () => requestsOf(stage).length > i, { deadlineMs: 10_000 });
          answerAt(stage, i);
        }
        return [first, second, third];
      },
    ],
  ),
];

describeNet(
  'Bound clients of full and dying servers beside the real HAProxy',
  { binaries: ['haproxy'], build: true },
  () => {
    /** For the plays that leave the servers of the others alone. */
    let shared: readonly OpenSide[];

    beforeAll(async () => {
      shared = await openSides();
    });

    afterAll(async () => {
      for (const side of shared ?? []) await side.close();
    });

    async function openSides(): Promise<readonly OpenSide[]> {
      const free = await freePorts(2 * names.length);
      return Promise.all([
        openSide('original', free.slice(names.length)),
        openSide('ours', free.slice(0, names.length)),
      ]);
    }

    async function perform(side: OpenSide, [, lines, run]: Play): Promise<string> {
      await side.theatre.reset();
      const from = side.log.lines().length;
      const clients = await run(side.theatre.stage, { fail: side.failChecks });
      await sleep(50);
      const all = (): readonly string[] => side.log.lines().slice(from);
      const seen = (): readonly string[] => all().filter((line) => /"GET \/x/.test(line));
      await waitUntil('log lines', () => seen().length >= lines, { deadlineMs: 10_000 }).catch(() => {});
      const events = clients.map((peer) => peer.events.filter((event) => event.startsWith('data')).join(' | '));
      return [...events, '-- log', ...seen().map(shorten).sort()].join('\n');
    }

    interface OpenSide extends Side {
      readonly failChecks: () => void;
      readonly close: () => Promise<void>;
    }

    async function openSide(which: 'original' | 'ours', free: readonly number[]): Promise<OpenSide> {
      const log = await receiveSyslog();
      const theatre = await openStage();
      const checks = await openStage();
      const ports = Object.fromEntries(names.map((name, i) => [name, free[i]!]));
      Object.assign(theatre.stage.ports, ports);
      const known = { ...ports, ORIGIN: theatre.originPort, CHECK: checks.originPort, LOG: log.port };
      const proxy = await startProxy(which, configOf(known), free[0]!);
      await sleep(300);
      return {
        proxy,
        log,
        theatre,
        failChecks: () => checks.close(),
        close: async () => {
          await proxy.stop();
          await log.close();
          theatre.close();
          checks.close();
        },
      };
    }

    for (const play of plays) {
      it(play[0], async () => {
        const isDeadly = play[0].startsWith('dying');
        const sides = isDeadly ? await openSides() : shared;
        const [theirs, mine] = await Promise.all(sides.map((side) => perform(side, play)));
        if (isDeadly) for (const side of sides) await side.close();
        expect(mine).toBe(theirs);
      });
    }
  },
);

/** Counts of connections depend on how fast they close. */
function shorten(line: string): string {
  return maskLine(line).replace(/ \d+\/\d+\/\d+\/\d+\/(\+?\d+ \d+\/\d+) /, ' C/C/C/C/$1 ');
}
