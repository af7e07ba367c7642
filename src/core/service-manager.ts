/**
 * What the service manager is told, as sd_notify(3) does it: a datagram to the socket that NOTIFY_SOCKET names. Without
 * the variable nothing is sent. It is taken out of the environment, so that scripts do not speak in our name.
 */
import { sendUnixDatagram } from '../os/process.ts';

const path = process.env.NOTIFY_SOCKET ?? '';
delete process.env.NOTIFY_SOCKET;

export function notifyReady(status: string): void {
  notify([`READY=1`, `MAINPID=${process.pid}`, `STATUS=${status}`]);
}

/** Since systemd 253 a reload must carry the time it began, by the monotonic clock. */
export function notifyReloading(): void {
  notify(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`, 'STATUS=Reloading configuration']);
}

export function notifyStopping(): void {
  notify(['STOPPING=1', 'STATUS=Stopping']);
}

function notify(assignments: readonly string[]): void {
  if (path !== '') sendUnixDatagram(path, assignments.join('\n'));
}
