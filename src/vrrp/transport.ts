/**
 * Adverts in and out: one raw socket for each interface and group (keepalived's "sockpool"), shared by its instances.
 *
 * A received packet goes to the instance with its VRID; packets for nobody are dropped without a word, as are those
 * whose destination is not the channel's (a unicast packet on a multicast instance). What is wrong with the rest, the
 * instance's ladder finds out.
 */

import type { ProcessLog } from '../log/process-log.ts';
import { packInet4 } from '../os/address.ts';
import { errorText } from '../os/libc.ts';
import { openVrrpSocket4, receivePacket, sendPacket4 } from '../os/packet.ts';
import type { Poller } from '../os/poller.ts';
import { closeFd } from '../os/socket.ts';
import { decodeIpv4, IPV4_HEADER_LENGTH } from '../wire/ipv4.ts';
import { ADVERT_HEADER_LENGTH, type AdvertPacket, peekVrid } from '../wire/vrrp.ts';

/** Bounds one turn: a flood on the link must not keep the timers waiting. */
const PACKETS_PER_TURN = 64;

export interface ChannelOptions {
  readonly interfaceName: string;
  readonly interfaceIndex: number;
  /** Null: unicast. */
  readonly multicastGroup: string | null;
}

export interface Channel {
  readonly options: ChannelOptions;
  readonly fd: number;
  readonly subscribers: Map<number, (packet: AdvertPacket) => void>;
  /** Sends a whole IPv4 packet; `>= 0` or `-errno`. */
  readonly send: (packet: Uint8Array) => number;
  /** Handles what is already waiting: called before a timer is believed. */
  readonly drain: () => void;
  readonly close: () => void;
}

/** Undefined when the socket cannot be had; the log says why. */
export function openChannel(poller: Poller, options: ChannelOptions, log: ProcessLog): Channel | undefined {
  const fd = openVrrpSocket4(options);
  if (fd < 0) {
    log('error', `cant open raw socket on ${options.interfaceName}. errno=${-fd} (${errorText(fd)})`);
    return undefined;
  }
  const subscribers: Channel['subscribers'] = new Map();
  const group = options.multicastGroup === null ? null : packInet4(options.multicastGroup);
  const drain = (): void => {
    for (let i = 0; i < PACKETS_PER_TURN; i++) {
      const bytes = receivePacket(fd);
      if (typeof bytes === 'number') return;
      deliver(bytes, group, subscribers, log);
    }
  };
  poller.add(fd, drain);
  return {
    options,
    fd,
    subscribers,
    send: (packet) => sendPacket4(fd, packet),
    drain,
    close: () => {
      poller.remove(fd);
      closeFd(fd);
    },
  };
}

function deliver(
  bytes: Uint8Array,
  group: Uint8Array | null,
  subscribers: Channel['subscribers'],
  log: ProcessLog,
): void {
  const packet = decodeIpv4(bytes);
  const vrid = packet && peekVrid(packet.payload);
  if (!packet || vrid === undefined) {
    if (bytes.length < IPV4_HEADER_LENGTH + ADVERT_HEADER_LENGTH) {
      log('info', `IPv4 VRRP packet too short - ${bytes.length} bytes`);
    }
    return;
  }
  const multicast = packet.destination[0]! >> 4 === 14;
  if (multicast !== (group !== null) || (group && Buffer.compare(packet.destination, group) !== 0)) return;
  subscribers.get(vrid)?.(packet);
}
