/** Options about HTTP beside the real HAProxy: what the client gets, what the origin sees, the log line. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { config, files, listeners, plays } from './lib/engine-plays.ts';
import { openTheatre, type Theatre } from './lib/plays.ts';
import { describeNet } from './lib/requirements.ts';

describeNet('options about HTTP beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  let original: Theatre;
  let ours: Theatre;

  beforeAll(async () => {
    original = await openTheatre('original', listeners, config, files);
    ours = await openTheatre('ours', listeners, config, files);
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
