/**
 * Memory whose address may be given to the kernel.
 *
 * A plain Buffer can be freed or moved while only its address is held. A `Region` is mapped with mmap, has views on
 * it, and lives until the process ends or `release` is called: its owner is whoever allocated it. Regions are for
 * long-lived scratch space, event arrays and buffer pools, not for one message.
 */
import koffi from 'koffi';
import { declare } from './libc.ts';

const mmapCall = declare('void* mmap(intptr_t, size_t, int, int, int, int64)');
const memcpyCall = declare('void* memcpy(intptr_t, intptr_t, size_t)');
const munmapCall = declare('int munmap(intptr_t, size_t)');

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
/** x86-64: below 2 GiB, where an address is a small integer to V8 and costs no allocation to hand over. */
const MAP_32BIT = process.arch === 'x64' ? 0x40 : 0;

export interface Region {
  /** Address as a number: exact below 2^53, which covers user space on every 64-bit Linux. */
  readonly address: number;
  readonly length: number;
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Maps `length` zeroed bytes. Throws when the machine has no memory: nobody can go on from that. */
export function allocate(length: number): Region {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  return tryMap(length, flags | MAP_32BIT, -1, 0) ?? map(length, flags, -1, 0);
}

/** Maps a memfd (or any file) shared: several threads and processes see the same bytes. `offset`: whole pages. */
export function mapShared(fd: number, length: number, offset = 0): Region {
  return map(length, MAP_SHARED, fd, offset);
}

/** Copies between two mappings that do not overlap, by their addresses. */
export function copyMemory(to: number, from: number, length: number): void {
  memcpyCall(to, from, length);
}

export function release(region: Region): void {
  munmapCall(region.address, region.length);
}

function map(length: number, flags: number, fd: number, offset: number): Region {
  const region = tryMap(length, flags, fd, offset);
  if (region === null) throw new Error(`mmap of ${length} bytes failed: errno ${koffi.errno()}`);
  return region;
}

function tryMap(length: number, flags: number, fd: number, offset: number): Region | null {
  const pointer = mmapCall(0, length, PROT_READ_WRITE, flags, fd, offset) as unknown;
  const address = Number(koffi.address(pointer as never));
  if (address === -1 || address > Number.MAX_SAFE_INTEGER) return null;
  const buffer = koffi.view(pointer as never, length);
  return { address, length, buffer, bytes: new Uint8Array(buffer), view: new DataView(buffer) };
}
