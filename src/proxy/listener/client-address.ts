/**
 * The peer of an accepted connection, kept as bytes; its text is made only when a log line or a header asks for it.
 *
 * What a PROXY protocol or NetScaler header says counts instead of what the kernel says (`Preamble`), for both sides:
 * ask `destinationOf` where a client connected to, never the socket.
 */
import { AF_INET, AF_INET6, SOCKADDR_SIZE, type SocketAddress, unpackInet4, unpackInet6 } from '../../os/address.ts';
import { localAddress } from '../../os/socket.ts';
import type { ProxySide, ProxyTlv } from '../../wire/proxy-protocol.ts';
import { hashAddress } from '../balance/hash-functions.ts';

/** What came before a connection's own bytes, and when it was there. Times as in `Loop`. */
export interface Preamble {
  readonly acceptedAt: number;
  readonly handshakeMs: number;
  /** The client as the kernel knows it. */
  readonly own: ClientAddress;
  /** It was a PROXY protocol header, of whatever content. */
  readonly isProxy: boolean;
  /** Null: the socket's own (LOCAL, UNKNOWN). */
  readonly destination: ProxySide | null;
  /** Fields of PROXY version 2: authority, unique id and the like. */
  readonly tlvs: readonly ProxyTlv[];
}

export class ClientAddress {
  readonly port: number;
  /** Hash for `balance source`. */
  readonly key: number;
  readonly family: 4 | 6 | 'unix';
  /** Null for nearly all: connections begin with their own bytes. */
  preamble: Preamble | null = null;
  private readonly inet4: number;
  private readonly inet6: Uint8Array | null;
  private text: string | null = null;

  /** Reads a `struct sockaddr` that accept4 filled in. */
  constructor(view: DataView) {
    const family = view.getUint16(0, true);
    this.family = family === AF_INET ? 4 : family === AF_INET6 ? 6 : 'unix';
    this.port = this.family === 'unix' ? 0 : view.getUint16(2);
    this.inet4 = this.family === 4 ? view.getUint32(4) : 0;
    this.inet6 = this.family === 6 ? new Uint8Array(view.buffer.slice(8, 24)) : null;
    this.key = this.family === 4 ? this.inet4 : this.family === 6 ? hashAddress(view, 8, 16) : 0;
  }

  get host(): string {
    this.text ??= this.makeText();
    return this.text;
  }

  private makeText(): string {
    if (this.inet6 !== null) return unpackInet6(this.inet6, 0);
    if (this.family === 'unix') return 'unix';
    const a = this.inet4;
    return `${a >>> 24}.${(a >>> 16) & 255}.${(a >>> 8) & 255}.${a & 255}`;
  }

  /** 4 or 16 bytes; none for a UNIX socket. */
  get bytes(): Uint8Array {
    if (this.inet6 !== null) return this.inet6;
    if (this.family === 'unix') return new Uint8Array(0);
    const a = this.inet4;
    return Uint8Array.of(a >>> 24, a >>> 16, a >>> 8, a);
  }

  /** Whether it lies in one of the networks. */
  isIn(networks: readonly Network[]): boolean {
    return networks.some((n) => n.family === this.family && this.matches(n));
  }

  private matches(network: Network): boolean {
    const own = this.bytes;
    return network.bytes.every((byte, i) => (byte & network.mask[i]!) === (own[i]! & network.mask[i]!));
  }
}

export interface Network {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
}

const announced = new DataView(new ArrayBuffer(SOCKADDR_SIZE));

/** The address of a side that a header told of. */
export function addressOfSide({ address, port }: ProxySide): ClientAddress {
  const isInet4 = address.length === 4;
  announced.setUint16(0, isInet4 ? AF_INET : AF_INET6, true);
  announced.setUint16(2, port);
  new Uint8Array(announced.buffer).set(address, isInet4 ? 4 : 8);
  return new ClientAddress(announced);
}

/** Where a client connected to: as a header told, else the socket's own address. Null when the kernel does not know. */
export function destinationOf(address: ClientAddress, fd: number): SocketAddress | null {
  const told = address.preamble?.destination ?? null;
  if (told !== null) {
    const isInet4 = told.address.length === 4;
    const host = isInet4 ? unpackInet4(told.address, 0) : unpackInet6(told.address, 0);
    return { family: isInet4 ? 4 : 6, host, port: told.port };
  }
  const own = localAddress(fd);
  return typeof own === 'object' ? own : null;
}
