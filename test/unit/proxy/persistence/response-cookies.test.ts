import { describe, expect, it } from 'vitest';
import type { CookieConf } from '../../../../src/config/persistence.ts';
import { CookiePolicy } from '../../../../src/proxy/persistence/cookie-policy.ts';
import { ResponseCookies } from '../../../../src/proxy/persistence/response-cookies.ts';
import { makeBackend, makeTransaction, passResponse, plainCookie, statesOf } from './stage.ts';

/** A response of s1 (cookie "one"), or of s2 (none), to a client that is bound to it or not. */
function answer(conf: Partial<CookieConf>, fields = '', { server = 1, bound = false, method = 1 } = {}) {
  const full = { ...plainCookie, ...conf };
  const backend = makeBackend(full, ['one', null]);
  const transaction = makeTransaction();
  transaction.method = method;
  const by = backend.servers[server - 1]!;
  if (bound) transaction.wanted = by;
  const step = new ResponseCookies(new CookiePolicy(full, backend), null);
  return { text: passResponse(step, transaction, by, fields), states: statesOf(transaction) };
}

describe('mode insert', () => {
  it('tells a new client its server', () => {
    expect(answer({})).toEqual({ text: 'set-cookie: SRV=one; path=/\r\n', states: 'NI' });
    expect(answer({}, '', { bound: true })).toEqual({ text: '', states: 'NN' });
    expect(answer({ postonly: true }).text).toBe('');
    expect(answer({ postonly: true }, '', { method: 3 }).text).toBe('set-cookie: SRV=one; path=/\r\n');
  });

  it('has the client forget its cookie when the server has none', () => {
    expect(answer({}, '', { server: 2 }).text).toBe(
      'set-cookie: SRV=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/\r\n',
    );
  });

  it('dresses the cookie', () => {
    const conf = { httponly: true, secure: true, domains: ['.a.b', '.c.d'], attributes: ['SameSite=Lax', 'X'] };
    expect(answer(conf).text).toBe(
      'set-cookie: SRV=one; path=/; domain=.a.b; domain=.c.d; HttpOnly; Secure; SameSite=Lax; X\r\n',
    );
    expect(answer({ maxIdle: 60 }).text).toMatch(/^set-cookie: SRV=one\|[\w+/]{5}; path=\/\r\n$/);
    expect(answer({ maxLife: 60 }).text).toMatch(/^set-cookie: SRV=one(\|[\w+/]{5})\1; path=\/\r\n$/);
    expect(answer({ maxIdle: 60 }, '', { bound: true })).toMatchObject({ states: 'NU' });
  });

  it("takes the server's own cookie out, unless that is to be kept", () => {
    const fields = 'A: b\r\nSet-Cookie: SRV=x\r\nSet-Cookie: c=d\r\n';
    expect(answer({}, fields).text).toBe('a: b\r\nset-cookie: c=d\r\nset-cookie: SRV=one; path=/\r\n');
    expect(answer({}, fields, { bound: true })).toEqual({ text: 'a: b\r\nset-cookie: c=d\r\n', states: 'ND' });
    expect(answer({ preserve: true }, fields)).toMatchObject({ states: 'NP' });
  });

  it('makes what caches may keep private', () => {
    const line = 'set-cookie: SRV=one; path=/\r\n';
    expect(answer({ nocache: true }, 'ETag: "a"\r\n').text).toBe(`etag: "a"\r\n${line}cache-control: private\r\n`);
    expect(answer({ nocache: true }).text).toBe(line);
    expect(answer({ nocache: true }, 'Cache-Control: no-store\r\nETag: "a"\r\n').text).not.toMatch(/private/);
  });
});

describe('other modes', () => {
  it("rewrite puts the server's cookie in the place of the value", () => {
    expect(answer({ mode: 'rewrite' }, 'Set-Cookie: SRV = "a;b" ; path=/\r\n')).toEqual({
      text: 'set-cookie: SRV=one ; path=/\r\n',
      states: 'NR',
    });
    expect(answer({ mode: 'rewrite' }, 'Set-Cookie: SRV=x\r\n', { server: 2 }).states).toBe('NP');
  });

  it("prefix puts the server's cookie in front of the value", () => {
    expect(answer({ mode: 'prefix' }, 'Set-Cookie: SRV=x; path=/\r\n').text).toBe('set-cookie: SRV=one~x; path=/\r\n');
  });

  it('indirect hides what a bound client knows', () => {
    expect(answer({ mode: 'passive', indirect: true }, 'Set-Cookie: SRV=x\r\n', { bound: true }).text).toBe('');
    expect(answer({ mode: 'passive' }, 'Set-Cookie: SRV=x\r\n').text).toBe('set-cookie: SRV=x\r\n');
  });
});
