/**
 * Network namespaces (network_namespaces(7), setns(2)): opened by the names that `ip netns` gives them. A thread enters
 * one, makes its sockets there, and goes back; what it has made stays where it was made.
 */
import { closeSync, openSync } from 'node:fs';
import { declare, result } from './libc.ts';

const CLONE_NEWNET = 0x40000000;
const FOLDER = '/var/run/netns';

const setnsCall = declare('int setns(int, int)');

/** A descriptor of the namespace, or null when there is none of this name. */
export function openNamespace(name: string): number | null {
  return openPath(`${FOLDER}/${name}`);
}

/** A descriptor of the namespace that this thread is in. */
export function openOwnNamespace(): number | null {
  return openPath('/proc/thread-self/ns/net');
}

function openPath(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch {
    return null;
  }
}

export function closeNamespace(fd: number): void {
  closeSync(fd);
}

/** Moves the calling thread; `-errno` without the right to. */
export function enterNamespace(fd: number): number {
  return result(setnsCall(fd, CLONE_NEWNET));
}

/** Makes something, mostly a socket, in another namespace, and comes back. `make` returns a descriptor or `-errno`. */
export function makeWithin(namespaceFd: number, homeFd: number, make: () => number): number {
  const entered = enterNamespace(namespaceFd);
  if (entered < 0) return entered;
  const made = make();
  const back = enterNamespace(homeFd);
  if (back < 0) throw new Error(`cannot go back to the own network namespace: errno ${-back}`);
  return made;
}
