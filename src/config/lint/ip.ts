/** IP addresses and networks as numbers, for rules that ask whether one contains another. */
import { isIP } from 'node:net';

export interface Network {
  readonly family: 4 | 6;
  /** The address with its host bits cleared. */
  readonly base: bigint;
  readonly prefixLength: number;
}

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export function parseIp(text: string): Address | null {
  const plain = text.replace(/%.*$/, '');
  const family = isIP(plain);
  if (family === 4) return { family, value: valueOf4(plain) };
  return family === 6 ? { family, value: valueOf6(plain) } : null;
}

function valueOf4(text: string): bigint {
  return text.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function valueOf6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const plain = dotted ? `${dotted[1]}${groupsOf4(dotted[2]!)}` : text;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: gap }, () => '0'), ...right];
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}

function groupsOf4(dotted: string): string {
  const value = valueOf4(dotted);
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

/** `address/prefix`, `address/netmask` or an address alone; null when it is none. */
export function parseNetwork(text: string): Network | null {
  const [host = '', mask] = text.split('/');
  const address = parseIp(host);
  if (!address) return null;
  const bits = address.family === 4 ? 32 : 128;
  const prefixLength = mask === undefined ? bits : prefixOf(mask, bits);
  return prefixLength === null ? null : networkOf(address, prefixLength);
}

function prefixOf(mask: string, bits: number): number | null {
  if (/^\d+$/.test(mask)) return Number(mask) <= bits ? Number(mask) : null;
  const dotted = parseIp(mask);
  if (!dotted || (dotted.family === 4) !== (bits === 32)) return null;
  const digits = dotted.value.toString(2).padStart(bits, '0');
  return /^1*0*$/.test(digits) ? digits.replaceAll('0', '').length : null;
}

export function networkOf({ family, value }: Address, prefixLength: number): Network {
  const host = BigInt((family === 4 ? 32 : 128) - prefixLength);
  return { family, base: (value >> host) << host, prefixLength };
}

export function containsNetwork(outer: Network, inner: Network): boolean {
  if (outer.family !== inner.family || outer.prefixLength > inner.prefixLength) return false;
  return networkOf({ family: inner.family, value: inner.base }, outer.prefixLength).base === outer.base;
}

export function isLoopback({ family, value }: Address): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n;
}

/** Addresses that are not routed on the Internet (RFC 1918, RFC 4193, link-local, loopback). */
export function isPrivate(address: Address): boolean {
  if (isLoopback(address)) return true;
  return privateNetworks.some((network) =>
    containsNetwork(network, networkOf(address, address.family === 4 ? 32 : 128)),
  );
}

const privateNetworks: readonly Network[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
].flatMap((text) => parseNetwork(text) ?? []);
