/** Ports chosen by the kernel, and waiting for one to listen. */
import { connect, createServer } from 'node:net';
import { type WaitOptions, waitUntil } from './wait.ts';

/** A port that was free a moment ago. Take all that a test needs in one call: they are then distinct. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      return new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
        const server = createServer();
        server.once('error', reject);
        server.listen(0, host, () => resolve(server));
      });
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
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

export async function waitForPort(port: number, host = '127.0.0.1', options: WaitOptions = {}): Promise<void> {
  await waitUntil(`a listener on ${host}:${port}`, () => accepts(port, host), options);
}
