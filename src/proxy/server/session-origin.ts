/**
 * What connections to servers may want to know of the session that they are made for: who the client is, where it
 * connected to, what it asks for. Looked at only when a configuration needs it.
 */
import type { SocketAddress } from '../../os/address.ts';
import type { Head } from '../../wire/http1-head.ts';
import { type ClientAddress, destinationOf as clientDestination } from '../listener/client-address.ts';
import type { SessionRecord } from '../log/record.ts';
import type { PooledBuffer } from '../loop/buffers.ts';
import type { SocketEnd } from '../loop/socket-end.ts';

export interface SessionOrigin {
  readonly address: ClientAddress;
  readonly client: SocketEnd;
  /** The request as it goes to the server, null in mode tcp. */
  readonly requestBytes: PooledBuffer | null;
  /** What `unique-id-format` makes of the session; '' when there is none. */
  readonly uniqueId: string;
  /**
   * What is known of the session, with the head of its request if that is at hand; good until the next record is asked for.
   * `needs`: bits of log/needs.ts.
   */
  describe(needs: number, head: Head | null, bytes: Uint8Array): SessionRecord;
  /** Connections to servers that the session may keep to itself. */
  readonly mostConnections: number;
}

/** Where the client connected to, or null. */
export function destinationOf(origin: SessionOrigin): SocketAddress | null {
  return clientDestination(origin.address, origin.client.fd);
}

export function sourceOf({ address }: SessionOrigin): SocketAddress | null {
  const { family } = address;
  return family === 'unix' ? null : { family, host: address.host, port: address.port };
}
