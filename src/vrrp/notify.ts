/**
 * The notify scripts of an instance or a sync group (keepalived.conf(5), "notify"): the one of the new state, then the
 * general one with four more arguments: INSTANCE or GROUP, the name, the state, the priority.
 *
 * They are started in that order and not waited for, as keepalived does; `settle` waits for those still running when
 * the role ends.
 */
import type { ChildProcess } from 'node:child_process';
import type { GlobalDefs, NotifyConf, ScriptConf } from '../config/keepalived.ts';
import type { VrrpState } from '../ipc/messages.ts';
import type { ProcessLog } from '../log/process-log.ts';
import { prepareScript, startProgram } from './exec.ts';

export interface Subject {
  readonly kind: 'INSTANCE' | 'GROUP';
  readonly name: string;
  readonly priority: number;
}

export interface Notifier {
  readonly transition: (notify: NotifyConf, subject: Subject, state: VrrpState) => void;
  readonly lowerPriorityHeard: (notify: NotifyConf) => void;
  /** Resolves when every script has ended, or after `limitMs`. */
  readonly settle: (limitMs: number) => Promise<void>;
}

export function createNotifier(globals: () => GlobalDefs, log: ProcessLog): Notifier {
  const running = new Set<ChildProcess>();

  function run(conf: ScriptConf | null, extra: readonly string[]): void {
    if (!conf) return;
    const prepared = prepareScript(conf, globals());
    if ('problem' in prepared) {
      log('warning', prepared.problem);
      return;
    }
    const child = startProgram(prepared.program, extra);
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.once('error', (error) => {
      running.delete(child);
      log('warning', `Error exec-ing command '${conf.text}': ${error.message}`);
    });
  }

  return {
    transition: (notify, subject, state) => {
      run(scriptFor(notify, state), []);
      run(notify.all, [subject.kind, subject.name, state, String(subject.priority)]);
    },
    lowerPriorityHeard: (notify) => run(notify.masterRxLowerPri, []),
    settle: async (limitMs) => {
      const ends = [...running].map((child) => new Promise((resolve) => child.once('exit', resolve)));
      const limit = new Promise((resolve) => setTimeout(resolve, limitMs).unref());
      await Promise.race([Promise.all(ends), limit]);
    },
  };
}

function scriptFor(notify: NotifyConf, state: VrrpState): ScriptConf | null {
  switch (state) {
    case 'MASTER':
      return notify.master;
    case 'BACKUP':
      return notify.backup;
    case 'FAULT':
      return notify.fault;
    case 'STOP':
      return notify.stop;
    case 'INIT':
      return null;
  }
}
