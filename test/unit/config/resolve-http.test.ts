import { expect, it } from 'vitest';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';

/** Loads a file whose error file holds this, as at start. */
function load(content: string | null) {
  const text = 'defaults\n mode http\n errorfile 503 /e.http\nbackend b\n timeout connect 1s\n timeout server 1s\n';
  const readFile = (path: string): Uint8Array => {
    if (path === 'a.cfg') return Buffer.from(text);
    if (content === null) throw Object.assign(new Error('none'), { code: 'ENOENT' });
    return Buffer.from(content, 'latin1');
  };
  const { config, diagnostics } = loadHaproxy(['a.cfg'], { compat: 'default', assumeFiles: false, env: {}, readFile });
  const errors = diagnostics.list.filter(({ severity }) => severity === 'error').map(({ message }) => message);
  return { page: config?.proxies[0]?.http.errorPages[0], errors };
}

it('takes whole responses as error files, and empty files', () => {
  for (const text of ['HTTP/1.0 503 No\r\n\r\n<p>no</p>', 'HTTP/1.1 503 No\nContent-Length: 2\n\nno', '']) {
    expect(load(text)).toEqual({ page: { kind: 'file', status: 503, path: '/e.http', text }, errors: [] });
  }
});

it.each([
  [null, "errorfile : error opening file '/e.http'."],
  ['junk', "errorfile : '/e.http': unable to parse headers (error offset: 0)"],
  ['HTTP/1.1 503 No\r\nbad line\r\n\r\n', "errorfile : '/e.http': unable to parse headers (error offset: 17)"],
  [
    'HTTP/1.1 503 No\r\nContent-Length: 3\r\n\r\nno',
    "errorfile : '/e.http': payload size does not match the announced content-length (2 != 3)",
  ],
  [
    'HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    "errorfile : '/e.http': chunk-encoded payload not supported",
  ],
])('refuses %j', (text, message) => {
  expect(load(text).errors).toEqual([message]);
});

it('takes the case of header names from a file as well', () => {
  const text = 'global\n h1-case-adjust-file /names\n h1-case-adjust etag ETAG\n';
  const readFile = (path: string): Uint8Array =>
    Buffer.from(path === 'a.cfg' ? text : '# names\n\netag ETag\ncontent-length Content-Length\n');
  const { config } = loadHaproxy(['a.cfg'], { compat: 'default', assumeFiles: false, env: {}, readFile });
  expect(config?.global.headerCases).toEqual(['Content-Length', 'ETAG']);
});
