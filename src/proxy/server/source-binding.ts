/**
 * Where connections to a server come from (manual: `source`, `usesrc`, `interface`): binds a socket before it connects.
 *
 * A foreign address (`usesrc`) needs IP_TRANSPARENT, and so the right to use it; connections that carry a client's own
 * address belong to that client's session alone. A source of the other family than the server's is left out, as there
 * is nothing to bind then.
 */
import { isIPv4 } from 'node:net';
import type { SourceConf } from '../../config/server-link.ts';
import { AF_INET, type SocketAddress } from '../../os/address.ts';
import { EADDRNOTAVAIL } from '../../os/libc.ts';
import { bindOutgoing, bindToDevice, choosePortLate } from '../../os/outgoing.ts';
import {
  bindSocket,
  IP_FREEBIND,
  IP_TRANSPARENT,
  IPV6_TRANSPARENT,
  SO_REUSEADDR,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  setOption,
} from '../../os/socket.ts';
import { parseRequestHead } from '../../wire/http1.ts';
import { FIELD_STRIDE, Head } from '../../wire/http1-head.ts';
import type { PooledBuffer } from '../loop/buffers.ts';
import { PortRing } from './port-ring.ts';
import { type SessionOrigin, sourceOf } from './session-origin.ts';

/** Beside `-errno`: the field of the request that holds the source is not there. */
export const NO_SOURCE = -4096;

export class SourceBinding {
  /** Connections carry a client's own address: no other client may use them. */
  readonly isPrivate: boolean;
  readonly ring: PortRing | null;
  /** The port that `bind` took from the ring, 0 for none. */
  takenPort = 0;
  private readonly conf: SourceConf;

  /** `share`: this worker's place among all, from 0 up to 1. */
  constructor(conf: SourceConf, share: number) {
    this.conf = conf;
    this.isPrivate = conf.useSource !== null && conf.useSource.kind !== 'address';
    const size = conf.lastPort - conf.firstPort + 1;
    this.ring = size > 1 ? new PortRing(conf.firstPort, conf.lastPort, Math.floor(share * size)) : null;
  }

  /** 0 or `-errno`. `family`: AF_INET or AF_INET6. */
  bind(fd: number, family: number, origin: SessionOrigin): number {
    this.takenPort = 0;
    const device = this.conf.interface;
    if (device !== null) {
      const done = bindToDevice(fd, device);
      if (done < 0) return done;
    }
    if (this.ring === null) choosePortLate(fd);
    const foreign = this.findForeign(origin);
    if (foreign === 'missing') return NO_SOURCE;
    if (foreign !== null) return isOfFamily(foreign, family) ? bindForeign(fd, foreign) : 0;
    return this.bindOwn(fd, family);
  }

  private bindOwn(fd: number, family: number): number {
    const { host, firstPort } = this.conf;
    if (host === null || !isOfFamily({ host }, family)) return 0;
    if (this.ring !== null) {
      this.takenPort = this.ring.take();
      if (this.takenPort === 0) return -EADDRNOTAVAIL;
    }
    const port = this.takenPort || firstPort;
    const done = bindOutgoing(fd, family, host, port);
    if (done < 0) this.release(this.takenPort);
    return done;
  }

  release(port: number): void {
    if (port !== 0) this.ring?.giveBack(port);
  }

  /** What `usesrc` asks for; null for nothing, or nothing that can be used; 'missing' when the field is not there. */
  private findForeign(origin: SessionOrigin): { readonly host: string; readonly port: number } | null | 'missing' {
    const { useSource } = this.conf;
    if (useSource === null) return null;
    if (useSource.kind === 'address') return useSource;
    if (useSource.kind === 'header') {
      const { requestBytes } = origin;
      const item = requestBytes === null ? null : findListed(requestBytes, useSource.name, useSource.occurrence);
      if (item === null) return 'missing';
      return isIPv4(item) && item !== '0.0.0.0' ? { host: item, port: 0 } : null;
    }
    const source = sourceOf(origin);
    if (source === null || source.family === 'unix') return null;
    return { host: source.host, port: useSource.kind === 'client' ? source.port : 0 };
  }
}

function isOfFamily({ host }: { readonly host: string }, family: number): boolean {
  return host.includes(':') === (family !== AF_INET);
}

function bindForeign(fd: number, { host, port }: { readonly host: string; readonly port: number }): number {
  const address: SocketAddress = { family: host.includes(':') ? 6 : 4, host, port };
  if (address.family === 6) setOption(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
  else if (setOption(fd, SOL_IP, IP_TRANSPARENT, 1) < 0) setOption(fd, SOL_IP, IP_FREEBIND, 1);
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  return bindSocket(fd, address);
}

const head = new Head(500);

/** The n-th item of the lists in the request's fields of a name; from the end when negative. */
export function findListed(request: PooledBuffer, name: string, occurrence: number): string | null {
  const { bytes, start, end } = request;
  if (parseRequestHead(bytes, start, end, head) <= 0) return null;
  const wanted = name.toLowerCase();
  const items: string[] = [];
  for (let i = 0; i < head.count; i++) {
    const at = FIELD_STRIDE * i;
    if (text(bytes, head.fields[at]!, head.fields[at + 1]!).toLowerCase() !== wanted) continue;
    items.push(...text(bytes, head.fields[at + 2]!, head.fields[at + 3]!).split(','));
  }
  return items.at(occurrence > 0 ? occurrence - 1 : occurrence)?.trim() ?? null;
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
