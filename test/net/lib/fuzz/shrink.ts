/** Takes a play apart, as long as the two programs still differ on what is left of it. */
import { PLAIN } from './draw-play.ts';
import type { ClientStep, OriginAnswer, Play, Said } from './play.ts';

/** Plays that are a little simpler, the greatest steps first. */
export function* simplify(play: Play): Generator<Play> {
  const { client, origin, rival, ...rest } = play;
  if (rival !== undefined) yield { ...rest, client, origin };
  for (let i = 0; i < origin.length; i++) yield { ...play, origin: without(origin, i) };
  for (let i = client.length - 1; i >= 0; i--) yield { ...play, client: without(client, i) };
  for (const [i, answer] of origin.entries()) {
    for (const simpler of simplifyAnswer(answer)) yield { ...play, origin: replaced(origin, i, simpler) };
  }
  for (const joined of joinSaid(client)) yield { ...play, client: joined };
  for (const [i, step] of client.entries()) {
    if (typeof step !== 'string') continue;
    for (const shorter of shorten(step)) yield { ...play, client: replaced(client, i, shorter) };
  }
}

function* simplifyAnswer(answer: OriginAnswer): Generator<OriginAnswer> {
  const { end, ...rest } = answer;
  if (answer.says.join() !== PLAIN) yield { ...answer, says: [PLAIN] };
  if (answer.on !== 'request') yield { ...answer, on: 'request' };
  if (end !== undefined) yield rest;
  for (const says of joinSaid(answer.says)) yield { ...answer, says };
  for (const [i, one] of answer.says.entries()) {
    if (typeof one === 'number') yield { ...answer, says: without(answer.says, i) };
    else for (const shorter of shorten(one)) yield { ...answer, says: replaced(answer.says, i, shorter) };
  }
}

/** Two pieces become one, without the pause between them. */
function* joinSaid<T extends Said | ClientStep>(steps: readonly T[]): Generator<T[]> {
  for (let i = 0; i + 1 < steps.length; i++) {
    const first = steps[i];
    const gap = typeof steps[i + 1] === 'number' ? 2 : 1;
    const second = steps[i + gap];
    if (!isText(first) || !isText(second)) continue;
    yield [...steps.slice(0, i), (first + second) as T, ...steps.slice(i + gap + 1)];
  }
}

function isText(step: unknown): step is string {
  return typeof step === 'string' && !step.endsWith('!');
}

/** Without a line, with half of a long run, with a shorter value. */
function* shorten(text: string): Generator<string> {
  const lines = text.split(/(?<=\n)/);
  if (lines.length > 1) for (let i = 0; i < lines.length; i++) yield without(lines, i).join('');
  if (text.length > 200) yield text.slice(0, text.length / 2);
  const run = /[a-z]{6,}/g;
  for (const match of text.matchAll(run)) {
    if (match[0].length > 24) yield text.slice(0, match.index + 12) + text.slice(match.index + match[0].length);
  }
}

function without<T>(items: readonly T[], index: number): T[] {
  return items.filter((_, i) => i !== index);
}

function replaced<T>(items: readonly T[], index: number, item: T): T[] {
  return items.map((one, i) => (i === index ? item : one));
}
