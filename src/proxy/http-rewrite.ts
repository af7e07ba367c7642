/**
 * What the proxy adds to heads that it passes on: the client's address, and what each side is told about keeping the
 * connection. The lines are HAProxy's; those of the connection field depend on the versions of both messages.
 */
import { findField, type Head } from '../wire/http1.ts';
import type { ClientAddress } from './client-address.ts';
import type { Frontend } from './frontend.ts';

const NONE = new Uint8Array(0);
const CLOSE = Buffer.from('connection: close\r\n', 'latin1');
const KEEP_ALIVE = Buffer.from('connection: keep-alive\r\n', 'latin1');

/** HTTP/1.1 keeps connections unless told otherwise, HTTP/1.0 closes them unless told otherwise. */
export function serverConnectionLine(version: number, keep: boolean): Uint8Array {
  if (keep) return version < 11 ? KEEP_ALIVE : NONE;
  return version < 11 ? NONE : CLOSE;
}

export function clientConnectionLine(requestVersion: number, responseVersion: number, keep: boolean): Uint8Array {
  if (keep) return requestVersion < 11 || responseVersion < 11 ? KEEP_ALIVE : NONE;
  return responseVersion < 11 ? NONE : CLOSE;
}

/** The lines added to the requests of one client connection; made with the first request and then reused. */
export class RequestLines {
  private forwarded: Uint8Array | null = null;
  private combined: Uint8Array | null = null;
  private combinedWith: Uint8Array | null = null;

  /** `connectionLine` is one of the constants above. */
  build(
    frontend: Frontend,
    address: ClientAddress,
    bytes: Uint8Array,
    head: Head,
    connectionLine: Uint8Array,
  ): Uint8Array {
    const { forwardfor } = frontend;
    if (forwardfor === null) return connectionLine;
    if (forwardfor.ifNone && findField(bytes, head, forwardfor.lowerName) >= 0) return connectionLine;
    this.forwarded ??= makeForwarded(frontend, address);
    if (connectionLine.length === 0 || this.forwarded.length === 0) {
      return this.forwarded.length === 0 ? connectionLine : this.forwarded;
    }
    if (this.combined === null || this.combinedWith !== connectionLine) {
      this.combined = Buffer.concat([this.forwarded, connectionLine]);
      this.combinedWith = connectionLine;
    }
    return this.combined;
  }
}

function makeForwarded(frontend: Frontend, address: ClientAddress): Uint8Array {
  const { name, except } = frontend.forwardfor!;
  if (address.family === 'unix' || address.isIn(except)) return NONE;
  return Buffer.from(`${name}: ${address.host}\r\n`, 'latin1');
}
