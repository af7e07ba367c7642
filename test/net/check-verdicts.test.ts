/**
 * Our checks beside the real HAProxy's: the same responders, the same settings, and the same log lines expected.
 *
 * Every behaviour has a server of its own. What HAProxy logs with `option log-health-checks` is compared with what our
 * roster reports, worded by health-text.ts; only durations are masked.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Roster } from '../../src/check/roster.ts';
import type { World } from '../../src/check/server-check.ts';
import type { CheckMethod, HttpExpect } from '../../src/config/haproxy.ts';
import type { CheckTarget } from '../../src/config/slice.ts';
import type { ServerHealth } from '../../src/ipc/messages.ts';
import { isNews, resultLine, transitionLine } from '../../src/proxy/server/health-text.ts';
import { makeTarget } from '../unit/check/target.ts';
import { freePort } from './lib/ports.ts';
import { type Program, startProgram, writeFiles } from './lib/program.ts';
import { describeNet, findBinary } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

const ok = 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const sloppy =
  'HTTP/1.1 200 OK\r\n\nContent-Type: text/html\r\n\nContent-Length: 43\r\n\n\r\n\nMySQL is running.\r\n\n';
const no = 'HTTP/1.0 500 No\r\n\r\n';
const answer = (text: string) => (socket: Socket) => socket.once('data', () => socket.end(text));
const speak = (text: string) => (socket: Socket) => socket.end(text);

/** Answers by the sign of each check in turn, the last one for ever. */
function series(signs: string): () => (socket: Socket) => void {
  return () => {
    let at = 0;
    return answerNext;
    function answerNext(socket: Socket): void {
      answer(signs[Math.min(at++, signs.length - 1)] === '+' ? ok : no)(socket);
    }
  };
}
const always = (act: (socket: Socket) => void) => () => act;

interface Case {
  readonly act: () => (socket: Socket) => void;
  readonly lines?: number;
  readonly settings?: { rise: number; fall: number };
}

const cases: Record<string, Case> = {
  ok: { act: always(answer(ok)) },
  sloppy: { act: always(speak(sloppy)) },
  sloppydown: { act: always(speak(sloppy.replace('200 OK', '503 Service Unavailable'))) },
  slow: {
    act: always((socket) => {
      for (const [i, part] of ['HTTP/1.1 2', '00 OK\r', '\nFoo: bar\r\n', '\r\nhi'].entries())
        setTimeout(() => (i === 3 ? socket.end(part) : socket.write(part)), 30 * i);
    }),
  },
  notfound: { act: always(answer('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')) },
  redirect: { act: always(answer('HTTP/1.1 302 Found\r\n\r\n')) },
  noreason: { act: always(answer('HTTP/1.1 204\r\n\r\n')) },
  interim: { act: always(answer('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')) },
  longreason: { act: always(answer(`HTTP/1.1 500 ${'R'.repeat(300)}\r\n\r\n`)) },
  utf8: { act: always(answer('HTTP/1.1 500 "é" 中\r\n\r\n')) },
  garbage: { act: always(answer('garbage not http\r\n\r\n')) },
  ssh: { act: always((socket) => socket.write('SSH-2.0-OpenSSH_9\r\n')) },
  mysql: { act: always((socket) => socket.write('\x4a\0\0\0\x0a5.5.22-ndb\0')) },
  empty: { act: always((socket) => socket.once('data', () => socket.end())) },
  closing: { act: always((socket) => socket.end()) },
  reset: { act: always((socket) => socket.once('data', () => socket.resetAndDestroy())) },
  halfhead: { act: always(speak('HTTP/1.1 200 OK\r\nFoo: b')) },
  barelf: { act: always(speak('HTTP/1.1 200 OK\nFoo: bar\n\nbody')) },
  emptylines: { act: always(speak('\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')) },
  badheader: { act: always(speak('HTTP/1.1 200 OK\r\nBad header\r\n\r\n')) },
  badlength: { act: always(speak('HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n')) },
  shortbody: { act: always(speak('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort')) },
  chunks: { act: always(speak('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n')) },
  badchunks: { act: always(speak('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n')) },
  version2: { act: always(speak('HTTP/2 200 OK\r\n\r\n')) },
  silent: { act: always(() => {}) },
  hanging: { act: always((socket) => socket.write('HTTP/1.1 200 OK\r\nFoo: b')) },
  series1: { act: series('+---+-++++-'), lines: 12, settings: { rise: 2, fall: 3 } },
  series2: { act: series('-+++-+-++'), lines: 8, settings: { rise: 1, fall: 2 } },
  series3: { act: series('+-+-++'), lines: 9, settings: { rise: 1, fall: 1 } },
  series4: { act: series('---+++-----+++'), lines: 12, settings: { rise: 3, fall: 4 } },
};

const backends: Record<string, { lines: string[]; method: CheckMethod }> = {
  plain: { lines: ['option httpchk'], method: httpMethod(null) },
  content: {
    lines: ['option httpchk', 'http-check expect string hi'],
    method: httpMethod({ negate: false, match: 'string', pattern: 'hi' }),
  },
  unwanted: {
    lines: ['option httpchk', 'http-check expect ! rstring r[u]nning'],
    method: httpMethod({ negate: true, match: 'rstring', pattern: 'r[u]nning' }),
  },
  status: {
    lines: ['option httpchk', 'http-check expect rstatus ^2'],
    method: httpMethod({ negate: false, match: 'rstatus', pattern: '^2' }),
  },
  tcp: { lines: [], method: { kind: 'tcp' } },
};

function httpMethod(expected: HttpExpect | null): CheckMethod {
  return { kind: 'http', method: 'OPTIONS', uri: '/', version: 'HTTP/1.0', headers: [], expect: expected };
}

/** Those of which one check is looked at are checked once in a while: hundreds a second would keep this process from answering. */
const onceMs = 4000;
const seriesMs = 500;
const timeoutMs = 4000;
const defaults = { rise: 2, fall: 3 };

describeNet('check verdicts beside HAProxy', { binaries: ['haproxy'] }, () => {
  const servers: Server[] = [];
  let syslog: SyslogReceiver;
  let haproxy: Program;
  let files: Awaited<ReturnType<typeof writeFiles>>;
  let roster: Roster;
  const ours = new Map<string, string[]>();

  beforeAll(async () => {
    syslog = await receiveSyslog();
    const theirs: string[] = [];
    const targets: CheckTarget[] = [];
    let proxyId = 1;
    for (const [name, backend] of Object.entries(backends)) {
      proxyId++;
      let serverId = 0;
      theirs.push(`backend ${name}`, ...backend.lines, 'option log-health-checks');
      for (const [serverName, one] of Object.entries(cases)) {
        serverId++;
        const { rise, fall } = one.settings ?? defaults;
        const interMs = one.settings ? seriesMs : onceMs;
        const [theirPort, ourPort] = [await listen(one.act()), await listen(one.act())];
        theirs.push(`server ${serverName} 127.0.0.1:${theirPort} check inter ${interMs} rise ${rise} fall ${fall}`);
        const address = { kind: 'ip', host: '127.0.0.1', port: ourPort, portOffset: false, family: 4 } as const;
        const ids = { proxyId, serverId, proxyName: name, serverName };
        const timeouts = { timeoutCheckMs: timeoutMs, timeoutConnectMs: 5000 };
        targets.push(makeTarget({ ...ids, ...timeouts, address, method: backend.method }, { interMs, rise, fall }));
      }
    }
    files = await writeFiles({
      'haproxy.cfg': `
global
    log 127.0.0.1:${syslog.port} len 4096 local0
defaults
    mode tcp
    log global
    timeout check ${timeoutMs}ms
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen unused
    bind 127.0.0.1:${await freePort()}
${theirs.join('\n')}
`,
    });
    haproxy = startProgram(findBinary('haproxy')!, ['-db', '-f', files.path('haproxy.cfg')]);
    roster = new Roster(realWorld((health) => note(health)));
    roster.apply({ spreadChecks: 0, targets }, []);

    const last = new Map<string, ServerHealth>();
    function note(health: ServerHealth): void {
      const target = targets.find((one) => one.proxyId === health.proxyId && one.serverId === health.serverId)!;
      const { proxyName, serverName } = target;
      const name = `${proxyName}/${serverName}`;
      const subject = { proxyName, serverName, backup: false, drained: false, logHealthChecks: true };
      const lines = ours.get(name) ?? [];
      ours.set(name, lines);
      if (isNews(last.get(name) ?? null, health)) lines.push(mask(resultLine(subject, health).text));
      const counts = { active: 9, backup: 0, sessions: 0, requeued: 0, queued: 0 };
      if (health.event === 'transition') lines.push(mask(transitionLine(subject, health, counts, null).text));
      last.set(name, health);
    }
  }, 60_000);
  afterAll(async () => {
    roster?.stop();
    await haproxy?.stop();
    await syslog?.close();
    await files?.remove();
    for (const server of servers) server.close();
  });

  async function listen(act: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
      act(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }

  function theirLines(name: string): string[] {
    const pattern = new RegExp(`[sS]erver ${name} `);
    return syslog
      .lines()
      .filter((line) => pattern.test(line))
      .map((line) => mask(line.replace(/^<\d+>.*?\]: /, '')));
  }

  for (const backend of Object.keys(backends)) {
    it.each(Object.entries(cases))(`${backend}/%s`, { timeout: 90_000 }, async (serverName, one) => {
      const name = `${backend}/${serverName}`;
      // A TCP check passes whatever is answered: one line.
      const count = backend === 'tcp' || backend === 'content' ? 1 : (one.lines ?? 1);
      await waitUntil(
        `${count} lines of ${name}`,
        () => theirLines(name).length >= count && (ours.get(name) ?? []).length >= count,
        {
          deadlineMs: 60_000,
          details: () => `${theirLines(name).join('\n')}\n-- ours\n${(ours.get(name) ?? []).join('\n')}`,
        },
      );
      expect(ours.get(name)!.slice(0, count)).toEqual(theirLines(name).slice(0, count));
    });
  }
});

/** Durations differ from run to run, and how many servers are left depends on all the others. */
function mask(line: string): string {
  return line.replace(/duration: \d+ms/, 'duration: Nms').replace(/\. \d+ active and .*/, '.');
}

function realWorld(report: (health: ServerHealth) => void): World {
  return {
    now: Date.now,
    monotonicNow: () => performance.now(),
    setTimer: (run, delayMs) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    random: Math.random,
    lookUp: async () => null,
    report,
  };
}
