/**
 * Socket addresses: IPv4, IPv6 and UNIX as text and as `struct sockaddr_*` bytes (Linux layouts, see ip(7),
 * ipv6(7), unix(7)). Names are not looked up here.
 */
import net from 'node:net';

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Room for any address that this program uses (`struct sockaddr_storage` is 128). */
export const SOCKADDR_SIZE = 128;

export type SocketAddress =
  | { readonly family: 4 | 6; readonly host: string; readonly port: number }
  | { readonly family: 'unix'; readonly path: string };

/** Encodes for bind and connect. Throws RangeError for what is no address: callers validate configuration before. */
export function encodeAddress(address: SocketAddress): Uint8Array {
  if (address.family === 'unix') return encodeUnix(address.path);
  return address.family === 4 ? encodeInet4(address.host, address.port) : encodeInet6(address.host, address.port);
}

function encodeInet4(host: string, port: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  bytes.set(packInet4(host), 4);
  return bytes;
}

function encodeInet6(host: string, port: number): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(packInet6(host), 8);
  return bytes;
}

/** A path starting with NUL names an abstract socket. */
function encodeUnix(path: string): Uint8Array {
  const name = Buffer.from(path, 'latin1');
  const abstract = name[0] === 0;
  if (name.length > (abstract ? 108 : 107)) throw new RangeError(`UNIX socket path too long: ${path}`);
  const bytes = new Uint8Array(2 + name.length + (abstract ? 0 : 1));
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, 2);
  return bytes;
}

/** 4 bytes of a dotted address. */
export function packInet4(host: string): Uint8Array {
  if (!net.isIPv4(host)) throw new RangeError(`not an IPv4 address: ${host}`);
  return Uint8Array.from(host.split('.'), Number);
}

/** 16 bytes of an IPv6 address in any of its spellings; a zone (`%eth0`) is not part of the bytes. */
export function packInet6(host: string): Uint8Array {
  const [plain = ''] = host.split('%');
  if (!net.isIPv6(plain)) throw new RangeError(`not an IPv6 address: ${host}`);
  const [head = '', tail] = embedInet4(plain).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  const bytes = new Uint8Array(16);
  [...left, ...middle, ...right].forEach((group, i) => {
    const value = Number.parseInt(group, 16);
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value & 255;
  });
  return bytes;
}

function embedInet4(host: string): string {
  const at = host.lastIndexOf(':');
  const last = host.slice(at + 1);
  if (!last.includes('.')) return host;
  const [a, b, c, d] = packInet4(last);
  return `${host.slice(0, at + 1)}${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`;
}

/** Decodes what accept, getsockname, recvfrom filled in. Unknown families come back as an unnamed UNIX address. */
export function decodeAddress(bytes: Uint8Array, length: number): SocketAddress {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = length >= 2 ? view.getUint16(0, true) : 0;
  if (family === AF_INET && length >= 8) return { family: 4, host: unpackInet4(bytes, 4), port: view.getUint16(2) };
  if (family === AF_INET6 && length >= 24) return { family: 6, host: unpackInet6(bytes, 8), port: view.getUint16(2) };
  const name = Buffer.from(bytes.subarray(2, Math.max(2, length))).toString('latin1');
  return { family: 'unix', path: name.startsWith('\0') ? name : name.replace(/\0.*$/s, '') };
}

export function unpackInet4(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** RFC 5952 text: longest run of zero groups shortened, lower case. */
export function unpackInet6(bytes: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!).toString(16));
  if (groups.slice(0, 5).every((g) => g === '0') && groups[5] === 'ffff')
    return `::ffff:${unpackInet4(bytes, at + 12)}`;
  const zeros = longestZeroRun(groups);
  if (!zeros) return groups.join(':');
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.end).join(':')}`;
}

function longestZeroRun(groups: readonly string[]): { start: number; end: number } | undefined {
  let best: { start: number; end: number } | undefined;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === '0') end++;
    if (end - start > Math.max(1, best ? best.end - best.start : 1)) best = { start, end };
    if (end > start) start = end;
  }
  return best;
}
