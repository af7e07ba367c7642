/**
 * Descriptors that travel over a UNIX socket (SCM_RIGHTS, unix(7)), and pairs of connected sockets. Layouts are those of
 * 64-bit Linux. The page below is used within one call and never kept.
 *
 *     struct msghdr   name, its length, iovec, its count, control, its length, flags
 *     struct cmsghdr  length, level, type, then the descriptor
 */
import { AF_UNIX } from './address.ts';
import { setNonBlocking } from './file.ts';
import { declare, ENOTCONN, result } from './libc.ts';
import { allocate } from './memory.ts';
import { closeFd, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET } from './socket.ts';

const pairCall = declare('int socketpair(int, int, int, intptr_t)');
const sendmsgCall = declare('int sendmsg(int, intptr_t, int)');
const recvmsgCall = declare('int recvmsg(int, intptr_t, int)');

const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x40000000;

const MSGHDR_AT = 0;
const MSGHDR_SIZE = 56;
const IOVEC_AT = 64;
const CONTROL_AT = 128;
const DATA_AT = 256;
const PAIR_AT = 384;
/** A header and one descriptor: what else comes along is dropped by the kernel. */
const CONTROL_LENGTH = 20;
/** HAProxy sends two bytes with a descriptor. */
const DATA_LENGTH = 2;

const page = allocate(4096);

/** Makes two connected sockets that do not wait: their descriptors, or `-errno`. */
export function openSocketPair(): readonly [number, number] | number {
  const done = result(pairCall(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, page.address + PAIR_AT));
  if (done < 0) return done;
  return [page.view.getInt32(PAIR_AT, true), page.view.getInt32(PAIR_AT + 4, true)];
}

/** Passes a descriptor over a socket; it stays open here. 0 or `-errno`. */
export function sendDescriptor(channel: number, fd: number): number {
  prepare();
  const { view } = page;
  view.setBigUint64(CONTROL_AT, BigInt(CONTROL_LENGTH), true);
  view.setInt32(CONTROL_AT + 8, SOL_SOCKET, true);
  view.setInt32(CONTROL_AT + 12, SCM_RIGHTS, true);
  view.setInt32(CONTROL_AT + 16, fd, true);
  const sent = result(sendmsgCall(channel, page.address + MSGHDR_AT, MSG_DONTWAIT | MSG_NOSIGNAL));
  return Math.min(sent, 0);
}

/** Without a descriptor; there may be others behind it. */
export const NOTHING_PASSED = -4097;

/** The next descriptor that comes over a socket; NOTHING_PASSED, -EAGAIN, -ENOTCONN at the end, or another `-errno`. */
export function receiveDescriptor(channel: number): number {
  prepare();
  const { view } = page;
  view.setInt32(CONTROL_AT + 16, -1, true);
  const received = result(recvmsgCall(channel, page.address + MSGHDR_AT, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (received === 0) return -ENOTCONN;
  if (received < 0) return received;
  const isPassed =
    Number(view.getBigUint64(MSGHDR_AT + 40, true)) >= CONTROL_LENGTH &&
    view.getInt32(CONTROL_AT + 8, true) === SOL_SOCKET &&
    view.getInt32(CONTROL_AT + 12, true) === SCM_RIGHTS;
  const fd = isPassed ? view.getInt32(CONTROL_AT + 16, true) : -1;
  if (fd < 0) return NOTHING_PASSED;
  if (setNonBlocking(fd) >= 0) return fd;
  closeFd(fd);
  return NOTHING_PASSED;
}

function prepare(): void {
  const { view, bytes } = page;
  bytes.fill(0, MSGHDR_AT, MSGHDR_AT + MSGHDR_SIZE);
  bytes.fill(0, DATA_AT, DATA_AT + DATA_LENGTH);
  view.setBigUint64(IOVEC_AT, BigInt(page.address + DATA_AT), true);
  view.setBigUint64(IOVEC_AT + 8, BigInt(DATA_LENGTH), true);
  view.setBigUint64(MSGHDR_AT + 16, BigInt(page.address + IOVEC_AT), true);
  view.setBigUint64(MSGHDR_AT + 24, 1n, true);
  view.setBigUint64(MSGHDR_AT + 32, BigInt(page.address + CONTROL_AT), true);
  view.setBigUint64(MSGHDR_AT + 40, BigInt(CONTROL_LENGTH), true);
}
