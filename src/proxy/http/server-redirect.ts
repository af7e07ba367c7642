/**
 * `redir <prefix>` of a server: GET and HEAD requests that it would get are answered with a redirect to the same path
 * behind the prefix, and the connection closes. The answer is HAProxy's to the byte.
 */
import type { PooledBuffer } from '../loop/buffers.ts';

/** `request`: as it would go to the server. `prefix`: Latin-1. */
export function encodeRedirect(prefix: string, request: PooledBuffer): Uint8Array {
  const location = prefix + pathOf(request);
  const lines = ['HTTP/1.1 302 Found', 'cache-control: no-cache', 'content-length: 0', `location: ${location}`];
  return Buffer.from(`${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`, 'latin1');
}

const SPACE = 32;

/** What follows the authority of the request's target, or the whole of it. */
function pathOf({ bytes, start, end }: PooledBuffer): string {
  const from = bytes.indexOf(SPACE, start) + 1;
  const to = bytes.indexOf(SPACE, from);
  const uri = Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(to, end) - from).toString('latin1');
  return uri.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '');
}
