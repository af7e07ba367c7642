import { describe, expect, it } from 'vitest';
import {
  ApplicationSessions,
  makeSessionMemory,
  SessionKey,
} from '../../../../src/proxy/persistence/application-sessions.ts';

const now = Date.now();

function keyOf(sessions: ApplicationSessions, value: string): SessionKey {
  const key = new SessionKey();
  const bytes = Buffer.from(value);
  sessions.takeKey(bytes, 0, bytes.length, key);
  return key;
}

describe('ApplicationSessions', () => {
  it('remembers servers by value, for every worker', () => {
    const memory = makeSessionMemory();
    const [one, two] = [new ApplicationSessions(memory, 60_000), new ApplicationSessions(memory, 60_000)];
    expect(one.find(keyOf(one, 'abc'), now)).toBe(-1);
    one.learn(keyOf(one, 'abc'), 0, now);
    one.learn(keyOf(one, 'abd'), 3, now);
    expect(two.find(keyOf(two, 'abc'), now)).toBe(0);
    expect(two.find(keyOf(two, 'abd'), now)).toBe(3);
    expect(two.find(keyOf(two, 'ab'), now)).toBe(-1);
    two.learn(keyOf(two, 'abc'), 1, now);
    expect(one.find(keyOf(one, 'abc'), now)).toBe(1);
  });

  it('forgets what was not used for the time given', () => {
    const sessions = new ApplicationSessions(makeSessionMemory(), 10_000);
    sessions.learn(keyOf(sessions, 'a'), 2, now);
    expect(sessions.find(keyOf(sessions, 'a'), now + 9_000)).toBe(2);
    expect(sessions.find(keyOf(sessions, 'a'), now + 18_000)).toBe(2);
    expect(sessions.find(keyOf(sessions, 'a'), now + 30_000)).toBe(-1);
  });

  it('holds as many as it has room for, and the latest at any rate', () => {
    const sessions = new ApplicationSessions(makeSessionMemory(), 3_600_000);
    for (let i = 0; i < 30_000; i++) sessions.learn(keyOf(sessions, `value-${i}`), i % 7, now);
    let known = 0;
    for (let i = 0; i < 30_000; i++) if (sessions.find(keyOf(sessions, `value-${i}`), now) === i % 7) known++;
    expect(known).toBeGreaterThan(29_500);
    for (let i = 0; i < 300_000; i++) {
      const key = keyOf(sessions, `other-${i}`);
      sessions.learn(key, 1, now + i);
      if (i % 1000 === 0) expect(sessions.find(key, now + i)).toBe(1);
    }
  });
});
