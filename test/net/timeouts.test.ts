/** Every timeout beside the real HAProxy: what the client gets, what the origin sees, the log line. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTheatre, type Theatre } from './lib/plays.ts';
import { describeNet } from './lib/requirements.ts';
import { config, listeners, plays } from './lib/timeout-plays.ts';

describeNet('timeouts beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let original: Theatre;
  let ours: Theatre;

  beforeAll(async () => {
    original = await openTheatre('original', listeners, config);
    ours = await openTheatre('ours', listeners, config);
  });

  afterAll(async () => {
    for (const theatre of [original, ours]) await theatre?.stop();
  });

  for (const play of plays) {
    it(play.name, async () => {
      const [theirs, mine] = await Promise.all([original.give(play), ours.give(play)]);
      expect(mine).toBe(theirs);
    });
  }
});
