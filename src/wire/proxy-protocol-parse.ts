/**
 * The PROXY protocol, versions 1 and 2, as it is read (specification: proxy-protocol.txt of HAProxy; layouts are drawn
 * in `proxy-protocol.ts`), judged as HAProxy 2.6 does.
 *
 * The header must be there as a whole with the first bytes, as the specification asks of senders: what is cut is
 * TRUNCATED, and nobody waits for the rest. Addresses are set before the fields behind them are looked at, because a log
 * line about a bad field names them. Every read is bounded by `end` and by the length that the header itself gives.
 *
 * Stricter than HAProxy in version 1: octets above 255 and ports above 65535 are no header (HAProxy carries them over
 * into the next digit).
 */
import { crc32c } from './crc32c.ts';
import {
  COMMAND_LOCAL,
  COMMAND_PROXY,
  type ProxySide,
  type ProxyTlv,
  SIGNATURE,
  TCP_OVER_IPV4,
  TCP_OVER_IPV6,
  TLV_CRC32C,
  TLV_UNIQUE_ID,
  V2_HEADER,
} from './proxy-protocol.ts';

/** What is wrong, as a negative result. */
export const TRUNCATED = -1;
/** Neither version's first bytes. */
export const NO_HEADER = -2;
export const BAD_HEADER = -3;
/** Version 1 with a protocol that is none of TCP4, TCP6 and UNKNOWN. */
export const BAD_PROTOCOL = -4;

const LONGEST_UNIQUE_ID = 128;

/** Filled by `parseProxyHeader`; null sides: the connection's own addresses hold. */
export class ProxyHeader {
  version: 1 | 2 = 1;
  source: ProxySide | null = null;
  destination: ProxySide | null = null;
  /** Of version 2 and the command PROXY; copies, in the order in which they came. */
  tlvs: readonly ProxyTlv[] = [];
}

/** Reads a header from `bytes[start..end)`: its length, or what is wrong. */
export function parseProxyHeader(bytes: Uint8Array, start: number, end: number, header: ProxyHeader): number {
  header.source = null;
  header.destination = null;
  header.tlvs = [];
  if (end - start < PREFIX.length) return TRUNCATED;
  if (startsWith(bytes, start, end, PREFIX)) return parseV1(bytes, start, end, header);
  if (end - start < V2_HEADER) return TRUNCATED;
  if (!startsWith(bytes, start, end, SIGNATURE) || bytes[start + 12]! >> 4 !== 2) return NO_HEADER;
  return parseV2(bytes, start, end, header);
}

function startsWith(bytes: Uint8Array, start: number, end: number, prefix: ArrayLike<number>): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

// ---- version 1 -----------------------------------------------------------------------------------------------------

const PREFIX = Buffer.from('PROXY ');
const TCP4 = Buffer.from('TCP4 ');
const TCP6 = Buffer.from('TCP6 ');
const UNKNOWN = Buffer.from('UNKNOWN\r\n');
/** As much as HAProxy wants to see before it judges. */
const SHORTEST_LINE = 9;
/** Including the line end (specification, section 2.1). */
const LONGEST_LINE = 107;
const SPACE = 32;
const CR = 13;
const LF = 10;

function parseV1(bytes: Uint8Array, start: number, end: number, header: ProxyHeader): number {
  if (end - start < SHORTEST_LINE) return TRUNCATED;
  const at = start + PREFIX.length;
  header.version = 1;
  if (startsWith(bytes, at, end, UNKNOWN)) return PREFIX.length + UNKNOWN.length;
  const isInet4 = startsWith(bytes, at, end, TCP4);
  if (!isInet4 && !startsWith(bytes, at, end, TCP6)) return BAD_PROTOCOL;
  const limit = Math.min(end, start + LONGEST_LINE);
  const lineEnd = bytes.subarray(0, limit).indexOf(LF, at);
  if (lineEnd < 0) return limit === end && isBeginning(bytes, at + TCP4.length, end) ? TRUNCATED : BAD_HEADER;
  if (bytes[lineEnd - 1] !== CR) return BAD_HEADER;
  const words = splitWords(bytes, at + TCP4.length, lineEnd - 1);
  if (words === null) return BAD_HEADER;
  const [source, destination, sourcePort, destinationPort] = words;
  const read = isInet4 ? readInet4 : readInet6;
  header.source = makeSide(read(source!), readPort(sourcePort!));
  header.destination = makeSide(read(destination!), readPort(destinationPort!));
  if (header.source !== null && header.destination !== null) return lineEnd + 1 - start;
  header.source = null;
  header.destination = null;
  return BAD_HEADER;
}

/** Whether addresses and ports could begin like that. */
function isBeginning(bytes: Uint8Array, start: number, end: number): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  return /^[0-9a-fA-F.:]+(?: [0-9a-fA-F.:]*){0,3}\r?$/.test(text);
}

/** Four words with one blank between them, or null. */
function splitWords(bytes: Uint8Array, start: number, end: number): string[] | null {
  for (let at = start; at < end; at++) if (bytes[at]! < SPACE || bytes[at]! > 126) return null;
  const words = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    .toString('latin1')
    .split(' ');
  return words.length === 4 && !words.includes('') ? words : null;
}

function makeSide(address: Uint8Array | null, port: number): ProxySide | null {
  return address === null || port < 0 ? null : { address, port };
}

/** -1 for what is no port. */
function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text)) return -1;
  const port = Number(text);
  return port > 65535 ? -1 : port;
}

/** Leading zeros are decimal, as for HAProxy. */
function readInet4(text: string): Uint8Array | null {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return null;
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? Uint8Array.from(octets) : null;
}

function readInet6(text: string): Uint8Array | null {
  const [left, right, ...more] = text.split('::');
  if (more.length > 0) return null;
  const head = readGroups(left!, right === undefined);
  const tail = right === undefined ? [] : readGroups(right, true);
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 2) return null;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** Bytes of groups like "2001:db8"; the last may be an IPv4 address where `mayEnd` says so. */
function readGroups(text: string, mayEnd: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    const inet4 = mayEnd && i === groups.length - 1 && group.includes('.') ? readInet4(group) : null;
    if (inet4 !== null) bytes.push(...inet4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
    else return null;
  }
  return bytes;
}

// ---- version 2 -----------------------------------------------------------------------------------------------------

function parseV2(bytes: Uint8Array, start: number, end: number, header: ProxyHeader): number {
  const length = V2_HEADER + ((bytes[start + 14]! << 8) | bytes[start + 15]!);
  if (end - start < length) return TRUNCATED;
  header.version = 2;
  const command = bytes[start + 12]! & 15;
  if (command === COMMAND_LOCAL) return length;
  if (command !== COMMAND_PROXY) return BAD_HEADER;
  const family = bytes[start + 13]!;
  const width = family === TCP_OVER_IPV4 ? 4 : family === TCP_OVER_IPV6 ? 16 : 0;
  const fields = start + V2_HEADER + 2 * width + 4;
  if (width === 0 || fields > start + length) return BAD_HEADER;
  header.source = readSide(bytes, start + V2_HEADER, width, fields - 4);
  header.destination = readSide(bytes, start + V2_HEADER + width, width, fields - 2);
  return readFields(bytes, start, fields, start + length, header) ? length : BAD_HEADER;
}

function readSide(bytes: Uint8Array, at: number, width: number, portAt: number): ProxySide {
  return { address: copyOf(bytes, at, at + width), port: (bytes[portAt]! << 8) | bytes[portAt + 1]! };
}

function readFields(bytes: Uint8Array, start: number, from: number, end: number, header: ProxyHeader): boolean {
  const tlvs = parseTlvs(bytes, from, end);
  if (tlvs === null) return false;
  header.tlvs = tlvs;
  let at = from;
  for (const { type, value } of tlvs) {
    if (type === TLV_UNIQUE_ID && value.length > LONGEST_UNIQUE_ID) return false;
    if (type === TLV_CRC32C && !isSumRight(bytes, start, end, at + 3, value)) return false;
    at += 3 + value.length;
  }
  return true;
}

function isSumRight(bytes: Uint8Array, start: number, end: number, at: number, value: Uint8Array): boolean {
  if (value.length !== 4) return false;
  const told = ((value[0]! << 24) | (value[1]! << 16) | (value[2]! << 8) | value[3]!) >>> 0;
  return told === crc32c(bytes, start, end, at);
}

/** The fields of `bytes[start..end)`, or null when the last one is cut. Also for what TLV_SSL holds behind its 5 bytes. */
export function parseTlvs(bytes: Uint8Array, start: number, end: number): ProxyTlv[] | null {
  const tlvs: ProxyTlv[] = [];
  let at = start;
  while (at < end) {
    if (end - at < 3) return null;
    const length = (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (end - at - 3 < length) return null;
    tlvs.push({ type: bytes[at]!, value: copyOf(bytes, at + 3, at + 3 + length) });
    at += 3 + length;
  }
  return tlvs;
}

/** The value of the first field of a type, or null. */
export function findTlv(tlvs: readonly ProxyTlv[], type: number): Uint8Array | null {
  return tlvs.find((tlv) => tlv.type === type)?.value ?? null;
}

/** A copy in memory of its own, whatever `bytes` is a view of. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}
