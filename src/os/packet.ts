/**
 * Raw sockets: VRRP's own IP protocol (raw(7), ip(7)) and whole Ethernet frames (packet(7)).
 *
 * A VRRP socket is bound to one interface, joined to the multicast group there, and does not hear itself. It receives
 * whole IPv4 packets and sends what the caller built, header included (IP_HDRINCL). Callers hold descriptors as
 * numbers; calls return `>= 0` or `-errno`.
 */
import { AF_INET, packInet4 } from './address.ts';
import { declare } from './libc.ts';
import { allocate } from './memory.ts';
import {
  closeFd,
  MSG_DONTWAIT,
  openSocket,
  recvAt,
  SO_BINDTODEVICE,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_IP,
  SOL_SOCKET,
  sendtoAt,
  setOption,
  setOptionBytes,
} from './socket.ts';

const AF_PACKET = 17;
const IP_HDRINCL = 3;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_LOOP = 34;
const IP_ADD_MEMBERSHIP = 35;
const IP_MULTICAST_ALL = 49;
const IPPROTO_VRRP = 112;

const nametoindexCall = declare('unsigned int if_nametoindex(const char*)');

/** The largest packet that is looked at; a VRRP advert has at most 20 + 8 + 255 * 4 + 8 bytes. */
const PACKET_ROOM = 4096;
const ADDRESS_AT = PACKET_ROOM;
const memory = allocate(PACKET_ROOM + 4096);

/** The kernel's number of an interface; 0 when there is none of that name. */
export function interfaceIndex(name: string): number {
  return nametoindexCall(name);
}

export interface VrrpSocketOptions {
  readonly interfaceName: string;
  readonly interfaceIndex: number;
  /** Null: unicast only. */
  readonly multicastGroup: string | null;
}

/** Opens, binds and joins; returns the descriptor or `-errno` of the step that failed. */
export function openVrrpSocket4(options: VrrpSocketOptions): number {
  const fd = openSocket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_VRRP);
  if (fd < 0) return fd;
  const steps = [
    () => setOptionBytes(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${options.interfaceName}\0`)),
    () => setOption(fd, SOL_IP, IP_HDRINCL, 1),
    () => setOption(fd, SOL_IP, IP_MULTICAST_ALL, 0),
    () => setOption(fd, SOL_IP, IP_MULTICAST_LOOP, 0),
    () => (options.multicastGroup === null ? 0 : joinGroup4(fd, options.multicastGroup, options.interfaceIndex)),
  ];
  for (const step of steps) {
    const done = step();
    if (done >= 0) continue;
    closeFd(fd);
    return done;
  }
  return fd;
}

/** `struct ip_mreqn`: group, local address (any), interface. */
function joinGroup4(fd: number, group: string, index: number): number {
  const request = new Uint8Array(12);
  request.set(packInet4(group), 0);
  new DataView(request.buffer).setInt32(8, index, true);
  const done = setOptionBytes(fd, SOL_IP, IP_MULTICAST_IF, request);
  return done < 0 ? done : setOptionBytes(fd, SOL_IP, IP_ADD_MEMBERSHIP, request);
}

/** One waiting packet (a copy), or `-errno`. */
export function receivePacket(fd: number): Uint8Array | number {
  const length = recvAt(fd, memory.address, PACKET_ROOM, MSG_DONTWAIT);
  return length < 0 ? length : memory.bytes.slice(0, length);
}

/** Sends a whole IPv4 packet to the destination in its header. */
export function sendPacket4(fd: number, packet: Uint8Array): number {
  memory.bytes.set(packet, 0);
  memory.bytes.fill(0, ADDRESS_AT, ADDRESS_AT + 16);
  memory.view.setUint16(ADDRESS_AT, AF_INET, true);
  memory.bytes.set(packet.subarray(16, 20), ADDRESS_AT + 4);
  return sendtoAt(fd, memory.address, packet.length, MSG_DONTWAIT, memory.address + ADDRESS_AT, 16);
}

/** A socket that only sends frames (protocol 0: it receives nothing). */
export function openFrameSocket(): number {
  return openSocket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
}

/** Sends a whole Ethernet frame by an interface: `struct sockaddr_ll` names it. */
export function sendFrame(fd: number, index: number, frame: Uint8Array): number {
  memory.bytes.set(frame, 0);
  memory.bytes.fill(0, ADDRESS_AT, ADDRESS_AT + 20);
  memory.view.setUint16(ADDRESS_AT, AF_PACKET, true);
  memory.bytes.set(frame.subarray(12, 14), ADDRESS_AT + 2);
  memory.view.setInt32(ADDRESS_AT + 4, index, true);
  memory.bytes[ADDRESS_AT + 11] = 6;
  memory.bytes.set(frame.subarray(0, 6), ADDRESS_AT + 12);
  return sendtoAt(fd, memory.address, frame.length, MSG_DONTWAIT, memory.address + ADDRESS_AT, 20);
}
