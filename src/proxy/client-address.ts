/** The peer of an accepted connection, kept as bytes; its text is made only when a log line or a header asks for it. */
import { AF_INET, AF_INET6, unpackInet6 } from '../os/address.ts';
import { hashAddress } from './balance/source.ts';

export class ClientAddress {
  readonly port: number;
  /** Hash for `balance source`. */
  readonly key: number;
  readonly family: 4 | 6 | 'unix';
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

  /** Whether it lies in one of the networks. */
  isIn(networks: readonly Network[]): boolean {
    return networks.some((n) => n.family === this.family && this.matches(n));
  }

  private matches(network: Network): boolean {
    const own = this.inet6 ?? [
      this.inet4 >>> 24,
      (this.inet4 >>> 16) & 255,
      (this.inet4 >>> 8) & 255,
      this.inet4 & 255,
    ];
    return network.bytes.every((byte, i) => (byte & network.mask[i]!) === (own[i]! & network.mask[i]!));
  }
}

export interface Network {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
}
