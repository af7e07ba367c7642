/** Random plays: what a client sends and in which pieces, how an origin answers, and who leaves when. */
import type { Dice } from './dice.ts';
import { type DrawnRequest, drawRequest, drawResponse, mutate } from './draw-messages.ts';
import type { ClientStep, OriginAnswer, Play, Said } from './play.ts';

export const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Cut anywhere, with short pauses between the pieces. */
function cut(dice: Dice, text: string): Said[] {
  const pieces = dice.weigh([
    [70, 1],
    [16, 2],
    [8, 3],
    [6, dice.between(4, 9)],
  ]);
  if (pieces === 1 || text.length < pieces) return text === '' ? [] : [text];
  const places = Array.from({ length: pieces - 1 }, () => dice.between(1, text.length - 1)).sort((a, b) => a - b);
  const said: Said[] = [];
  let from = 0;
  for (const to of [...places, text.length]) {
    if (to === from) continue;
    if (said.length > 0) said.push(dice.pick([4, 6, 12]));
    said.push(text.slice(from, to));
    from = to;
  }
  return said;
}

function drawClient(dice: Dice, requests: readonly DrawnRequest[]): ClientStep[] {
  const steps: ClientStep[] = [];
  const isPipelined = requests.length > 1 && dice.chance(35);
  if (isPipelined) {
    steps.push(...cut(dice, requests.map(({ head, body }) => head + body).join('')));
    steps.push({ answers: requests.length });
  } else {
    for (const [i, { head, body, whole, expects }] of requests.entries()) {
      if (expects && body !== '') steps.push(head, 25, ...cut(dice, body));
      else steps.push(...cut(dice, head + body));
      if (!whole && i === requests.length - 1 && dice.chance(50)) break;
      steps.push({ answers: i + 1 });
      if (dice.chance(15)) steps.push(dice.pick([5, 30]));
    }
  }
  steps.push(...drawEnd(dice, steps));
  return steps;
}

/** May also take away what was to come last. */
function drawEnd(dice: Dice, steps: ClientStep[]): ClientStep[] {
  const way = dice.weigh<string>([
    [62, 'fin'],
    [14, 'stay'],
    [8, 'fin at once'],
    [3, 'fin in between'],
    [5, 'reset'],
    [4, 'cut and fin'],
    [2, 'cut and reset'],
    [2, 'cut and stay'],
  ]);
  if (way === 'fin at once' && typeof steps.at(-1) === 'object') steps.pop();
  if (way === 'fin in between' && typeof steps.at(-1) === 'object') {
    steps.pop();
    steps.push(25);
  }
  if (way.startsWith('cut')) {
    while (steps.length > 0 && typeof steps.at(-1) !== 'string') steps.pop();
    const last = steps.pop();
    if (typeof last === 'string' && last.length > 1) steps.push(last.slice(0, dice.between(1, last.length - 1)), 20);
  }
  if (way.endsWith('stay')) return [];
  return [way.endsWith('reset') ? 'reset!' : 'fin!'];
}

function drawAnswer(dice: Dice): OriginAnswer {
  const kind = dice.weigh<string>([
    [60, 'drawn'],
    [20, 'plain'],
    [6, 'cut off'],
    [2, 'nothing'],
    [3, 'mute'],
    [5, 'noise'],
  ]);
  const on = dice.weigh<OriginAnswer['on']>([
    [90, 'request'],
    [7, 'head'],
    [1, 'connect'],
  ]);
  if (kind === 'mute') return { on, says: [] };
  if (kind === 'nothing') return { on, says: [], end: dice.pick(['fin', 'reset']) };
  const { text, closes } = kind === 'plain' ? { text: PLAIN, closes: false } : drawResponse(dice);
  const late: Said[] = dice.chance(8) ? [dice.pick([10, 40])] : [];
  if (kind === 'cut off') {
    const part = text.slice(0, dice.below(text.length));
    return {
      on,
      says: [...late, ...cut(dice, part)],
      end: dice.weigh([
        [3, 'fin'],
        [1, 'reset'],
      ]),
    };
  }
  const says = [...late, ...cut(dice, kind === 'noise' ? mutate(dice, text) : text)];
  if (closes || dice.chance(12)) return { on, says: dice.chance(30) ? [...says, 8] : says, end: 'fin' };
  return dice.chance(2) ? { on, says: [...says, 8], end: 'reset' } : { on, says };
}

export function drawHttpPlay(dice: Dice, at: string, allowsRival: boolean): Play {
  const requests = Array.from(
    {
      length: dice.weigh([
        [55, 1],
        [27, 2],
        [12, 3],
        [6, 4],
      ]),
    },
    () => drawRequest(dice),
  );
  const client = drawClient(dice, requests);
  const origin = Array.from({ length: requests.length + dice.below(2) }, () => drawAnswer(dice));
  if (!allowsRival || !dice.chance(25)) return { at, client, origin };
  const held: OriginAnswer = {
    on: 'request',
    says: [dice.pick([60, 120]), PLAIN],
    ...(dice.chance(30) && { end: 'fin' }),
  };
  return { at, client, origin: [held, ...origin], rival: 'GET /rival HTTP/1.1\r\nHost: a\r\n\r\n' };
}

/** Bytes both ways through mode tcp. The origin's acts begin with the connection or with the first bytes. */
export function drawTcpPlay(dice: Dice, at: string): Play {
  const client: ClientStep[] = [];
  for (let n = dice.between(0, 3); n > 0; n--) {
    client.push(
      ...cut(
        dice,
        'client bytes '.repeat(
          dice.weigh([
            [5, 1],
            [1, 900],
            [1, 4000],
          ]),
        ),
      ),
    );
    if (dice.chance(60)) client.push(dice.pick([10, 30]));
  }
  client.push(...dice.pick<ClientStep[]>([['fin!'], ['reset!'], [], [40, 'fin!'], [40, 'fin!']]));
  const says: Said[] = [];
  for (let n = dice.between(0, 3); n > 0; n--) {
    says.push(
      ...cut(
        dice,
        'origin bytes '.repeat(
          dice.weigh([
            [5, 1],
            [1, 900],
            [1, 4000],
          ]),
        ),
      ),
    );
    if (dice.chance(60)) says.push(dice.pick([10, 30]));
  }
  const end = dice.weigh<OriginAnswer['end']>([
    [4, 'fin'],
    [1, 'reset'],
    [3, undefined],
  ]);
  const on = dice.pick<OriginAnswer['on']>(['connect', 'head']);
  return { at, client, origin: [{ on, says, ...(end && { end }) }] };
}
