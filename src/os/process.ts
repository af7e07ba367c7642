/**
 * What concerns the process as a whole: descriptor limits, replacing a descriptor, and a datagram to the service
 * manager. See getrlimit(2), dup2(2), unix(7).
 */
import { AF_UNIX, encodeAddress } from './address.ts';
import { declare, result } from './libc.ts';
import { allocate } from './memory.ts';
import { closeFd, MSG_NOSIGNAL, openSocket, SOCK_DGRAM, sendtoAt } from './socket.ts';

const getrlimitCall = declare('int getrlimit(int, intptr_t)');
const setrlimitCall = declare('int setrlimit(int, intptr_t)');
const dup2Call = declare('int dup2(int, int)');

const RLIMIT_NOFILE = 7;

/** An address in the first half, a message in the second. Never kept over a call. */
const scratch = allocate(4096);
const MESSAGE_AT = 2048;

export interface FdLimit {
  readonly soft: number;
  readonly hard: number;
}

/** How many descriptors this process may open; an unlimited one reads as 2^53-1. */
export function readFdLimit(): FdLimit {
  getrlimitCall(RLIMIT_NOFILE, scratch.address);
  const at = (offset: number) => Number(clampToSafe(scratch.view.getBigUint64(offset, true)));
  return { soft: at(0), hard: at(8) };
}

function clampToSafe(value: bigint): bigint {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return value > most ? most : value;
}

/** Returns 0 or `-errno`: raising the hard limit needs CAP_SYS_RESOURCE. */
export function writeFdLimit(limit: FdLimit): number {
  scratch.view.setBigUint64(0, BigInt(limit.soft), true);
  scratch.view.setBigUint64(8, BigInt(limit.hard), true);
  return result(setrlimitCall(RLIMIT_NOFILE, scratch.address));
}

/** Makes `to` another name of `from`, closing what `to` was. */
export function duplicateOnto(from: number, to: number): number {
  return result(dup2Call(from, to));
}

/** Sends one datagram to a UNIX socket; a leading "@" names an abstract one. Returns the length or `-errno`. */
export function sendUnixDatagram(path: string, text: string): number {
  const message = Buffer.from(text);
  if (message.length > MESSAGE_AT) throw new RangeError('datagram too long');
  const address = encodeAddress({ family: 'unix', path: path.replace(/^@/, '\0') });
  const fd = openSocket(AF_UNIX, SOCK_DGRAM);
  if (fd < 0) return fd;
  scratch.bytes.set(address, 0);
  scratch.bytes.set(message, MESSAGE_AT);
  const sent = sendtoAt(
    fd,
    scratch.address + MESSAGE_AT,
    message.length,
    MSG_NOSIGNAL,
    scratch.address,
    address.length,
  );
  closeFd(fd);
  return sent;
}
