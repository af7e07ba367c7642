/**
 * What a check says before its own bytes when the server speaks the PROXY protocol: version 1 with the addresses of the
 * check's own connection, version 2 with the command LOCAL, as HAProxy does.
 */
import type { Socket } from 'node:net';
import type { ProxyHeaderConf } from '../config/server-link.ts';
import { encodeProxyV1, encodeProxyV2, makeSslTlv, type ProxySideText } from '../wire/proxy-protocol.ts';

const NO_VERDICT = 0;

export function encodeGreeting({ version, options }: ProxyHeaderConf, socket: Socket): Uint8Array {
  if (version === 1) {
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    return encodeProxyV1(sideOf(localAddress, localPort), sideOf(remoteAddress, remotePort));
  }
  const tellsOfTls = options.some((option) => /^(?:ssl|cert)/.test(option));
  return encodeProxyV2(null, null, tellsOfTls ? [makeSslTlv(0, NO_VERDICT, [])] : [], options.includes('crc32c'));
}

function sideOf(host: string | undefined, port: number | undefined): ProxySideText | null {
  return host === undefined || port === undefined ? null : { host, port };
}
