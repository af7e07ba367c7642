/** Cookies, captures and what the log says of them: the same through Debian's HAProxy and through ours. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeCookieDate } from '../../src/proxy/persistence/cookie-date.ts';
import { type CookieExchange, cookieExchanges, cookieSections } from './lib/cookie-exchanges.ts';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { maskLine } from './lib/stage.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

interface Side {
  readonly proxy: RunningProxy;
  readonly log: SyslogReceiver;
  readonly ports: ReadonlyMap<string, number>;
}

const names = Object.keys(cookieSections);

function configOf(ports: ReadonlyMap<string, number>, origins: Readonly<Record<string, number>>, log: number): string {
  const sections = names.flatMap((name) => [
    `listen ${name}`,
    `  bind 127.0.0.1:${ports.get(name)}`,
    '  balance first',
    ...cookieSections[name]!.map((line) => `  ${line.replace(/@([A-Z]+)/g, (_, key: string) => `${origins[key]}`)}`),
  ]);
  return [
    'global',
    `  log 127.0.0.1:${log} local0`,
    'defaults',
    '  mode http',
    '  log global',
    '  option httplog',
    '  option httpclose',
    '  timeout connect 2s',
    '  timeout client 5s',
    '  timeout server 5s',
    ...sections,
    'frontend split',
    `  bind 127.0.0.1:${ports.get('split')}`,
    '  capture request header User-Agent len 8',
    '  capture response header Content-Type len 9',
    '  capture cookie SRV len 9',
    '  stats enable',
    '  stats uri /stats',
    '  default_backend split_servers',
    'backend split_servers',
    '  cookie SRV insert',
    ...cookieSections.insert!.slice(1).map((line) => line.replace(/@([A-Z]+)/g, (_, key: string) => `${origins[key]}`)),
    '',
  ].join('\n');
}

async function openSide(which: 'original' | 'ours', origins: Readonly<Record<string, number>>): Promise<Side> {
  const log = await receiveSyslog();
  const listeners = [...names, 'split'];
  const free = await freePorts(listeners.length);
  const ports = new Map(listeners.map((name, i) => [name, free[i]!]));
  const proxy = await startProxy(which, configOf(ports, origins, log.port), ports.get(names[0]!)!);
  await log.waitFor(/ insert insert\//, { deadlineMs: 10_000 }).catch(() => '');
  return { proxy, log, ports };
}

/** `@now-60`: the date of a minute ago, as it stands in cookies. */
function datedNow(text: string): string {
  return text.replace(/@now([+-]\d+)/g, (_, offset: string) => {
    return encodeCookieDate(Math.floor(Date.now() / 1000) + Number(offset));
  });
}

function answerOf({ answer = '' }: CookieExchange): string {
  if (answer.startsWith('HTTP/')) return answer;
  return ['HTTP/1.1 200 OK', ...(answer === '' ? [] : [answer]), 'Content-Length: 0', '', ''].join('\r\n');
}

describeNet('Persistence beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let sides: readonly Side[];
  let origins: readonly Origin[];

  beforeAll(async () => {
    origins = [await startOrigin(), await startOrigin()];
    const [dead = 0] = await freePorts(1);
    const known = { A: origins[0]!.port, B: origins[1]!.port, DEAD: dead };
    sides = [await openSide('original', known), await openSide('ours', known)];
  });

  afterAll(async () => {
    for (const { proxy, log } of sides ?? []) {
      await proxy.stop();
      await log.close();
    }
    for (const origin of origins ?? []) await origin.close();
  });

  async function perform({ log, ports }: Side, one: CookieExchange): Promise<string> {
    for (const origin of origins) {
      origin.forget();
      origin.answer = answerOf(one);
      origin.closes = true;
    }
    const from = log.lines().length;
    const request = `${datedNow(one.request)}\r\n\r\n`;
    const { text } = await exchange(ports.get(one.section)!, request, { enough: () => false, deadlineMs: 10_000 });
    const line = await waitUntil(
      'the log line',
      () =>
        log
          .lines()
          .slice(from)
          .find((text) => / HTTP|<BADREQ>/.test(text)),
      {
        deadlineMs: 10_000,
      },
    ).catch(() => 'no line');
    const alerts = log
      .lines()
      .slice(from)
      .filter((text) => /Blocking/.test(text));
    const seen = origins.map((origin, i) => origin.received().map((received) => `${'ab'[i]}: ${received}`));
    // A connection may not be closed yet when the next one is counted; dates that were made now differ by a unit at most.
    const masked = text.replace(/(set-cookie: SRV=\w+)((?:\|[\w+/]{5})+)/g, (_, start: string, dates: string) => {
      return start + dates.replace(/\|[\w+/]{5}/g, '|DATE');
    });
    // HAProxy 2.6.12 refuses with a page of its own that says 200, against its manual.
    const isRefused = / PH\S\S /.test(`${line}`) && alerts.length > 0;
    return [
      ...alerts.map((text) => text.replace(/>.*haproxy\[\d+\]: /, '> ')),
      ...seen.flat(),
      '-- client',
      isRefused ? 'refused' : masked,
      '-- log',
      maskLine(`${line}`)
        .replace(/ \d+ \d+ (\S+ \S+ PH)/, ' STATUS BYTES $1')
        .replace(/ \d+\/\d+\/(\d+\/\d+\/\+?\d+) /, ' C/C/$1 ')
        .replace(/("" "") \d+ \d+ (".*") \d+ \d+ \d+ \d+ \d+ (--\w\w) \d+ \d+ /, '$1 $2 $3 '),
    ].join('\n');
  }

  for (const one of cookieExchanges) {
    it(`${one.section}: ${JSON.stringify(one.name)}`, async () => {
      const [original, ours] = sides;
      const theirs = await perform(original!, one);
      expect(await perform(ours!, one)).toBe(theirs);
    });
  }

  it.each([
    ['withstats', '/stats'],
    ['split', '/stats'],
    ['split', '/x'],
    ['split', '/ x'],
  ])('%s%s: who answers decides on what is logged', async (section, path) => {
    const tell = async ({ log, ports }: Side): Promise<string> => {
      const from = log.lines().length;
      const request = `GET ${path} HTTP/1.0\r\nUser-Agent: u\r\nCookie: SRV=two\r\n\r\n`;
      await exchange(ports.get(section)!, request, { enough: () => false, deadlineMs: 10_000 });
      const line = await waitUntil('the log line', () => log.lines()[from], { deadlineMs: 10_000 });
      return maskLine(`${line}`).replace(/ \d+ (\S+ \S+ \S\S\S\S) \d+\/\d+\/(\d+\/\d+\/\+?\d+) /, ' BYTES $1 C/C/$2 ');
    };
    const [original, ours] = sides;
    const theirs = await tell(original!);
    expect(await tell(ours!)).toBe(theirs);
  });

  it('option checkcache answers 502, as the manual says', async () => {
    for (const origin of origins)
      origin.answer = 'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nETag: "a"\r\nContent-Length: 0\r\n\r\n';
    const { status } = await exchange(sides[1]!.ports.get('guardedonly')!, 'GET / HTTP/1.0\r\n\r\n');
    expect(status).toBe(502);
  });

  it('several requests on one connection, each with notes of its own', async () => {
    const cookies = ['SID=1', 'SRV=two; SID=2', 'SRV=gone', '', 'SRV=two', 'a=1; SRV=nobody'];
    const requests = cookies.map((cookie, i) => {
      const last = i === cookies.length - 1 ? 'Connection: close\r\n' : '';
      return `GET /${i} HTTP/1.1\r\nHost: h\r\n${cookie === '' ? '' : `Cookie: ${cookie}\r\n`}${last}\r\n`;
    });
    const tell = async ({ log, ports }: Side): Promise<string> => {
      for (const origin of origins) {
        origin.forget();
        origin.answer = answerOf({ name: '', section: '', request: '', answer: 'X-A: b\r\nSet-Cookie: SID=3' });
        origin.closes = false;
      }
      const from = log.lines().length;
      const { text } = await exchange(ports.get('kept')!, requests, {
        pauseMs: 80,
        enough: () => false,
        deadlineMs: 10_000,
      });
      const all = (): readonly string[] => log.lines().slice(from);
      await waitUntil('all log lines', () => all().length >= cookies.length, { deadlineMs: 10_000 });
      return [text, ...all().map((line) => maskLine(line).replace(/ \d+\/\d+\/(\d+\/\d+\/\+?\d+) /, ' C/C/$1 '))].join(
        '\n',
      );
    };
    const [original, ours] = sides;
    const theirs = await tell(original!);
    expect(await tell(ours!)).toBe(theirs);
  });

  it.each(['indirect', 'prefix', 'captures'])('%s: cookie lines made at random', async (section) => {
    // No `$`: behind a delimiter at the end of a line HAProxy looks at what an earlier request left there.
    const pieces = ['SRV=two', 'SRV', 'SID', '=', '; ', ';', ',', ' ', '\t', '~', '|', '"', '\\', 'one', 'a=1'];
    // HAProxy logs a tab as it is.
    const piece = fc.constantFrom(...pieces.filter((text) => section !== 'captures' || text !== '\t'));
    const line = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(''));
    const [original, ours] = sides;
    for (const cookie of fc.sample(line, { numRuns: Number(process.env.RANDOM_LINES ?? 60), seed: 7 })) {
      const one = { name: cookie, section, request: `GET /x HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}` };
      const theirs = await perform(original!, one);
      expect(await perform(ours!, one), cookie).toBe(theirs);
    }
  });

  it.each(['insert', 'rewrite', 'prefix'])('%s: fields that set cookies, made at random', async (section) => {
    const piece = fc.constantFrom(...['SRV', 'SID', '=', '; path=/', ';', ',', ' ', '"', '\\', '$', 'one', 'a=1']);
    const line = fc.array(piece, { minLength: 1, maxLength: 10 }).map((pieces) => pieces.join(''));
    const [original, ours] = sides;
    for (const cookie of fc.sample(line, { numRuns: Number(process.env.RANDOM_LINES ?? 60), seed: 8 })) {
      const request = 'GET /x HTTP/1.1\r\nHost: h';
      const one = { name: cookie, section, request, answer: `Set-Cookie: ${cookie}` };
      const theirs = await perform(original!, one);
      expect(await perform(ours!, one), cookie).toBe(theirs);
    }
  });
});
