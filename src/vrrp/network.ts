/**
 * This machine's interfaces and addresses as the role last saw them, and the virtual addresses put on and taken off.
 *
 * The kernel's notifications only say "look again": the whole picture is read anew, so a lost one does no harm.
 * Changes of addresses are made one after the other, in the order they were asked for.
 */
import type { VirtualAddressConf } from '../config/keepalived.ts';
import { packInet4, packInet6 } from '../os/address.ts';
import {
  type AddressRequest,
  type AddressResult,
  type InterfaceAddress,
  type Link,
  type Netlink,
  openNetlink,
} from '../os/netlink.ts';

const SCOPE_HOST = 254;
/** After a look that the kernel cut short. */
const LOOK_AGAIN_MS = 500;

export interface Network {
  readonly link: (name: string) => Link | undefined;
  readonly links: () => readonly Link[];
  readonly addressesOf: (name: string) => readonly InterfaceAddress[];
  /** The first address of the interface that is none of `virtual`; null: it has none. */
  readonly sourceAddress: (name: string, family: 4 | 6, virtual: ReadonlySet<string>) => Uint8Array | null;
  readonly holds: (address: VirtualAddressConf) => boolean;
  readonly add: (address: VirtualAddressConf) => Promise<AddressResult>;
  readonly remove: (address: VirtualAddressConf) => Promise<AddressResult>;
  readonly close: () => void;
}

/** Reads the first picture, then keeps it up to date; `onChange` runs after each new one. */
export async function openNetwork(onChange: () => void, netlink: Netlink = openNetlink()): Promise<Network> {
  const network = new MachineNetwork(onChange, netlink);
  await network.open();
  return network;
}

class MachineNetwork implements Network {
  private readonly onChange: () => void;
  private readonly netlink: Netlink;
  private seenLinks: readonly Link[] = [];
  private seenAddresses: readonly InterfaceAddress[] = [];
  /** Settles when everything that was asked for is done. */
  private queue: Promise<unknown> = Promise.resolve();
  private willLook = false;
  private closed = false;

  constructor(onChange: () => void, netlink: Netlink) {
    this.onChange = onChange;
    this.netlink = netlink;
  }

  open(): Promise<void> {
    this.netlink.watch(() => this.lookSoon());
    return this.look();
  }

  close(): void {
    this.closed = true;
    this.netlink.close();
  }

  // ---- what is there -----------------------------------------------------------------------------------------------

  links(): readonly Link[] {
    return this.seenLinks;
  }

  link(name: string): Link | undefined {
    return this.seenLinks.find((each) => each.name === name);
  }

  addressesOf(name: string): readonly InterfaceAddress[] {
    const index = this.link(name)?.index;
    return index === undefined ? [] : this.seenAddresses.filter((each) => each.index === index);
  }

  sourceAddress(name: string, family: 4 | 6, virtual: ReadonlySet<string>): Uint8Array | null {
    const mayServe = ({ family: own, scope, bytes }: InterfaceAddress): boolean =>
      own === family && scope !== SCOPE_HOST && !virtual.has(Buffer.from(bytes).toString('hex'));
    return this.addressesOf(name).find(mayServe)?.bytes ?? null;
  }

  holds(address: VirtualAddressConf): boolean {
    const bytes = packVirtual(address);
    return this.addressesOf(address.device).some((each) => Buffer.compare(each.bytes, bytes) === 0);
  }

  private async look(): Promise<void> {
    const [links, addresses] = [await this.netlink.listLinks(), await this.netlink.listAddresses()];
    this.seenLinks = links;
    this.seenAddresses = addresses;
  }

  /** However often the kernel says so meanwhile, once. */
  private lookSoon(): void {
    if (this.willLook || this.closed) return;
    this.willLook = true;
    void this.inTurn(() => this.lookAgain());
  }

  private async lookAgain(): Promise<void> {
    this.willLook = false;
    if (this.closed) return;
    try {
      await this.look();
      // Outside the promise, so that an error in it is not taken for one of the kernel's.
      queueMicrotask(this.onChange);
    } catch {
      setTimeout(() => this.lookSoon(), LOOK_AGAIN_MS).unref();
    }
  }

  // ---- changes -----------------------------------------------------------------------------------------------------

  add(address: VirtualAddressConf): Promise<AddressResult> {
    return this.change(address, (request) => this.netlink.addAddress(request), 'ENODEV');
  }

  remove(address: VirtualAddressConf): Promise<AddressResult> {
    return this.change(address, (request) => this.netlink.removeAddress(request), 'unchanged');
  }

  private change(
    address: VirtualAddressConf,
    call: (request: AddressRequest) => Promise<AddressResult>,
    absent: AddressResult,
  ): Promise<AddressResult> {
    return this.inTurn(async () => {
      const index = this.link(address.device)?.index;
      return index === undefined ? absent : await call(toRequest(address, index));
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.queue.then(work);
    this.queue = done.catch(() => {});
    return done;
  }
}

export function packVirtual(address: VirtualAddressConf): Uint8Array {
  return address.family === 4 ? packInet4(address.address) : packInet6(address.address);
}

function toRequest(address: VirtualAddressConf, index: number): AddressRequest {
  return {
    index,
    family: address.family,
    bytes: packVirtual(address),
    prefixLength: address.prefixLength,
    scope: address.scope,
    label: address.label,
    broadcast: address.broadcast === null ? null : packInet4(address.broadcast),
  };
}
