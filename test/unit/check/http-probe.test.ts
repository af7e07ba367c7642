/** The bytes of a check request: as HAProxy 2.6 sends them. */
import { expect, it } from 'vitest';
import { encodeRequest } from '../../../src/check/http-probe.ts';

const plain = { kind: 'http', method: 'OPTIONS', uri: '/', version: 'HTTP/1.0', headers: [], expect: null } as const;

it('sends OPTIONS / by default', () => {
  expect(encodeRequest(plain)).toBe('OPTIONS / HTTP/1.0\r\n\r\n');
});

it('writes names in lower case and closes from HTTP/1.1 on', () => {
  const headers = [
    { name: 'Host', value: 'www' },
    { name: 'Foo', value: 'bar' },
  ];
  expect(encodeRequest({ ...plain, method: 'GET', uri: '/x', version: 'HTTP/1.1', headers })).toBe(
    'GET /x HTTP/1.1\r\nhost: www\r\nfoo: bar\r\nconnection: close\r\n\r\n',
  );
});

it('leaves a Connection header of the configuration alone', () => {
  const headers = [{ name: 'Connection', value: 'keep-alive' }];
  expect(encodeRequest({ ...plain, version: 'HTTP/1.1', headers })).toBe(
    'OPTIONS / HTTP/1.1\r\nconnection: keep-alive\r\n\r\n',
  );
});
