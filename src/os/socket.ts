/**
 * Sockets by system call: everything returns `>= 0` or `-errno` (see libc.ts).
 *
 * Two kinds of caller: configuration-time code (core, vrrp) hands addresses and options as JavaScript values; the data
 * plane hands addresses of its own `Region`s and keeps the lengths right itself, because a copy per call would cost
 * more than the call.
 */
import { decodeAddress, encodeAddress, SOCKADDR_SIZE, type SocketAddress } from './address.ts';
import { declare, result } from './libc.ts';
import { allocate } from './memory.ts';

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_KEEPALIVE = 9;
export const SO_LINGER = 13;
export const SO_REUSEPORT = 15;
export const SO_BINDTODEVICE = 25;
export const SO_ACCEPTCONN = 30;
export const SOL_IP = 0;
export const IP_TRANSPARENT = 19;
export const IP_FREEBIND = 15;
export const IP_BIND_ADDRESS_NO_PORT = 24;
export const SOL_TCP = 6;
export const TCP_NODELAY = 1;
export const TCP_MAXSEG = 2;
export const TCP_QUICKACK = 12;
export const TCP_DEFER_ACCEPT = 9;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const TCP_KEEPCNT = 6;
export const TCP_USER_TIMEOUT = 18;
export const TCP_FASTOPEN_CONNECT = 30;
export const TCP_FASTOPEN = 23;
export const SOL_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const IPV6_TRANSPARENT = 75;

export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_MORE = 0x8000;
export const MSG_PEEK = 2;

export const SHUT_RD = 0;
export const SHUT_WR = 1;

const socketCall = declare('int socket(int, int, int)');
const bindCall = declare('int bind(int, intptr_t, int)');
const listenCall = declare('int listen(int, int)');
const acceptCall = declare('int accept4(int, intptr_t, intptr_t, int)');
const connectCall = declare('int connect(int, intptr_t, int)');
// Read as int: one call never moves 2 GiB, and koffi hands a 64-bit result over more slowly.
const recvCall = declare('int recv(int, intptr_t, size_t, int)');
const sendCall = declare('int send(int, intptr_t, size_t, int)');
const sendtoCall = declare('int sendto(int, intptr_t, size_t, int, intptr_t, int)');
const shutdownCall = declare('int shutdown(int, int)');
const closeCall = declare('int close(int)');
const setsockoptCall = declare('int setsockopt(int, int, int, intptr_t, int)');
const getsockoptCall = declare('int getsockopt(int, int, int, intptr_t, intptr_t)');
const getsocknameCall = declare('int getsockname(int, intptr_t, intptr_t)');
const getpeernameCall = declare('int getpeername(int, intptr_t, intptr_t)');

/** One scratch page a thread: an address, its length, and an option value. Never kept over a call. */
const scratch = allocate(4096);
const LENGTH_AT = SOCKADDR_SIZE;
const OPTION_AT = SOCKADDR_SIZE + 16;
const OPTION_ROOM = 4096 - OPTION_AT;

/** `type` may carry SOCK_NONBLOCK; close-on-exec is always set. */
export function openSocket(family: number, type: number, protocol = 0): number {
  return result(socketCall(family, type | SOCK_CLOEXEC, protocol));
}

export function bindSocket(fd: number, address: SocketAddress): number {
  return result(bindCall(fd, scratch.address, putAddress(encodeAddress(address))));
}

export function listenOn(fd: number, backlog: number): number {
  return result(listenCall(fd, backlog));
}

/** Connects to an address given as a value (configuration-time callers). */
export function connectSocket(fd: number, address: SocketAddress): number {
  return result(connectCall(fd, scratch.address, putAddress(encodeAddress(address))));
}

/** Connects to an encoded address (data plane). */
export function connectEncoded(fd: number, address: Uint8Array): number {
  const { bytes } = scratch;
  for (let i = 0; i < address.length; i++) bytes[i] = address[i]!;
  return result(connectCall(fd, scratch.address, address.length));
}

/** Connects to an encoded address in a region (data plane). */
export function connectAt(fd: number, address: number, length: number): number {
  return result(connectCall(fd, address, length));
}

/** Accepts a non-blocking, close-on-exec connection; the peer's address goes to `address`/`lengthAddress` or 0, 0. */
export function acceptAt(fd: number, address: number, lengthAddress: number): number {
  return result(acceptCall(fd, address, lengthAddress, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

export function recvAt(fd: number, address: number, length: number, flags: number): number {
  return result(recvCall(fd, address, length, flags));
}

export function sendAt(fd: number, address: number, length: number, flags: number): number {
  return result(sendCall(fd, address, length, flags));
}

export function sendtoAt(
  fd: number,
  address: number,
  length: number,
  flags: number,
  to: number,
  toLength: number,
): number {
  return result(sendtoCall(fd, address, length, flags, to, toLength));
}

export function shutdownSocket(fd: number, how: number): number {
  return result(shutdownCall(fd, how));
}

export function closeFd(fd: number): number {
  return result(closeCall(fd));
}

export function setOption(fd: number, level: number, name: number, value: number): number {
  scratch.view.setInt32(OPTION_AT, value, true);
  return result(setsockoptCall(fd, level, name, scratch.address + OPTION_AT, 4));
}

export function setOptionBytes(fd: number, level: number, name: number, value: Uint8Array): number {
  if (value.length > OPTION_ROOM) throw new RangeError('socket option too long');
  scratch.bytes.set(value, OPTION_AT);
  return result(setsockoptCall(fd, level, name, scratch.address + OPTION_AT, value.length));
}

/** The integer value of an option, or `-errno`. SO_ERROR gives the pending error as a positive errno. */
export function getOption(fd: number, level: number, name: number): number {
  scratch.view.setInt32(LENGTH_AT, 4, true);
  const done = result(getsockoptCall(fd, level, name, scratch.address + OPTION_AT, scratch.address + LENGTH_AT));
  return done < 0 ? done : scratch.view.getInt32(OPTION_AT, true);
}

/** The socket's own address, or `-errno`. */
export function localAddress(fd: number): SocketAddress | number {
  return readAddress(getsocknameCall, fd);
}

/** The other side's address, or `-errno`. */
export function peerAddress(fd: number): SocketAddress | number {
  return readAddress(getpeernameCall, fd);
}

/** With on = true, close() resets the connection instead of a FIN (SO_LINGER with time 0). */
export function setReset(fd: number, on: boolean): number {
  scratch.view.setInt32(OPTION_AT, on ? 1 : 0, true);
  scratch.view.setInt32(OPTION_AT + 4, 0, true);
  return result(setsockoptCall(fd, SOL_SOCKET, SO_LINGER, scratch.address + OPTION_AT, 8));
}

function putAddress(bytes: Uint8Array): number {
  scratch.bytes.set(bytes, 0);
  return bytes.length;
}

function readAddress(
  call: (fd: number, address: number, length: number) => number,
  fd: number,
): SocketAddress | number {
  scratch.view.setInt32(LENGTH_AT, SOCKADDR_SIZE, true);
  const done = result(call(fd, scratch.address, scratch.address + LENGTH_AT));
  return done < 0
    ? done
    : decodeAddress(scratch.bytes, Math.min(SOCKADDR_SIZE, scratch.view.getInt32(LENGTH_AT, true)));
}
