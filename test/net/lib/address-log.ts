/** When an address came to a host and when it left, as `ip monitor` tells it. */
import type { Host, HostProcess } from './namespaces.ts';
import { waitUntil } from './wait.ts';

export interface AddressEvent {
  /** `performance.now()` of the test process. */
  readonly atMs: number;
  readonly host: string;
  readonly present: boolean;
}

export interface AddressLog {
  readonly events: readonly AddressEvent[];
  /** Waits for an event after `sinceMs`. */
  readonly waitFor: (host: string, present: boolean, sinceMs: number, deadlineMs: number) => Promise<AddressEvent>;
  readonly close: () => void;
}

/** Watches one address on several hosts. */
export async function watchAddress(hosts: readonly Host[], address: string): Promise<AddressLog> {
  const events: AddressEvent[] = [];
  const monitors: HostProcess[] = [];
  for (const host of hosts) {
    monitors.push(await host.spawn('ip', ['-4', '-o', 'monitor', 'address'], { onOutput: (text) => note(host, text) }));
  }
  function note(host: Host, text: string): void {
    for (const line of text.split('\n')) {
      if (!line.includes(` ${address}/`)) continue;
      events.push({ atMs: performance.now(), host: host.name, present: !line.startsWith('Deleted') });
    }
  }
  return {
    events,
    waitFor: (host, present, sinceMs, deadlineMs) =>
      waitUntil(
        `${address} ${present ? 'on' : 'off'} ${host}`,
        () => events.find((one) => one.host === host && one.present === present && one.atMs >= sinceMs),
        { deadlineMs, everyMs: 5, details: () => JSON.stringify(events) },
      ) as Promise<AddressEvent>,
    close: () => {
      for (const monitor of monitors) monitor.kill();
    },
  };
}
