/**
 * Addresses of `bind`, `server`, `log` and `source` (manual, chapter 11 "Address formats").
 *
 * An optional prefix (`ipv4@`, `ipv6@`, `unix@`, `fd@`, ...), then a path, a descriptor, or host and port; the port is
 * what follows the last colon. `${NAME}` is replaced here even outside quotes, as the original does for addresses.
 * Host names are returned as written; who needs an address looks them up.
 */
import { isIP, isIPv6 } from 'node:net';

export type PortPart =
  | { readonly kind: 'none' }
  | { readonly kind: 'range'; readonly first: number; readonly last: number }
  /** `:+N` and `:-N` of servers. */
  | { readonly kind: 'offset'; readonly offset: number };

export type Address =
  | { readonly kind: 'ip'; readonly host: string; readonly family: 0 | 4 | 6; readonly port: PortPart }
  | { readonly kind: 'unix'; readonly path: string }
  /** A name in the kernel: of its own length (`abnsz@`), or padded with zeros to the room there is (`abns@`). */
  | { readonly kind: 'abstract'; readonly name: string; readonly padded: boolean }
  | { readonly kind: 'fd'; readonly fd: number }
  /** Descriptors of connections come, or go, over this one. */
  | { readonly kind: 'sockpair'; readonly fd: number }
  /** Known to the language, opened by nobody here. */
  | { readonly kind: 'foreign'; readonly scheme: string };

export interface AddressFailure {
  readonly problem: string;
}

const foreign = new Set(['rhttp', 'rev', 'ring', 'quic4', 'quic6', 'udp', 'udp4', 'udp6']);
const families: Readonly<Record<string, 0 | 4 | 6>> = {
  ip: 0,
  ipv4: 4,
  ipv6: 6,
  tcp: 0,
  tcp4: 4,
  tcp6: 6,
  mptcp: 0,
  mptcp4: 4,
  mptcp6: 6,
};

/** Of a UNIX socket: the kernel has room for 107, and the original needs ten for a temporary name. */
export const LONGEST_PATH = 97;
/** Of an abstract one, which begins with a NUL. */
const LONGEST_NAME = 107;

/** Reads one address. `datagram` allows the udp prefixes, which log targets use. */
export function parseAddress(
  text: string,
  env: ReadonlyMap<string, string>,
  datagram = false,
): Address | AddressFailure {
  const expanded = text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) => env.get(braced ?? bare) ?? '');
  const plain = expanded.replace(/^(?:stream|dgram|quic)\+/, '');
  const prefix = /^([a-z][a-z0-9]*)@(.*)$/s.exec(plain);
  if (!prefix) return plain.startsWith('/') ? parseUnix(plain, text) : parseIp(plain, 0, text);
  const [, scheme = '', rest = ''] = prefix;
  if (scheme === 'unix' || scheme === 'uxst' || scheme === 'uxdg') return parseUnix(rest, text);
  if (scheme === 'abns' || scheme === 'abnsz') return parseAbstract(rest, scheme === 'abns', text);
  if (scheme === 'fd' || scheme === 'sockpair') return parseFd(rest, text, scheme);
  if (datagram && scheme.startsWith('udp'))
    return parseIp(rest, scheme === 'udp6' ? 6 : scheme === 'udp4' ? 4 : 0, text);
  if (foreign.has(scheme)) return { kind: 'foreign', scheme };
  const family = families[scheme];
  return family === undefined ? parseIp(plain, 0, text) : parseIp(rest, family, text);
}

function parseUnix(path: string, text: string): Address | AddressFailure {
  if (path === '') return { problem: `missing path in '${text}'` };
  if (Buffer.byteLength(path, 'latin1') > LONGEST_PATH) {
    return { problem: `socket path '${path}' too long (max ${LONGEST_PATH})` };
  }
  return { kind: 'unix', path };
}

function parseAbstract(name: string, padded: boolean, text: string): Address | AddressFailure {
  if (name === '') return { problem: `missing path in '${text}'` };
  if (Buffer.byteLength(name, 'latin1') > LONGEST_NAME) {
    return { problem: `socket path '${name}' too long (max ${LONGEST_NAME})` };
  }
  return { kind: 'abstract', name, padded };
}

function parseFd(number: string, text: string, kind: 'fd' | 'sockpair'): Address | AddressFailure {
  if (!/^\d+$/.test(number)) return { problem: `file descriptor '${number}' is not a valid integer in '${text}'` };
  return { kind, fd: Number(number) };
}

function parseIp(plain: string, family: 0 | 4 | 6, text: string): Address | AddressFailure {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(plain);
  const colon = plain.lastIndexOf(':');
  const host = bracketed ? bracketed[1]! : colon < 0 ? plain : plain.slice(0, colon);
  const portText = bracketed ? bracketed[2] : colon < 0 ? undefined : plain.slice(colon + 1);
  const port = parsePort(portText);
  if ('problem' in port) return port;
  if (host === '' || host === '*')
    return { kind: 'ip', host: family === 6 ? '::' : '0.0.0.0', family: family || 4, port };
  const actual = isIP(host) as 0 | 4 | 6;
  if (bracketed && !isIPv6(host)) return { problem: `invalid address: '${host}' in '${text}'` };
  if (family !== 0 && actual !== 0 && actual !== family) return { problem: `invalid address: '${host}' in '${text}'` };
  if (actual === 0 && !/^[A-Za-z0-9_.-]+$/.test(host)) return { problem: `invalid address: '${host}' in '${text}'` };
  return { kind: 'ip', host, family: actual || family, port };
}

function parsePort(text: string | undefined): PortPart | AddressFailure {
  if (text === undefined || text === '') return { kind: 'none' };
  const offset = /^[+-]\d+$/.test(text);
  if (offset) return { kind: 'offset', offset: Number(text) };
  const range = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (!range) return { problem: `invalid character in port number '${text}'` };
  const first = Number(range[1]);
  const last = Number(range[2] ?? range[1]);
  if (first > 65535 || last > 65535) return { problem: `invalid port '${first > 65535 ? range[1] : range[2]}'` };
  if (last < first) return { problem: `invalid port range '${text}'` };
  return { kind: 'range', first, last };
}
