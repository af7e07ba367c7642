/**
 * Gratuitous ARP (RFC 826, RFC 5227 section 3): tells every host of the link which interface now has an address.
 *
 * keepalived sends a request with its own address in both fields and the broadcast address as target hardware; so do
 * we, because switches and hosts of the field were tuned with that. A whole Ethernet frame, for an AF_PACKET socket.
 */

const ETHERTYPE_ARP = 0x0806;
const REQUEST = 1;
const ARP_FRAME_LENGTH = 42;

/** `mac` is the sending interface's 6 bytes, `address` the 4 bytes that are announced. */
export function encodeGratuitousArp(mac: Uint8Array, address: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ARP_FRAME_LENGTH);
  const view = new DataView(frame.buffer);
  frame.fill(0xff, 0, 6);
  frame.set(mac, 6);
  view.setUint16(12, ETHERTYPE_ARP);
  view.setUint16(14, 1); // Ethernet
  view.setUint16(16, 0x0800); // IPv4
  frame[18] = 6;
  frame[19] = 4;
  view.setUint16(20, REQUEST);
  frame.set(mac, 22);
  frame.set(address, 28);
  frame.fill(0xff, 32, 38);
  frame.set(address, 38);
  return frame;
}
