/**
 * Sends lines to the configuration's `log` targets: UDP, UNIX datagram, or a descriptor such as stdout.
 *
 * By system calls that never wait, so that an endless event loop may use it as well as a role on Node's own loop. It
 * never throws: a line that cannot be sent now is dropped and counted, as HAProxy does. Each thread has its own
 * sockets, one per address family, opened with the first line.
 *
 * Levels: a target takes lines down to its own `level`; more severe ones than its `minLevel` are lowered to that.
 */
import { isIP } from 'node:net';
import os from 'node:os';
import type { LogTarget } from '../config/haproxy.ts';
import { AF_INET, AF_INET6, AF_UNIX, encodeAddress, SOCKADDR_SIZE } from '../os/address.ts';
import { writeAt } from '../os/file.ts';
import { EBADF } from '../os/libc.ts';
import { allocate, type Region } from '../os/memory.ts';
import { MSG_DONTWAIT, MSG_NOSIGNAL, openSocket, SOCK_DGRAM, SOCK_NONBLOCK, sendtoAt } from '../os/socket.ts';
import { formatSyslog, LOG_DEBUG, LOG_EMERG, type SyslogOrigin } from '../wire/syslog.ts';

/** Longest datagram: the greatest `len` that HAProxy takes, and a line feed. */
const LINE_ROOM = 65536;

interface Scratch {
  readonly region: Region;
  readonly line: Buffer;
}

let scratch: Scratch | undefined;

function lineScratch(): Scratch {
  if (!scratch) {
    const region = allocate(LINE_ROOM);
    scratch = { region, line: Buffer.from(region.buffer, 0, LINE_ROOM) };
  }
  return scratch;
}

/** Open sockets of this thread by address family; shared by all senders. */
const sockets = new Map<number, number>();

function socketOf(family: number): number {
  const known = sockets.get(family);
  if (known !== undefined) return known;
  const fd = openSocket(family, SOCK_DGRAM | SOCK_NONBLOCK);
  // When descriptors have run out, the next line tries again.
  if (fd >= 0) sockets.set(family, fd);
  return fd;
}

/** A target with its address in memory that the kernel may read. */
interface Receiver {
  readonly target: LogTarget;
  readonly family: number;
  readonly fd: number;
  readonly address: Region | null;
  readonly addressLength: number;
}

/** A host name that nobody looked up (log-lookup.ts does): writing to descriptor -1 fails, and the line counts as dropped. */
const UNREACHABLE = { family: 0, fd: -1, address: null, addressLength: 0 };

function prepareReceiver(target: LogTarget): Receiver {
  const { address } = target;
  if (address.kind === 'fd') return { target, family: 0, fd: address.fd, address: null, addressLength: 0 };
  if (address.kind === 'udp' && isIP(address.host) === 0) return { ...UNREACHABLE, target };
  const encoded =
    address.kind === 'unix'
      ? encodeAddress({ family: 'unix', path: address.path })
      : encodeAddress({ family: address.family, host: address.host, port: address.port });
  const region = allocate(SOCKADDR_SIZE);
  region.bytes.set(encoded);
  const family = address.kind === 'unix' ? AF_UNIX : address.family === 4 ? AF_INET : AF_INET6;
  return { target, family, fd: -1, address: region, addressLength: encoded.length };
}

/** Receivers by target: targets are few and live as long as the process, whatever is reloaded in other threads. */
const receivers = new Map<string, Receiver>();

function receiverOf(target: LogTarget): Receiver {
  const key = JSON.stringify(target);
  let receiver = receivers.get(key);
  if (!receiver) {
    receiver = prepareReceiver(target);
    receivers.set(key, receiver);
  }
  return receiver;
}

export class SyslogSender {
  /** Lines that could not be sent, over all targets. */
  dropped = 0;
  /** No target takes a line less severe than this: callers may spare themselves the building of it. */
  readonly mostVerbose: number;
  private readonly receivers: readonly Receiver[];
  private readonly origin: SyslogOrigin;

  constructor(targets: readonly LogTarget[], origin: SyslogOrigin) {
    this.receivers = targets.map(receiverOf);
    this.origin = origin;
    this.mostVerbose = targets.reduce((most, target) => Math.max(most, target.level), -1);
  }

  /** Sends to every target whose level allows it. `atMs` may carry a fraction. */
  send(level: number, text: string, atMs = Date.now()): void {
    if (level > this.mostVerbose) return;
    const bounded = Math.min(LOG_DEBUG, Math.max(LOG_EMERG, level));
    for (const receiver of this.receivers) {
      const { target } = receiver;
      if (bounded > target.level) continue;
      const shown = Math.max(bounded, target.minLevel);
      const line = formatSyslog(target.format, target.facility, shown, this.origin, atMs, text, target.len);
      if (!deliver(receiver, line)) this.dropped++;
    }
  }
}

function deliver(receiver: Receiver, line: string): boolean {
  const { region, line: bytes } = lineScratch();
  const length = bytes.write(line, 0, NEEDS_UTF8.test(line) ? 'utf8' : 'latin1');
  if (!receiver.address) return writeAt(receiver.fd, region.address, length) === length;
  const fd = socketOf(receiver.family);
  if (fd < 0) return false;
  const { address, addressLength } = receiver;
  const sent = sendtoAt(fd, region.address, length, MSG_DONTWAIT | MSG_NOSIGNAL, address.address, addressLength);
  if (sent === -EBADF) sockets.delete(receiver.family);
  return sent === length;
}

/** Lines are Latin-1, byte by byte, unless a name in them is not. */
const NEEDS_UTF8 = /[^\x00-\xff]/;

/** Tag and host name of lines as the configuration wants them; HAProxy's default tag is the program's name. */
export function syslogOrigin(tag: string | null, sendHostname: string | null): SyslogOrigin {
  return {
    hostname: sendHostname === '' ? os.hostname() : sendHostname,
    tag: tag ?? 'haproxy',
    pid: process.pid,
  };
}
