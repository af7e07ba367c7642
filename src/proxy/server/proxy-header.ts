/**
 * The PROXY header that connections to a server begin with (manual: `send-proxy`, `send-proxy-v2`, `proxy-v2-options`).
 *
 * Clients' connections are never TLS here, so the field that tells of TLS says so, and those of names and certificates
 * are not there. A client of a UNIX socket has no address to tell: LOCAL, or UNKNOWN.
 */
import type { ProxyHeaderConf } from '../../config/server-link.ts';
import { packInet4, packInet6, type SocketAddress } from '../../os/address.ts';
import {
  encodeProxyV1,
  encodeProxyV2,
  makeSslTlv,
  type ProxySide,
  type ProxySideText,
  type ProxyTlv,
  TLV_UNIQUE_ID,
} from '../../wire/proxy-protocol.ts';
import { destinationOf, type SessionOrigin, sourceOf } from './session-origin.ts';

/** `fields`: of the user's own, before the others. `namespace`: where the client comes from, behind them. */
export function encodeHeader(
  conf: ProxyHeaderConf,
  origin: SessionOrigin,
  fields: readonly ProxyTlv[] = [],
  namespace: ProxyTlv | null = null,
): Uint8Array {
  const source = sourceOf(origin);
  const destination = source === null ? null : destinationOf(origin);
  if (conf.version === 1) return encodeProxyV1(textOf(source), textOf(destination));
  const checksum = conf.options.includes('crc32c');
  const all = [...fields, ...fieldsOf(conf, origin.uniqueId), ...(namespace === null ? [] : [namespace])];
  return encodeProxyV2(bytesOf(source), bytesOf(destination), all, checksum);
}

const NO_VERDICT = 0;

function fieldsOf({ options }: ProxyHeaderConf, uniqueId: string): ProxyTlv[] {
  const fields: ProxyTlv[] = [];
  if (options.includes('unique-id') && uniqueId !== '') {
    fields.push({ type: TLV_UNIQUE_ID, value: Buffer.from(uniqueId, 'latin1') });
  }
  const tellsOfTls = options.some((option) => /^(?:ssl|cert)/.test(option));
  if (tellsOfTls) fields.push(makeSslTlv(0, NO_VERDICT, []));
  return fields;
}

function textOf(address: SocketAddress | null): ProxySideText | null {
  return address === null || address.family === 'unix' ? null : address;
}

function bytesOf(address: SocketAddress | null): ProxySide | null {
  if (address === null || address.family === 'unix') return null;
  const { family, host, port } = address;
  return { address: family === 4 ? packInet4(host) : packInet6(host), port };
}
