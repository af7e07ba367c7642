/** Responses and verdicts: every row was put to HAProxy 2.6, whose log line gave the verdict. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResponseJudge } from '../../../src/check/http-response.ts';
import type { Verdict } from '../../../src/check/verdict.ts';
import type { HttpExpect } from '../../../src/config/haproxy.ts';

function judge(response: string, expect: HttpExpect | null = null, complete = true): Verdict | null {
  return createResponseJudge(expect, false)(Buffer.from(response, 'utf8'), complete);
}

/** What a script with `echo -e "...\r\n"` sends: every line end doubled, the head ends after the status line. */
function sloppy(status: string, body: string): string {
  const lines = [status, 'Content-Type: text/html', 'Content-Length: 43', '', body, ''];
  return lines.map((line) => `${line}\r\n\n`).join('');
}

describe('without an expectation', () => {
  const rows: [string, string, string, number, string][] = [
    ['a plain 200', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', 'L7OK', 200, ''],
    ['a redirect', 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n', 'L7OK', 302, ''],
    ['no reason phrase', 'HTTP/1.1 204\r\n\r\n', 'L7OK', 204, ''],
    ['doubled line ends', sloppy('HTTP/1.1 200 OK', 'MySQL is running.'), 'L7OK', 200, ''],
    ['doubled line ends, down', sloppy('HTTP/1.1 503 Service Unavailable', 'x'), 'L7STS', 503, 'Service Unavailable'],
    ['a reason of its own', 'HTTP/1.0 500 Oops here\r\n\r\n', 'L7STS', 500, 'Oops here'],
    ['a 404', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', 'L7STS', 404, 'Not Found'],
    ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', 'L7STS', 100, 'Continue'],
    ['a status out of range', 'HTTP/1.1 600 Weird\r\n\r\n', 'L7STS', 600, 'Weird'],
    ['a long reason', `HTTP/1.1 500 ${'R'.repeat(300)}\r\n\r\n`, 'L7STS', 500, 'R'.repeat(127)],
    ['bare line feeds', 'HTTP/1.1 200 OK\nFoo: bar\n\nbody', 'L7OK', 200, ''],
    ['empty lines first', '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', 'L7OK', 200, ''],
    ['two blanks', 'HTTP/1.1  200 OK\r\n\r\n', 'L7OK', 200, ''],
    ['an odd version', 'HTTP/1.2 200 OK\r\n\r\n', 'L7OK', 200, ''],
    ['a short body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', 'L7OK', 200, ''],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', 'L7OK', 200, ''],
    ['bad chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n', 'L7RSP', 0, ''],
    ['no HTTP', 'garbage not http\r\n\r\n', 'L7RSP', 0, ''],
    ['another protocol', 'SSH-2.0-OpenSSH_9\r\n', 'L7RSP', 0, ''],
    ['nothing', '', 'L7RSP', 0, ''],
    ['half a header', 'HTTP/1.1 200 OK\r\nFoo: b', 'L7RSP', 0, ''],
    ['the status line only', 'HTTP/1.1 200 OK\r\n', 'L7RSP', 0, ''],
    ['no line end', 'HTTP/1.1 200 OK', 'L7RSP', 0, ''],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nBad header\r\n\r\n', 'L7RSP', 0, ''],
    ['a control character in a name', 'HTTP/1.1 200 OK\r\nBad\x01: header\r\n\r\n', 'L7RSP', 0, ''],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n', 'L7RSP', 0, ''],
    ['a version without a dot', 'HTTP/2 200 OK\r\n\r\n', 'L7RSP', 0, ''],
    ['ICY', 'ICY 200 OK\r\n\r\n', 'L7RSP', 0, ''],
    ['lower case', 'http/1.1 200 OK\r\n\r\n', 'L7RSP', 0, ''],
    ['a blank first', ' HTTP/1.1 200 OK\r\n\r\n', 'L7RSP', 0, ''],
  ];
  it.each(rows)('%s', (_, response, code, status, text) => {
    expect(judge(response)).toEqual({ code, status, text });
  });

  it('waits for a head that is under way, and not for what can be no HTTP any more', () => {
    expect(judge('HTTP/1.1 200 OK\r\nFoo: b', null, false)).toBeNull();
    expect(judge('HT', null, false)).toBeNull();
    expect(judge('', null, false)).toBeNull();
    expect(judge('J\0\0\0', null, false)).toMatchObject({ code: 'L7RSP' });
    expect(judge('SSH-2.0', null, false)).toMatchObject({ code: 'L7RSP' });
  });
  it('does not wait for the body', () => {
    expect(judge('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', null, false)).toMatchObject({ code: 'L7OK' });
  });
});

describe('with an expectation', () => {
  const ok = 'HTTP/1.1 200 OK\r\n\r\nMySQL is running.';
  const down = 'HTTP/1.1 503 No\r\n\r\nMySQL is *down*.';
  const mismatch = 'HTTP content check did not match';
  const unwanted = 'HTTP check matched unwanted content';
  const empty = 'HTTP content check could not find a response body';
  const rows: [string, string, HttpExpect, Verdict][] = [
    ['status 200', ok, { negate: false, match: 'status', pattern: '200' }, pass(200)],
    ['status 200 on 503', down, { negate: false, match: 'status', pattern: '200' }, sts(503, 'No')],
    ['status list', down, { negate: false, match: 'status', pattern: '200,500-599' }, pass(503)],
    ['! status 200', ok, { negate: true, match: 'status', pattern: '200' }, sts(200, 'OK')],
    ['! status 200 on 503', down, { negate: true, match: 'status', pattern: '200' }, pass(503)],
    ['rstatus ^2', ok, { negate: false, match: 'rstatus', pattern: '^2' }, pass(200)],
    ['rstatus ^2 on 503', down, { negate: false, match: 'rstatus', pattern: '^2' }, sts(503, 'No')],
    ['string running', ok, { negate: false, match: 'string', pattern: 'running' }, pass(200)],
    ['string running on 503', down, { negate: false, match: 'string', pattern: 'running' }, rsp(mismatch)],
    ['! rstring down', ok, { negate: true, match: 'rstring', pattern: 'd[o]wn' }, pass(200)],
    ['! rstring down on 503', down, { negate: true, match: 'rstring', pattern: 'd[o]wn' }, rsp(unwanted)],
    ['string without body', 'HTTP/1.1 200 OK\r\n\r\n', { negate: false, match: 'string', pattern: 'x' }, rsp(empty)],
    ['! string without body', 'HTTP/1.1 200 OK\r\n\r\n', { negate: true, match: 'string', pattern: 'x' }, rsp(empty)],
  ];
  function pass(status: number): Verdict {
    return { code: 'L7OK', status, text: '' };
  }
  function sts(status: number, text: string): Verdict {
    return { code: 'L7STS', status, text };
  }
  function rsp(text: string): Verdict {
    return { code: 'L7RSP', status: 0, text };
  }
  it.each(rows)('%s', (_, response, wanted, verdict) => {
    expect(judge(response, wanted)).toEqual(verdict);
  });

  it('finds no body where there is none by definition', () => {
    const expected: HttpExpect = { negate: false, match: 'string', pattern: 'x' };
    expect(judge('HTTP/1.1 204 No Content\r\n\r\nx', expected, false)).toEqual(rsp(empty));
    const toHead = createResponseJudge(expected, true);
    expect(toHead(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n'), false)).toEqual(rsp(empty));
  });

  const running: HttpExpect = { negate: false, match: 'string', pattern: 'hello' };
  it('waits for the body, and looks into chunks', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(judge(`${head}3\r\nhel\r\n`, running, false)).toBeNull();
    expect(judge(`${head}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`, running, false)).toMatchObject({ code: 'L7OK' });
    expect(judge('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', running, false)).toBeNull();
    expect(judge('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', running, false)).toMatchObject({ code: 'L7OK' });
    expect(judge('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello', running, false)).toMatchObject({ code: 'L7RSP' });
  });
  it('compares bytes, whatever the encoding', () => {
    const wanted: HttpExpect = { negate: false, match: 'rstring', pattern: '^数据库.*正常$' };
    expect(judge('HTTP/1.1 200 OK\r\n\r\n数据库 正常', wanted)).toMatchObject({ code: 'L7OK' });
  });
});

describe('any bytes', () => {
  it('get a verdict once they are complete, and never more than one as they grow', () => {
    const start = fc.constantFrom('', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 80 }), (prefix, tail) => {
        const bytes = Buffer.concat([Buffer.from(prefix), tail]);
        const decide = createResponseJudge({ negate: false, match: 'string', pattern: 'x' }, false);
        expect(decide(Buffer.from(bytes), true)).not.toBeNull();
        for (let length = 0; length < bytes.length; length++) decide(Buffer.from(bytes.subarray(0, length)), false);
      }),
    );
  });
});
