/**
 * The vrrp role alone, without core: a parent process that sends it the configuration of a JSON file.
 *
 * Signals as core takes them: SIGHUP reads the file again, SIGUSR1 and SIGUSR2 ask for the dumps, SIGTERM stops
 * politely; SIGKILL of the parent is the death of core. Log lines go to standard output with the milliseconds since
 * the epoch in front. Bundled by `bundleRole` because it must run as plain JavaScript in a namespace.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ToVrrp } from '../../../src/ipc/messages.ts';
import { runVrrp } from '../../../src/vrrp/main.ts';

const [, script = '', file = ''] = process.argv;

if (file === '--role') {
  runVrrp({ log: (level, text) => process.stdout.write(`${Date.now()} ${level} ${text}\n`) });
} else {
  const role = fork(script, ['--role'], { serialization: 'advanced' });
  const send = (message: ToVrrp): void => {
    if (role.connected) role.send(message);
  };
  let generation = 0;
  const configure = (): void => {
    generation++;
    send({ type: 'config', generation, conf: JSON.parse(readFileSync(file, 'utf8')), died: null });
    send({ type: 'config-done', generation });
  };
  role.on('message', (message) => process.stdout.write(`${Date.now()} message ${JSON.stringify(message)}\n`));
  role.on('exit', (code) => process.exit(code ?? 99));
  process.on('SIGHUP', configure);
  process.on('SIGUSR1', () => send({ type: 'dump', what: 'data' }));
  process.on('SIGUSR2', () => send({ type: 'dump', what: 'stats' }));
  process.on('SIGTERM', () => send({ type: 'stop' }));
  configure();
}
