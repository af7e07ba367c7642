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
  let links: Link[] = [];
  let addresses: InterfaceAddress[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function look(): Promise<void> {
    const [newLinks, newAddresses] = [await netlink.listLinks(), await netlink.listAddresses()];
    links = newLinks;
    addresses = newAddresses;
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  };
  let looking = false;
  const lookSoon = (): void => {
    if (looking || closed) return;
    looking = true;
    void inTurn(async () => {
      looking = false;
      if (closed) return;
      try {
        await look();
        // Outside the promise, so that an error in it is not taken for one of the kernel's.
        queueMicrotask(onChange);
      } catch {
        setTimeout(lookSoon, LOOK_AGAIN_MS).unref();
      }
    });
  };
  const link = (name: string): Link | undefined => links.find((each) => each.name === name);
  const onLink = (name: string): InterfaceAddress[] => {
    const index = link(name)?.index;
    return index === undefined ? [] : addresses.filter((each) => each.index === index);
  };
  const change = (
    address: VirtualAddressConf,
    call: (request: AddressRequest) => Promise<AddressResult>,
    absent: AddressResult,
  ) => {
    return inTurn(async () => {
      const index = link(address.device)?.index;
      return index === undefined ? absent : await call(toRequest(address, index));
    });
  };

  netlink.watch(lookSoon);
  await look();
  return {
    link,
    links: () => links,
    addressesOf: onLink,
    sourceAddress: (name, family, virtual) => {
      const own = onLink(name).find((each) => {
        return (
          each.family === family && each.scope !== SCOPE_HOST && !virtual.has(Buffer.from(each.bytes).toString('hex'))
        );
      });
      return own?.bytes ?? null;
    },
    holds: (address) => {
      const bytes = packVirtual(address);
      return onLink(address.device).some((each) => Buffer.compare(each.bytes, bytes) === 0);
    },
    add: (address) => change(address, netlink.addAddress, 'ENODEV'),
    remove: (address) => change(address, netlink.removeAddress, 'unchanged'),
    close: () => {
      closed = true;
      netlink.close();
    },
  };
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
