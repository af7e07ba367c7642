import { describe, expect, it } from 'vitest';
import { type Balance, defaultHashType } from '../../../../src/config/balance.ts';
import { NO_KEY } from '../../../../src/proxy/balance/balancer.ts';
import { makeHash } from '../../../../src/proxy/balance/hash-functions.ts';
import { makeRequestKey } from '../../../../src/proxy/balance/request-key.ts';
import type { Frontend } from '../../../../src/proxy/frontend.ts';
import { ClientAddress } from '../../../../src/proxy/listener/client-address.ts';
import { parseRequestHead } from '../../../../src/wire/http1.ts';
import { Head } from '../../../../src/wire/http1-head.ts';

const hash = makeHash(defaultHashType);
const plain = { forwardfor: null } as Frontend;
const client = addressOf([192, 0, 2, 7]);

function addressOf(host: readonly number[]): ClientAddress {
  return new ClientAddress(new DataView(Uint8Array.of(2, 0, 4, 0, ...host, 0, 0, 0, 0, 0, 0, 0, 0).buffer));
}

/** The hash of a text; null for a request without a key. */
function keyOf(text: string | null): number {
  const bytes = Buffer.from(text ?? '', 'latin1');
  return text === null ? NO_KEY : hash(bytes, 0, bytes.length);
}

function compute(balance: Balance, request: string, frontend = plain): number {
  // Other bytes before and behind must not matter.
  const bytes = Buffer.from(`junk=1&${request}&id=7`, 'latin1');
  const head = new Head();
  const end = bytes.length - 5;
  expect(parseRequestHead(bytes, 7, end, head)).toBeGreaterThan(0);
  return makeRequestKey(balance, defaultHashType)!.compute(bytes, head, end, client, frontend, -1);
}

const get = (target: string, fields = '') => `GET ${target} HTTP/1.1\r\nHost: h.example.org\r\n${fields}\r\n`;
const absolute = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a.org\r\n\r\n`;
const uri = { algorithm: 'uri', whole: false, pathOnly: false, len: 0, depth: 0 } as const;

describe('uri', () => {
  const rows: [Partial<typeof uri> | object, string, string][] = [
    [{}, get('/a/b?x=1'), '/a/b'],
    [{ whole: true }, get('/a/b?x=1'), '/a/b?x=1'],
    [{ len: 3 }, get('/abcdef'), '/ab'],
    [{ len: 30 }, get('/abcdef'), '/abcdef'],
    [{ depth: 1 }, get('/a/b/c'), '/a'],
    [{ depth: 2 }, get('/a/b/c?d'), '/a/b'],
    [{ depth: 9 }, get('/a/b/c?d'), '/a/b/c'],
    [{ depth: 2, len: 3 }, get('/a/b/c'), '/a/'],
    [{}, absolute('http://a.org/p?q'), 'http://a.org/p'],
    [{ pathOnly: true }, absolute('http://a.org/p?q'), '/p'],
    [{ pathOnly: true, whole: true }, absolute('http://a.org/p?q'), '/p?q'],
    [{ pathOnly: true }, absolute('http://a.org'), ''],
    [{ pathOnly: true }, get('/x://y/z'), '/x://y/z'],
  ];
  it.each(rows)('%o %s', (given, request, expected) => {
    expect(compute({ ...uri, ...given }, request)).toBe(keyOf(expected));
  });
});

describe('url_param', () => {
  const balance = { algorithm: 'url_param', name: 'id', checkPost: true } as const;
  const post = (body: string, fields = `Content-Length: ${body.length}\r\n`) =>
    `POST /p HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
  const rows: [string, string | null][] = [
    [get('/p?id=5'), '5'],
    [get('/p?a=1&id=57&b=2'), '57'],
    [get('/p?id='), ''],
    [get('/p?id'), null],
    [get('/p?idx=5&xid=6'), null],
    [get('/p'), null],
    [get('/id=5'), null],
    [post('id=9'), '9'],
    [post('a=b&id=99&c=d'), '99'],
    [post('a=b'), null],
    [post('id= x'), ''],
    [post('id=\u0001'), null],
    [post('4\r\nid=8\r\n4\r\n&z=1\r\n0\r\n\r\n', 'Transfer-Encoding: chunked\r\n'), '8'],
    [post('zz', 'Content-Length: 9\r\n'), null],
    [`POST /p?id=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nid=2`, '1'],
  ];
  it.each(rows)('%s', (request, expected) => expect(compute(balance, request)).toBe(keyOf(expected)));
});

describe('hdr', () => {
  const named = (name: string, domainOnly = false) => ({ algorithm: 'hdr', name, domainOnly }) as const;
  const rows: [string, string | null][] = [
    [get('/', 'X-Key: abc\r\n'), 'abc'],
    [get('/', 'x-kEY:abc\r\nX-Key: d\r\n'), 'abc'],
    [get('/', 'X-Key: a b , c\r\n'), 'a b'],
    [get('/', 'X-Key: "a,b",c\r\n'), '"a,b"'],
    [get('/', 'X-Key:\r\n'), null],
    [get('/', 'X-Keys: a\r\n'), null],
    [get('/'), null],
  ];
  it.each(rows)('%s', (request, expected) => expect(compute(named('X-Key'), request)).toBe(keyOf(expected)));

  it('takes what the proxy is about to add for what the client sent', () => {
    const lowerName = Buffer.from('x-forwarded-for');
    const frontend = {
      forwardfor: { name: 'x-forwarded-for', lowerName, except: [], ifNone: false },
    } as unknown as Frontend;
    expect(compute(named('X-Forwarded-For'), get('/'), frontend)).toBe(keyOf('192.0.2.7'));
    expect(compute(named('X-Forwarded-For'), get('/', 'X-Forwarded-For: me\r\n'), frontend)).toBe(keyOf('me'));
    expect(compute(named('X-Other'), get('/'), frontend)).toBe(NO_KEY);
  });

  const hosts: [string, string][] = [
    ['haproxy.1wt.eu', '1wt'],
    ['a.b.example.org', 'example'],
    ['example.org', 'example'],
    ['localhost', 'localhost'],
    ['example.org:8080', 'example'],
  ];
  it.each(hosts)('of the domain in %s', (host, domain) => {
    expect(compute(named('host', true), `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toBe(keyOf(domain));
  });
});

describe('rdp-cookie', () => {
  const balance = { algorithm: 'rdp-cookie', name: 'mstshash' } as const;
  const rows: [string, string | null][] = [
    ['###########Cookie: mstshash=bob\r\nmore', 'bob'],
    ['###########COOKIE:MSTShash=bob\r\n', 'bob'],
    ['###########Cookie: mstshash=bob', null],
    ['###########Cookie: mstshash=bob\r', null],
    ['###########Cookie: mstshash=\r\n', null],
    ['###########Cookie: other=bob\r\n', null],
    ['###########Cook', null],
    ['', null],
  ];
  it.each(rows)('%s', (text, expected) => {
    const bytes = Buffer.from(text, 'latin1');
    const key = makeRequestKey(balance, defaultHashType)!;
    expect(key.compute(bytes, null, bytes.length, client, plain, -1)).toBe(keyOf(expected));
  });

  it('is there in mode tcp only, the others in mode http only', () => {
    const bytes = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(compute(balance, get('/'))).toBe(NO_KEY);
    for (const each of [uri, { algorithm: 'hdr', name: 'host', domainOnly: false } as const]) {
      expect(makeRequestKey(each, defaultHashType)!.compute(bytes, null, bytes.length, client, plain, -1)).toBe(NO_KEY);
    }
    expect(makeRequestKey({ algorithm: 'source' }, defaultHashType)).toBeNull();
  });
});
