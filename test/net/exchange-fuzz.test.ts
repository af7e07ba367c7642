/**
 * Random exchanges through random configurations, by Debian's HAProxy and by ours: what clients and origins see and what is
 * logged must be the same, but for what lib/fuzz/excuses.ts names. What differs is played again, since a busy machine makes
 * one side late now and then; only what never comes out alike counts, and is taken apart to its point.
 *
 * FUZZ_ROUNDS (configurations, 3 unless given), FUZZ_PLAYS (in each, 150), FUZZ_LANES (8), FUZZ_SEED (1: the same exchanges every
 * time, so that the suite says something about the change under test; others are for looking further).
 */
import { appendFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Dice } from './lib/fuzz/dice.ts';
import { type DrawnListener, drawListener } from './lib/fuzz/draw-listener.ts';
import { drawHttpPlay, drawTcpPlay } from './lib/fuzz/draw-play.ts';
import { findExcuse } from './lib/fuzz/excuses.ts';
import { finds } from './lib/fuzz/finds.ts';
import { type House, type Listeners, openHouse } from './lib/fuzz/house.ts';
import { type Play, printPlay } from './lib/fuzz/play.ts';
import { simplify } from './lib/fuzz/shrink.ts';
import { describeNet } from './lib/requirements.ts';
import { sleep } from './lib/wait.ts';

const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 2);
const PLAYS = Number(process.env.FUZZ_PLAYS ?? 120);
const LANES = Number(process.env.FUZZ_LANES ?? 8);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const LISTENERS = 10;
/** So often both programs play what differs before it counts. */
const MOST_TRIES = 4;
const MOST_SIMPLER = 60;
const MOST_SHRINK_MS = 25_000;

interface Difference {
  readonly play: Play;
  readonly theirs: string;
  readonly ours: string;
}

interface Pair {
  readonly original: House;
  readonly ours: House;
}

function drawListeners(dice: Dice): Listeners {
  return Object.fromEntries(Array.from({ length: LISTENERS }, (_, i) => [`l${i}`, drawListener(dice)]));
}

function drawPlay(dice: Dice, listeners: Listeners): Play {
  const at = dice.pick(Object.keys(listeners));
  const { mode, allowsRival } = listeners[at]!;
  return mode === 'tcp' ? drawTcpPlay(dice, at) : drawHttpPlay(dice, at, allowsRival);
}

function listenersOfFinds(): Listeners {
  return Object.fromEntries(
    finds.map(({ lines, mode, isDead, isServerless }, i): [string, DrawnListener] => {
      const cookie = lines.some((line) => line.startsWith('cookie')) ? ' cookie s1' : '';
      const server = `server s1 127.0.0.1:${isDead ? '%DEAD%' : '%ORIGIN%'}${cookie}`;
      const log = mode === 'tcp' ? 'option tcplog' : 'option httplog';
      const all = [
        `mode ${mode ?? 'http'}`,
        'log 127.0.0.1:%LOG% local0',
        log,
        ...lines,
        ...(isServerless ? [] : [server]),
      ];
      return [`f${i}`, { mode: mode ?? 'http', lines: all, allowsRival: true }];
    }),
  );
}

/** That it listens may be another program's doing, which took one of so many ports: it ends soon then. */
async function openAlive(which: 'original' | 'ours', lanes: number, listeners: Listeners): Promise<House> {
  const house = await openHouse(which, lanes, listeners);
  await sleep(300);
  if (!hasDied(house)) return house;
  const output = house.proxy.output();
  await house.stop();
  throw new Error(output);
}

async function openPair(listeners: Listeners, lanes = LANES): Promise<Pair> {
  const open = (which: 'original' | 'ours', tries = 5): Promise<House> =>
    openAlive(which, lanes, listeners).catch((error) => {
      if (tries === 1) throw error;
      return open(which, tries - 1);
    });
  return { original: await open('original'), ours: await open('ours') };
}

/** Null when both did the same at least once. */
async function compare(
  pair: Pair,
  lane: number,
  play: Play,
  tries = MOST_TRIES,
  excuse = findExcuse,
): Promise<Difference | null> {
  const seen = { theirs: new Set<string>(), ours: new Set<string>() };
  for (let n = 0; n < tries; n++) {
    const [theirs, ours] = await Promise.all([
      pair.original.give(lane, play).catch((error) => `failed: ${error}`),
      pair.ours.give(lane, play).catch((error) => `failed: ${error}`),
    ]);
    seen.theirs.add(theirs);
    seen.ours.add(ours);
    if ([...seen.theirs].some((text) => seen.ours.has(text))) return null;
    if (excuse(play, theirs, ours) !== null) return null;
  }
  return { play, theirs: [...seen.theirs].at(-1)!, ours: [...seen.ours].at(-1)! };
}

async function shrink(pair: Pair, lane: number, difference: Difference): Promise<Difference> {
  let best = difference;
  let tried = 0;
  const end = performance.now() + MOST_SHRINK_MS;
  for (let found = true; found; ) {
    found = false;
    for (const play of simplify(best.play)) {
      if (++tried > MOST_SIMPLER || performance.now() > end) return best;
      const simpler = await compare(pair, lane, play, 2);
      if (simpler === null) continue;
      best = simpler;
      found = true;
      break;
    }
  }
  return best;
}

function report({ play, theirs, ours }: Difference, listeners: Listeners, seed: number): string {
  const lines = listeners[play.at]!.lines.join('\n    ');
  return `seed ${seed}\n    ${lines}\n${printPlay(play)}\n-- HAProxy\n${theirs}\n-- ours\n${ours}\n`;
}

function hasDied({ proxy }: House): boolean {
  return proxy.process.exitCode !== null || proxy.process.signalCode !== null;
}

function describeDeath({ proxy }: House, play: Play, listeners: Listeners): string {
  const { exitCode, signalCode } = proxy.process;
  const lines = listeners[play.at]!.lines.join('\n ');
  return `HAProxy died (${exitCode ?? signalCode}), maybe of ${printPlay(play).slice(0, 1000)}\n ${lines}\n${proxy.output().slice(-1000)}`;
}

async function playRound(seed: number): Promise<{ played: number; findings: string[] }> {
  const dice = new Dice(seed);
  const listeners = drawListeners(dice);
  const pair = await openPair(listeners);
  const findings: string[] = [];
  const differing: Difference[] = [];
  let played = 0;
  const found = new Map<string, number>();
  const runLane = async (lane: number): Promise<void> => {
    while (played < PLAYS) {
      played++;
      const play = drawPlay(dice, listeners);
      const before = found.get(play.at) ?? 0;
      // What a listener does wrong shows soon enough: taking it apart again and again takes time.
      if (before >= 2) continue;
      const difference = await compare(pair, lane, play);
      if (hasDied(pair.original)) {
        // Its own fault: nothing can be compared with it any more.
        if (played < PLAYS) console.log(describeDeath(pair.original, play, listeners));
        played = PLAYS;
        return;
      }
      if (difference === null) continue;
      found.set(play.at, before + 1);
      const shrunk = await shrink(pair, lane, difference);
      if (!hasDied(pair.original)) differing.push(shrunk);
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(lane)));
    // Once more, alone.
    for (const { play } of differing) {
      const difference = await compare(pair, 0, play);
      if (difference === null) continue;
      const text = report(difference, listeners, seed);
      findings.push(text);
      if (process.env.FUZZ_FILE) appendFileSync(process.env.FUZZ_FILE, `${text}\n`);
    }
    const output = pair.ours.proxy.output();
    if (/internal error|exited with code/.test(output)) findings.push(`seed ${seed}\n${output.slice(-3000)}`);
  } finally {
    await pair.original.stop();
    await pair.ours.stop();
  }
  return { played, findings };
}

describeNet('random exchanges beside the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  it('agree on what was found before', { timeout: 120_000 }, async () => {
    const pair = await openPair(listenersOfFinds(), 4);
    const differing: Difference[] = [];
    const next = finds.entries();
    const runLane = async (lane: number): Promise<void> => {
      for (const [i, { play }] of next) {
        const difference = await compare(pair, lane, { at: `f${i}`, ...play }, MOST_TRIES, () => null);
        if (difference !== null) differing.push(difference);
      }
    };
    await Promise.all([0, 1, 2, 3].map(runLane));
    await pair.original.stop();
    await pair.ours.stop();
    const named = differing.map(
      ({ play, theirs, ours }) => `${finds[Number(play.at.slice(1))]!.name}\n${theirs}\n--\n${ours}`,
    );
    expect(named).toEqual([]);
  });

  it('agree', { timeout: 60_000 + ROUNDS * PLAYS * 1000 }, async () => {
    const findings: string[] = [];
    let played = 0;
    console.log(`FUZZ_SEED=${SEED}`);
    for (let round = 0; round < ROUNDS; round++) {
      const result = await playRound(SEED + round);
      played += result.played;
      findings.push(...result.findings);
      if (process.env.FUZZ_FILE) console.log(`round ${round}: ${played} played, ${findings.length} differ`);
    }
    console.log(`${played} random exchanges from seed ${SEED}, ${findings.length} differ`);
    for (const text of findings) console.log(text);
    expect(findings.length).toBe(0);
  });
});
