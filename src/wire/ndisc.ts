/**
 * Unsolicited neighbour advertisement (RFC 4861 sections 4.4 and 7.2.6): the IPv6 counterpart of gratuitous ARP.
 *
 * A whole Ethernet frame to all nodes (ff02::1), with the override flag, so that neighbours replace what they know.
 */
import { checksum } from './ipv4.ts';

const ETHERTYPE_IPV6 = 0x86dd;
const ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;
const OVERRIDE = 0x20;
const ROUTER = 0x80;
const MESSAGE_LENGTH = 32;

export function encodeNeighbourAdvert(mac: Uint8Array, address: Uint8Array, router: boolean): Uint8Array {
  const frame = new Uint8Array(14 + 40 + MESSAGE_LENGTH);
  const view = new DataView(frame.buffer);
  const allNodes = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
  frame.set([0x33, 0x33, 0, 0, 0, 1], 0);
  frame.set(mac, 6);
  view.setUint16(12, ETHERTYPE_IPV6);
  frame[14] = 0x60;
  view.setUint16(18, MESSAGE_LENGTH);
  frame[20] = ICMPV6;
  frame[21] = 255;
  frame.set(address, 22);
  frame.set(allNodes, 38);
  const message = frame.subarray(54);
  message[0] = NEIGHBOUR_ADVERTISEMENT;
  message[4] = OVERRIDE | (router ? ROUTER : 0);
  message.set(address, 8);
  message[24] = 2; // target link-layer address
  message[25] = 1; // in units of 8 bytes
  message.set(mac, 26);
  const tail = Uint8Array.of(0, 0, 0, MESSAGE_LENGTH, 0, 0, 0, ICMPV6);
  view.setUint16(56, checksum([address, allNodes, tail, message]));
  return frame;
}
