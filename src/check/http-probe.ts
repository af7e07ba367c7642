/**
 * `option httpchk`: sends one request, judges the response as soon as enough of it is there (RFC 9112; "option httpchk"
 * and "http-check expect" in HAProxy's manual). Everything that can be computed is computed when the probe is made.
 *
 * A responder may speak before it is asked, as scripts behind inetd do, and may close whenever it likes.
 */
import type { CheckMethod } from '../config/haproxy.ts';
import type { ProxyHeaderConf } from '../config/server-link.ts';
import { beginExchange, type Exchange } from './exchange.ts';
import { createResponseJudge, type ResponseJudge } from './http-response.ts';
import { makeVerdict, type Probe } from './verdict.ts';

type HttpMethod = Extract<CheckMethod, { kind: 'http' }>;

/** Most of a response that is looked at: HAProxy's default buffer. */
const responseLimit = 16_384;

/** `header`: the PROXY header of `send-proxy` servers, which goes out before the request, or null. */
export function createHttpProbe(method: HttpMethod, header: ProxyHeaderConf | null): Probe {
  const request = Buffer.from(encodeRequest(method), 'utf8');
  const judge = createResponseJudge(method.expect, method.method === 'HEAD');
  return (to, limits, finish) => {
    const received = Buffer.allocUnsafe(responseLimit);
    let length = 0;
    return beginExchange(
      to,
      limits,
      {
        onConnected: ({ socket }) => socket.write(request),
        onData: (exchange, chunk) => {
          length += chunk.copy(received, length);
          judgeSoFar(exchange, judge, received.subarray(0, length), length === responseLimit);
        },
        onEnd: (exchange) => judgeSoFar(exchange, judge, received.subarray(0, length), true),
      },
      finish,
      header,
    );
  };
}

function judgeSoFar(exchange: Exchange, judge: ResponseJudge, bytes: Buffer, complete: boolean): void {
  const verdict = judge(bytes, complete);
  if (verdict) exchange.settle(verdict);
  else if (complete) exchange.settle(makeVerdict('L7RSP'));
}

/** HAProxy writes header names in lower case and asks for the end of the connection from HTTP/1.1 on. */
export function encodeRequest(method: HttpMethod): string {
  const lines = [`${method.method} ${method.uri} ${method.version}`];
  for (const { name, value } of method.headers) lines.push(`${name.toLowerCase()}: ${value}`);
  const asked = method.headers.some(({ name }) => name.toLowerCase() === 'connection');
  if (method.version !== 'HTTP/1.0' && method.version !== '' && !asked) lines.push('connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
