/**
 * Where finished log lines go: datagram sockets (UDP, UNIX), descriptors such as stdout, rings. By system calls that
 * never wait, so that an endless event loop may use them. Each thread has its own; a line that cannot be taken now is
 * refused, and the caller counts it.
 */
import { constants, fstatSync, openSync } from 'node:fs';
import { isIP } from 'node:net';
import type { LogAddress } from '../config/haproxy.ts';
import type { LogHeader } from '../config/logging.ts';
import { AF_INET, AF_INET6, AF_UNIX, encodeAddress, SOCKADDR_SIZE, type SocketAddress } from '../os/address.ts';
import { setNonBlocking, writeAt } from '../os/file.ts';
import { EAGAIN, EBADF, ECONNREFUSED } from '../os/libc.ts';
import { allocate, type Region } from '../os/memory.ts';
import {
  closeFd,
  connectSocket,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  openSocket,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  sendAt,
  sendtoAt,
} from '../os/socket.ts';
import { LineText } from '../wire/line-text.ts';
import type { LineWriter } from './line-queue.ts';

export interface Outlet {
  /**
   * The line lies in the thread's scratch memory, from `start` on, its text behind the header from `textAt` on; false: it was
   * not taken.
   */
  deliver(line: Scratch, start: number, length: number, textAt: number): boolean;
  /** Of a ring: how its lines look, whatever the `log` line says. */
  readonly shape: RingShape | null;
}

export interface RingShape {
  readonly format: LogHeader;
  /** Longest line with its header. */
  readonly maxlen: number;
}

/** Where a thread makes its lines: text with room for a header before it and a line feed behind, and whole lines. */
export interface Scratch {
  readonly region: Region;
  readonly line: Buffer;
  readonly text: LineText;
  /** Where a whole line has room. */
  readonly wholeAt: number;
}

/** Longest datagram: the greatest `len` that HAProxy takes, and a line feed. */
const LINE_ROOM = 65536;
/** Headers that are longer go with whole lines. */
export const HEAD_ROOM = 512;
const TEXT_END = HEAD_ROOM + LINE_ROOM;
const WHOLE_AT = TEXT_END + 1;
const SCRATCH_SIZE = WHOLE_AT + LINE_ROOM;

let scratch: Scratch | undefined;

export function lineScratch(): Scratch {
  if (!scratch) {
    const region = allocate(SCRATCH_SIZE);
    const text = new LineText(region.bytes, HEAD_ROOM, TEXT_END);
    scratch = { region, line: Buffer.from(region.buffer, 0, SCRATCH_SIZE), text, wholeAt: WHOLE_AT };
  }
  return scratch;
}

/** Outlets by address: they are few and live as long as the process, whatever is reloaded in other threads. */
const outlets = new Map<string, Outlet>();

export function outletOf(address: LogAddress): Outlet {
  const key = address.kind === 'fd' ? descriptorKey(address.fd) : JSON.stringify(address);
  let outlet = outlets.get(key);
  if (!outlet) {
    outlet = makeOutlet(address);
    outlets.set(key, outlet);
  }
  return outlet;
}

function makeOutlet(address: LogAddress): Outlet {
  switch (address.kind) {
    case 'fd':
      return openDescriptor(address.fd);
    // Those that this thread knows were attached.
    case 'ring':
    case 'backend':
      return nowhere;
    case 'unix':
      return new DatagramOutlet(AF_UNIX, encodeAddress({ family: 'unix', path: address.path }));
    case 'udp': {
      const { family, host, port } = address;
      // A name that nobody looked up (log-lookup.ts does).
      if (isIP(host) === 0) return nowhere;
      const outlet = new DatagramOutlet(family === 4 ? AF_INET : AF_INET6, encodeAddress({ family, host, port }));
      return isLoopback(host) ? new ConnectedOutlet(address, outlet) : outlet;
    }
  }
}

const nowhere: Outlet = { shape: null, deliver: () => false };

// ---- datagrams -------------------------------------------------------------------------------------------------------

/** Open sockets of this thread by address family; shared by all targets. */
const sockets = new Map<number, number>();

function socketOf(family: number): number {
  const known = sockets.get(family);
  if (known !== undefined) return known;
  const fd = openSocket(family, SOCK_DGRAM | SOCK_NONBLOCK);
  // When descriptors have run out, the next line tries again.
  if (fd >= 0) sockets.set(family, fd);
  return fd;
}

/** Every line names its receiver, so that one that was started anew on the same path is found again. */
class DatagramOutlet implements Outlet {
  readonly shape = null;
  private readonly family: number;
  private readonly address: Region = allocate(SOCKADDR_SIZE);
  private readonly addressLength: number;

  constructor(family: number, encoded: Uint8Array) {
    this.family = family;
    this.address.bytes.set(encoded);
    this.addressLength = encoded.length;
  }

  deliver({ region }: Scratch, start: number, length: number): boolean {
    const fd = socketOf(this.family);
    if (fd < 0) return false;
    const { address } = this.address;
    const sent = sendtoAt(fd, region.address + start, length, MSG_DONTWAIT | MSG_NOSIGNAL, address, this.addressLength);
    if (sent === -EBADF) sockets.delete(this.family);
    return sent === length;
  }
}

/**
 * A receiver on this machine: connected once, so that the kernel does not look for the way with every line. Others stay
 * unconnected, since the address that they are sent from would stay the first one while addresses come and go here.
 */
class ConnectedOutlet implements Outlet {
  readonly shape = null;
  private readonly address: SocketAddress;
  /** When there is no connection, or it fails. */
  private readonly unconnected: Outlet;
  private fd = -1;

  constructor(address: SocketAddress, unconnected: Outlet) {
    this.address = address;
    this.unconnected = unconnected;
  }

  deliver(scratch: Scratch, start: number, length: number): boolean {
    if (this.fd < 0 && !this.connect()) return this.unconnected.deliver(scratch, start, length, start);
    const sent = sendAt(this.fd, scratch.region.address + start, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent === length) return true;
    if (sent === -EAGAIN) return false;
    // Somebody tells that an earlier line found no receiver, which is no reason to lose this one; or the descriptor fails.
    if (sent !== -ECONNREFUSED) this.disconnect(sent);
    return this.unconnected.deliver(scratch, start, length, start);
  }

  private connect(): boolean {
    const fd = openSocket(this.address.family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK);
    if (fd < 0) return false;
    if (connectSocket(fd, this.address) < 0) {
      closeFd(fd);
      return false;
    }
    this.fd = fd;
    return true;
  }

  private disconnect(error: number): void {
    if (error !== -EBADF) closeFd(this.fd);
    this.fd = -1;
  }
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

// ---- descriptors -----------------------------------------------------------------------------------------------------

/**
 * A pipe or terminal whose reader has stopped must not stop the loop. It is opened once more, as a description of our
 * own that does not wait, so that others who share the descriptor keep theirs; where that cannot be, the shared one is
 * set not to wait, as HAProxy does. Files never make anybody wait.
 */
function openDescriptor(fd: number): Outlet {
  const kind = kindOf(fd);
  if (kind === 'socket') return new DescriptorOutlet(fd, true);
  if (kind === 'file') return new DescriptorOutlet(fd, false);
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY, O_APPEND } = constants;
    return new DescriptorOutlet(openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_APPEND), false);
  } catch {
    setNonBlocking(fd);
    return new DescriptorOutlet(fd, false);
  }
}

/** A number may stand for something else by now. */
function descriptorKey(fd: number): string {
  try {
    const { dev, ino, mode } = fstatSync(fd);
    return `fd ${fd} ${dev} ${ino} ${mode}`;
  } catch {
    return `fd ${fd}`;
  }
}

function kindOf(fd: number): 'socket' | 'file' | 'stream' {
  try {
    const found = fstatSync(fd);
    return found.isSocket() ? 'socket' : found.isFile() ? 'file' : 'stream';
  } catch {
    return 'file';
  }
}

class DescriptorOutlet implements Outlet {
  readonly shape = null;
  private readonly fd: number;
  private readonly isSocket: boolean;
  /** What a line that was taken in part still has to say: lines must not run into each other. */
  private readonly rest: Region = allocate(LINE_ROOM);
  private restLength = 0;

  constructor(fd: number, isSocket: boolean) {
    this.fd = fd;
    this.isSocket = isSocket;
  }

  deliver({ region, line }: Scratch, start: number, length: number): boolean {
    if (!this.finishRest()) return false;
    const written = this.write(region.address + start, length);
    if (written <= 0) return false;
    if (written < length) {
      this.rest.bytes.set(line.subarray(start + written, start + length));
      this.restLength = length - written;
    }
    return true;
  }

  private finishRest(): boolean {
    if (this.restLength === 0) return true;
    const written = this.write(this.rest.address, this.restLength);
    if (written <= 0) return false;
    this.rest.bytes.copyWithin(0, written, this.restLength);
    this.restLength -= written;
    return this.restLength === 0;
  }

  private write(address: number, length: number): number {
    if (this.isSocket) return sendAt(this.fd, address, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return writeAt(this.fd, address, length);
  }
}

// ---- rings and backends ----------------------------------------------------------------------------------------------

/** Makes a ring known to this thread; lines to rings that are not are refused. */
export function attachRing(name: string, shape: RingShape, writer: LineWriter | null): void {
  attachOutlet(
    { kind: 'ring', name },
    {
      shape,
      deliver: ({ line }, start, length) =>
        writer === null || writer.write(line.subarray(start, start + length), length),
    },
  );
}

export function attachOutlet(address: LogAddress, outlet: Outlet): void {
  outlets.set(JSON.stringify(address), outlet);
}
