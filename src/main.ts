/**
 * Where every process of the program begins: an entry (`dist/bin/haproxy` and its fellows call `runEntry`) or a role
 * that core starts as `node main.js --role NAME START-OPTIONS`. Everything else is loaded only when it is needed.
 */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nameProcess } from './core/process-name.ts';
import type { RoleName, RoleStart } from './core/role-process.ts';
import { holdSignals } from './core/signals.ts';

export type EntryName = 'tandem' | 'haproxy' | 'keepalived';

const mainFile = fileURLToPath(import.meta.url);

export async function runEntry(entry: EntryName): Promise<void> {
  holdSignals();
  const args = process.argv.slice(2);
  // The title cannot be longer than the command line it replaces, which names node and the entry's path.
  nameProcess(entry, [entry, ...args].join(' '));
  const program = { mainFile, args, title: [entry, ...args].join(' ') };
  if (entry === 'haproxy') (await import('./cli/haproxy-entry.ts')).runHaproxy(program);
  else if (entry === 'keepalived') (await import('./cli/keepalived-entry.ts')).runKeepalived(program);
  else (await import('./cli/tandem-entry.ts')).runTandem(program);
}

/** Signals are core's business: a Ctrl-C or a `killall` reaches the roles as well, and must not end them on their own. */
const CORES_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'];

async function runRole(role: RoleName, start: RoleStart): Promise<void> {
  for (const signal of CORES_SIGNALS) process.on(signal, () => {});
  nameProcess(start.comm, start.title);
  if (role === 'proxy') (await import('./proxy/main.ts')).runProxy();
  else if (role === 'check') (await import('./check/main.ts')).runCheck();
  else {
    const { openProcessLog } = await import('./log/process-log.ts');
    const log = await openProcessLog(start.log);
    (await import('./vrrp/main.ts')).runVrrp({ log });
  }
}

const [, script = '', flag, role, start] = process.argv;
if (flag === '--role' && start !== undefined && basename(script) === basename(mainFile)) {
  await runRole(role as RoleName, JSON.parse(start) as RoleStart);
}
