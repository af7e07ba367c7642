/**
 * fixtures/scenarios/web-farm on loopback: clients stick to their servers, a server dies and comes back, operators watch
 * it on the statistics page. The real HAProxy and ours live through the same day and must tell the same story.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { describeNet, distBin, repository } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

const fixture = join(repository, 'fixtures/scenarios/web-farm/haproxy.cfg');

/** A web server of the farm: says its name and what cookies it saw; `/login` sets the session that the path names. */
class WebServer {
  readonly name: string;
  port = 0;
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();

  constructor(name: string) {
    this.name = name;
  }

  async start(): Promise<void> {
    const server = createServer((message, response) => {
      const session = /^\/login\/(\w+)/.exec(message.url ?? '')?.[1];
      if (session) response.setHeader('Set-Cookie', `${session}; path=/`);
      if (session?.startsWith('SERVERID')) response.setHeader('Set-Cookie', 'SERVERID=mine; path=/');
      if (session?.startsWith('PHPSESSID')) response.setHeader('Set-Cookie', 'PHPSESSID=0af3; path=/; HttpOnly');
      response.setHeader('Last-Modified', 'Wed, 01 Jan 2020 00:00:00 GMT');
      response.removeHeader('Date');
      response.end(`${this.name} saw ${message.headers.cookie ?? 'nothing'}`);
    });
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

interface Page {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

function fetchPage(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<Page> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, path, headers, host: '127.0.0.1', agent: false }, (message) => {
      let body = '';
      message.setEncoding('latin1');
      message.on('data', (text: string) => {
        body += text;
      });
      message.on('end', () => resolve({ status: message.statusCode ?? 0, headers: message.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** A browser: keeps the cookies that it is given. */
class Browser {
  readonly cookies = new Map<string, string>();
  private readonly story: string[];
  private readonly port: number;
  private readonly name: string;

  constructor(name: string, port: number, story: string[]) {
    this.name = name;
    this.port = port;
    this.story = story;
  }

  async visit(path = '/'): Promise<string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { 'user-agent': this.name, ...(cookie === '' ? {} : { cookie }) };
    const page = await fetchPage(this.port, path, headers);
    for (const line of page.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    const told = `${page.status} ${page.headers['set-cookie'] ?? ''} ${page.headers['cache-control'] ?? ''}`;
    this.story.push(`${this.name} ${path} [${cookie}]: ${told} ${page.body}`);
    return page.body;
  }
}

/** What the story tells of the statistics. */
const COLUMNS =
  'pxname svname status cookie act bck stot lbtot wretr wredis econ ereq eresp req_tot hrsp_2xx hrsp_4xx hrsp_5xx'.split(
    ' ',
  );

const names = ['admin', 'shop', 'wiki', 'forum'] as const;
type Ports = Readonly<Record<(typeof names)[number], number>>;

function configOnLoopback(ports: Ports, farm: readonly WebServer[], logPort: number): string {
  const [web1, web2, sorry] = farm;
  const places: Readonly<Record<string, number>> = {
    '192.168.10.1:8080': ports.admin,
    '192.168.10.1:80': ports.shop,
    '192.168.10.1:81': ports.wiki,
    '192.168.10.1:82': ports.forum,
    '192.168.10.11:80': web1!.port,
    '192.168.10.12:80': web2!.port,
    '192.168.10.13:80': sorry!.port,
    '192.168.10.2': logPort,
  };
  return readFileSync(fixture, 'utf8')
    .replace(/192\.168\.10\.\d+(?::\d+)?/g, (place) => `127.0.0.1:${places[place]}`)
    .replace(/inter 2000/g, 'inter 100')
    .replace(/^ +daemon\n/m, '');
}

describeNet('A web farm', { binaries: ['haproxy'], build: true }, () => {
  const farm = [new WebServer('web1'), new WebServer('web2'), new WebServer('sorry')];
  const [web1, web2] = farm as [WebServer, WebServer];
  let log: SyslogReceiver;
  let proxy: RunningProxy | null = null;
  const stories: string[][] = [];

  beforeAll(async () => {
    for (const server of farm) await server.start();
  });

  afterAll(async () => {
    for (const server of farm) await server.stop();
  });

  async function statusOf(port: number): Promise<string> {
    const { body } = await fetchPage(port, '/admin;csv', { authorization: authorization('farm-4711') });
    const [head = '', ...lines] = body.split('\n');
    const columns = head.replace('# ', '').split(',');
    const at = (name: string): number => columns.indexOf(name);
    return (
      lines
        .map((line) => line.split(','))
        .filter((line) => line[at('status')] !== undefined && !/^(?:admin_stats|FRONTEND)$/.test(line[0]!))
        .map((line) => COLUMNS.map((name) => line[at(name)]).join(' '))
        .join('\n')
        // On its way up or down: the first check of many.
        .replace(/ \d+\/\d+/g, '')
    );
  }

  async function live(which: 'original' | 'ours'): Promise<string[]> {
    const story: string[] = [];
    log = await receiveSyslog();
    const [admin = 0, shop = 0, wiki = 0, forum = 0] = await freePorts(names.length);
    const ports = { admin, shop, wiki, forum };
    proxy = await startProxy(which, configOnLoopback(ports, farm, log.port), shop);
    const sees = async (text: string): Promise<void> => {
      await waitUntil(`'${text}'`, async () => (await statusOf(admin)).includes(text), {
        details: () => proxy!.output(),
      });
    };
    const tell = async (title: string): Promise<void> => {
      story.push(`-- ${title}`, await statusOf(admin));
    };

    await sees('shop web2 UP');
    await tell('morning');
    const [ann, bob] = [new Browser('ann', shop, story), new Browser('bob', shop, story)];
    for (let i = 0; i < 3; i++) for (const browser of [ann, bob]) await browser.visit();
    const wikiUser = new Browser('wiki', wiki, story);
    for (const path of ['/', '/login/SERVERID', '/', '/']) await wikiUser.visit(path);
    const forumUser = new Browser('forum', forum, story);
    for (const path of ['/', '/login/PHPSESSID', '/', '/']) await forumUser.visit(path);

    await web1.stop();
    await sees('shop web1 DOWN');
    await sees('wiki web1 DOWN');
    await sees('forum_servers web1 DOWN');
    await tell('web1 is down');
    const anns = new Map(ann.cookies);
    for (const browser of [ann, bob, wikiUser, forumUser]) await browser.visit();

    await web2.stop();
    await sees('shop web2 DOWN');
    await sees('wiki web2 DOWN');
    await sees('forum_servers web2 DOWN');
    await tell('both are down');
    for (const browser of [ann, bob, wikiUser]) await browser.visit();

    await web1.start();
    await sees('shop web1 UP');
    await ann.visit();
    await web2.start();
    for (const text of ['shop web2 UP', 'wiki web1 UP', 'wiki web2 UP']) await sees(text);
    for (const text of ['forum_servers web1 UP', 'forum_servers web2 UP']) await sees(text);
    await tell('both are back');
    await bob.visit();
    for (const [name, value] of anns) ann.cookies.set(name, value);
    await ann.visit();

    for (const password of ['', 'wrong', 'farm-4711']) {
      const page = await fetchPage(admin, '/admin', password === '' ? {} : { authorization: authorization(password) });
      const shows = ['Web farm', 'shop', 'app1inst1', 'sorry'].map((text) => page.body.includes(text));
      story.push(`admin '${password}': ${page.status} ${page.headers['www-authenticate'] ?? ''} ${shows}`);
    }
    const lines = await waitUntil('all log lines', () => {
      const seen = log.lines().filter((line) => /"GET \//.test(line) && !/ \/admin/.test(line));
      return seen.length >= 23 ? seen : null;
    });
    story.push('-- log', ...lines!.map(shortLine));
    await proxy.stop();
    await log.close();
    return story;
  }

  it('passes the config test', async () => {
    const code = await new Promise((resolve) => {
      execFile(distBin('haproxy'), ['-c', '-f', fixture], (error) => resolve(error ? error.code : 0));
    });
    expect(code).toBe(0);
  });

  it('lives through a day with either proxy', async () => {
    for (const which of ['original', 'ours'] as const) stories.push(await live(which));
    expect(stories[1]!.join('\n')).toBe(stories[0]!.join('\n'));
  }, 60_000);

  it('keeps clients with their servers as long as these are there', () => {
    const ours = stories[1]!;
    const anns = ours.filter((line) => line.startsWith('ann /'));
    expect(anns.slice(0, 3).map((line) => / (\w+) saw/.exec(line)?.[1])).toEqual(['web1', 'web1', 'web1']);
    expect(anns[3]).toMatch(/\[SERVERID=app1inst1\].*SERVERID=app1inst2.*web2 saw/);
    expect(anns[4]).toMatch(/sorry saw/);
    expect(ours.filter((line) => /^forum \//.test(line))[2]).toMatch(/\[PHPSESSID=w\d~0af3\].*saw PHPSESSID=0af3$/);
  });
});

function authorization(password: string): string {
  return `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
}

/** Who was asked, how it ended, and what came of the cookies. */
function shortLine(line: string): string {
  const [, place, status, rest] = /\] (\S+ \S+) \S+ (\d+) \d+ (\S+ \S+ \S+ .*)$/.exec(line) ?? [];
  return `${place} ${status} ${rest?.replace(/ \d+\/\d+\/\d+\/\d+\/(\S+) /, ' $1 ')}`;
}
