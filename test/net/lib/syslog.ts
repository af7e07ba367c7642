/** Receives syslog datagrams: on loopback in this process, or on a host of a test network (with socat). */
import { createSocket } from 'node:dgram';
import type { Host } from './namespaces.ts';
import { type WaitOptions, waitUntil } from './wait.ts';

export interface SyslogReceiver {
  readonly port: number;
  /** Every line so far, with its `<priority>` and header. */
  readonly lines: () => readonly string[];
  /** The first line that matches, waiting for it. `from` skips lines already seen. */
  readonly waitFor: (pattern: RegExp, options?: WaitOptions & { from?: number }) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function receiveSyslog(): Promise<SyslogReceiver> {
  const lines: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (data) => lines.push(data.toString('utf8').replace(/\n$/, '')));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return makeReceiver(
    socket.address().port,
    () => lines,
    () => new Promise((resolve) => socket.close(() => resolve())),
  );
}

/** The same on a test host's 127.0.0.1. Lines there must end with a newline, as HAProxy's do. */
export async function receiveSyslogOn(host: Host, port = 514): Promise<SyslogReceiver> {
  const receiver = await host.spawn('socat', ['-u', `UDP-RECVFROM:${port},fork`, 'SYSTEM:cat; echo']);
  await waitUntil(`the syslog receiver of ${host.name}`, async () => {
    return (await host.run('ss', ['-Huln', `sport = :${port}`])) !== '';
  });
  const lines = (): string[] =>
    receiver
      .output()
      .split('\n')
      .filter((line) => line !== '');
  return makeReceiver(port, lines, async () => {
    receiver.kill('SIGTERM');
    await receiver.exited;
  });
}

function makeReceiver(port: number, lines: () => readonly string[], close: () => Promise<void>): SyslogReceiver {
  return {
    port,
    lines,
    close,
    waitFor: (pattern, options = {}) =>
      waitUntil(
        `a log line like ${pattern}`,
        () =>
          lines()
            .slice(options.from ?? 0)
            .find((line) => pattern.test(line)),
        { details: () => lines().join('\n'), ...options },
      ) as Promise<string>,
  };
}
