/** The lines that HAProxy 2.6 wrote for the same events, word for word. */
import { describe, expect, it } from 'vitest';
import type { ServerHealth } from '../../../../src/ipc/messages.ts';
import {
  fullSpeedLine,
  type HealthSubject,
  isNews,
  lastServerLine,
  resultLine,
  transitionLine,
} from '../../../../src/proxy/server/health-text.ts';

const subject: HealthSubject = {
  proxyName: 'be',
  serverName: 'b',
  backup: false,
  drained: false,
  logHealthChecks: false,
};

function health(changes: Partial<ServerHealth>): ServerHealth {
  return {
    proxyId: 2,
    serverId: 1,
    up: false,
    health: 0,
    rise: 2,
    fall: 3,
    code: 'L7STS',
    status: 500,
    text: 'No',
    durationMs: 0,
    changedAtMs: 0,
    failedChecks: 1,
    downs: 1,
    downtimeMs: 0,
    event: 'transition',
    ...changes,
  };
}

const refused = health({ code: 'L4CON', status: 0, text: 'Connection refused' });
const passed = health({ up: true, health: 4, code: 'L7OK', status: 200, text: '' });
const none = { sessions: 0, requeued: 0, queued: 0 };

describe('a transition', () => {
  it('down, others left', () => {
    const line = transitionLine(subject, health({}), { ...none, active: 1, backup: 1 }, null);
    const text =
      'Server be/b is DOWN, reason: Layer7 wrong status, code: 500, info: "No", check duration: 0ms. ' +
      '1 active and 1 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.';
    expect(line).toEqual({ severity: 1, text, stderr: { tag: 'WARNING', text } });
  });

  it('down, a backup left', () => {
    const line = transitionLine(subject, refused, { ...none, active: 0, backup: 1, sessions: 2 }, null);
    expect(line.text).toBe(
      'Server be/b is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. ' +
        '0 active and 1 backup servers left. Running on backup. 2 sessions active, 0 requeued, 0 remaining in queue.',
    );
  });

  it('down, nobody left', () => {
    const line = transitionLine({ ...subject, backup: true }, refused, { ...none, active: 0, backup: 0 }, null);
    expect(line.text).toMatch(/^Backup Server be\/b is DOWN, .* 0 active and 0 backup servers left\. 0 sessions/);
    expect(lastServerLine({ name: 'be', kind: 'backend' })).toEqual({
      severity: 0,
      text: 'backend be has no server available!',
      stderr: { tag: 'ALERT', text: "backend 'be' has no server available!" },
    });
    expect(lastServerLine({ name: 'be', kind: 'listen' }).text).toBe('proxy be has no server available!');
  });

  it('up', () => {
    const line = transitionLine(subject, passed, { ...none, active: 2, backup: 1 }, null);
    expect(line.severity).toBe(5);
    expect(line.text).toBe(
      'Server be/b is UP, reason: Layer7 check passed, code: 200, check duration: 0ms. ' +
        '2 active and 1 backup servers online. 0 sessions requeued, 0 total in queue.',
    );
  });

  it('up, backups only', () => {
    const line = transitionLine({ ...subject, backup: true }, passed, { ...none, active: 0, backup: 1 }, null);
    expect(line.text).toContain('0 active and 1 backup servers online. Running on backup. 0 sessions requeued');
  });

  it('leaves the reason to the line before with log-health-checks', () => {
    const line = transitionLine(
      { ...subject, logHealthChecks: true },
      refused,
      { ...none, active: 3, backup: 0 },
      null,
    );
    expect(line.text).toMatch(/^Server be\/b is DOWN\. 3 active and 0 backup servers left\./);
  });
});

describe('a server that tracks another', () => {
  it('names that one instead of a reason, whatever the option says', () => {
    for (const logHealthChecks of [false, true]) {
      const down = transitionLine({ ...subject, logHealthChecks }, refused, { ...none, active: 3, backup: 0 }, 'a/s1');
      expect(down.text).toMatch(/^Server be\/b is DOWN via a\/s1\. 3 active and 0 backup servers left\./);
    }
  });
});

describe('a server at full speed again', () => {
  it('is told once more to be up', () => {
    const counts = { ...none, active: 2, backup: 1 };
    const tail = '2 active and 1 backup servers online. 0 sessions requeued, 0 total in queue.';
    expect(fullSpeedLine(subject, counts, null).text).toBe(`Server be/b is UP. ${tail}`);
    expect(fullSpeedLine(subject, counts, 'a/s1').text).toBe(`Server be/b is UP via a/s1. ${tail}`);
  });
});

describe('a result', () => {
  const rows: [ServerHealth, Partial<HealthSubject>, string][] = [
    [passed, {}, 'server be/b succeeded, reason: Layer7 check passed, code: 200, check duration: 0ms, status: 3/3 UP.'],
    [
      health({ up: true, health: 2, code: 'L4TOUT', status: 0, text: '', durationMs: 1002 }),
      {},
      'server be/b failed, reason: Layer4 timeout, check duration: 1002ms, status: 1/3 UP.',
    ],
    [
      refused,
      { backup: true },
      'backup server be/b failed, reason: Layer4 connection problem, info: "Connection refused", ' +
        'check duration: 0ms, status: 0/2 DOWN.',
    ],
    [
      health({ health: 1, code: 'L4OK', status: 0, text: '' }),
      {},
      'server be/b succeeded, reason: Layer4 check passed, check duration: 0ms, status: 1/2 DOWN.',
    ],
    [
      passed,
      { drained: true },
      'server be/b succeeded, reason: Layer7 check passed, code: 200, check duration: 0ms, status: 3/3 DRAIN.',
    ],
    [
      health({ text: '"é" 中' }),
      {},
      'server be/b failed, reason: Layer7 wrong status, code: 500, info: "<22><C3><A9><22> <E4><B8><AD>", ' +
        'check duration: 0ms, status: 0/2 DOWN.',
    ],
  ];
  it.each(rows)('%#', (state, changes, text) => {
    const line = resultLine({ ...subject, ...changes }, state);
    expect(line).toMatchObject({ severity: 5, text: `Health check for ${text}` });
  });

  it('is news when the code or the count differs', () => {
    expect(isNews(null, passed)).toBe(true);
    expect(isNews(passed, { ...passed, durationMs: 7 })).toBe(false);
    expect(isNews(passed, { ...passed, health: 3 })).toBe(true);
    expect(isNews(passed, { ...passed, code: 'L4OK' })).toBe(true);
  });
});
