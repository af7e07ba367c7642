import { describe, expect, it } from 'vitest';
import { defaultProxyLink, type ProxyLink } from '../../../../src/config/server-link.ts';
import type { Server } from '../../../../src/proxy/server/server.ts';
import { REUSE_FIRST, REUSE_LATER, type Reuse, ServerAttempt } from '../../../../src/proxy/server/server-attempt.ts';
import type { SessionOrigin } from '../../../../src/proxy/server/session-origin.ts';
import type { WorkerContext } from '../../../../src/proxy/worker-context.ts';

/** Which connections at rest a session asks for, in which order; nobody has any. */
function askedFor(reuse: Reuse, link: Partial<ProxyLink>, keyed = false): string[] {
  const asked: string[] = [];
  const ask = (what: string): null => {
    asked.push(what.trim());
    return null;
  };
  const idle = {
    takeFresh: (key: string) => ask(`fresh ${key}`),
    takeSafe: (key: string) => ask(`safe ${key}`),
    takeOver: (safeFirst: boolean, takesFresh: boolean) => ask(`others ${safeFirst} ${takesFresh}`),
  };
  const connector = { isKeyed: keyed, keyFor: (_origin: SessionOrigin, port: number) => `to ${port}` };
  const attempt = new ServerAttempt({} as WorkerContext, {} as SessionOrigin, {
    onStanding: () => ask('standing'),
    onAttemptFailed: () => ask('failed'),
  });
  attempt.aim({ idle, connector } as unknown as Server, 80);
  expect(attempt.takeResting(reuse, { ...defaultProxyLink, ...link })).toBeNull();
  return asked;
}

const repeats = { ...defaultProxyLink.retryOn, connFailure: true, emptyResponse: true, responseTimeout: true };

/** Manual, chapter 4.2, `http-reuse`. */
describe('connections at rest', () => {
  it('are for nobody under "never"', () => {
    for (const reuse of [REUSE_FIRST, REUSE_LATER] as const)
      expect(askedFor(reuse, { httpReuse: 'never' })).toEqual([]);
  });

  it("are for a client's later requests, fresh ones first", () => {
    for (const httpReuse of ['safe', 'aggressive', 'always'] as const) {
      expect(askedFor(REUSE_LATER, { httpReuse })).toEqual(['fresh', 'safe', 'others false true']);
    }
  });

  it('are for a first request as far as the mode calls them safe', () => {
    expect(askedFor(REUSE_FIRST, { httpReuse: 'safe' })).toEqual([]);
    expect(askedFor(REUSE_FIRST, { httpReuse: 'aggressive' })).toEqual(['safe', 'others true false']);
    expect(askedFor(REUSE_FIRST, { httpReuse: 'always' })).toEqual(['safe', 'fresh', 'others true true']);
  });

  it('are for a first request that would be sent again if they were dead', () => {
    expect(askedFor(REUSE_FIRST, { httpReuse: 'safe', retryOn: repeats })).toHaveLength(3);
    expect(askedFor(REUSE_FIRST, { httpReuse: 'safe', retryOn: { ...repeats, emptyResponse: false } })).toEqual([]);
  });

  it('are told apart where the server wants it', () => {
    expect(askedFor(REUSE_FIRST, { httpReuse: 'aggressive' }, true)[0]).toBe('safe to 80');
  });
});
