/**
 * Going to the background. Node cannot fork, so the program starts itself a second time in a session of its own; the
 * first process waits until the second serves and ends with 0, or with the second's exit code, so that a caller that
 * waits for `-D` finds the ports open or the error on stderr.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { duplicateOnto } from '../os/process.ts';
import { DAEMON_MARK } from './daemon-mark.ts';

/** Starts the second process and ends this one with its verdict. `keptFds` keep their numbers in it. */
export function becomeDaemon(keptFds: readonly number[]): void {
  const stdio: StdioOptions = ['ignore', 'inherit', 'inherit'];
  for (const fd of keptFds) {
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] = fd;
  }
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: [...stdio, 'ipc'],
    env: { ...process.env, [DAEMON_MARK]: '1' },
  });
  child.once('message', () => process.exit(0));
  child.once('exit', (code) => process.exit(code ?? 1));
  child.once('error', (error) => {
    process.stderr.write(`cannot start in the background: ${error.message}\n`);
    process.exit(1);
  });
}

/** In the second process: everything runs. Lets the first one end, and leaves its terminal. */
export function leaveTerminal(): void {
  const nowhere = openSync('/dev/null', 'r+');
  for (const fd of [0, 1, 2]) duplicateOnto(nowhere, fd);
  if (nowhere > 2) closeSync(nowhere);
  process.send?.('ready', () => process.disconnect?.());
}
