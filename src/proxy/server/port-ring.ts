/**
 * The ports of `source <address>:<low>-<high>`: taken from the front and given back at the end, so that one rests as long
 * as possible before it serves again. Every worker has a ring of its own that begins elsewhere; when two of them meet at
 * one port, the kernel refuses the later one, which goes on with the next.
 */
export class PortRing {
  readonly size: number;
  private readonly ports: Uint16Array;
  private head = 0;
  private free: number;

  constructor(first: number, last: number, start: number) {
    this.size = last - first + 1;
    this.ports = Uint16Array.from({ length: this.size }, (_, i) => first + ((i + start) % this.size));
    this.free = this.size;
  }

  /** 0: none is left. */
  take(): number {
    if (this.free === 0) return 0;
    const port = this.ports[this.head]!;
    this.head = (this.head + 1) % this.size;
    this.free--;
    return port;
  }

  giveBack(port: number): void {
    this.ports[(this.head + this.free) % this.size] = port;
    this.free++;
  }
}
