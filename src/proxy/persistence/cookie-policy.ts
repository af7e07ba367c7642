/**
 * A backend's `cookie` line and its servers' cookies, prepared for the data plane (manual, chapter 4.2 "cookie").
 *
 * Servers are found by the bytes of a cookie without making a string of them. Several servers may share one cookie:
 * they are tried in the order of the configuration.
 */
import type { ProxyConf, ServerConf } from '../../config/haproxy.ts';
import type { CookieConf } from '../../config/persistence.ts';
import type { Backend } from '../server/backend.ts';
import type { Server } from '../server/server.ts';
import { makeDynamicCookie } from './dynamic-cookie.ts';

interface Bound {
  readonly cookie: Uint8Array;
  readonly server: Server;
}

export class CookiePolicy {
  readonly conf: CookieConf;
  readonly name: Uint8Array;
  /** `option persist`. */
  private readonly persist: boolean;
  private readonly byHash = new Map<number, Bound[]>();
  private readonly cookies = new Map<Server, string>();

  constructor(conf: CookieConf, backend: Backend) {
    this.conf = conf;
    this.name = Buffer.from(conf.name);
    this.persist = backend.conf.persistence.persist;
    for (const server of backend.servers) {
      const text = cookieOfServer(backend.conf, server.conf);
      if (text !== null) this.bind(server, text);
    }
  }

  private bind(server: Server, text: string): void {
    const cookie = Buffer.from(text);
    const hash = hashBytes(cookie, 0, cookie.length);
    const bucket = this.byHash.get(hash) ?? [];
    bucket.push({ cookie, server });
    this.byHash.set(hash, bucket);
    this.cookies.set(server, text);
  }

  /** What stands for a server, or null. */
  cookieOf(server: Server): string | null {
    return this.cookies.get(server) ?? null;
  }

  /** The first server of this cookie that may be used; `DOWN` when there are only others; null when there is none. */
  find(bytes: Uint8Array, start: number, end: number): Server | typeof DOWN | null {
    const bucket = this.byHash.get(hashBytes(bytes, start, end));
    if (bucket === undefined) return null;
    let found: typeof DOWN | null = null;
    for (const { cookie, server } of bucket) {
      if (!equals(bytes, start, end, cookie)) continue;
      if (mayServe(server, this.persist)) return server;
      found = DOWN;
    }
    return found;
  }
}

export const DOWN = 'down';

/** May its own clients be sent there? One without an address cannot be asked even with `option persist`. */
export function mayServe(server: Server, persist: boolean): boolean {
  return server.alive || (persist && server.connector !== null);
}

/** As configured, or made of its address; null when it has none. */
export function cookieOfServer({ persistence }: ProxyConf, server: ServerConf): string | null {
  const { cookie, dynamicCookieKey: key } = persistence;
  if (cookie === null || server.cookie !== null) return server.cookie;
  return cookie.dynamic && key !== null ? makeDynamicCookie(key, server) : null;
}

/** FNV-1a. Who has many servers share a bucket writes the configuration. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash;
}

function equals(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) return false;
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false;
  return true;
}
