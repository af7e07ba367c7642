import { describe, expect, it } from 'vitest';
import type { VirtualAddressConf } from '../../../src/config/keepalived.ts';
import type { AddressRequest, InterfaceAddress, Netlink } from '../../../src/os/netlink.ts';
import { openNetwork } from '../../../src/vrrp/network.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A kernel with one interface, whose requests wait until they are let go. */
function makeKernel() {
  const addresses: InterfaceAddress[] = [];
  const asked: string[] = [];
  const held: (() => void)[] = [];
  let notify = (): void => {};
  let looks = 0;
  let refuses = false;
  const act = async (what: string, { bytes }: AddressRequest): Promise<string> => {
    asked.push(`${what} ${bytes.join('.')}`);
    await new Promise<void>((resolve) => held.push(resolve));
    return 'done';
  };
  const netlink: Netlink = {
    listLinks: async () => {
      looks++;
      if (refuses) throw new Error('EINTR');
      return [{ index: 2, name: 'eth0', mac: new Uint8Array(6), up: true, multicast: true, mtu: 1500 }];
    },
    listAddresses: async () => [...addresses],
    addAddress: (request) => act('add', request),
    removeAddress: (request) => act('remove', request),
    watch: (onChange) => {
      notify = onChange;
    },
    close: () => asked.push('close'),
  };
  return {
    netlink,
    asked,
    addresses,
    notify: () => notify(),
    letGo: () => held.shift()?.(),
    looks: () => looks,
    refuse: (on: boolean) => {
      refuses = on;
    },
  };
}

const own = (last: number, scope = 0): InterfaceAddress => {
  return { index: 2, family: 4, bytes: Uint8Array.of(10, 0, 0, last), prefixLength: 24, scope };
};
const virtual = (last: number, device = 'eth0'): VirtualAddressConf => {
  const address = `10.0.0.${last}`;
  return { address, family: 4, prefixLength: 32, device, label: null, scope: 0, broadcast: null } as VirtualAddressConf;
};

describe("a machine's network", () => {
  it('is looked at again when the kernel says so, once for many changes', async () => {
    const kernel = makeKernel();
    let changes = 0;
    const network = await openNetwork(() => changes++, kernel.netlink);
    expect([network.links().length, network.addressesOf('eth0'), kernel.looks()]).toEqual([1, [], 1]);
    kernel.addresses.push(own(7));
    for (let i = 0; i < 5; i++) kernel.notify();
    await settle();
    expect([changes, kernel.looks(), network.addressesOf('eth0')]).toEqual([1, 2, [own(7)]]);
    expect(network.holds(virtual(7))).toBe(true);
    expect(network.holds(virtual(8))).toBe(false);
    expect(network.addressesOf('eth9')).toEqual([]);
    network.close();
    kernel.notify();
    await settle();
    expect([changes, kernel.asked]).toEqual([1, ['close']]);
  });

  it('is looked at once more after a look that failed', async () => {
    const kernel = makeKernel();
    let changes = 0;
    await openNetwork(() => changes++, kernel.netlink);
    kernel.refuse(true);
    kernel.notify();
    await settle();
    kernel.refuse(false);
    kernel.addresses.push(own(7));
    await expect.poll(() => changes, { timeout: 3000 }).toBe(1);
  });

  it('is sent from an address that is its own', async () => {
    const kernel = makeKernel();
    kernel.addresses.push(own(1, 254), own(2), own(3));
    const network = await openNetwork(() => {}, kernel.netlink);
    const others = new Set([Buffer.from(own(2).bytes).toString('hex')]);
    expect(network.sourceAddress('eth0', 4, new Set())).toEqual(own(2).bytes);
    expect(network.sourceAddress('eth0', 4, others)).toEqual(own(3).bytes);
    expect(network.sourceAddress('eth0', 6, new Set())).toBeNull();
  });

  it('is changed in the order that was asked for, one after the other', async () => {
    const kernel = makeKernel();
    const network = await openNetwork(() => {}, kernel.netlink);
    const results = [network.add(virtual(1)), network.remove(virtual(1)), network.add(virtual(2, 'eth9'))];
    await settle();
    expect(kernel.asked).toEqual(['add 10.0.0.1']);
    kernel.letGo();
    await settle();
    expect(kernel.asked).toEqual(['add 10.0.0.1', 'remove 10.0.0.1']);
    kernel.letGo();
    expect(await Promise.all(results)).toEqual(['done', 'done', 'ENODEV']);
    expect(await network.remove(virtual(2, 'eth9'))).toBe('unchanged');
  });
});
