/**
 * Authentications that hold for a connection rather than for a request (NTLM, Negotiate): once a server asks for one, its
 * connection must not serve anybody else (manual: `http-reuse`).
 */
import { FIELD_STRIDE, findField, type Head } from '../../wire/http1-head.ts';

const WWW = Buffer.from('www-authenticate', 'latin1');
const PROXY = Buffer.from('proxy-authenticate', 'latin1');

/** Whether a response's challenge begins with "Nego" or "NTLM". */
export function asksForConnection(bytes: Uint8Array, head: Head): boolean {
  if (head.status !== 401 && head.status !== 407) return false;
  const name = head.status === 401 ? WWW : PROXY;
  for (let i = findField(bytes, head, name); i >= 0; i = findField(bytes, head, name, i + 1)) {
    const at = head.fields[FIELD_STRIDE * i + 2]!;
    const scheme = Buffer.from(bytes.buffer, bytes.byteOffset + at, 4)
      .toString('latin1')
      .toLowerCase();
    if (scheme === 'nego' || scheme === 'ntlm') return true;
  }
  return false;
}
