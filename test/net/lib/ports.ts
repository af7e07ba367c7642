/** Ports chosen by the kernel, and waiting for one to listen. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { AF_INET, AF_INET6 } from '../../../src/os/address.ts';
import {
  bindSocket,
  localAddress,
  openSocket,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_STREAM,
  SOL_SOCKET,
  setOption,
} from '../../../src/os/socket.ts';
import { type WaitOptions, waitUntil } from './wait.ts';

/**
 * Ports that stay reserved until the test file ends: each is bound, without listening, by a socket that lets programs bind
 * it that share ports. Otherwise the kernel may give it meanwhile to a connection that somebody makes, or to a listener of
 * another test, and the program under test could not start. Connections to a reserved port are refused.
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  return Array.from({ length: count }, () => reservePort(host));
}

function reservePort(host: string): number {
  const isIpv6 = host.includes(':');
  const fd = openSocket(isIpv6 ? AF_INET6 : AF_INET, SOCK_STREAM);
  const bound = bindSocket(fd, { family: isIpv6 ? 6 : 4, host, port: 0 });
  const address = localAddress(fd);
  if (bound < 0 || typeof address === 'number' || address.family === 'unix')
    throw new Error(`no port: errno ${-bound}`);
  // Only now: a port that is chosen while they are set may be one that others share.
  for (const option of [SO_REUSEADDR, SO_REUSEPORT]) setOption(fd, SOL_SOCKET, option, 1);
  return address.port;
}

export async function freePort(host = '127.0.0.1'): Promise<number> {
  return (await freePorts(1, host))[0]!;
}

/** Whether something accepts connections there now. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** How many connections to a port of this machine nobody has accepted yet. */
function countUnaccepted(port: number): number {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let count = 0;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'latin1').split('\n')) {
      const [, local, , state, queues] = line.trim().split(/ +/);
      // Of a listening socket (0A) the second of the queues is that of accept().
      if (state === '0A' && local!.endsWith(end)) count += Number.parseInt(queues!.split(':')[1]!, 16);
    }
  }
  return count;
}

/** A program may listen for a while before it takes connections: waits until it has taken the one that found it listening. */
export async function waitForService(port: number, options: WaitOptions = {}): Promise<void> {
  await waitForPort(port, '127.0.0.1', options);
  await waitUntil(`connections to ${port} to be accepted`, () => countUnaccepted(port) === 0, options);
}

export async function waitForPort(port: number, host = '127.0.0.1', options: WaitOptions = {}): Promise<void> {
  await waitUntil(`a listener on ${host}:${port}`, () => accepts(port, host), options);
}
