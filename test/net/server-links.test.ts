/** Connections to servers beside the real HAProxy: what clients, the origin, the log and the statistics tell of them. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LinkScenario, linkScenarios } from './lib/link-scenarios.ts';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { answering, maskLine, openStage, Peer } from './lib/stage.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { sleep, waitUntil } from './lib/wait.ts';

interface Side {
  readonly proxy: RunningProxy;
  readonly log: SyslogReceiver;
  readonly theatre: Awaited<ReturnType<typeof openStage>>;
  readonly statsPort: number;
}

const nameOf = (i: number): string => `p${i}`;

function configOf(ports: readonly number[], statsPort: number, origin: number, dead: number, log: number): string {
  const sections = linkScenarios.map(({ section }, i) => {
    const offset = origin - ports[i]!;
    const lines = [`bind 127.0.0.1:${ports[i]}`, ...section].map((line) =>
      line.replace('OFFSET', `${offset < 0 ? '' : '+'}${offset}`),
    );
    return [`listen ${nameOf(i)}`, ...lines.map((line) => `    ${line}`)].join('\n');
  });
  return `global
    nbthread 1
    log 127.0.0.1:${log} local0
defaults
    mode http
    log global
    option httplog
    timeout connect 1s
    timeout client 3s
    timeout server 3s
${sections.join('\n').replaceAll('ORIGIN', String(origin)).replaceAll('DEAD', String(dead))}
listen stats
    bind 127.0.0.1:${statsPort}
    stats enable
    stats uri /stats
`;
}

async function openSide(which: 'original' | 'ours'): Promise<Side> {
  const log = await receiveSyslog();
  const theatre = await openStage();
  const [statsPort = 0, dead = 0, ...ports] = await freePorts(linkScenarios.length + 2);
  Object.assign(theatre.stage.ports, Object.fromEntries(ports.map((port, i) => [nameOf(i), port])));
  const config = configOf(ports, statsPort, theatre.originPort, dead, log.port);
  const proxy = await startProxy(which, config, statsPort);
  return { proxy, log, theatre, statsPort };
}

async function perform({ log, theatre }: Side, scenario: LinkScenario, i: number): Promise<string> {
  await theatre.reset();
  const own = (): string[] => log.lines().filter((line) => line.includes(` ${nameOf(i)} ${nameOf(i)}/`));
  const seen = await scenario.run(theatre.stage, (from) => theatre.stage.open(nameOf(i), from));
  await waitUntil('log lines', () => own().length >= scenario.lines, { deadlineMs: 3000 }).catch(() => {});
  return [...seen, '-- log', ...own().map(maskLine).sort()].join('\n');
}

const COLUMNS =
  'stot econ eresp wretr wredis lbtot connect reuse srv_abrt hrsp_2xx hrsp_5xx idle_conn_cur used_conn_cur';

async function counters({ statsPort }: Pick<Side, 'statsPort'>): Promise<string[]> {
  const request = 'GET /stats;csv HTTP/1.0\r\n\r\n';
  const { text } = await exchange(statsPort, request, { enough: () => false });
  const [head = '', ...rows] = text.slice(text.indexOf('# pxname')).trim().split('\n');
  const names = head.replace('# ', '').split(',');
  return rows.map((row) => {
    const cells = row.split(',');
    const values = COLUMNS.split(' ').map((name) => `${name}=${cells[names.indexOf(name)]}`);
    return `${cells[0]}/${cells[1]} ${values.join(' ')}`;
  });
}

describeNet('Connections to servers beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let original: Side;
  let ours: Side;

  beforeAll(async () => {
    [original, ours] = await Promise.all([openSide('original'), openSide('ours')]);
  });

  afterAll(async () => {
    for (const side of [original, ours]) {
      await side?.proxy.stop();
      await side?.log.close();
      side?.theatre.close();
    }
  });

  for (const [i, scenario] of linkScenarios.entries()) {
    it(scenario.name, async () => {
      const [theirs, mine] = await Promise.all([perform(original, scenario, i), perform(ours, scenario, i)]);
      expect(mine).toBe(theirs);
    });
  }

  it('counts the same', async () => {
    for (const side of [original, ours]) await side.theatre.reset();
    const [theirs, mine] = await Promise.all([counters(original), counters(ours)]);
    expect(theirs.length).toBeGreaterThan(linkScenarios.length * 2);
    expect(mine.filter((line) => line.startsWith('p'))).toEqual(theirs.filter((line) => line.startsWith('p')));
  });
});

describeNet('Idle connections of several threads', { binaries: ['haproxy'], build: true }, () => {
  it.each(['original', 'ours'] as const)('serve whoever comes, whatever thread: %s', async (which) => {
    const theatre = await openStage();
    const [port = 0, statsPort = 0] = await freePorts(2);
    const lines = 'timeout connect 1s\n timeout client 3s\n timeout server 3s';
    const config = `global\n nbthread 4\ndefaults\n mode http\n ${lines}
listen p\n bind 127.0.0.1:${port}\n http-reuse always\n server s 127.0.0.1:${theatre.originPort}
listen stats\n bind 127.0.0.1:${statsPort}\n stats enable\n stats uri /stats\n`;
    const proxy = await startProxy(which, config, statsPort);
    theatre.stage.onConnection = answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    try {
      // Clients that stay hold on to the threads they came to, so that others get their turn.
      for (let nth = 0; nth < 40; nth++) {
        const socket = connect(port, '127.0.0.1');
        const client = new Peer(socket);
        client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
        await client.see(/ok"$/);
        await sleep(10);
        if (nth % 3 === 0) socket.destroy();
      }
      expect(theatre.stage.origin.length).toBe(1);
      const rows = await counters({ statsPort });
      expect(rows.find((row) => row.startsWith('p/s'))).toMatch(/ connect=1 reuse=39 /);
    } finally {
      await proxy.stop();
      theatre.close();
    }
  });
});
