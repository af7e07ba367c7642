/** Where an outgoing connection comes from: what is done to a socket between its making and connect(2). */
import { AF_INET } from './address.ts';
import {
  bindSocket,
  IP_BIND_ADDRESS_NO_PORT,
  SO_BINDTODEVICE,
  SO_REUSEADDR,
  SOL_IP,
  SOL_SOCKET,
  setOption,
  setOptionBytes,
} from './socket.ts';

/** The kernel is to choose a port, if none is given, only when the socket connects. */
export function choosePortLate(fd: number): void {
  setOption(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
}

/** Binds to an address of the machine. 0 or `-errno`. */
export function bindOutgoing(fd: number, family: number, host: string, port: number): number {
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  return bindSocket(fd, { family: family === AF_INET ? 4 : 6, host, port });
}

/** 0 or `-errno`. Needs the right to. */
export function bindToDevice(fd: number, name: string): number {
  return setOptionBytes(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${name}\0`));
}
