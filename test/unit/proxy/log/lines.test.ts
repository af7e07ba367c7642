import { describe, expect, it } from 'vitest';
import {
  lineWriter,
  type Put,
  putClfLine,
  putConnectLine,
  putErrorLine,
  putHttpLine,
  putHttpsLine,
  putTcpClfLine,
  putTcpLine,
} from '../../../../src/proxy/log/lines.ts';
import { isErroneous, requestLine, SessionRecord } from '../../../../src/proxy/log/record.ts';
import { parseRequestHead } from '../../../../src/wire/http1.ts';
import { Head } from '../../../../src/wire/http1-head.ts';
import { LineText } from '../../../../src/wire/line-text.ts';

function textOf(put: Put, r: SessionRecord): string {
  const line = new LineText(Buffer.alloc(4096));
  put(line, r);
  return line.toString();
}

function record(changes: Partial<SessionRecord> = {}): SessionRecord {
  const at = new Date(2026, 10, 20, 13, 33, 34, 89).getTime();
  return Object.assign(new SessionRecord(), {
    clientHost: '127.0.0.1',
    clientPort: 36398,
    acceptedAtMs: at,
    requestAtMs: at,
    frontend: 'http',
    backend: 'b',
    server: 's1',
    requestMs: 0,
    waitMs: 1,
    connectMs: 2,
    responseMs: 3,
    totalMs: 4,
    status: 200,
    bytes: 51,
    actconn: 5,
    feconn: 6,
    beconn: 7,
    srvconn: 8,
    request: 'GET /x?y=1 HTTP/1.1',
    ...changes,
  });
}

describe('log lines', () => {
  it('tcplog', () => {
    expect(textOf(putTcpLine, record({ retries: 1, serverQueue: 2, backendQueue: 3 }))).toBe(
      '127.0.0.1:36398 [20/Nov/2026:13:33:34.089] http b/s1 1/2/4 51 -- 5/6/7/8/1 2/3',
    );
  });

  it('httplog', () => {
    expect(textOf(putHttpLine, record())).toBe(
      '127.0.0.1:36398 [20/Nov/2026:13:33:34.089] http b/s1 0/1/2/3/4 200 51 - - ---- 5/6/7/8/0 0/0 "GET /x?y=1 HTTP/1.1"',
    );
  });

  it('httplog of a request that was none', () => {
    const bad = new SessionRecord();
    Object.assign(bad, { clientHost: '::1', clientPort: 9, frontend: 'f', backend: 'f', status: 400, cause: 'P' });
    bad.phase = 'R';
    bad.requestAtMs = record().requestAtMs;
    expect(textOf(putHttpLine, bad)).toBe(
      '::1:9 [20/Nov/2026:13:33:34.089] f f/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 0/0/0/0/0 0/0 "<BADREQ>"',
    );
  });

  const gmt = { requestAtMs: Date.UTC(2026, 10, 20, 13, 33, 34), acceptedAtMs: Date.UTC(2026, 10, 20, 13, 33, 34, 89) };

  it('clf', () => {
    expect(textOf(putClfLine, record(gmt))).toBe(
      '127.0.0.1 - - [20/Nov/2026:13:33:34 +0000] "GET /x?y=1 HTTP/1.1" 200 51 "" "" 36398 089 "http" "b" "s1" ' +
        '0 1 2 3 4 ---- 5 6 7 8 0 0 0 "" "" ',
    );
    const captured = { ...gmt, requestCookie: 'a=1', requestHeaders: ['x', null], responseHeaders: ['{'] };
    expect(textOf(putClfLine, record(captured))).toMatch(/ 5 6 7 8 0 0 0 "a=1" "" "x" "" "#7B"$/);
  });

  it('tcplog clf', () => {
    expect(textOf(putTcpClfLine, record({ ...gmt, handshakeMs: 9, bytesIn: 7 }))).toBe(
      '127.0.0.1 - - [20/Nov/2026:13:33:34 +0000] "TCP " 000 51 "" "" 36398 089 "http" "b" "s1" ' +
        '9 1 2 4 7 ---- 5 6 7 8 0 0 0 "" "" ',
    );
  });

  it('httpslog', () => {
    expect(textOf(putHttpsLine, record())).toMatch(/ 0\/0 "GET \/x\?y=1 HTTP\/1\.1" 0\/-\/-\/-\/0 -\/-\/-$/);
  });

  it('default', () => {
    const r = record({ localHost: '10.0.0.1', localPort: 80 });
    expect(textOf(putConnectLine, r)).toBe('Connect from 127.0.0.1:36398 to 10.0.0.1:80 (http/TCP)');
    r.mode = 'http';
    expect(textOf(lineWriter('default'), r)).toBe('Connect from 127.0.0.1:36398 to 10.0.0.1:80 (http/HTTP)');
  });

  it('marks TLS, early lines and redispatches', () => {
    const line = textOf(putTcpLine, record({ tls: true, early: true, retries: 1, redispatched: true }));
    expect(line).toContain(' http~ b/s1 1/2/+4 +51 -- 5/6/7/8/+1 ');
  });

  it('escapes what came from the client', () => {
    expect(textOf(putHttpLine, record({ request: 'GET /"\xe9#\\ HTTP/1.1' }))).toContain('"GET /#22#E9#23\\ HTTP/1.1"');
  });

  it('describes failed connections', () => {
    expect(textOf((line, r) => putErrorLine(line, r, '1', 'Connection closed'), record())).toBe(
      '127.0.0.1:36398 [20/Nov/2026:13:33:34.089] http/1: Connection closed',
    );
  });

  it('takes request lines from the head, bounded and with single spaces', () => {
    const raw = Buffer.from(`GET  /${'a'.repeat(3000)}   HTTP/1.1\r\n\r\n`);
    const head = new Head();
    expect(parseRequestHead(raw, 0, raw.length, head)).toBeGreaterThan(0);
    const line = requestLine(raw, head);
    expect(line).toHaveLength(1023);
    expect(line.startsWith('GET /aaa')).toBe(true);
    const short = Buffer.from('GET\t/x HTTP/1.9\r\n\r\n');
    parseRequestHead(short, 0, short.length, head);
    expect(requestLine(short, head)).toBe('GET /x HTTP/1.9');
  });

  it('knows errors for log-separate-errors', () => {
    expect(isErroneous(record())).toBe(false);
    expect(isErroneous(record({ cause: 'L', phase: 'R' }))).toBe(false);
    expect(isErroneous(record({ cause: 'c', phase: 'D' }))).toBe(true);
    expect(isErroneous(record({ status: 503 }))).toBe(true);
    expect(isErroneous(record({ retries: 1 }))).toBe(true);
  });
});
