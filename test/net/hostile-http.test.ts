/**
 * Broken and hostile clients and servers against our proxy, end to end: each gets its verdict, none changes anything
 * for others. Afterwards a normal request works and nothing is left open or counted as running.
 */
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { parseRequestHead } from '../../src/wire/http1.ts';
import { CHUNK_BAD, ChunkDecoder } from '../../src/wire/http1-chunk.ts';
import { Head, INCOMPLETE, METHOD_CONNECT } from '../../src/wire/http1-head.ts';
import { chunkCases, requestCases, responseCases } from '../unit/wire/http1-cases.ts';
import { judgeChunks, judgeRequests, judgeResponses, mismatches, verdictConfig } from './lib/http-verdicts.ts';
import { freePort } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, plainAnswer, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const STATS = '  stats uri /its-statistics';

/** One small damage to a message of the tables. */
function damaged(seeds: readonly string[]): fc.Arbitrary<string> {
  const odd = fc.constantFrom(0, 9, 10, 13, 32, 44, 48, 58, 59, 127, 255);
  const edit = fc.tuple(fc.nat(), fc.nat(3), fc.array(fc.oneof(odd, fc.nat(255)), { maxLength: 3 }));
  return fc.tuple(fc.constantFrom(...seeds), edit).map(([seed, [at, cut, put]]) => {
    const from = seed === '' ? 0 : at % seed.length;
    return seed.slice(0, from) + String.fromCharCode(...put) + seed.slice(from + cut);
  });
}

const chunkedHead = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const short = (text: string): boolean => text.length < 3000;
const mutatedRequest = damaged([
  ...requestCases.map((one) => one.raw).filter(short),
  ...chunkCases.map((one) => chunkedHead + one.body),
]);
const mutatedResponse = damaged(responseCases.map((one) => one.raw).filter(short));

/** Whether this is one well-formed request after another, the last one perhaps cut short. */
function isRequestStream(text: string): boolean {
  const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
  const head = new Head();
  const decoder = new ChunkDecoder();
  for (let at = 0; at < bytes.length; ) {
    const length = parseRequestHead(bytes, at, bytes.length, head);
    if (length < 0) return false;
    if (length === INCOMPLETE) return true;
    at += length;
    // What follows belongs to the tunnel.
    if (head.method === METHOD_CONNECT) return true;
    if (head.chunked) {
      decoder.reset();
      if (decoder.feed(bytes, at, bytes.length) === CHUNK_BAD) return false;
      at = decoder.consumed;
    } else at += Math.max(0, head.contentLength);
  }
  return true;
}

describeNet('hostile HTTP input', { build: true }, () => {
  let origin: Origin;
  let proxy: RunningProxy;
  let port: number;

  beforeAll(async () => {
    origin = await startOrigin();
    port = await freePort();
    proxy = await startProxy('ours', verdictConfig(port, origin.port, STATS), port);
  });

  afterAll(async () => {
    await proxy?.stop();
    await origin?.close();
  });

  beforeEach(() => origin.forget());

  afterEach(async () => {
    origin.forget();
    origin.answer = plainAnswer;
    origin.closes = false;
    const { status } = await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(status).toBe(200);
    await waitUntil('all sessions to end', async () => (await currentSessions()) <= 1, { details: proxy.output });
    expect(proxy.output()).not.toMatch(/internal error|uncaught|exited/i);
  });

  /** Sessions that the frontend counts now: the asking one among them. */
  async function currentSessions(): Promise<number> {
    const row = (await statistics()).find((line) => line.startsWith('under-test,FRONTEND,'));
    return Number(row?.split(',')[4] ?? Number.NaN);
  }

  async function statistics(): Promise<string[]> {
    const request = 'GET /its-statistics;csv HTTP/1.1\r\nConnection: close\r\n\r\n';
    const { text } = await exchange(port, request, { enough: () => false });
    return text.split('\n');
  }

  it('judges requests as the table says', async () => {
    expect(mismatches(await judgeRequests(port, origin, 'ours'))).toEqual([]);
  }, 120_000);

  it('judges chunked bodies as the table says', async () => {
    expect(mismatches(await judgeChunks(port, origin, 'ours'))).toEqual([]);
  }, 120_000);

  it('judges responses as the table says', async () => {
    expect(mismatches(await judgeResponses(port, origin, 'ours'))).toEqual([]);
  }, 120_000);

  it('reads requests that come byte by byte', async () => {
    const request = 'POST /slow HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\nContent-Length: 3\r\n\r\nabc';
    origin.countRequests = (text) => Number(text.endsWith('\r\n\r\nabc'));
    const { status } = await exchange(port, [...request], { pauseMs: 5 });
    expect(status).toBe(200);
  });

  it('takes nothing of one request for another', async () => {
    const body = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const first = `POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const second = 'GET /second HTTP/1.1\r\nHost: a\r\n\r\n';
    origin.countRequests = (text) => Number(text.includes(`${body}`)) + Number(text.includes('/second'));
    const { text } = await exchange(port, first + second, { enough: (got) => got.split('HTTP/1.1 200').length === 3 });
    expect(text.split('HTTP/1.1 200')).toHaveLength(3);
    const seen = origin.received().join('');
    expect(seen).toContain('POST /first HTTP/1.1\r\n');
    expect(seen).toContain('GET /second HTTP/1.1\r\n');
    expect(seen.match(/^(GET|POST) \S+ HTTP/gm)).toHaveLength(3);
  });

  it('closes behind a request with both framings, whatever follows it', async () => {
    const both = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    const { text, closed } = await exchange(port, `${both}GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n`, {
      enough: () => false,
    });
    expect(closed).toBe(true);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
    expect(origin.received().join('')).not.toContain('/hidden');
  });

  it('answers slow heads with 408', async () => {
    const { status, closed } = await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nX: ', {
      deadlineMs: 6000,
      enough: () => false,
    });
    expect({ status, closed }).toEqual({ status: 408, closed: true });
    expect(origin.received()).toEqual([]);
  });

  it('ends a head that trickles without end', async () => {
    const pieces = ['GET / HTTP/1.1\r\nHost: a\r\n', ...Array.from({ length: 80 }, (_, i) => `X-${i}: 1\r\n`)];
    const { status } = await exchange(port, pieces, { pauseMs: 60, deadlineMs: 6000 });
    expect(status).toBe(408);
  });

  it.each([
    ['before a byte', ''],
    ['in the method', 'GE'],
    ['in the target', 'GET /long'],
    ['in the version', 'GET / HTTP/1.'],
    ['in a name', 'GET / HTTP/1.1\r\nHo'],
    ['in a value', 'GET / HTTP/1.1\r\nHost: a'],
    ['before the empty line', 'GET / HTTP/1.1\r\nHost: a\r\n'],
    ['in the empty line', 'GET / HTTP/1.1\r\nHost: a\r\n\r'],
    ['behind a whole request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['in a sized body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc'],
    ['in a chunk size', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1'],
    ['in a chunk', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
    ['in a trailer', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: '],
    ['behind two requests', 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('survives clients that reset or leave %s', async (_where, sent) => {
    for (const leave of ['reset', 'end', 'half-close'] as const) await abandon(sent, leave);
  });

  async function abandon(sent: string, leave: 'reset' | 'end' | 'half-close'): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    if (sent !== '') await new Promise<void>((resolve) => socket.write(sent, () => resolve()));
    await sleep(10);
    if (leave === 'reset') socket.resetAndDestroy();
    else if (leave === 'end') socket.destroy();
    else socket.end();
    socket.resume();
    await sleep(10);
    socket.destroy();
  }

  it.each([
    ['before a byte', ''],
    ['in the status line', 'HTTP/1.1 20'],
    ['in a field', 'HTTP/1.1 200 OK\r\nContent-L'],
    ['in a sized body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
    ['behind 100', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('never takes a server that leaves %s for a complete answer', async (_where, answer) => {
    origin.answer = answer;
    origin.closes = true;
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    const { text, status, closed } = await exchange(port, request, {
      enough: (got) => got.includes('502 Bad Gateway') && got.includes('</html>'),
    });
    if (status === 502 || text.includes('502 Bad Gateway')) return;
    expect(closed).toBe(true);
    expect(status).toBe(answer.includes('100') ? 100 : 200);
  });

  it('keeps a flood of garbage from other clients', async () => {
    const garbage = '\x16\x03\x01'.repeat(4000);
    const flood = Array.from({ length: 60 }, () => exchange(port, garbage, { deadlineMs: 4000 }));
    const normal = Array.from({ length: 20 }, () => exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    expect((await Promise.all(normal)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    for (const { status } of await Promise.all(flood)) expect([400, 0]).toContain(status);
  });

  it('passes on only whole, well-formed requests, whatever is thrown at it', async () => {
    const exchanges = fc.sample(fc.tuple(mutatedRequest, mutatedRequest, mutatedResponse, fc.nat(400)), 1200);
    const next = exchanges.entries();
    const sendAll = async (): Promise<void> => {
      for (const [i, [first, second, answer, cut]] of next) {
        origin.answer = i % 3 === 0 ? answer : plainAnswer;
        origin.closes = i % 3 === 0;
        const text = i % 2 === 0 ? first : first + second;
        const pieces = i % 5 === 0 ? [text.slice(0, cut), text.slice(cut)] : text;
        await exchange(port, pieces, { deadlineMs: 300, pauseMs: 2 });
      }
    };
    await Promise.all(Array.from({ length: 16 }, sendAll));
    const streams = origin.received();
    expect(streams.length).toBeGreaterThan(100);
    expect(streams.filter((text) => !isRequestStream(text))).toEqual([]);
  }, 120_000);

  it('counts bad requests and keeps serving in the same process', async () => {
    const rows = await statistics();
    const names = rows
      .find((row) => row.startsWith('# pxname'))!
      .slice(2)
      .split(',');
    const frontend = rows.find((row) => row.startsWith('under-test,FRONTEND,'))!.split(',');
    expect(Number(frontend[names.indexOf('ereq')])).toBeGreaterThan(60);
    expect(Number(frontend[names.indexOf('hrsp_4xx')])).toBeGreaterThan(60);
    expect(proxy.process.exitCode).toBeNull();
  });
});
