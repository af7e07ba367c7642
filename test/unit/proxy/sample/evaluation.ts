/** Expressions as the configuration has them, evaluated on records that a test makes. */
import { Diagnostics } from '../../../../grammar/diagnostic.ts';
import { sourceOf } from '../../../../grammar/source.ts';
import type { LogFormat, SampleExpression } from '../../../../src/config/log-format.ts';
import { resolveLogFormat, resolveSample } from '../../../../src/config/resolve-log-format.ts';
import { createMemfd } from '../../../../src/os/memfd.ts';
import { mapRows } from '../../../../src/proxy/counter-layout.ts';
import { Counters, claimCounters } from '../../../../src/proxy/counters.ts';
import { SessionRecord } from '../../../../src/proxy/log/record.ts';
import { compileText } from '../../../../src/proxy/sample/compile.ts';
import type { SampleWorld } from '../../../../src/proxy/sample/sample-world.ts';
import { parseRequestHead, parseResponseHead } from '../../../../src/wire/http1.ts';
import { Head } from '../../../../src/wire/http1-head.ts';
import { makeProxy, makeSlice } from '../configuration.ts';

export const home = makeProxy({ name: 'web', mode: 'http', servers: 2 });
const slice = makeSlice([home]);

export function makeWorld(): SampleWorld {
  const rows = mapRows(slice);
  const { place, owned } = claimCounters(createMemfd('test'), rows, 1);
  return {
    global: slice.global,
    proxies: slice.proxies,
    counters: new Counters(place, owned, owned[0]!),
    rows,
    startedAtMs: Date.now(),
    thread: 1,
    backends: new Map(),
    stopping: () => false,
  };
}

const world = makeWorld();

export function diagnosed(text: string) {
  const source = sourceOf('test.cfg', Buffer.from(text, 'latin1'));
  return { value: { text, at: { source, start: 0, end: text.length } }, diagnostics: new Diagnostics() };
}

export function expressionOf(text: string): SampleExpression {
  const { value, diagnostics } = diagnosed(text);
  const sample = resolveSample(value, { keyword: 'test', diagnostics });
  if (sample === null) throw new Error(`no expression: ${text}`);
  if (diagnostics.list.length > 0) throw new Error(diagnostics.list[0]!.message);
  return sample;
}

export function formatOf(text: string, mode: 'tcp' | 'http' = 'http'): LogFormat {
  const { value, diagnostics } = diagnosed(text);
  const format = resolveLogFormat(value, { keyword: 'log-format', mode, diagnostics });
  if (diagnostics.list.length > 0) throw new Error(diagnostics.list[0]!.message);
  return format;
}

/** The value as text, or null. */
export function textOf(expression: string, record: SessionRecord = new SessionRecord()): string | null {
  return compileText(expressionOf(expression), world, home).evaluate(record);
}

/** A record with the heads of a request and a response at hand. */
export function recordOf(request: string, response = 'HTTP/1.1 200 OK\r\n\r\n'): SessionRecord {
  const record = new SessionRecord();
  record.mode = 'http';
  record.requestBytes = Buffer.from(request, 'latin1');
  record.requestHead = new Head();
  record.responseBytes = Buffer.from(response, 'latin1');
  record.responseHead = new Head();
  const read = [
    parseRequestHead(record.requestBytes, 0, record.requestBytes.length, record.requestHead),
    parseResponseHead(record.responseBytes, 0, record.responseBytes.length, record.responseHead),
  ];
  if (read.some((length) => length <= 0)) throw new Error(`bad heads: ${read}`);
  return record;
}
