/** The keeper with real processes: small scripts that speak as a role does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { type Revision, RoleKeeper } from '../../../src/core/role-keeper.ts';

const wellBehaved = `process.on('message', (m) => {
  if (m.type === 'config') process.send({ type: 'ready', generation: m.generation });
  if (m.type === 'leave') process.exit(0);
}); process.on('disconnect', () => process.exit(0));`;
const dyingAtOnce = `process.send({ type: 'fatal', what: 'no good' }, () => process.exit(3));`;
const dyingLater = `${wellBehaved} process.on('message', (m) => { if (m.type === 'die') process.exit(9); });`;

const readyThenKilled = `process.on('message', (m) =>
  process.send({ type: 'ready', generation: m.generation }, () => process.kill(process.pid, 'SIGKILL')));`;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function revision(generation: number, script: string): Revision {
  return {
    generation,
    launch: () => {
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      children.push(child);
      return child;
    },
    configure: (child) => child.send({ type: 'config', generation }, () => {}),
  };
}

function recordedKeeper() {
  const events: string[] = [];
  let wake = () => {};
  const keeper = new RoleKeeper('check', {
    message: () => {},
    forked: () => events.push('forked'),
    died: (_role, _pid, end) => {
      events.push(`died ${end.code ?? end.signal}`);
      wake();
    },
    retired: (_role, _pid, end) => events.push(`retired ${end.code}`),
  });
  const nextDeath = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  return { keeper, events, nextDeath };
}

const leave = (child: ChildProcess) => void child.send({ type: 'leave' }, () => {});

describe('RoleKeeper', () => {
  it('starts a role and stops it', async () => {
    const { keeper, events } = recordedKeeper();
    await keeper.replace(revision(1, wellBehaved), () => {});
    expect(keeper.pid).toBeGreaterThan(0);
    await keeper.stop(leave, 5000);
    expect(keeper.pid).toBeNull();
    expect(events).toEqual(['forked', 'retired 0']);
  });

  it('tells why a role did not become ready', async () => {
    const { keeper } = recordedKeeper();
    await expect(keeper.replace(revision(1, dyingAtOnce), () => {})).rejects.toThrow('no good');
    expect(keeper.pid).toBeNull();
  });

  it('takes a role that was ready for ready, though its death is noticed in the same moment', async () => {
    const { keeper, nextDeath } = recordedKeeper();
    const death = nextDeath();
    const replaced = keeper.replace(revision(1, readyThenKilled), () => {});
    // Nothing is read meanwhile: the message and the end of the process are both there afterwards.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
    await expect(replaced).resolves.toBeUndefined();
    await death;
    await keeper.stop(leave, 5000);
  });

  it('keeps the old process when the new one fails, and retires it when the new one is ready', async () => {
    const { keeper, events } = recordedKeeper();
    await keeper.replace(revision(1, wellBehaved), () => {});
    const first = keeper.pid;
    await expect(keeper.replace(revision(2, dyingAtOnce), leave)).rejects.toThrow('no good');
    expect(keeper.pid).toBe(first);
    await keeper.replace(revision(3, wellBehaved), leave);
    expect(keeper.pid).not.toBe(first);
    await keeper.stop(leave, 5000);
    expect(events.filter((event) => event === 'retired 0')).toHaveLength(2);
  });

  it('starts another when one dies, and reconfigures in place', async () => {
    const { keeper, events, nextDeath } = recordedKeeper();
    await keeper.replace(revision(1, dyingLater), () => {});
    const first = keeper.pid;
    const death = nextDeath();
    keeper.child!.send({ type: 'die' });
    await death;
    await expect.poll(() => keeper.pid, { timeout: 2000 }).toBeGreaterThan(0);
    expect(keeper.pid).not.toBe(first);
    const second = keeper.pid;
    await keeper.reconfigure(revision(2, dyingLater));
    expect(keeper.pid).toBe(second);
    expect(events).toContain('died 9');
    await keeper.stop(leave, 5000);
  });

  it('kills what does not leave', async () => {
    const { keeper } = recordedKeeper();
    await keeper.replace(revision(1, wellBehaved), () => {});
    const started = Date.now();
    await keeper.stop(() => {}, 100);
    expect(Date.now() - started).toBeLessThan(3000);
    expect(keeper.pid).toBeNull();
  });
});
