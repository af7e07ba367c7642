/** Gratuitous ARP and neighbour adverts: how many, when, and what they look like. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GarpConf, VirtualAddressConf } from '../../../src/config/keepalived.ts';
import type { Link } from '../../../src/os/netlink.ts';
import { Announcer } from '../../../src/vrrp/announcer.ts';
import type { Network } from '../../../src/vrrp/network.ts';
import { checksum } from '../../../src/wire/ipv4.ts';

const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
const defaults: GarpConf = {
  masterDelayMs: 5000,
  masterRepeat: 5,
  masterRefreshMs: 0,
  masterRefreshRepeat: 1,
  lowerPrioDelayMs: 5000,
  lowerPrioRepeat: 5,
  intervalUs: 0,
};

function addressOf(address: string, family: 4 | 6 = 4): VirtualAddressConf {
  const prefixLength = family === 4 ? 32 : 128;
  return { address, family, prefixLength, device: 'eth0', label: null, scope: 0, broadcast: null, noTrack: false };
}

function announce(conf: Partial<GarpConf>, addresses = [addressOf('10.0.0.100')], link: Partial<Link> = {}) {
  const frames: { at: number; frame: Uint8Array }[] = [];
  const lines: string[] = [];
  const found: Link = { index: 2, name: 'eth0', mac, up: true, multicast: true, mtu: 1500, ...link };
  const announcer = new Announcer({
    name: 'VI_1',
    conf: () => ({ ...defaults, ...conf }),
    addresses: () => addresses,
    network: { link: (name: string) => (name === 'eth0' ? found : undefined) } as Network,
    sendFrame: (_index, frame) => {
      frames.push({ at: Date.now() - start, frame });
      return frame.length;
    },
    log: (_level, text) => lines.push(text),
  });
  return { announcer, frames, lines, times: () => frames.map((each) => each.at) };
}

let start = 0;
beforeEach(() => {
  vi.useFakeTimers();
  start = Date.now();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('announcer', () => {
  it('sends a set at once and one after garp_master_delay, address by address', () => {
    const { announcer, frames, lines, times } = announce({ masterRepeat: 2 }, [
      addressOf('10.0.0.1'),
      addressOf('10.0.0.2'),
    ]);
    announcer.begin();
    vi.advanceTimersByTime(60_000);
    expect(times()).toEqual([0, 0, 0, 0, 5000, 5000, 5000, 5000]);
    expect(frames.map(({ frame }) => frame[31])).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
    expect(lines[0]).toBe('(VI_1) Sending/queueing gratuitous ARPs on eth0 for 10.0.0.1');
    expect(lines).toContain('Sending gratuitous ARP on eth0 for 10.0.0.2');
  });

  it('refreshes as long as it is master', () => {
    const { announcer, times } = announce({
      masterRepeat: 1,
      masterDelayMs: 0,
      masterRefreshMs: 10_000,
      masterRefreshRepeat: 2,
    });
    announcer.begin();
    vi.advanceTimersByTime(25_000);
    announcer.end();
    vi.advanceTimersByTime(60_000);
    expect(times()).toEqual([0, 10_000, 10_000, 20_000, 20_000]);
  });

  it('drops what is planned when mastership ends', () => {
    const { announcer, times } = announce({ intervalUs: 500_000 });
    announcer.begin();
    vi.advanceTimersByTime(600);
    announcer.end();
    vi.advanceTimersByTime(60_000);
    expect(times()).toEqual([0, 500]);
  });

  it('spaces packets by garp_interval', () => {
    const { announcer, times } = announce({ intervalUs: 100_000, masterDelayMs: 0 });
    announcer.begin();
    vi.advanceTimersByTime(60_000);
    expect(times()).toEqual([0, 100, 200, 300, 400]);
  });

  it('answers a lower-priority master with a set now and one later, not with one for each of its adverts', () => {
    const { announcer, times } = announce({ masterDelayMs: 0, masterRepeat: 0, lowerPrioRepeat: 1 });
    announcer.begin();
    announcer.lowerPriorityHeard();
    vi.advanceTimersByTime(1000);
    announcer.lowerPriorityHeard();
    vi.advanceTimersByTime(60_000);
    expect(times()).toEqual([0, 1000, 5000]);
  });

  it('says nothing where there is nobody to tell', () => {
    for (const link of [{ mac: new Uint8Array(0) }, { mac: new Uint8Array(6) }, { name: 'gone' }]) {
      const { announcer, frames } = announce({}, [{ ...addressOf('10.0.0.1'), device: link.name ?? 'eth0' }], link);
      announcer.begin();
      expect(frames).toEqual([]);
      announcer.end();
    }
  });

  it('sends a neighbour advert with a right checksum for IPv6', () => {
    const { announcer, frames, lines } = announce({ masterRepeat: 1 }, [addressOf('2001:db8::5', 6)]);
    announcer.begin();
    const { frame } = frames[0]!;
    expect(Buffer.from(frame.subarray(0, 14)).toString('hex')).toBe('33330000000102000000000186dd');
    const message = frame.subarray(54);
    const pseudo = Uint8Array.of(0, 0, 0, message.length, 0, 0, 0, 58);
    expect(checksum([frame.subarray(22, 38), frame.subarray(38, 54), pseudo, message])).toBe(0);
    expect([message[0], message[4], frame[21]]).toEqual([136, 0x20, 255]);
    expect(lines).toContain('Sending unsolicited Neighbour Advert on eth0 for 2001:db8::5');
    announcer.end();
  });
});
