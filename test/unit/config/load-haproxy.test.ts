import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { positionOf } from '../../../grammar/source.ts';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';
import type { Profile } from '../../../src/config/profile.ts';

const timeouts = ' timeout connect 1s\n timeout client 1s\n timeout server 1s\n';
const web = `defaults\n${timeouts}listen web\n bind :8080\n server a 127.0.0.1:80\n`;

function load(bytes: Uint8Array | string, compat: Profile = 'default') {
  const readFile = () => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  return loadHaproxy(['h.cfg'], { compat, assumeFiles: true, env: {}, readFile });
}

function codes(bytes: Uint8Array | string, compat?: Profile): string[] {
  return load(bytes, compat).diagnostics.list.map(({ severity, code, at }) => {
    const { line, column } = positionOf(at!.source, at!.start);
    return `${severity} ${code} ${line}:${column}`;
  });
}

const folder = mkdtempSync(join(tmpdir(), 'tandem-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

function loadFiles(...files: string[]) {
  const readFile = (path: string) => readFileSync(path);
  return loadHaproxy(files, { compat: 'default', assumeFiles: true, env: {}, readFile });
}

describe('files', () => {
  it('reads several as one configuration', () => {
    writeFileSync(join(folder, 'a.cfg'), `defaults\n mode http\n${timeouts}`);
    writeFileSync(join(folder, 'b.cfg'), 'listen web\n bind :8080\n');
    const { config } = loadFiles(join(folder, 'a.cfg'), join(folder, 'b.cfg'));
    expect(config).toMatchObject({ proxies: [{ name: 'web', mode: 'http' }] });
    expect(config?.files).toEqual([join(folder, 'a.cfg'), join(folder, 'b.cfg')]);
  });

  it('reads the *.cfg files of a directory in the order of their names', () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    writeFileSync(join(inner, '20.cfg'), 'listen web\n bind :8080\n');
    writeFileSync(join(inner, '10.cfg'), `defaults\n mode http\n${timeouts}`);
    writeFileSync(join(inner, 'notes.txt'), 'not a configuration');
    writeFileSync(join(inner, '.30.cfg'), 'not read either');
    const { config } = loadFiles(inner);
    expect(config?.files.map((file) => file.slice(inner.length))).toEqual(['/10.cfg', '/20.cfg']);
    expect(config?.proxies[0]?.mode).toBe('http');
  });

  it('names a file that is not there', () => {
    const { config, diagnostics } = loadFiles(join(folder, 'nowhere.cfg'));
    expect(config).toBeNull();
    expect(diagnostics.list).toMatchObject([
      { code: 'unreadable-file', severity: 'error', at: { source: { file: join(folder, 'nowhere.cfg') } } },
    ]);
    expect(diagnostics.list[0]?.message).toContain('No such file or directory');
  });

  it('names a file that may not be read', () => {
    const readFile = () => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    };
    const { diagnostics } = loadHaproxy(['h.cfg'], { compat: 'default', assumeFiles: true, env: {}, readFile });
    expect(diagnostics.list[0]).toMatchObject({ code: 'unreadable-file', severity: 'error' });
    expect(diagnostics.list[0]?.message).toBe('Cannot open configuration file/directory h.cfg : Permission denied');
  });

  it('finds nothing to listen on in an empty file', () => {
    const { config, diagnostics, hasListeners } = load('');
    expect(diagnostics.list).toEqual([]);
    expect(config?.proxies).toEqual([]);
    expect(hasListeners).toBe(false);
  });

  it('counts an address that is not opened as a listener', () => {
    const { config, hasListeners } = load(`frontend f\n${timeouts} bind :443 ssl crt x.pem\n`);
    expect(config?.proxies[0]?.listeners).toEqual([]);
    expect(hasListeners).toBe(true);
  });
});

describe('odd bytes', () => {
  it.each<[string, Uint8Array | string, string[]]>([
    ['a NUL', web.replace('server a', 'ser\0ver a'), ['error stray-nul 7:5']],
    ['a binary file', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1, 0, 0, 0x0a, 0]), ['error stray-nul 1:7']],
    ['CRLF line ends', web.replaceAll('\n', '\r\n'), []],
    ['tabs', web.replaceAll(' ', '\t'), []],
    [
      'a byte order mark',
      `\ufeff${web}`,
      ['warning byte-order-mark 1:1', 'error out-of-section 1:1', 'error out-of-section 2:2'],
    ],
    ['no final line end', web.trimEnd(), ['warning missing-line-end 7:22']],
    ['a comment without a final line end', `${web}# end`, ['warning missing-line-end 8:5']],
    ['Latin-1 comments', Buffer.from(`${web}# caf\xe9\n`, 'latin1'), []],
    ['a line of 64 KiB', `${web} description ${'x'.repeat(65536)}\n`, []],
    ['an unknown word of 64 KiB', `${web} ${'x'.repeat(65536)}\n`, ['error unknown-keyword 8:2']],
    ['a line of 64 Ki words', `${web} description${' x'.repeat(65536)}\n`, ['error too-many-words 8:140']],
  ])('%s', (_, bytes, expected) => {
    const found = codes(bytes);
    expect(found.slice(0, Math.max(1, expected.length))).toEqual(expected);
  });

  it('keeps text as UTF-8', () => {
    const { config } = load(`${web} description 数据库\n`);
    expect(config?.proxies[0]?.description).toBe('数据库');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { config, diagnostics } = load(bytes);
        expect(config === null).toBe(diagnostics.hasErrors);
      }),
    );
  });
});

describe('profiles', () => {
  it.each<[string, string, string[], string[], string[]]>([
    [
      'a removed word',
      web.replace('timeout connect', 'contimeout'),
      ['warning removed-keyword'],
      ['error removed-keyword'],
      ['error removed-keyword'],
    ],
    [
      'an address on the section line',
      'listen web :80\n',
      ['warning removed-keyword'],
      ['error removed-keyword'],
      ['error removed-keyword'],
    ],
    [
      'a word younger than 2.6',
      `${web.replace(' bind', ' guid me\n bind')}`,
      ['warning not-carried-out'],
      ['error unknown-keyword'],
      ['warning not-carried-out'],
    ],
    [
      'no final line end',
      web.trimEnd(),
      ['warning missing-line-end'],
      ['error missing-line-end'],
      ['error missing-line-end'],
    ],
    [
      'one name on both sides',
      `defaults\n${timeouts}frontend a\n bind :80\nbackend a\n`,
      [],
      [],
      ['error duplicate-proxy'],
    ],
    [
      'headers hidden in the check version',
      `${web} option httpchk GET / HTTP/1.0\\r\\nA:\\ b\n`,
      ['warning removed-keyword'],
      ['warning removed-keyword'],
      ['error removed-keyword'],
    ],
  ])('%s', (_, text, lenient, old, current) => {
    const of = (compat: Profile) => codes(text, compat).map((code) => code.replace(/ \d+:\d+$/, ''));
    expect(of('default').slice(0, 1)).toEqual(lenient);
    expect(of('haproxy-2.6').slice(0, 1)).toEqual(old);
    expect(of('haproxy-3.4').slice(0, 1)).toEqual(current);
  });
});

describe('records', () => {
  it('are frozen all the way down', () => {
    const { config } = load(web);
    expect(Object.isFrozen(config?.proxies[0]?.servers[0]?.address)).toBe(true);
  });

  it('survive a structured clone', () => {
    const { config } = load(web);
    expect(structuredClone(config)).toEqual(config);
  });

  it('give ids that are free', () => {
    const text = `defaults\n${timeouts}listen a\n bind :81\n id 3\nlisten b\n bind :82\nlisten c\n bind :83\n server x :1 id 1\n server y :2\n`;
    const { config } = load(text);
    expect(config?.proxies.map((proxy) => proxy.id)).toEqual([3, 2, 4]);
    expect(config?.proxies[2]?.servers.map((server) => server.id)).toEqual([1, 2]);
  });

  it('give ids in the order of HAProxy', () => {
    const servers = ['a :1', 'b :1 id 9', 'c :1', 'd :1 id 5', 'e :1', 'f :1'].map((server) => ` server ${server}\n`);
    const text = `defaults\n${timeouts}listen a\n bind :81\n bind :82 id 7\n bind :83\n id 50\n${servers.join('')}listen b\n bind :84\n`;
    const { config } = load(text);
    expect(config?.proxies.map((proxy) => proxy.id)).toEqual([50, 2]);
    expect(config?.proxies[0]?.servers.map((server) => server.id)).toEqual([1, 9, 3, 5, 6, 7]);
    expect(config?.proxies[0]?.listeners.map((listener) => listener.options.socketId)).toEqual([1, 7, 3]);
    // The proxy behind it has the first number.
    expect(load(`global\n stats socket /tmp/s\n${text}`).config?.proxies.map((proxy) => proxy.id)).toEqual([50, 3]);
  });
});
