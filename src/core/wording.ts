/**
 * What core says about its roles, in the words of the program that it stands for: people search their logs for them.
 * An empty text is not said.
 */
import type { LogLevel } from '../log/process-log.ts';
import { describeExit, type RoleName } from './role-process.ts';
import type { RoleEnd } from './role-run.ts';

export type Line = readonly [LogLevel, string];

export interface Wording {
  forked(role: RoleName, pid: number): Line;
  died(role: RoleName, pid: number, end: RoleEnd, delayMs: number): Line;
  retired(role: RoleName, pid: number, end: RoleEnd): Line;
  readonly reloading: string;
  readonly reloaded: string;
  readonly reloadRefused: string;
  readonly notListening: string;
  /** Names in syslog lines. */
  readonly tags: Readonly<Record<RoleName, string>>;
}

const haproxyNames: Readonly<Record<RoleName, string>> = {
  proxy: 'worker',
  check: 'health checker',
  vrrp: 'VRRP process',
};

/** `announces`: master-worker mode, which also tells of what goes well. */
export function haproxyWording(announces: boolean): Wording {
  const quietly = (line: Line): Line => (announces ? line : ['notice', '']);
  return {
    forked: (role, pid) => quietly(['notice', `New ${haproxyNames[role]} (${pid}) forked`]),
    died: (role, pid, end, delayMs) => {
      const reason = end.reason === null ? '' : `: ${end.reason}`;
      const next = delayMs === 0 ? 'at once' : `in ${delayMs / 1000} seconds`;
      const how = describeExit(end.code, end.signal);
      return [
        'error',
        `Current ${haproxyNames[role]} (${pid}) exited with code ${how}${reason}. Starting another ${next}.`,
      ];
    },
    retired: (role, pid, end) =>
      quietly([
        'warning',
        `Former ${haproxyNames[role]} (${pid}) exited with code ${describeExit(end.code, end.signal)}`,
      ]),
    reloading: 'Reloading HAProxy',
    reloaded: 'Loading success.',
    reloadRefused: 'Loading failure! The configuration that was running stays in force.',
    notListening: '[haproxy.main()] Some protocols failed to start their listeners! Exiting.',
    tags: { proxy: 'haproxy', check: 'haproxy', vrrp: 'Keepalived_vrrp' },
  };
}

const keepalivedNames: Readonly<Record<RoleName, string>> = {
  proxy: 'Proxy',
  check: 'Healthcheck',
  vrrp: 'VRRP',
};

export const keepalivedWording: Wording = {
  forked: (role, pid) => ['info', `Starting ${keepalivedNames[role]} child process, pid=${pid}`],
  died: (role, pid, end, delayMs) => {
    const reason = end.reason === null ? '' : ` (${end.reason})`;
    const next = delayMs === 0 ? 'Respawning' : `Respawning in ${delayMs / 1000} seconds`;
    return ['error', `${keepalivedNames[role]} child process(${pid}) died${reason}: ${next}`];
  },
  retired: (role, pid, end) =>
    end.code === 0
      ? ['info', '']
      : ['info', `${keepalivedNames[role]} child process(${pid}) exited with ${describeExit(end.code, end.signal)}`],
  reloading: 'Reloading ...',
  reloaded: 'Reload finished',
  reloadRefused: 'Configuration has errors: the one that was running stays in force',
  notListening: 'Cannot listen',
  tags: { proxy: 'haproxy', check: 'Keepalived_healthcheckers', vrrp: 'Keepalived_vrrp' },
};
