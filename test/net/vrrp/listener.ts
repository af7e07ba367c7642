/** tcpdump on a host: the adverts and gratuitous ARP frames that it hears, as bytes. */
import type { Host, HostProcess } from '../lib/namespaces.ts';
import { waitUntil } from '../lib/wait.ts';

export interface HeardAdvert {
  readonly atMs: number;
  readonly source: string;
  readonly priority: number;
  /** The IP packet. */
  readonly hex: string;
}

export interface Listener {
  readonly process: HostProcess;
  readonly adverts: () => HeardAdvert[];
  /** Gratuitous ARP frames without the Ethernet header. */
  readonly arps: () => string[];
}

/** tcpdump on a third host. */
export async function listen(host: Host): Promise<Listener> {
  const process_ = await host.spawn('tcpdump', [
    '-l',
    '-n',
    '-tt',
    '-x',
    '--immediate-mode',
    '-i',
    'eth1',
    'ip proto 112 or arp',
  ]);
  await waitUntil('tcpdump to listen', () => process_.output().includes('listening on'));
  const packets = (): { head: string; hex: string }[] => {
    const found: { head: string; hex: string }[] = [];
    for (const line of process_.output().split('\n')) {
      const bytes = /^\s+0x[0-9a-f]+:\s+([0-9a-f ]+)/.exec(line);
      if (/^\d+\.\d+ /.test(line)) found.push({ head: line, hex: '' });
      else if (bytes && found.length > 0) found.at(-1)!.hex += bytes[1]!.replaceAll(' ', '').trim();
    }
    return found;
  };
  return {
    process: process_,
    adverts: () => {
      return packets().flatMap(({ head, hex }) => {
        const match = /^([\d.]+) IP ([\d.]+) > 224\.0\.0\.18: VRRPv\d, Advertisement, vrid 51, prio (\d+)/.exec(head);
        return match ? [{ atMs: Number(match[1]) * 1000, source: match[2]!, priority: Number(match[3]), hex }] : [];
      });
    },
    arps: () => {
      const gratuitous = packets().filter(({ head }) => /ARP, Request who-has (\S+) \(ff:.*tell \1,/.test(head));
      return gratuitous.map(({ hex }) => hex.slice(0, 56));
    },
  };
}
