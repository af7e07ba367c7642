/**
 * The socket of a check: from the server's `source`, in its namespace, to its address or to the SOCKS4 proxy before it.
 * `usesrc` is for sessions: checks have no client whose address they could carry.
 */
import { connect, isIP, Socket } from 'node:net';
import type { ServerLink } from '../config/server-link.ts';
import { AF_INET, AF_INET6 } from '../os/address.ts';
import { ENOENT, errorText } from '../os/libc.ts';
import { makeWithin, openNamespace, openOwnNamespace } from '../os/namespace.ts';
import { bindOutgoing, bindToDevice, choosePortLate } from '../os/outgoing.ts';
import { closeFd, openSocket, SOCK_NONBLOCK, SOCK_STREAM } from '../os/socket.ts';
import type { Destination } from './verdict.ts';

/** Ports of a range that are tried before the check goes on without. */
const PORT_TRIES = 10;

/** Connects; a text: the machine does not let us, and why. */
export function openCheckSocket(to: Destination): Socket | string {
  if (to.kind === 'unix') return connect({ path: to.path });
  const { link } = to;
  const { host, port } = (link?.checkViaSocks4 ? link.socks4 : null) ?? to;
  // One address, no racing of families: what is checked is what will be connected to.
  const target = { host, port, autoSelectFamily: false };
  if (link === null || (link.source === null && link.namespace === null)) return connect(target);
  const fd = prepareSocket(link, isIP(host) === 6 ? AF_INET6 : AF_INET);
  if (fd < 0) return errorText(fd);
  const socket = new Socket({ fd, pauseOnCreate: true } as { fd: number });
  socket.once('connect', () => socket.resume());
  return socket.connect(target);
}

function prepareSocket(link: ServerLink, family: number): number {
  const fd = openIn(link.namespace, family);
  if (fd < 0 || link.source === null) return fd;
  const { interface: device, host } = link.source;
  let done = device === null ? 0 : bindToDevice(fd, device);
  if (done >= 0 && host !== null && host.includes(':') === (family === AF_INET6)) done = bindTo(fd, family, link);
  if (done >= 0) return fd;
  closeFd(fd);
  return done;
}

function bindTo(fd: number, family: number, { source }: ServerLink): number {
  const { host, firstPort, lastPort } = source!;
  if (firstPort === lastPort) choosePortLate(fd);
  let done = -1;
  for (let tries = 0; tries < PORT_TRIES && done < 0; tries++) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1));
    done = bindOutgoing(fd, family, host!, port);
  }
  return done;
}

interface Namespaces {
  readonly own: number | null;
  readonly other: number | null;
}

const opened = new Map<string, Namespaces>();

/** Opens the namespaces of servers while their names can be seen: not from within a new root directory. */
export function findNamespaces(links: readonly ServerLink[]): void {
  for (const { namespace } of links) if (namespace !== null) namespacesOf(namespace);
}

function namespacesOf(name: string): Namespaces {
  const found = opened.get(name) ?? { own: openOwnNamespace(), other: openNamespace(name) };
  opened.set(name, found);
  return found;
}

function openIn(name: string | null, family: number): number {
  const make = () => openSocket(family, SOCK_STREAM | SOCK_NONBLOCK);
  if (name === null) return make();
  const { own, other } = namespacesOf(name);
  return own === null || other === null ? -ENOENT : makeWithin(other, own, make);
}
