/**
 * One process of a role: how it is started, and what core hears of it.
 *
 *     descriptor   0      1        2        3     4         5 ...
 *                  null   stdout   stderr   IPC   shared    listening sockets (proxy only)
 *
 * A role is `node main.js --role NAME`, given its start options as JSON in the next argument. It ends with core, whose
 * death closes the IPC channel.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { InheritedSocket } from '../ipc/messages.ts';
import { type LogStyle, writeConsole } from '../log/process-log.ts';

export type RoleName = 'proxy' | 'check' | 'vrrp';

/** What a role must know before its first message. */
export interface RoleStart {
  /** Name in the process table: `killall -0 haproxy` must find the proxy. */
  readonly comm: string;
  /** Command line to show. */
  readonly title: string;
  readonly log: LogStyle;
}

export interface RoleLaunch {
  readonly role: RoleName;
  /** Path of main.js. */
  readonly mainFile: string;
  readonly start: RoleStart;
  readonly nodeOptions: readonly string[];
  /** In daemon mode stdout is /dev/null and stderr goes through core, so that no role holds the caller's terminal. */
  readonly daemon: boolean;
  /** Null for roles without shared memory. */
  readonly stateFd: number | null;
  /** With core's descriptor numbers. */
  readonly sockets: readonly InheritedSocket[];
}

export const STATE_FD = 4;
const FIRST_SOCKET_FD = 5;

export function launchRole(launch: RoleLaunch): ChildProcess {
  const { role, mainFile, start, nodeOptions, daemon, stateFd, sockets } = launch;
  const args = [...nodeOptions, mainFile, '--role', role, JSON.stringify(start)];
  const stdio: StdioOptions = ['ignore', daemon ? 'ignore' : 'inherit', daemon ? 'pipe' : 'inherit', 'ipc'];
  const child = spawn(process.execPath, args, {
    serialization: 'advanced',
    stdio: [...stdio, stateFd ?? 'ignore', ...sockets.map((socket) => socket.fd)],
  });
  child.stderr?.on('data', writeConsole);
  return child;
}

/** The same sockets with the numbers they have in the role. */
export function numberInRole(sockets: readonly InheritedSocket[]): InheritedSocket[] {
  return sockets.map(({ listenerId }, i) => ({ listenerId, fd: FIRST_SOCKET_FD + i }));
}

/** How a process ended, in HAProxy's words: "143 (Terminated)". */
export function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === null) return `${code} (Exit)`;
  const [number, words] = signals[signal] ?? [0, signal];
  return `${128 + number} (${words})`;
}

const signals: Readonly<Record<string, readonly [number, string]>> = {
  SIGHUP: [1, 'Hangup'],
  SIGINT: [2, 'Interrupt'],
  SIGQUIT: [3, 'Quit'],
  SIGILL: [4, 'Illegal instruction'],
  SIGABRT: [6, 'Aborted'],
  SIGBUS: [7, 'Bus error'],
  SIGFPE: [8, 'Floating point exception'],
  SIGKILL: [9, 'Killed'],
  SIGSEGV: [11, 'Segmentation fault'],
  SIGPIPE: [13, 'Broken pipe'],
  SIGTERM: [15, 'Terminated'],
};
