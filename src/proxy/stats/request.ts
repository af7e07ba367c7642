/**
 * Whether a request is for the statistics page, what it asks for, and whether its sender may see it.
 *
 * The target is compared as HAProxy does: it begins with `stats uri` (so `/s` also takes `/stats`), and options such as
 * `;csv` may stand anywhere behind that.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { StatsConf } from '../../config/haproxy.ts';
import { AUTHORIZATION, FIELD_STRIDE, type Head, METHOD_GET, METHOD_HEAD, METHOD_POST } from '../../wire/http1-head.ts';

export interface StatsRequest {
  readonly format: 'html' | 'csv' | 'json';
  /** `;norefresh`: without the configured refresh. */
  readonly refresh: boolean;
  /** `;up`: servers that are down are left out. */
  readonly onlyUp: boolean;
  /** `;scope=text`: only proxies whose name contains it. */
  readonly nameFilter: string;
  readonly headOnly: boolean;
  /** A form was posted: administration, which is denied. */
  readonly post: boolean;
}

/** Cheap enough for every request of a proxy that has statistics: two comparisons for most. */
export function isStatsTarget(conf: PreparedStats, bytes: Uint8Array, head: Head): boolean {
  const { method } = head;
  if (method !== METHOD_GET && method !== METHOD_HEAD && method !== METHOD_POST) return false;
  const { uri } = conf;
  if (head.uriEnd - head.uriStart < uri.length) return false;
  for (let i = 0; i < uri.length; i++) {
    if (bytes[head.uriStart + i] !== uri[i]) return false;
  }
  return true;
}

/** `StatsConf` made ready to be compared with bytes. */
export interface PreparedStats {
  readonly conf: StatsConf;
  readonly uri: Uint8Array;
  /** SHA-256 of each `user:password`: equal lengths, whatever the passwords. */
  readonly credentials: readonly Buffer[];
}

export function prepareStats(conf: StatsConf): PreparedStats {
  const credentials = conf.auth.map(({ user, password }) => digest(Buffer.from(`${user}:${password}`)));
  return { conf, uri: Buffer.from(conf.uri, 'latin1'), credentials };
}

function digest(text: Uint8Array): Buffer {
  return createHash('sha256').update(text).digest();
}

export function readStatsRequest(conf: PreparedStats, bytes: Uint8Array, head: Head): StatsRequest {
  const from = head.uriStart + conf.uri.length;
  const rest = Buffer.from(bytes.subarray(from, head.uriEnd)).toString('latin1');
  const scope = /[;?&]scope=([^;&]{0,20})/.exec(rest);
  return {
    format: rest.includes(';csv') ? 'csv' : rest.includes(';json') ? 'json' : 'html',
    refresh: !rest.includes(';norefresh'),
    onlyUp: rest.includes(';up'),
    nameFilter: scope ? decodeText(scope[1]!) : '',
    headOnly: head.method === METHOD_HEAD,
    post: head.method === METHOD_POST,
  };
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** Basic authentication (RFC 7617). No users configured: everyone may. Takes the same time for every wrong answer. */
export function isAuthorized(conf: PreparedStats, bytes: Uint8Array, head: Head): boolean {
  if (conf.credentials.length === 0) return true;
  const given = digest(readCredentials(bytes, head));
  let found = false;
  for (const wanted of conf.credentials) {
    if (timingSafeEqual(given, wanted)) found = true;
  }
  return found;
}

/** What stands behind "Basic" in the Authorization field, decoded; empty when there is none. */
function readCredentials(bytes: Uint8Array, head: Head): Uint8Array {
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== AUTHORIZATION) continue;
    const slot = FIELD_STRIDE * i;
    const value = Buffer.from(bytes.subarray(head.fields[slot + 2]!, head.fields[slot + 3]!)).toString('latin1');
    const match = /^basic[ \t]+([A-Za-z0-9+/=]+)$/i.exec(value);
    if (match) return Buffer.from(match[1]!, 'base64');
  }
  return Buffer.alloc(0);
}
