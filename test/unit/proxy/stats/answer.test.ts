import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { StatsConf } from '../../../../src/config/haproxy.ts';
import { answerStats, exportCsv } from '../../../../src/proxy/stats/answer.ts';
import { escapeHtml, formatAge, rowClass } from '../../../../src/proxy/stats/html.ts';
import { isStatsTarget, prepareStats } from '../../../../src/proxy/stats/request.ts';
import { parseRequestHead } from '../../../../src/wire/http1.ts';
import { Head } from '../../../../src/wire/http1-head.ts';
import { makeProxy, makeServer } from '../configuration.ts';
import { CHECK, makeHealth, makeSource, makeStats, NOW } from './source.ts';

const own = makeProxy({ mode: 'http', name: 'web', servers: [makeServer(1, { name: 'a', check: CHECK })] });
const db = makeProxy({ id: 3, name: 'db', servers: [makeServer(1, { name: '<b>&"', check: CHECK })] });
const source = makeSource(
  [own, db],
  [makeHealth({ proxyId: 3, up: false, health: 0, code: 'L4CON', text: '<refused>' })],
);

interface Answer {
  readonly taken: boolean;
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

function ask(request: string, conf: Partial<StatsConf> = {}, close = false): Answer {
  const stats = prepareStats(makeStats({ uri: '/stats', ...conf }));
  const bytes = new Uint8Array(Buffer.from(`${request}\r\n\r\n`, 'latin1'));
  const head = new Head();
  expect(parseRequestHead(bytes, 0, bytes.length, head)).toBeGreaterThan(0);
  if (!isStatsTarget(stats, bytes, head)) return { taken: false, status: 0, head: '', body: '' };
  const answer = answerStats(stats, own, bytes, head, source, NOW, close);
  const text = Buffer.from(answer.bytes).toString('utf8');
  const at = text.indexOf('\r\n\r\n');
  return { taken: true, status: answer.status, head: text.slice(0, at + 2), body: text.slice(at + 4) };
}

describe('which requests are for the statistics', () => {
  it.each([
    ['GET /stats HTTP/1.1', true],
    ['HEAD /stats HTTP/1.1', true],
    ['GET /stats;csv HTTP/1.1', true],
    ['GET /statsx HTTP/1.1', true],
    ['GET /stat HTTP/1.1', false],
    ['GET /x/stats HTTP/1.1', false],
    ['PUT /stats HTTP/1.1', false],
    ['OPTIONS /stats HTTP/1.1', false],
  ])('%s: %s', (request, taken) => expect(ask(request).taken).toBe(taken));

  it('answers the default place', () => {
    expect(ask('GET /haproxy?stats;csv HTTP/1.1', { uri: '/haproxy?stats' }).status).toBe(200);
  });
});

describe('answers', () => {
  it('say how long they are', () => {
    const { head, body } = ask('GET /stats HTTP/1.1');
    expect(head).toContain(`content-length: ${Buffer.byteLength(body)}\r\n`);
    expect(head).toContain('content-type: text/html');
    expect(head).not.toContain('refresh');
    expect(head).not.toContain('connection');
    expect(ask('GET /stats HTTP/1.1', {}, true).head).toContain('connection: close\r\n');
  });

  it('leave the body out for HEAD, but not its length', () => {
    const { head, body } = ask('HEAD /stats;csv HTTP/1.1');
    expect(body).toBe('');
    expect(head).toContain(`content-length: ${Buffer.byteLength(ask('GET /stats;csv HTTP/1.1').body)}\r\n`);
  });

  it('refresh as configured, unless asked not to', () => {
    expect(ask('GET /stats HTTP/1.1', { refreshSeconds: 7 }).head).toContain('refresh: 7\r\n');
    expect(ask('GET /stats;norefresh HTTP/1.1', { refreshSeconds: 7 }).head).not.toContain('refresh: ');
  });

  it('export CSV and JSON', () => {
    const csv = ask('GET /stats;csv;norefresh HTTP/1.1');
    expect(csv.head).toContain('content-type: text/plain\r\n');
    expect(csv.body.startsWith('# pxname,svname,')).toBe(true);
    expect(csv.body.split('\n')).toHaveLength(8);
    expect(JSON.parse(ask('GET /stats;json HTTP/1.1').body)).toHaveLength(6);
    expect(exportCsv(source, NOW)).toContain('127.0.0.1:1');
    expect(csv.body).not.toContain('127.0.0.1:1');
  });

  it('show the proxies in scope', () => {
    const names = (conf: Partial<StatsConf>, target = '/stats;csv'): string[] => [
      ...new Set(ask(`GET ${target} HTTP/1.1`, conf).body.match(/^\w+(?=,)/gm)),
    ];
    expect(names({})).toEqual(['web', 'db']);
    expect(names({ scope: ['.'] })).toEqual(['web']);
    expect(names({ scope: ['db'] })).toEqual(['db']);
    expect(names({}, '/stats;csv;scope=d')).toEqual(['db']);
  });

  it('hide servers that are down', () => {
    expect(ask('GET /stats;csv HTTP/1.1').body).toContain('db,"<b>&""",');
    expect(ask('GET /stats;csv;up HTTP/1.1').body).not.toContain('db,"<b>&""",');
  });

  it('deny administration', () => {
    const { status, head } = ask('POST /stats HTTP/1.1\r\nContent-Length: 0');
    expect(status).toBe(303);
    expect(head).toContain('location: /stats;st=DENY\r\n');
  });
});

describe('the page', () => {
  it('escapes what the configuration and servers say', () => {
    const { body } = ask('GET /stats HTTP/1.1', { showDesc: '<script>', showNode: '"node"' });
    expect(body).not.toContain('<script>');
    expect(body).not.toContain('<refused>');
    expect(body).toContain('&#60;b&#62;&#38;&#34;');
    expect(body).toContain('on &#34;node&#34;: &#60;script&#62;');
    expect(escapeHtml(`<>&"'`)).toBe('&#60;&#62;&#38;&#34;&#39;');
  });

  it('has a table for each proxy with as many cells in each line as in its head', () => {
    const { body } = ask('GET /stats HTTP/1.1');
    const tables = body.match(/<table>.*?<\/table>/gs)!;
    expect(tables).toHaveLength(2);
    for (const table of tables) {
      for (const row of table.match(/<tr class=.*?<\/tr>/gs)!) expect(row.match(/<td/g)).toHaveLength(30);
      expect(table.match(/<th>/g)).toHaveLength(30);
    }
  });

  it('names the node as the global section does when not told otherwise', () => {
    const { global } = source.slice;
    Object.assign(global, { node: 'lb1', description: 'in the cellar' });
    const { body } = ask('GET /stats HTTP/1.1', { showDesc: '', showNode: '' });
    Object.assign(global, { node: null, description: null });
    expect(body).toContain('on lb1: in the cellar<');
    expect(body).toContain('<title>Statistics Report for HAProxy on lb1<');
    expect(ask('GET /stats HTTP/1.1', { showNode: '' }).body).toContain(` on ${hostname()}<`);
    expect(ask('GET /stats HTTP/1.1').body).not.toContain(' on ');
  });

  it('hides the version when told so', () => {
    expect(ask('GET /stats HTTP/1.1').body).toContain('version 1.2.3');
    expect(ask('GET /stats HTTP/1.1', { hideVersion: true }).body).not.toContain('1.2.3');
  });

  it('colours lines by state', () => {
    const colour = (status: string, bck = 0): string => rowClass({ type: 2, status, bck });
    expect([colour('UP'), colour('UP', 1), colour('UP 1/3'), colour('DOWN'), colour('DOWN 1/2')]).toEqual([
      'active-up',
      'backup-up',
      'going-down',
      'down',
      'going-up',
    ]);
    expect([colour('MAINT'), colour('no check')]).toEqual(['maint', 'no-check']);
  });

  it('shows ages by their two greatest units', () => {
    expect([5, 73, 3723, 273_600].map(formatAge)).toEqual(['5s', '1m13s', '1h2m', '3d4h']);
  });
});

describe('authentication', () => {
  const conf = {
    auth: [
      { user: 'u', password: 'p:w' },
      { user: 'x', password: 'y' },
    ],
    realm: 'A "b"',
  };
  const basic = (text: string): string => `GET /stats HTTP/1.1\r\nAuthorization: Basic ${btoa(text)}`;

  it('asks for a password', () => {
    const { status, head } = ask('GET /stats HTTP/1.1', conf);
    expect(status).toBe(401);
    expect(head).toContain('www-authenticate: Basic realm="A \\"b\\""\r\n');
    expect(ask('GET /stats HTTP/1.1', { ...conf, realm: null }).head).toContain('realm="HAProxy Statistics"');
  });

  it.each([
    ['u:p:w', 200],
    ['x:y', 200],
    ['x:p:w', 401],
    ['u:p', 401],
    ['', 401],
  ])('%j gives %i', (text, status) => expect(ask(basic(text), conf).status).toBe(status));

  it('reads the scheme without regard to case, and no other scheme', () => {
    expect(ask(`GET /stats HTTP/1.1\r\nauthorization: bAsIc  ${btoa('x:y')}`, conf).status).toBe(200);
    expect(ask(`GET /stats HTTP/1.1\r\nAuthorization: Bearer ${btoa('x:y')}`, conf).status).toBe(401);
  });
});
