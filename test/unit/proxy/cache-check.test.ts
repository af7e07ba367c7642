import { expect, it } from 'vitest';
import { leaksCookie } from '../../../src/proxy/cache-check.ts';
import { parseResponseHead } from '../../../src/wire/http1.ts';
import { Head, METHOD_GET, METHOD_POST } from '../../../src/wire/http1-head.ts';

function leaks(fields: string, status = 200, method = METHOD_GET): boolean {
  const bytes = Buffer.from(`HTTP/1.1 ${status} OK\r\n${fields}\r\n\r\n`, 'latin1');
  const head = new Head();
  expect(parseResponseHead(bytes, 0, bytes.length, head)).toBe(bytes.length);
  return leaksCookie(bytes, head, method);
}

/** As Debian's HAProxy 2.6 blocks them. */
it.each([
  ['Set-Cookie: a=b', false],
  ['Set-Cookie: a=b\r\nCache-Control: max-age=60', true],
  ['Set-Cookie2: a=b\r\nCache-Control: max-age=60', true],
  ['Cache-Control: max-age=60', false],
  ['Set-Cookie: a=b\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT', true],
  ['Set-Cookie: a=b\r\nLast-Modified: Thu, 01 Jan 2015 00:00:00 GMT', true],
  ['Set-Cookie: a=b\r\nETag: "a"', true],
  ['Set-Cookie: a=b\r\nCache-Control: s-maxage=60', true],
  ['Set-Cookie: a=b\r\nCache-Control: max-age=60, private', false],
  ['Set-Cookie: a=b\r\nCache-Control: max-age=60, no-cache="set-cookie"', false],
  ['Set-Cookie: a=b\r\nCache-Control: max-age=60, no-cache="x, set-cookie"', true],
  ['Set-Cookie: a=b\r\nCache-Control: max-age=60, private="Set-Cookie"', true],
  ['Set-Cookie: a=b\r\nETag: "a"\r\nCache-Control: no-store', false],
  ['Set-Cookie: a=b\r\nCache-Control: max-age=0', false],
  ['Set-Cookie: a=b\r\nCache-Control: max-age=60\r\nPragma: no-cache', false],
])('%j: %s', (fields, expected) => {
  expect(leaks(fields)).toBe(expected);
});

it('looks at what caches keep only', () => {
  const fields = 'Set-Cookie: a=b\r\nCache-Control: max-age=60';
  expect([301, 302, 404].map((status) => leaks(fields, status))).toEqual([true, false, false]);
  expect(leaks(fields, 200, METHOD_POST)).toBe(false);
});
