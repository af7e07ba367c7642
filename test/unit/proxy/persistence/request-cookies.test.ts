import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCookieDate } from '../../../../src/proxy/persistence/cookie-date.ts';
import { CookiePolicy } from '../../../../src/proxy/persistence/cookie-policy.ts';
import { RequestCookies } from '../../../../src/proxy/persistence/request-cookies.ts';
import { makeBackend, makeTransaction, passRequest, plainCookie, statesOf } from './stage.ts';

const hidden = { ...plainCookie, indirect: true };
const dated = { ...plainCookie, maxIdle: 3600, maxLife: 7200 };

function date(offset: number): string {
  return encodeCookieDate(Math.floor(Date.now() / 1000) + offset);
}

function judge(cookie: string, conf = plainCookie, down: readonly number[] = [], persist = false) {
  const backend = makeBackend(conf, ['one', 'two', null, 'one'], down, persist);
  const transaction = makeTransaction();
  const text = passRequest(
    new RequestCookies(new CookiePolicy(conf, backend), null),
    transaction,
    `Cookie: ${cookie}\r\n`,
  );
  return { text, states: statesOf(transaction), server: transaction.wanted?.conf.name ?? null };
}

describe('the server of a cookie', () => {
  it.each([
    ['SRV=one', 's1', 'VN'],
    ['SRV=two', 's2', 'VN'],
    ['SRV=three', null, 'IN'],
    ['SRV=', null, 'IN'],
    ['srv=one', null, 'NN'],
    ['SRV=three; SRV=two', 's2', 'VN'],
    ['SRV=one; SRV=two', 's1', 'VN'],
  ])('%s', (cookie, server, states) => {
    expect(judge(cookie)).toMatchObject({ server, states });
  });

  it('is the next one of that cookie when the first is down', () => {
    expect(judge('SRV=one', plainCookie, [1])).toMatchObject({ server: 's4', states: 'VN' });
    expect(judge('SRV=one', plainCookie, [1, 4])).toMatchObject({ server: null, states: 'DN' });
    expect(judge('SRV=two', plainCookie, [2], true)).toMatchObject({ server: 's2', states: 'DN' });
  });

  it.each([
    [`SRV=two|${date(-60)}`, 's2', 'VN'],
    [`SRV=two|${date(-4000)}`, null, 'EN'],
    [`SRV=two|${date(90_000)}`, null, 'EN'],
    [`SRV=two|${date(-60)}|${date(-8000)}`, null, 'ON'],
    [`SRV=two|${date(-4000)}; SRV=one`, 's1', 'VN'],
  ])('has an age', (cookie, server, states) => {
    expect(judge(cookie, dated)).toMatchObject({ server, states });
  });
});

describe('what the server sees', () => {
  it('is everything, unless the cookie is hidden', () => {
    expect(judge('a=1; SRV=two; b=2').text).toBe('cookie: a=1; SRV=two; b=2\r\n');
    expect(judge('a=1; SRV=two; b=2', hidden).text).toBe('cookie: a=1; b=2\r\n');
    expect(judge('SRV=two', hidden).text).toBe('');
  });

  it('is the rest of a value in mode prefix', () => {
    const prefix = { ...plainCookie, mode: 'prefix' } as const;
    expect(judge('a=1; SRV=two~x; b=2', prefix)).toMatchObject({ text: 'cookie: a=1; SRV=x; b=2\r\n', server: 's2' });
    expect(judge('SRV=two', prefix)).toMatchObject({ text: 'cookie: SRV=two\r\n', server: 's2' });
  });

  it('holds every other cookie, in order, and nothing else', () => {
    const name = fc.constantFrom('SRV', 'a', 'bb', 'SRVX', 'XSRV');
    const value = fc.stringMatching(/^(?:[a-z0-9~|]{0,6}|"[a-z;,=]{0,6}")$/);
    const separator = fc.constantFrom('; ', ';', ' ; ', ',', ', ');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value, separator), { minLength: 1, maxLength: 8 }), (cookies) => {
        const line = cookies.map(([n, v, s], i) => `${n}=${v}${i < cookies.length - 1 ? s : ''}`).join('');
        const kept = cookies.filter(([n]) => n !== 'SRV').map(([n, v]) => `${n}=${v}`);
        const { text } = judge(line, hidden);
        // Delimiters are left as they came, or set once where something was cut out.
        const seen = text.replace(/^cookie: |\r\n$/g, '');
        const pairs = seen.match(/\w+=(?:"[^"]*"|[^;,\s]*)/g) ?? [];
        expect(pairs).toEqual(kept);
        expect(seen.replace(/\w+=(?:"[^"]*"|[^;,\s]*)/g, '').replace(/[;, ]/g, '')).toBe('');
      }),
      { numRuns: 1000 },
    );
  });
});
