import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../../grammar/haproxy/address.ts';

const env = new Map([['PORT', '8080']]);
const range = (first: number, last = first) => ({ kind: 'range', first, last });

describe('parseAddress', () => {
  it.each([
    [':80', { kind: 'ip', host: '0.0.0.0', family: 4, port: range(80) }],
    ['*:80-90', { kind: 'ip', host: '0.0.0.0', family: 4, port: range(80, 90) }],
    ['1.2.3.4', { kind: 'ip', host: '1.2.3.4', family: 4, port: { kind: 'none' } }],
    ['1.2.3.4:', { kind: 'ip', host: '1.2.3.4', family: 4, port: { kind: 'none' } }],
    ['1.2.3.4:+5', { kind: 'ip', host: '1.2.3.4', family: 4, port: { kind: 'offset', offset: 5 } }],
    ['[::1]:80', { kind: 'ip', host: '::1', family: 6, port: range(80) }],
    ['::1:80', { kind: 'ip', host: '::1', family: 6, port: range(80) }],
    [':::80', { kind: 'ip', host: '::', family: 6, port: range(80) }],
    ['ipv6@:80', { kind: 'ip', host: '::', family: 6, port: range(80) }],
    ['ipv4@*:80', { kind: 'ip', host: '0.0.0.0', family: 4, port: range(80) }],
    ['tcp4@1.2.3.4:80', { kind: 'ip', host: '1.2.3.4', family: 4, port: range(80) }],
    ['web-1.example.com:80', { kind: 'ip', host: 'web-1.example.com', family: 0, port: range(80) }],
    ['ipv6@web:80', { kind: 'ip', host: 'web', family: 6, port: range(80) }],
    [':${PORT}', { kind: 'ip', host: '0.0.0.0', family: 4, port: range(8080) }],
    [':$PORT', { kind: 'ip', host: '0.0.0.0', family: 4, port: range(8080) }],
    ['/run/a:b.sock', { kind: 'unix', path: '/run/a:b.sock' }],
    ['unix@a.sock', { kind: 'unix', path: 'a.sock' }],
    ['fd@3', { kind: 'fd', fd: 3 }],
    ['abns@x', { kind: 'abstract', name: 'x', padded: true }],
    ['abnsz@x', { kind: 'abstract', name: 'x', padded: false }],
    ['quic4@:443', { kind: 'foreign', scheme: 'quic4' }],
  ])('reads %s', (text, address) => {
    expect(parseAddress(text, env)).toEqual(address);
  });

  it.each([
    ['a b:80', 'invalid address'],
    ['ipv4@::1:80', 'invalid address'],
    ['[1.2.3.4]:80', 'invalid address'],
    [':70000', "invalid port '70000'"],
    [':80-70000', "invalid port '70000'"],
    [':90-80', 'invalid port range'],
    [':http', 'invalid character in port number'],
    ['fd@x', 'not a valid integer'],
    ['unix@', 'missing path'],
    [`/${'x'.repeat(108)}`, 'too long'],
  ])('refuses %s', (text, problem) => {
    expect(parseAddress(text, env)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
