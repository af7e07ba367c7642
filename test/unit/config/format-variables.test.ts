import { expect, it } from 'vitest';
import { formatVariables } from '../../../src/config/format-variables.ts';
import { compileLogFormat } from '../../../src/proxy/log/compile.ts';
import { lineWriter, type Put } from '../../../src/proxy/log/lines.ts';
import { SessionRecord } from '../../../src/proxy/log/record.ts';
import { LineText } from '../../../src/wire/line-text.ts';
import { formatOf, home, makeWorld } from '../proxy/sample/evaluation.ts';

function lineOf(put: Put, mode: 'tcp' | 'http'): string {
  const record = Object.assign(new SessionRecord(), {
    mode,
    clientHost: '192.0.2.1',
    clientPort: 4711,
    acceptedAtMs: Date.UTC(2026, 0, 2),
    requestAtMs: Date.UTC(2026, 0, 2, 1),
    frontend: 'f',
    backend: 'b',
    server: 's',
    status: 200,
    bytes: 12,
    idleMs: 0,
    requestHeaders: ['a', null],
    responseHeaders: ['c'],
    request: 'GET /x HTTP/1.1',
  });
  const line = new LineText(new Uint8Array(2000));
  put(line, record);
  return String(line);
}

it.each([
  ['HAPROXY_HTTP_LOG_FMT', 'httplog', 'http'],
  ['HAPROXY_HTTP_CLF_LOG_FMT', 'clf', 'http'],
  ['HAPROXY_TCP_LOG_FMT', 'tcplog', 'tcp'],
] as const)('%s makes the lines of %s', (name, format, mode) => {
  const compiled = compileLogFormat(formatOf(formatVariables[name]!, mode), makeWorld(), home);
  expect(lineOf(compiled.put, mode)).toBe(lineOf(lineWriter(format), mode));
});

it.each(Object.entries(formatVariables))('%s is a format', (name, text) => {
  expect(formatOf(text, name.includes('TCP') ? 'tcp' : 'http').items.length).toBeGreaterThan(20);
});
